// Where downloads are delivered, and how those servers are.
import { useState } from 'preact/hooks';
import { useStore } from '../store';
import { ago, bytes } from '../strings';
import { Confirm } from '../view/dialog';
import { Icon } from '../view/icon';
import { Trouble, useFetched, Wait } from '../view/parts';
import { downloads, servers, type Server } from './data';
import { asker, may } from './role';
import { ServerForm } from './server-form';
import { w } from './words';

export function Servers() {
  const words = w().servers;
  const [changes, setChanges] = useState(0);
  const [form, setForm] = useState<Server | 'new'>();
  const [removing, setRemoving] = useState<Server>();
  const isAdmin = may(useStore(asker), 'admin');
  const { value, error, retry } = useFetched(servers, [changes], 15_000);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const changed = (): void => setChanges((before) => before + 1);
  return (
    <>
      <div class="head">
        <p class="hint">{value.length === 0 && words.none}</p>
        {isAdmin && (
          <button type="button" class="main" onClick={() => setForm('new')}>
            <Icon name="plus" /> {words.add}
          </button>
        )}
      </div>
      {error !== undefined && <Trouble error={error} />}
      <ul class="people">
        {value.map((server) => (
          <One key={server.id} server={server} onChange={changed} onEdit={() => setForm(server)} onRemove={() => setRemoving(server)} />
        ))}
      </ul>
      {form && (
        <ServerForm
          server={form === 'new' ? undefined : form}
          onClose={() => setForm(undefined)}
          onDone={() => {
            changed();
            setForm(undefined);
          }}
        />
      )}
      {removing && (
        <Confirm
          question={words.removing(removing.name)}
          verb={words.remove}
          onYes={async () => {
            await downloads(`servers/${removing.id}`, { method: 'DELETE' });
            changed();
          }}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </>
  );
}

function One({ server, onChange, onEdit, onRemove }: { server: Server; onChange: () => void; onEdit: () => void; onRemove: () => void }) {
  const words = w().servers;
  const who = useStore(asker);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const send = async (path: string, init: Parameters<typeof downloads>[1]): Promise<void> => {
    setBusy(true);
    setFailed(undefined);
    await downloads(`servers/${server.id}${path}`, init).catch(setFailed);
    setBusy(false);
    onChange();
  };
  const status = server.maintenance ? 'maintenance' : server.status;
  const tone = status === 'online' ? 'good' : status === 'unknown' || status === 'maintenance' ? '' : 'bad';
  const name = <span class="out-of-sight"> {server.name}</span>;
  return (
    <li class="card">
      <div class="head">
        <h2>
          {server.name}
          <span class={`badge ${tone}`}>{words.states[status]}</span>
        </h2>
        <div class="actions">
          {may(who, 'operator') && (
            <button type="button" class="quiet" disabled={busy} onClick={() => void send('/test', { method: 'POST' })}>
              {busy ? words.testing : words.test}
              {name}
            </button>
          )}
          {may(who, 'admin') && (
            <>
              <button type="button" class="quiet" onClick={() => void send('', { method: 'PUT', json: { maintenance: !server.maintenance } })}>
                {server.maintenance ? words.back : words.pause}
                {name}
              </button>
              <button type="button" class="quiet" onClick={onEdit}>
                {words.edit}
                {name}
              </button>
              <button type="button" class="danger" onClick={onRemove}>
                {words.remove}
                {name}
              </button>
            </>
          )}
        </div>
      </div>
      {failed !== undefined && <Trouble error={failed} />}
      <p class="hint">{facts(server).join(' · ')}</p>
      {server.last_error && <p class="bad">{server.last_error}</p>}
    </li>
  );
}

function facts(server: Server): string[] {
  const words = w().servers;
  return [
    server.base ?? '',
    server.free !== null && server.total !== null ? words.free(bytes(server.free), bytes(server.total)) : '',
    server.rtt_ms !== null ? words.answers(server.rtt_ms) : '',
    words.parallel(server.max_parallel),
    server.checked > 0 ? words.checked(ago(server.checked)) : '',
  ].filter(Boolean);
}
