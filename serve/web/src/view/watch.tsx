// Channels by group, and the one that is watched.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { past, picture, stream } from '../api';
import {
  changed,
  favourites,
  fold,
  lineUp,
  listings,
  loadLineUp,
  onAir,
  recent,
  toggleFavourite,
  watched,
  whatIsOn,
  type Channel,
  type Listing,
} from '../data';
import { address, go, replace, route } from '../route';
import { Store, useStore } from '../store';
import { clock, count, day, t } from '../strings';
import { Icon, IconButton, Picture, Search, Trouble, useFetched, useNow, Wait } from './parts';
import { Player, type Playing } from './player';
import { Rows, type RowsHandle } from './rows';

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
  return <Channels channel={channel} start={start ? Number(start) : undefined} />;
}

function Channels({ channel, start }: { channel: Channel | undefined; start: number | undefined }) {
  const known = useStore(lineUp);
  const chosenGroup = useStore(group);
  const [query, setQuery] = useState('');
  const rows = useRef<RowsHandle | null>(null);
  const times = useStore(changed);
  const words = t().watch;

  const inGroup = useMemo(() => {
    if (!known) return [];
    if (chosenGroup === 'favourites') return named(favourites());
    if (chosenGroup === 'recent') return named(recent());
    const id = Number(chosenGroup);
    return Number.isNaN(id) ? known.channels : known.channels.filter((one) => one.category_ids.includes(id));
    function named(ids: number[]): Channel[] {
      return ids.map((one) => known?.byId.get(one)).filter((one) => one !== undefined);
    }
  }, [known, chosenGroup, times]);

  const shown = useMemo(() => {
    const parts = fold(query).split(/\s+/).filter(Boolean);
    if (parts.length === 0) return inGroup;
    // Who searches means all channels.
    const all = known?.channels ?? [];
    return all.filter((one) => parts.every((part) => one.folded.includes(part) || String(one.num) === part));
  }, [inGroup, known, query]);

  const place = channel ? shown.indexOf(channel) : -1;
  useEffect(() => {
    if (place >= 0) rows.current?.show(place);
  }, [channel?.stream_id]);
  useEffect(() => {
    if (channel) watched(channel.stream_id);
  }, [channel?.stream_id]);

  if (!known) return null;
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
          <select aria-label={words.group} value={chosenGroup} onChange={(event) => group.set(event.currentTarget.value)}>
            <option value="all">{words.all(count(known.channels.length))}</option>
            <option value="favourites">{words.favourites}</option>
            <option value="recent">{words.recent}</option>
            {known.categories.map((one) => (
              <option key={one.category_id} value={one.category_id}>
                {one.category_name} ({count(known.sizes.get(Number(one.category_id)) ?? 0)})
              </option>
            ))}
          </select>
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
        {channel ? (
          <Stage channel={channel} start={start} onBefore={around(-1)} onAfter={around(1)} />
        ) : (
          <div class="choose">
            <Icon name="tv" />
            <h1>{words.choose}</h1>
            <p>{words.hint}</p>
          </div>
        )}
      </div>
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

export function Bar({ from, until, now }: { from: number; until: number; now: number }) {
  const part = Math.max(0, Math.min(1, (now - from) / Math.max(1, until - from)));
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ width: `${(part * 100).toFixed(1)}%` }} />
    </span>
  );
}

function Stage(props: { channel: Channel; start: number | undefined; onBefore?: () => void; onAfter?: () => void }) {
  const { channel, start } = props;
  const words = t().watch;
  useStore(changed);
  const found = useFetched(() => listings(channel.stream_id), [channel.stream_id]);
  const earlier = start ? found.value?.find((one) => Number(one.start_timestamp) === start) : undefined;
  const starred = favourites().includes(channel.stream_id);
  // What is watched of the past must not begin anew when its title comes to be known.
  const minutes = useMemo(
    () => (earlier ? Math.ceil((Number(earlier.stop_timestamp) - Number(earlier.start_timestamp)) / 60) : undefined),
    [earlier?.start_timestamp, earlier?.stop_timestamp],
  );
  const playing = !start ? live(channel) : minutes ? archived(channel, start, minutes, earlier) : undefined;
  if (start && !playing && !found.value && found.error === undefined) return <Wait />;
  const head = (
    <header class="channel-head">
      <Picture src={channel.stream_icon && picture('live', channel.stream_id)} name={channel.name} kind="logo" />
      <h1>
        <span class="num">{channel.num}</span> {channel.name}
      </h1>
      <IconButton
        icon="star"
        filled={starred}
        aria-pressed={starred}
        label={starred ? words.unstar : words.star}
        onClick={() => toggleFavourite(channel.stream_id)}
      />
      <a class="button quiet to-list" href={address('watch')}>
        <Icon name="back" /> {words.channels}
      </a>
    </header>
  );
  return (
    <>
      {playing && (
        <Player key={playing.key} playing={playing} onBefore={props.onBefore} onAfter={props.onAfter}>
          {head}
        </Player>
      )}
      {!playing && head}
      {start && (
        <p class="note">
          {words.watching(earlier?.title ?? clock(start))}{' '}
          <a href={address('watch', channel.stream_id)}>{words.live}</a>
        </p>
      )}
      {found.value && <Schedule channel={channel} listings={found.value} start={start} />}
      {found.error !== undefined && <Trouble error={found.error} retry={found.retry} />}
    </>
  );
}

function live(channel: Channel): Playing {
  const id = channel.stream_id;
  return {
    key: `live/${id}`,
    title: channel.name,
    source: { ts: stream('live', id, 'ts'), playlist: stream('live', id, 'm3u8'), live: true },
    channel: id,
    elsewhere: stream('live', id, 'ts', true),
  };
}

function archived(channel: Channel, start: number, minutes: number, listing: Listing | undefined): Playing {
  const id = channel.stream_id;
  return {
    key: `past/${id}/${start}`,
    title: listing?.title ?? channel.name,
    source: { playlist: past(id, start, minutes, 'm3u8'), live: false },
    elsewhere: past(id, start, minutes, 'ts', true),
  };
}

/** What is on, what follows, and what was, for channels whose past can be watched. */
function Schedule({ channel, listings, start }: { channel: Channel; listings: Listing[]; start: number | undefined }) {
  const now = useNow(30_000);
  const words = t().watch;
  const [earlier, setEarlier] = useState(!!start);
  const kept = listings.filter((one) => one.has_archive && Number(one.stop_timestamp) <= now);
  const coming = listings.filter((one) => Number(one.stop_timestamp) > now).slice(0, 12);
  if (listings.length === 0) return <p class="empty">{words.noGuide}</p>;
  return (
    <div class="schedule">
      {kept.length > 0 && (
        <details open={earlier} onToggle={(event) => setEarlier(event.currentTarget.open)}>
          <summary>
            {words.past} · {words.archive(channel.tv_archive_duration)}
          </summary>
          {earlier && (
            <ol class="programmes past">
              {[...kept].reverse().map((one) => (
                <li key={one.start_timestamp} aria-current={Number(one.start_timestamp) === start ? 'true' : undefined}>
                  <time>
                    {day(Number(one.start_timestamp))} {clock(Number(one.start_timestamp))}
                  </time>
                  <span class="title">{one.title}</span>
                  <a class="button quiet" href={address('watch', channel.stream_id, one.start_timestamp)}>
                    <Icon name="play" /> {words.watchPast}
                    <span class="out-of-sight"> {one.title}</span>
                  </a>
                </li>
              ))}
            </ol>
          )}
        </details>
      )}
      <h2>{words.today}</h2>
      <ol class="programmes">
        {coming.map((one) => {
          const [from, until] = [Number(one.start_timestamp), Number(one.stop_timestamp)];
          const running = from <= now;
          return (
            <li key={one.start_timestamp} class={running ? 'running' : ''}>
              <time>{clock(from)}</time>
              <div>
                <span class="title">{one.title}</span>
                {running && <Bar from={from} until={until} now={now} />}
                {one.description && <p>{one.description}</p>}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
