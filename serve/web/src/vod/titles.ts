// Films and series, as lists and details have them.
import { session, xtream } from '../api';
import { fold, type Category } from '../data';

export type Kind = 'films' | 'series';

export interface Title {
  id: number;
  name: string;
  year: string;
  rating: string;
  picture: string;
  extension: string;
  folded: string;
}

interface Listed {
  stream_id?: number;
  series_id?: number;
  name: string;
  year: string;
  rating: string;
  stream_icon?: string;
  cover?: string;
  container_extension?: string;
}

const lists = new Map<string, Promise<Title[]>>();

session.watch((now) => {
  if (!now) lists.clear();
});

const ACTIONS = { films: 'get_vod_streams', series: 'get_series' };
const CATEGORIES = { films: 'get_vod_categories', series: 'get_series_categories' };

export const categories = (kind: Kind): Promise<Category[]> => xtream<Category[]>(CATEGORIES[kind]);

/** Those of a category; of all with `''`, which is large, and fetched for who searches. */
export function titles(kind: Kind, category: string): Promise<Title[]> {
  const key = `${kind}/${category}`;
  const known = lists.get(key);
  if (known) return known;
  const fetching = xtream<Listed[]>(ACTIONS[kind], category ? { category_id: category } : {}).then((all) => all.map(title));
  lists.set(key, fetching);
  fetching.catch(() => lists.delete(key));
  return fetching;
}

const title = (one: Listed): Title => ({
  id: one.stream_id ?? one.series_id ?? 0,
  name: one.name,
  year: one.year,
  rating: one.rating,
  picture: one.stream_icon ?? one.cover ?? '',
  extension: one.container_extension ?? 'mp4',
  folded: fold(one.name),
});

export interface Facts {
  name: string;
  plot: string;
  director: string;
  cast: string;
  genre: string;
  rating: string;
  duration_secs?: number;
  duration?: string;
  releasedate?: string;
  release_date?: string;
  country?: string;
}

export interface Film {
  info: Facts;
  movie_data: { stream_id: number; name: string; container_extension: string; year: string };
}

export interface Episode {
  id: string;
  episode_num: number;
  title: string;
  container_extension: string;
  season: number;
  info: { plot: string; duration: string; duration_secs: number };
}

export interface Series {
  info: Facts & { name: string | null; cover: string; year: string };
  seasons: { season_number: number; name: string }[];
  episodes: Record<string, Episode[]>;
}

export const film = (id: number): Promise<Film> => xtream<Film>('get_vod_info', { vod_id: id });
export const series = (id: number): Promise<Series> => xtream<Series>('get_series_info', { series_id: id });
