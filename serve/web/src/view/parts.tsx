// What several views are made of.
import { useEffect, useState } from 'preact/hooks';
import { Refused } from '../api';
import { t } from '../strings';
import { Icon } from './icon';

/** What went wrong, in words. */
export function said(error: unknown): string {
  const words = t().refused;
  if (!(error instanceof Refused)) return words.other;
  if (error.status === 0) return words[0];
  if (error.status === 429) return words[429](error.wait ?? 60);
  if (error.status === 503 && !error.message) return words[503];
  if (error.message && error.status !== 500) return translated(error.message);
  return error.status === 403 ? words[403] : error.status === 404 ? words[404] : words.other;
}

/** What the server has said, in the language of the page as far as that has words for it. */
export const translated = (words: string): string => t().refused.server[words] ?? words;

export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  return (
    <div class="trouble" role="alert">
      <p>{said(error)}</p>
      {retry && (
        <button type="button" onClick={retry}>
          {t().retry}
        </button>
      )}
    </div>
  );
}

export function Wait({ what }: { what?: string }) {
  return (
    <div class="wait" role="status">
      <span class="spinner" aria-hidden="true" />
      {what ?? t().loading}
    </div>
  );
}

/** Fetches, shows that it does, and says what goes wrong. `every`: again after so many ms, while the page is seen. */
export function useFetched<T>(fetching: () => Promise<T>, on: unknown[], every?: number) {
  const [state, setState] = useState<{ value?: T; error?: unknown }>({});
  const [again, setAgain] = useState(0);
  useEffect(() => {
    let over = false;
    let timer = 0;
    const look = async (): Promise<void> => {
      try {
        const value = await fetching();
        if (!over) setState({ value });
      } catch (error) {
        if (!over) setState((before) => ({ ...before, error }));
      }
      if (!over && every) timer = window.setTimeout(rest, every);
    };
    const rest = (): void => void (document.hidden ? (timer = window.setTimeout(rest, 1000)) : look());
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [...on, again]);
  return { ...state, retry: () => setAgain((before) => before + 1) };
}

/** What is passed within so many ms while one scrolls is not fetched. */
const PASSING = 120;
/** Pictures that have been seen, which the browser has: so many are remembered. */
const SEEN = 4000;
const seen = new Set<string>();

/** A picture of ours, or the first letters of the name when there is none. */
export function Picture({ src, name, kind }: { src: string; name: string; kind: 'logo' | 'cover' }) {
  const [broken, setBroken] = useState(false);
  const [stays, setStays] = useState(seen.has(src));
  useEffect(() => {
    setBroken(false);
    const isKnown = seen.has(src);
    setStays(isKnown);
    if (isKnown || !src) return;
    const timer = setTimeout(() => setStays(true), PASSING);
    return () => clearTimeout(timer);
  }, [src]);
  const loaded = (): void => {
    if (seen.size >= SEEN) seen.clear();
    seen.add(src);
  };
  return (
    <span class={`picture ${kind}`} aria-hidden="true">
      {src && !broken ? (
        stays && <img src={src} alt="" loading="lazy" decoding="async" onLoad={loaded} onError={() => setBroken(true)} />
      ) : (
        <span class="letters">{initials(name)}</span>
      )}
    </span>
  );
}

function initials(name: string): string {
  const letters = name.split(/\s+/).map((word) => [...word][0] ?? '');
  return letters.filter((letter) => /[\p{L}\p{N}]/u.test(letter)).slice(0, 2).join('');
}

export function Search(props: { label: string; value: string; onValue: (value: string) => void; onDown?: () => void }) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label={props.label}
        placeholder={props.label}
        value={props.value}
        autocomplete="off"
        spellcheck={false}
        onInput={(event) => props.onValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' && props.onDown) {
            event.preventDefault();
            props.onDown();
          }
        }}
      />
    </div>
  );
}

/** The time, which moves on every so many ms. */
export function useNow(every: number): number {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1000), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}
