import { ago, bytes, count, decimal, lasting, t } from '../strings';
import { Trouble, useFetched, Wait } from '../view/parts';
import { address } from '../route';
import { admin, status, type Release, type Sources, type Status } from './admin';

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
  if (run?.verdict === 'refused') found.push({ grade: 'bad', text: words.refusedRun, tab: 'sources' });
  for (const source of run?.sources ?? []) {
    if (source.outcome === 'kept') found.push({ grade: 'fair', text: words.kept(source.name), tab: 'sources' });
    if (source.outcome === null) found.push({ grade: 'bad', text: words.nothing(source.name), tab: 'sources' });
  }
  for (const slot of status?.slots ?? []) {
    if (slot.why) found.push({ grade: 'fair', text: `${slot.account}: ${slot.why}`, tab: 'channels' });
  }
  return found;
}

export function Health() {
  const { value, error, retry } = useFetched(
    async () => {
      const [sources, releases, running] = await Promise.all([
        admin<Sources>('sources'),
        admin<Release[]>('releases'),
        status(),
      ]);
      return { sources, releases, running };
    },
    [],
    4000,
  );
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const { sources, releases, running } = value;
  const words = t().run.health;
  const all = findings(sources, releases, running);
  // What was is not what is.
  const grade: Grade = error !== undefined || all.some((one) => one.grade === 'bad') ? 'bad' : all.length > 0 ? 'fair' : 'good';
  const current = releases.find((one) => one.current);
  const taken = sources.run?.sources.filter((one) => one.outcome === 'taken').length ?? 0;
  const entries: Record<string, number> = {};
  for (const source of sources.release) {
    for (const [kind, number] of Object.entries(source.counts)) entries[kind] = (entries[kind] ?? 0) + number;
  }
  const kinds = t().run.sources.kinds;
  return (
    <>
      {error !== undefined && <Trouble error={error} />}
      <section class={`verdict ${grade}`} role="status">
        <strong>{error === undefined ? words[grade] : words.unknown}</strong>
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
          {current && `${words.releaseOf(String(current.number))} · ${bytes(current.size)}`}
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
        {running && (
          <>
            <Tile name={words.running} value={words.viewers(running.totals.viewers)}>
              {words.channels(running.totals.channels)}
            </Tile>
            <Tile name={words.rate} value={`${decimal(running.totals.bitrate_kbps / 1000)} Mbit/s`}>
              {`${words.restarts}: ${count(running.totals.restarts)} · ${words.lost}: ${count(running.totals.lost_packets)} · ${words.errors}: ${count(running.totals.upstream_errors)}`}
            </Tile>
            <Tile name={words.slots} value={String(running.slots.reduce((sum, slot) => sum + slot.used, 0))}>
              {running.slots
                .map((slot) => `${slot.account}: ${words.slotsUsed(slot.used, slot.limit === null ? '∞' : String(slot.limit))}`)
                .join(' · ')}
            </Tile>
            <Tile name={words.uptime} value={lasting(running.uptime_s)} />
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
