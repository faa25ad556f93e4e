// Who watches television in a browser.
import { assert, json, tell, until, viewers } from './stage.mjs';
import { clean, logIn, look, noticed, open, plays } from './tab.mjs';

export async function watch(demo) {
  await noticed(demo.url);
  await scriptless(demo.url);
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
  assert(cookies.length === 3 && cookies.every((one) => one.httpOnly && one.sameSite === 'Strict'), 'cookies are closed');
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

  // By playlists first: whoever has them is missed only after half a minute, which the rest of the test takes.
  await page.getByText('How it is played').click();
  await page.locator('.how select').selectOption('hls');
  await page.getByText('played by hls.js').waitFor();
  await plays(page, 10, 'live by hls.js');
  const first = await page.locator('.channel-head h1').textContent();
  tell('hls.js plays 10 s');

  await page.locator('.how select').selectOption('auto');
  await page.getByRole('button', { name: 'Next channel' }).click();
  await until('it is another channel', async () => (await page.locator('.channel-head h1').textContent()) !== first);
  await plays(page, 10, 'live by mpegts.js');
  await page.getByText('How it is played').click();
  await page.getByText('played by mpegts.js').waitFor();
  await page.getByText('H.264').waitFor();
  tell('mpegts.js plays 10 s');
  await look(tab, 'player');

  await page.getByRole('button', { name: 'Next channel' }).click();
  await plays(page, 0.3, 'the next channel');
  const elsewhere = async () => {
    const { channels } = await json(`${demo.url}/status.json`);
    return channels.filter((one) => !first.includes(one.name)).reduce((sum, one) => sum + one.viewers, 0);
  };
  await until('who zaps is one viewer', async () => (await elsewhere()) === 1);
  tell('one zaps from channel to channel, and is one viewer');
  clean(tab);
  return tab;
}

export async function leave(tab) {
  const { page } = tab;
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.getByLabel('Language').selectOption('it');
  await page.getByRole('button', { name: 'Esci' }).waitFor();
  await look(tab, 'menu');
  await page.getByRole('button', { name: 'Esci' }).click();
  await page.getByRole('heading', { name: 'Guarda la televisione' }).waitFor();
  assert((await tab.context.cookies()).every((one) => one.value === ''), 'the cookies are gone');
  await until('nobody watches', async () => (await viewers(tab.url)) === 0);
  tell('in Italian one leaves, and nobody watches any more');
  clean(tab);
  await tab.context.close();
}

/** A browser without JavaScript is told what does without it. */
async function scriptless(url) {
  const tab = await open(url, { javaScriptEnabled: false });
  const said = await tab.page.locator('body').innerText();
  assert(/^This page needs JavaScript\. Apps do not/.test(said), `it says what it needs: ${said}`);
  clean(tab);
  await tab.context.close();
  tell('where there is no JavaScript, the page says what does without it');
}
