// The line-up as the page knows it: fetched once, and again when it may have changed.
import { ask, session, xtream } from './api';
import { Store, remembered, remember } from './store';

export interface Channel {
  num: number;
  name: string;
  stream_id: number;
  stream_icon: string;
  epg_channel_id: string;
  category_ids: number[];
  tv_archive: 0 | 1;
  tv_archive_duration: number;
  stream_type: string;
  /** As it is searched: small letters without marks. */
  folded: string;
}

export interface Category {
  category_id: string;
  category_name: string;
}

export interface LineUp {
  channels: Channel[];
  byId: Map<number, Channel>;
  categories: Category[];
  /** How many channels a category has. */
  sizes: Map<number, number>;
  fetched: number;
}

/** A line-up is looked at anew after this time, in ms; the server says in a few bytes that it is the same. */
const FRESH = 5 * 60_000;

export const lineUp = new Store<LineUp | undefined>(undefined);

/** Small letters without marks, so that `cafe` finds `Café`. */
export const fold = (text: string): string =>
  text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase();

/** Whether all words of a query stand in a text, which is folded. */
export function finding(query: string): (folded: string) => boolean {
  const words = fold(query).split(/\s+/).filter(Boolean);
  return (folded) => words.every((word) => folded.includes(word));
}

let loading: Promise<void> | undefined;

export function loadLineUp(): Promise<void> {
  const known = lineUp.value;
  if (known && Date.now() - known.fetched < FRESH) return Promise.resolve();
  loading ??= fetchLineUp().finally(() => (loading = undefined));
  return loading;
}

async function fetchLineUp(): Promise<void> {
  const [channels, categories] = await Promise.all([
    xtream<Channel[]>('get_live_streams'),
    xtream<Category[]>('get_live_categories'),
  ]);
  const sizes = new Map<number, number>();
  for (const channel of channels) {
    channel.folded = fold(channel.name);
    for (const id of channel.category_ids) sizes.set(id, (sizes.get(id) ?? 0) + 1);
  }
  const byId = new Map(channels.map((channel) => [channel.stream_id, channel]));
  lineUp.set({ channels, byId, categories, sizes, fetched: Date.now() });
}

/** What somebody else sees is none of it. */
session.watch((now) => {
  if (!now) lineUp.set(undefined);
});

/** A programme: begin and end (Unix time in seconds), and its title. */
export type Programme = [start: number, stop: number, title: string];

/** What is on at some channels within a span of time. */
export function programmes(ids: number[], from: number, until: number, signal?: AbortSignal): Promise<Record<string, Programme[]>> {
  const query = `ids=${ids.join(',')}&from=${Math.floor(from)}&until=${Math.floor(until)}`;
  return ask(`page/api/guide?${query}`, signal ? { signal } : {});
}

export interface Listing {
  title: string;
  description: string;
  start_timestamp: string;
  stop_timestamp: string;
  has_archive: 0 | 1;
  now_playing: 0 | 1;
}

/** All programmes of a channel with what they are about. */
export async function listings(id: number): Promise<Listing[]> {
  const found = await xtream<{ epg_listings: Listing[] }>('get_simple_data_table', { stream_id: id });
  return found.epg_listings.map((listing) => ({
    ...listing,
    title: text(listing.title),
    description: text(listing.description),
  }));
}

/** Base64 of UTF-8, as the API of the apps has it. */
function text(coded: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(coded), (char) => char.charCodeAt(0)));
  } catch {
    return coded;
  }
}

// What is on now and next, for those channels that are seen.

const HOURS = 6 * 3600;
const asked = new Map<number, { until: number; programmes: Programme[] }>();
const wanted = new Set<number>();
let timer = 0;

/** Grows when something more is known of what is on. */
export const onAir = new Store(0);

/** Now and what follows, as far as it is known; what is not is asked for, together with what others want. */
export function whatIsOn(id: number, now: number): Programme[] {
  const known = asked.get(id);
  if (!known || known.until < now) {
    wanted.add(id);
    if (!timer) timer = window.setTimeout(askWanted, 60);
  }
  return known?.programmes.filter(([, stop]) => stop > now) ?? [];
}

async function askWanted(): Promise<void> {
  timer = 0;
  // Those that were wanted last are seen now; the others were scrolled past.
  const ids = [...wanted].slice(-120);
  wanted.clear();
  const now = Date.now() / 1000;
  for (const id of ids) asked.set(id, { until: now + 60, programmes: asked.get(id)?.programmes ?? [] });
  try {
    const found = await programmes(ids, now, now + HOURS);
    for (const id of ids) {
      const list = found[id] ?? [];
      // Until two programmes before its end, and not too long: the guide may change.
      const last = list.at(-1)?.[1] ?? 0;
      asked.set(id, { until: Math.min(now + 1800, Math.max(now + 300, last - HOURS / 2)), programmes: list });
    }
  } catch {
    // Without a guide there are channels.
  }
  onAir.set(onAir.value + 1);
}

session.watch((now) => {
  if (!now) asked.clear();
});

// What this browser remembers of a user.

const mine = (what: string): string => `${session.value?.name ?? ''}.${what}`;

export const favourites = (): number[] => remembered<number[]>(mine('favourites')) ?? [];

export function toggleFavourite(id: number): void {
  const before = favourites();
  remember(mine('favourites'), before.includes(id) ? before.filter((one) => one !== id) : [...before, id]);
  changed.set(changed.value + 1);
}

export const recent = (): number[] => remembered<number[]>(mine('recent')) ?? [];

export function watched(id: number): void {
  remember(mine('recent'), [id, ...recent().filter((one) => one !== id)].slice(0, 30));
}

/** Grows when what is remembered changes. */
export const changed = new Store(0);

/** How far somebody has come with a film or an episode. */
export interface Place {
  key: string;
  kind: 'movie' | 'series';
  id: number;
  /** The film's or the series' id, for the way back to it. */
  of: number;
  name: string;
  extension: string;
  seconds: number;
  length: number;
  when: number;
}

export const places = (): Place[] => remembered<Place[]>(mine('places')) ?? [];

export const place = (kind: string, id: number): Place | undefined =>
  places().find((one) => one.key === `${kind}/${id}`);

export function keepPlace(now: Place): void {
  const others = places().filter((one) => one.key !== now.key);
  // What is nearly at its end has been seen.
  const over = now.length > 0 && now.seconds > now.length - Math.max(30, now.length * 0.03);
  remember(mine('places'), over || now.seconds < 10 ? others : [now, ...others].slice(0, 60));
  changed.set(changed.value + 1);
}

export function forgetPlace(key: string): void {
  remember(mine('places'), places().filter((one) => one.key !== key));
  changed.set(changed.value + 1);
}
