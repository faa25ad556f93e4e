// What `scripts/players` has a browser do: plays one channel with mpegts.js or hls.js for so many seconds, and writes what
// the picture did as one line of JSON. MODULES is a folder where npm has put both players and playwright-core.
//
//   node play.mjs MODULES mpegts|hls ADDRESS SECONDS
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const [modules, player, address, seconds] = process.argv.slice(2);
const { chromium } = createRequire(join(modules, 'package.json'))('playwright-core');

const SCRIPTS = { '/mpegts.js': 'mpegts.js/dist/mpegts.js', '/hls.js': 'hls.js/dist/hls.js' };
// How often it is looked how far the picture is.
const LOOK = 100;

const pages = createServer(async (request, response) => {
  const script = SCRIPTS[request.url];
  response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
  response.end(script ? await readFile(join(modules, 'node_modules', script)) : '<!doctype html><video muted></video>');
});
await new Promise((listening) => pages.listen(0, '127.0.0.1', listening));

// In the page: the settings are those that a page for people would use.
const play = ({ player, address, seconds, LOOK }) =>
  new Promise((finished) => {
    const video = document.querySelector('video');
    const errors = [];
    video.addEventListener('error', () => errors.push(`video: ${video.error?.message}`));
    if (player === 'mpegts') {
      const live = { enableWorker: false, lazyLoad: false, liveSync: true, autoCleanupSourceBuffer: true };
      const it = mpegts.createPlayer({ type: 'mse', isLive: true, url: address, cors: true }, live);
      it.on(mpegts.Events.ERROR, (kind, detail) => errors.push(`${kind}: ${detail}`));
      it.attachMediaElement(video);
      it.load();
    } else {
      const it = new Hls({ lowLatencyMode: false, liveSyncDurationCount: 3, enableWorker: false });
      it.on(Hls.Events.ERROR, (_, data) => data.fatal && errors.push(`${data.type}: ${data.details}`));
      it.loadSource(address);
      it.attachMedia(video);
    }
    video.play().catch((error) => errors.push(`play: ${error.message}`));
    const asked = performance.now();
    let [began, moved, place, stall, stalls] = [null, null, 0, 0, []];
    const end = () => {
      const { droppedVideoFrames: dropped, totalVideoFrames: frames } = video.getVideoPlaybackQuality();
      stalls = stalls.map(({ at, lasted }) => ({ at: Math.round(at) / 1000, lasted: Math.round(lasted) / 1000 }));
      const first = began === null ? null : Math.round(began - asked) / 1000;
      finished({ player, first, played: video.currentTime, stall: stall / 1000, stalls, frames, dropped, errors });
    };
    const look = setInterval(() => {
      const now = performance.now();
      if (video.currentTime > place) {
        if (began === null) [began, moved] = [now, now];
        // Anything that a viewer would see; the looking itself is as late as the machine is busy.
        if (now - moved > 300) stalls.push({ at: moved - began, lasted: now - moved });
        stall = Math.max(stall, now - moved);
        [moved, place] = [now, video.currentTime];
      }
      if (now - (began ?? asked) > seconds * 1000) {
        clearInterval(look);
        end();
      }
    }, LOOK);
  });

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--disable-gpu', '--no-first-run', '--disable-sync',
    '--disable-background-networking', '--disable-component-update', '--autoplay-policy=no-user-gesture-required'],
});
try {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  await page.addScriptTag({ url: player === 'mpegts' ? '/mpegts.js' : '/hls.js' });
  console.log(JSON.stringify(await page.evaluate(play, { player, address, seconds: Number(seconds), LOOK })));
} finally {
  await browser.close();
  pages.close();
}
