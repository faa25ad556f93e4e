// The guide as a grid: channels down, time across. Only what is seen exists, however many channels and days there are.
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { picture } from '../api';
import { favourites, fold, lineUp, listings, loadLineUp, type Channel, type Programme } from '../data';
import { address } from '../route';
import { Store, useStore } from '../store';
import { clock, count, day, t } from '../strings';
import { Dialog, Picture, Search, Trouble, useFetched, useNow, Wait } from '../view/parts';
import { Sheet } from './sheet';
import './guide.css';

const group = new Store<string>('all', 'guide.group');

const ROW = 58;
/** Pixels of a minute. */
const SCALE = 4;
/** Days back and forth. */
const [BACK, FORTH] = [7, 7];
/** Rows beyond those that are seen. */
const BEYOND = 4;
const HALF = 1800;

const pixels = (seconds: number): number => (seconds / 60) * SCALE;

export function Guide() {
  const known = useStore(lineUp);
  const { error, retry } = useFetched(loadLineUp, []);
  const chosen = useStore(group);
  const [query, setQuery] = useState('');
  const channels = useMemo(() => {
    if (!known) return [];
    const id = Number(chosen);
    const starred = chosen === 'favourites' ? new Set(favourites()) : undefined;
    const parts = fold(query).split(/\s+/).filter(Boolean);
    return known.channels.filter(
      (one) =>
        (starred ? starred.has(one.stream_id) : Number.isNaN(id) || one.category_ids.includes(id)) &&
        parts.every((part) => one.folded.includes(part)),
    );
  }, [known, chosen, query]);
  if (!known) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const words = t().watch;
  return (
    <Grid channels={channels}>
      <Search label={words.search} value={query} onValue={setQuery} />
      <select aria-label={words.group} value={chosen} onChange={(event) => group.set(event.currentTarget.value)}>
        <option value="all">{words.all(count(known.channels.length))}</option>
        <option value="favourites">{words.favourites}</option>
        {known.categories.map((one) => (
          <option key={one.category_id} value={one.category_id}>
            {one.category_name} ({count(known.sizes.get(Number(one.category_id)) ?? 0)})
          </option>
        ))}
      </select>
    </Grid>
  );
}

interface Spot {
  row: number;
  /** When the programme begins that has the focus; 0: the channel itself. */
  start: number;
}

function Grid({ channels, children }: { channels: Channel[]; children: preact.ComponentChildren }) {
  const words = t().guide;
  const box = useRef<HTMLDivElement>(null);
  const [, again] = useReducer((before: number) => before + 1, 0);
  const sheet = useMemo(() => new Sheet(channels, () => again(0)), [channels]);
  useEffect(() => () => sheet.close(), [sheet]);
  const now = useNow(30_000);
  // The left edge; it does not move while one looks.
  const begin = useMemo(() => Math.floor(Date.now() / 1000 / 86_400 - BACK) * 86_400, []);
  const end = begin + (BACK + FORTH + 1) * 86_400;
  const [view, setView] = useState({ top: 0, left: 0, width: 1000, height: 600 });
  const [spot, setSpot] = useState<Spot>({ row: 0, start: 0 });
  const [shown, setShown] = useState<{ channel: Channel; programme: Programme }>();
  const wanted = useRef(false);

  const look = (): void => {
    const element = box.current;
    if (!element) return;
    const { scrollTop: top, scrollLeft: left, clientWidth: width, clientHeight: height } = element;
    setView((before) =>
      before.top === top && before.left === left && before.width === width && before.height === height
        ? before
        : { top, left, width, height },
    );
  };
  const goTo = (time: number): void => {
    const element = box.current;
    if (element) element.scrollLeft = Math.max(0, pixels(time - begin) - element.clientWidth / 5);
    look();
  };
  useLayoutEffect(() => {
    goTo(Math.floor(now / HALF) * HALF);
    const watching = new ResizeObserver(look);
    if (box.current) watching.observe(box.current);
    return () => watching.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = 0;
    setSpot({ row: 0, start: 0 });
    look();
  }, [channels]);

  const first = Math.max(0, Math.floor(view.top / ROW) - BEYOND);
  const last = Math.min(channels.length - 1, Math.ceil((view.top + view.height) / ROW) + BEYOND);
  const from = begin + (view.left / SCALE) * 60 - HALF;
  const until = begin + ((view.left + view.width) / SCALE) * 60 + HALF;

  // While one scrolls fast, what is passed is not asked for.
  useEffect(() => {
    const timer = setTimeout(() => sheet.want(first, last, Math.max(begin, from), Math.min(end, until)), 90);
    return () => clearTimeout(timer);
  }, [sheet, first, last, Math.floor(from / HALF), Math.floor(until / HALF)]);

  useLayoutEffect(() => {
    if (!wanted.current) return;
    const cell = box.current?.querySelector<HTMLElement>(`[data-spot="${spot.row}/${spot.start}"]`);
    if (cell) {
      wanted.current = false;
      cell.focus({ preventScroll: true });
    }
  });

  const step = (key: string): boolean => {
    const span = sheet.row(spot.row, from - 4 * 3600, until + 4 * 3600);
    const at = span.findIndex(([start]) => start === spot.start);
    let next: Spot | undefined;
    const beside = (row: number): Spot => {
      const there = Math.max(0, Math.min(channels.length - 1, row));
      const time = Math.max(spot.start || Math.max(now, from + HALF), from + HALF);
      const found = sheet.row(there, from, until).find(([, stop]) => stop > time);
      return { row: there, start: found?.[0] ?? 0 };
    };
    const page = Math.max(1, Math.floor(view.height / ROW) - 2);
    if (key === 'ArrowDown') next = beside(spot.row + 1);
    else if (key === 'ArrowUp') next = beside(spot.row - 1);
    else if (key === 'PageDown') next = beside(spot.row + page);
    else if (key === 'PageUp') next = beside(spot.row - page);
    else if (key === 'ArrowRight') {
      const visible = span.find(([, stop]) => stop > from + HALF);
      next = { row: spot.row, start: (at >= 0 ? span[at + 1] : visible)?.[0] ?? spot.start };
    } else if (key === 'ArrowLeft') next = { row: spot.row, start: span[at - 1]?.[0] ?? 0 };
    else if (key === 'Home') next = { row: spot.row, start: 0 };
    if (!next) return false;
    wanted.current = true;
    setSpot(next);
    const element = box.current;
    if (element) {
      const top = next.row * ROW;
      const head = 40;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + ROW + head > element.scrollTop + element.clientHeight) element.scrollTop = top + ROW + head - element.clientHeight;
      if (next.start) {
        const left = pixels(next.start - begin);
        const side = element.querySelector<HTMLElement>('.channel')?.offsetWidth ?? 0;
        if (left < element.scrollLeft) element.scrollLeft = Math.max(0, left);
        else if (left + side + 120 > element.scrollLeft + element.clientWidth) element.scrollLeft = left + side + 200 - element.clientWidth;
      }
      look();
    }
    return true;
  };

  // Where Tab leads: what had the focus may have been scrolled away.
  const isSeen =
    spot.row >= first && spot.row <= last && (spot.start === 0 || sheet.row(spot.row, from, until).some(([start]) => start === spot.start));
  const reachable = isSeen ? spot : { row: Math.min(last, Math.ceil(view.top / ROW)), start: 0 };

  const rows = [];
  for (let at = first; at <= last; at++) {
    const channel = channels[at];
    if (channel) {
      rows.push(
        <Row
          key={channel.stream_id}
          channel={channel}
          at={at}
          programmes={sheet.row(at, from, until)}
          known={sheet.knows(at, Math.max(begin, from), Math.min(end, until))}
          begin={begin}
          from={from}
          now={now}
          spot={reachable.row === at ? reachable.start : undefined}
          onSpot={(start) => setSpot({ row: at, start })}
          onShow={(programme) => setShown({ channel, programme })}
        />,
      );
    }
  }
  const days = Array.from({ length: BACK + FORTH + 1 }, (_, nth) => begin + nth * 86_400 + 43_200);
  const seen = begin + ((view.left + view.width / 3) / SCALE) * 60;
  return (
    <div class="guide">
      <h1 class="out-of-sight">{words.title}</h1>
      <div class="filters">
        {children}
        <select
          aria-label={words.day}
          value={String(days.find((one) => Math.abs(one - seen) <= 43_200))}
          onChange={(event) => {
            const noon = new Date(Number(event.currentTarget.value) * 1000);
            // The evening, which most look for; of today, now.
            goTo(Math.abs(noon.getTime() / 1000 - now) < 43_200 ? now - HALF : noon.setHours(19, 0, 0, 0) / 1000);
          }}
        >
          {days.map((one) => (
            <option key={one} value={String(one)}>
              {day(one)}
            </option>
          ))}
        </select>
        <button type="button" onClick={() => goTo(Math.floor(now / HALF) * HALF)}>
          {words.now}
        </button>
      </div>
      <div
        ref={box}
        class="grid"
        role="grid"
        aria-label={words.grid}
        aria-rowcount={channels.length}
        onScroll={look}
        onKeyDown={(event) => {
          if (!event.ctrlKey && !event.metaKey && !event.altKey && step(event.key)) event.preventDefault();
        }}
      >
        <div class="canvas" style={{ height: `${channels.length * ROW + 32}px` }}>
          <div class="times" aria-hidden="true" style={{ width: `${pixels(end - begin)}px` }}>
            <span class="corner" />
            {halves(begin, from, until).map((time) => (
              <span key={time} class="hour" style={{ left: `${pixels(time - begin)}px` }}>
                {new Date(time * 1000).getHours() === 0 && new Date(time * 1000).getMinutes() === 0 ? day(time) : clock(time)}
              </span>
            ))}
          </div>
          {rows}
          <span class="line" style={{ left: `${pixels(now - begin)}px` }} />
        </div>
      </div>
      {shown && <About {...shown} now={now} onClose={() => setShown(undefined)} />}
    </div>
  );
}

function halves(begin: number, from: number, until: number): number[] {
  const found = [];
  for (let time = Math.max(begin, Math.ceil(from / HALF) * HALF); time < until; time += HALF) found.push(time);
  return found;
}

function Row(props: {
  channel: Channel;
  at: number;
  programmes: Programme[];
  known: boolean;
  begin: number;
  from: number;
  now: number;
  spot: number | undefined;
  onSpot: (start: number) => void;
  onShow: (programme: Programme) => void;
}) {
  const { channel, at, begin, from, now } = props;
  const reaches = now - channel.tv_archive_duration * 86_400;
  return (
    <div role="row" aria-rowindex={at + 1} class="line-of" style={{ top: `${at * ROW + 32}px`, height: `${ROW}px` }}>
      <div role="rowheader" class="channel">
        <a
          href={address('watch', channel.stream_id)}
          tabIndex={props.spot === 0 ? 0 : -1}
          data-spot={`${at}/0`}
          onFocus={() => props.onSpot(0)}
        >
          <Picture src={channel.stream_icon && picture('live', channel.stream_id)} name={channel.name} kind="logo" />
          <span class="name">{channel.name}</span>
        </a>
      </div>
      {props.programmes.map((programme) => {
        const [start, stop, title] = programme;
        const left = pixels(start - begin);
        const kept = stop <= now && channel.tv_archive === 1 && stop >= reaches;
        // The title of what began before stands where it is seen.
        const hidden = Math.max(0, pixels(from + HALF - start));
        return (
          <div key={start} role="gridcell" class="cell" style={{ left: `${left}px`, width: `${Math.max(2, pixels(stop - start))}px` }}>
            <button
              type="button"
              class={stop <= now ? (kept ? 'kept' : 'gone') : start <= now ? 'running' : ''}
              tabIndex={props.spot === start ? 0 : -1}
              data-spot={`${at}/${start}`}
              onFocus={() => props.onSpot(start)}
              onClick={() => props.onShow(programme)}
              style={{ paddingLeft: `${hidden + 8}px` }}
            >
              <span class="title">{title}</span>
              <span class="time">
                {clock(start)}–{clock(stop)}
              </span>
            </button>
          </div>
        );
      })}
      {props.known && props.programmes.length === 0 && (
        <div role="gridcell" class="none" style={{ left: `${pixels(from + HALF - begin) + 12}px` }}>
          {t().guide.none}
        </div>
      )}
    </div>
  );
}

function About(props: { channel: Channel; programme: Programme; now: number; onClose: () => void }) {
  const { channel, programme, now } = props;
  const [start, stop, title] = programme;
  const words = t().guide;
  const { value, error } = useFetched(() => listings(channel.stream_id), [channel.stream_id]);
  const found = value?.find((one) => Number(one.start_timestamp) === start);
  return (
    <Dialog title={title} onClose={props.onClose}>
      <p class="hint">
        {channel.name} · {day(start)} {clock(start)}–{clock(stop)}
      </p>
      {!value && error === undefined && <Wait />}
      {found?.description && <p>{found.description}</p>}
      <div class="actions">
        {found?.has_archive === 1 && stop <= now && (
          <a class="button main" href={address('watch', channel.stream_id, start)}>
            {words.past}
          </a>
        )}
        {start <= now && stop > now && (
          <a class="button main" href={address('watch', channel.stream_id)}>
            {words.watch}
          </a>
        )}
        {(start > now || stop <= now) && (
          <a class="button" href={address('watch', channel.stream_id)}>
            {words.watch}
          </a>
        )}
      </div>
    </Dialog>
  );
}
