// What is downloaded, how far it is, and in which order.
import { useState } from 'preact/hooks';
import { useStore } from '../store';
import { bytes, count, moment } from '../strings';
import { Table, type Column } from '../run/table';
import { Bar } from '../view/bar';
import { Confirm } from '../view/dialog';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { downloads, named, servers, useFollowed, type Download, type Downloads, type Priority, type Progress, type State } from './data';
import { Pick } from './pick';
import { asker, may } from './role';
import { w } from './words';

type Action = 'pause' | 'resume' | 'cancel' | 'retry' | 'top';

const OPEN: State[] = ['pending', 'downloading', 'downloaded', 'transferring', 'paused', 'failed'];
/** Those for which it means something how soon they have their turn. */
const QUEUED: State[] = ['pending', 'downloaded', 'paused'];
const PAGE = 100;

/** What can be done with one that is so. */
const ACTIONS: Record<State, Action[]> = {
  pending: ['top', 'pause', 'cancel'],
  downloading: ['pause', 'cancel'],
  downloaded: ['top', 'pause', 'cancel'],
  transferring: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['retry'],
  cancelled: ['retry'],
  completed: [],
};

export function Queue() {
  const words = w().queue;
  const { changes, progress } = useFollowed();
  const [shown, setShown] = useState('open');
  const [text, setText] = useState('');
  const [most, setMost] = useState(PAGE);
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const [cancelling, setCancelling] = useState<Download>();
  const [picking, setPicking] = useState<Download>();
  const who = useStore(asker);
  const isOperator = may(who, 'operator');
  const states = shown === 'open' ? OPEN.join(',') : shown === 'all' ? '' : shown;
  const query = new URLSearchParams({ state: states, text, most: String(Math.min(most, 500)) });
  const queue = useFetched(() => downloads<Downloads>(`downloads?${query}`), [changes, done, states, text, most]);
  const known = useFetched(servers, []);
  const put = async (json: { action: Action } | { priority: Priority }, id?: number): Promise<void> => {
    setFailed(undefined);
    await downloads(id === undefined ? 'downloads' : `downloads/${id}`, { method: 'PUT', json }).catch(setFailed);
    setDone((before) => before + 1);
  };
  const act = (action: Action, id?: number): Promise<void> => put({ action }, id);
  if (!queue.value) return queue.error !== undefined ? <Trouble error={queue.error} retry={queue.retry} /> : <Wait />;
  const { total, downloads: rows, holds } = queue.value;
  const error = failed ?? queue.error;
  return (
    <>
      <div class="filters">
        <Search label={words.search} value={text} onValue={setText} />
        <select aria-label={words.state} value={shown} onChange={(event) => setShown(event.currentTarget.value)}>
          <option value="open">{words.open}</option>
          <option value="all">{words.all}</option>
          {Object.entries(w().states).map(([state, name]) => (
            <option key={state} value={state}>
              {name}
            </option>
          ))}
        </select>
        {isOperator && (
          <>
            <button type="button" onClick={() => void act('pause')}>
              {words.pauseAll}
            </button>
            <button type="button" onClick={() => void act('resume')}>
              {words.resumeAll}
            </button>
            <button type="button" onClick={() => void act('retry')}>
              {words.retryAll}
            </button>
          </>
        )}
      </div>
      {error !== undefined && <Trouble error={error} />}
      {holds.map((hold) => (
        <p class="hint" key={hold.scope + hold.name + hold.wait}>
          {w().states.pending} {w().waits[hold.wait]}: {hold.why} ({words.until(moment(hold.until))})
        </p>
      ))}
      {rows.length === 0 ? (
        <p class="empty">{words.none}</p>
      ) : (
        <Table
          label={w().tabs.queue}
          columns={columns(progress, new Map(known.value?.map((one) => [one.id, one.name])), isOperator, {
            act: (action, one) => (action === 'cancel' ? setCancelling(one) : void act(action, one.id)),
            rank: (priority, one) => void put({ priority }, one.id),
            pick: who.searches ? setPicking : undefined,
          })}
          rows={rows}
          key_={(one) => one.id}
        />
      )}
      <p class="hint">{words.shown(count(rows.length), count(total))}</p>
      {rows.length < total && most < 500 && (
        <button type="button" onClick={() => setMost(most + PAGE)}>
          {words.more}
        </button>
      )}
      {isOperator && <Limits />}
      {picking && <Pick of={picking} onClose={() => setPicking(undefined)} />}
      {cancelling && (
        <Confirm
          question={words.cancelling(named(cancelling))}
          verb={words.cancel}
          onYes={() => act('cancel', cancelling.id)}
          onClose={() => setCancelling(undefined)}
        />
      )}
    </>
  );
}

interface Does {
  act: (action: Action, one: Download) => void;
  rank: (priority: Priority, one: Download) => void;
  /** Where that can be searched. */
  pick?: (one: Download) => void;
}

function columns(
  progress: Map<number, Progress>,
  known: Map<number, string>,
  isOperator: boolean,
  does: Does,
): Column<Download>[] {
  const words = w().queue;
  const all: Column<Download>[] = [
    { name: words.title, cell: named, as: 'prose' },
    { name: words.where, cell: (one) => known.get(one.target) ?? one.target },
    { name: words.how, cell: how, as: 'prose' },
    { name: words.progress, cell: (one) => <Far one={{ ...one, ...progress.get(one.id) }} /> },
  ];
  if (!isOperator) return all;
  const buttons = (one: Download) => (
    <span class="row-actions">
      {does.pick && one.tmdb === '' && one.state !== 'completed' && (
        <button type="button" class="quiet" onClick={() => does.pick?.(one)}>
          {words.pick}
          <span class="out-of-sight"> {named(one)}</span>
        </button>
      )}
      {ACTIONS[one.state].map((action) => (
        <button key={action} type="button" class={action === 'cancel' ? 'danger' : 'quiet'} onClick={() => does.act(action, one)}>
          {words[action]}
          <span class="out-of-sight"> {named(one)}</span>
        </button>
      ))}
    </span>
  );
  const priority = (one: Download) =>
    QUEUED.includes(one.state) ? (
      <select aria-label={words.priorityOf(named(one))} value={one.rank} onChange={(event) => does.rank(event.currentTarget.value as Priority, one)}>
        {(Object.entries(words.priorities) as [Priority, string][]).map(([rank, word]) => (
          <option key={rank} value={rank}>
            {word}
          </option>
        ))}
      </select>
    ) : null;
  return [...all, { name: words.priority, cell: priority }, { name: '', cell: buttons }];
}

function how(one: Download): string {
  const state = w().states[one.state];
  const wait = one.wait && !['downloading', 'transferring'].includes(one.state) ? ` ${w().waits[one.wait]}` : '';
  return `${state}${wait}${one.error && one.state !== 'completed' ? `: ${one.error}` : ''}`;
}

function Far({ one }: { one: Download }) {
  const at = one.state === 'transferring' || one.state === 'completed' ? one.t_have : one.have;
  if (!one.total) return <>{at > 0 ? bytes(at) : ''}</>;
  return (
    <span class="far">
      <Bar from={0} until={one.total} now={at} />
      <span>
        {bytes(at)} / {bytes(one.total)}
      </span>
    </span>
  );
}

interface Numbers {
  downloads: number;
  per_account: number;
  transfers: number;
}

function Limits() {
  const words = w().queue;
  const [changes, setChanges] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const { value } = useFetched(() => downloads<Numbers>('limits'), [changes]);
  if (!value) return null;
  const send = async (init: Parameters<typeof downloads>[1]): Promise<void> => {
    setFailed(undefined);
    await downloads('limits', init).catch(setFailed);
    setChanges((before) => before + 1);
  };
  const fields: [keyof Numbers, string][] = [
    ['downloads', words.downloads],
    ['per_account', words.perAccount],
    ['transfers', words.transfers],
  ];
  return (
    <section aria-label={words.limits}>
      <h2>{words.limits}</h2>
      {failed !== undefined && <Trouble error={failed} />}
      <div class="limits">
        {fields.map(([key, name]) => (
          <label key={key}>
            {name}
            <input
              type="number"
              min={1}
              max={100}
              value={value[key]}
              onChange={(event) => void send({ method: 'PUT', json: { [key]: Number(event.currentTarget.value) } })}
            />
          </label>
        ))}
        <button type="button" onClick={() => void send({ method: 'DELETE' })}>
          {words.usual}
        </button>
      </div>
    </section>
  );
}
