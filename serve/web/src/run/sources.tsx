// What each source gave in the last run, a run now, one more source, one less.
import { useState } from 'preact/hooks';
import { ago, count, lasting, moment, t } from '../strings';
import { Confirm, Dialog } from '../view/dialog';
import { Icon } from '../view/icon';
import { Trouble, useFetched, Wait } from '../view/parts';
import { admin, type Gave, type Progress, type Run, type Sources as All } from './admin';
import { SourceForm } from './source-form';
import { Table, type Column } from './table';

export function Sources() {
  const [began, setBegan] = useState(0);
  const [error, setError] = useState<unknown>();
  const [shown, setShown] = useState<{ adding: true } | { removing: string }>();
  const progress = useFetched(() => admin<Progress>('run'), [began], 1000);
  const running = progress.value?.running ?? false;
  const all = useFetched(() => admin<All>('sources'), [running, began], 5000);
  const changed = (): void => setBegan((before) => before + 1);
  const close = (): void => setShown(undefined);
  const begin = async (): Promise<void> => {
    setError(undefined);
    await admin('run', { method: 'POST' }).catch(setError);
    changed();
  };
  if (!all.value) return all.error !== undefined ? <Trouble error={all.error} retry={all.retry} /> : <Wait />;
  const { run, added } = all.value;
  const rows = given(all.value);
  const words = t().run.sources;
  return (
    <>
      <div class="head">
        <Last running={running} run={run} />
        <button type="button" onClick={() => setShown({ adding: true })}>
          <Icon name="plus" /> {words.add}
        </button>
        <button type="button" class="main" disabled={running} onClick={begin}>
          {words.now}
        </button>
      </div>
      {(error ?? all.error) !== undefined && <Trouble error={error ?? all.error} />}
      {running && <Doing progress={progress.value} />}
      {rows.length === 0 && <p class="empty">{words.none}</p>}
      <Table
        label={t().run.tabs.sources}
        columns={columns(added, (name) => setShown({ removing: name }))}
        rows={rows}
        key_={(one) => one.name}
      />
      {shown && 'adding' in shown && (
        <Dialog wide title={words.add} onClose={close}>
          <p class="hint">{words.restart}</p>
          <SourceForm
            onCancel={close}
            onUsed={() => {
              close();
              changed();
            }}
          />
        </Dialog>
      )}
      {shown && 'removing' in shown && (
        <Confirm
          question={words.removing(shown.removing)}
          verb={t().remove}
          onYes={async () => {
            await admin(`sources/${shown.removing}`, { method: 'DELETE' });
            changed();
          }}
          onClose={close}
        />
      )}
    </>
  );
}

/** What each source gave: in the last run; to the release, if there was none; and those that have not been read yet. */
function given({ run, release, added }: All): Gave[] {
  const read: Gave[] =
    run && run.sources.length > 0
      ? run.sources
      : release.map(({ reason, ...one }) => ({ ...one, notes: reason ? [reason] : [] }));
  const unread = added.filter((name) => read.every((one) => one.name !== name));
  return [...read, ...unread.map((name): Gave => ({ name, outcome: null, notes: [], harvested: 0, counts: {} }))];
}

function Last({ running, run }: { running: boolean; run: Run | null }) {
  const words = t().run.sources;
  if (running) return <p role="status">{words.running}</p>;
  if (!run) return <p role="status">{words.never}</p>;
  return (
    <p role="status">
      {words.last(ago(run.ended), lasting(run.ended - run.began))} – {words.verdicts[run.verdict]}
      {run.why && <span class="bad"> {run.why}</span>}
    </p>
  );
}

function columns(added: string[], onRemove: (name: string) => void): Column<Gave>[] {
  const words = t().run.sources;
  return [
    { name: words.name, cell: (one) => one.name },
    { name: words.outcome, cell: (one) => <Outcome of={one.outcome} /> },
    {
      name: t().run.health.entries,
      cell: (one) =>
        Object.entries(one.counts).map(([kind, number]) => (
          <div key={kind}>
            {count(number)} {words.kinds[kind] ?? kind}
          </div>
        )),
    },
    {
      name: words.harvested,
      cell: (one) => (one.harvested ? <time title={moment(one.harvested)}>{ago(one.harvested)}</time> : '–'),
    },
    { name: words.notes, as: 'prose', cell: (one) => one.notes.map((note) => <p key={note}>{note}</p>) },
    {
      name: '',
      cell: ({ name }) =>
        added.includes(name) && (
          <button type="button" class="danger" onClick={() => onRemove(name)}>
            {t().remove}
            <span class="out-of-sight"> {name}</span>
          </button>
        ),
    },
  ];
}

function Outcome({ of }: { of: Gave['outcome'] }) {
  const words = t().run.sources;
  const grade = of === 'taken' ? 'good' : of === 'kept' ? 'fair' : 'bad';
  return <span class={`badge ${grade}`}>{of ? words[of] : words.nothing}</span>;
}

/** What the sources of a run are doing. */
export function Doing({ progress }: { progress: Progress | undefined }) {
  const kinds = t().run.sources.kinds;
  return (
    <ul class="doing card" aria-live="polite">
      {(progress?.sources ?? []).map((one) => (
        <li key={one.source}>
          {one.done ? <span class="tick-mark" aria-hidden="true">✓</span> : <span class="spinner" aria-hidden="true" />}
          <strong>{one.source}</strong>
          <span>{one.done ? '' : (kinds[one.step] ?? one.step)}</span>
          <span class="hint">
            {Object.entries(one.found)
              .map(([kind, number]) => `${count(number)} ${kinds[kind] ?? kind}`)
              .join(', ')}
          </span>
        </li>
      ))}
    </ul>
  );
}
