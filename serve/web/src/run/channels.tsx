// What runs now: channels, connections of accounts, and who watches.
import { useState } from 'preact/hooks';
import { described } from '../player/codec';
import { ago, count, decimal, moment, t } from '../strings';
import { Confirm } from '../view/dialog';
import { Trouble, useFetched, Wait } from '../view/parts';
import { admin, status, type Running, type Sessions, type Slot, type Watching } from './admin';
import { Table, type Column } from './table';

export function Channels() {
  const words = t().run.channels;
  const [cut, setCut] = useState<Watching>();
  const { value, error, retry } = useFetched(
    async () => {
      const [running, sessions] = await Promise.all([status(), admin<Sessions>('sessions')]);
      return { running, sessions };
    },
    [],
    2000,
  );
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const { running, sessions } = value;
  const elsewhere = Object.entries(sessions.elsewhere);
  return (
    <>
      {error !== undefined && <Trouble error={error} />}
      {!running && <p class="note">{t().run.elsewhere}</p>}
      {running?.channels.length === 0 && sessions.sessions.length === 0 && <p class="empty">{words.none}</p>}
      <Table label={t().run.tabs.channels} columns={received()} rows={running?.channels ?? []} key_={(one) => one.id} />
      <Table headed label={words.slots} columns={slots()} rows={running?.slots ?? []} key_={(one) => `${one.account}/${one.login}`} />
      <Table headed label={words.sessions} columns={watching(setCut)} rows={sessions.sessions} key_={(one) => one.id} />
      {elsewhere.length > 0 && (
        <p class="hint">
          {words.elsewhere}: {elsewhere.map(([user, streams]) => `${user} ${streams}`).join(', ')}
        </p>
      )}
      {cut && (
        <Confirm
          question={words.cutting(cut.user)}
          verb={words.cut}
          onYes={() => admin(`sessions/${cut.id}`, { method: 'DELETE' })}
          onClose={() => setCut(undefined)}
        />
      )}
    </>
  );
}

function received(): Column<Running>[] {
  const words = t().run.channels;
  return [
    { name: words.name, cell: (one) => one.name ?? one.id },
    { name: words.state, cell: (one) => <State state={one.state} /> },
    {
      name: words.viewers,
      as: 'number',
      cell: (one) => (
        <>
          {one.viewers}
          {one.hls_sessions > 0 && <span class="hint"> ({one.hls_sessions} HLS)</span>}
        </>
      ),
    },
    {
      name: words.rate,
      as: 'number',
      cell: (one) => (one.bitrate_kbps ? `${decimal(one.bitrate_kbps / 1000)} Mbit/s` : '–'),
    },
    { name: words.buffer, as: 'number', cell: (one) => `${decimal(one.buffer_seconds)} s` },
    {
      name: words.upstream,
      cell: (one) => (
        <>
          {one.account}
          {one.protocol && <span class="hint"> {one.protocol.toUpperCase()}</span>}
        </>
      ),
    },
    { name: words.restarts, as: 'number', cell: (one) => count(one.restarts) },
    { name: words.lost, as: 'number', cell: (one) => count(one.lost_packets) },
    { name: words.picture, as: 'prose', cell: (one) => described({ ...one, bitrate_kbps: null }) },
  ];
}

function State({ state }: { state: string }) {
  const grade = state === 'on_air' ? 'good' : state === 'lingering' ? '' : 'fair';
  return <span class={`badge ${grade}`}>{t().run.channels.states[state] ?? state}</span>;
}

function slots(): Column<Slot>[] {
  const words = t().run.channels;
  return [
    {
      name: words.account,
      cell: (one) => (
        <>
          {one.account} <span class="hint">{one.login}</span>
        </>
      ),
    },
    {
      name: words.used,
      cell: ({ used, limit }) => (
        <>
          {used} / {limit ?? '∞'}
          {limit !== null && <meter min={0} max={limit} value={used} aria-label={`${used} / ${limit}`} />}
        </>
      ),
    },
    { name: t().run.sources.notes, as: 'prose', cell: (one) => one.why },
  ];
}

function watching(onCut: (one: Watching) => void): Column<Watching>[] {
  const words = t().run.channels;
  return [
    { name: words.user, cell: (one) => one.user },
    { name: words.what, cell: (one) => one.name ?? one.watches },
    { name: words.since, cell: (one) => <time title={moment(one.since)}>{ago(one.since)}</time> },
    { name: words.device, as: 'prose', cell: (one) => one.device ?? one.agent.split('/')[0] },
    { name: words.from, cell: (one) => one.address },
    {
      name: '',
      cell: (one) => (
        <button type="button" class="danger" onClick={() => onCut(one)}>
          {words.cut}
          <span class="out-of-sight"> {one.user}</span>
        </button>
      ),
    },
  ];
}
