import { useMemo, useState } from 'preact/hooks';
import { fold } from '../data';
import { count, t } from '../strings';
import { CopyButton, Search, Trouble, useFetched, Wait } from '../view/parts';
import { admin } from './admin';

interface Match {
  id: string;
  name: string;
  given: string;
  guide: string;
  guide_id: string;
  method: string | null;
  score: number;
  runners_up: { guide: number; id: string; score: number }[];
  note: string;
}

/** From here on nobody needs to look. */
const SURE = 90;
/** Rows that are shown; a search finds the others. */
const MOST = 300;

export function Matches() {
  const words = t().run.matches;
  const [doubtful, setDoubtful] = useState(true);
  const [query, setQuery] = useState('');
  const { value, error, retry } = useFetched(() => admin<Match[]>('matches'), []);
  const shown = useMemo(() => {
    const parts = fold(query).split(/\s+/).filter(Boolean);
    return (value ?? []).filter(
      (one) =>
        (!doubtful || !one.guide_id || one.score < SURE) &&
        parts.every((part) => fold(`${one.name} ${one.guide_id}`).includes(part)),
    );
  }, [value, doubtful, query]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  return (
    <>
      <p class="hint">{words.hint}</p>
      <div class="head">
        <div class="grow">
          <Search label={t().watch.search} value={query} onValue={setQuery} />
        </div>
        <label class="tick">
          <input type="checkbox" checked={doubtful} onChange={(event) => setDoubtful(event.currentTarget.checked)} />
          {words.filter}
        </label>
        <span class="hint">
          {count(shown.length)} / {count(value.length)}
        </span>
      </div>
      {shown.length === 0 ? (
        <p class="empty">{words.none}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={t().run.tabs.matches}>
          <table>
            <thead>
              <tr>
                <th>{words.channel}</th>
                <th>{words.guide}</th>
                <th>{words.how}</th>
                <th class="number">{words.sure}</th>
                <th>{words.candidates}</th>
              </tr>
            </thead>
            <tbody>
              {shown.slice(0, MOST).map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.name}</th>
                  <td class="prose">
                    {one.guide_id || '–'} {one.guide && <span class="hint">{one.guide}</span>}
                    {one.note && <p class="hint">{one.note}</p>}
                  </td>
                  <td>{one.method ?? ''}</td>
                  <td class="number">{one.guide_id ? `${one.score} %` : ''}</td>
                  <td class="prose">
                    {[...(one.guide_id && one.score < SURE ? [{ id: one.guide_id, score: one.score }] : []), ...one.runners_up].map((other) => (
                      <p key={other.id}>
                        {other.id} <span class="hint">{other.score} %</span>
                        <CopyButton text={`"${one.name.replaceAll('"', '\\"')}" = "${other.id}"`} label={words.take} />
                      </p>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
