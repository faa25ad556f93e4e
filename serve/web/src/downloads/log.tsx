// What happened, who did it, and what it amounts to.
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../store';
import { bytes, count, moment } from '../strings';
import { Table } from '../run/table';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { downloads, useFollowed, type Happened, type State, type Stats } from './data';
import { asker, may } from './role';
import { w } from './words';

export function Log() {
  const { changes } = useFollowed();
  const isAdmin = may(useStore(asker), 'admin');
  return (
    <>
      <Figures changes={changes} />
      {isAdmin && <Events changes={changes} />}
    </>
  );
}

function Figures({ changes }: { changes: number }) {
  const words = w().log;
  const { value, error, retry } = useFetched(() => downloads<Stats>('stats'), [changes]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const states = Object.entries(value.states) as [State, number][];
  const speed = (of: number): string => w().queue.perSecond(bytes(of));
  return (
    <>
      <dl class="tiles figures" aria-label={words.figures}>
        <Tile name={words.bytes} value={bytes(value.bytes)} />
        {states.map(([state, number]) => (
          <Tile key={state} name={w().states[state]} value={count(number)} />
        ))}
        {value.throughput && <Tile name={words.speed} value={speed(value.throughput.mean)} />}
        {value.throughput && <Tile name={words.fastest} value={speed(value.throughput.p95)} />}
      </dl>
      <Counted label={words.byDay} by={words.day} of={value.days} as={[words.bytes, bytes]} />
      <Counted label={words.byServer} by={w().queue.where} of={value.servers} as={[words.bytes, bytes]} />
      <Counted label={words.failures} by={words.cause} of={value.failures} as={[w().queue.downloads, count]} />
      <Counted label={words.byUser} by={words.user} of={value.users ?? {}} as={[w().queue.downloads, count]} />
    </>
  );
}

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div class="card tile">
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
      </dd>
    </div>
  );
}

interface Count {
  label: string;
  /** What they are counted by. */
  by: string;
  of: Record<string, number>;
  /** What is counted, and how it is written. */
  as: [name: string, written: (number: number) => string];
}

function Counted({ label, by, of, as: [name, written] }: Count) {
  return (
    <Table
      headed
      label={label}
      columns={[
        { name: by, cell: ([what]: [string, number]) => what },
        { name, cell: ([, number]) => written(number), as: 'number' },
      ]}
      rows={Object.entries(of)}
      key_={([what]) => what}
    />
  );
}

function Events({ changes }: { changes: number }) {
  const words = w().log;
  const [level, setLevel] = useState('');
  const [text, setText] = useState('');
  const [older, setOlder] = useState<Happened[]>([]);
  const [failed, setFailed] = useState<unknown>();
  useEffect(() => setOlder([]), [level, text]);
  const query = (before?: number): string =>
    `log?${new URLSearchParams({ level, text, ...(before ? { before: String(before) } : {}) })}`;
  const asked = (before?: number) => downloads<{ events: Happened[] }>(query(before)).then((told) => told.events);
  const { value, error, retry } = useFetched(() => asked(), [changes, level, text]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  // What is newer has come in before, and may be among the older ones by now.
  const known = new Set(value.map((one) => one.id));
  const rows = [...value, ...older.filter((one) => !known.has(one.id))];
  const last = rows[rows.length - 1];
  return (
    <section aria-label={words.log}>
      <h2>{words.log}</h2>
      <div class="filters">
        <Search label={words.search} value={text} onValue={setText} />
        <select aria-label={words.level} value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
          {Object.entries(words.levels).map(([id, name]) => (
            <option key={id} value={id}>
              {words.level}: {name}
            </option>
          ))}
        </select>
      </div>
      {(failed ?? error) !== undefined && <Trouble error={failed ?? error} />}
      {rows.length === 0 && <p class="empty">{words.none}</p>}
      <Table
        stacks
        label={words.log}
        columns={[
          { name: words.when, cell: (one: Happened) => moment(one.timestamp) },
          { name: words.who, cell: (one) => one.user },
          { name: words.what, cell: (one) => <What of={one} /> },
          { name: words.details, cell: (one) => one.details, as: 'prose' },
          { name: words.from, cell: (one) => one.ip_address },
        ]}
        rows={rows}
        key_={(one) => one.id}
      />
      {last && last.id > 1 && rows.length >= 100 && (
        <button type="button" onClick={() => void asked(last.id).then((more) => setOlder([...older, ...more]), setFailed)}>
          {words.older}
        </button>
      )}
    </section>
  );
}

/** What was done, and to which download by its number. */
function What({ of }: { of: Happened }) {
  const word = w().details.actions[of.action] ?? of.action;
  return <span class={of.level === 'info' ? undefined : 'bad'}>{of.job === null ? word : `${word} (${of.job})`}</span>;
}
