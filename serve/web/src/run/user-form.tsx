import { useState } from 'preact/hooks';
import { t } from '../strings';
import { Dialog, Trouble } from '../view/parts';
import { admin, type User } from './admin';
import type { Given } from './hand';

const LISTS = ['live', 'movies', 'series'];

const lines = (text: FormDataEntryValue | null): string[] =>
  String(text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

/** What a form says of a user, as the administration takes it. */
function read(form: FormData, isNew: boolean): Record<string, unknown> {
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
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const said = read(new FormData(event.currentTarget as HTMLFormElement), !user);
    try {
      if (user) {
        await admin(`users/${user.name}`, { method: 'PATCH', json: said });
        props.onDone();
      } else {
        const added = await admin<{ user: User; password: string | null }>('users', { json: said });
        props.onDone({ name: added.user.name, password: added.password ?? String(said.password) });
      }
    } catch (error) {
      setError(error);
    }
  };
  const expires = user?.expires ? new Date(user.expires * 1000) : undefined;
  const iso = expires && [expires.getFullYear(), String(expires.getMonth() + 1).padStart(2, '0'), String(expires.getDate()).padStart(2, '0')].join('-');
  return (
    <Dialog wide title={user ? words.edit(user.name) : words.add} onClose={props.onClose}>
      <form class="form" onSubmit={save}>
        {error !== undefined && (
          <div class="whole">
            <Trouble error={error} />
          </div>
        )}
        {!user && (
          <label>
            {words.name}
            <input name="name" required pattern="[A-Za-z0-9._\-]{1,64}" autocapitalize="none" autocomplete="off" autofocus />
          </label>
        )}
        <label>
          {user ? words.newPassword : words.password}
          <input
            name="password"
            type="text"
            autocomplete="off"
            autocapitalize="none"
            pattern="[A-Za-z0-9._\-]{1,64}"
            placeholder={user ? words.newPasswordHint : words.passwordHint}
          />
        </label>
        <label>
          {words.limit}
          <input name="max_connections" type="number" min={0} required defaultValue={user?.max_connections ?? 1} aria-describedby="limit-hint" />
          <span id="limit-hint" class="hint">
            {words.limitHint}
          </span>
        </label>
        <label>
          {words.expires}
          <input name="expires" type="date" defaultValue={iso} aria-describedby="expires-hint" />
          <span id="expires-hint" class="hint">
            {words.expiresHint}
          </span>
        </label>
        <fieldset class="whole">
          <legend>{words.lists}</legend>
          {LISTS.map((list) => (
            <label key={list} class="tick">
              <input type="checkbox" name={`list-${list}`} defaultChecked={user?.sees.lists?.includes(list) ?? true} />
              {words.list[list]}
            </label>
          ))}
        </fieldset>
        <label>
          {words.groups}
          <textarea name="groups" rows={3} aria-describedby="groups-hint" defaultValue={user?.sees.groups?.join('\n')} />
          <span id="groups-hint" class="hint">
            {words.groupsHint}
          </span>
        </label>
        <label>
          {words.notGroups}
          <textarea name="not_groups" rows={3} defaultValue={user?.sees.not_groups?.join('\n')} />
        </label>
        <label class="whole">
          {words.notes}
          <textarea name="notes" rows={2} maxLength={1000} defaultValue={user?.notes} />
        </label>
        <label class="tick">
          <input type="checkbox" name="admin" defaultChecked={user?.admin ?? false} />
          {words.admin}
        </label>
        <label class="tick">
          <input type="checkbox" name="trial" defaultChecked={user?.trial ?? false} />
          {words.trial}
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
    </Dialog>
  );
}
