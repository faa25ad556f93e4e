// What there is to have: the line-up, or a list that was uploaded, against what one has.
import { useEffect, useState } from 'preact/hooks';
import { useStore } from '../store';
import { count } from '../strings';
import { Table, type Column } from '../run/table';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { downloads, named, servers, type Added, type Class, type Difference, type Entry, type List } from './data';
import { Chosen, Upload } from './lists';
import { More, PAGE } from './more';
import { asker, may } from './role';
import { w } from './words';

/** No server has this id. */
const ANY = 0;

export function Differences() {
  const words = w().differences;
  const [list, setList] = useState(0);
  const [changes, setChanges] = useState(0);
  const isOperator = may(useStore(asker), 'operator');
  const lists = useFetched(() => downloads<{ lists: List[] }>('lists').then((told) => told.lists), [changes]);
  if (!lists.value) return lists.error !== undefined ? <Trouble error={lists.error} retry={lists.retry} /> : <Wait />;
  const changed = (): void => setChanges((before) => before + 1);
  const chosen = lists.value.find((one) => one.id === list);
  return (
    <>
      <div class="filters">
        <label>
          {words.list}
          <select value={list} onChange={(event) => setList(Number(event.currentTarget.value))}>
            <option value={0}>{words.lineUp}</option>
            {lists.value.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name} ({count(one.entries)})
              </option>
            ))}
          </select>
        </label>
        {isOperator && chosen && <Chosen list={chosen} onChange={changed} onGone={() => setList(0)} />}
      </div>
      {isOperator && (
        <Upload
          onDone={(kept) => {
            changed();
            setList(kept.id);
          }}
        />
      )}
      <Compared key={list} list={list} changes={changes} />
    </>
  );
}

function Compared({ list, changes }: { list: number; changes: number }) {
  const words = w().differences;
  const [shown, setShown] = useState<Class>('new');
  const [text, setText] = useState('');
  const [most, setMost] = useState(PAGE);
  const [chosen, setChosen] = useState<Set<number>>(new Set());
  const isOperator = may(useStore(asker), 'operator');
  useEffect(() => setChosen(new Set()), [shown, text]);
  const query = new URLSearchParams({ class: shown, text, most: String(most) });
  const { value, error, retry } = useFetched(() => downloads<Difference>(`lists/${list}/diff?${query}`), [list, changes, shown, text, most]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const toggle = (place: number): void => {
    const next = new Set(chosen);
    if (!next.delete(place)) next.add(place);
    setChosen(next);
  };
  const counts = Object.entries(words.classes) as [Class, string][];
  return (
    <>
      <div class="chips" role="group" aria-label={words.class}>
        {counts.map(([name, label]) => (
          <button key={name} type="button" aria-pressed={name === shown} onClick={() => setShown(name)}>
            {label} {count(value.counts[name] ?? 0)}
          </button>
        ))}
      </div>
      <Search label={words.search} value={text} onValue={setText} />
      {error !== undefined && <Trouble error={error} />}
      {isOperator && shown !== 'gone' && <Add {...{ list, shown, text, chosen }} total={value.total} onDone={() => setChosen(new Set())} />}
      {value.entries.length === 0 ? (
        <p class="empty">{words.none}</p>
      ) : (
        <Table
          stacks
          label={w().tabs.differences}
          columns={columns(isOperator && shown !== 'gone', chosen, toggle)}
          rows={value.entries}
          key_={(one) => one.place}
        />
      )}
      <More shown={value.entries.length} total={value.total} onMore={() => setMost(most + PAGE)} />
    </>
  );
}

function columns(choosing: boolean, chosen: Set<number>, toggle: (place: number) => void): Column<Entry>[] {
  const words = w().differences;
  const title = (one: Entry) =>
    choosing && one.available ? (
      <label class="tick">
        <input type="checkbox" checked={chosen.has(one.place)} onChange={() => toggle(one.place)} aria-label={words.choose(named(one))} />
        {named(one)}
      </label>
    ) : (
      named(one)
    );
  return [
    { name: words.title, cell: title, as: 'prose' },
    { name: words.group, cell: (one) => one.group, as: 'prose' },
    { name: words.picture, cell: (one) => [one.quality === 'unknown' ? '' : one.quality, one.language ?? ''].filter(Boolean).join(' ') },
    { name: words.why, cell: (one) => one.reason ?? (one.available || one.class === 'gone' ? '' : words.unavailable), as: 'prose' },
  ];
}

interface Adding {
  list: number;
  shown: Class;
  text: string;
  chosen: Set<number>;
  total: number;
  onDone: () => void;
}

/** Where to, and of what. */
function Add({ list, shown, text, chosen, total, onDone }: Adding) {
  const words = w().differences;
  const [server, setServer] = useState<number>();
  const [failed, setFailed] = useState<unknown>();
  const [done, setDone] = useState('');
  const { value } = useFetched(servers, []);
  if (!value) return null;
  if (value.length === 0) return <p class="hint">{words.noServer}</p>;
  // Where there are several, each film goes to the one that suits it, unless somebody knows better.
  const to = server ?? (value.length === 1 ? value[0]?.id : ANY);
  const add = async (what: Record<string, unknown>): Promise<void> => {
    setFailed(undefined);
    setDone('');
    try {
      const told = await downloads<Added>(`lists/${list}/select`, { json: { ...what, ...(to === ANY ? {} : { server: to }) } });
      setDone(words.added(told));
      onDone();
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <>
      <div class="filters">
        <label>
          {words.server}
          <select value={to} onChange={(event) => setServer(Number(event.currentTarget.value))}>
            {value.length > 1 && <option value={ANY}>{words.any}</option>}
            {value.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="main" disabled={chosen.size === 0} onClick={() => void add({ classes: [shown], places: [...chosen] })}>
          {words.add(chosen.size)}
        </button>
        <button type="button" disabled={total === 0} onClick={() => void add({ classes: [shown], ...(text ? { text } : {}) })}>
          {words.addAll(count(total))}
        </button>
      </div>
      {failed !== undefined && <Trouble error={failed} />}
      <p role="status">{done}</p>
    </>
  );
}
