import { useState } from 'preact/hooks';
import { ago, bytes, count, moment, t } from '../strings';
import { Confirm } from '../view/dialog';
import { Trouble, useFetched, Wait } from '../view/parts';
import { admin, type Release } from './admin';

export function Releases() {
  const words = t().run.releases;
  const [chosen, setChosen] = useState<number>();
  const [turned, setTurned] = useState(0);
  const { value, error, retry } = useFetched(() => admin<Release[]>('releases'), [turned], 10_000);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  if (value.length === 0) return <p class="empty">{words.none}</p>;
  return (
    <>
      {error !== undefined && <Trouble error={error} />}
      <ol class="releases">
        {value.map((one) => (
          <li key={one.number} class="card">
            <div class="head">
              <h2>
                {words.number} {one.number}
                {one.current && <span class="badge good">{words.current}</span>}
              </h2>
              <span class="hint">
                <time title={moment(one.created)}>{ago(one.created)}</time> · {bytes(one.size)}
              </span>
              {!one.current && (
                <button type="button" onClick={() => setChosen(one.number)}>
                  {words.rollback}
                  <span class="out-of-sight"> {one.number}</span>
                </button>
              )}
            </div>
            <Changes release={one} />
          </li>
        ))}
      </ol>
      {chosen !== undefined && (
        <Confirm
          question={words.rolling(chosen)}
          verb={words.rollback}
          onYes={async () => {
            await admin(`releases/${chosen}/rollback`, { method: 'POST' });
            setTurned(turned + 1);
          }}
          onClose={() => setChosen(undefined)}
        />
      )}
    </>
  );
}

function Changes({ release }: { release: Release }) {
  const words = t().run.releases;
  const kinds = t().run.sources.kinds;
  const lists = Object.entries(release.changes).map(([list, change]) => {
    const turns = Object.entries(change).filter((pair): pair is [string, number] => typeof pair[1] === 'number' && pair[1] > 0);
    return { list, turns, examples: change.examples ?? [] };
  });
  const told = lists.filter((one) => one.turns.length > 0);
  if (told.length === 0) return <p class="hint">{words.first}</p>;
  return (
    <ul class="changes">
      {told.map(({ list, turns, examples }) => (
        <li key={list}>
          <details>
            <summary>
              <strong>{kinds[list] ?? list}</strong>: {turns.map(([turn, number]) => `${count(number)} ${words.changed[turn] ?? turn.replaceAll('_', ' ')}`).join(', ')}
            </summary>
            <ul class="examples">
              {examples.map((one, nth) => (
                <li key={nth}>
                  <span class="hint">{words.changed[one.turn] ?? String(one.turn ?? '').replaceAll('_', ' ')}</span> {one.name}
                </li>
              ))}
            </ul>
          </details>
        </li>
      ))}
    </ul>
  );
}
