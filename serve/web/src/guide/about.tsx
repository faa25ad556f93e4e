// A programme of the grid, and what can be done with it.
import { listings, type Channel, type Programme } from '../data';
import { asker } from '../downloads/role';
import { lazily } from '../lazily';
import { address } from '../route';
import { useStore } from '../store';
import { clock, day, t } from '../strings';
import { Dialog } from '../view/dialog';
import { useFetched, Wait } from '../view/parts';

const RecordThis = lazily(() => import('../downloads/record').then((made) => made.RecordThis));

interface Props {
  channel: Channel;
  programme: Programme;
  now: number;
  onClose: () => void;
}

export function About({ channel, programme, now, onClose }: Props) {
  const words = t().guide;
  const [start, stop, title] = programme;
  const { role } = useStore(asker);
  const { value, error } = useFetched(() => listings(channel.stream_id), [channel.stream_id]);
  const found = value?.find((one) => Number(one.start_timestamp) === start);
  const isRunning = start <= now && stop > now;
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="hint">
        {channel.name} · {day(start)} {clock(start)}–{clock(stop)}
      </p>
      {!value && error === undefined && <Wait />}
      {found?.description && <p>{found.description}</p>}
      <div class="actions">
        {role !== null && <RecordThis {...{ channel, programme, now }} />}
        {found?.has_archive === 1 && stop <= now && (
          <a class="button main" href={address('watch', channel.stream_id, start)}>
            {words.past}
          </a>
        )}
        <a class={`button ${isRunning ? 'main' : ''}`} href={address('watch', channel.stream_id)}>
          {words.watch}
        </a>
      </div>
    </Dialog>
  );
}
