import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { finding, fold } from '../data';
import { clock, t } from '../strings';
import { Search, Trouble, useFetched } from '../view/parts';
import { admin } from './admin';

interface Line {
  number: number;
  time: number;
  level: string;
  text: string;
}

const LEVELS = ['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'];
/** Lines that are shown. */
const MOST = 2000;

export function Logs() {
  const words = t().run.logs;
  const [lines, setLines] = useState<Line[]>([]);
  const [paused, setPaused] = useState(false);
  const [level, setLevel] = useState('INFO');
  const [query, setQuery] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const last = useRef(0);
  const { error } = useFetched(
    async () => {
      if (paused) return;
      const found = await admin<Line[]>(`logs?after=${last.current}`);
      const newest = found.at(-1);
      if (!newest) return;
      const again = newest.number <= last.current;
      last.current = newest.number;
      setLines((before) => [...(again ? [] : before), ...found].slice(-MOST));
    },
    [paused],
    1500,
  );
  const shown = useMemo(() => {
    const fits = finding(query);
    const least = LEVELS.indexOf(level);
    return lines.filter((line) => LEVELS.indexOf(line.level) <= least && fits(fold(line.text)));
  }, [lines, level, query]);
  // Whoever reads further up is not carried off.
  const atEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [shown]);
  return (
    <>
      <div class="head">
        <div class="grow">
          <Search label={words.filter} value={query} onValue={setQuery} />
        </div>
        <select aria-label={words.level} value={level} onChange={(event) => setLevel(event.currentTarget.value)}>
          {LEVELS.map((one) => (
            <option key={one} value={one}>
              {words.level} {one}
            </option>
          ))}
        </select>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? words.go : words.pause}
        </button>
      </div>
      {error !== undefined && <Trouble error={error} />}
      <div
        ref={box}
        class="log"
        role="log"
        aria-live="off"
        aria-label={t().run.tabs.logs}
        tabIndex={0}
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          atEnd.current = scrollTop + clientHeight > scrollHeight - 30;
        }}
      >
        {shown.length === 0 && <p class="empty">{words.empty}</p>}
        {shown.map((line) => (
          <div key={line.number} class={`line ${line.level}`}>
            <time>
              {clock(line.time)}:{String(line.time % 60).padStart(2, '0')}
            </time>
            <span class="level">{line.level}</span>
            <span>{line.text}</span>
          </div>
        ))}
      </div>
    </>
  );
}
