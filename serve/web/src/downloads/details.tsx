// A download or a recording: all that is known of it, and what happened to it.
import { moment } from '../strings';
import { Dialog } from '../view/dialog';
import { Trouble, useFetched, Wait } from '../view/parts';
import { downloads, type Download, type Happened, type Server } from './data';
import { fits, how, picked, pictured, span } from './row';
import { w } from './words';

interface Shown {
  id: number;
  title: string;
  /** It is looked at anew when this is another number. */
  changes: number;
  servers: Map<number, Server>;
  onClose: () => void;
}

export function Details({ id, title, changes, servers, onClose }: Shown) {
  const words = w().details;
  const asked = () => downloads<{ download: Download; events: Happened[] }>(`downloads/${id}`);
  const { value, error, retry } = useFetched(asked, [id, changes]);
  return (
    <Dialog wide title={title} onClose={onClose}>
      {!value && (error !== undefined ? <Trouble error={error} retry={retry} /> : <Wait />)}
      {value && (
        <>
          <dl class="facts">
            {facts(value.download, servers.get(value.download.target)).map(([name, fact]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{fact}</dd>
              </div>
            ))}
          </dl>
          <h3>{words.happened}</h3>
          <ol class="happened">
            {value.events.map((one) => (
              <li key={one.id} class={one.level === 'info' ? undefined : 'bad'}>
                <time>{moment(one.timestamp)}</time>
                <span>{[words.actions[one.action] ?? one.action, one.details].filter(Boolean).join(': ')}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </Dialog>
  );
}

/** Those that there are, with their names. */
function facts(one: Download, server: Server | undefined): [name: string, fact: string][] {
  const [words, queue] = [w().details, w().queue];
  const { airing } = one;
  const unfit = fits(one, server) || !server ? '' : `; ${w().picture.unfit(server.name)}`;
  const all: [string, string][] = [
    [queue.how, how(one)],
    [words.channel, airing?.channel ?? ''],
    [words.on, airing ? span(airing.starts, airing.stops) : ''],
    [words.recorded, airing && airing.lead + airing.tail > 0 ? span(airing.starts - airing.lead, airing.stops + airing.tail) : ''],
    [words.known, picked(one) || (one.tmdb && words.listed(one.tmdb))],
    [words.picture, pictured(one) && `${pictured(one)}${unfit}`],
    [queue.where, server?.name ?? ''],
    [words.file, one.final_path ?? ''],
    [words.by, `${one.user}, ${moment(one.created)}`],
  ];
  return all.filter(([, fact]) => fact);
}
