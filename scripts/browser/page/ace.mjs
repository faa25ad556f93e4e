// Ace Stream: a session, and the catalogue.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, start, station, tell, until } from './stage.mjs';
import { clean, logIn, look, open, plays } from './tab.mjs';

export async function ace() {
  const config = join(folder, 'ace.toml');
  const engine = process.env.ENGINE;
  const list = await (await fetch(`${station}/pages/upstreams.m3u?as=ace`)).text();
  const [, content] = /acestream:\/\/([0-9a-f]{40})/.exec(list);
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

export async function catalogue(tab) {
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
