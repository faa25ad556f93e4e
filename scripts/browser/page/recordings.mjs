// What channels send, recorded: from the guide, from a time to another, and what is missing in it.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert, folder, tell, until } from './stage.mjs';
import { clean, look } from './tab.mjs';

export async function recordings(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Downloads', exact: true }).click();
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  const queue = async () => {
    await page.getByRole('link', { name: 'Downloads', exact: true }).click();
    await tabs.getByRole('link', { name: 'Queue', exact: true }).click();
  };
  await until('there is a queue', () => page.getByRole('button', { name: 'Pause all' }).isVisible());
  await unserved(tab);
  await programme(tab, queue);
  await now(tab, queue);
  await late(tab, queue);
  clean(tab);
}

/** Asks the server as the page does. */
const api = (page, path, method, json) =>
  page.evaluate(
    async ([path, method, json]) => {
      const init = json && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
      const answer = await fetch(`api/${path}`, { method, ...init });
      return answer.status === 204 ? {} : answer.json();
    },
    [path, method, json],
  );

/** Where no server takes it, it is said; then there is one that does. */
async function unserved({ page }) {
  const base = join(folder, 'recorder');
  mkdirSync(base, { recursive: true });
  const { servers } = await api(page, 'servers', 'GET');
  for (const { id } of servers) await api(page, `servers/${id}`, 'PUT', { maintenance: false, types: ['movie'] });
  await page.getByRole('button', { name: 'Record a channel' }).click();
  const form = page.getByRole('dialog');
  const field = form.getByRole('combobox', { name: /^Channel/ });
  await field.fill('1');
  const offered = await until('channels are offered', () => form.locator('datalist option').first().getAttribute('value'));
  await field.fill('no such channel');
  await form.getByRole('button', { name: 'Record' }).click();
  assert(await field.evaluate((one) => !one.validity.valid), 'what is no channel is not recorded');
  await field.fill(offered);
  await form.getByRole('button', { name: 'Record' }).click();
  await page.getByText('There is no server that takes recordings.').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('navigation', { name: 'Downloads' }).getByRole('link', { name: 'Servers' }).click();
  await page.getByRole('button', { name: 'Add a server' }).click();
  await form.getByRole('textbox', { name: /^Name/ }).fill('recorder');
  await form.getByRole('textbox', { name: /^Folder/ }).fill(base);
  await form.getByRole('checkbox', { name: 'Recordings' }).check();
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  const all = (await api(page, 'servers', 'GET')).servers.find((one) => one.name === 'recorder');
  assert(`${all.types}` === 'live', `it is for recordings alone: ${all.types}`);
  tell('who wants a recording where no server takes it is told so');
}

/** One that comes is recorded, is not, and is; the queue knows of it. */
async function programme(tab, queue) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Guide', exact: true }).click();
  const grid = page.getByRole('grid');
  await grid.locator('button.running').first().waitFor();
  const coming = grid.locator('.cell button:not(.running):not(.gone):not(.kept)').first();
  const title = await coming.locator('.title').textContent();
  await coming.focus();
  await page.keyboard.press('Enter');
  const box = page.getByRole('dialog');
  const press = async (name) => {
    await box.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await press('Record');
  await box.getByText('waiting for its time').waitFor();
  await look(tab, 'programme-recorded');
  await press('Do not record');
  await box.getByText('waiting for its time').waitFor({ state: 'detached' });
  await press('Record');
  await box.getByText('waiting for its time').waitFor();
  await box.getByRole('link', { name: 'Queue' }).click();
  const row = page.locator('tbody tr').filter({ hasText: title });
  await row.getByText('waiting for its time').waitFor();
  const queued = `downloads?state=pending&text=${encodeURIComponent(title)}`;
  const { airing } = await until('it is queued', async () => (await api(page, queued, 'GET')).downloads[0]);
  await row.getByText(airing.channel, { exact: false }).waitFor();
  await row.getByRole('button', { name: title, exact: true }).click();
  await box.getByText(/^wished for:/).waitFor();
  await look(tab, 'recording-details');
  await page.keyboard.press('Escape');
  await queue();
  await kinds(page, row);
  await look(tab, 'recordings');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
  await row.waitFor({ state: 'detached' });
  tell('a programme of the guide is recorded, is not, and is; the queue tells when, and cancels it');
}

/** Recordings are looked for by themselves. */
async function kinds(page, row) {
  const rows = page.locator('tbody tr');
  const kind = page.getByLabel('Kind', { exact: true });
  await page.getByLabel('Show').selectOption({ label: 'All' });
  const all = await until('there is something else as well', async () => (await rows.count()) > 1 && rows.count());
  await kind.selectOption({ label: 'Recordings' });
  // One of them is wanted no more.
  await until('recordings alone', async () => (await rows.count()) === 2 && (await row.count()) === 2);
  await kind.selectOption({ label: 'Films' });
  await until('films alone', async () => (await rows.count()) === all - 2 && (await row.count()) === 0);
  await kind.selectOption({ label: 'Episodes' });
  await page.getByText('There is none of that kind').waitFor();
  await kind.selectOption({ label: 'Recordings' });
  await page.getByLabel('Show').selectOption({ label: 'Not done yet' });
  await until('the one that is wanted', async () => (await row.count()) === 1);
  tell('recordings are looked for by themselves');
}

/** What is watched is recorded from now on. */
async function now(tab, queue) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Watch', exact: true }).click();
  await page.getByRole('list', { name: 'Channels' }).getByRole('button').nth(1).click();
  await page.getByRole('button', { name: 'Record this channel' }).click();
  const form = page.getByRole('dialog');
  await form.getByRole('textbox', { name: /^Title/ }).fill('Late Night');
  await look(tab, 'record');
  const [from, to] = [await form.getByLabel('From').inputValue(), await form.getByLabel('To', { exact: true }).inputValue()];
  assert(from < to, `what is on ends later than now: ${from}, ${to}`);
  await form.getByLabel('To', { exact: true }).fill(from.replace(/^\d{4}/, (year) => year - 1));
  await form.getByRole('button', { name: 'Record' }).click();
  await form.getByRole('alert').waitFor();
  await form.getByLabel('To', { exact: true }).fill(to);
  await form.getByRole('button', { name: 'Record' }).click();
  await form.getByText('It is recorded when it is time.').waitFor();
  await form.getByRole('link', { name: 'Queue' }).click();
  const row = page.locator('tbody tr').filter({ hasText: 'Late Night' });
  await row.getByText('being recorded').waitFor();
  const size = () => row.locator('.far').textContent();
  await until('bytes come', async () => /[1-9]/.test(await size()));
  const first = await size();
  await until('and more of them', async () => (await size()) !== first);
  await look(tab, 'recording');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
  await row.waitFor({ state: 'detached' });
  await queue();
  tell('a channel that is watched is recorded from now on, and how far that is is told');
}

/** One that has begun already: what is missing in it is told, and the rest is there when it is over. */
async function late(tab, queue) {
  const { page } = tab;
  const time = Math.floor(Date.now() / 1000);
  const [before] = (await api(page, 'downloads?text=Late', 'GET')).downloads;
  const recording = { channel: before.stream_id, starts: time - 60, stops: time + 6, title: 'Half of It', before: 0, after: 0 };
  await api(page, 'downloads', 'POST', { recording });
  await queue();
  await page.getByLabel('Show').selectOption({ label: 'All' });
  const row = page.locator('tbody tr').filter({ hasText: 'Half of It' });
  await row.getByText('there', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Half of It', exact: true }).click();
  const box = page.getByRole('dialog');
  await box.getByText(/its first \d+ s are missing/).waitFor();
  await box.getByText(/^Recordings\/Half of It\/.*\.ts$/).waitFor();
  await look(tab, 'recorded');
  await page.keyboard.press('Escape');
  const there = readdirSync(join(folder, 'recorder'), { recursive: true }).filter((name) => name.endsWith('.ts'));
  assert(there.length === 1 && there[0].includes('Half of It'), `it is there: ${there}`);
  tell('what was begun too late tells what is missing, and lies where recordings lie');
}
