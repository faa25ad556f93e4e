// Films on their way to a server of one's own: chosen, ordered, held and told of.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert, folder, json, tell, until } from './stage.mjs';
import { clean, logIn, look, open } from './tab.mjs';

const LIST = '#EXTM3U\n#EXTINF:-1 group-title="Films",Nobody Has This One (2021) 1080p\nhttp://h.example/movie/u/p/7.mkv\n';

export async function downloads(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Downloads', exact: true }).click();
  await page.getByText('Nothing is downloaded').waitFor();
  await look(tab, 'queue-empty');
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  const go = (name) => tabs.getByRole('link', { name, exact: true }).click();
  await server(tab, go);
  await differences(tab, go);
  await queue(tab, go);
  await go('Log and statistics');
  await page.getByRole('region', { name: 'Log' }).getByText('cancel', { exact: false }).first().waitFor();
  await page.getByText('cancelled').first().waitFor();
  await look(tab, 'downloads-log');
  tell('figures and the log tell who did what');
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

/** What is new is chosen, and what is no list is refused. */
async function differences(tab, go) {
  const { page } = tab;
  await go('Differences');
  const rows = page.locator('tbody tr');
  await rows.first().waitFor();
  await look(tab, 'differences');
  const upload = page.getByLabel('Upload a list');
  const file = (name, text) => ({ name, mimeType: 'audio/x-mpegurl', buffer: Buffer.from(text) });
  await upload.setInputFiles(file('page.m3u', '<!doctype html><title>expired</title>'));
  await page.getByRole('alert').getByText('web page', { exact: false }).waitFor();
  await upload.setInputFiles(file('films.m3u', LIST));
  await page.getByText('Nobody Has This One (2021)').waitFor();
  await page.getByText('not in the line-up').waitFor();
  await page.getByRole('button', { name: 'Remove the list' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove the list' }).click();
  await page.getByText('Nobody Has This One (2021)').waitFor({ state: 'detached' });
  const boxes = rows.getByRole('checkbox');
  await boxes.nth(0).check();
  await boxes.nth(1).focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Download 2' }).click();
  await page.getByText('2 downloads added').waitFor();
  tell('a list is uploaded, a page is refused as one, and two films are chosen');
}

/** They are held, go on, and one of them is wanted no more. */
async function queue(tab, go) {
  const { page } = tab;
  await go('Queue');
  const rows = page.locator('tbody tr');
  const say = (state) => until(`both are ${state}`, async () => (await rows.getByText(state, { exact: true }).count()) === 2);
  await say('waiting');
  await look(tab, 'queue');
  await page.getByRole('button', { name: 'Pause all' }).click();
  await say('paused');
  // By somebody else: it is told as it happens.
  await page.evaluate(() => fetch('api/downloads', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"action":"resume"}' }));
  await say('waiting');
  await page.getByRole('button', { name: /^Cancel/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).last().click();
  await until('one is left', async () => (await rows.count()) === 1);
  const limit = page.getByRole('region', { name: 'At once' }).getByLabel('Downloads');
  await limit.fill('7');
  await limit.press('Tab');
  await until('the limit is another', () => page.evaluate(async () => (await (await fetch('api/limits')).json()).downloads === 7));
  tell('downloads are held, go on and are cancelled; what others do is told as it happens');
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
      await other.page.locator('tbody tr').first().waitFor();
      assert((await other.page.getByRole('button', { name: /^(Pause|Cancel)/ }).count()) === 0, 'who may look has nothing to press');
    }
    clean(other);
    await other.context.close();
  }
  assert((await json(`${url}/api/role`)).status === 401, 'and who has not logged in is nobody');
  tell('who may look looks, and who may not sees nothing of it');
}
