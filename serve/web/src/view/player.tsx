// The picture, and what can be done with it.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api';
import { called, described, judge, type Made } from '../player/codec';
import { Playback, type Source, type State, type Track, type Way } from '../player/playback';
import { Store, useStore } from '../store';
import { t } from '../strings';
import { copy, Icon, IconButton } from './parts';

const way = new Store<Way>('auto', 'way');
const sound = new Store<{ volume: number; muted: boolean }>({ volume: 1, muted: false }, 'sound');
const track = new Store<string>('', 'track');

export interface Playing {
  /** Tells it from all others. */
  key: string;
  title: string;
  source: Source;
  /** Of a live channel, for what it is made of. */
  channel?: number;
  /** The whole address, for another program. */
  elsewhere: string;
  /** How far it has come, every few seconds and at the end. */
  onPlace?: (seconds: number, length: number) => void;
}

interface Props {
  playing: Playing;
  onBefore?: () => void;
  onAfter?: () => void;
  onEnded?: () => void;
  /** Between the picture and what can be done with it. */
  children?: ComponentChildren;
}

/** How soon, and how often, it is asked what a channel is made of, in ms: it is known when it is received. */
const LOOKS = [0, 1500, 3000, 6000, 15_000];
/** How often a place is kept, in ms. */
const KEEP = 5000;

export function Player({ playing, onBefore, onAfter, onEnded, children }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const playback = useRef<Playback | undefined>(undefined);
  const [state, setState] = useState<State>({ is: 'loading' });
  const [tracks, setTracks] = useState<Track[]>([]);
  const [made, setMade] = useState<Made>({});
  const [muted, setMuted] = useState(false);
  const [told, setTold] = useState('');
  const [tries, setTries] = useState(0);
  const chosenWay = useStore(way);
  const verdict = judge(made);
  const mute = !!verdict?.audio && !verdict.video && !!made.video_codec;

  useEffect(() => {
    setMade({});
    setTold('');
    if (playing.channel === undefined) return;
    let over = false;
    const timers = LOOKS.map((after) =>
      setTimeout(async () => {
        try {
          const found = await ask<Made>(`page/api/channel/${playing.channel}`);
          if (!over && found.audio_codecs) setMade(found);
        } catch {
          // It plays without.
        }
      }, after),
    );
    return () => {
      over = true;
      timers.forEach(clearTimeout);
    };
  }, [playing.key]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    [element.volume, element.muted] = [sound.value.volume, sound.value.muted];
    setTracks([]);
    const source = { ...playing.source, mute };
    const player: Playback = new Playback(element, source, chosenWay, setState, {
      language: track.value,
      changed: () => setTracks(player.tracks()),
    });
    playback.current = player;
    const leave = (): void => player.destroy();
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      player.destroy();
    };
  }, [playing.key, chosenWay, mute, tries]);

  useEffect(() => {
    const { onPlace } = playing;
    if (!onPlace) return;
    const keep = (): void => {
      const element = video.current;
      if (element && element.currentTime > 0 && Number.isFinite(element.duration)) onPlace(element.currentTime, element.duration);
    };
    const timer = setInterval(keep, KEEP);
    addEventListener('pagehide', keep);
    return () => {
      clearInterval(timer);
      removeEventListener('pagehide', keep);
      keep();
    };
  }, [playing.key]);

  const full = (): void => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (box.current?.requestFullscreen) void box.current.requestFullscreen().catch(() => undefined);
    else (video.current as unknown as { webkitEnterFullscreen?: () => void })?.webkitEnterFullscreen?.();
  };
  const pip = (): void => {
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
    else void video.current?.requestPictureInPicture?.().catch(() => undefined);
  };
  const keys: Record<string, (() => void) | undefined> = {
    f: full,
    p: pip,
    m: () => video.current && (video.current.muted = !video.current.muted),
    PageUp: onBefore,
    PageDown: onAfter,
  };

  const words = t().player;
  return (
    <section
      class="player"
      aria-label={`${words.label}: ${playing.title}`}
      onKeyDown={(event) => {
        const does = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (!does || (event.target as Element).matches('select, input')) return;
        event.preventDefault();
        does();
      }}
    >
      <div class="screen" ref={box}>
        <video
          ref={video}
          controls
          playsInline
          aria-label={playing.title}
          onVolumeChange={(event) => {
            const { volume, muted } = event.currentTarget;
            const player = playback.current;
            if (player && !muted) player.silenced = false;
            if (!player?.silenced) sound.set({ volume, muted });
            setMuted(muted);
          }}
          onEnded={onEnded}
        />
        <Over state={state} onAgain={() => setTries(tries + 1)} />
        {muted && state.is === 'playing' && !mute && (
          <button type="button" class="unmute" onClick={() => video.current && (video.current.muted = false)}>
            <Icon name="mute" /> {words.unmute}
          </button>
        )}
      </div>
      {verdict && (
        <p class="note" role="status">
          {verdict.video ? words.noVideo(called(verdict.video)) : words.noAudio(called(verdict.audio ?? ''))}
        </p>
      )}
      <div class="tools">
        {onBefore && <IconButton icon="before" label={words.previous} onClick={onBefore} />}
        {onAfter && <IconButton icon="after" label={words.next} onClick={onAfter} />}
        {tracks.length > 1 && (
          <select
            aria-label={words.track}
            value={tracks.find((one) => one.chosen)?.id}
            onChange={(event) => {
              const id = Number(event.currentTarget.value);
              track.set(tracks.find((one) => one.id === id)?.language ?? '');
              playback.current?.choose(id);
            }}
          >
            {tracks.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        <span class="space" />
        <OpenElsewhere address={playing.elsewhere} title={playing.title} />
        <IconButton
          icon="copy"
          label={words.copy}
          onClick={async () => setTold((await copy(playing.elsewhere)) ? words.copied : playing.elsewhere)}
        />
        {'pictureInPictureEnabled' in document && document.pictureInPictureEnabled && (
          <IconButton icon="pip" label={words.pip} onClick={pip} />
        )}
        <IconButton icon="full" label={words.full} onClick={full} />
      </div>
      <p class="told" role="status">
        {told}
      </p>
      {children}
      <details class="how">
        <summary>{words.more}</summary>
        <p>
          {[described(made), state.is === 'playing' ? words.played(state.by) : ''].filter(Boolean).join(' · ')}
        </p>
        {playing.source.live && (
          <label>
            {words.way}
            <select value={chosenWay} onChange={(event) => way.set(event.currentTarget.value as Way)}>
              {(Object.keys(words.ways) as Way[]).map((one) => (
                <option key={one} value={one}>
                  {words.ways[one]}
                </option>
              ))}
            </select>
          </label>
        )}
      </details>
    </section>
  );
}

function Over({ state, onAgain }: { state: State; onAgain: () => void }) {
  const words = t().player;
  const [shown, setShown] = useState(false);
  // What comes at once needs no word.
  useEffect(() => {
    setShown(false);
    if (state.is === 'playing') return;
    const timer = setTimeout(() => setShown(true), state.is === 'loading' ? 400 : 0);
    return () => clearTimeout(timer);
  }, [state.is]);
  if (!shown || state.is === 'playing') return null;
  return (
    <div class={`over ${state.is}`} role={state.is === 'failed' ? 'alert' : 'status'}>
      {state.is !== 'failed' && <span class="spinner" aria-hidden="true" />}
      {state.is === 'loading' && words.loading}
      {state.is === 'again' && words.again(state.seconds)}
      {state.is === 'failed' && (
        <>
          {words.failed[state.why]}
          <button type="button" onClick={onAgain}>
            {t().retry}
          </button>
        </>
      )}
    </div>
  );
}

/** Phones know VLC by its own scheme; elsewhere a playlist of one entry opens in whatever plays playlists. */
function OpenElsewhere({ address, title }: { address: string; title: string }) {
  const words = t().player;
  if (/Android|iPhone|iPad/.test(navigator.userAgent)) {
    return (
      <a class="button quiet" href={`vlc://${address}`}>
        <Icon name="open" /> {words.open}
      </a>
    );
  }
  const save = (): void => {
    const text = `#EXTM3U\n#EXTINF:-1,${title.replace(/[\r\n]/g, ' ')}\n${address}\n`;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'audio/x-mpegurl' }));
    link.download = `${title.replace(/[^\p{L}\p{N} ._-]/gu, '').trim() || 'coax'}.m3u`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <button type="button" class="quiet" onClick={save}>
      <Icon name="open" /> {words.open}
    </button>
  );
}
