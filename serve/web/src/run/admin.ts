// The administration, as /api/openapi.json describes it.
import { ask, Refused, session } from '../api';
import { Store } from '../store';

/** Whether the administration is open: whoever has logged in lately with his password. */
export const open = new Store<boolean | undefined>(undefined);

export async function admin<T>(path: string, init?: Parameters<typeof ask>[1]): Promise<T> {
  try {
    const answer = await ask<T>(`api/admin/${path}`, init);
    open.set(true);
    return answer;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) open.set(false);
    throw error;
  }
}

/** Shows the password again. */
export async function unlock(password: string): Promise<void> {
  await ask('api/admin/login', { json: { username: session.value?.name ?? '', password } });
  open.set(true);
}

export interface Gave {
  name: string;
  outcome: 'taken' | 'kept' | null;
  notes: string[];
  harvested: number;
  counts: Record<string, number>;
}

export interface Run {
  began: number;
  ended: number;
  verdict: 'published' | 'unchanged' | 'refused' | 'failed';
  release: number | null;
  why: string;
  sources: Gave[];
}

export interface Sources {
  run: Run | null;
  release: { name: string; outcome: 'taken' | 'kept'; reason: string; harvested: number; counts: Record<string, number> }[];
  /** Those that were added beside the configuration. */
  added: string[];
}

export interface Progress {
  running: boolean;
  sources: { source: string; step: string; found: Record<string, number>; done: boolean }[];
}

export interface Release {
  number: number;
  current: boolean;
  created: number;
  size: number;
  changes: Record<string, Record<string, unknown> & { examples?: { turn: string; id: number; name: string; was?: string }[] }>;
}

export interface Running {
  id: number;
  name: string | null;
  state: string;
  viewers: number;
  hls_sessions: number;
  account: string;
  protocol: string | null;
  bitrate_kbps: number | null;
  buffer_seconds: number;
  uptime_s: number;
  restarts: number;
  lost_packets: number;
  video_codec?: string | null;
  width?: number | null;
  height?: number | null;
  audio_codecs?: string[];
}

export interface Slot {
  account: string;
  login: number;
  used: number;
  limit: number | null;
  resting_s?: number;
  why?: string;
}

export interface Status {
  as_of: number;
  uptime_s: number;
  release: string | null;
  totals: {
    channels: number;
    viewers: number;
    bitrate_kbps: number;
    restarts: number;
    lost_packets: number;
    upstream_errors: number;
  };
  channels: Running[];
  slots: Slot[];
  seats: number;
}

/** What the relay is doing; nothing if it does not run in this process. */
export const status = (): Promise<Status | undefined> =>
  admin<Status>('status').catch((error: unknown) => {
    if (error instanceof Refused && error.status === 503) return undefined;
    throw error;
  });

export interface Watching {
  id: number;
  user: string;
  device: string | null;
  address: string;
  agent: string;
  watches: number;
  file: boolean;
  since: number;
  name: string | null;
}

export interface Sessions {
  sessions: Watching[];
  elsewhere: Record<string, number>;
}

export interface User {
  name: string;
  status: string;
  state: 'active' | 'disabled' | 'banned';
  created: number;
  max_connections: number;
  expires: number | null;
  trial: boolean;
  admin: boolean;
  downloads: 'no' | 'viewer' | 'operator';
  notes: string;
  sees: { lists?: string[]; groups?: string[]; not_groups?: string[] };
  catchup_zone: string;
  tokens: { device: string; admin: boolean; created: number }[];
}
