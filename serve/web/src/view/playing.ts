// What goes on while something is played: who plays it, what it is made of, how far it has come.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ask } from '../api';
import type { Made } from '../player/codec';
import { Playback, type Source, type State, type Track, type Way } from '../player/playback';
import { Store } from '../store';

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

/** What this browser remembers of how loud it shall be, and in which language. */
const sound = new Store<{ volume: number; muted: boolean }>({ volume: 1, muted: false }, 'sound');
const language = new Store<string>('', 'track');

/** How soon, and how often, it is asked what a channel is made of, in ms: it is known when it is received. */
const LOOKS = [0, 1500, 3000, 6000, 15_000];
/** How often a place is kept, in ms. */
const KEEP = 5000;

type Video = RefObject<HTMLVideoElement | null>;

/** What a channel is made of, as soon as somebody knows. */
export function useMade(playing: Playing): Made {
  const [made, setMade] = useState<Made>({});
  useEffect(() => {
    setMade({});
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
  return made;
}

export interface Played {
  state: State;
  tracks: Track[];
  muted: boolean;
  /** Plays the sound of this number. */
  choose: (track: number) => void;
  /** Begins anew what has failed. */
  again: () => void;
  onVolume: () => void;
}

/** Plays what is to be played as long as it is shown. `silent`: its sound will not play here. */
export function usePlayback(video: Video, playing: Playing, way: Way, silent: boolean): Played {
  const playback = useRef<Playback | undefined>(undefined);
  const [state, setState] = useState<State>({ is: 'loading' });
  const [tracks, setTracks] = useState<Track[]>([]);
  const [muted, setMuted] = useState(false);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    [element.volume, element.muted] = [sound.value.volume, sound.value.muted];
    setTracks([]);
    const source = { ...playing.source, mute: silent };
    const player: Playback = new Playback(element, source, way, setState, {
      language: language.value,
      changed: () => setTracks(player.tracks()),
    });
    playback.current = player;
    const leave = (): void => player.destroy();
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      player.destroy();
    };
  }, [playing.key, way, silent, tries]);
  return {
    state,
    tracks,
    muted,
    choose: (id) => {
      language.set(tracks.find((one) => one.id === id)?.language ?? '');
      playback.current?.choose(id);
    },
    again: () => setTries((before) => before + 1),
    onVolume: () => {
      const [element, player] = [video.current, playback.current];
      if (!element) return;
      const { volume, muted } = element;
      if (player && !muted) player.silenced = false;
      // What a browser has muted by itself nobody has chosen.
      if (!player?.silenced) sound.set({ volume, muted });
      setMuted(muted);
    },
  };
}

/** Keeps how far a film has come, where somebody wants to know. */
export function usePlace(video: Video, playing: Playing): void {
  useEffect(() => {
    const { onPlace } = playing;
    const element = video.current;
    if (!onPlace || !element) return;
    const keep = (): void => {
      if (element.currentTime > 0 && Number.isFinite(element.duration)) onPlace(element.currentTime, element.duration);
    };
    const timer = setInterval(keep, KEEP);
    addEventListener('pagehide', keep);
    return () => {
      clearInterval(timer);
      removeEventListener('pagehide', keep);
      keep();
    };
  }, [playing.key]);
}
