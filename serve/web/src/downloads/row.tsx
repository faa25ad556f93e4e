// A row of the queue: what it is, how far it is, and what can be done with it.
import { bytes, clock, day, lasting, moment } from '../strings';
import type { Column } from '../run/table';
import { Bar } from '../view/bar';
import { named, type Airing, type Download, type Priority, type Progress, type Server, type State } from './data';
import { w } from './words';

export type Action = 'pause' | 'resume' | 'cancel' | 'retry' | 'top';

const ACTIONS: Record<State, Action[]> = {
  pending: ['top', 'pause', 'cancel'],
  downloading: ['pause', 'cancel'],
  downloaded: ['top', 'pause', 'cancel'],
  transferring: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  failed: ['retry', 'cancel'],
  cancelled: ['retry'],
  completed: [],
};

/** What can be done with one: a recording has no turn before its time. */
const actions = (one: Download): Action[] => ACTIONS[one.state].filter((action) => action !== 'top' || one.wait !== 'schedule');

/** Whether it means something how soon it has its turn. */
const isQueued = (one: Download): boolean => ['pending', 'downloaded', 'paused'].includes(one.state) && one.wait !== 'schedule';

/** What a row is shown with. */
export interface Known {
  progress: Map<number, Progress>;
  servers: Map<number, Server>;
}

export interface Does {
  show: (one: Download) => void;
  act: (action: Action, one: Download) => void;
  rank: (priority: Priority, one: Download) => void;
  /** Where that can be searched. */
  pick?: (one: Download) => void;
}

export function columns({ progress, servers }: Known, isOperator: boolean, does: Does): Column<Download>[] {
  const words = w().queue;
  const all: Column<Download>[] = [
    { name: words.title, cell: (one) => <Titled one={one} server={servers.get(one.target)} onShow={() => does.show(one)} />, as: 'prose' },
    { name: words.where, cell: (one) => servers.get(one.target)?.name ?? one.target },
    { name: words.how, cell: how, as: 'prose' },
    { name: words.progress, cell: (one) => <Far one={one} progress={progress.get(one.id)} /> },
  ];
  if (!isOperator) return all;
  return [
    ...all,
    { name: words.priority, cell: (one) => <Rank one={one} onRank={(priority) => does.rank(priority, one)} /> },
    { name: '', cell: (one) => <Buttons one={one} does={does} /> },
  ];
}

function Titled({ one, server, onShow }: { one: Download; server: Server | undefined; onShow: () => void }) {
  const picture = pictured(one);
  const isUnfit = !fits(one, server);
  return (
    <>
      <button type="button" class="title-of" aria-haspopup="dialog" onClick={onShow}>
        {named(one)}
      </button>
      {one.airing && <span class="hint">{aired(one.airing)}</span>}
      {one.picked && <span class="hint">{picked(one)}</span>}
      {picture && (
        <span class={isUnfit ? 'hint bad' : 'hint'}>
          {picture}
          {isUnfit && server && `; ${w().picture.unfit(server.name)}`}
        </span>
      )}
    </>
  );
}

/** Where and when it is on. */
function aired({ channel, starts, stops }: Airing): string {
  return `${channel} · ${span(starts, stops)}`;
}

/** From one time to another, both Unix time in seconds. */
export const span = (from: number, until: number): string => `${day(from)} ${clock(from)}–${clock(until)}`;

/** Which one it is at themoviedb.org, as somebody has said. */
export function picked({ picked: it }: Download): string {
  if (!it) return '';
  return it.tmdb === null ? w().pick.isNone : w().pick.is(it.year > 0 ? `${it.title} (${it.year})` : it.title);
}

/** Its picture, as it was measured and as its title says it; nothing where neither is known. */
export function pictured({ quality, measured_h: measured }: Download): string {
  const words = w().picture;
  if (measured === null) return quality === null ? '' : words.said(quality);
  return quality === null || quality === measured ? words.measured(measured) : words.other(measured, quality);
}

/** Whether its server is for such a picture, as far as anybody has measured it. */
export function fits({ measured_h: measured }: Download, server: Server | undefined): boolean {
  if (measured === null || !server) return true;
  return measured >= (server.min_q ?? 0) && measured <= (server.max_q ?? Infinity);
}

/** Where it is, what it waits for, and what went wrong. */
export function how(one: Download): string {
  const words = w();
  const state = one.airing && one.state === 'downloading' ? words.recording.running : words.states[one.state];
  const wait = one.wait && !['downloading', 'transferring'].includes(one.state) ? ` ${words.waits[one.wait]}` : '';
  const until = wait && one.wait === 'retry' ? ` (${words.queue.until(moment(one.not_before))})` : '';
  return `${state}${wait}${until}${one.error && one.state !== 'completed' ? `: ${one.error}` : ''}`;
}

/** How far it is: a recording by its time, everything else by its bytes. */
function Far({ one, progress: told }: { one: Download; progress: Progress | undefined }) {
  // What was told last of its download says nothing of its delivery.
  const progress = told?.state === one.state ? told : undefined;
  const { state, have, t_have, total } = progress ?? one;
  const at = state === 'transferring' || state === 'completed' ? t_have : have;
  const records = state === 'downloading' ? one.airing : null;
  if (!records && !total) return <>{at > 0 ? bytes(at) : ''}</>;
  const size = records || !total ? bytes(at) : `${bytes(at)} / ${bytes(total)}`;
  const pace = [progress?.speed ? w().queue.perSecond(bytes(progress.speed)) : '', progress?.eta ? w().queue.left(lasting(progress.eta)) : ''];
  return (
    <span class="far">
      {records ? (
        <Bar from={records.starts - records.lead} until={records.stops + records.tail} now={Date.now() / 1000} />
      ) : (
        <Bar from={0} until={total ?? 0} now={at} />
      )}
      <span>{size}</span>
      <span class="hint">{pace.filter(Boolean).join(', ')}</span>
    </span>
  );
}

function Rank({ one, onRank }: { one: Download; onRank: (priority: Priority) => void }) {
  const words = w().queue;
  if (!isQueued(one)) return null;
  return (
    <select aria-label={words.priorityOf(named(one))} value={one.rank} onChange={(event) => onRank(event.currentTarget.value as Priority)}>
      {Object.entries(words.priorities).map(([rank, word]) => (
        <option key={rank} value={rank}>
          {word}
        </option>
      ))}
    </select>
  );
}

function Buttons({ one, does }: { one: Download; does: Does }) {
  const words = w().queue;
  const { pick } = does;
  const name = <span class="out-of-sight"> {named(one)}</span>;
  return (
    <span class="row-actions">
      {pick && !one.airing && one.state !== 'completed' && (
        <button type="button" class="quiet" onClick={() => pick(one)}>
          {words.pick}
          {name}
        </button>
      )}
      {actions(one).map((action) => (
        <button key={action} type="button" class={action === 'cancel' ? 'danger' : 'quiet'} onClick={() => does.act(action, one)}>
          {words[action]}
          {name}
        </button>
      ))}
    </span>
  );
}
