import { useMemo, useState } from 'preact/hooks';
import { finding, fold } from '../data';
import { count, t } from '../strings';
import { CopyButton } from '../view/copy';
import { Tick } from '../view/field';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { admin } from './admin';
import { Table, type Column } from './table';

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
    const fits = finding(query);
    const looked = (value ?? []).filter((one) => !doubtful || !one.guide_id || one.score < SURE);
    return looked.filter((one) => fits(fold(`${one.name} ${one.guide_id}`)));
  }, [value, doubtful, query]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  return (
    <>
      <p class="hint">{words.hint}</p>
      <div class="head">
        <div class="grow">
          <Search label={t().watch.search} value={query} onValue={setQuery} />
        </div>
        <Tick label={words.filter} checked={doubtful} onChange={(event) => setDoubtful(event.currentTarget.checked)} />
        <span class="hint">
          {count(shown.length)} / {count(value.length)}
        </span>
      </div>
      {shown.length === 0 ? (
        <p class="empty">{words.none}</p>
      ) : (
        <Table label={t().run.tabs.matches} columns={columns()} rows={shown.slice(0, MOST)} key_={(one) => one.id} />
      )}
    </>
  );
}

function columns(): Column<Match>[] {
  const words = t().run.matches;
  return [
    { name: words.channel, cell: (one) => one.name },
    {
      name: words.guide,
      as: 'prose',
      cell: (one) => (
        <>
          {one.guide_id || '–'} {one.guide && <span class="hint">{one.guide}</span>}
          {one.note && <p class="hint">{one.note}</p>}
        </>
      ),
    },
    { name: words.how, cell: (one) => one.method },
    { name: words.sure, as: 'number', cell: (one) => one.guide_id && `${one.score} %` },
    { name: words.candidates, as: 'prose', cell: (one) => <Candidates of={one} /> },
  ];
}

/** What else it could be; what it is as well, where that is not sure. */
function Candidates({ of }: { of: Match }) {
  const doubted = of.guide_id && of.score < SURE ? [{ id: of.guide_id, score: of.score }] : [];
  return (
    <>
      {[...doubted, ...of.runners_up].map(({ id, score }) => (
        <p key={id}>
          {id} <span class="hint">{score} %</span>
          <CopyButton text={`"${of.name.replaceAll('"', '\\"')}" = "${id}"`} label={t().run.matches.take} />
        </p>
      ))}
    </>
  );
}
