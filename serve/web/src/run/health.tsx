import { ago, bytes, count, decimal, lasting, t } from '../strings';
import { Trouble, useFetched, Wait } from '../view/parts';
import { address } from '../route';
import { admin, type Release, type Sources, type Status } from './admin';

type Grade = 'good' | 'fair' | 'bad';

interface Finding {
  grade: Grade;
  text: string;
  tab: string;
}

/** What an operator would want to know without looking for it. */
function findings(sources: Sources, releases: Release[], status: Status | undefined): Finding[] {
  const words = t().run.health;
  const found: Finding[] = [];
  if (releases.length === 0) found.push({ grade: 'bad', text: words.noRelease, tab: 'sources' });
  const { run } = sources;
  if (run?.verdict === 'failed') found.push({ grade: 'bad', text: `${words.failedRun}: ${run.why}`, tab: 'sources' });
  for (const source of run?.sources ?? []) {
    if (source.outcome !== 'taken') found.push({ grade: 'fair', text: words.kept(source.name), tab: 'sources' });
  }
  for (const slot of status?.slots ?? []) {
    if (slot.why) found.push({ grade: 'fair', text: `${slot.account}: ${slot.why}`, tab: 'channels' });
  }
  return found;
}

export function Health() {
  const { value, error, retry } = useFetched(
    async () => {
      const [sources, releases, status] = await Promise.all([
        admin<Sources>('sources'),
        admin<Release[]>('releases'),
        admin<Status>('status').catch(() => undefined),
      ]);
      return { sources, releases, status };
    },
    [],
    4000,
  );
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const { sources, releases, status } = value;
  const words = t().run.health;
  const all = findings(sources, releases, status);
  const grade: Grade = all.some((one) => one.grade === 'bad') ? 'bad' : all.length > 0 ? 'fair' : 'good';
  const current = releases.find((one) => one.current);
  const taken = sources.run?.sources.filter((one) => one.outcome === 'taken').length ?? 0;
  const entries: Record<string, number> = {};
  for (const source of sources.release) {
    for (const [kind, number] of Object.entries(source.counts)) entries[kind] = (entries[kind] ?? 0) + number;
  }
  const kinds = t().run.sources.kinds;
  return (
    <>
      <section class={`verdict ${grade}`} role="status">
        <strong>{words[grade]}</strong>
        {all.length > 0 && (
          <ul>
            {all.map((one) => (
              <li key={one.text}>
                <a href={address('run', one.tab)}>{one.text}</a>
              </li>
            ))}
          </ul>
        )}
      </section>
      <dl class="tiles">
        <Tile name={words.release} value={current ? ago(current.created) : '–'}>
          {current && `${words.releaseOf(String(current.number), ago(current.created))} · ${bytes(current.size)}`}
        </Tile>
        <Tile name={words.entries} value={count(entries.live ?? 0)}>
          {Object.entries(entries)
            .map(([kind, number]) => `${count(number)} ${kinds[kind] ?? kind}`)
            .join(', ')}
        </Tile>
        {sources.run && (
          <Tile name={words.sources} value={`${taken} / ${sources.run.sources.length}`}>
            {words.taken(taken, sources.run.sources.length)}
          </Tile>
        )}
        {status && (
          <>
            <Tile name={words.running} value={words.viewers(status.totals.viewers)}>
              {words.channels(status.totals.channels)}
            </Tile>
            <Tile name={words.rate} value={`${decimal(status.totals.bitrate_kbps / 1000)} Mbit/s`}>
              {`${words.restarts}: ${count(status.totals.restarts)} · ${words.lost}: ${count(status.totals.lost_packets)} · ${words.errors}: ${count(status.totals.upstream_errors)}`}
            </Tile>
            <Tile name={words.slots} value={String(status.slots.reduce((sum, slot) => sum + slot.used, 0))}>
              {status.slots
                .map((slot) => `${slot.account}: ${words.slotsUsed(slot.used, slot.limit === null ? '∞' : String(slot.limit))}`)
                .join(' · ')}
            </Tile>
            <Tile name={words.uptime} value={lasting(status.uptime_s)} />
          </>
        )}
      </dl>
    </>
  );
}

function Tile({ name, value, children }: { name: string; value: string; children?: preact.ComponentChildren }) {
  return (
    <div class="tile card">
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        {children && <span class="hint">{children}</span>}
      </dd>
    </div>
  );
}
