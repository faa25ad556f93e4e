// What those do who run the house.
import { assert, json, station, tell, until, viewers } from './stage.mjs';
import { clean, logIn, look, open, plays } from './tab.mjs';

export async function run(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Run it' }).click();
  await page.getByText('All is well').waitFor();
  await look(tab, 'health');
  const tabs = page.getByRole('navigation', { name: 'Run it' });
  const go = (name) => tabs.getByRole('link', { name, exact: true }).click();
  await users(tab, go);
  await lineUps(tab, go);
  await go('Guide matches');
  await page.getByLabel('Only doubtful ones').uncheck();
  await page.locator('tbody tr').first().waitFor();
  await look(tab, 'matches');
  await go('Log');
  await page.getByRole('log').getByText('an operator has put this release in force').waitFor();
  await look(tab, 'logs');
  await go('Settings');
  const settings = await page.locator('pre').textContent();
  assert(settings.includes('details_per_run') && !settings.includes('provider-') && !settings.includes(station), 'settings, and no secret');
  await look(tab, 'settings');
  tell('matches, the log and the settings are shown, without secrets');
  clean(tab);
}

/** How an address answers; what follows may be endless. */
async function status(address) {
  const answer = await fetch(address);
  await answer.body?.cancel();
  return answer.status;
}

/** Somebody is let in, watches, and is put out while he does. */
async function users(tab, go) {
  const { page, url } = tab;
  await go('Users');
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
  const told = await page.locator('.hand code').allTextContents();
  const playlist = told.find((one) => one.includes('get.php'));
  await page.getByRole('button', { name: 'QR code' }).first().click();
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await look(tab, 'handed');
  await page.getByRole('button', { name: 'Close' }).click();
  const listed = await (await fetch(playlist)).text();
  const channel = listed.split('\n').find((line) => line.startsWith('http'));
  assert(listed.startsWith('#EXTM3U') && (await status(channel)) === 200, 'the playlist of the new user works, and so does its first channel');
  tell('a user is made, and his playlist works');

  const ann = await open(url);
  await logIn(ann, 'ann', new URL(playlist).searchParams.get('password'));
  await ann.page.getByRole('list', { name: 'Channels' }).getByRole('button').first().click();
  await plays(ann.page, 1, 'what ann watches');
  await go('Channels');
  await page.getByRole('row', { name: /^ann/ }).waitFor();
  await look(tab, 'channels');
  await go('Users');
  const row = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: /^ann/ }) });
  await look(tab, 'users');
  await devices(tab, row);
  await until('ann alone is watching', async () => (await viewers(url)) === 1);
  await row.getByRole('button', { name: /^Disable/ }).click();
  await row.getByText('disabled', { exact: true }).waitFor();
  await until('her picture ends', async () => (await viewers(url)) === 0);
  await ann.page.getByText('This account may not watch').or(ann.page.getByRole('heading', { name: 'Watch television' })).first().waitFor();
  assert((await status(playlist)) === 403 && (await status(channel)) === 403, 'and nothing of hers is answered');
  clean(ann);
  await ann.context.close();
  tell('whoever is disabled is cut off while he watches');
}

/** A device gets a token, and loses it when somebody is sure of that. */
async function devices(tab, row) {
  const { page } = tab;
  await row.getByRole('button', { name: /^Devices/ }).click();
  await page.getByLabel(/What the device is called/).fill('living room');
  await page.getByRole('button', { name: 'Make a token' }).click();
  await page.locator('.hand code').first().waitFor();
  const playlist = (await page.locator('.hand code').allTextContents()).find((one) => one.includes('get.php'));
  await look(tab, 'devices');
  await page.getByRole('button', { name: /^Revoke living room/ }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert((await status(playlist)) === 200, 'who is not sure revokes nothing');
  await page.getByRole('button', { name: /^Revoke living room/ }).click();
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  await until('the token is of no use', async () => (await status(playlist)) === 403);
  await page.getByRole('dialog', { name: 'Revoke' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Close' }).click();
}

/** One more source makes another line-up, and a rollback brings the one of before back. */
async function lineUps(tab, go) {
  const { page, url } = tab;
  const lineUp = async () => {
    const channels = await json(`${url}/player_api.php?username=demo&password=demo&action=get_live_streams`);
    return channels.map((one) => `${one.num} ${one.stream_id} ${one.name}`);
  };
  const before = await lineUp();
  await go('Sources');
  await page.getByRole('button', { name: 'Run now' }).click();
  await until('the run is over', async () => !(await page.getByRole('button', { name: 'Run now' }).isDisabled()));
  await look(tab, 'sources');
  await page.getByRole('button', { name: 'Add a source' }).click();
  await page.getByLabel('What it is').selectOption({ label: 'Playlist (M3U)' });
  await page.getByLabel('Address').fill(`${station}/pages/channels.m3u`);
  await page.getByLabel('Name of the source').fill('more');
  await page.getByRole('button', { name: 'Test' }).click();
  await page.getByText('It works.').waitFor();
  await look(tab, 'source-form');
  await page.getByRole('button', { name: 'Use it' }).click();
  await until('there are more channels', async () => (await lineUp()).length > before.length);
  tell('health and sources are shown, and a source that is added brings channels');

  await go('Releases');
  await page.getByText('in force', { exact: true }).waitFor();
  await look(tab, 'releases');
  // The one before the newest.
  await page.getByRole('button', { name: /^Put in force/ }).first().click();
  await look(tab, 'rollback');
  await page.getByRole('dialog').getByRole('button', { name: 'Put in force' }).click();
  await until('the line-up of before is back', async () => (await lineUp()).join('\n') === before.join('\n'));
  await page.reload();
  await page.getByRole('link', { name: 'Watch', exact: true }).click();
  await page.getByLabel('Group').locator('option').filter({ hasText: `All channels (${before.length})` }).waitFor({ state: 'attached' });
  tell('a rollback restores the line-up of before');
  await page.getByRole('link', { name: 'Run it' }).click();
}
