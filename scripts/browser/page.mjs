// What `tests/programs/page.rs` has a browser do with the page: all that people do there, in Debian's Chromium. Prints a line for
// each thing that works, and ends with status 1 at the first that does not.
//
//   node page.mjs MODULES COAX STATION [PART...]
//
// MODULES is where scripts/page has put playwright-core and axe-core, COAX the program, STATION the address of a synthetic
// provider; for the part `ace` its engine is ENGINE in the environment, and CONTENT an id that it knows. With SHOTS=DIR in the environment it leaves pictures of every view there, in light and dark and on a phone.
import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [place, program, station, ...parts] = process.argv.slice(2);
const [modules, coax] = [resolve(place), resolve(program)];
const require = createRequire(join(modules, 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(join(modules, 'node_modules/axe-core/axe.min.js'), 'utf8');
const shots = process.env.SHOTS;
const PATIENCE = 30_000;

const running = [];
const folder = mkdtempSync(join(tmpdir(), 'coax-page-'));
const began = Date.now();
const tell = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${what}`);

/** A program of ours that says where it listens, and all that it has said. */
async function start(args, variables = {}) {
  const child = spawn(coax, args, { cwd: folder, env: { PATH: process.env.PATH, ...variables }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const said = { out: '', log: '' };
  child.stderr.on('data', (bytes) => (said.log += bytes));
  child.stdout.on('data', (bytes) => (said.out += bytes));
  const url = await until(`coax ${args[0]} is ready`, () => /^ready (\S+)/m.exec(said.out)?.[1], said);
  return { url, said, child };
}

/** Looks again and again until it is so. */
async function until(what, look, said) {
  const end = Date.now() + PATIENCE;
  let last;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`not within ${PATIENCE / 1000} s: ${what} (${last})\n${said?.log.slice(-2000) ?? ''}`);
}

function assert(holds, what) {
  if (!holds) throw new Error(what);
}

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--disable-gpu', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'],
});

/** A page of a browser of its own, of which nothing may go elsewhere or against the policy. */
async function open(url, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const wrong = [];
  page.on('request', (request) => {
    const address = new URL(request.url());
    if (['http:', 'https:'].includes(address.protocol) && address.origin !== url) wrong.push(`asked ${address.origin}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy|violates/.test(message.text())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(`${error.stack}`));
  await page.goto(`${url}/`);
  return { page, context, wrong, url };
}

function clean(tab) {
  assert(tab.wrong.length === 0, `on the page: ${tab.wrong.join('\n')}`);
}

/** No serious violation, as axe-core sees it. */
async function accessible({ page }, where) {
  // In the world of the test: the page's policy lets no script in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
  const told = bad.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html.slice(0, 160)).join('\n  ')}`);
  assert(bad.length === 0, `${where} is not accessible:\n${told.join('\n')}`);
}

/** Looks at a view as different people have it. */
async function look(tab, name) {
  await accessible(tab, name);
  clean(tab);
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  const { page } = tab;
  const size = page.viewportSize();
  for (const [form, colorScheme, viewport] of [
    ['dark', 'dark', size],
    ['light', 'light', size],
    ['phone', 'dark', { width: 390, height: 844 }],
  ]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await page.waitForTimeout(250);
    await page.screenshot({ path: join(shots, `${name}-${form}.png`) });
    if (form === 'phone') {
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(over <= 0, `${name} is ${over} pixels wider than a phone`);
    }
  }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: 'dark' });
}

async function logIn({ page }, name, password) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** What the picture does. */
const picture = (page) =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    return video && { time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth };
  });

/** The picture moves on by so many seconds, and with it frames are decoded. */
async function plays(page, seconds, what) {
  const first = await until(`${what} begins`, async () => {
    const now = await picture(page);
    return now && now.time > 0.2 && now.frames > 0 && now;
  });
  const after = await until(`${what} plays on`, async () => {
    const now = await picture(page);
    return now && now.time >= first.time + seconds && now;
  });
  assert(after.frames > first.frames && after.width > 0, `${what}: no frames (${JSON.stringify([first, after])})`);
}

const json = async (address, init) => (await fetch(address, init)).json();

// ---------------------------------------------------------------------------------------------------------------

async function watch(demo) {
  const tab = await open(demo.url);
  const { page } = tab;
  await page.getByRole('heading', { name: 'Watch television' }).waitFor();
  await look(tab, 'login');
  await logIn(tab, 'demo', 'wrong');
  await page.getByRole('alert').filter({ hasText: 'no such pair' }).waitFor();
  await logIn(tab, 'demo', 'demo');
  const list = page.getByRole('list', { name: 'Channels' });
  const rows = list.getByRole('button');
  await rows.first().waitFor();
  const cookies = await tab.context.cookies();
  assert(cookies.length === 2 && cookies.every((one) => one.httpOnly && one.sameSite === 'Strict'), 'cookies are closed');
  await list.locator('.bar').first().waitFor();
  tell('a login shows channels with what is on');
  await look(tab, 'watch');

  const all = Number(await list.getByRole('listitem').first().getAttribute('aria-setsize'));
  const name = await rows.nth(2).locator('.name').textContent();
  await page.getByRole('searchbox').fill(name.toUpperCase());
  await until('the search narrows', async () => {
    const found = Number(await list.getByRole('listitem').first().getAttribute('aria-setsize'));
    return found >= 1 && found < all;
  });
  await page.getByRole('searchbox').fill('');
  const group = await page.getByLabel('Group').locator('option').nth(3).textContent();
  await page.getByLabel('Group').selectOption({ label: group });
  await until('a group has fewer', async () => Number(await list.getByRole('listitem').first().getAttribute('aria-setsize')) < all);
  await page.getByLabel('Group').selectOption('all');
  // By the keyboard alone.
  await page.getByRole('searchbox').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await until('the second row has the focus', () => page.evaluate(() => document.activeElement?.dataset.at === '1'));
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  tell('channels are searched, grouped and chosen by the keyboard');

  await plays(page, 10, 'live by mpegts.js');
  await page.getByText('How it is played').click();
  await page.getByText('played by mpegts.js').waitFor();
  await page.getByText('H.264').waitFor();
  tell('mpegts.js plays 10 s');
  await look(tab, 'player');

  await page.locator('.how select').selectOption('hls');
  await page.getByText('played by hls.js').waitFor();
  await plays(page, 10, 'live by hls.js');
  tell('hls.js plays 10 s');
  await page.locator('.how select').selectOption('auto');

  await page.getByRole('button', { name: 'Next channel' }).click();
  await plays(page, 0.3, 'the next channel');
  await until('there is one viewer', async () => (await json(`${demo.url}/status.json`)).totals.viewers === 1);
  clean(tab);
  return tab;
}

async function leave(tab) {
  const { page } = tab;
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByLabel('Language').selectOption('it');
  await page.getByRole('button', { name: 'Esci' }).waitFor();
  await look(tab, 'menu');
  await page.getByRole('button', { name: 'Esci' }).click();
  await page.getByRole('heading', { name: 'Guarda la televisione' }).waitFor();
  assert((await tab.context.cookies()).every((one) => one.value === ''), 'the cookies are gone');
  await until('nobody watches', async () => (await json(`${tab.url}/status.json`)).totals.viewers === 0);
  tell('in Italian one leaves, and nobody watches any more');
  clean(tab);
  await tab.context.close();
}

async function run(tab) {
  const { page, url } = tab;
  await page.getByRole('link', { name: 'Run it' }).click();
  await page.getByText('All is well').waitFor();
  await look(tab, 'health');
  const tabs = page.getByRole('navigation', { name: 'Run it' });
  await tabs.getByRole('link', { name: 'Sources' }).click();
  await page.getByRole('button', { name: 'Run now' }).click();
  await until('the run is over', async () => !(await page.getByRole('button', { name: 'Run now' }).isDisabled()));
  await look(tab, 'sources');
  tell('health and sources are shown, and a run begins and ends');

  await tabs.getByRole('link', { name: 'Users' }).click();
  await page.getByRole('button', { name: 'Add a user' }).click();
  await page.getByLabel('Name', { exact: true }).fill('live');
  await page.getByLabel('Screens at once').fill('2');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  assert((await page.getByLabel('Screens at once').inputValue()) === '2', 'what was typed stays');
  await page.getByLabel('Name', { exact: true }).fill('ann');
  await look(tab, 'user-form');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('heading', { name: 'ann may watch' }).waitFor();
  const addresses = await page.locator('.hand code').allTextContents();
  const playlist = addresses.find((one) => one.includes('get.php'));
  await page.getByRole('button', { name: 'QR code' }).first().click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await look(tab, 'handed');
  await page.getByRole('button', { name: 'Close' }).click();
  await until('the playlist of the new user works', async () => (await (await fetch(playlist)).text()).startsWith('#EXTM3U'));
  const row = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /^ann/ }) });
  await look(tab, 'users');
  await row.getByRole('button', { name: /^Devices/ }).click();
  await page.getByLabel(/What the device is called/).fill('living room');
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.locator('.hand code').first().waitFor();
  await look(tab, 'devices');
  await page.getByRole('button', { name: 'Close' }).click();
  await row.getByRole('button', { name: /^Disable/ }).click();
  await row.getByText('disabled', { exact: true }).waitFor();
  await until('he is cut off', async () => (await fetch(playlist)).status === 403);
  tell('a user is made, watches, and is cut off');

  await tabs.getByRole('link', { name: 'Releases' }).click();
  await page.getByText('in force', { exact: true }).waitFor();
  await look(tab, 'releases');
  const before = (await json(`${url}/health`)).release;
  await page.getByRole('button', { name: /^Put in force/ }).last().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Put in force' }).click();
  await until('the line-up of before is back', async () => (await json(`${url}/health`)).release !== before);
  tell('a rollback restores the line-up of before');

  await tabs.getByRole('link', { name: 'Channels' }).click();
  await page.locator('.tab').getByText(/Nobody is watching|Viewers/).first().waitFor();
  await look(tab, 'channels');

  await tabs.getByRole('link', { name: 'Guide matches' }).click();
  await page.getByLabel('Only doubtful ones').uncheck();
  await page.locator('tbody tr').first().waitFor();
  await look(tab, 'matches');
  await tabs.getByRole('link', { name: 'Log', exact: true }).click();
  await page.getByRole('log').getByText('an operator has put this release in force').waitFor();
  await look(tab, 'logs');
  await tabs.getByRole('link', { name: 'Settings' }).click();
  const settings = await page.locator('pre').textContent();
  assert(settings.includes('details_per_run') && !settings.includes('provider-') && !settings.includes(station), 'settings, and no secret');
  await look(tab, 'settings');
  tell('matches, the log and the settings are shown, without secrets');
  clean(tab);
}

async function guide(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Guide' }).click();
  const grid = page.getByRole('grid');
  await grid.locator('button.running').first().waitFor();
  await look(tab, 'guide');
  await page.keyboard.press('Tab');
  await grid.locator('button.running').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await until('the arrows move through the grid', () => page.evaluate(() => document.activeElement?.dataset.spot?.startsWith('1/')));
  tell('the guide is a grid that arrows move through');

  await page.getByLabel('Group').selectOption('all');
  // What was kept of the past.
  const kept = grid.locator('button.kept').first();
  await until('the past is in the guide', async () => {
    await grid.evaluate((box) => (box.scrollLeft -= 300));
    return (await kept.count()) > 0;
  });
  await kept.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Watch from the archive' }).click();
  await plays(page, 2, 'catch-up');
  tell('what was is watched from the guide');
  await look(tab, 'catchup');
  clean(tab);
}

async function films(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Films' }).click();
  await page.locator('.cards li a').first().waitFor();
  await look(tab, 'films');
  await page.locator('.cards li a').first().click();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  await look(tab, 'film');
  await page.getByRole('button', { name: 'Play' }).click();
  await plays(page, 1, 'a film');
  const length = await page.evaluate(() => document.querySelector('video').duration);
  const there = Math.floor(length / 2);
  await page.evaluate((there) => (document.querySelector('video').currentTime = there), there);
  await until('the film goes on where one sought', async () => {
    const { time } = await picture(page);
    return time > there + 0.5 && time < there + 60;
  });
  await page.getByRole('link', { name: 'Back' }).click();
  if (there > 12) {
    await page.getByRole('heading', { name: 'Continue watching' }).waitFor();
    tell('a film plays, seeks, and is found again where it was left');
  } else tell('a film plays and seeks');
  await page.getByRole('link', { name: 'Series' }).click();
  await page.locator('.cards li a').first().waitFor();
  await look(tab, 'series');
  await page.locator('.cards li a').first().click();
  await page.locator('.episodes li a').first().waitFor();
  await look(tab, 'one-series');
  await page.locator('.episodes li a').first().click();
  await plays(page, 1, 'an episode');
  tell('an episode plays');
  clean(tab);
}

async function wizard() {
  const data = join(folder, 'empty');
  const house = await start(['up'], { COAX_DATA: data, COAX_LISTEN: '127.0.0.1:0' });
  const code = await until('the code is shown', () => /#\/setup\/(\S+)/.exec(house.said.out)?.[1]);
  const tab = await open(house.url);
  const { page } = tab;
  await page.getByRole('link', { name: 'Set Coax up' }).click();
  await page.getByLabel('Setup code').fill('not-the-code');
  await page.getByLabel('Name', { exact: true }).fill('boss');
  await page.getByLabel('Password').fill('television');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('This is not the code.').waitFor();
  await page.getByLabel('Setup code').fill(code);
  await look(tab, 'setup-admin');
  await page.getByRole('button', { name: 'Go on' }).click();
  tell('nobody sets an installation up without the code');

  await until('the address is typed', async () => {
    await page.getByLabel('Address').fill(station);
    return (await page.getByLabel('Address').inputValue()) === station;
  });
  await page.getByLabel('User name there').fill('station');
  await page.getByLabel('Password there').fill('wrong');
  await page.getByLabel('Name of the source').fill('mine');
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText('It does not work.').waitFor();
  await look(tab, 'setup-source');
  await page.getByLabel('Password there').fill('station');
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText('It works.').waitFor();
  assert((await page.getByLabel('Name of the source').inputValue()) === 'mine', 'what was typed stays');
  await page.getByRole('button', { name: 'Use it' }).click();
  tell('a source is tested, and the test is honest');
  await page.getByText('There is television').waitFor();
  await look(tab, 'setup-ready');
  await page.getByRole('button', { name: 'Watch' }).click();
  await plays(page, 2, 'the first channel');
  assert(!(await json(`${house.url}/page/api/setup`)).open, 'the set-up is closed');
  assert(!house.said.log.includes('television') && !house.said.log.includes(code), 'the log tells no secret');
  tell('from an empty folder to a playing channel');

  for (let at = 1; at <= 5; at++) {
    await page.getByRole('button', { name: 'Next channel' }).click();
    await plays(page, 0.3, `channel ${at + 1}`);
  }
  await until('one connection is left', async () => {
    const { slots, totals } = await json(`${house.url}/status.json`);
    return slots.length === 1 && slots[0].used === 1 && totals.viewers === 1;
  });
  tell('five channels later there is one connection to the provider');
  clean(tab);
  await tab.context.close();
}

async function ace() {
  const config = join(folder, 'ace.toml');
  const { ENGINE: engine, CONTENT: content } = process.env;
  writeFileSync(config, `data = "ace"\nlisten = "127.0.0.1:0"\n[relay]\nace_open = true\nace_engine = "${engine}"\n`);
  const people = { COAX_USER: 'ann', COAX_PASSWORD: 'television' };
  const house = await start(['up', '--config', config], people);
  const tab = await open(house.url);
  const { page } = tab;
  await logIn(tab, 'ann', 'television');
  await page.getByRole('link', { name: 'Ace Stream' }).click();
  await page.getByLabel(/Content id/).fill('no id');
  await page.getByRole('button', { name: 'Start' }).click();
  await page.getByRole('alert').waitFor();
  await page.getByLabel(/Content id/).fill(`acestream://${content}`);
  await page.getByRole('button', { name: 'Start' }).click();
  await plays(page, 2, 'a channel of Ace Stream');
  const peers = page.locator('.numbers div').filter({ hasText: 'Peers' }).locator('dd');
  await until('there are statistics', async () => Number(await peers.textContent()) > 0);
  await look(tab, 'ace');
  await page.getByRole('button', { name: 'Stop' }).click();
  await until('the session ends', async () => {
    const active = await json(`${house.url}/api/streams/active?username=ann&password=television`);
    return active.count === 0;
  });
  tell('a channel of Ace Stream plays, shows its statistics, and stops');
  clean(tab);
  await tab.context.close();
}

async function catalogue(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Ace Stream' }).click();
  await page.getByText('The catalogue is empty.').waitFor();
  for (const name of ['Sport One', 'News Two']) {
    await page.getByRole('button', { name: 'Add a channel' }).click();
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('dialog').getByLabel(/Content id/).fill(`${name.length}`.padStart(40, 'a'));
    await page.getByLabel('Category').fill(name.split(' ')[0]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.catalogue strong').getByText(name).waitFor();
  }
  await page.getByRole('searchbox').fill('news');
  await until('the search narrows', async () => (await page.locator('.catalogue li').count()) === 1);
  await page.getByRole('button', { name: 'Edit News Two' }).click();
  await page.getByLabel('Quality').fill('HD');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('News · HD').waitFor();
  await page.getByRole('searchbox').fill('');
  await look(tab, 'catalogue');
  await page.getByRole('button', { name: 'Remove: News Two' }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await until('it is gone', async () => (await page.locator('.catalogue li').count()) === 1);
  tell('the catalogue is kept: added to, searched, changed, removed from');
  clean(tab);
}

/** By hand, with a provider of many channels: how smoothly the guide scrolls. */
async function grid() {
  const house = await start(['up'], {
    COAX_DATA: join(folder, 'grid'), COAX_LISTEN: '127.0.0.1:0', COAX_USER: 'ann', COAX_PASSWORD: 'television',
    XTREAM_BASE_URL: station, XTREAM_USERNAME: 'station', XTREAM_PASSWORD: 'station',
  });
  await until('there is a release', async () => (await fetch(`${house.url}/health`)).ok, house.said);
  const tab = await open(house.url);
  const { page } = tab;
  await logIn(tab, 'ann', 'television');
  await page.getByRole('list', { name: 'Channels' }).waitFor();
  await page.getByRole('link', { name: 'Guide' }).click();
  const box = page.getByRole('grid');
  await box.locator('button.running').first().waitFor();
  const told = await box.evaluate(async (box) => {
    const frames = [];
    const run = async (move, count) => {
      let last = performance.now();
      for (let at = 0; at < count; at++) {
        move(at);
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
      }
    };
    await run(() => (box.scrollTop += 120), 300);
    await run(() => (box.scrollLeft += 160), 150);
    await run((at) => (box.scrollTop = ((at * 7919) % 1000) * (box.scrollHeight / 1000)), 100);
    frames.sort((a, b) => a - b);
    const at = (part) => Math.round(frames[Math.floor(part * (frames.length - 1))]);
    return { channels: box.ariaRowCount, p50: at(0.5), p95: at(0.95), worst: at(1), nodes: document.querySelectorAll('*').length };
  });
  await until('what is seen is filled', async () => (await box.locator('.cell').count()) > 5);
  tell(`the guide scrolls: frames in ms ${JSON.stringify(told)}`);
  clean(tab);
  await tab.context.close();
}

// ---------------------------------------------------------------------------------------------------------------

let status = 0;
try {
  const wanted = (part) => parts.length === 0 || parts.includes(part);
  const demo = await start(['demo', '--listen', '127.0.0.1:0']);
  let tab = wanted('watch') ? await watch(demo) : await open(demo.url);
  if (!wanted('watch')) {
    await logIn(tab, 'demo', 'demo');
    await tab.page.getByRole('list', { name: 'Channels' }).waitFor();
  }
  for (const [name, part] of Object.entries({ run, guide, films, catalogue })) {
    if (wanted(name)) await part(tab);
  }
  if (wanted('leave')) await leave(tab);
  if (wanted('wizard')) await wizard();
  if (process.env.ENGINE && wanted('ace')) await ace();
  if (parts.includes('grid')) await grid();
} catch (error) {
  const failed = `page: ${error.message}`;
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      const where = join(shots ?? tmpdir(), `coax-page-failed-${process.pid}.png`);
      await page.screenshot({ path: where }).catch(() => undefined);
      console.error(`page: at ${page.url()}, ${where}\n${(await page.locator('body').innerText().catch(() => '')).slice(0, 1500)}`);
    }
  }
  console.error(failed);
  status = 1;
} finally {
  await browser.close();
  for (const child of running) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status);
