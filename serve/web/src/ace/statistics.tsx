// How a channel of Ace Stream does.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { bytes, count, decimal, t } from '../strings';
import { said, useFetched } from '../view/parts';
import { stats, type Stats, type Watch } from './watch';

/** Seconds in which it is looked every second, and the rest every five. */
const WARM = 30;
/** So long without a peer, and something is said, in seconds. */
const ALONE = 15;

export function Statistics({ watch, onStop }: { watch: Watch; onStop: () => void }) {
  const words = t().ace;
  const began = useMemo(() => performance.now(), [watch.id]);
  const [fast, setFast] = useState(true);
  const [alone, setAlone] = useState<number>();
  const { value, error } = useFetched(
    () => stats(watch),
    [watch.id, fast],
    fast ? 1000 : 5000,
  );
  useEffect(() => {
    if (fast && performance.now() - began > WARM * 1000) setFast(false);
    if (!value) return;
    if (value.peers > 0) setAlone(undefined);
    else setAlone((before) => before ?? performance.now());
  }, [value]);
  const lonely = alone !== undefined && performance.now() - alone > ALONE * 1000;
  return (
    <section class="card statistics">
      <div class="head">
        <p role="status">{error !== undefined ? said(error) : value ? <Doing stats={value} /> : t().loading}</p>
        <button type="button" class="danger" onClick={onStop}>
          {words.stop}
        </button>
      </div>
      {lonely && <p class="note">{words.nobody}</p>}
      {value && <Numbers stats={value} />}
    </section>
  );
}

function Doing({ stats: { status, session, peers, progress } }: { stats: Stats }) {
  const words = t().ace;
  if (status === 'prebuf') return <>{words.connecting(peers, progress)}</>;
  return (
    <>
      {words.status}: <strong>{words.states[session === 'active' ? status : session] ?? status}</strong>
    </>
  );
}

/** The engine tells speeds in KiB a second. */
const speed = (number: number): string => `${decimal((number * 8.192) / 1000)} Mbit/s`;

function Numbers({ stats }: { stats: Stats }) {
  const words = t().ace;
  const numbers: [string, string][] = [
    [words.peers, count(stats.peers)],
    [words.down, speed(stats.speed_down)],
    [words.up, speed(stats.speed_up)],
    [words.received, bytes(stats.downloaded)],
    [words.prebuffer, `${stats.progress} %`],
  ];
  return (
    <dl class="numbers">
      {numbers.map(([name, number]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{number}</dd>
        </div>
      ))}
    </dl>
  );
}
