// The programmes of the grid, in pieces: so many channels by so many hours, fetched when they are seen and forgotten when
// too many others were seen since.
import { programmes, type Channel, type Programme } from '../data';

/** Channels of a piece, and its time in seconds. */
const ROWS = 25;
const SPAN = 6 * 3600;
/** Pieces that are kept: the programmes of some 200 000 hours. */
const MOST = 1200;
/** A piece whose fetching failed is asked for again after this time, in ms. */
const AGAIN = 5000;

interface Piece {
  rows: Map<number, Programme[]> | undefined;
  failed: number;
}

export class Sheet {
  #pieces = new Map<string, Piece>();
  #aborts = new Map<string, AbortController>();
  /** How often more has been known of some rows. */
  #stamps = new Map<number, number>();

  constructor(
    readonly channels: Channel[],
    readonly changed: () => void,
  ) {}

  /** What of a row is known between two times, in order. */
  row(at: number, from: number, until: number): Programme[] {
    const channel = this.channels[at];
    if (!channel) return [];
    const found: Programme[] = [];
    let last = 0;
    for (const column of columns(from, until)) {
      const piece = this.#pieces.get(`${Math.floor(at / ROWS)}/${column}`);
      for (const programme of piece?.rows?.get(channel.stream_id) ?? []) {
        // One that goes on is in both pieces.
        if (programme[0] >= last && programme[1] > from && programme[0] < until) {
          found.push(programme);
          last = programme[0] + 1;
        }
      }
    }
    return found;
  }

  /** The programme of a row that begins at a time. */
  at(row: number, start: number): Programme | undefined {
    return this.row(row, start, start + 1).find((one) => one[0] === start);
  }

  /** Another number when more is known of a row. */
  stamp(at: number): number {
    return this.#stamps.get(Math.floor(at / ROWS)) ?? 0;
  }

  /** Whether a row is known between two times. */
  knows(at: number, from: number, until: number): boolean {
    return columns(from, until).every((column) => this.#pieces.get(`${Math.floor(at / ROWS)}/${column}`)?.rows);
  }

  /** Fetches what is not known of some rows between two times, and nothing else any more. */
  want(first: number, last: number, from: number, until: number): void {
    const wanted = new Set<string>();
    for (let row = Math.floor(first / ROWS); row <= Math.floor(last / ROWS); row++) {
      for (const column of columns(from, until)) wanted.add(`${row}/${column}`);
    }
    for (const [key, abort] of this.#aborts) {
      if (!wanted.has(key)) abort.abort();
    }
    for (const key of wanted) void this.#fetch(key);
  }

  async #fetch(key: string): Promise<void> {
    const known = this.#pieces.get(key);
    if (known) {
      // What is seen is the last to be forgotten.
      this.#pieces.delete(key);
      this.#pieces.set(key, known);
    }
    if (known?.rows || this.#aborts.has(key) || (known && performance.now() - known.failed < AGAIN)) return;
    const [row = 0, column = 0] = key.split('/').map(Number);
    const channels = this.channels.slice(row * ROWS, (row + 1) * ROWS).filter((one) => one.epg_channel_id);
    const abort = new AbortController();
    this.#aborts.set(key, abort);
    try {
      const ids = channels.map((one) => one.stream_id);
      const found = ids.length > 0 ? await programmes(ids, column * SPAN, (column + 1) * SPAN, abort.signal) : {};
      this.#pieces.set(key, { rows: new Map(ids.map((id) => [id, found[id] ?? []])), failed: 0 });
      while (this.#pieces.size > MOST) this.#pieces.delete(this.#pieces.keys().next().value as string);
    } catch (error) {
      if ((error as Error).name !== 'AbortError') this.#pieces.set(key, { rows: undefined, failed: performance.now() });
    } finally {
      this.#aborts.delete(key);
    }
    this.#stamps.set(row, (this.#stamps.get(row) ?? 0) + 1);
    this.changed();
  }

  close(): void {
    for (const abort of this.#aborts.values()) abort.abort();
  }
}

function columns(from: number, until: number): number[] {
  const found = [];
  for (let column = Math.floor(from / SPAN); column * SPAN < until; column++) found.push(column);
  return found;
}
