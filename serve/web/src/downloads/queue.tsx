// What is downloaded and recorded, how far it is, and in which order.
import { useState } from 'preact/hooks';
import { useStore } from '../store';
import { moment } from '../strings';
import { Table } from '../run/table';
import { Confirm } from '../view/dialog';
import { Icon } from '../view/icon';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { downloads, named, OPEN, servers, useFollowed, type Download, type Downloads, type Priority } from './data';
import { Details } from './details';
import { Limits } from './limits';
import { More, PAGE } from './more';
import { Pick } from './pick';
import { RecordForm } from './record-form';
import { asker, may } from './role';
import { columns, type Action } from './row';
import { w } from './words';

/** A box that is open above the queue. */
type Box = { is: 'details' | 'cancel' | 'pick'; of: Download } | { is: 'record' };

export function Queue() {
  const words = w().queue;
  const { changes, progress } = useFollowed();
  const [shown, setShown] = useState('open');
  const [kind, setKind] = useState('');
  const [text, setText] = useState('');
  const [most, setMost] = useState(PAGE);
  const [done, setDone] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const [box, setBox] = useState<Box>();
  const who = useStore(asker);
  const isOperator = may(who, 'operator');
  const states = shown === 'open' ? OPEN.join(',') : shown === 'all' ? '' : shown;
  const query = new URLSearchParams({ state: states, kind, text, most: String(most) });
  const queue = useFetched(() => downloads<Downloads>(`downloads?${query}`), [changes, done, states, kind, text, most]);
  const known = useFetched(servers, []);
  const put = async (json: { action: Action } | { priority: Priority }, id?: number): Promise<void> => {
    setFailed(undefined);
    await downloads(id === undefined ? 'downloads' : `downloads/${id}`, { method: 'PUT', json }).catch(setFailed);
    setDone((before) => before + 1);
  };
  if (!queue.value) return queue.error !== undefined ? <Trouble error={queue.error} retry={queue.retry} /> : <Wait />;
  const { total, downloads: rows, holds } = queue.value;
  const error = failed ?? queue.error;
  const byId = new Map(known.value?.map((one) => [one.id, one]));
  const close = (): void => {
    setBox(undefined);
    setDone((before) => before + 1);
  };
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
        <select aria-label={words.kind} value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
          <option value="">{words.kinds}</option>
          {Object.entries(w().servers.typesOf).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {isOperator && <ForAll onAct={(action) => void put({ action })} onRecord={() => setBox({ is: 'record' })} />}
      </div>
      {error !== undefined && <Trouble error={error} />}
      {holds.map((hold) => (
        <p class="hint" key={hold.scope + hold.name + hold.wait}>
          {w().states.pending} {w().waits[hold.wait]}: {hold.why} ({words.until(moment(hold.until))})
        </p>
      ))}
      {rows.length === 0 ? (
        <p class="empty">{text || kind ? words.noneSo : words.none}</p>
      ) : (
        <Table
          stacks
          label={w().tabs.queue}
          columns={columns({ progress, servers: byId }, isOperator, {
            show: (of) => setBox({ is: 'details', of }),
            act: (action, of) => (action === 'cancel' ? setBox({ is: 'cancel', of }) : void put({ action }, of.id)),
            rank: (priority, one) => void put({ priority }, one.id),
            pick: who.searches ? (of) => setBox({ is: 'pick', of }) : undefined,
          })}
          rows={rows}
          key_={(one) => one.id}
        />
      )}
      <More shown={rows.length} total={total} onMore={() => setMost(most + PAGE)} />
      {isOperator && <Limits />}
      {box?.is === 'record' && <RecordForm onClose={close} />}
      {box?.is === 'details' && <Details id={box.of.id} title={named(box.of)} changes={changes} servers={byId} onClose={close} />}
      {box?.is === 'pick' && <Pick of={box.of} onClose={close} />}
      {box?.is === 'cancel' && (
        <Confirm
          question={words.cancelling(named(box.of))}
          verb={words.cancel}
          onYes={() => put({ action: 'cancel' }, box.of.id)}
          onClose={close}
        />
      )}
    </>
  );
}

function ForAll({ onAct, onRecord }: { onAct: (action: Action) => void; onRecord: () => void }) {
  const words = w().queue;
  return (
    <>
      <button type="button" onClick={() => onAct('pause')}>
        {words.pauseAll}
      </button>
      <button type="button" onClick={() => onAct('resume')}>
        {words.resumeAll}
      </button>
      <button type="button" onClick={() => onAct('retry')}>
        {words.retryAll}
      </button>
      <button type="button" onClick={onRecord}>
        <Icon name="record" /> {w().recording.title}
      </button>
    </>
  );
}
