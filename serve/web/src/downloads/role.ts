// What whoever has logged in may do with downloads. It is asked for at once, since the frame shows by it whether there are any.
import { ask, session } from '../api';
import { Store } from '../store';

export type Role = 'viewer' | 'operator' | 'admin';

export interface Asker {
  role: Role | null;
  /** He administers, and has to log in again for what only administrators may. */
  stale: boolean;
  /** Whether it can be searched which film or series a title is. */
  searches: boolean;
}

const NOBODY: Asker = { role: null, stale: false, searches: false };

export const asker = new Store<Asker>(NOBODY);

const RANK: Role[] = ['viewer', 'operator', 'admin'];

/** Whether he may do what takes this role. */
export const may = (who: Asker, needed: Role): boolean => who.role !== null && RANK.indexOf(who.role) >= RANK.indexOf(needed);

let known: string | undefined;

session.watch((who) => {
  if (who?.token === known) return;
  known = who?.token;
  asker.set(NOBODY);
  // Where nothing is downloaded there is no such address.
  if (who) void ask<Asker>('api/role').then((told) => asker.set(told), () => undefined);
});
