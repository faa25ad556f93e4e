import { useState } from 'preact/hooks';
import { described } from '../player/codec';
import { ago, count, decimal, moment, t } from '../strings';
import { Confirm, Trouble, useFetched, Wait } from '../view/parts';
import { admin, status, type Sessions, type Watching } from './admin';

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
      {running && running.channels.length === 0 && sessions.sessions.length === 0 && <p class="empty">{words.none}</p>}
      {running && running.channels.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={t().run.tabs.channels}>
          <table>
            <thead>
              <tr>
                <th>{words.name}</th>
                <th>{words.state}</th>
                <th class="number">{words.viewers}</th>
                <th class="number">{words.rate}</th>
                <th class="number">{words.buffer}</th>
                <th>{words.upstream}</th>
                <th class="number">{words.restarts}</th>
                <th class="number">{words.lost}</th>
                <th>{words.picture}</th>
              </tr>
            </thead>
            <tbody>
              {running.channels.map((one) => (
                <tr key={one.id}>
                  <th scope="row">{one.name ?? one.id}</th>
                  <td>
                    <span class={`badge ${one.state === 'on_air' ? 'good' : one.state === 'lingering' ? '' : 'fair'}`}>
                      {words.states[one.state] ?? one.state}
                    </span>
                  </td>
                  <td class="number">
                    {one.viewers}
                    {one.hls_sessions > 0 && <span class="hint"> ({one.hls_sessions} HLS)</span>}
                  </td>
                  <td class="number">{one.bitrate_kbps ? `${decimal(one.bitrate_kbps / 1000)} Mbit/s` : '–'}</td>
                  <td class="number">{decimal(one.buffer_seconds)} s</td>
                  <td>
                    {one.account}
                    {one.protocol && <span class="hint"> {one.protocol.toUpperCase()}</span>}
                  </td>
                  <td class="number">{count(one.restarts)}</td>
                  <td class="number">{count(one.lost_packets)}</td>
                  <td class="prose">{described({ ...one, bitrate_kbps: null })}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {running && running.slots.length > 0 && (
        <>
          <h2>{words.slots}</h2>
          <div class="scroll" tabIndex={0} role="region" aria-label={words.slots}>
            <table>
              <thead>
                <tr>
                  <th>{words.account}</th>
                  <th>{words.used}</th>
                  <th>{t().run.sources.notes}</th>
                </tr>
              </thead>
              <tbody>
                {running.slots.map((one) => (
                  <tr key={`${one.account}/${one.login}`}>
                    <th scope="row">
                      {one.account} <span class="hint">{one.login}</span>
                    </th>
                    <td>
                      {one.used} / {one.limit ?? '∞'}
                      {one.limit !== null && (
                        <meter min={0} max={one.limit} value={one.used} aria-label={`${one.used} / ${one.limit}`} />
                      )}
                    </td>
                    <td class="prose">{one.why}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
      {sessions.sessions.length > 0 && (
        <>
          <h2>{words.sessions}</h2>
          <div class="scroll" tabIndex={0} role="region" aria-label={words.sessions}>
            <table>
              <thead>
                <tr>
                  <th>{words.user}</th>
                  <th>{words.what}</th>
                  <th>{words.since}</th>
                  <th>{words.device}</th>
                  <th>{words.from}</th>
                  <td />
                </tr>
              </thead>
              <tbody>
                {sessions.sessions.map((one) => (
                  <tr key={one.id}>
                    <th scope="row">{one.user}</th>
                    <td>{one.name ?? one.watches}</td>
                    <td>
                      <time title={moment(one.since)}>{ago(one.since)}</time>
                    </td>
                    <td class="prose">{one.device ?? one.agent.split('/')[0]}</td>
                    <td>{one.address}</td>
                    <td>
                      <button type="button" class="danger" onClick={() => setCut(one)}>
                        {words.cut}
                        <span class="out-of-sight"> {one.user}</span>
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
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
