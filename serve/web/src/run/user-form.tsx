// One more user, or what is to be different of one.
import { useState } from 'preact/hooks';
import { recall, session } from '../api';
import { t } from '../strings';
import { Confirm, Dialog } from '../view/dialog';
import { Field, Lines, Tick } from '../view/field';
import { Trouble } from '../view/parts';
import { admin, type User } from './admin';
import type { Given } from './hand';

const LISTS = ['live', 'movies', 'series'];

/** What is sent of a user. */
type Said = Record<string, unknown>;

const lines = (text: FormDataEntryValue | null): string[] =>
  String(text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** What a form says of a user, as the administration takes it. */
function read(form: FormData, isNew: boolean): Said {
  const groups = lines(form.get('groups'));
  const notGroups = lines(form.get('not_groups'));
  const lists = LISTS.filter((list) => form.has(`list-${list}`));
  const expires = String(form.get('expires') ?? '');
  const password = String(form.get('password') ?? '');
  return {
    ...(isNew ? { name: String(form.get('name')).trim() } : {}),
    ...(password ? { password } : {}),
    max_connections: Number(form.get('max_connections')),
    // The whole of the last day belongs to him.
    expires: expires ? Math.floor(new Date(`${expires}T23:59:59`).getTime() / 1000) : null,
    admin: form.has('admin'),
    trial: form.has('trial'),
    downloads: String(form.get('downloads')),
    notes: String(form.get('notes') ?? ''),
    sees: {
      ...(lists.length < LISTS.length ? { lists } : {}),
      ...(groups.length > 0 ? { groups } : {}),
      ...(notGroups.length > 0 ? { not_groups: notGroups } : {}),
    },
  };
}

export function UserForm(props: { user?: User; onClose: () => void; onDone: (given?: Given) => void }) {
  const { user } = props;
  const words = t().run.users;
  const [error, setError] = useState<unknown>();
  const [doubted, setDoubted] = useState<Said>();
  const isSelf = user?.name === session.value?.name;
  const send = async (said: Said): Promise<void> => {
    if (!user) {
      const added = await admin<{ user: User; password: string | null }>('users', { json: said });
      return props.onDone({ name: added.user.name, password: added.password ?? String(said.password) });
    }
    await admin(`users/${user.name}`, { method: 'PATCH', json: said });
    if (isSelf) await recall();
    props.onDone();
  };
  const save = (event: SubmitEvent): void => {
    event.preventDefault();
    const said = read(new FormData(event.currentTarget as HTMLFormElement), !user);
    if (isSelf && user?.admin && !said.admin) setDoubted(said);
    else void send(said).catch(setError);
  };
  return (
    <Dialog wide title={user ? words.edit(user.name) : words.add} onClose={props.onClose}>
      <form class="form" onSubmit={save}>
        {error !== undefined && (
          <div class="whole">
            <Trouble error={error} />
          </div>
        )}
        <LogsInWith user={user} />
        <Limits user={user} />
        <Sees sees={user?.sees ?? {}} />
        <Lines whole label={words.notes} name="notes" rows={2} maxLength={1000} defaultValue={user?.notes} />
        <Tick label={words.admin} name="admin" defaultChecked={user?.admin} />
        <Tick label={words.trial} name="trial" defaultChecked={user?.trial} />
        <label>
          {words.downloads}
          <select name="downloads">
            {Object.entries(words.roles).map(([role, word]) => (
              <option key={role} value={role} selected={role === (user?.downloads ?? 'no')}>
                {word}
              </option>
            ))}
          </select>
        </label>
        <div class="actions whole">
          <button type="button" onClick={props.onClose}>
            {t().cancel}
          </button>
          <button type="submit" class="main">
            {t().save}
          </button>
        </div>
      </form>
      {doubted && (
        <Confirm question={words.resigning} verb={words.resign} onYes={() => send(doubted)} onClose={() => setDoubted(undefined)} />
      )}
    </Dialog>
  );
}

function LogsInWith({ user }: { user: User | undefined }) {
  const words = t().run.users;
  // Both stand in addresses of apps.
  const plain = { pattern: '[A-Za-z0-9._\\-]{1,64}', autocapitalize: 'none', autocomplete: 'off' } as const;
  return (
    <>
      {!user && <Field label={words.name} name="name" required autofocus {...plain} />}
      <Field
        label={user ? words.newPassword : words.password}
        name="password"
        type="text"
        placeholder={user ? words.newPasswordHint : words.passwordHint}
        {...plain}
      />
    </>
  );
}

function Limits({ user }: { user: User | undefined }) {
  const words = t().run.users;
  const most = user?.max_connections ?? 1;
  return (
    <>
      <Field label={words.limit} hint={words.limitHint} name="max_connections" type="number" min={0} required defaultValue={most} />
      <Field label={words.expires} hint={words.expiresHint} name="expires" type="date" defaultValue={lastDay(user)} />
    </>
  );
}

/** The day on which he may watch last, as a date field has it. */
function lastDay(user: User | undefined): string | undefined {
  if (!user?.expires) return undefined;
  const when = new Date(user.expires * 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

function Sees({ sees }: { sees: User['sees'] }) {
  const words = t().run.users;
  return (
    <>
      <fieldset class="whole">
        <legend>{words.lists}</legend>
        {LISTS.map((list) => (
          <Tick key={list} label={words.list[list] ?? list} name={`list-${list}`} defaultChecked={sees.lists?.includes(list) ?? true} />
        ))}
      </fieldset>
      <Lines label={words.groups} hint={words.groupsHint} name="groups" rows={3} defaultValue={sees.groups?.join('\n')} />
      <Lines label={words.notGroups} name="not_groups" rows={3} defaultValue={sees.not_groups?.join('\n')} />
    </>
  );
}
