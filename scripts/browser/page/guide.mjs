// The guide as a grid, and the past that is watched from it.
import { assert, json, station, tell, until } from './stage.mjs';
import { clean, look, plays } from './tab.mjs';

export async function guide(tab) {
  const { page } = tab;
  const grid = await shown(page);
  await look(tab, 'guide');
  await grid.locator('button.running').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await until('the arrows move through the grid', () => page.evaluate(() => document.activeElement?.dataset.spot?.startsWith('1/')));
  tell('the guide is a grid that arrows move through');
  clean(tab);
}

async function shown(page) {
  await page.getByRole('link', { name: 'Guide', exact: true }).click();
  const grid = page.getByRole('grid');
  await grid.locator('button.running').first().waitFor();
  return grid;
}

/** What was is watched from the guide, and the station is asked for the hour in which it was. */
export async function past(tab) {
  const { page } = tab;
  const grid = await shown(page);
  const kept = grid.locator('button.kept');
  await until('the past is in the guide', async () => {
    await grid.evaluate((box) => (box.scrollLeft -= 300));
    return (await kept.count()) > 3;
  });
  // What comes later moves those that are there.
  const titles = async () => (await kept.allTextContents()).join();
  await until('the guide stands still', async () => {
    const before = await titles();
    await page.waitForTimeout(500);
    return (await titles()) === before;
  });
  const spot = await kept.nth(2).getAttribute('data-spot');
  const chosen = grid.locator(`[data-spot="${spot}"]`);
  const title = await chosen.locator('.title').textContent();
  const channel = await grid.locator(`[data-spot="${spot.split('/')[0]}/0"] .name`).textContent();
  await chosen.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('heading', { name: title }).waitFor();
  await look(tab, 'programme');
  const before = (await json(`${station}/_station/counts`)).pasts.length;
  await page.getByRole('link', { name: 'Watch from the archive' }).click();
  await plays(page, 2, 'catch-up');
  await page.getByText(`${title}, from the archive`).waitFor();

  // By the provider's clock, as in `path 2026-01-15:18-05 1`: minute by minute.
  const { pasts } = await json(`${station}/_station/counts`);
  const asked = pasts.slice(before).map((one) => one.split(' ')[1]).sort();
  const programme = (await listings(channel)).find((one) => one.start === asked[0]);
  assert(programme?.title === title, `${title} of ${channel} is asked for, not ${programme?.title ?? 'what begins in the midst of something'}: ${asked}`);
  assert(asked.at(-1) < programme.end, `and nothing beyond its end: ${asked}`);
  await look(tab, 'catchup');
  tell('what was is watched from the guide, and the provider is asked for the hour in which it was');
}

/** What the station says was on at a channel, with times as it takes them. */
async function listings(channel) {
  const api = `${station}/player_api.php?username=station&password=station`;
  const { stream_id: id } = (await json(`${api}&action=get_live_streams`)).find((one) => one.name === channel);
  const { epg_listings: all } = await json(`${api}&action=get_simple_data_table&stream_id=${id}`);
  // From `2026-01-15 18:05:00`.
  const spelled = (time) => `${time.slice(0, 10)}:${time.slice(11, 16).replace(':', '-')}`;
  return all.map((one) => ({
    title: Buffer.from(one.title, 'base64').toString(),
    start: spelled(one.start),
    end: spelled(one.end),
  }));
}
