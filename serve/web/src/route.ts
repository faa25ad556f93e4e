// Where one is: behind the `#`, so that the server need not know and a reload comes back to it.
import { Store } from './store';

const read = (): string[] =>
  location.hash
    .replace(/^#\/?/, '')
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });

/** The parts of the address, such as `['watch', '5001']`. */
export const route = new Store<string[]>(read());

addEventListener('hashchange', () => route.set(read()));

export const address = (...parts: (string | number)[]): string =>
  `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

export function go(...parts: (string | number)[]): void {
  location.hash = address(...parts);
}

/** The same without a step in the history: for what follows from where one is. */
export function replace(...parts: (string | number)[]): void {
  history.replaceState(null, '', new URL(address(...parts), location.href));
  route.set(read());
}
