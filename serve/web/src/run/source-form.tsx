// A source, tested before it is used.
import { useState } from 'preact/hooks';
import { date, t } from '../strings';
import { Field } from '../view/field';
import { translated, Trouble, Wait } from '../view/parts';
import { admin } from './admin';

type Kind = keyof ReturnType<typeof t>['setup']['kinds'];

export interface Added {
  name: string;
  kind: Kind;
  url: string;
  username?: string;
  password?: string;
}

export interface Probed {
  good: boolean;
  ahead: number | null;
  parts: {
    part: string;
    good: boolean;
    words: string;
    connections: number | null;
    active: number | null;
    expires: number | null;
  }[];
}

function read(form: FormData): Added {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const kind = text('kind') as Kind;
  const account = kind === 'xtream' ? { username: text('username'), password: text('password') } : {};
  return { name: text('name'), kind, url: text('url'), ...account };
}

export function SourceForm({ onUsed, onCancel }: { onUsed: (source: Added) => void; onCancel?: () => void }) {
  const words = t().setup;
  const [probed, setProbed] = useState<Probed>();
  const [tried, setTried] = useState(false);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const use = async (source: Added): Promise<void> => {
    await admin('sources', { json: source });
    onUsed(source);
  };
  const test = async (source: Added): Promise<void> => {
    setProbed(undefined);
    setTried(true);
    setProbed(await admin<Probed>('sources/test', { json: source }));
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const source = read(new FormData(event.currentTarget as HTMLFormElement));
    const uses = (event.submitter as HTMLButtonElement | null)?.value === 'use';
    setBusy(true);
    setError(undefined);
    void (uses ? use : test)(source)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  // What was tested is not what stands there now.
  const changed = (): void => {
    setProbed(undefined);
    setTried(false);
  };
  return (
    <form class="form" onSubmit={submit} onInput={changed}>
      <Fields />
      <div class="whole" aria-live="polite">
        {busy && <Wait what={words.testing} />}
        {error !== undefined && <Trouble error={error} />}
        {probed && <Result probed={probed} />}
      </div>
      <div class="actions whole">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {t().cancel}
          </button>
        )}
        <button type="submit" value="test" class={tried ? '' : 'main'} disabled={busy}>
          {words.test}
        </button>
        {tried && (
          <button type="submit" value="use" class="main" disabled={busy}>
            {probed?.good ? words.use : words.anyway}
          </button>
        )}
      </div>
    </form>
  );
}

function Fields() {
  const words = t().setup;
  const [kind, setKind] = useState<Kind>('xtream');
  const usual = kind === 'xmltv' ? 'guide' : 'provider';
  const example = kind === 'xtream' ? 'http://panel.example:8080' : 'https://…';
  const typed = { autocapitalize: 'none', spellcheck: false } as const;
  return (
    <>
      <label class="whole">
        {words.kind}
        <select name="kind" value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)}>
          {(Object.keys(words.kinds) as Kind[]).map((one) => (
            <option key={one} value={one}>
              {words.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      <Field whole label={words.url} name="url" type="url" required placeholder={example} {...typed} />
      {kind === 'xtream' && (
        <>
          <Field label={words.username} name="username" required autocomplete="off" {...typed} />
          <Field label={words.providerPassword} name="password" type="password" required autocomplete="off" />
        </>
      )}
      <Field
        key={usual}
        whole
        label={words.sourceName}
        hint={words.sourceNameHint}
        name="name"
        required
        pattern="[A-Za-z0-9_\-]{1,64}"
        defaultValue={usual}
      />
    </>
  );
}

function Result({ probed }: { probed: Probed }) {
  const words = t().setup;
  return (
    <div class={`verdict ${probed.good ? 'good' : 'bad'}`}>
      <strong>{probed.good ? words.good : words.bad}</strong>
      <ul>
        {probed.parts.map((one) => (
          <li key={one.part}>
            <span aria-hidden="true">{one.good ? '✓' : '✗'}</span> {one.part}: {translated(one.words)}
            {one.expires !== null && ` · ${t().run.users.expires}: ${date(one.expires)}`}
          </li>
        ))}
      </ul>
    </div>
  );
}
