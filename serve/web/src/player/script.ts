// The players are large and only some need them: each is a script of its own, loaded when it is used first.
import type HlsClass from 'hls.js';
import type MpegtsModule from 'mpegts.js';
import hlsAddress from 'hls.js/dist/hls.min.js?url';
import mpegtsAddress from 'mpegts.js/dist/mpegts.js?url';

const loading = new Map<string, Promise<void>>();

function load(address: string): Promise<void> {
  const known = loading.get(address);
  if (known) return known;
  const promise = new Promise<void>((done, failed) => {
    const script = document.createElement('script');
    script.src = address;
    script.onload = () => done();
    script.onerror = () => {
      loading.delete(address); // the network may be back the next time
      script.remove();
      failed(new Error('the player does not load'));
    };
    document.head.append(script);
  });
  loading.set(address, promise);
  return promise;
}

export async function mpegts(): Promise<typeof MpegtsModule> {
  await load(mpegtsAddress);
  return (globalThis as unknown as { mpegts: typeof MpegtsModule }).mpegts;
}

export async function hls(): Promise<typeof HlsClass> {
  await load(hlsAddress);
  return (globalThis as unknown as { Hls: typeof HlsClass }).Hls;
}

/** Whether pages can feed a video themselves (Media Source Extensions, or the managed ones of iPhones). */
export const feeds = (): boolean => 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;

/** Whether the browser plays playlists by itself. */
export const playsPlaylists = (video: HTMLVideoElement): boolean =>
  video.canPlayType('application/vnd.apple.mpegurl') !== '';
