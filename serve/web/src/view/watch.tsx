// Channels by group, and the one that is watched.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { picture } from '../api';
import {
  changed,
  favourites,
  finding,
  lineUp,
  loadLineUp,
  onAir,
  recent,
  watched,
  whatIsOn,
  type Channel,
  type LineUp,
} from '../data';
import { go, replace, route } from '../route';
import { Store, useStore } from '../store';
import { t } from '../strings';
import { Bar } from './bar';
import { ChooseGroup } from './group';
import { Icon } from './icon';
import { Picture, Search, Trouble, useFetched, useNow, Wait } from './parts';
import { Rows, type RowsHandle } from './rows';
import { Stage } from './stage';

const group = new Store<string>('all', 'group');

/** Pixels of a row. */
const ROW = 68;

export function Watch() {
  const [, id, start] = useStore(route);
  const known = useStore(lineUp);
  const { error, retry } = useFetched(loadLineUp, []);
  useEffect(() => {
    const look = (): void => void (document.hidden || loadLineUp().catch(() => undefined));
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, []);
  if (!known) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const channel = id ? known.byId.get(Number(id)) : undefined;
  return <Channels known={known} channel={channel} start={start ? Number(start) : undefined} />;
}

/** What is in the list: those of a group, or all that are called as somebody searches. */
function useListed(known: LineUp, query: string): Channel[] {
  const chosen = useStore(group);
  const times = useStore(changed);
  const inGroup = useMemo(() => {
    const named = (ids: number[]): Channel[] => ids.map((one) => known.byId.get(one)).filter((one) => one !== undefined);
    if (chosen === 'favourites') return named(favourites());
    if (chosen === 'recent') return named(recent());
    const id = Number(chosen);
    return Number.isNaN(id) ? known.channels : known.channels.filter((one) => one.category_ids.includes(id));
  }, [known, chosen, times]);
  return useMemo(() => {
    const wanted = query.trim();
    if (!wanted) return inGroup;
    // Who searches means all channels.
    const fits = finding(wanted);
    return known.channels.filter((one) => fits(one.folded) || String(one.num) === wanted);
  }, [inGroup, known, query]);
}

function Channels(props: { known: LineUp; channel: Channel | undefined; start: number | undefined }) {
  const { known, channel, start } = props;
  const [query, setQuery] = useState('');
  const rows = useRef<RowsHandle | null>(null);
  const shown = useListed(known, query);
  const words = t().watch;
  const place = channel ? shown.indexOf(channel) : -1;
  useEffect(() => {
    if (place >= 0) rows.current?.show(place);
    if (channel) watched(channel.stream_id);
  }, [channel?.stream_id]);
  /** To the channel before or after, of those that are listed if this one is among them. */
  const around = (step: number): (() => void) | undefined => {
    const list = place >= 0 ? shown : known.channels;
    const at = place >= 0 ? place : channel ? list.indexOf(channel) : -1;
    const there = at >= 0 ? list[at + step] : undefined;
    return there && (() => replace('watch', there.stream_id));
  };
  return (
    <div class={`watch ${channel ? 'with-channel' : ''}`}>
      <section class="channels" aria-label={words.channels}>
        <div class="filters">
          <Search label={words.search} value={query} onValue={setQuery} onDown={() => rows.current?.focus(0)} />
          <ChooseGroup known={known} group={group} withRecent />
        </div>
        <p class="out-of-sight" role="status">
          {query ? words.found(shown.length) : ''}
        </p>
        {shown.length === 0 ? (
          <p class="empty">{query ? words.none : words.empty}</p>
        ) : (
          <Rows
            handle={rows}
            label={words.channels}
            items={shown}
            height={ROW}
            key_={(one) => one.stream_id}
            chosen={channel?.stream_id}
            onChoose={(one) => (channel ? replace('watch', one.stream_id) : go('watch', one.stream_id))}
            row={(one) => <Row channel={one} />}
          />
        )}
      </section>
      <div class="stage">
        {channel ? <Stage channel={channel} start={start} onBefore={around(-1)} onAfter={around(1)} /> : <Choose />}
      </div>
    </div>
  );
}

function Choose() {
  const words = t().watch;
  return (
    <div class="choose">
      <Icon name="tv" />
      <h1>{words.choose}</h1>
      <p>{words.hint}</p>
    </div>
  );
}

function Row({ channel }: { channel: Channel }) {
  useStore(onAir);
  const now = useNow(30_000);
  const [on] = whatIsOn(channel.stream_id, now);
  const running = on && on[0] <= now ? on : undefined;
  return (
    <span class="row">
      <span class="num">{channel.num}</span>
      <Picture src={channel.stream_icon && picture('live', channel.stream_id)} name={channel.name} kind="logo" />
      <span class="names">
        <span class="name">{channel.name}</span>
        {running && <span class="title">{running[2]}</span>}
        {running && <Bar from={running[0]} until={running[1]} now={now} />}
      </span>
    </span>
  );
}
