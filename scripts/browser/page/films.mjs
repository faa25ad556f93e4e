// Films and series: played, sought in, left and found again.
import { assert, json, tell, until } from './stage.mjs';
import { clean, look, picture, plays } from './tab.mjs';

/**
 * Which second of the film is seen: the station's film shows it as a row of squares, the lowest bit on the left, white for one.
 */
const second = (page) =>
  page.evaluate(() => {
    const BITS = 8;
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    const drawn = canvas.getContext('2d');
    drawn.drawImage(video, 0, 0);
    // As scripts/make-clip draws them, in parts of the picture's size.
    const square = canvas.width / 20;
    const [left, top] = [(canvas.width - BITS * square) / 2, canvas.height * 0.75];
    const lit = (bit) => drawn.getImageData(left + (bit + 0.5) * square, top + square / 2, 1, 1).data[1] > 128;
    return Array.from({ length: BITS }, (_, bit) => (lit(bit) ? 2 ** bit : 0)).reduce((sum, value) => sum + value, 0);
  });

/** What is seen is what the player says that it shows. */
async function shows(page, from, until_, what) {
  await until(what, async () => {
    const [{ time }, seen] = [await picture(page), await second(page)];
    return time > from + 0.3 && time < until_ && Math.abs(seen - time) <= 1.5;
  });
}

export async function films(tab) {
  const { page, url } = tab;
  await page.getByRole('link', { name: 'Films' }).click();
  await page.locator('.cards li a').first().waitFor();
  await look(tab, 'films');
  const all = await json(`${url}/player_api.php?username=demo&password=demo&action=get_vod_streams`);
  const { name, stream_id: id } = all.find((one) => one.container_extension === 'mp4');
  await page.getByRole('searchbox').fill(name);
  await page.locator(`.cards li a[href$="/${id}"]`).click();
  await page.getByRole('button', { name: 'Play' }).waitFor();
  await look(tab, 'film');
  await page.getByRole('button', { name: 'Play' }).click();
  await plays(page, 1, 'a film');
  await shows(page, 1, 30, 'a film begins at its beginning');
  const length = await page.evaluate(() => document.querySelector('video').duration);
  assert(length > 120, `the film is long enough to be sought in: ${length} s`);
  const seek = (to) => page.evaluate((to) => (document.querySelector('video').currentTime = to), to);
  for (const there of [130, 70]) {
    await seek(there);
    await shows(page, there, there + 30, `the film shows second ${there} after seeking there`);
  }
  tell('a film seeks forth and back, and shows the second that it says');

  await page.getByRole('link', { name: 'Back' }).click();
  await page.getByRole('searchbox').fill('');
  await page.getByRole('heading', { name: 'Continue watching' }).waitFor();
  await look(tab, 'continue');
  // As the next evening.
  await page.reload();
  await page.getByRole('region', { name: 'Continue watching' }).getByRole('link').filter({ hasText: name }).click();
  await page.getByRole('button', { name: /^Resume at/ }).click();
  await shows(page, 69, 110, 'the film goes on where it was left');
  tell('a film is found again where it was left, and goes on there');
  await series(tab);
}

async function series(tab) {
  const { page } = tab;
  await page.getByRole('link', { name: 'Series' }).click();
  await page.locator('.cards li a').first().waitFor();
  await look(tab, 'series');
  await page.locator('.cards li a').first().click();
  await page.locator('.episodes li a').first().waitFor();
  await look(tab, 'one-series');
  await page.locator('.episodes li a').first().click();
  await plays(page, 1, 'an episode');
  await look(tab, 'episode');
  tell('an episode plays');
  clean(tab);
}
