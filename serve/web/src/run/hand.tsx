// What somebody is handed who may watch: what to type, ready addresses, and a code to point a camera at.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { encode } from 'uqr';
import { session } from '../api';
import { t } from '../strings';
import { CopyButton } from '../view/copy';

/** A password that is known now, or a token of one device. */
export interface Given {
  name: string;
  password?: string;
  token?: string;
}

export function Hand({ given }: { given: Given }) {
  const words = t().run.users;
  const [coded, setCoded] = useState<string>();
  const base = session.value?.base ?? location.origin;
  const password = given.password ?? given.token ?? '';
  const query = given.token ? `token=${given.token}` : `username=${given.name}&password=${password}`;
  const addresses: [string, string][] = [
    [words.apps.playlist, `${base}/get.php?${query}&type=m3u_plus`],
    [words.apps.hls, `${base}/get.php?${query}&type=m3u_plus&output=hls`],
    [words.apps.guide, `${base}/xmltv.php?${query}`],
  ];
  return (
    <div class="hand">
      <p class="note">{words.once}</p>
      <h3>{words.apps.xtream}</h3>
      <dl>
        {(
          [
            [words.server, base],
            [t().login.username, given.name],
            [t().login.password, password],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
              <CopyButton text={value} />
            </dd>
          </div>
        ))}
        {addresses.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <code>{value}</code>
              <CopyButton text={value} />
              <button type="button" class="quiet" aria-expanded={coded === value} onClick={() => setCoded(coded === value ? undefined : value)}>
                {words.qr}
              </button>
              {coded === value && <Code text={value} />}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Code({ text }: { text: string }) {
  const words = t().run.users;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), []);
  const code = useMemo(() => encode(text, { border: 3 }), [text]);
  const path = code.data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return (
    <div class="qr" ref={box}>
      <svg viewBox={`0 0 ${code.size} ${code.size}`} role="img" aria-label={`${words.qr}: ${text}`} shape-rendering="crispEdges">
        <path d={path} fill="#000" />
      </svg>
      <p class="hint">{words.scan}</p>
    </div>
  );
}
