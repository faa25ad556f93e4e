// The first visit: from an empty folder to a picture.
import { join } from 'node:path';
import { assert, folder, json, start, station, tell, until } from './stage.mjs';
import { past } from './guide.mjs';
import { clean, look, open, plays } from './tab.mjs';

export async function wizard() {
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

  // What is said of the password before has the word "addresses" in it.
  await page.getByRole('heading', { name: 'Where television comes from' }).waitFor();
  await page.getByLabel('Address').fill(station);
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
  await page.getByText('12 channels, 8 films, 2 series').waitFor();
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
  await past(tab);
  clean(tab);
  await tab.context.close();
}
