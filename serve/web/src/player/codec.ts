// What a browser will not play, known before it fails at it.
import { feeds } from './script';

/** What the server tells of a channel that it is receiving. */
export interface Made {
  state?: string;
  protocol?: string | null;
  bitrate_kbps?: number | null;
  video_codec?: string | null;
  width?: number | null;
  height?: number | null;
  audio_codecs?: string[];
  browser_playable?: 'yes' | 'no_audio' | 'no';
}

/** In MSE's words; where there are none, no browser has a decoder. */
const TYPES: Record<string, string> = {
  h264: 'video/mp4; codecs="avc1.640028"',
  hevc: 'video/mp4; codecs="hvc1.1.6.L120.90"',
  av1: 'video/mp4; codecs="av01.0.08M.08"',
  aac: 'audio/mp4; codecs="mp4a.40.2"',
  aac_latm: 'audio/mp4; codecs="mp4a.40.2"',
  mp3: 'audio/mpeg',
  ac3: 'audio/mp4; codecs="ac-3"',
  eac3: 'audio/mp4; codecs="ec-3"',
  opus: 'audio/mp4; codecs="opus"',
};

const NAMES: Record<string, string> = {
  h264: 'H.264',
  hevc: 'HEVC (H.265)',
  mpeg2video: 'MPEG-2',
  mpeg1video: 'MPEG-1',
  av1: 'AV1',
  aac: 'AAC',
  aac_latm: 'AAC (LATM)',
  mp2: 'MPEG Layer II',
  mp3: 'MP3',
  ac3: 'Dolby Digital (AC-3)',
  eac3: 'Dolby Digital Plus (E-AC-3)',
  opus: 'Opus',
};

export const called = (codec: string): string => NAMES[codec] ?? codec.toUpperCase();

function decodes(codec: string): boolean {
  const type = TYPES[codec];
  if (!type) return false;
  if (!feeds()) return document.createElement('video').canPlayType(type) !== '';
  const source = (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? MediaSource;
  return source.isTypeSupported(type);
}

export interface Verdict {
  /** The picture's coding, if this browser has no decoder for it. */
  video?: string;
  /** The sound's, if it has none for any of them. */
  audio?: string;
}

/** What of a channel this browser cannot play; `null` when all is well, or nothing is known. */
export function judge(made: Made): Verdict | null {
  const verdict: Verdict = {};
  const { video_codec: video, audio_codecs: audio = [] } = made;
  if (video && !decodes(video)) verdict.video = video;
  if (audio.length > 0 && !audio.some(decodes)) verdict.audio = audio[0];
  return verdict.video || verdict.audio ? verdict : null;
}

/** Such as `1920 × 1080 · H.264 · AAC`. */
export function described(made: Made): string {
  const size = made.width && made.height ? `${made.width} × ${made.height}` : '';
  const codecs = [made.video_codec, ...new Set(made.audio_codecs ?? [])].filter((codec) => !!codec);
  const rate = made.bitrate_kbps ? `${(made.bitrate_kbps / 1000).toFixed(1)} Mbit/s` : '';
  return [size, ...codecs.map((codec) => called(codec as string)), rate].filter(Boolean).join(' · ');
}
