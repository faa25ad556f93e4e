// Which film a title is: searched for at themoviedb.org, picked, and held to.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert, folder, json, program, start, station, tell, until } from './stage.mjs';
import { clean, logIn, look, open } from './tab.mjs';

export async function pick() {
  const tab = await house();
  const { page } = tab;
  const panel = `${station}/player_api.php?username=station&password=station&action=get_vod_streams`;
  const [film, other] = await json(panel);
  const address = ({ stream_id: id, container_extension: ext }) => `${station}/movie/station/station/${id}.${ext}`;
  await page.getByRole('link', { name: 'Downloads', exact: true }).click();
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  await wish(tab, tabs, 'Called As Nobody Knows It 1080p', address(film));
  const row = page.locator('tbody tr').filter({ hasText: 'Called As Nobody Knows It' });
  const box = page.getByRole('dialog');
  const ask = () => row.getByRole('button', { name: /^Which one/ }).click();

  // None of them, until somebody knows better.
  await ask();
  await box.getByText('None of these').click();
  await row.getByText('None of those at themoviedb.org').waitFor();
  await ask();
  const word = film.name.match(/\p{L}{5,}/u)[0];
  await box.getByRole('searchbox').fill(word);
  const found = box.getByRole('listitem').getByRole('button');
  await until('some are found', async () => (await found.count()) > 1 && (await found.first().textContent()).includes(word));
  await look(tab, 'pick');
  const chosen = (await found.nth(1).textContent()).trim();
  await found.nth(1).focus();
  await page.keyboard.press('Enter');
  await row.getByText(`At themoviedb.org: ${chosen}`).waitFor();
  await page.reload();
  await row.getByText(`At themoviedb.org: ${chosen}`).waitFor();
  await look(tab, 'picked');
  tell('which film it is is searched for and picked, and shown from then on');

  const another = await otherwise(tab, tabs, word, address(other));
  await delivered(tab, ['Called As Nobody Knows It', another]);
  clean(tab);
  await tab.context.close();
}

/** With an administrator, a server and what themoviedb.org is asked with. */
async function house() {
  const [data, base, config] = ['pick', 'picked', 'pick.toml'].map((name) => join(folder, name));
  mkdirSync(base);
  const made = spawnSync(program, ['user', 'add', 'ann', '--admin', 'yes', '--password-stdin', '--data', data], { input: 'television', cwd: folder });
  assert(made.status === 0, `${made.stderr}`);
  writeFileSync(
    config,
    `data = "${data}"\nlisten = "127.0.0.1:0"\n[download]\nenabled = true\nprivate_addresses = true
[download.tmdb]\ntoken = "station-tmdb-token"\nurl = "${station}/tmdb/3"\n`,
  );
  const { url } = await start(['up', '--config', config], { XTREAM_BASE_URL: station, XTREAM_USERNAME: 'station', XTREAM_PASSWORD: 'station' });
  const tab = await open(url);
  await logIn(tab, 'ann', 'television');
  await tab.page.getByRole('link', { name: 'Downloads', exact: true }).waitFor();
  await until('there is a line-up', async () => (await fetch(`${url}/health`)).ok);
  await tab.page.evaluate(async (base) => {
    const json = { 'content-type': 'application/json' };
    await fetch('api/servers', { method: 'POST', headers: json, body: JSON.stringify({ name: 'nas', base }) });
    await fetch('api/servers/1', { method: 'PUT', headers: json, body: JSON.stringify({ maintenance: true }) });
  }, base);
  return tab;
}

/** A film of a list is wished for, under a name of its own. */
async function wish({ page }, tabs, name, address, attributes = '') {
  await tabs.getByRole('link', { name: 'Differences' }).click();
  const list = `#EXTM3U\n#EXTINF:-1 group-title="Films"${attributes},${name}\n${address}\n`;
  await page.getByLabel('Upload a list').setInputFiles({ name: 'own.m3u', mimeType: 'audio/x-mpegurl', buffer: Buffer.from(list) });
  await page.getByLabel(`Choose ${name.replace(' 1080p', '')}`).check();
  await page.getByRole('button', { name: 'Download 1' }).click();
  await page.getByText('1 download added').waitFor();
  await tabs.getByRole('link', { name: 'Queue' }).click();
}

/** How one is told, by its title. */
const known = (page, title) =>
  page.evaluate(async (text) => {
    const { downloads } = await (await fetch(`api/downloads?${new URLSearchParams({ text })}`)).json();
    return downloads[0];
  }, title);

/** What its list tells a number of is picked otherwise all the same, and so it stays. */
async function otherwise(tab, tabs, word, address) {
  const { page } = tab;
  const title = 'Told of by Its List';
  const search = new URLSearchParams({ kind: 'film', text: word });
  const { found } = await page.evaluate(async (search) => (await fetch(`api/tmdb/search?${search}`)).json(), `${search}`);
  const [{ tmdb: listed }, other] = [found.at(0), found.at(-1)];
  await wish(tab, tabs, `${title} 1080p`, address, ` tmdb-id="${listed}"`);
  const row = page.locator('tbody tr').filter({ hasText: title });
  const box = page.getByRole('dialog');
  const details = () => row.getByRole('button', { name: title, exact: true }).click();
  await details();
  await box.getByText(`Number ${listed} at themoviedb.org, by its list`).waitFor();
  await page.keyboard.press('Escape');

  await row.getByRole('button', { name: /^Which one/ }).click();
  await box.getByRole('searchbox').fill(word);
  await box.getByRole('listitem').getByRole('button', { name: `${other.title} (${other.year})` }).first().click();
  const is = `At themoviedb.org: ${other.title} (${other.year})`;
  await row.getByText(is).waitFor();
  await page.reload();
  await row.getByText(is).waitFor();
  const { tmdb, picked } = await known(page, title);
  assert(tmdb === `${listed}` && picked.tmdb === other.tmdb, `another one than its list tells: ${tmdb}, ${JSON.stringify(picked)}`);
  await details();
  await box.getByText(is).waitFor();
  assert((await box.getByText(`Number ${listed}`).count()) === 0, 'what its list tells counts no more');
  await page.keyboard.press('Escape');
  tell('a film that its list tells a number of is picked otherwise, and so it stays');
  return title;
}

/** They are delivered with the numbers that were picked. */
async function delivered({ page }, titles) {
  await page.evaluate(() => fetch('api/servers/1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"maintenance":false}' }));
  await page.getByLabel('Show').selectOption({ label: 'there' });
  const base = join(folder, 'picked');
  for (const title of titles) {
    await page.locator('tbody tr').filter({ hasText: title }).getByText('there', { exact: true }).waitFor();
    const { tmdb, picked } = await known(page, title);
    const about = (number) => {
      const all = readdirSync(base, { recursive: true }).filter((one) => one.endsWith('.nfo')).map((one) => readFileSync(join(base, one), 'utf8'));
      return all.find((one) => one.includes(`<tmdbid>${number}</tmdbid>`));
    };
    await until(`what is known of ${title} lies beside it`, () => about(picked.tmdb));
    assert(!tmdb || !about(tmdb), `${title} is not the one of its list`);
    const headers = { authorization: 'Bearer station-tmdb-token' };
    const meant = await (await fetch(`${station}/tmdb/3/movie/${picked.tmdb}`, { headers })).json();
    assert(meant.title === picked.title, `${title} is delivered as ${meant.title}, not ${picked.title}`);
  }
  tell('and they are delivered as those that were picked');
}
