// Who may watch.
import { useState } from 'preact/hooks';
import { session } from '../api';
import { useStore } from '../store';
import { date, t } from '../strings';
import { Confirm, Dialog } from '../view/dialog';
import { Icon } from '../view/icon';
import { Trouble, useFetched, Wait } from '../view/parts';
import { admin, type User } from './admin';
import { Hand, type Given } from './hand';
import { Tokens } from './tokens';
import { UserForm } from './user-form';

/** What stands above the list. */
type Shown =
  | { what: 'form'; user?: User }
  | { what: 'tokens'; user: User }
  | { what: 'remove'; user: User }
  | { what: 'given'; given: Given };

export function Users() {
  const words = t().run.users;
  const [shown, setShown] = useState<Shown>();
  const [changes, setChanges] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const { value, error, retry } = useFetched(() => admin<User[]>('users'), [changes], 15_000);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const changed = (): void => setChanges((before) => before + 1);
  const turn = async (user: User): Promise<void> => {
    setFailed(undefined);
    const state = user.state === 'active' ? 'disabled' : 'active';
    await admin(`users/${user.name}`, { method: 'PATCH', json: { state } }).catch(setFailed);
    changed();
  };
  return (
    <>
      <div class="head">
        <p class="hint">{value.length === 0 && words.none}</p>
        <button type="button" class="main" onClick={() => setShown({ what: 'form' })}>
          <Icon name="plus" /> {words.add}
        </button>
      </div>
      {(failed ?? error) !== undefined && <Trouble error={failed ?? error} />}
      <ul class="people">
        {value.map((user) => (
          <Person key={user.name} user={user} onShow={setShown} onTurn={() => void turn(user)} />
        ))}
      </ul>
      {shown && <Above shown={shown} users={value} onShow={setShown} onChange={changed} />}
    </>
  );
}

function Person({ user, onShow, onTurn }: { user: User; onShow: (shown: Shown) => void; onTurn: () => void }) {
  const words = t().run.users;
  const isSelf = useStore(session)?.name === user.name;
  const name = <span class="out-of-sight"> {user.name}</span>;
  const facts = [t().nav.screens(user.max_connections), user.expires ? `${words.expires}: ${date(user.expires)}` : '', user.notes];
  return (
    <li class="card">
      <div class="head">
        <h2>
          {user.name}
          <span class={`badge ${user.status === 'Active' ? 'good' : 'bad'}`}>{words.states[user.status]}</span>
          {user.admin && <span class="badge">{words.admin}</span>}
          {user.trial && <span class="badge">{words.trial}</span>}
          {isSelf && <span class="hint">({words.self})</span>}
        </h2>
        <div class="actions">
          <button type="button" class="quiet" onClick={() => onShow({ what: 'tokens', user })}>
            {words.devices} ({user.tokens.length}){name}
          </button>
          <button type="button" class="quiet" onClick={() => onShow({ what: 'form', user })}>
            {t().ace.edit}
            {name}
          </button>
          <button type="button" class="quiet" disabled={isSelf} onClick={onTurn}>
            {user.state === 'active' ? words.disable : words.enable}
            {name}
          </button>
          <button type="button" class="danger" disabled={isSelf} onClick={() => onShow({ what: 'remove', user })}>
            {words.remove}
            {name}
          </button>
        </div>
      </div>
      <p class="hint">{facts.filter(Boolean).join(' · ')}</p>
    </li>
  );
}

function Above(props: { shown: Shown; users: User[]; onShow: (shown?: Shown) => void; onChange: () => void }) {
  const { shown, users, onShow, onChange } = props;
  const words = t().run.users;
  const close = (): void => onShow(undefined);
  switch (shown.what) {
    case 'form':
      return (
        <UserForm
          user={shown.user}
          onClose={close}
          onDone={(given) => {
            onChange();
            onShow(given && { what: 'given', given });
          }}
        />
      );
    case 'tokens': {
      // As he is by now: what has been given or taken back since is in the list.
      const user = users.find((one) => one.name === shown.user.name) ?? shown.user;
      return <Tokens user={user} onClose={close} onChange={onChange} />;
    }
    case 'given':
      return (
        <Dialog wide title={words.made(shown.given.name)} onClose={close}>
          <Hand given={shown.given} />
        </Dialog>
      );
    case 'remove':
      return (
        <Confirm
          question={words.removing(shown.user.name)}
          verb={words.remove}
          onYes={async () => {
            await admin(`users/${shown.user.name}`, { method: 'DELETE' });
            onChange();
          }}
          onClose={close}
        />
      );
  }
}
