// A programme of the guide, to be recorded or not.
import { useState } from 'preact/hooks';
import type { Channel, Programme } from '../data';
import { address } from '../route';
import { useStore } from '../store';
import { Trouble, useFetched } from '../view/parts';
import { downloads, OPEN, type Added, type Download, type Downloads } from './data';
import { asker, may } from './role';
import { how } from './row';
import { w } from './words';

/** What is wanted of a channel, as the server is told it. */
export interface Wanted {
  channel: number;
  starts: number;
  stops: number;
  title?: string;
  /** Seconds by which it begins earlier and ends later; as configured. */
  before?: number;
  after?: number;
}

/** Of it there is a recording now, or there was one, or no server takes any. */
export type Outcome = 'added' | 'there' | 'unserved';

/** Asks for it. What came of that. */
export async function record(recording: Wanted): Promise<Outcome> {
  const told = await downloads<Added>('downloads', { json: { recording } });
  return told.added.length > 0 ? 'added' : told.there > 0 ? 'there' : 'unserved';
}

/** The recording of a programme, if there is one that may still become something. */
async function recordingOf({ stream_id: id }: Channel, [start, , title]: Programme): Promise<Download | undefined> {
  const query = new URLSearchParams({ state: [...OPEN, 'completed'].join(','), text: title, most: '500' });
  const { downloads: all } = await downloads<Downloads>(`downloads?${query}`);
  return all.find((one) => one.stream_id === id && one.airing?.starts === start && one.title === title);
}

/** Says whether it is recorded, and lets an operator change that. */
export function RecordThis({ channel, programme, now }: { channel: Channel; programme: Programme; now: number }) {
  const words = w().recording;
  const isOperator = may(useStore(asker), 'operator');
  const [start, stop, title] = programme;
  const [changes, setChanges] = useState(0);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const [outcome, setOutcome] = useState<Outcome>();
  // In a list, since nothing is an answer as well.
  const found = useFetched(() => recordingOf(channel, programme).then((one) => [one]), [channel.stream_id, start, changes]);
  const there = found.value?.[0];
  const change = async (changing: Promise<Outcome | undefined>): Promise<void> => {
    setBusy(true);
    setFailed(undefined);
    await changing.then(setOutcome, setFailed);
    setChanges((before) => before + 1);
    setBusy(false);
  };
  const add = (): Promise<Outcome> => record({ channel: channel.stream_id, starts: start, stops: stop, title });
  const drop = (one: Download): Promise<undefined> => downloads(`downloads/${one.id}`, { method: 'DELETE' });
  const trouble = failed ?? found.error;
  return (
    <>
      {trouble !== undefined && <Trouble error={trouble} />}
      <span class="hint" role="status">
        {!there && outcome === 'unserved' && words.outcomes.unserved}
        {there && (
          <>
            {words.state(how(there))} <a href={address('downloads', 'queue')}>{w().tabs.queue}</a>
          </>
        )}
      </span>
      {isOperator && found.value && !there && stop > now && (
        <button type="button" disabled={busy} onClick={() => void change(add())}>
          {words.record}
        </button>
      )}
      {isOperator && there?.state === 'pending' && (
        <button type="button" class="danger" disabled={busy} onClick={() => void change(drop(there))}>
          {words.drop}
        </button>
      )}
    </>
  );
}
