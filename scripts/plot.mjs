// scripts/plot [check]: draws the figures that README has in its table as docs/pictures/figures.svg, in light and dark;
// `check` fails if what is checked in is not what the table says.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const place = join(root, 'docs/pictures/figures.svg');
const table = readFileSync(join(root, 'README.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));

/** The rows whose work is called like this, as `[label, number, ...]`. */
function rows(pattern, label, numbers, least) {
  const found = table.filter(([work]) => pattern.test(work)).map((row) => [label(row[0]), ...numbers(row)]);
  if (found.length < least || found.flat().some((one) => Number.isNaN(one))) {
    console.error(`plot: README's table has no rows any more that are called ${pattern}: put scripts/plot right`);
    process.exit(1);
  }
  return found;
}

// CPU of the relay: Coax and a bare loop.
const relayed = rows(
  /^(relay|the same), \d+ viewers( of one|$)/,
  (work) => `${/(\d+) viewers/.exec(work)[1]} viewers`,
  ([, coax, reference]) => [parseFloat(coax), parseFloat(reference)],
  3,
);
// Answers of serve, as parts of those of nginx, on 2 connections and on 200; those in gzip are left out.
const answered = rows(
  /^(`serve`, on 2 connections|the same for (a category|`get_|a user|the guide))/,
  (work) => work.replace(/^the same for |^.*for each (?=account)|, which is made.*|;.*|`/g, '').replace(/^a(?:n)? |^the /, ''),
  (row) => row[3].split(/;? in gzip/)[0].split(';').map(parseFloat),
  5,
);

const WIDTH = 880;
const [LEFT, RIGHT, LINE, BAR] = [310, 80, 42, 14];
const room = WIDTH - LEFT - RIGHT;
const text = (x, y, what, kind = '') => `<text x="${x}" y="${y}" class="${kind}">${what.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
const bar = (y, part, kind) => `<rect x="${LEFT}" y="${y}" width="${(part * room).toFixed(1)}" height="${BAR}" rx="3" class="${kind}"/>`;

/** Two bars for each row, with their numbers behind them; a line where `mark` is. */
function panel(top, title, hint, all, [first, second], mark) {
  const most = Math.max(...all.flatMap(([, ...numbers]) => numbers)) * 1.02;
  const key = [['first', first], ['second', second]].map(([kind, name], nth) =>
    `<rect x="${LEFT + nth * 230}" y="${top + 42}" width="${BAR}" height="${BAR}" rx="3" class="${kind}"/>${text(LEFT + nth * 230 + 22, top + 54, name, 'hint')}`);
  const drawn = all.flatMap(([label, one, other], nth) => {
    const y = top + 72 + nth * LINE;
    return [
      text(LEFT - 14, y + 19, label, 'label'),
      ...[[one, 'first', 0], [other, 'second', BAR + 2]].filter(([number]) => number !== undefined).flatMap(([number, kind, down]) =>
        [bar(y + down, number / most, kind), text((LEFT + (number / most) * room + 8).toFixed(1), y + down + 11, String(number), 'number')]),
    ];
  });
  const bottom = top + 72 + all.length * LINE;
  const x = (LEFT + (mark / most) * room).toFixed(1);
  const line = mark ? `<path d="M${x} ${top + 66}V${bottom}" class="mark"/>` : '';
  return { svg: [text(24, top + 22, title, 'title'), text(24, top + 54, hint, 'hint'), ...key, ...drawn, line].join('\n'), bottom };
}

const relay = panel(24, 'Relay: seconds of CPU for each gigabyte that is delivered', 'less is better', relayed, ['Coax', 'a bare loop that writes to as many sockets']);
const serve = panel(relay.bottom + 26, 'serve: answers in a second, where nginx with the same bytes in files gives 1', 'more is better', answered, ['on 2 connections', 'on 200 connections'], 1);
const height = serve.bottom + 20;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Figures of the table, as bars">
<style>
text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1b1e24; }
.ground { fill: #ffffff; stroke: #d9d6cf; }
.title { font-size: 16px; font-weight: 600; }
.label { text-anchor: end; }
.hint, .number { fill: #59616d; }
.number { font-size: 12px; }
.first { fill: #c2570a; }
.second { fill: #8a93a0; }
.mark { stroke: #1b1e24; stroke-dasharray: 4 4; fill: none; }
@media (prefers-color-scheme: dark) {
  text { fill: #e9ecf1; }
  .ground { fill: #161a21; stroke: #2c3440; }
  .hint, .number { fill: #a0aab8; }
  .first { fill: #ff9d4d; }
  .second { fill: #6d7889; }
  .mark { stroke: #e9ecf1; }
}
</style>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="14" class="ground"/>
${relay.svg}
${serve.svg}
</svg>
`;

if (process.argv[2] !== 'check') writeFileSync(place, svg);
else if (readFileSync(place, 'utf8') !== svg) {
  console.error('plot: docs/pictures/figures.svg is not what the table of README says: run scripts/plot');
  process.exit(1);
}
