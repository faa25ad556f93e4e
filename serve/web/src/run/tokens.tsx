// The devices of a user: each has a token of its own, which is taken back from it alone.
import { useState } from 'preact/hooks';
import { ago, moment, t } from '../strings';
import { Confirm, Dialog } from '../view/dialog';
import { Field } from '../view/field';
import { Trouble } from '../view/parts';
import { admin, type User } from './admin';
import { Hand, type Given } from './hand';

export function Tokens({ user, onClose, onChange }: { user: User; onClose: () => void; onChange: () => void }) {
  const words = t().run.users;
  const [given, setGiven] = useState<Given>();
  const [error, setError] = useState<unknown>();
  const [revoking, setRevoking] = useState<string>();
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
              <button type="button" class="danger" onClick={() => setRevoking(one.device)}>
                {words.revoke}
                <span class="out-of-sight"> {one.device}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      <form class="head" onSubmit={give}>
        <div class="grow">
          <Field label={words.device} name="device" required maxLength={64} />
        </div>
        <button type="submit">{words.give}</button>
      </form>
      {given && <Hand given={given} />}
      {revoking !== undefined && (
        <Confirm
          question={words.revoking(revoking)}
          verb={words.revoke}
          onYes={async () => {
            await admin(`users/${user.name}/tokens/${encodeURIComponent(revoking)}`, { method: 'DELETE' });
            onChange();
          }}
          onClose={() => setRevoking(undefined)}
        />
      )}
    </Dialog>
  );
}
