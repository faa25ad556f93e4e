// Where the arrows lead.
import type { Seen, Spot } from './scale';
import type { Sheet } from './sheet';

/** How much further than what is seen programmes are looked for, in seconds. */
const FURTHER = 4 * 3600;

/** From a spot by a key; nothing if it is none that leads anywhere. `left` is the time at the edge of what is seen. */
export function step(key: string, spot: Spot, sheet: Sheet, seen: Seen, left: number, now: number): Spot | undefined {
  /** What is on at the same time in another row. */
  const beside = (row: number): Spot => {
    const there = Math.max(0, Math.min(sheet.channels.length - 1, row));
    const time = Math.max(spot.start || now, left);
    const found = sheet.row(there, seen.from, seen.until).find(([, stop]) => stop > time);
    return { row: there, start: found?.[0] ?? 0 };
  };
  /** What comes before or after in the same row. */
  const along = (by: number): Spot => {
    const all = sheet.row(spot.row, seen.from - FURTHER, seen.until + FURTHER);
    const at = all.findIndex(([start]) => start === spot.start);
    const found = at >= 0 ? all[at + by] : by > 0 ? all.find(([, stop]) => stop > left) : undefined;
    return { row: spot.row, start: found?.[0] ?? (by > 0 ? spot.start : 0) };
  };
  switch (key) {
    case 'ArrowDown':
      return beside(spot.row + 1);
    case 'ArrowUp':
      return beside(spot.row - 1);
    case 'PageDown':
      return beside(spot.row + seen.page);
    case 'PageUp':
      return beside(spot.row - seen.page);
    case 'ArrowRight':
      return along(1);
    case 'ArrowLeft':
      return along(-1);
    case 'Home':
      return { row: spot.row, start: 0 };
    default:
      return undefined;
  }
}
