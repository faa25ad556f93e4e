// The first visit: who administers, where television comes from, the first run, and a picture.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ask, Refused, session, type Session } from '../api';
import { lineUp, loadLineUp } from '../data';
import { go, route } from '../route';
import { admin, open, type Progress, type Sources } from '../run/admin';
import { Doing } from '../run/sources';
import { SourceForm, type Added } from '../run/source-form';
import { useStore } from '../store';
import { count, t } from '../strings';
import { Field } from '../view/field';
import { Mark } from '../view/mark';
import { said, Trouble, useFetched, Wait } from '../view/parts';
import '../run/run.css';
import './setup.css';

export function Setup() {
  const who = useStore(session);
  const [used, setUsed] = useState<Used>();
  const [step, setStep] = useState(1);
  if (!who) return <Frame at={0}>{<Administrator />}</Frame>;
  return (
    <Frame at={step}>
      {step === 1 && (
        <Source
          onUsed={(used) => {
            setUsed(used);
            setStep(2);
          }}
        />
      )}
      {step === 2 && used && <FirstRun used={used} onBack={() => setStep(1)} onDone={() => setStep(3)} />}
      {step === 3 && <Ready />}
    </Frame>
  );
}

function Frame({ at, children }: { at: number; children: ComponentChildren }) {
  const words = t().setup;
  return (
    <main class="setup" id="content">
      <Mark />
      <h1>{words.title}</h1>
      <ol class="steps">
        {words.steps.map((name, nth) => (
          <li key={name} class={nth < at ? 'done' : ''} aria-current={nth === at ? 'step' : undefined}>
            {name}
          </li>
        ))}
      </ol>
      <section class="card">{children}</section>
    </main>
  );
}

function Administrator() {
  const words = t().setup;
  const [, shown] = useStore(route);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(form.get(name) ?? '').trim();
    setBusy(true);
    try {
      const made = await ask<Session>('page/api/setup', {
        json: { code: text('code'), name: text('name'), password: text('password') },
      });
      open.set(true);
      go('setup');
      session.set(made);
    } catch (error) {
      setError(error);
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={make}>
      <h2 class="whole">{words.admin}</h2>
      <p class="hint whole">{words.adminHint}</p>
      {error !== undefined && (
        <p class="trouble whole" role="alert">
          {why(error)}
        </p>
      )}
      <Field
        whole
        label={words.code}
        hint={words.codeHint}
        name="code"
        required
        defaultValue={shown}
        autocomplete="one-time-code"
        autocapitalize="none"
        spellcheck={false}
      />
      <Field
        label={words.name}
        name="name"
        required
        pattern="[A-Za-z0-9._\-]{1,64}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
      />
      <Field
        label={words.password}
        hint={words.passwordHint}
        name="password"
        type="password"
        required
        minLength={8}
        pattern="[A-Za-z0-9._\-]{8,64}"
        autocomplete="new-password"
      />
      <div class="actions whole">
        <button type="submit" class="main" disabled={busy}>
          {words.make}
        </button>
      </div>
    </form>
  );
}

function why(error: unknown): string {
  const words = t().setup;
  if (error instanceof Refused && error.status === 403) return words.codeWrong;
  return error instanceof Refused && error.status === 404 ? words.unusable : said(error);
}

/** A source that is used from now on, and when the last run before that began. */
interface Used {
  source: Added;
  before: number;
}

function Source({ onUsed }: { onUsed: (used: Used) => void }) {
  const words = t().setup;
  const { value } = useFetched(() => admin<Sources>('sources'), []);
  return (
    <>
      <h2>{words.source}</h2>
      <p class="hint">{words.sourceHint}</p>
      <SourceForm onUsed={(source) => onUsed({ source, before: value?.run?.began ?? 0 })} />
    </>
  );
}

interface Look {
  progress: Progress;
  sources: Sources;
}

function FirstRun({ used, onBack, onDone }: { used: Used; onBack: () => void; onDone: () => void }) {
  const words = t().setup;
  const [error, setError] = useState<unknown>();
  // While the server begins anew it does not answer for a moment.
  const { value, error: away } = useFetched<Look>(
    async () => ({ progress: await admin<Progress>('run'), sources: await admin<Sources>('sources') }),
    [],
    700,
  );
  const run = value?.sources.run;
  const over = !!value && !value.progress.running && !!run && run.began > used.before;
  const good = run?.verdict === 'published' || run?.verdict === 'unchanged';
  useEffect(() => {
    if (over && good) onDone();
  }, [over, good]);
  const back = async (): Promise<void> => {
    try {
      await admin(`sources/${used.source.name}`, { method: 'DELETE' });
      onBack();
    } catch (error) {
      setError(error);
    }
  };
  return (
    <>
      <h2>{words.run}</h2>
      <p class="hint">{words.runHint}</p>
      {!value && <Wait what={away !== undefined ? words.reach : undefined} />}
      {value && !over && <Doing progress={value.progress} />}
      {over && !good && (
        <div class="trouble" role="alert">
          <p>
            {words.failed} {run.why}
          </p>
          <ul>
            {run.sources.flatMap((one) => one.notes.map((note) => <li key={note}>{words.reading(one.name, note)}</li>))}
          </ul>
        </div>
      )}
      {error !== undefined && <Trouble error={error} />}
      {over && !good && (
        <div class="actions">
          <button type="button" class="main" onClick={back}>
            {words.back}
          </button>
        </div>
      )}
    </>
  );
}

function Ready() {
  const words = t().setup;
  const known = useStore(lineUp);
  // The release is there; the server may need a second to find it.
  useFetched(loadLineUp, [], 1000);
  const { value } = useFetched(() => admin<Sources>('sources'), [known]);
  const counts: Record<string, number> = {};
  for (const source of value?.run?.sources ?? []) {
    for (const [kind, number] of Object.entries(source.counts)) counts[kind] = (counts[kind] ?? 0) + number;
  }
  const first = known?.channels[0];
  return (
    <>
      <h2>{words.ready}</h2>
      <p>{value ? words.counts(count(counts.live ?? 0), count(counts.movies ?? 0), count(counts.series ?? 0)) : t().loading}</p>
      <div class="actions">
        <button type="button" class="main" disabled={!known} onClick={() => (first ? go('watch', first.stream_id) : go('watch'))}>
          {words.watch}
        </button>
      </div>
    </>
  );
}
