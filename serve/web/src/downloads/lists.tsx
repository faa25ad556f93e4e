// Lists that are uploaded, and what can be done with one.
import { useState } from 'preact/hooks';
import { Confirm } from '../view/dialog';
import { Tick } from '../view/field';
import { Trouble, Wait } from '../view/parts';
import { downloads, type List } from './data';
import { w } from './words';

/** The server takes no larger one, in bytes. */
const LARGEST = 256 * 1024 * 1024;

export function Chosen({ list, onChange, onGone }: { list: List; onChange: () => void; onGone: () => void }) {
  const words = w().differences;
  const [removing, setRemoving] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const mark = async (main: boolean): Promise<void> => {
    setFailed(undefined);
    await downloads(`lists/${list.id}`, { method: 'PUT', json: { main } }).catch(setFailed);
    onChange();
  };
  return (
    <>
      <Tick label={words.main} checked={list.main} onChange={(event) => void mark(event.currentTarget.checked)} />
      <button type="button" class="danger" onClick={() => setRemoving(true)}>
        {words.remove}
      </button>
      {failed !== undefined && <Trouble error={failed} />}
      {removing && (
        <Confirm
          question={words.removing(list.name)}
          verb={words.remove}
          onYes={async () => {
            await downloads(`lists/${list.id}`, { method: 'DELETE' });
            onGone();
            onChange();
          }}
          onClose={() => setRemoving(false)}
        />
      )}
    </>
  );
}

export function Upload({ onDone }: { onDone: (kept: List) => void }) {
  const words = w().differences;
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>();
  const [isLarge, setLarge] = useState(false);
  const send = async (input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    if (!file) return;
    setFailed(undefined);
    setLarge(file.size > LARGEST);
    if (file.size <= LARGEST) {
      setBusy(true);
      const init = { method: 'POST', body: file, headers: { 'content-type': 'application/x-mpegurl' } };
      await downloads<List>(`lists?${new URLSearchParams({ name: file.name })}`, init).then(onDone, setFailed);
      setBusy(false);
    }
    input.value = '';
  };
  return (
    <div>
      <label>
        {words.upload}
        <input type="file" accept=".m3u,.m3u8,.gz" disabled={busy} onChange={(event) => void send(event.currentTarget)} />
      </label>
      <p class="hint">{words.uploadHint}</p>
      {busy && <Wait what={words.uploading} />}
      {isLarge && (
        <p class="trouble" role="alert">
          {words.tooLarge}
        </p>
      )}
      {failed !== undefined && <Trouble error={failed} />}
    </div>
  );
}
