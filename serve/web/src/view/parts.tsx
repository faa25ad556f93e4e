// What several views are made of.
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Refused } from '../api';
import { t } from '../strings';

const ICONS = {
  tv: 'M4 6h16v11H4zM9 20h6M8 2l4 4 4-4',
  grid: 'M3 4h18v16H3zM3 9h18M3 14.5h18M9 9v11',
  film: 'M4 4h16v16H4zM8 4v16M16 4v16M4 9h4M4 15h4M16 9h4M16 15h4',
  series: 'M3 8h14v11H3zM7 5h14v11M17 8v11',
  ace: 'M12 3v6M12 15v6M3 12h6M15 12h6M6 6l3.5 3.5M14.5 14.5 18 18M18 6l-3.5 3.5M9.5 14.5 6 18',
  run: 'M4 19V9M10 19V5M16 19v-7M21 19H2',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5',
  star: 'm12 3 2.7 5.7 6.3.8-4.6 4.3 1.2 6.2L12 17l-5.6 3 1.2-6.2L3 9.5l6.3-.8z',
  copy: 'M8 8h12v12H8zM16 8V4H4v12h4',
  open: 'M13 4h7v7M20 4l-9 9M18 14v6H4V6h6',
  pip: 'M3 5h18v14H3zM12 12h7v5h-7z',
  full: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  before: 'm15 5-7 7 7 7',
  after: 'm9 5 7 7-7 7',
  close: 'M5 5l14 14M19 5 5 19',
  menu: 'M4 7h16M4 12h16M4 17h16',
  mute: 'M4 9v6h4l5 4V5L8 9zM16 9.5l5 5M21 9.5l-5 5',
  play: 'M7 4v16l13-8z',
  plus: 'M12 4v16M4 12h16',
  back: 'M20 12H4M10 6l-6 6 6 6',
};

export type IconName = keyof typeof ICONS;

export function Icon({ name, filled }: { name: IconName; filled?: boolean }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" data-filled={filled ? '' : undefined}>
      <path d={ICONS[name]} />
    </svg>
  );
}

export function IconButton(props: { icon: IconName; label: string; filled?: boolean } & ButtonHTMLAttributes) {
  const { icon, label, filled, ...rest } = props;
  return (
    <button type="button" {...rest} class={`icon-button ${rest.class ?? ''}`} aria-label={label} title={label}>
      <Icon name={icon} filled={filled} />
    </button>
  );
}

/** What went wrong, in words. */
export function said(error: unknown): string {
  const words = t().refused;
  if (!(error instanceof Refused)) return words.other;
  if (error.status === 0) return words[0];
  if (error.status === 429) return words[429](error.wait ?? 60);
  if (error.status === 503 && !error.message) return words[503];
  if (error.message && error.status !== 500) return error.message;
  return error.status === 403 ? words[403] : error.status === 404 ? words[404] : words.other;
}

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

/** A picture of ours, or the first letters of the name when there is none. */
export function Picture({ src, name, kind }: { src: string; name: string; kind: 'logo' | 'cover' }) {
  const [broken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [src]);
  const letters = name
    .split(/\s+/)
    .map((word) => [...word][0] ?? '')
    .filter((letter) => /[\p{L}\p{N}]/u.test(letter))
    .slice(0, 2)
    .join('');
  return (
    <span class={`picture ${kind}`} aria-hidden="true">
      {src && !broken ? (
        <img src={src} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
      ) : (
        <span class="letters">{letters}</span>
      )}
    </span>
  );
}

export function Search(props: { label: string; value: string; onValue: (value: string) => void; onDown?: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={input}
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

/** A box above the page; Escape and its cross close it, and what had the focus gets it back. */
export function Dialog({ title, onClose, children, wide }: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? 'wide' : ''}
      aria-labelledby="dialog-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id="dialog-title">{title}</h2>
        <IconButton icon="close" label={t().close} onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  );
}

/** A question that must be answered before something is done. */
export function Confirm(props: { question: string; verb: string; onYes: () => Promise<void>; onClose: () => void }) {
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const yes = async (): Promise<void> => {
    setBusy(true);
    try {
      await props.onYes();
      props.onClose();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={props.verb} onClose={props.onClose}>
      <p>{props.question}</p>
      {error !== undefined && <Trouble error={error} />}
      <div class="actions">
        <button type="button" onClick={props.onClose}>
          {t().cancel}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={yes}>
          {props.verb}
        </button>
      </div>
    </Dialog>
  );
}

/** Copies, also where the page is not secure, which a box at home seldom is. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'out-of-sight';
    const home = document.querySelector('dialog[open]') ?? document.body;
    home.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function CopyButton({ text, label }: { text: string; label?: string }) {
  const [done, setDone] = useState(false);
  return (
    <button
      type="button"
      class="quiet"
      onClick={async () => {
        setDone(await copy(text));
        setTimeout(() => setDone(false), 2000);
      }}
    >
      <Icon name="copy" />
      <span aria-live="polite">{done ? t().copied : (label ?? t().copy)}</span>
    </button>
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
