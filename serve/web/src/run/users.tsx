import { useState } from 'preact/hooks';
import { session } from '../api';
import { useStore } from '../store';
import { ago, date, moment, t } from '../strings';
import { Confirm, Dialog, Icon, Trouble, useFetched, Wait } from '../view/parts';
import { admin, type User } from './admin';
import { Hand, type Given } from './hand';
import { UserForm } from './user-form';

type Shown =
  | { what: 'form'; user?: User }
  | { what: 'tokens'; user: User }
  | { what: 'remove'; user: User }
  | { what: 'given'; given: Given };

export function Users() {
  const words = t().run.users;
  const own = useStore(session);
  const [shown, setShown] = useState<Shown>();
  const [changes, setChanges] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const { value, error, retry } = useFetched(() => admin<User[]>('users'), [changes], 15_000);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const close = (): void => setShown(undefined);
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
          <li key={user.name} class="card">
            <div class="head">
              <h2>
                {user.name}
                <span class={`badge ${user.status === 'Active' ? 'good' : 'bad'}`}>{words.states[user.status]}</span>
                {user.admin && <span class="badge">{words.admin}</span>}
                {user.trial && <span class="badge">{words.trial}</span>}
                {user.name === own?.name && <span class="hint">({words.self})</span>}
              </h2>
              <div class="actions">
                <button type="button" class="quiet" onClick={() => setShown({ what: 'tokens', user })}>
                  {words.devices} ({user.tokens.length})<span class="out-of-sight"> {user.name}</span>
                </button>
                <button type="button" class="quiet" onClick={() => setShown({ what: 'form', user })}>
                  {t().ace.edit}
                  <span class="out-of-sight"> {user.name}</span>
                </button>
                <button type="button" class="quiet" disabled={user.name === own?.name} onClick={() => turn(user)}>
                  {user.state === 'active' ? words.disable : words.enable}
                  <span class="out-of-sight"> {user.name}</span>
                </button>
                <button
                  type="button"
                  class="danger"
                  disabled={user.name === own?.name}
                  onClick={() => setShown({ what: 'remove', user })}
                >
                  {words.remove}
                  <span class="out-of-sight"> {user.name}</span>
                </button>
              </div>
            </div>
            <p class="hint">
              {[
                t().nav.screens(user.max_connections),
                user.expires ? `${words.expires}: ${date(user.expires)}` : '',
                user.notes,
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </li>
        ))}
      </ul>
      {shown?.what === 'form' && (
        <UserForm
          user={shown.user}
          onClose={close}
          onDone={(given) => {
            changed();
            setShown(given && { what: 'given', given });
          }}
        />
      )}
      {shown?.what === 'tokens' && (
        <Tokens user={value.find((one) => one.name === shown.user.name) ?? shown.user} onClose={close} onChange={changed} />
      )}
      {shown?.what === 'given' && (
        <Dialog wide title={words.made(shown.given.name)} onClose={close}>
          <Hand given={shown.given} />
        </Dialog>
      )}
      {shown?.what === 'remove' && (
        <Confirm
          question={words.removing(shown.user.name)}
          verb={words.remove}
          onYes={async () => {
            await admin(`users/${shown.user.name}`, { method: 'DELETE' });
            changed();
          }}
          onClose={close}
        />
      )}
    </>
  );
}

function Tokens({ user, onClose, onChange }: { user: User; onClose: () => void; onChange: () => void }) {
  const words = t().run.users;
  const [given, setGiven] = useState<Given>();
  const [error, setError] = useState<unknown>();
  const give = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const device = String(new FormData(form).get('device')).trim();
    try {
      const { token } = await admin<{ token: string }>(`users/${user.name}/tokens`, { json: { device } });
      setError(undefined);
      setGiven({ name: user.name, token });
      form.reset();
      onChange();
    } catch (error) {
      setError(error);
    }
  };
  const revoke = async (device: string): Promise<void> => {
    try {
      await admin(`users/${user.name}/tokens/${encodeURIComponent(device)}`, { method: 'DELETE' });
      onChange();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <Dialog wide title={`${user.name}: ${words.tokens}`} onClose={onClose}>
      {error !== undefined && <Trouble error={error} />}
      {user.tokens.length > 0 && (
        <ul class="devices">
          {user.tokens.map((one) => (
            <li key={one.device} class="head">
              <p>
                {one.device} {one.admin && <span class="badge">{words.admin}</span>}{' '}
                <time class="hint" title={moment(one.created)}>
                  {ago(one.created)}
                </time>
              </p>
              <button type="button" class="danger" onClick={() => revoke(one.device)}>
                {words.revoke}
                <span class="out-of-sight"> {one.device}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <form class="head" onSubmit={give}>
        <label class="grow">
          {words.device}
          <input name="device" required maxLength={64} />
        </label>
        <button type="submit">{words.give}</button>
      </form>
      {given && <Hand given={given} />}
    </Dialog>
  );
}
