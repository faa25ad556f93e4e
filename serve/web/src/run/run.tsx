// For those who run the house: everything through /api/admin.
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { address, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Trouble } from '../view/parts';
import { admin, open, unlock } from './admin';
import { Channels } from './channels';
import { Health } from './health';
import { Logs } from './logs';
import { Matches } from './matches';
import { Releases } from './releases';
import { Settings } from './settings';
import { Sources } from './sources';
import { Users } from './users';
import './run.css';

type Tab = keyof ReturnType<typeof t>['run']['tabs'];

const TABS: [Tab, ComponentType][] = [
  ['health', Health],
  ['channels', Channels],
  ['sources', Sources],
  ['users', Users],
  ['releases', Releases],
  ['matches', Matches],
  ['logs', Logs],
  ['settings', Settings],
];

export function Run() {
  const [, asked] = useStore(route);
  const isOpen = useStore(open);
  useEffect(() => void admin('session').catch(() => undefined), []);
  useEffect(() => {
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [asked]);
  const words = t().run;
  const [tab, View] = TABS.find(([id]) => id === asked) ?? (TABS[0] as [Tab, ComponentType]);
  return (
    <div class="run">
      <nav class="tabs" aria-label={words.title}>
        {TABS.map(([id]) => (
          <a key={id} href={address('run', id)} aria-current={id === tab ? 'page' : undefined}>
            {words.tabs[id]}
          </a>
        ))}
      </nav>
      <div class="tab">
        <h1>{words.tabs[tab]}</h1>
        {isOpen === false ? <Unlock /> : isOpen && <View />}
      </div>
    </div>
  );
}

function Unlock() {
  const [error, setError] = useState<unknown>();
  return (
    <form
      class="card unlock"
      onSubmit={async (event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        await unlock(String(form.get('password'))).catch(setError);
      }}
    >
      <p>{t().run.confirm}</p>
      {error !== undefined && <Trouble error={error} />}
      <label>
        {t().login.password}
        <input name="password" type="password" autocomplete="current-password" required autofocus />
      </label>
      <div class="actions">
        <button type="submit" class="main">
          {t().login.enter}
        </button>
      </div>
    </form>
  );
}
