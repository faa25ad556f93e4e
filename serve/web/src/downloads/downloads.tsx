// Films and episodes on their way to one's own servers.
import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { address, route } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Differences } from './differences';
import { Log } from './log';
import { Queue } from './queue';
import { asker } from './role';
import { Servers } from './servers';
import { w, type Words } from './words';
import '../run/run.css';
import './downloads.css';

type Tab = keyof Words['tabs'];

const TABS: [Tab, ComponentType][] = [
  ['queue', Queue],
  ['differences', Differences],
  ['servers', Servers],
  ['log', Log],
];

export function Downloads() {
  const [, asked] = useStore(route);
  const { stale } = useStore(asker);
  useEffect(() => {
    document.querySelector('.tabs [aria-current]')?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [asked]);
  const words = w();
  const [tab, View] = TABS.find(([id]) => id === asked) ?? (TABS[0] as [Tab, ComponentType]);
  return (
    <div class="run">
      <nav class="tabs" aria-label={t().nav.downloads}>
        {TABS.map(([id]) => (
          <a key={id} href={address('downloads', id)} aria-current={id === tab ? 'page' : undefined}>
            {words.tabs[id]}
          </a>
        ))}
      </nav>
      <div class="tab">
        <h1>{words.tabs[tab]}</h1>
        {stale && (tab === 'servers' || tab === 'log') && <p class="hint">{words.stale}</p>}
        <View />
      </div>
    </div>
  );
}
