// A list of any length of which only what is seen exists. One of its rows has the focus; arrows move it.
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { forwardRef } from '../forward';

export interface RowsHandle {
  focus(at: number): void;
  show(at: number): void;
}

interface Props<T> {
  label: string;
  items: T[];
  /** Of a row, in pixels. */
  height: number;
  key_: (item: T) => number;
  /** What stands in a row, which is a button. */
  row: (item: T, at: number) => ComponentChildren;
  chosen?: number;
  onChoose: (item: T) => void;
}

/** Rows beyond those that are seen, so that none is missing while one scrolls. */
const BEYOND = 6;

function RowsView<T>(props: Props<T>, handle: { current: RowsHandle | null }) {
  const { items, height, key_, chosen } = props;
  const box = useRef<HTMLDivElement>(null);
  const { top, room, show, onScroll } = useRoom(box, height);
  const { focus, setFocus, move } = useFocus(box, props, show);
  useImperativeHandle(handle, () => ({ focus: move, show }), [items, height]);

  const from = Math.max(0, Math.floor(top / height) - BEYOND);
  const until = Math.min(items.length, Math.ceil((top + room) / height) + BEYOND);
  // What had the focus may have been scrolled away.
  const reachable = focus >= from && focus < until ? focus : from;
  const page = Math.max(1, Math.floor(room / height) - 1);
  const places: Record<string, number> = {
    ArrowDown: focus + 1,
    ArrowUp: focus - 1,
    PageDown: focus + page,
    PageUp: focus - page,
    Home: 0,
    End: items.length - 1,
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const place = places[event.key];
    if (place === undefined) return;
    move(place);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={box} class="rows" {...{ onScroll, onKeyDown }}>
      <ul aria-label={props.label} style={{ height: `${items.length * height}px` }}>
        {items.slice(from, until).map((item, nth) => {
          const at = from + nth;
          return (
            <li
              key={key_(item)}
              aria-setsize={items.length}
              aria-posinset={at + 1}
              style={{ top: `${at * height}px`, height: `${height}px` }}
            >
              <button
                type="button"
                data-at={at}
                tabIndex={at === reachable ? 0 : -1}
                aria-current={key_(item) === chosen ? 'true' : undefined}
                onFocus={() => setFocus(at)}
                onClick={() => props.onChoose(item)}
              >
                {props.row(item, at)}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** How far one has scrolled, and how much is seen. */
function useRoom(box: RefObject<HTMLDivElement | null>, height: number) {
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(600);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watching = new ResizeObserver(() => setRoom(element.clientHeight));
    watching.observe(element);
    return () => watching.disconnect();
  }, []);
  const onScroll = (): void => setTop(box.current?.scrollTop ?? 0);
  const show = (at: number): void => {
    const element = box.current;
    if (!element) return;
    const [begin, end] = [at * height, (at + 1) * height];
    if (begin < element.scrollTop) element.scrollTop = begin;
    else if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight;
    onScroll();
  };
  return { top, room, show, onScroll };
}

/** Which row has the focus; it gets it as soon as it exists. */
function useFocus<T>(box: RefObject<HTMLDivElement | null>, { items, key_, chosen }: Props<T>, show: (at: number) => void) {
  const [focus, setFocus] = useState(0);
  const wanted = useRef<number | null>(null);
  // Another list begins at its top.
  const first = items.length > 0 ? key_(items[0] as T) : -1;
  useLayoutEffect(() => {
    setFocus(Math.max(0, items.findIndex((item) => key_(item) === chosen)));
  }, [first, items.length]);
  const grab = (): void => {
    if (wanted.current === null) return;
    const button = box.current?.querySelector<HTMLElement>(`[data-at="${wanted.current}"]`);
    if (!button) return;
    wanted.current = null;
    button.focus({ preventScroll: true });
  };
  useLayoutEffect(grab);
  const move = (at: number): void => {
    if (items.length === 0) return;
    const there = Math.max(0, Math.min(items.length - 1, at));
    wanted.current = there;
    setFocus(there);
    show(there);
    grab();
  };
  return { focus, setFocus, move };
}

export const Rows = forwardRef(RowsView) as <T>(props: Props<T> & { handle?: { current: RowsHandle | null } }) => ReturnType<typeof RowsView>;
