// A channel that is watched: its picture, what is on, and what was.
import { useMemo, useState } from 'preact/hooks';
import { past, picture, stream } from '../api';
import { changed, favourites, listings, toggleFavourite, type Channel, type Listing } from '../data';
import { asker, may } from '../downloads/role';
import { lazily } from '../lazily';
import { address } from '../route';
import { useStore } from '../store';
import { clock, day, t } from '../strings';
import { Bar } from './bar';
import { Icon, IconButton } from './icon';
import { Picture, Trouble, useFetched, useNow, Wait } from './parts';
import { Player } from './player';
import type { Playing } from './playing';

const RecordForm = lazily(() => import('../downloads/record-form').then((made) => made.RecordForm));

export function Stage(props: { channel: Channel; start: number | undefined; onBefore?: () => void; onAfter?: () => void }) {
  const { channel, start } = props;
  const words = t().watch;
  useStore(changed);
  const found = useFetched(() => listings(channel.stream_id), [channel.stream_id]);
  const earlier = start ? found.value?.find((one) => Number(one.start_timestamp) === start) : undefined;
  const [recording, setRecording] = useState(false);
  const records = may(useStore(asker), 'operator');
  const starred = favourites().includes(channel.stream_id);
  // What is watched of the past must not begin anew when its title comes to be known.
  const minutes = useMemo(
    () => (earlier ? Math.ceil((Number(earlier.stop_timestamp) - Number(earlier.start_timestamp)) / 60) : undefined),
    [earlier?.start_timestamp, earlier?.stop_timestamp],
  );
  const playing = !start ? live(channel) : minutes ? archived(channel, start, minutes, earlier) : undefined;
  if (start && !playing && !found.value && found.error === undefined) return <Wait />;
  const head = (
    <header class="channel-head">
      <Picture src={channel.stream_icon && picture('live', channel.stream_id)} name={channel.name} kind="logo" />
      <h1>
        <span class="num">{channel.num}</span> {channel.name}
      </h1>
      <IconButton
        icon="star"
        filled={starred}
        aria-pressed={starred}
        label={starred ? words.unstar : words.star}
        onClick={() => toggleFavourite(channel.stream_id)}
      />
      {records && <IconButton icon="record" label={words.record} onClick={() => setRecording(true)} />}
      <a class="button quiet to-list" href={address('watch')}>
        <Icon name="back" /> {words.channels}
      </a>
    </header>
  );
  return (
    <>
      {playing && (
        <Player key={playing.key} playing={playing} onBefore={props.onBefore} onAfter={props.onAfter}>
          {head}
        </Player>
      )}
      {!playing && head}
      {start && (
        <p class="note">
          {words.watching(earlier?.title ?? clock(start))}{' '}
          <a href={address('watch', channel.stream_id)}>{words.live}</a>
        </p>
      )}
      {found.value && <Schedule channel={channel} listings={found.value} start={start} />}
      {found.error !== undefined && <Trouble error={found.error} retry={found.retry} />}
      {recording && <RecordForm channel={channel} until={runsUntil(found.value)} onClose={() => setRecording(false)} />}
    </>
  );
}

/** When that ends which is on now. */
function runsUntil(all: Listing[] | undefined): number | undefined {
  const now = Date.now() / 1000;
  const running = all?.find((one) => Number(one.start_timestamp) <= now && Number(one.stop_timestamp) > now);
  return running && Number(running.stop_timestamp);
}

function live(channel: Channel): Playing {
  const id = channel.stream_id;
  return {
    key: `live/${id}`,
    title: channel.name,
    source: { ts: stream('live', id, 'ts'), playlist: stream('live', id, 'm3u8'), live: true },
    channel: id,
    elsewhere: stream('live', id, 'ts', true),
  };
}

function archived(channel: Channel, start: number, minutes: number, listing: Listing | undefined): Playing {
  const id = channel.stream_id;
  return {
    key: `past/${id}/${start}`,
    title: listing?.title ?? channel.name,
    source: { playlist: past(id, start, minutes, 'm3u8'), live: false },
    elsewhere: past(id, start, minutes, 'ts', true),
  };
}

/** What is on, what follows, and what was, for channels whose past can be watched. */
function Schedule({ channel, listings, start }: { channel: Channel; listings: Listing[]; start: number | undefined }) {
  const now = useNow(30_000);
  const words = t().watch;
  const [earlier, setEarlier] = useState(!!start);
  const kept = listings.filter((one) => one.has_archive && Number(one.stop_timestamp) <= now);
  const coming = listings.filter((one) => Number(one.stop_timestamp) > now).slice(0, 12);
  if (listings.length === 0) return <p class="empty">{words.noGuide}</p>;
  return (
    <div class="schedule">
      {kept.length > 0 && (
        <details open={earlier} onToggle={(event) => setEarlier(event.currentTarget.open)}>
          <summary>
            {words.past} · {words.archive(channel.tv_archive_duration)}
          </summary>
          {earlier && (
            <ol class="programmes past">
              {[...kept].reverse().map((one) => (
                <li key={one.start_timestamp} aria-current={Number(one.start_timestamp) === start ? 'true' : undefined}>
                  <time>
                    {day(Number(one.start_timestamp))} {clock(Number(one.start_timestamp))}
                  </time>
                  <span class="title">{one.title}</span>
                  <a class="button quiet" href={address('watch', channel.stream_id, one.start_timestamp)}>
                    <Icon name="play" /> {words.watchPast}
                    <span class="out-of-sight"> {one.title}</span>
                  </a>
                </li>
              ))}
            </ol>
          )}
        </details>
      )}
      <h2>{words.today}</h2>
      <ol class="programmes">
        {coming.map((one) => {
          const [from, until] = [Number(one.start_timestamp), Number(one.stop_timestamp)];
          const running = from <= now;
          return (
            <li key={one.start_timestamp} class={running ? 'running' : ''}>
              <time>{clock(from)}</time>
              <div>
                <span class="title">{one.title}</span>
                {running && <Bar from={from} until={until} now={now} />}
                {one.description && <p>{one.description}</p>}
              </div>
            </li>
          );
        })}
      </ol>
    </div>
  );
}
