// One channel of the grid, and its programmes.
import { useMemo } from 'preact/hooks';
import { picture } from '../api';
import type { Channel, Programme } from '../data';
import { address } from '../route';
import { clock, t } from '../strings';
import { Picture } from '../view/parts';
import { DAY, HEAD, pixels, ROW, spelled, type Edges, type Seen } from './scale';
import type { Sheet } from './sheet';

interface Props {
  sheet: Sheet;
  /** Which of its channels. */
  at: number;
  edges: Edges;
  seen: Seen;
  now: number;
  /** The one in this row that Tab leads to, if it is in this row. */
  spot: number | undefined;
}

/** While one scrolls, what is seen of a row already stays as it is. */
export function Row({ sheet, at, edges, seen, now, spot }: Props) {
  const channel = sheet.channels[at];
  const { from, until } = seen;
  return useMemo(() => {
    if (!channel) return null;
    const programmes = sheet.row(at, from, until);
    return (
      <div role="row" aria-rowindex={at + 1} class="line-of" style={{ top: `${at * ROW + HEAD}px`, height: `${ROW}px` }}>
        <Head channel={channel} at={at} reachable={spot === 0} />
        {programmes.map((one) => (
          <Cell key={one[0]} {...{ channel, at, edges, now }} programme={one} reachable={spot === one[0]} />
        ))}
        {programmes.length === 0 && sheet.knows(at, from, until) && (
          <div role="gridcell" class="none">
            {t().guide.none}
          </div>
        )}
      </div>
    );
  }, [sheet, channel, at, from, until, now, spot, sheet.stamp(at)]);
}

function Head({ channel, at, reachable }: { channel: Channel; at: number; reachable: boolean }) {
  return (
    <div role="rowheader" class="channel">
      <a
        href={address('watch', channel.stream_id)}
        tabIndex={reachable ? 0 : -1}
        data-spot={spelled({ row: at, start: 0 })}
      >
        <Picture src={channel.stream_icon && picture('live', channel.stream_id)} name={channel.name} kind="logo" />
        <span class="name">{channel.name}</span>
      </a>
    </div>
  );
}

interface CellProps {
  channel: Channel;
  at: number;
  edges: Edges;
  now: number;
  programme: Programme;
  reachable: boolean;
}

function Cell({ channel, at, edges, now, programme, reachable }: CellProps) {
  const [start, stop, title] = programme;
  const state = when(channel, programme, now);
  return useMemo(() => {
    const left = `${pixels(start - edges.begin)}px`;
    return (
      <div role="gridcell" class="cell" style={{ left, width: `${Math.max(2, pixels(stop - start))}px` }}>
        <button type="button" class={state} tabIndex={reachable ? 0 : -1} data-spot={spelled({ row: at, start })}>
          <span class="title">{title}</span>
          <span class="time">
            {clock(start)}–{clock(stop)}
          </span>
        </button>
      </div>
    );
  }, [programme, state, reachable]);
}

/** Whether it is on, has been, or has been and can still be watched. */
function when(channel: Channel, [start, stop]: Programme, now: number): string {
  if (stop > now) return start <= now ? 'running' : '';
  return channel.tv_archive === 1 && stop >= now - channel.tv_archive_duration * DAY ? 'kept' : 'gone';
}
