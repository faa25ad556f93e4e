// What `tests/programs/browser.rs` has a browser do with the page: all that people do there, in Debian's Chromium. Prints a line for
// each thing that works, and ends with status 1 at the first that does not.
//
//   node page.mjs MODULES COAX STATION [PART...]
//
// MODULES is where scripts/page has put playwright-core and axe-core, COAX the program, STATION the address of a synthetic
// provider, for the part `ace` with an engine at ENGINE in the environment. Every view is looked
// at in light and dark and as narrow as a phone; with SHOTS=DIR in the environment pictures of all of them are left there. The
// part `grid` is done by hand alone, by scripts/grid.
import { ace, catalogue } from './page/ace.mjs';
import { downloads } from './page/downloads.mjs';
import { films } from './page/films.mjs';
import { guide } from './page/guide.mjs';
import { grid } from './page/grid.mjs';
import { pick } from './page/pick.mjs';
import { recordings } from './page/recordings.mjs';
import { run } from './page/run.mjs';
import { wizard } from './page/setup.mjs';
import { parts, start, stop } from './page/stage.mjs';
import { browser, confess, logIn, open } from './page/tab.mjs';
import { leave, watch } from './page/watch.mjs';

/** Those that begin with somebody who has logged in at the demo, and those that have a house of their own. */
const AT_THE_DEMO = { run, guide, films, catalogue, downloads, recordings, leave };
const ALONE = { wizard, ace, pick };

const wanted = (part) => parts.length === 0 || parts.includes(part);

async function demo() {
  const house = await start(['demo', '--listen', '127.0.0.1:0']);
  if (wanted('watch')) return watch(house);
  const tab = await open(house.url);
  await logIn(tab, 'demo', 'demo');
  await tab.page.getByRole('list', { name: 'Channels' }).waitFor();
  return tab;
}

let status = 0;
try {
  const there = Object.entries(AT_THE_DEMO).filter(([name]) => wanted(name));
  if (wanted('watch') || there.length > 0) {
    const tab = await demo();
    for (const [, part] of there) await part(tab);
  }
  for (const [name, part] of Object.entries(ALONE)) {
    if (wanted(name)) await part();
  }
  if (parts.includes('grid')) await grid();
} catch (error) {
  await confess();
  console.error(`page: ${error.message}`);
  status = 1;
} finally {
  await browser.close();
  stop();
}
process.exit(status);
