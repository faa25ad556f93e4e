// Plays one thing in one video element, and goes on after what breaks: who looks does not care which player it is.
import type HlsClass from 'hls.js';
import type MpegtsModule from 'mpegts.js';
import { feeds, hls, mpegts, playsPlaylists } from './script';

/** How live television comes: by itself what works best here. */
export type Way = 'auto' | 'mpegts' | 'hls' | 'native';

/** What is played: one address for each form in which it can be had. */
export interface Source {
  /** An endless transport stream. */
  ts?: string;
  /** A playlist, live or of something that has an end. */
  playlist?: string;
  /** A file with ranges. */
  file?: string;
  live: boolean;
  /** Where to begin, in seconds. */
  at?: number;
  /** The sound will not play here: the picture alone is asked for. */
  mute?: boolean;
}

export type State =
  | { is: 'loading' }
  | { is: 'playing'; by: Engine }
  /** It broke, and is asked for again in a moment. */
  | { is: 'again'; seconds: number }
  | { is: 'failed'; why: Why; status?: number };

/** Why there is no picture. */
export type Why = 'busy' | 'refused' | 'gone' | 'provider' | 'codec' | 'offline' | 'player';

export type Engine = 'mpegts.js' | 'hls.js' | 'native';

export interface Track {
  id: number;
  name: string;
  language: string;
  chosen: boolean;
}

/** After a break: 1, 2, 5, and then every 10 s, as streams come back. */
const AGAIN = [1, 2, 5, 10];
/** A picture that stands still for so long is begun anew, in ms. */
const STILL = 15_000;
/** What fails so often without ever having shown anything has failed. */
const TRIES = 6;

export class Playback {
  /** The browser wants no sound yet: nobody has chosen that. */
  silenced = false;
  #video: HTMLVideoElement;
  #source: Source;
  #told: (state: State) => void;
  #tracksChanged: () => void;
  #close: (() => void) | undefined;
  #over = false;
  #tries = 0;
  #played = false;
  #timer = 0;
  #still = 0;
  #order: Engine[];
  #hls: HlsClass | undefined;
  #recovered = 0;
  #language: string;

  constructor(
    video: HTMLVideoElement,
    source: Source,
    way: Way,
    told: (state: State) => void,
    tracks: { language: string; changed: () => void },
  ) {
    this.#video = video;
    this.#source = source;
    this.#told = told;
    this.#language = tracks.language;
    this.#tracksChanged = tracks.changed;
    this.#order = order(video, source, way);
    video.addEventListener('playing', this.#playing);
    video.addEventListener('error', this.#broken);
    this.#begin();
    this.#still = window.setInterval(this.#look, 1000);
  }

  /** Lets everything go, so that the server sees nobody any more. */
  destroy(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    clearInterval(this.#still);
    this.#video.removeEventListener('playing', this.#playing);
    this.#video.removeEventListener('error', this.#broken);
    this.#end();
  }

  /** The sounds there are to choose from. */
  tracks(): Track[] {
    const player = this.#hls;
    if (!player) return [];
    return player.audioTracks.map((track, id) => ({
      id,
      name: track.name || track.lang || String(id + 1),
      language: track.lang ?? '',
      chosen: id === player.audioTrack,
    }));
  }

  choose(track: number): void {
    if (this.#hls) this.#hls.audioTrack = track;
  }

  #begin(): void {
    if (this.#over) return;
    const engine = this.#order[0];
    if (!engine) return this.#failed('codec');
    this.#told({ is: 'loading' });
    const opening =
      engine === 'mpegts.js' ? this.#byMpegts() : engine === 'hls.js' ? this.#byHls() : this.#byItself();
    opening.catch(() => this.#again('player'));
  }

  #end(): void {
    const close = this.#close;
    this.#close = undefined;
    this.#hls = undefined;
    close?.();
  }

  async #byMpegts(): Promise<void> {
    const module = await mpegts();
    if (this.#over) return;
    if (!module.isSupported()) return this.#next('codec');
    module.LoggingControl.enableAll = false;
    const { live, mute } = this.#source;
    const player = module.createPlayer(
      { type: 'mse', isLive: live, url: this.#source.ts ?? '', cors: true, ...(mute ? { hasAudio: false } : {}) },
      {
        enableWorker: true,
        liveSync: live,
        liveSyncMaxLatency: 3,
        liveSyncTargetLatency: 1.5,
        lazyLoad: false,
        autoCleanupSourceBuffer: true,
        autoCleanupMaxBackwardDuration: 60,
        autoCleanupMinBackwardDuration: 30,
      },
    );
    this.#close = () => destroyed(player);
    player.on(module.Events.ERROR, (kind: string, detail: string, info?: { code?: number }) => {
      if (this.#over) return;
      if (kind === module.ErrorTypes.MEDIA_ERROR) {
        // What it holds is torn, or has no decoder here: another player may make more of it.
        const unknown = detail === module.ErrorDetails.MEDIA_CODEC_UNSUPPORTED;
        return unknown || !this.#played ? this.#next('codec') : this.#again('codec');
      }
      this.#refusal(detail === module.ErrorDetails.NETWORK_STATUS_CODE_INVALID ? (info?.code ?? 0) : 0);
    });
    player.on(module.Events.LOADING_COMPLETE, () => this.#source.live && this.#again('provider'));
    player.attachMediaElement(this.#video);
    player.load();
    this.#play();
  }

  async #byHls(): Promise<void> {
    const Hls = await hls();
    if (this.#over) return;
    if (!Hls.isSupported()) return this.#next('codec');
    const patience = Hls.DefaultConfig.manifestLoadPolicy.default;
    const player = new Hls({
      lowLatencyMode: false,
      liveSyncDurationCount: 2,
      maxBufferLength: 20,
      backBufferLength: 30,
      liveDurationInfinity: true,
      maxLiveSyncPlaybackRate: 1.1,
      startPosition: this.#source.at ?? -1,
      // A channel that is only beginning says so for a while.
      manifestLoadPolicy: {
        default: { ...patience, errorRetry: { ...(patience.errorRetry ?? errorRetry), maxNumRetry: 6 } },
      },
    });
    this.#hls = player;
    this.#close = () => player.destroy();
    player.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => {
      const wanted = player.audioTracks.findIndex((track) => track.lang && track.lang === this.#language);
      if (wanted >= 0) player.audioTrack = wanted;
      this.#tracksChanged();
    });
    player.on(Hls.Events.AUDIO_TRACK_SWITCHED, () => this.#tracksChanged());
    player.on(Hls.Events.ERROR, (_, data) => {
      if (this.#over || !data.fatal) return;
      const status = data.response?.code ?? 0;
      if (data.type === Hls.ErrorTypes.MEDIA_ERROR) {
        const unknown = String(data.details).includes('Codec');
        if (unknown) return this.#next('codec');
        if (this.#recovered++ < 2) return player.recoverMediaError();
        return this.#again('codec');
      }
      if (status === 0 && this.#played && this.#recovered++ < 2) return player.startLoad();
      this.#refusal(status);
    });
    player.loadSource(this.#source.playlist ?? '');
    player.attachMedia(this.#video);
    this.#play();
  }

  async #byItself(): Promise<void> {
    const { file, playlist, at } = this.#source;
    const video = this.#video;
    this.#close = () => {
      video.removeAttribute('src');
      video.load();
    };
    video.src = file ?? playlist ?? '';
    if (at) {
      const seek = (): void => void (video.currentTime = at);
      video.addEventListener('loadedmetadata', seek, { once: true });
    }
    this.#play();
  }

  /** What browsers do not let begin with sound begins without: there is a button for it. */
  #play(): void {
    const video = this.#video;
    video.play().catch((error: Error) => {
      if (error.name !== 'NotAllowedError' || this.#over) return;
      this.silenced = true;
      video.muted = true;
      video.play().catch(() => undefined);
    });
  }

  #playing = (): void => {
    this.#played = true;
    this.#tries = 0;
    this.#moved = performance.now();
    const by = this.#order[0];
    if (by) this.#told({ is: 'playing', by });
  };

  /** Of what the browser plays by itself; the others tell of theirs. */
  #broken = (): void => {
    if (this.#over || this.#order[0] !== 'native' || !this.#video.error) return;
    const code = this.#video.error.code;
    if (code === MediaError.MEDIA_ERR_NETWORK) return this.#again('offline');
    // SRC_NOT_SUPPORTED stands for a format that is unknown and for a status as well: the server tells which.
    void this.#ask().then((status) => (status >= 400 ? this.#refusal(status) : this.#next('codec')));
  };

  async #ask(): Promise<number> {
    try {
      const address = this.#source.file ?? this.#source.playlist ?? '';
      return (await fetch(address, { method: 'HEAD' })).status;
    } catch {
      return 0;
    }
  }

  #place = -1;
  #moved = performance.now();

  /** A picture that stands still although nobody stopped it. */
  #look = (): void => {
    const video = this.#video;
    const now = performance.now();
    if (video.currentTime !== this.#place || video.paused || document.hidden || !this.#close) {
      [this.#place, this.#moved] = [video.currentTime, now];
    } else if (this.#source.live && now - this.#moved > STILL) {
      this.#moved = now;
      this.#again('provider');
    }
  };

  #refusal(status: number): void {
    if (status === 415) return this.#next('codec'); // another form of it can be had
    if (status === 401 || status === 403) return this.#failed('refused', status);
    if (status === 404 || status === 410) return this.#failed('gone', status);
    this.#again(status === 503 || status === 429 ? 'busy' : status >= 500 ? 'provider' : 'offline', status);
  }

  /** With the next player, from the beginning. */
  #next(why: Why): void {
    this.#end();
    this.#order.shift();
    if (this.#order.length === 0) return this.#failed(why);
    this.#begin();
  }

  #again(why: Why, status?: number): void {
    this.#end();
    if (this.#over) return;
    if (!this.#source.live && this.#video.currentTime > 1) this.#source.at = this.#video.currentTime;
    if (!this.#played && this.#tries >= TRIES) return this.#failed(why, status);
    const seconds = AGAIN[Math.min(this.#tries++, AGAIN.length - 1)] ?? 10;
    this.#recovered = 0;
    this.#told({ is: 'again', seconds });
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#begin(), seconds * 1000);
  }

  #failed(why: Why, status?: number): void {
    this.#end();
    this.#told({ is: 'failed', why, status });
  }
}

const errorRetry = { maxNumRetry: 6, retryDelayMs: 1000, maxRetryDelayMs: 8000 };

/** Which players to try, the best first. */
function order(video: HTMLVideoElement, source: Source, way: Way): Engine[] {
  const found: Engine[] = [];
  if (source.ts && feeds() && way !== 'hls' && way !== 'native') found.push('mpegts.js');
  // Chrome says "maybe" to playlists, and plays few of them: where pages can feed a video, hls.js comes first.
  if (source.playlist && feeds() && way !== 'native') found.push('hls.js');
  if (source.playlist && (way === 'native' || playsPlaylists(video))) found.push('native');
  if (source.file) found.push('native');
  return found;
}

function destroyed(player: MpegtsModule.Player): void {
  try {
    player.pause();
    player.unload();
    player.detachMediaElement();
  } finally {
    player.destroy();
  }
}
