// Channels of Ace Stream by their ids: start one, see how it does, stop it; and a catalogue of them.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { placed, Refused } from '../api';
import { t } from '../strings';
import { said } from '../view/parts';
import { Player } from '../view/player';
import type { Playing } from '../view/playing';
import { Catalogue } from './catalogue';
import { Statistics } from './statistics';
import { begin, who, type Watch } from './watch';
import './ace.css';

/** The id in what somebody has typed or pasted; `undefined` if there is none. */
export const idOf = (text: string): string | undefined =>
  /(?:^|[^0-9a-f])([0-9a-f]{40})(?![0-9a-f])/i.exec(text.trim())?.[1]?.toLowerCase();

export function Ace() {
  const words = t().ace;
  const [watch, setWatch] = useState<Watch>();
  const [error, setError] = useState<unknown>();
  const start = (id: string): void => {
    setError(undefined);
    begin(id).then(setWatch, setError);
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
  const playing = useMemo(() => watch && played(watch), [watch]);
  return (
    <div class="ace">
      <h1>{words.title}</h1>
      <Ask onId={start} />
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
      <Catalogue onStart={start} />
    </div>
  );
}

function played(watch: Watch): Playing {
  return {
    key: `ace/${watch.id}`,
    title: watch.aceId,
    source: { playlist: placed(`api/streams/hls/${watch.id}/manifest.m3u8`), live: true },
    elsewhere: placed(`ace/getstream?id=${watch.aceId}&${who()}`, true),
  };
}

/** An id, typed or pasted. */
function Ask({ onId }: { onId: (id: string) => void }) {
  const words = t().ace;
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const id = idOf(typed);
    setWrong(!id);
    if (id) onId(id);
  };
  return (
    <>
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
    </>
  );
}

function why(error: unknown): string {
  const words = t().ace;
  if (error instanceof Refused && error.status === 404) return words.off;
  if (error instanceof Refused && error.status === 503) return words.engine;
  return said(error);
}
