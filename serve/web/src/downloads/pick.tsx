// Which film or series a title is, where nobody but a person knows: what themoviedb.org finds, to pick from.
import { useState } from 'preact/hooks';
import { t } from '../strings';
import { Dialog } from '../view/dialog';
import { Search, Trouble, useFetched, Wait } from '../view/parts';
import { downloads, named, type Download } from './data';
import { w } from './words';

interface Found {
  tmdb: number;
  title: string;
  original: string;
  year: number;
}

export function Pick({ of, onClose }: { of: Download; onClose: () => void }) {
  const words = w().pick;
  const [text, setText] = useState(of.title);
  const [failed, setFailed] = useState<unknown>();
  const kind = of.kind === 'episode' ? 'series' : 'film';
  const query = new URLSearchParams({ kind, text });
  const { value, error } = useFetched(
    () => (text.trim() ? downloads<{ found: Found[] }>(`tmdb/search?${query}`).then((told) => told.found) : Promise.resolve([])),
    [text],
  );
  const pick = async (tmdb: number | null): Promise<void> => {
    setFailed(undefined);
    try {
      await downloads('tmdb/pick', { method: 'PUT', json: { kind, title: of.title, year: Number(of.year), tmdb } });
      onClose();
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <Dialog title={words.title(named(of))} onClose={onClose}>
      <p class="hint">{words.hint}</p>
      <Search label={words.search} value={text} onValue={setText} />
      {(failed ?? error) !== undefined && <Trouble error={failed ?? error} />}
      {!value && error === undefined && <Wait />}
      <ul class="found">
        {value?.map((one) => (
          <li key={one.tmdb}>
            <button type="button" class="quiet" onClick={() => void pick(one.tmdb)}>
              {one.title}
              {one.year > 0 && ` (${one.year})`}
              {one.original !== one.title && <span class="hint"> {one.original}</span>}
            </button>
          </li>
        ))}
      </ul>
      <div class="actions">
        <button type="button" onClick={() => void pick(null)}>
          {words.none}
        </button>
        <button type="button" onClick={onClose}>
          {t().cancel}
        </button>
      </div>
    </Dialog>
  );
}
