// What the page asks the server: the API of the apps with its token, and what it has besides with its cookie.
import { Store } from './store';

/** Below what we are shown; ends with a slash. */
export const here = new URL('.', document.baseURI);

export interface Session {
  name: string;
  token: string;
  admin: boolean;
  expires: number | null;
  max_connections: number;
  base: string;
  version: string;
}

/** Who has logged in; `null` nobody, `undefined` while that is not known yet. */
export const session = new Store<Session | null | undefined>(undefined);

/** The server says no, and why; status 0: it does not answer. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly wait?: number,
  ) {
    super(message);
  }
}

export async function ask<T>(path: string, init: RequestInit & { json?: unknown } = {}): Promise<T> {
  const { json, ...rest } = init;
  if (json !== undefined) {
    rest.method ??= 'POST';
    rest.body = JSON.stringify(json);
    rest.headers = { 'content-type': 'application/json' };
  }
  let answer: Response;
  try {
    answer = await fetch(new URL(path, here), rest);
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new Refused(0, '');
  }
  if (!answer.ok) {
    // Who was let in may have been put out since.
    if (answer.status === 403 && session.value && !path.startsWith('page/api/session')) void recall().catch(() => undefined);
    throw await refusal(answer);
  }
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

async function refusal(answer: Response): Promise<Refused> {
  const wait = Number(answer.headers.get('retry-after')) || undefined;
  let detail = '';
  try {
    const document = await answer.json();
    detail = document.detail ?? document.error ?? document.user_info?.status ?? '';
  } catch {
    // Not every refusal is a document.
  }
  return new Refused(answer.status, detail, wait);
}

const token = (): string => encodeURIComponent(session.value?.token ?? '');

/** Asks as an app does. */
export function xtream<T>(action: string, params: Record<string, string | number> = {}): Promise<T> {
  const query = new URLSearchParams({ token: session.value?.token ?? '', action });
  for (const [name, value] of Object.entries(params)) query.set(name, String(value));
  return ask<T>(`player_api.php?${query}`);
}

/** Where a stream is: for our own players relative to here, for others (`whole`) as they reach us. */
export function stream(kind: 'live' | 'movie' | 'series', id: number, extension: string, whole = false): string {
  return placed(`${kind}/${token()}/${id}.${extension}`, whole);
}

/** The past of a channel, from `start` (Unix time in seconds), so many minutes of it. */
export function past(id: number, start: number, minutes: number, extension: string, whole = false): string {
  return placed(`timeshift/${token()}/${minutes}/${start}/${id}.${extension}`, whole);
}

export function placed(path: string, whole = false): string {
  return whole && session.value ? `${session.value.base}/${path}` : new URL(path, here).href;
}

export const picture = (list: 'live' | 'movies' | 'series', id: number): string =>
  new URL(`page/api/picture/${list}/${id}`, here).href;

export async function logIn(username: string, password: string): Promise<void> {
  session.set(await ask<Session>('page/api/login', { json: { username, password } }));
}

export async function logOut(): Promise<void> {
  await ask('api/admin/logout', { method: 'POST' }).catch((error: unknown) => {
    // Who administers nothing has nothing to give back.
    if (!(error instanceof Refused && error.status === 401)) throw error;
  });
  await ask('page/api/logout', { method: 'POST' });
  session.set(null);
}

/** Finds out who has logged in. */
export async function recall(): Promise<void> {
  try {
    session.set(await ask<Session>('page/api/session'));
  } catch (error) {
    if (error instanceof Refused && [403, 404].includes(error.status)) session.set(null);
    else throw error;
  }
}
