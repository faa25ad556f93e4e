// One more server, or what is to be different of one.
import { useState } from 'preact/hooks';
import { t } from '../strings';
import { Dialog } from '../view/dialog';
import { Field, Lines, Tick } from '../view/field';
import { Trouble } from '../view/parts';
import { downloads, type Server } from './data';
import { w } from './words';

const STYLES: [string, string][] = [
  ['jellyfin', 'Jellyfin'],
  ['kodi', 'Kodi'],
  ['plex', 'Plex'],
  ['emby', 'Emby'],
];

/** What a form says of a server. */
function read(form: FormData): Record<string, unknown> {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const lines = (name: string): number | null => (text(name) ? Number(text(name)) : null);
  return {
    name: text('name'),
    base: text('base'),
    kind: text('kind'),
    url: text('url'),
    secret: text('secret') || null,
    host_key: text('host_key') || null,
    style: text('style'),
    types: form.getAll('types'),
    min_q: lines('min_q'),
    max_q: lines('max_q'),
    max_parallel: Number(text('max_parallel')),
    bwlimit: Number(text('bwlimit')),
    cleanup: form.has('cleanup'),
  };
}

/** What it may be for alone. */
const TYPES = ['movie', 'episode', 'live'] as const;

/** The kinds that this server knows. */
const KINDS = ['dir', 'sftp', 'smb', 'rsync'];

export function ServerForm({ server, onClose, onDone }: { server?: Server; onClose: () => void; onDone: () => void }) {
  const words = w().servers;
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const said = read(new FormData(event.currentTarget as HTMLFormElement));
    setBusy(true);
    setError(undefined);
    try {
      await (server ? downloads(`servers/${server.id}`, { method: 'PUT', json: said }) : downloads('servers', { json: said }));
      onDone();
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  const plain = { autocapitalize: 'none', autocomplete: 'off' } as const;
  const lines = { type: 'number', min: 1, max: 65535 } as const;
  return (
    <Dialog wide title={server ? server.name : words.add} onClose={onClose}>
      <form class="form" onSubmit={(event) => void save(event)}>
        {error !== undefined && (
          <div class="whole">
            <Trouble error={error} />
          </div>
        )}
        <Field label={words.name} hint={words.nameHint} name="name" required autofocus pattern="[A-Za-z0-9_\-]{1,64}" {...plain} defaultValue={server?.name} />
        <Choose label={words.kind} name="kind" from={KINDS.map((kind) => [kind, words.kinds[kind] ?? kind])} chosen={server?.kind} />
        <Field whole label={words.base} hint={words.baseHint} name="base" required {...plain} defaultValue={server?.base ?? ''} />
        <Field label={words.url} hint={words.urlHint} name="url" {...plain} defaultValue={server?.url ?? ''} />
        <Field label={words.secret} hint={words.secretHint} name="secret" {...plain} defaultValue={server?.secret ?? ''} />
        <Lines whole label={words.hostKey} name="host_key" rows={2} spellcheck={false} defaultValue={server?.host_key ?? ''} />
        <Choose label={words.style} name="style" from={STYLES} chosen={server?.style} />
        <Field label={words.parallelField} name="max_parallel" type="number" min={1} max={100} required defaultValue={server?.max_parallel ?? 3} />
        <Field label={words.limit} hint={words.limitHint} name="bwlimit" type="number" min={0} required defaultValue={server?.bwlimit ?? 0} />
        <fieldset class="whole">
          <legend>{words.types}</legend>
          {TYPES.map((type) => (
            <Tick key={type} label={words.typesOf[type]} name="types" value={type} defaultChecked={server?.types.includes(type)} />
          ))}
        </fieldset>
        <Field label={words.min} name="min_q" {...lines} defaultValue={server?.min_q ?? ''} />
        <Field label={words.max} name="max_q" {...lines} defaultValue={server?.max_q ?? ''} />
        <Tick label={words.cleanup} name="cleanup" defaultChecked={server?.cleanup ?? true} />
        <div class="actions whole">
          <button type="button" onClick={onClose}>
            {t().cancel}
          </button>
          <button type="submit" class="main" disabled={busy}>
            {t().save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Choose({ label, name, from, chosen }: { label: string; name: string; from: [string, string][]; chosen?: string }) {
  return (
    <label>
      {label}
      <select name={name}>
        {from.map(([id, word]) => (
          <option key={id} value={id} selected={id === chosen}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}
