// How the grid lies: channels down, time across; and what of it is seen.

/** Pixels of a row, and of the times above them. */
export const ROW = 58;
export const HEAD = 32;
/** Pixels of a minute. */
const SCALE = 4;
/** Half an hour, in seconds: times stand so far apart. */
export const HALF = 1800;
/** What exists of the grid moves on in steps of so many seconds: drawing is dear, and scrolling what is there is not. */
const STEP = 4 * HALF;
export const DAY = 86_400;
/** Days back and forth. */
const [BACK, FORTH] = [7, 7];
/** Rows beyond those that are seen. */
const BEYOND = 4;

export const pixels = (seconds: number): number => (seconds / 60) * SCALE;

/** The edges of the grid in seconds since 1970, at midnight here. They do not move while one looks. */
export interface Edges {
  begin: number;
  end: number;
}

export function edges(): Edges {
  const begin = new Date().setHours(0, 0, 0, 0) / 1000 - BACK * DAY;
  return { begin, end: begin + (BACK + FORTH + 1) * DAY };
}

/** What is seen, in whole rows and steps: less than that of scrolling changes nothing. */
export interface Seen {
  /** Rows that exist: some more than are seen. */
  first: number;
  last: number;
  /** The first that is seen as a whole. */
  top: number;
  /** Times that exist: half an hour more on both sides, at least. */
  from: number;
  until: number;
  /** Rows that the arrows of a page move by. */
  page: number;
}

/** The time at the left edge of what is seen. */
export const timeAt = (box: HTMLElement, { begin }: Edges, right = 0): number => begin + ((box.scrollLeft + right) / SCALE) * 60;

export function seen(box: HTMLElement, edges: Edges, rows: number): Seen {
  const { scrollTop, clientWidth, clientHeight } = box;
  const [left, right] = [timeAt(box, edges) - HALF, timeAt(box, edges, clientWidth) + HALF];
  return {
    first: Math.max(0, Math.floor(scrollTop / ROW) - BEYOND),
    last: Math.min(rows - 1, Math.ceil((scrollTop + clientHeight) / ROW) + BEYOND),
    top: Math.ceil(scrollTop / ROW),
    from: Math.max(edges.begin, Math.floor(left / STEP) * STEP),
    until: Math.min(edges.end, Math.ceil(right / STEP) * STEP),
    page: Math.max(1, Math.floor(clientHeight / ROW) - 2),
  };
}

export const same = (one: Seen, other: Seen): boolean =>
  (Object.keys(one) as (keyof Seen)[]).every((key) => one[key] === other[key]);

/** What has the focus. */
export interface Spot {
  row: number;
  /** When the programme begins; 0: the channel itself. */
  start: number;
}

/** As elements say which they are. */
export const spelled = ({ row, start }: Spot): string => `${row}/${start}`;

/** The spot that an element belongs to. */
export function spotOf(target: EventTarget | null): Spot | undefined {
  const said = (target as Element | null)?.closest<HTMLElement>('[data-spot]')?.dataset.spot;
  if (!said) return undefined;
  const [row = 0, start = 0] = said.split('/').map(Number);
  return { row, start };
}

/** Scrolls so that a spot is seen. */
export function reveal(box: HTMLElement, { begin }: Edges, spot: Spot): void {
  const top = spot.row * ROW;
  const under = top + ROW + HEAD - box.clientHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (under > box.scrollTop) box.scrollTop = under;
  if (!spot.start) return;
  const left = pixels(spot.start - begin);
  const side = box.querySelector<HTMLElement>('.channel')?.offsetWidth ?? 0;
  if (left < box.scrollLeft) box.scrollLeft = left;
  else if (left + side + 120 > box.scrollLeft + box.clientWidth) box.scrollLeft = left + side + 200 - box.clientWidth;
}

/** Titles of what began before stand where they are seen: behind what of a cell is scrolled away. */
export function tuck(box: HTMLElement): void {
  const left = box.scrollLeft;
  for (const { style } of box.querySelectorAll<HTMLElement>('.cell')) {
    const at = parseFloat(style.left);
    const hidden = at < left && at + parseFloat(style.width) > left ? `${left - at}px` : '';
    if (style.getPropertyValue('--hidden') !== hidden) style.setProperty('--hidden', hidden);
  }
}
