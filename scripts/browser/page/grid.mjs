// By hand, with a provider of very many channels: how smoothly the guide scrolls. See scripts/grid.
import { join } from 'node:path';
import { assert, folder, start, station, tell, until } from './stage.mjs';
import { clean, logIn, open } from './tab.mjs';

/** What a hand does: so many pixels down or across in each picture, so many times. */
const MOVES = [
  { name: 'down, slowly', by: [0, 24], times: 300 },
  { name: 'down, fast', by: [0, 400], times: 300 },
  { name: 'across', by: [60, 0], times: 300 },
  { name: 'by the bar, from end to end', by: undefined, times: 120 },
];

export async function grid() {
  const house = await start(['up'], {
    COAX_DATA: join(folder, 'grid'), COAX_LISTEN: '127.0.0.1:0', COAX_USER: 'ann', COAX_PASSWORD: 'television',
    XTREAM_BASE_URL: station, XTREAM_USERNAME: 'station', XTREAM_PASSWORD: 'station',
  });
  await until('there is a release', async () => (await fetch(`${house.url}/health`)).ok, house.said);
  tell('there is a release');
  const tab = await open(house.url);
  const { page } = tab;
  await logIn(tab, 'ann', 'television');
  await page.getByRole('list', { name: 'Channels' }).waitFor();
  const cdp = await tab.context.newCDPSession(page);
  await page.getByRole('link', { name: 'Guide' }).click();
  const box = page.getByRole('grid');
  await box.locator('button.running').first().waitFor();
  tell(`the guide of ${await box.getAttribute('aria-rowcount')} channels is shown`);
  await held(cdp);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  for (const move of MOVES) {
    const before = await spent(cdp);
    const told = await box.evaluate(moved, move);
    const after = await spent(cdp);
    const each = Object.fromEntries(SPENT.map((what) => [what, Number(((after[what] - before[what]) / move.times).toFixed(2))]));
    tell(`${move.name}: frames in ms ${JSON.stringify(told)}, CPU in ms for each ${JSON.stringify(each)}`);
    await until('what is seen is filled', async () => (await box.locator('.cell').count()) > 5);
  }
  tell(`elements: ${await page.evaluate(() => document.querySelectorAll('*').length)}`);
  await held(cdp);
  await days(tab, box);
  await held(cdp);
  clean(tab);
  await tab.context.close();
}

/** In the page: frames and long tasks while it scrolls, in ms. */
async function moved(box, { by, times }) {
  const [frames, long] = [[], []];
  const watching = new PerformanceObserver((list) => long.push(...list.getEntries().map((one) => Math.round(one.duration))));
  watching.observe({ entryTypes: ['longtask'] });
  let last = performance.now();
  for (let at = 0; at < times; at++) {
    if (by) box.scrollBy(...by);
    else box.scrollTop = (at / times) * box.scrollHeight;
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  await new Promise((rest) => setTimeout(rest, 100));
  watching.disconnect();
  frames.sort((a, b) => a - b);
  const at = (part) => Math.round(frames[Math.floor(part * (frames.length - 1))]);
  const late = frames.filter((one) => one > 34).length;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), worst: at(1), late, of: times, long };
}

/** What the thread that runs the page has spent, in ms: not what others had meanwhile. */
const SPENT = ['Task', 'Script', 'RecalcStyle', 'Layout'];
async function spent(cdp) {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(SPENT.map((what) => [what, 1000 * metrics.find(({ name }) => name === `${what}Duration`).value]));
}

/** Every day of the week, at several places of the list: what is known is forgotten again. */
async function days(tab, box) {
  const choose = tab.page.getByLabel('Day');
  const options = await choose.locator('option').allTextContents();
  for (let at = 0; at < 40; at++) {
    await choose.selectOption({ label: options[at % options.length] });
    await box.evaluate((box, at) => (box.scrollTop = (at / 40) * box.scrollHeight), at);
    await until('what is seen is known', async () => (await box.locator('.cell, .none').count()) > 5);
  }
  tell('forty places on all days are seen');
}

/** What the page holds, without what is garbage. */
async function held(cdp) {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  tell(`memory of the page's program: ${(usedSize / 1e6).toFixed(1)} MB`);
  assert(usedSize < 200e6, 'and it stays in bounds');
}
