// Downloads, as /api/openapi.json describes them.
import { useEffect, useState } from 'preact/hooks';
import { ask, here } from '../api';

export type State = 'pending' | 'downloading' | 'downloaded' | 'transferring' | 'completed' | 'failed' | 'paused' | 'cancelled';
export type Wait = 'slot' | 'disk' | 'window' | 'retry' | 'target' | 'engine' | 'schedule';
export type Priority = 'high' | 'medium' | 'low';

export interface Download {
  id: number;
  target: number;
  kind: 'movie' | 'episode' | 'live';
  title: string;
  year: string;
  /** Its number at themoviedb.org as its list tells it; `''`: it tells none. */
  tmdb: string;
  /** What somebody has picked for its title; no number: none of those that are known there. */
  picked: { tmdb: number | null; title: string; year: number } | null;
  season: number | null;
  episode: number | null;
  /** Of a recording, what it is of. */
  airing: Airing | null;
  /** Our id of the film, the episode or the channel. */
  stream_id: number;
  /** Lines of its picture as the list says it, */
  quality: number | null;
  /** and as measured. */
  measured_h: number | null;
  user: string;
  state: State;
  wait: Wait | null;
  not_before: number;
  rank: Priority;
  total: number | null;
  have: number;
  t_have: number;
  final_path: string | null;
  error: string | null;
  created: number;
}

/** Times are Unix time in seconds, `lead` and `tail` seconds. */
export interface Airing {
  channel: string;
  starts: number;
  stops: number;
  lead: number;
  tail: number;
}

/** Those that may still become something. */
export const OPEN: State[] = ['pending', 'downloading', 'downloaded', 'transferring', 'paused', 'failed'];

export interface Downloads {
  total: number;
  downloads: Download[];
  holds: { scope: 'all' | 'account' | 'target'; name: string; wait: Wait; until: number; why: string }[];
}

export interface Server {
  id: number;
  name: string;
  kind: string;
  url: string | null;
  base: string | null;
  secret: string | null;
  host_key: string | null;
  style: string;
  types: string[];
  min_q: number | null;
  max_q: number | null;
  max_parallel: number;
  bwlimit: number;
  cleanup: boolean;
  maintenance: boolean;
  status: 'unknown' | 'online' | 'offline' | 'error';
  checked: number;
  rtt_ms: number | null;
  free: number | null;
  total: number | null;
  last_error: string | null;
}

export type Class = 'new' | 'same' | 'upgrade' | 'other-variant' | 'moved' | 'gone' | 'duplicate' | 'filtered' | 'ambiguous';

export interface List {
  id: number;
  name: string;
  main: boolean;
  entries: number;
  created: number;
  user: string;
}

export interface Entry {
  place: number;
  class: Class;
  reason: string | null;
  kind: 'movie' | 'series' | 'novela' | 'live';
  title: string;
  year: number;
  season: number | null;
  episode: number | null;
  name: string;
  quality: string;
  language: string | null;
  group: string;
  available: boolean;
}

export interface Difference {
  counts: Record<Class, number>;
  total: number;
  entries: Entry[];
}

export interface Added {
  added: number[];
  there: number;
  unavailable: number;
  unserved: number;
}

export interface Stats {
  states: Partial<Record<State, number>>;
  bytes: number;
  days: Record<string, number>;
  throughput: { mean: number; p95: number } | null;
  failures: Record<string, number>;
  servers: Record<string, number>;
  users: Record<string, number> | null;
}

export interface Happened {
  id: number;
  timestamp: number;
  level: 'debug' | 'info' | 'warning' | 'error' | 'critical';
  job: number | null;
  user: string;
  action: string;
  details: string;
  ip_address: string;
}

export const downloads = <T>(path: string, init?: Parameters<typeof ask>[1]): Promise<T> => ask<T>(`api/${path}`, init);

export const servers = (): Promise<Server[]> => downloads<{ servers: Server[] }>('servers').then((told) => told.servers);

/** An episode with its number, a film with its year. */
export function named(it: { title: string; year: string | number; season: number | null; episode: number | null }): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  if (it.episode !== null) return `${it.title} S${two(it.season ?? 1)}E${two(it.episode)}`;
  return Number(it.year) ? `${it.title} (${it.year})` : it.title;
}

/** How far one is that goes on. */
export interface Progress {
  id: number;
  state: State;
  total: number | null;
  have: number;
  t_have: number;
  /** Bytes per second, */
  speed: number | null;
  /** and seconds until it is there; null before anybody can tell. */
  eta: number | null;
}

/** Listens to what happens, as long as the view is shown: a number that rises with it, and how far those are that go on. */
export function useFollowed(): { changes: number; progress: Map<number, Progress> } {
  const [changes, setChanges] = useState(0);
  const [progress, setProgress] = useState(new Map<number, Progress>());
  useEffect(() => {
    const source = new EventSource(new URL('api/events', here));
    let timer = 0;
    // Several things that happen at once are looked at once.
    const changed = (): void => {
      timer ||= window.setTimeout(() => {
        timer = 0;
        setChanges((before) => before + 1);
      }, 300);
    };
    // What happened between the first look and this is told by nobody.
    source.addEventListener('open', changed);
    source.addEventListener('event', changed);
    source.addEventListener('reset', changed);
    source.addEventListener('progress', (event) => {
      const all = JSON.parse((event as MessageEvent<string>).data) as Progress[];
      setProgress(new Map(all.map((one) => [one.id, one])));
    });
    return () => {
      clearTimeout(timer);
      source.close();
    };
  }, []);
  return { changes, progress };
}
