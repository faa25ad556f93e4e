// One film, or one series with its episodes.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { picture, stream } from '../api';
import { keepPlace, place } from '../data';
import { address, go } from '../route';
import { lasting, t } from '../strings';
import { Icon } from '../view/icon';
import { Picture, Trouble, useFetched, Wait } from '../view/parts';
import { Player } from '../view/player';
import type { Playing } from '../view/playing';
import { film, series, type Episode, type Facts } from './titles';

/** What plays a file, beginning `at` so many seconds. */
function playing(kind: 'movie' | 'series', id: number, of: number, name: string, extension: string, at: number): Playing {
  const key = `${kind}/${id}`;
  const own = stream(kind, id, extension);
  return {
    key: `${key}/${at > 0}`,
    title: name,
    // A transport stream is nothing that a browser plays as a file.
    source: extension === 'ts' ? { ts: own, live: false, at } : { file: own, live: false, at },
    elsewhere: stream(kind, id, extension, true),
    onPlace: (seconds, length) => keepPlace({ key, kind, id, of, name, extension, seconds, length, when: Date.now() }),
  };
}

/** The film from its beginning, or from where it was left. */
function Begin({ kind, id, onBegin }: { kind: 'movie' | 'series'; id: number; onBegin: (at: number) => void }) {
  const words = t().vod;
  const left = place(kind, id);
  return (
    <div class="begin">
      {left ? (
        <>
          <button type="button" class="main" onClick={() => onBegin(left.seconds)}>
            <Icon name="play" /> {words.resume(lasting(left.seconds))}
          </button>
          <button type="button" onClick={() => onBegin(0)}>
            {words.start}
          </button>
        </>
      ) : (
        <button type="button" class="main" onClick={() => onBegin(0)}>
          <Icon name="play" /> {words.play}
        </button>
      )}
    </div>
  );
}

export function FilmView({ id }: { id: number }) {
  const { value, error, retry } = useFetched(() => film(id), [id]);
  const [at, setAt] = useState<number>();
  useEffect(() => setAt(undefined), [id]);
  const shown = useMemo(
    () =>
      value && at !== undefined
        ? playing('movie', id, id, value.movie_data.name, value.movie_data.container_extension, at)
        : undefined,
    [value, at, id],
  );
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const { info, movie_data: data } = value;
  return (
    <article class="detail">
      <Back kind="films" />
      {shown && <Player key={shown.key} playing={shown} />}
      <div class="about">
        <Picture src={picture('movies', id)} name={data.name} kind="cover" />
        <div class="words">
          <h1>{data.name}</h1>
          <FactLine facts={info} />
          {at === undefined && <Begin kind="movie" id={id} onBegin={setAt} />}
          <People facts={info} />
        </div>
      </div>
    </article>
  );
}

export function SeriesView({ id, episode }: { id: number; episode: string | undefined }) {
  const words = t().vod;
  const { value, error, retry } = useFetched(() => series(id), [id]);
  const all = useMemo(() => Object.values(value?.episodes ?? {}).flat(), [value]);
  const current = all.find((one) => one.id === episode);
  const [season, setSeason] = useState<number>();
  const [at, setAt] = useState<number>();
  useEffect(() => setAt(undefined), [id, episode]);
  const name = value?.info.name ?? '';
  const shown = useMemo(() => {
    if (!current) return undefined;
    const number = Number(current.id);
    const begin = at ?? place('series', number)?.seconds ?? 0;
    return playing('series', number, id, `${name} · ${called(current)}`, current.container_extension, begin);
  }, [current, at, id, name]);
  if (!value) return error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />;
  const numbers = Object.keys(value.episodes).map(Number).sort((a, b) => (a || 1e9) - (b || 1e9));
  const chosen = season ?? current?.season ?? numbers[0] ?? 1;
  const after = current ? all[all.indexOf(current) + 1] : undefined;
  return (
    <article class="detail">
      <Back kind="series" />
      {shown && (
        <Player key={shown.key} playing={shown} onEnded={after && (() => go('series', id, after.id))}>
          <p class="hint">{current?.info.plot}</p>
        </Player>
      )}
      <div class="about">
        <Picture src={picture('series', id)} name={name} kind="cover" />
        <div class="words">
          <h1>{name}</h1>
          <FactLine facts={value.info} />
          <People facts={value.info} />
        </div>
      </div>
      {all.length === 0 ? (
        <p class="empty">{words.noEpisodes}</p>
      ) : (
        <section class="episodes" aria-label={words.season(chosen)}>
          {numbers.length > 1 && (
            <select
              aria-label={words.season(chosen)}
              value={String(chosen)}
              onChange={(event) => setSeason(Number(event.currentTarget.value))}
            >
              {numbers.map((one) => (
                <option key={one} value={String(one)}>
                  {words.season(one)}
                </option>
              ))}
            </select>
          )}
          {numbers.length === 1 && <h2>{words.season(chosen)}</h2>}
          <ol>
            {(value.episodes[String(chosen)] ?? []).map((one) => (
              <EpisodeRow key={one.id} series={id} episode={one} current={one.id === episode} />
            ))}
          </ol>
        </section>
      )}
    </article>
  );
}

/** The title without what stands beside it already: providers put series, season and number before it. */
const bare = (episode: Episode): string =>
  episode.title.replace(/^.*\bS\d{1,3}\s?E\d{1,4}\b[\s.:–-]*/i, '') || t().vod.episode(episode.episode_num);

const called = (episode: Episode): string => `${episode.season}×${String(episode.episode_num).padStart(2, '0')} ${bare(episode)}`;

function EpisodeRow({ series, episode, current }: { series: number; episode: Episode; current: boolean }) {
  const left = place('series', Number(episode.id));
  return (
    <li class="card" aria-current={current ? 'true' : undefined}>
      <a href={address('series', series, episode.id)}>
        <span class="num">{episode.episode_num}</span>
        <span class="names">
          <span class="name">{bare(episode)}</span>
          {episode.info.plot && <span class="plot">{episode.info.plot}</span>}
          {left && (
            <span class="bar" aria-hidden="true">
              <span style={{ width: `${Math.round((left.seconds / Math.max(1, left.length)) * 100)}%` }} />
            </span>
          )}
        </span>
        <span class="hint">{episode.info.duration_secs > 0 ? lasting(episode.info.duration_secs) : ''}</span>
        <Icon name="play" />
      </a>
    </li>
  );
}

function Back({ kind }: { kind: 'films' | 'series' }) {
  return (
    <a class="button quiet back" href={address(kind)}>
      <Icon name="back" /> {t().vod.back}
    </a>
  );
}

function FactLine({ facts }: { facts: Facts }) {
  const parts = [
    (facts.releasedate || facts.release_date || '').slice(0, 4),
    facts.duration_secs ? lasting(facts.duration_secs) : '',
    facts.genre,
    facts.country ?? '',
    Number(facts.rating) > 0 ? `★ ${facts.rating}` : '',
  ];
  return <p class="hint">{parts.filter(Boolean).join(' · ')}</p>;
}

function People({ facts }: { facts: Facts }) {
  const words = t().vod;
  return (
    <>
      {facts.plot && <p class="plot">{facts.plot}</p>}
      <dl class="facts">
        {facts.director && (
          <div>
            <dt>{words.director}</dt>
            <dd>{facts.director}</dd>
          </div>
        )}
        {facts.cast && (
          <div>
            <dt>{words.cast}</dt>
            <dd>{facts.cast}</dd>
          </div>
        )}
      </dl>
    </>
  );
}
