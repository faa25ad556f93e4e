// Films on their way to a server of one's own: chosen, ordered, held and told of.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { assert, folder, json, tell, until } from './stage.mjs';
import { clean, DESK, logIn, look, NARROW, open } from './tab.mjs';

const HEAD = '#EXTM3U\n#EXTINF:-1 group-title="Films",';
const LIST = `${HEAD}Nobody Has This One (2021) 1080p\nhttp://h.example/movie/u/p/7.mkv\n`;
/** Titles that would be paths, and one that would be a part of the page. */
const PATHS = ['../../../../etc/cron.d/film', '/etc/passwd', '..\\\\..\\\\film', '<img src=x onerror=alert(1)>'];
/** Some thousand bytes that are a million when they are unpacked; one member of gzip behind the other is one file (RFC 1952, 2.2). */
const packed = (text) => gzipSync(Buffer.alloc(1 << 20, text));
const GIGABYTE = 1024;
/** Bytes in a second, so that it can be watched. */
const SLOWLY = 800_000;

export async function downloads(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Downloads', exact: true }).click();
  await page.getByText('Nothing is downloaded').waitFor();
  await look(tab, 'queue-empty');
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  const go = (name) => tabs.getByRole('link', { name, exact: true }).click();
  await server(tab, go);
  await hostile(tab, go);
  await differences(tab, go);
  await queue(tab, go);
  await delivered(tab, go);
  await givenUp(tab, go);
  await log(tab, go);
  await viewer(tab);
  clean(tab);
}

/** A folder becomes a server, if it is there. */
async function server(tab, go) {
  const { page } = tab;
  const base = join(folder, 'nas');
  await go('Servers');
  await page.getByRole('button', { name: 'Add a server' }).click();
  const form = page.getByRole('dialog');
  await form.getByRole('textbox', { name: /^Name/ }).fill('nas');
  await form.getByRole('textbox', { name: /^Folder/ }).fill(base);
  await look(tab, 'server-form');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByRole('alert').waitFor();
  assert((await form.getByRole('textbox', { name: /^Folder/ }).inputValue()) === base, 'what was typed stays');
  mkdirSync(base);
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('online', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Test nas' }).click();
  await page.getByText(/free/).waitFor();
  // So that nothing that is chosen begins while it is looked at.
  await page.getByRole('button', { name: 'Maintenance nas' }).click();
  await page.getByText('in maintenance').waitFor();
  await look(tab, 'servers');
  tell('a folder that is not there is refused as a server, and one that is there is one');
}

const upload = (page, name, buffer) =>
  page.getByLabel('Upload a list').setInputFiles({ name, mimeType: 'audio/x-mpegurl', buffer: Buffer.from(buffer) });

/** What somebody sends who means no good, or has clicked on the wrong file, is refused in words. */
async function hostile(tab, go) {
  const { page } = tab;
  await go('Differences');
  await page.locator('tbody tr').first().waitFor();
  for (const [what, name, content, why] of [
    ['a web page', 'page.m3u', '<!doctype html><title>expired</title>', 'web page'],
    ['a program', 'films.exe', LIST, '.m3u8'],
    ['a ZIP', 'films.m3u', 'PK\x03\x04', 'ZIP'],
    ['a bomb', 'bomb.m3u.gz', Buffer.concat([gzipSync(LIST), ...Array(GIGABYTE).fill(packed(`#${'x'.repeat(1022)}\n`))]), 'unpacks to over 256 MiB'],
    ['a line of a gigabyte', 'line.m3u.gz', Buffer.concat([gzipSync(HEAD), ...Array(GIGABYTE).fill(packed('x'))]), 'line 2'],
  ]) {
    await upload(page, name, content);
    const alert = page.getByRole('alert');
    await until(`${what} is refused`, async () => (await alert.count()) === 1 && (await alert.textContent()).includes(why));
  }
  await look(tab, 'upload-refused');
  // Titles are text, whatever they look like.
  await upload(page, 'paths.m3u', `#EXTM3U\n${PATHS.map((title) => `#EXTINF:-1,${title} (2020)\nfile:///etc/passwd\n`).join('')}`);
  await page.getByText('no address to fetch it from').first().waitFor();
  assert((await page.locator('tbody').getByRole('checkbox').count()) === 0, 'nothing of it can be had');
  assert((await page.locator('tbody img').count()) === 0 && tab.wrong.length === 0, 'no title is a part of the page');
  await remove(page, '/etc/passwd');
  tell('web pages, programs, bombs and endless lines are refused with the reason, and titles that are paths are text');
}

/** The list that is shown, which has something that the line-up has not. */
async function remove(page, title) {
  await page.getByRole('button', { name: 'Remove the list' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the list' }).click();
  await page.getByText(title, { exact: false }).first().waitFor({ state: 'detached' });
}

/** Says of the list that is shown whether one has what it lists: it is so when the server has taken it. */
async function mark(page, main) {
  const tick = page.getByLabel('What it lists, I have');
  await tick.click();
  await until(`it is ${main}`, async () => (await tick.isChecked()) === main);
}

/** What is new is looked for, and chosen. */
async function differences(tab, go) {
  const { page } = tab;
  await go('Differences');
  const rows = page.locator('tbody tr');
  await rows.first().waitFor();
  await look(tab, 'differences');
  await upload(page, 'films.m3u', LIST);
  await page.getByText('Nobody Has This One (2021)').waitFor();
  // What one has is no news.
  await mark(page, true);
  await page.getByRole('combobox', { name: 'List' }).selectOption({ label: 'The line-up' });
  const classes = page.getByRole('group', { name: 'Class' });
  await classes.getByRole('button', { name: 'Gone 1', exact: true }).click();
  await page.getByText('Nobody Has This One (2021)').waitFor();
  await classes.getByRole('button', { name: /^New/ }).click();
  await page.getByRole('combobox', { name: 'List' }).selectOption({ label: 'films.m3u (1)' });
  await mark(page, false);
  await page.getByText('Nobody Has This One (2021)').waitFor();
  await remove(page, 'Nobody Has This One');
  const all = await until('the line-up is shown again', async () => (await rows.count()) > 5 && rows.count());
  const [first] = (await rows.nth(0).locator('th').textContent()).trim().split(' (');
  await page.getByLabel('Search titles').fill(first);
  await until('the search narrows', async () => (await rows.count()) > 0 && (await rows.count()) < all);
  await page.getByLabel('Search titles').fill('');
  await until('the search is over', async () => (await rows.count()) === all);
  // Films, of which there is one file each.
  const boxes = page.locator('tbody tr', { hasText: /\(\d{4}\)/ }).getByRole('checkbox');
  await boxes.nth(0).check();
  await boxes.nth(1).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Download 2' }).click();
  await page.getByText('2 downloads added').waitFor();
  tell('a list is uploaded, is what one has, and goes; two films are looked for and chosen');
}

/** They are held, go on, and one of them is wanted no more. */
async function queue(tab, go) {
  const { page } = tab;
  await go('Queue');
  const rows = page.locator('tbody tr');
  const say = (state) => until(`both are ${state}`, async () => (await rows.getByText(state, { exact: true }).count()) === 2);
  await say('waiting');
  await look(tab, 'queue');
  await phone(page, rows);
  await page.getByRole('button', { name: 'Pause all' }).click();
  await say('paused');
  // By somebody else: it is told as it happens.
  await page.evaluate(() => fetch('api/downloads', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"action":"resume"}' }));
  await say('waiting');
  const title = (nth) => rows.nth(nth).locator('th').textContent();
  const last = await title(1);
  await rows.nth(1).getByRole('combobox', { name: /^Priority of/ }).selectOption('high');
  await rows.nth(0).getByRole('combobox', { name: /^Priority of/ }).selectOption('low');
  await until('the last is the first', async () => (await title(0)) === last);
  await rows.nth(1).getByRole('button', { name: /^First/ }).click();
  await until('and again', async () => (await title(1)) === last);
  await page.getByRole('button', { name: /^Cancel/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
  await until('one is left', async () => (await rows.count()) === 1);
  const limit = page.getByRole('region', { name: 'At once' }).getByLabel('Downloads');
  await limit.fill('7');
  // What is typed stays while others do something.
  await page.evaluate(() => fetch('api/downloads', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"action":"pause"}' }));
  await rows.getByText('paused', { exact: true }).waitFor();
  await limit.press('Tab');
  await until('the limit is another', () => page.evaluate(async () => (await (await fetch('api/limits')).json()).downloads === 7));
  await page.getByRole('button', { name: 'Go on with all' }).click();
  await page.getByRole('button', { name: 'As configured' }).click();
  await until('the limit is as configured', async () => (await limit.inputValue()) === '3');
  tell('downloads are held, go on, are put in another order and cancelled; what others do is told as it happens');
}

/** On a phone each one is held and goes on as well, and nothing of it lies aside. */
async function phone(page, rows) {
  const row = rows.first();
  const scrolled = () => page.locator('.scroll').evaluate((one) => one.scrollWidth > one.clientWidth);
  for (const width of [1024, 840, NARROW.width]) {
    await page.setViewportSize({ ...NARROW, width });
    await until(`it fits into ${width} pixels`, async () => !(await scrolled()));
  }
  for (const [verb, state] of [['Pause', 'paused'], ['Go on', 'waiting']]) {
    const button = row.getByRole('button', { name: new RegExp(`^${verb}`) });
    const { x, width } = await button.boundingBox();
    assert(x >= 0 && x + width <= NARROW.width, `${verb} is seen: from ${x}, ${width} wide`);
    await button.click();
    await row.getByText(state, { exact: true }).waitFor();
  }
  assert(!(await scrolled()), 'nothing was scrolled to');
  await page.setViewportSize(DESK);
}

/** All files below a folder. */
const files = (below) => readdirSync(below, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => one.name);

/** The other one is delivered, and how far it is is seen meanwhile. */
async function delivered(tab, go) {
  const { page } = tab;
  await go('Servers');
  await page.getByRole('button', { name: 'Change nas' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel(/^Bytes per second/).fill(`${SLOWLY}`);
  // More than the films of the demo have: what is on its way is delivered all the same.
  await form.getByLabel(/^Lines of the picture/).fill('1080');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Back in use nas' }).click();
  await page.getByText('online', { exact: true }).waitFor();
  await go('Queue');
  const row = page.locator('tbody tr');
  await row.getByText('being delivered', { exact: true }).waitFor();
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const bar = () => row.locator('.bar span').evaluate((one) => parseFloat(one.style.width));
  const first = await bar();
  await until('it comes on', async () => (await bar()) > first);
  await row.getByText(/^[\d.]+ [kM]B\/s(, \d+ s left)?$/).waitFor();
  // Once when the view begins to listen.
  assert(asked.filter((path) => path.endsWith('/downloads')).length <= 1, `nobody asks how far it is: ${asked}`);
  await look(tab, 'delivering');
  await page.getByText('Nothing is downloaded').waitFor();
  await page.getByLabel('Show').selectOption({ label: 'there' });
  await row.getByText('there', { exact: true }).waitFor();
  await row.getByText(/^\d+p as measured.*; nas is not for such pictures$/).waitFor();
  await row.getByRole('button').first().click();
  await page.getByRole('dialog').getByText(/^measured: it is \d+p, which is not what nas is for$/).waitFor();
  await look(tab, 'download-details');
  await page.keyboard.press('Escape');
  const there = files(join(folder, 'nas'));
  assert(there.filter((name) => /^[^.].*\.(mp4|mkv|ts|avi)$/.test(name)).length === 1, `one film is there: ${there}`);
  assert(!there.some((name) => name.endsWith('.part')), `and nothing of it beside: ${there}`);
  tell('a film is delivered to the folder, how far it is is told meanwhile, and what was measured is what is told in the end');
}

/** What cannot be had has failed, until somebody gives it up. */
async function givenUp(tab, go) {
  const { page } = tab;
  await go('Differences');
  await upload(page, 'inside.m3u', `${HEAD}Nobody May Have This One (2021) 1080p\nhttp://127.0.0.1:9/7.mkv\n`);
  await page.getByLabel('Choose Nobody May Have This One').check();
  await page.getByRole('button', { name: 'Download 1' }).click();
  await page.getByText('1 download added').waitFor();
  await remove(page, 'Nobody May Have This One');
  await go('Queue');
  await page.getByLabel('Show').selectOption({ label: 'failed' });
  const row = page.locator('tbody tr').filter({ hasText: 'Nobody May Have This One' });
  await row.getByText(/^failed: /).waitFor();
  await look(tab, 'failed');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
  await row.waitFor({ state: 'detached' });
  await page.getByLabel('Show').selectOption({ label: 'cancelled' });
  await row.getByText('cancelled').waitFor();
  tell('what has failed says why, and is given up');
}

/** Figures, and who did what from where. */
async function log(tab, go) {
  const { page } = tab;
  await go('Log and statistics');
  const told = page.getByRole('region', { name: 'Log' });
  await told.getByText('cancel', { exact: false }).first().waitFor();
  const figure = (name) => page.locator('dl .tile').filter({ hasText: name }).locator('dd');
  assert((await figure('there').textContent()) === '1' && (await figure('cancelled').textContent()) === '2', 'figures tell of all');
  await page.getByRole('heading', { name: 'Delivered by server' }).waitFor();
  await look(tab, 'downloads-log');
  const rows = told.locator('tbody tr');
  const all = await rows.count();
  await page.getByLabel('Level').selectOption('error');
  await until('one thing went wrong', async () => (await rows.count()) === 1);
  await page.getByLabel('Level').selectOption('');
  await page.getByLabel('Search the log').fill('demo');
  await until('what he did himself', async () => (await rows.count()) > 0 && (await rows.count()) < all);
  await page.getByLabel('Search the log').fill('');
  tell('figures and the log tell who did what');
}

/** Somebody who may only look has nothing to press, and who may nothing sees nothing. */
async function viewer(tab) {
  const { page, url } = tab;
  for (const [name, role] of [['looks', 'viewer'], ['watches', 'no']]) {
    const user = { name, password: 'secret', downloads: role };
    const made = await page.evaluate(
      async (user) => (await fetch('api/admin/users', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(user) })).status,
      user,
    );
    assert(made === 201, `a user who is ${role}: ${made}`);
    const other = await open(url);
    await logIn(other, name, 'secret');
    await other.page.getByRole('list', { name: 'Channels' }).waitFor();
    const link = other.page.getByRole('link', { name: 'Downloads', exact: true });
    if (role === 'no') {
      assert((await link.count()) === 0, 'who may nothing sees nothing');
    } else {
      await link.click();
      await other.page.getByLabel('Show').selectOption({ label: 'All' });
      await other.page.locator('tbody tr').first().waitFor();
      assert((await other.page.getByRole('button', { name: /^(Pause|Cancel)/ }).count()) === 0, 'who may look has nothing to press');
      await watches(other);
    }
    clean(other);
    await other.context.close();
  }
  assert((await json(`${url}/api/role`)).status === 401, 'and who has not logged in is nobody');
  tell('who may look looks, and who may not sees nothing of it');
}

/** Every tab is for looking alone, and the server would not do it either. */
async function watches({ page }) {
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  await tabs.getByRole('link', { name: 'Differences' }).click();
  await page.locator('tbody tr').first().waitFor();
  const changes = page.locator('.tab').locator('input[type=checkbox], input[type=file], input[type=number], button.main, button.danger');
  assert((await changes.count()) === 0, 'nothing is chosen or uploaded');
  await tabs.getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('heading', { name: 'nas' }).waitFor();
  assert((await page.locator('.tab button').count()) === 0, 'no server is changed');
  await tabs.getByRole('link', { name: 'Log and statistics' }).click();
  await page.locator('dl .tile').first().waitFor();
  assert((await page.getByRole('region', { name: 'Log', exact: true }).count()) === 0, 'the log is for administrators');
  const asked = await page.evaluate(async () => {
    const json = { 'content-type': 'application/json' };
    const all = [['downloads', 'PUT', '{"action":"pause"}'], ['servers/1/test', 'POST'], ['servers/1', 'DELETE'], ['lists/1', 'DELETE'], ['log', 'GET']];
    return Promise.all(all.map(async ([path, method, body]) => (await fetch(`api/${path}`, { method, body, headers: json })).status));
  });
  assert(asked.every((status) => status === 403), `who may look may not change: ${asked}`);
}
