// How many downloads and deliveries go on at once.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Trouble, useFetched } from '../view/parts';
import { downloads } from './data';
import { w } from './words';

interface Numbers {
  downloads: number;
  per_account: number;
  transfers: number;
}

export function Limits() {
  const words = w().queue;
  const [changes, setChanges] = useState(0);
  const [failed, setFailed] = useState<unknown>();
  const { value } = useFetched(() => downloads<Numbers>('limits'), [changes]);
  if (!value) return null;
  const send = async (init: Parameters<typeof downloads>[1]): Promise<void> => {
    setFailed(undefined);
    await downloads('limits', init).catch(setFailed);
    setChanges((before) => before + 1);
  };
  const fields: [keyof Numbers, string][] = [
    ['downloads', words.downloads],
    ['per_account', words.perAccount],
    ['transfers', words.transfers],
  ];
  return (
    <section aria-label={words.limits}>
      <h2>{words.limits}</h2>
      {failed !== undefined && <Trouble error={failed} />}
      <div class="limits">
        {fields.map(([key, name]) => (
          <Limit key={key} name={name} of={value} which={key} onSay={(number) => void send({ method: 'PUT', json: { [key]: number } })} />
        ))}
        <button type="button" onClick={() => void send({ method: 'DELETE' })}>
          {words.usual}
        </button>
      </div>
    </section>
  );
}

/** What is typed stays, however often the queue is drawn anew meanwhile, until the server has said what holds. */
function Limit({ name, of, which, onSay }: { name: string; of: Numbers; which: keyof Numbers; onSay: (number: number) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current) input.current.value = String(of[which]);
  }, [of]);
  return (
    <label>
      {name}
      <input ref={input} type="number" min={1} max={100} onChange={(event) => onSay(Number(event.currentTarget.value))} />
    </label>
  );
}
