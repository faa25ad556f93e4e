// The grid itself. Only what is seen exists, however many channels and days there are.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import type { Channel, Programme } from '../data';
import { clock, day, t } from '../strings';
import { useNow } from '../view/parts';
import { About } from './about';
import { DAY, edges as todays, HALF, HEAD, pixels, reveal, ROW, same, seen as look, spelled, spotOf, timeAt, tuck } from './scale';
import type { Edges, Seen, Spot } from './scale';
import { Row } from './row';
import { Sheet } from './sheet';
import { step } from './step';

/** What is passed within so many ms while one scrolls is not asked for. */
const REST = 90;

export function Grid({ channels, children }: { channels: Channel[]; children: ComponentChildren }) {
  const words = t().guide;
  const box = useRef<HTMLDivElement>(null);
  const now = useNow(30_000);
  const edges = useMemo(todays, []);
  const sheet = useSheet(channels);
  const { seen, onScroll, goTo } = useSeen(box, edges, channels);
  const focus = useSpot(box, channels);
  const [shown, setShown] = useState<{ channel: Channel; programme: Programme }>();
  useEffect(() => {
    const timer = setTimeout(() => sheet.want(seen.first, seen.last, seen.from, seen.until), REST);
    return () => clearTimeout(timer);
  }, [sheet, seen]);
  useLayoutEffect(() => goTo(now), []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !box.current) return;
    const next = step(event.key, focus.spot, sheet, seen, timeAt(box.current, edges), now);
    if (!next) return;
    event.preventDefault();
    focus.move(next);
    reveal(box.current, edges, next);
    onScroll();
  };
  const onClick = (event: MouseEvent): void => {
    const spot = spotOf(event.target);
    const channel = spot && channels[spot.row];
    const programme = spot?.start ? sheet.at(spot.row, spot.start) : undefined;
    if (channel && programme) setShown({ channel, programme });
  };
  // Where Tab leads: what had the focus may have been scrolled away.
  const { spot } = focus;
  const isThere = spot.row >= seen.first && spot.row <= seen.last && (!spot.start || isSeen(sheet, spot, seen));
  const reachable = isThere ? spot : { row: Math.min(seen.last, seen.top), start: 0 };
  return (
    <div class="guide">
      <h1 class="out-of-sight">{words.title}</h1>
      <div class="filters">
        {children}
        <ChooseDay edges={edges} seen={seen} now={now} onTime={goTo} />
        <button type="button" onClick={() => goTo(now)}>
          {words.now}
        </button>
      </div>
      <div
        ref={box}
        class="grid"
        role="grid"
        aria-label={words.grid}
        aria-rowcount={channels.length}
        {...{ onScroll, onKeyDown, onClick }}
        onFocusIn={(event) => focus.set(spotOf(event.target) ?? spot)}
      >
        <div class="canvas" style={{ height: `${channels.length * ROW + HEAD}px` }}>
          <Times edges={edges} seen={seen} />
          {range(seen.first, seen.last).map((at) => (
            <Row key={channels[at]?.stream_id} spot={reachable.row === at ? reachable.start : undefined} {...{ sheet, at, edges, seen, now }} />
          ))}
          <span class="line" style={{ left: `${pixels(now - edges.begin)}px` }} />
        </div>
      </div>
      {shown && <About {...shown} now={now} onClose={() => setShown(undefined)} />}
    </div>
  );
}

/** The programmes of some channels; the grid is drawn anew when more of them are known. */
function useSheet(channels: Channel[]): Sheet {
  const [, again] = useReducer((before: number) => before + 1, 0);
  const sheet = useMemo(() => new Sheet(channels, () => again(0)), [channels]);
  useEffect(() => () => sheet.close(), [sheet]);
  return sheet;
}

/** What is seen of the grid, and ways to see something else. */
function useSeen(box: RefObject<HTMLDivElement | null>, edges: Edges, channels: Channel[]) {
  const [seen, setSeen] = useState<Seen>({ first: 0, last: -1, top: 0, from: edges.begin, until: edges.begin, page: 1 });
  const left = useRef(0);
  useLayoutEffect(() => void (box.current && tuck(box.current)));
  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    if (element.scrollLeft !== left.current) tuck(element);
    left.current = element.scrollLeft;
    const next = look(element, edges, channels.length);
    setSeen((before) => (same(before, next) ? before : next));
  };
  const goTo = (time: number): void => {
    const element = box.current;
    if (element) element.scrollLeft = Math.max(0, pixels(Math.floor(time / HALF) * HALF - edges.begin) - element.clientWidth / 5);
    onScroll();
  };
  useLayoutEffect(() => {
    const watching = new ResizeObserver(onScroll);
    if (box.current) {
      // Other channels begin at their top.
      box.current.scrollTop = 0;
      watching.observe(box.current);
    }
    onScroll();
    return () => watching.disconnect();
  }, [channels]);
  return { seen, onScroll, goTo };
}

/** What has the focus. What gets it by the keyboard may have to be drawn first. */
function useSpot(box: RefObject<HTMLDivElement | null>, channels: Channel[]) {
  const [spot, set] = useState<Spot>({ row: 0, start: 0 });
  const wanted = useRef(false);
  useLayoutEffect(() => set({ row: 0, start: 0 }), [channels]);
  useLayoutEffect(() => {
    const element = wanted.current && box.current?.querySelector<HTMLElement>(`[data-spot="${spelled(spot)}"]`);
    if (!element) return;
    wanted.current = false;
    element.focus({ preventScroll: true });
  });
  const move = (next: Spot): void => {
    wanted.current = true;
    set(next);
  };
  return { spot, set, move };
}

const isSeen = (sheet: Sheet, { row, start }: Spot, { from, until }: Seen): boolean =>
  sheet.row(row, from, until).some(([begin]) => begin === start);

const range = (first: number, last: number): number[] => Array.from({ length: Math.max(0, last - first + 1) }, (_, nth) => first + nth);

function ChooseDay(props: { edges: Edges; seen: Seen; now: number; onTime: (time: number) => void }) {
  const { edges, seen, now, onTime } = props;
  const noons = range(0, (edges.end - edges.begin) / DAY - 1).map((nth) => edges.begin + nth * DAY + DAY / 2);
  const middle = (seen.from + seen.until) / 2;
  const choose = (noon: number): void => {
    if (Math.abs(noon - now) < DAY / 2) return onTime(now - HALF);
    // Of another day, the evening, which most look for.
    onTime(new Date(noon * 1000).setHours(19, 0, 0, 0) / 1000);
  };
  return (
    <select
      aria-label={t().guide.day}
      value={String(noons.find((noon) => Math.abs(noon - middle) <= DAY / 2))}
      onChange={(event) => choose(Number(event.currentTarget.value))}
    >
      {noons.map((noon) => (
        <option key={noon} value={String(noon)}>
          {day(noon)}
        </option>
      ))}
    </select>
  );
}

/** The times above the rows; where a day begins, the day. */
function Times({ edges, seen }: { edges: Edges; seen: Seen }) {
  const halves = range(Math.ceil(seen.from / HALF), Math.ceil(seen.until / HALF) - 1).map((nth) => nth * HALF);
  const isMidnight = (time: number): boolean => new Date(time * 1000).getHours() + new Date(time * 1000).getMinutes() === 0;
  return (
    <div class="times" aria-hidden="true" style={{ width: `${pixels(edges.end - edges.begin)}px` }}>
      <span class="corner" />
      {halves.map((time) => (
        <span key={time} class="hour" style={{ left: `${pixels(time - edges.begin)}px` }}>
          {isMidnight(time) ? day(time) : clock(time)}
        </span>
      ))}
    </div>
  );
}
