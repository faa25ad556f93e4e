// Channels of Ace Stream by their ids: start one, see how it does, stop it; and a catalogue of them.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ask, placed, Refused, session } from '../api';
import { useStore } from '../store';
import { bytes, count, decimal, t } from '../strings';
import { Confirm, Dialog, Icon, IconButton, said, Search, Trouble, useFetched, Wait } from '../view/parts';
import { Player, type Playing } from '../view/player';
import './ace.css';

/** With a token in place of the password, which is what this API takes. */
const who = (): string =>
  new URLSearchParams({ username: session.value?.name ?? '', password: session.value?.token ?? '' }).toString();

interface Watch {
  id: string;
  aceId: string;
  hlsUrl: string;
}

interface Stats {
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

/** The id in what somebody has typed or pasted; `undefined` if there is none. */
export const idOf = (text: string): string | undefined =>
  /(?:^|[^0-9a-f])([0-9a-f]{40})(?![0-9a-f])/i.exec(text.trim())?.[1]?.toLowerCase();

export function Ace() {
  const words = t().ace;
  const [watch, setWatch] = useState<Watch>();
  const [error, setError] = useState<unknown>();
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);

  const start = async (id: string): Promise<void> => {
    setError(undefined);
    try {
      const { session: begun } = await ask<{ session: Watch }>(`api/streams/start/${id}?${who()}`, { method: 'POST' });
      setWatch(begun);
    } catch (error) {
      setError(error);
    }
  };
  // Who leaves stops watching: the page cannot wait for an answer then.
  useEffect(() => {
    if (!watch) return;
    const leave = (): void => void navigator.sendBeacon(new URL(`api/streams/stop/${watch.id}`, placed('')));
    addEventListener('pagehide', leave);
    return () => {
      removeEventListener('pagehide', leave);
      leave();
    };
  }, [watch]);
  const playing = useMemo<Playing | undefined>(
    () =>
      watch && {
        key: `ace/${watch.id}`,
        title: watch.aceId,
        source: { playlist: placed(`api/streams/hls/${watch.id}/manifest.m3u8`), live: true },
        elsewhere: placed(`ace/getstream?id=${watch.aceId}&${who()}`, true),
      },
    [watch],
  );
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const id = idOf(typed);
    setWrong(!id);
    if (id) void start(id);
  };
  return (
    <div class="ace">
      <h1>{words.title}</h1>
      <form class="head" onSubmit={submit}>
        <label class="grow">
          {words.id}
          <input
            name="id"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            aria-invalid={wrong}
            aria-describedby={wrong ? 'ace-wrong' : undefined}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            required
          />
        </label>
        <button type="submit" class="main">
          {words.start}
        </button>
      </form>
      {wrong && (
        <p id="ace-wrong" class="trouble" role="alert">
          {words.wrong}
        </p>
      )}
      {error !== undefined && (
        <p class="trouble" role="alert">
          {why(error)}
        </p>
      )}
      {watch && playing && (
        <>
          <Player key={playing.key} playing={playing} />
          <Statistics watch={watch} onStop={() => setWatch(undefined)} />
        </>
      )}
      <Catalogue onStart={(id) => void start(id)} />
    </div>
  );
}

function why(error: unknown): string {
  const words = t().ace;
  if (error instanceof Refused && error.status === 404) return words.off;
  if (error instanceof Refused && error.status === 503) return words.engine;
  return said(error);
}

/** Seconds in which it is looked every second, and the rest every five. */
const WARM = 30;
/** So long without a peer, and something is said, in seconds. */
const ALONE = 15;

function Statistics({ watch, onStop }: { watch: Watch; onStop: () => void }) {
  const words = t().ace;
  const began = useMemo(() => performance.now(), [watch.id]);
  const [fast, setFast] = useState(true);
  const [alone, setAlone] = useState<number>();
  const { value, error } = useFetched(
    async () => (await ask<{ stats: Stats }>(`api/streams/status/${watch.id}`)).stats,
    [watch.id, fast],
    fast ? 1000 : 5000,
  );
  useEffect(() => {
    if (fast && performance.now() - began > WARM * 1000) setFast(false);
    if (!value) return;
    if (value.peers > 0) setAlone(undefined);
    else setAlone((before) => before ?? performance.now());
  }, [value]);
  const lonely = alone !== undefined && performance.now() - alone > ALONE * 1000;
  return (
    <section class="card statistics">
      <div class="head">
        <p role="status">
          {error !== undefined ? (
            said(error)
          ) : !value ? (
            t().loading
          ) : value.status === 'prebuf' ? (
            words.connecting(value.peers, value.progress)
          ) : (
            <>
              {words.status}: <strong>{words.states[value.session === 'active' ? value.status : value.session] ?? value.status}</strong>
            </>
          )}
        </p>
        <button type="button" class="danger" onClick={onStop}>
          {words.stop}
        </button>
      </div>
      {lonely && <p class="note">{words.nobody}</p>}
      {value && (
        <dl class="numbers">
          {(
            [
              [words.peers, count(value.peers)],
              [words.down, `${decimal((value.speed_down * 8.192) / 1000)} Mbit/s`],
              [words.up, `${decimal((value.speed_up * 8.192) / 1000)} Mbit/s`],
              [words.received, bytes(value.downloaded)],
              [words.prebuffer, `${value.progress} %`],
            ] as const
          ).map(([name, number]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{number}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

interface Entry {
  id: string;
  name: string;
  ace_stream_id: string;
  description: string;
  category: string;
  language: string;
  quality: string;
  is_active: boolean;
}

const PAGE = 50;

function Catalogue({ onStart }: { onStart: (id: string) => void }) {
  const words = t().ace;
  const own = useStore(session);
  const [query, setQuery] = useState('');
  const [more, setMore] = useState(PAGE);
  const [changes, setChanges] = useState(0);
  const [shown, setShown] = useState<{ what: 'form'; entry?: Entry } | { what: 'remove'; entry: Entry }>();
  const { value, error, retry } = useFetched(
    () =>
      ask<{ channels: Entry[]; total: number }>(
        `api/channels${query ? '/search' : ''}?${who()}&limit=${more}&q=${encodeURIComponent(query)}`,
      ),
    [query, more, changes],
  );
  const close = (): void => setShown(undefined);
  const changed = (): void => setChanges((before) => before + 1);
  return (
    <section class="catalogue" aria-label={words.catalogue}>
      <div class="head">
        <h2>{words.catalogue}</h2>
        {own?.admin && (
          <button type="button" onClick={() => setShown({ what: 'form' })}>
            <Icon name="plus" /> {words.add}
          </button>
        )}
      </div>
      <Search label={words.search} value={query} onValue={setQuery} />
      {error !== undefined && <Trouble error={error} retry={retry} />}
      {!value && error === undefined && <Wait />}
      {value?.channels.length === 0 && <p class="empty">{query ? t().watch.none : words.empty}</p>}
      <ul>
        {value?.channels.map((one) => (
          <li key={one.id} class="card head">
            <div class="grow">
              <strong>{one.name}</strong>
              <p class="hint">
                {[one.category, one.language, one.quality, one.description].filter(Boolean).join(' · ')}
              </p>
            </div>
            <button type="button" onClick={() => onStart(one.ace_stream_id)}>
              <Icon name="play" /> {words.start}
              <span class="out-of-sight"> {one.name}</span>
            </button>
            {own?.admin && (
              <>
                <button type="button" class="quiet" onClick={() => setShown({ what: 'form', entry: one })}>
                  {words.edit}
                  <span class="out-of-sight"> {one.name}</span>
                </button>
                <IconButton icon="close" label={`${t().remove}: ${one.name}`} onClick={() => setShown({ what: 'remove', entry: one })} />
              </>
            )}
          </li>
        ))}
      </ul>
      {value && value.total > value.channels.length && (
        <button type="button" onClick={() => setMore(more + PAGE)}>
          {count(value.channels.length)} / {count(value.total)} …
        </button>
      )}
      {shown?.what === 'form' && (
        <EntryForm
          entry={shown.entry}
          onClose={close}
          onDone={() => {
            close();
            changed();
          }}
        />
      )}
      {shown?.what === 'remove' && (
        <Confirm
          question={words.removing(shown.entry.name)}
          verb={t().remove}
          onYes={async () => {
            await ask(`api/channels/${shown.entry.id}?${who()}`, { method: 'DELETE' });
            changed();
          }}
          onClose={close}
        />
      )}
    </section>
  );
}

function EntryForm({ entry, onClose, onDone }: { entry?: Entry; onClose: () => void; onDone: () => void }) {
  const words = t().ace;
  const [error, setError] = useState<unknown>();
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const said = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement));
    try {
      await ask(`api/channels${entry ? `/${entry.id}` : ''}?${who()}`, { method: entry ? 'PUT' : 'POST', json: said });
      onDone();
    } catch (error) {
      setError(error);
    }
  };
  const fields = ['category', 'language', 'quality'] as const;
  return (
    <Dialog title={entry ? words.edit : words.add} onClose={onClose}>
      <form class="form" onSubmit={save}>
        {error !== undefined && (
          <div class="whole">
            <Trouble error={error} />
          </div>
        )}
        <label class="whole">
          {words.name}
          <input name="name" required maxLength={200} defaultValue={entry?.name} />
        </label>
        <label class="whole">
          {words.id}
          <input name="ace_stream_id" required defaultValue={entry?.ace_stream_id} autocapitalize="none" spellcheck={false} />
        </label>
        {fields.map((field) => (
          <label key={field}>
            {words[field]}
            <input name={field} defaultValue={entry?.[field]} />
          </label>
        ))}
        <label class="whole">
          {words.description}
          <textarea name="description" rows={2} defaultValue={entry?.description} />
        </label>
        <div class="actions whole">
          <button type="button" onClick={onClose}>
            {t().cancel}
          </button>
          <button type="submit" class="main">
            {t().save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
