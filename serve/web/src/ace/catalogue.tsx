// Channels of Ace Stream that are kept by hand.
import { useState } from 'preact/hooks';
import { ask, session } from '../api';
import { useStore } from '../store';
import { count, t } from '../strings';
import { Confirm, Dialog } from '../view/dialog';
import { Field, Lines } from '../view/field';
import { Icon, IconButton } from '../view/icon';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { who } from './watch';

interface Entry {
  id: string;
  name: string;
  ace_stream_id: string;
  description: string;
  category: string;
  language: string;
  quality: string;
  is_active: boolean;
}

const PAGE = 50;

/** What stands above the list. */
type Shown = { what: 'form'; entry?: Entry } | { what: 'remove'; entry: Entry };

export function Catalogue({ onStart }: { onStart: (id: string) => void }) {
  const words = t().ace;
  const mayChange = useStore(session)?.admin ?? false;
  const [query, setQuery] = useState('');
  const [more, setMore] = useState(PAGE);
  const [changes, setChanges] = useState(0);
  const [shown, setShown] = useState<Shown>();
  const { value, error, retry } = useFetched(
    () =>
      ask<{ channels: Entry[]; total: number }>(
        `api/channels${query ? '/search' : ''}?${who()}&limit=${more}&q=${encodeURIComponent(query)}`,
      ),
    [query, more, changes],
  );
  return (
    <section class="catalogue" aria-label={words.catalogue}>
      <div class="head">
        <h2>{words.catalogue}</h2>
        {mayChange && (
          <button type="button" onClick={() => setShown({ what: 'form' })}>
            <Icon name="plus" /> {words.add}
          </button>
        )}
      </div>
      <Search label={words.search} value={query} onValue={setQuery} />
      {error !== undefined && <Trouble error={error} retry={retry} />}
      {!value && error === undefined && <Wait />}
      {value?.channels.length === 0 && <p class="empty">{query ? t().watch.none : words.empty}</p>}
      <ul>
        {value?.channels.map((one) => (
          <Row key={one.id} entry={one} onStart={onStart} onShow={mayChange ? setShown : undefined} />
        ))}
      </ul>
      {value && value.total > value.channels.length && (
        <button type="button" onClick={() => setMore(more + PAGE)}>
          {count(value.channels.length)} / {count(value.total)} …
        </button>
      )}
      {shown && <Above shown={shown} onClose={() => setShown(undefined)} onChange={() => setChanges((before) => before + 1)} />}
    </section>
  );
}

interface RowProps {
  entry: Entry;
  onStart: (id: string) => void;
  /** For those who may change something. */
  onShow: ((shown: Shown) => void) | undefined;
}

function Row({ entry, onStart, onShow }: RowProps) {
  const words = t().ace;
  const { name, category, language, quality, description } = entry;
  return (
    <li class="card head">
      <div class="grow">
        <strong>{name}</strong>
        <p class="hint">{[category, language, quality, description].filter(Boolean).join(' · ')}</p>
      </div>
      <div class="actions">
        <button type="button" onClick={() => onStart(entry.ace_stream_id)}>
          <Icon name="play" /> {words.start}
          <span class="out-of-sight"> {name}</span>
        </button>
        {onShow && (
          <>
            <button type="button" class="quiet" onClick={() => onShow({ what: 'form', entry })}>
              {words.edit}
              <span class="out-of-sight"> {name}</span>
            </button>
            <IconButton icon="close" label={`${t().remove}: ${name}`} onClick={() => onShow({ what: 'remove', entry })} />
          </>
        )}
      </div>
    </li>
  );
}

function Above({ shown, onClose, onChange }: { shown: Shown; onClose: () => void; onChange: () => void }) {
  const { entry } = shown;
  if (shown.what === 'form') {
    return (
      <EntryForm
        entry={entry}
        onClose={onClose}
        onDone={() => {
          onClose();
          onChange();
        }}
      />
    );
  }
  return (
    <Confirm
      question={t().ace.removing(shown.entry.name)}
      verb={t().remove}
      onYes={async () => {
        await ask(`api/channels/${shown.entry.id}?${who()}`, { method: 'DELETE' });
        onChange();
      }}
      onClose={onClose}
    />
  );
}

function EntryForm({ entry, onClose, onDone }: { entry?: Entry; onClose: () => void; onDone: () => void }) {
  const words = t().ace;
  const [error, setError] = useState<unknown>();
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const said = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement));
    try {
      await ask(`api/channels${entry ? `/${entry.id}` : ''}?${who()}`, { method: entry ? 'PUT' : 'POST', json: said });
      onDone();
    } catch (error) {
      setError(error);
    }
  };
  const fields = ['category', 'language', 'quality'] as const;
  return (
    <Dialog title={entry ? words.edit : words.add} onClose={onClose}>
      <form class="form" onSubmit={save}>
        {error !== undefined && (
          <div class="whole">
            <Trouble error={error} />
          </div>
        )}
        <Field whole label={words.name} name="name" required maxLength={200} defaultValue={entry?.name} />
        <Field
          whole
          label={words.id}
          name="ace_stream_id"
          required
          defaultValue={entry?.ace_stream_id}
          autocapitalize="none"
          spellcheck={false}
        />
        {fields.map((field) => (
          <Field key={field} label={words[field]} name={field} defaultValue={entry?.[field]} />
        ))}
        <Lines whole label={words.description} name="description" rows={2} defaultValue={entry?.description} />
        <div class="actions whole">
          <button type="button" onClick={onClose}>
            {t().cancel}
          </button>
          <button type="submit" class="main">
            {t().save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
