// The words of the page: one file for each language, all with the same shape.
import en from './strings/en';
import it from './strings/it';
import { Store } from './store';

export type Strings = typeof en;
export type Language = 'en' | 'it';

const ALL: Record<Language, Strings> = { en, it };
export const LANGUAGES: [Language, string][] = [
  ['en', 'English'],
  ['it', 'Italiano'],
];

const preferred = (): Language => {
  for (const wanted of navigator.languages) {
    const found = LANGUAGES.find(([language]) => wanted.toLowerCase().startsWith(language));
    if (found) return found[0];
  }
  return 'en';
};

export const language = new Store<Language>(preferred(), 'language');

/** In the language that is chosen now. */
export const t = (): Strings => ALL[language.value] ?? en;

const locale = (): string => (language.value === 'en' && navigator.language.startsWith('en') ? navigator.language : language.value);

/** What writes times and numbers is dear to make, and there are few of them. */
const writers = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat>();

function writer<T extends Intl.DateTimeFormat | Intl.NumberFormat>(what: string, make: (locale: string) => T): T {
  const key = `${locale()} ${what}`;
  const known = writers.get(key) as T | undefined;
  if (known) return known;
  const made = make(locale());
  writers.set(key, made);
  return made;
}

const timed = (what: string, form: Intl.DateTimeFormatOptions) => {
  return (time: number): string => writer(what, (locale) => new Intl.DateTimeFormat(locale, form)).format(time * 1000);
};

/** Unix time in seconds, as a clock shows it. */
export const clock = timed('clock', { hour: '2-digit', minute: '2-digit' });

export const day = timed('day', { weekday: 'short', day: 'numeric', month: 'short' });

export const date = timed('date', { dateStyle: 'medium' });

export const moment = timed('moment', { dateStyle: 'medium', timeStyle: 'short' });

export const count = (number: number): string => writer('count', (locale) => new Intl.NumberFormat(locale)).format(number);

export function decimal(number: number, digits = 1): string {
  const form = { maximumFractionDigits: digits, minimumFractionDigits: digits };
  return writer(`decimal ${digits}`, (locale) => new Intl.NumberFormat(locale, form)).format(number);
}

/** How long ago, or in how long, to the nearest unit that says enough. */
export function ago(time: number, now = Date.now() / 1000): string {
  const seconds = Math.round(time - now);
  const units: [Intl.RelativeTimeFormatUnit, number][] = [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
  ];
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}

/** Such as `1 h 5 min`. */
export function lasting(seconds: number): string {
  const minutes = Math.max(0, Math.round(seconds / 60));
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  while (size >= 1000 && at < units.length - 1) [size, at] = [size / 1000, at + 1];
  return `${at > 0 && size < 100 ? decimal(size) : count(Math.round(size))} ${units[at]}`;
}
