// The frame: who is here, where one is, and what there is besides.
import { useEffect, useState } from 'preact/hooks';
import { logOut, recall, session, type Session } from '../api';
import { asker } from '../downloads/role';
import { lazily } from '../lazily';
import { address, route } from '../route';
import { useStore } from '../store';
import { date, language, LANGUAGES, t, type Language } from '../strings';
import { theme, type Theme } from '../theme';
import { Login } from './login';
import { Mark } from './mark';
import { Dialog } from './dialog';
import { Icon, IconButton, type IconName } from './icon';
import { Trouble, Wait } from './parts';
import { Watch } from './watch';

const Guide = lazily(() => import('../guide/guide').then((made) => made.Guide));
const Films = lazily(() => import('../vod/vod').then((made) => made.Films));
const AllSeries = lazily(() => import('../vod/vod').then((made) => made.AllSeries));
const Ace = lazily(() => import('../ace/ace').then((made) => made.Ace));
const Setup = lazily(() => import('../setup/setup').then((made) => made.Setup));
const Downloads = lazily(() => import('../downloads/downloads').then((made) => made.Downloads));
const Run = lazily(() => import('../run/run').then((made) => made.Run));

type Section = 'watch' | 'guide' | 'films' | 'series' | 'ace' | 'downloads' | 'run';

const SECTIONS: { id: Section; icon: IconName; admin?: boolean; downloads?: boolean }[] = [
  { id: 'watch', icon: 'tv' },
  { id: 'guide', icon: 'grid' },
  { id: 'films', icon: 'film' },
  { id: 'series', icon: 'series' },
  { id: 'ace', icon: 'ace' },
  { id: 'downloads', icon: 'down', downloads: true },
  { id: 'run', icon: 'run', admin: true },
];

export function App() {
  const who = useStore(session);
  const [section = 'watch'] = useStore(route);
  const { role } = useStore(asker);
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
  const shown = SECTIONS.filter((one) => (!one.admin || who.admin) && (!one.downloads || role !== null));
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
        {here === 'downloads' && <Downloads />}
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
  const who = useStore(session);
  if (!who) return null;
  return (
    <>
      <IconButton icon="menu" label={t().nav.menu} onClick={() => setOpen(true)} class="menu-button" />
      {open && <MenuBox who={who} onClose={() => setOpen(false)} />}
    </>
  );
}

function MenuBox({ who, onClose }: { who: Session; onClose: () => void }) {
  const [error, setError] = useState<unknown>();
  const words = t().nav;
  const until = who.expires ? words.until(date(who.expires)) : '';
  return (
    <Dialog title={who.name} onClose={onClose}>
      <p class="hint">{[until, words.screens(who.max_connections)].filter(Boolean).join(', ')}</p>
      <Choose label={words.theme} from={Object.entries(words.themes)} chosen={useStore(theme)} onChoose={(one) => theme.set(one as Theme)} />
      <Choose label={words.language} inLanguage from={LANGUAGES} chosen={language.value} onChoose={(one) => language.set(one as Language)} />
      {error !== undefined && <Trouble error={error} />}
      <div class="actions">
        <span class="hint">
          Coax {who.version}
          <br />
          <a href={licences()} target="_blank" rel="noopener">
            {words.licences}
          </a>
        </span>
        <button type="button" onClick={() => void logOut().catch(setError)}>
          {words.logout}
        </button>
      </div>
    </Dialog>
  );
}

/** Where the build has put them. */
const licences = (): string | undefined => document.querySelector<HTMLLinkElement>('link[rel=license]')?.href;

interface ChooseProps {
  label: string;
  from: [id: string, name: string][];
  /** Each name is in the language of its id. */
  inLanguage?: boolean;
  chosen: string;
  onChoose: (id: string) => void;
}

function Choose({ label, from, inLanguage, chosen, onChoose }: ChooseProps) {
  return (
    <label>
      {label}
      <select value={chosen} onChange={(event) => onChoose(event.currentTarget.value)}>
        {from.map(([id, name]) => (
          <option key={id} value={id} lang={inLanguage ? id : undefined}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
