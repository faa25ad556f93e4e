// Films and series: by category, searched, and where one has left off.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { picture } from '../api';
import { changed, finding, forgetPlace, places } from '../data';
import { address, route } from '../route';
import { useStore } from '../store';
import { lasting, t } from '../strings';
import { Icon, IconButton } from '../view/icon';
import { Picture, Search, Trouble, useFetched, Wait } from '../view/parts';
import { FilmView, SeriesView } from './detail';
import { categories, titles, type Kind, type Title } from './titles';
import './vod.css';

export function Films() {
  const [, id] = useStore(route);
  return id ? <FilmView id={Number(id)} /> : <Shelf kind="films" />;
}

export function AllSeries() {
  const [, id, episode] = useStore(route);
  return id ? <SeriesView id={Number(id)} episode={episode} /> : <Shelf kind="series" />;
}

/** Characters from which on all titles are searched. */
const ENOUGH = 2;

/** What was chosen, for the way back. */
const before: Record<Kind, { category: string | undefined; query: string; top: number }> = {
  films: { category: undefined, query: '', top: 0 },
  series: { category: undefined, query: '', top: 0 },
};

function Shelf({ kind }: { kind: Kind }) {
  const words = t().vod;
  const [category, setCategory] = useState(before[kind].category);
  const [query, setQuery] = useState(before[kind].query);
  const known = useFetched(() => categories(kind), [kind]);
  const chosen = category ?? known.value?.[0]?.category_id;
  const searching = query.trim().length >= ENOUGH;
  const wanted = searching ? '' : chosen;
  const found = useFetched(
    () => (wanted === undefined ? Promise.resolve([]) : titles(kind, wanted === 'all' ? '' : wanted)),
    [kind, wanted],
  );
  useEffect(() => {
    before[kind].category = category;
    before[kind].query = query;
  }, [kind, category, query]);
  const shown = useMemo(() => {
    const fits = finding(query);
    return (found.value ?? []).filter((one) => fits(one.folded));
  }, [found.value, query]);
  if (known.error !== undefined) return <Trouble error={known.error} retry={known.retry} />;
  return (
    <div class="shelf">
      <h1 class="out-of-sight">{t().nav[kind]}</h1>
      <div class="filters">
        <Search label={kind === 'films' ? words.searchFilms : words.searchSeries} value={query} onValue={setQuery} />
        <select aria-label={words.category} value={chosen} onChange={(event) => setCategory(event.currentTarget.value)}>
          {known.value?.map((one) => (
            <option key={one.category_id} value={one.category_id}>
              {one.category_name}
            </option>
          ))}
        </select>
      </div>
      <p class="out-of-sight" role="status">
        {searching && found.value ? words.found(shown.length) : ''}
      </p>
      {found.error !== undefined ? (
        <Trouble error={found.error} retry={found.retry} />
      ) : !found.value || !known.value ? (
        <Wait />
      ) : (
        <Cards kind={kind} titles={shown} query={query} />
      )}
    </div>
  );
}

/** Pixels: the narrowest card, the gap, what stands below a cover, the margin. */
const [CARD, GAP, TEXT, MARGIN] = [140, 14, 48, 16];

function Cards({ kind, titles, query }: { kind: Kind; titles: Title[]; query: string }) {
  const words = t().vod;
  const box = useRef<HTMLDivElement>(null);
  const top_ = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, width: 800, height: 600, head: 0 });
  const look = (): void => {
    const element = box.current;
    if (!element) return;
    before[kind].top = element.scrollTop;
    setView({
      top: element.scrollTop,
      width: element.clientWidth,
      height: element.clientHeight,
      head: top_.current?.offsetHeight ?? 0,
    });
  };
  useLayoutEffect(() => {
    if (box.current) box.current.scrollTop = before[kind].top;
    look();
    const watching = new ResizeObserver(look);
    if (box.current) watching.observe(box.current);
    return () => watching.disconnect();
  }, [kind]);
  const first_ = titles[0]?.id;
  const shownBefore = useRef(first_);
  useLayoutEffect(() => {
    if (shownBefore.current !== first_ && box.current) box.current.scrollTop = 0;
    shownBefore.current = first_;
    look();
  }, [first_]);

  const room = Math.max(CARD, view.width - 2 * MARGIN);
  const across = Math.max(2, Math.floor((room + GAP) / (CARD + GAP)));
  const width = (room - (across - 1) * GAP) / across;
  const height = width * 1.5 + TEXT + GAP;
  const first = Math.max(0, Math.floor((view.top - view.head) / height) - 1);
  const last = Math.ceil((view.top - view.head + view.height) / height) + 1;
  const seen = titles.slice(first * across, last * across);
  return (
    <div ref={box} class="cards" onScroll={look}>
      <div ref={top_}>{!query && <Going kind={kind} />}</div>
      {titles.length === 0 && <p class="empty">{words.none}</p>}
      <ul style={{ height: `${Math.ceil(titles.length / across) * height}px` }}>
        {seen.map((one, nth) => {
          const at = first * across + nth;
          return (
            <li
              key={one.id}
              aria-setsize={titles.length}
              aria-posinset={at + 1}
              style={{
                left: `${MARGIN + (at % across) * (width + GAP)}px`,
                top: `${Math.floor(at / across) * height}px`,
                width: `${width}px`,
                height: `${height - GAP}px`,
              }}
            >
              <a href={address(kind, one.id)}>
                <Picture src={one.picture && picture(kind === 'films' ? 'movies' : 'series', one.id)} name={one.name} kind="cover" />
                <span class="name">{one.name}</span>
                <span class="hint">
                  {[one.year, Number(one.rating) > 0 ? `★ ${one.rating}` : ''].filter(Boolean).join(' · ')}
                </span>
              </a>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

/** What somebody has begun and not seen to its end. */
function Going({ kind }: { kind: Kind }) {
  useStore(changed);
  const words = t().vod;
  const all = places().filter((one) => one.kind === (kind === 'films' ? 'movie' : 'series'));
  if (all.length === 0) return null;
  return (
    <section class="going" aria-label={words.going}>
      <h2>{words.going}</h2>
      <ul>
        {all.map((one) => (
          <li key={one.key} class="card">
            <a href={kind === 'films' ? address('films', one.id) : address('series', one.of, one.id)}>
              <Icon name="play" />
              <span>
                <span class="name">{one.name}</span>
                <span class="hint">{words.resume(lasting(one.seconds))}</span>
              </span>
            </a>
            <IconButton icon="close" label={`${words.forget}: ${one.name}`} onClick={() => forgetPlace(one.key)} />
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${Math.round((one.seconds / Math.max(1, one.length)) * 100)}%` }} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
