// A list of any length of which only what is seen exists. One of its rows has the focus; arrows move it.
import type { ComponentChildren } from 'preact';
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
  const { items, height } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [room, setRoom] = useState(600);
  const [focus, setFocus] = useState(0);
  const wanted = useRef<number | null>(null);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watching = new ResizeObserver(() => setRoom(element.clientHeight));
    watching.observe(element);
    return () => watching.disconnect();
  }, []);

  // Another list begins at its top.
  const first = items.length > 0 ? props.key_(items[0] as T) : -1;
  useLayoutEffect(() => {
    setFocus(Math.max(0, items.findIndex((item) => props.key_(item) === props.chosen)));
  }, [first, items.length]);

  const show = (at: number): void => {
    const element = box.current;
    if (!element) return;
    const [begin, end] = [at * height, (at + 1) * height];
    if (begin < element.scrollTop) element.scrollTop = begin;
    else if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight;
    setTop(element.scrollTop);
  };

  /** Gives the focus to the row that shall have it, as soon as that exists. */
  const grab = (): void => {
    if (wanted.current === null) return;
    const button = box.current?.querySelector<HTMLElement>(`[data-at="${wanted.current}"]`);
    if (button) {
      wanted.current = null;
      button.focus({ preventScroll: true });
    }
  };

  const move = (at: number): void => {
    const there = Math.max(0, Math.min(items.length - 1, at));
    if (items.length === 0) return;
    wanted.current = there;
    setFocus(there);
    show(there);
    grab();
  };

  useImperativeHandle(handle, () => ({ focus: move, show }), [items, height]);

  useLayoutEffect(grab);

  const from = Math.max(0, Math.floor(top / height) - BEYOND);
  const until = Math.min(items.length, Math.ceil((top + room) / height) + BEYOND);
  const page = Math.max(1, Math.floor(room / height) - 1);
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page };
  const reachable = focus >= from && focus < until ? focus : from;

  return (
    <div
      ref={box}
      class="rows"
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step !== undefined) move(focus + step);
        else if (event.key === 'Home') move(0);
        else if (event.key === 'End') move(items.length - 1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <ul aria-label={props.label} style={{ height: `${items.length * height}px` }}>
        {items.slice(from, until).map((item, nth) => {
          const at = from + nth;
          return (
            <li
              key={props.key_(item)}
              aria-setsize={items.length}
              aria-posinset={at + 1}
              style={{ top: `${at * height}px`, height: `${height}px` }}
            >
              <button
                type="button"
                data-at={at}
                tabIndex={at === reachable ? 0 : -1}
                aria-current={props.key_(item) === props.chosen ? 'true' : undefined}
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

export const Rows = forwardRef(RowsView) as <T>(props: Props<T> & { handle?: { current: RowsHandle | null } }) => ReturnType<typeof RowsView>;
