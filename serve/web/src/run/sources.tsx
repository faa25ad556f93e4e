import { useState } from 'preact/hooks';
import { ago, count, lasting, moment, t } from '../strings';
import { Confirm, Dialog, Icon, Trouble, useFetched, Wait } from '../view/parts';
import { SourceForm } from './source-form';
import { admin, type Gave, type Progress, type Sources as All } from './admin';

export function Sources() {
  const words = t().run.sources;
  const [began, setBegan] = useState(0);
  const [error, setError] = useState<unknown>();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<string>();
  const progress = useFetched(() => admin<Progress>('run'), [began], 1000);
  const running = progress.value?.running ?? false;
  const all = useFetched(() => admin<All>('sources'), [running, began], 5000);
  const begin = async (): Promise<void> => {
    setError(undefined);
    try {
      await admin('run', { method: 'POST' });
    } catch (error) {
      setError(error);
    }
    setBegan(began + 1);
  };
  if (!all.value) return all.error !== undefined ? <Trouble error={all.error} retry={all.retry} /> : <Wait />;
  const { run, release, added } = all.value;
  const read: Gave[] =
    run && run.sources.length > 0
      ? run.sources
      : release.map(({ reason, ...one }) => ({ ...one, notes: reason ? [reason] : [] }));
  const unread = added.filter((name) => read.every((one) => one.name !== name));
  const rows = [...read, ...unread.map((name): Gave => ({ name, outcome: null, notes: [], harvested: 0, counts: {} }))];
  return (
    <>
      <div class="head">
        <p role="status">
          {running ? words.running : run ? words.last(ago(run.ended), lasting(run.ended - run.began)) : words.never}
          {!running && run && <> – {words.verdicts[run.verdict]}</>}
          {run?.why && <span class="bad"> {run.why}</span>}
        </p>
        <button type="button" onClick={() => setAdding(true)}>
          <Icon name="plus" /> {words.add}
        </button>
        <button type="button" class="main" disabled={running} onClick={begin}>
          {words.now}
        </button>
      </div>
      {(error ?? all.error) !== undefined && <Trouble error={error ?? all.error} />}
      {running && <Doing progress={progress.value} />}
      {rows.length === 0 ? (
        <p class="empty">{words.none}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={t().run.tabs.sources}>
          <table>
            <thead>
              <tr>
                <th>{words.name}</th>
                <th>{words.outcome}</th>
                <th>{t().run.health.entries}</th>
                <th>{words.harvested}</th>
                <th>{words.notes}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {rows.map((one) => (
                <tr key={one.name}>
                  <th scope="row">{one.name}</th>
                  <td>
                    <span class={`badge ${one.outcome === 'taken' ? 'good' : one.outcome === 'kept' ? 'fair' : 'bad'}`}>
                      {one.outcome ? words[one.outcome] : words.nothing}
                    </span>
                  </td>
                  <td>
                    {Object.entries(one.counts).map(([kind, number]) => (
                      <div key={kind}>
                        {count(number)} {words.kinds[kind] ?? kind}
                      </div>
                    ))}
                  </td>
                  <td>{one.harvested ? <time title={moment(one.harvested)}>{ago(one.harvested)}</time> : '–'}</td>
                  <td class="prose">{one.notes.map((note) => <p key={note}>{note}</p>)}</td>
                  <td>
                    {added.includes(one.name) && (
                      <button type="button" class="danger" onClick={() => setRemoving(one.name)}>
                        {t().remove}
                        <span class="out-of-sight"> {one.name}</span>
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {adding && (
        <Dialog wide title={words.add} onClose={() => setAdding(false)}>
          <p class="hint">{words.restart}</p>
          <SourceForm
            onCancel={() => setAdding(false)}
            onUsed={() => {
              setAdding(false);
              setBegan((before) => before + 1);
            }}
          />
        </Dialog>
      )}
      {removing && (
        <Confirm
          question={words.removing(removing)}
          verb={t().remove}
          onYes={async () => {
            await admin(`sources/${removing}`, { method: 'DELETE' });
            setBegan((before) => before + 1);
          }}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </>
  );
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
