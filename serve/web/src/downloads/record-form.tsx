// A channel that is recorded from a time to another, whatever the guide says of it.
import { useState } from 'preact/hooks';
import { finding, lineUp, loadLineUp, type Channel } from '../data';
import { address } from '../route';
import { useStore } from '../store';
import { t } from '../strings';
import { Dialog } from '../view/dialog';
import { Field } from '../view/field';
import { Trouble, useFetched } from '../view/parts';
import { record, type Outcome } from './record';
import { w } from './words';

/** So long if nobody says, in seconds. */
const USUAL = 3600;
/** So many channels are offered to whoever has typed a part of a name. */
const OFFERED = 50;

/** Unix time as a field of a form has it, by the clock of whoever looks at it. */
const local = (time: number): string => new Date((time - new Date(time * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16);
const seconds = (text: string): number => Math.floor(new Date(text).getTime() / 1000);

/** What is typed for a channel: no other has this. */
const spelled = (one: Channel): string => `${one.num} ${one.name}`;

/** `channel`: the one that is watched; `until`: when that ends which is on there. */
export function RecordForm({ channel, until, onClose }: { channel?: Channel; until?: number; onClose: () => void }) {
  const words = w().recording;
  const known = useStore(lineUp);
  const { error } = useFetched(loadLineUp, []);
  const [begun] = useState(Date.now() / 1000);
  const [outcome, setOutcome] = useState<Outcome>();
  const [failed, setFailed] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    const meant = channel ?? known?.channels.find((one) => spelled(one) === text('channel'));
    if (!meant) return;
    // Whoever says the minute that is now means now.
    const starts = Math.max(seconds(text('from')), Math.ceil(Date.now() / 1000));
    setBusy(true);
    setFailed(undefined);
    try {
      setOutcome(await record({ channel: meant.stream_id, starts, stops: seconds(text('to')), title: text('title'), before: 0, after: 0 }));
    } catch (error) {
      setFailed(error);
    }
    setBusy(false);
  };
  if (outcome) return <Said outcome={outcome} onClose={onClose} />;
  return (
    <Dialog title={words.title} onClose={onClose}>
      <form class="form" onSubmit={(event) => void save(event)}>
        {(failed ?? error) !== undefined && (
          <div class="whole">
            <Trouble error={failed ?? error} />
          </div>
        )}
        {channel ? <p class="whole">{spelled(channel)}</p> : <ChooseChannel all={known?.channels ?? []} />}
        <Field label={words.from} name="from" type="datetime-local" required defaultValue={local(begun)} />
        <Field label={words.to} name="to" type="datetime-local" required defaultValue={local(until ?? begun + USUAL)} />
        <Field whole label={words.name} hint={words.nameHint} name="title" maxLength={200} autocomplete="off" />
        <div class="actions whole">
          <button type="button" onClick={onClose}>
            {t().cancel}
          </button>
          <button type="submit" class="main" disabled={busy}>
            {words.record}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** What came of it, and where that is seen. */
function Said({ outcome, onClose }: { outcome: Outcome; onClose: () => void }) {
  const words = w().recording;
  const tab = outcome === 'unserved' ? 'servers' : 'queue';
  return (
    <Dialog title={words.title} onClose={onClose}>
      <p role="status">
        {words.outcomes[outcome]} <a href={address('downloads', tab)}>{w().tabs[tab]}</a>
      </p>
      <div class="actions">
        <button type="button" class="main" onClick={onClose}>
          {t().close}
        </button>
      </div>
    </Dialog>
  );
}

/** One of the line-up, of which some are offered by what is typed. */
function ChooseChannel({ all }: { all: Channel[] }) {
  const words = w().recording;
  const [text, setText] = useState('');
  const fits = finding(text);
  const offered = all.filter((one) => fits(`${one.num} ${one.folded}`)).slice(0, OFFERED);
  const typed = (input: HTMLInputElement): void => {
    input.setCustomValidity(all.some((one) => spelled(one) === input.value.trim()) ? '' : words.which);
    setText(input.value);
  };
  return (
    <>
      <Field
        whole
        label={words.channel}
        hint={words.channelHint}
        name="channel"
        list="channels-to-record"
        required
        autofocus
        autocomplete="off"
        onInput={(event) => typed(event.currentTarget)}
      />
      <datalist id="channels-to-record">
        {offered.map((one) => (
          <option key={one.stream_id} value={spelled(one)} />
        ))}
      </datalist>
    </>
  );
}
