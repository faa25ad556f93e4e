import { useState } from 'preact/hooks';
import { ask, logIn, Refused } from '../api';
import { address } from '../route';
import { t } from '../strings';
import { said, useFetched } from './parts';
import { Mark } from './mark';

export function Login() {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const setup = useFetched(() => ask<{ open: boolean }>('page/api/setup'), []);
  const words = t().login;
  const enter = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await logIn(String(form.get('username')).trim(), String(form.get('password')));
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <main class="door" id="content">
      <form onSubmit={enter}>
        <Mark />
        <h1>{words.title}</h1>
        {error !== undefined && (
          <p class="trouble" role="alert">
            {why(error)}
          </p>
        )}
        <label>
          {words.username}
          <input name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          {words.password}
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="main" disabled={busy}>
          {words.enter}
        </button>
        {setup.value?.open && <a href={address('setup')}>{t().setup.title}</a>}
        <p class="hint">{words.apps}</p>
      </form>
    </main>
  );
}

function why(error: unknown): string {
  if (!(error instanceof Refused) || error.status !== 403) return said(error);
  const states = t().run.users.states;
  return error.message && error.message !== 'Active' ? t().login.barred(states[error.message] ?? error.message) : t().login.wrong;
}
