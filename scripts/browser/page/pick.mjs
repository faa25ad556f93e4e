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
  const [film] = await json(panel);
  const { stream_id: id, container_extension: ext } = film;
  await page.getByRole('link', { name: 'Downloads', exact: true }).click();
  const tabs = page.getByRole('navigation', { name: 'Downloads' });
  await wish(tab, tabs, 'Called As Nobody Knows It 1080p', `${station}/movie/station/station/${id}.${ext}`);
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

  await delivered(tab, row);
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
async function wish({ page }, tabs, name, address) {
  await tabs.getByRole('link', { name: 'Differences' }).click();
  const list = `#EXTM3U\n#EXTINF:-1 group-title="Films",${name}\n${address}\n`;
  await page.getByLabel('Upload a list').setInputFiles({ name: 'own.m3u', mimeType: 'audio/x-mpegurl', buffer: Buffer.from(list) });
  await page.getByLabel(/^Choose Called/).check();
  await page.getByRole('button', { name: 'Download 1' }).click();
  await page.getByText('1 download added').waitFor();
  await tabs.getByRole('link', { name: 'Queue' }).click();
}

/** It is delivered with the number that was picked. */
async function delivered({ page }, row) {
  const title = (await row.getByText('At themoviedb.org').textContent()).replace('At themoviedb.org: ', '');
  await page.evaluate(() => fetch('api/servers/1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"maintenance":false}' }));
  await page.getByLabel('Show').selectOption({ label: 'there' });
  await row.getByText('there', { exact: true }).waitFor();
  const base = join(folder, 'picked');
  const about = await until('what is known of it lies beside it', () => {
    const name = readdirSync(base, { recursive: true }).find((one) => one.endsWith('.nfo'));
    return name && readFileSync(join(base, name), 'utf8');
  });
  const [, number] = /<tmdbid>(\d+)<\/tmdbid>/.exec(about) ?? [];
  const known = await (await fetch(`${station}/tmdb/3/movie/${number}`, { headers: { authorization: 'Bearer station-tmdb-token' } })).json();
  assert(title.startsWith(known.title), `${title} is delivered, not ${known.title}`);
  tell('and delivered as the one that was picked');
}
