// What is asked of Ace Stream: sessions by the ids of channels.
import { ask, session } from '../api';

/** With a token in place of the password, which is what this API takes. */
export const who = (): string =>
  new URLSearchParams({ username: session.value?.name ?? '', password: session.value?.token ?? '' }).toString();

/** A session, which is one viewer. */
export interface Watch {
  id: string;
  aceId: string;
  hlsUrl: string;
}

export interface Stats {
  session: string;
  status: string;
  peers: number;
  speed_down: number;
  speed_up: number;
  downloaded: number;
  uploaded: number;
  progress: number;
  bitrate_kbps?: number | null;
  stats_stale: boolean;
}

export async function begin(id: string): Promise<Watch> {
  return (await ask<{ session: Watch }>(`api/streams/start/${id}?${who()}`, { method: 'POST' })).session;
}

export async function stats(watch: Watch): Promise<Stats> {
  return (await ask<{ stats: Stats }>(`api/streams/status/${watch.id}`)).stats;
}
