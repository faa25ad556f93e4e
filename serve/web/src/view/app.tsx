// The frame: who is here, where one is, and what there is besides.
import { useEffect, useState } from 'preact/hooks';
import { logOut, recall, session } from '../api';
import { lazily } from '../lazily';
import { address, route } from '../route';
import { useStore } from '../store';
import { date, language, LANGUAGES, t, type Language } from '../strings';
import { theme, type Theme } from '../theme';
import { Login } from './login';
import { Mark } from './mark';
import { Dialog, Icon, IconButton, Trouble, Wait, type IconName } from './parts';
import { Watch } from './watch';

const Guide = lazily(() => import('../guide/guide').then((made) => made.Guide));
const Films = lazily(() => import('../vod/vod').then((made) => made.Films));
const AllSeries = lazily(() => import('../vod/vod').then((made) => made.AllSeries));
const Ace = lazily(() => import('../ace/ace').then((made) => made.Ace));
const Setup = lazily(() => import('../setup/setup').then((made) => made.Setup));
const Run = lazily(() => import('../run/run').then((made) => made.Run));

type Section = 'watch' | 'guide' | 'films' | 'series' | 'ace' | 'run';

const SECTIONS: { id: Section; icon: IconName; admin?: boolean }[] = [
  { id: 'watch', icon: 'tv' },
  { id: 'guide', icon: 'grid' },
  { id: 'films', icon: 'film' },
  { id: 'series', icon: 'series' },
  { id: 'ace', icon: 'ace' },
  { id: 'run', icon: 'run', admin: true },
];

export function App() {
  const who = useStore(session);
  const [section = 'watch'] = useStore(route);
  useStore(language);
  const [error, setError] = useState<unknown>();
  const find = (): void => {
    setError(undefined);
    void recall().catch(setError);
  };
  useEffect(find, []);
  useEffect(() => {
    const words = t().nav;
    const name = section in words ? (words as unknown as Record<string, string>)[section] : '';
    document.title = who && name ? `${name} · Coax` : 'Coax';
  });
  if (who === undefined) return error !== undefined ? <Trouble error={error} retry={find} /> : <Wait />;
  if (section === 'setup' && (who === null || who.admin)) return <Setup />;
  if (who === null) return <Login />;
  const shown = SECTIONS.filter((one) => !one.admin || who.admin);
  const here = shown.find((one) => one.id === section)?.id ?? 'watch';
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        {t().skip}
      </a>
      <header class="top">
        <a class="home" href={address('watch')}>
          <Mark />
        </a>
        <nav aria-label={t().nav.label}>
          {shown.map((one) => (
            <a key={one.id} href={address(one.id)} aria-current={one.id === here ? 'page' : undefined}>
              <Icon name={one.icon} />
              <span>{t().nav[one.id]}</span>
            </a>
          ))}
        </nav>
        <Menu />
      </header>
      <main id="content" tabIndex={-1} class={`section-${here}`}>
        {here === 'watch' && <Watch />}
        {here === 'guide' && <Guide />}
        {here === 'films' && <Films />}
        {here === 'series' && <AllSeries />}
        {here === 'ace' && <Ace />}
        {here === 'run' && <Run />}
      </main>
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Menu() {
  const [open, setOpen] = useState(false);
  const [error, setError] = useState<unknown>();
  const who = useStore(session);
  const dressed = useStore(theme);
  const words = t().nav;
  if (!who) return null;
  return (
    <>
      <IconButton icon="menu" label={words.menu} onClick={() => setOpen(true)} class="menu-button" />
      {open && (
        <Dialog title={who.name} onClose={() => setOpen(false)}>
          <p class="hint">
            {[who.expires ? words.until(date(who.expires)) : '', words.screens(who.max_connections)]
              .filter(Boolean)
              .join(', ')}
          </p>
          <label>
            {words.theme}
            <select value={dressed} onChange={(event) => theme.set(event.currentTarget.value as Theme)}>
              {(Object.keys(words.themes) as Theme[]).map((one) => (
                <option key={one} value={one}>
                  {words.themes[one]}
                </option>
              ))}
            </select>
          </label>
          <label>
            {words.language}
            <select
              value={language.value}
              onChange={(event) => language.set(event.currentTarget.value as Language)}
            >
              {LANGUAGES.map(([id, name]) => (
                <option key={id} value={id} lang={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          {error !== undefined && <Trouble error={error} />}
          <div class="actions">
            <span class="hint">Coax {who.version}</span>
            <button type="button" onClick={() => void logOut().catch(setError)}>
              {words.logout}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
