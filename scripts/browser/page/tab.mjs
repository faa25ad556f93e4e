// A page in a browser of its own: looked at as different people have it, and watched for what it must not do.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { assert, modules, PATIENCE, shots, station, tell, until } from './stage.mjs';

const { chromium } = createRequire(join(modules, 'package.json'))('playwright-core');
const axe = readFileSync(join(modules, 'node_modules/axe-core/axe.min.js'), 'utf8');

export const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--disable-gpu', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'],
});

/** The narrowest that a page has to fit into without being scrolled sideways (WCAG 2.2, 1.4.10), and a phone for pictures. */
export const NARROW = { width: 320, height: 640 };
/** What a finger hits, in pixels (WCAG 2.2, 2.5.5). */
const FINGER = 44;
const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };
// Neither ours nor a provider's, and half an hour beside both.
const ZONE = 'Asia/Kolkata';

/** A page of a browser of its own, of which nothing may go elsewhere or against the policy. */
export async function open(url, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: ZONE, viewport: DESK, colorScheme: 'dark', ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const wrong = [];
  context.on('request', (request) => {
    const address = new URL(request.url());
    if (['http:', 'https:'].includes(address.protocol) && address.origin !== url) wrong.push(`asked ${address.origin}`);
  });
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(`${error.stack}`));
  await page.goto(`${url}/`);
  return { page, context, wrong, url };
}

export function clean(tab) {
  assert(tab.wrong.length === 0, `on the page: ${tab.wrong.join('\n')}`);
}

/** What goes elsewhere, and what the policy forbids, is noticed: else that there is none of it would say nothing. */
export async function noticed(url) {
  const tab = await open(url);
  await tab.page.evaluate(() => document.body.setAttribute('style', 'color: red'));
  await until('what is against the policy is noticed', () => tab.wrong.some((one) => one.includes('Content Security Policy')));
  await tab.page.goto(station).catch(() => undefined);
  assert(tab.wrong.includes(`asked ${station}`), 'what goes elsewhere is noticed');
  await tab.context.close();
  tell('requests to elsewhere and violations of the policy are noticed');
}

/** No serious violation, as axe-core sees it: in dark, and the colours in light as well. */
async function accessible({ page }, where) {
  // In the world of the test: the page's policy lets no script in.
  await page.evaluate(axe);
  const bad = [];
  for (const [colorScheme, runOnly] of [['light', ['color-contrast']], ['dark', undefined]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const options = { resultTypes: ['violations'], ...(runOnly ? { runOnly } : {}) };
    const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), options);
    bad.push(...violations.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => ({ colorScheme, ...one })));
  }
  const told = bad.map(({ colorScheme, id, help, nodes }) =>
    [`${id} (${colorScheme}): ${help}`, ...nodes.map((node) => node.html.slice(0, 160))].join('\n  '));
  assert(bad.length === 0, `${where} is not accessible:\n${told.join('\n')}`);
}

/** Nothing hangs over where it is narrow: neither over the page nor over a box above it, and nothing that is done with a row. */
async function narrow({ page }, where) {
  const over = await page.evaluate((finger) => {
    const wide = (element) => element.scrollWidth - element.clientWidth;
    const boxes = [...document.querySelectorAll('dialog[open]')];
    const acts = [...document.querySelectorAll('.stacks :is(button, select, label)')].filter((one) => {
      const { left, right, height } = one.getBoundingClientRect();
      return left < 0 || right > innerWidth || height < finger;
    });
    const aside = [...document.querySelectorAll('.stacks')].filter((one) => wide(one) > 0);
    return {
      page: document.documentElement.scrollWidth - innerWidth,
      box: Math.max(0, ...boxes.map(wide)),
      acts: [...acts, ...aside].map((one) => one.outerHTML.slice(0, 120)),
    };
  }, FINGER);
  assert(over.acts.length === 0, `${where} has what lies aside, or what no finger hits, on ${NARROW.width} pixels: ${over.acts.join('\n')}`);
  assert(over.page <= 0 && over.box <= 0, `${where} is wider than ${NARROW.width} pixels: ${JSON.stringify(over)}`);
}

/** Looks at a view as different people have it, and leaves pictures if anybody wants them. */
export async function look(tab, name) {
  const { page } = tab;
  await accessible(tab, name);
  await page.setViewportSize(NARROW);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  await narrow(tab, name);
  if (shots) await pictures(page, name);
  await page.setViewportSize(DESK);
  clean(tab);
}

async function pictures(page, name) {
  mkdirSync(shots, { recursive: true });
  for (const [form, colorScheme, viewport] of [
    ['dark', 'dark', DESK],
    ['light', 'light', DESK],
    ['phone', 'dark', PHONE],
    ['phone-light', 'light', PHONE],
  ]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await page.waitForTimeout(350);
    await page.screenshot({ path: join(shots, `${name}-${form}.png`) });
  }
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
}

export async function logIn({ page }, name, password) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** What the picture does. */
export const picture = (page) =>
  page.evaluate(() => {
    const video = document.querySelector('video');
    return video && { time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth };
  });

/** The picture moves on by so many seconds, and with it frames are decoded. */
export async function plays(page, seconds, what) {
  const first = await until(`${what} begins`, async () => {
    const now = await picture(page);
    return now && now.time > 0.2 && now.frames > 0 && now;
  });
  const after = await until(`${what} plays on`, async () => {
    const now = await picture(page);
    return now && now.time >= first.time + seconds && now;
  });
  assert(after.frames > first.frames && after.width > 0, `${what}: no frames (${JSON.stringify([first, after])})`);
}

/** Pictures of all that is open, and what stands there: for whoever finds out why something failed. */
export async function confess() {
  for (const context of browser.contexts()) {
    for (const page of context.pages()) {
      const where = join(shots ?? '/tmp', `coax-page-failed-${process.pid}.png`);
      await page.screenshot({ path: where }).catch(() => undefined);
      console.error(`page: at ${page.url()}, ${where}\n${(await page.locator('body').innerText().catch(() => '')).slice(0, 1500)}`);
    }
  }
}
