// What iptv-playlist-parser makes of a playlist on standard input: as JSON, for tests/programs/clients.rs. MODULES is a folder where
// npm has put it.
//
//   node playlist.mjs MODULES
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const { parse } = createRequire(resolve(process.argv[2], 'package.json'))('iptv-playlist-parser');
const { header, items } = parse(readFileSync(0, 'utf8'));
const entry = ({ name, url, tvg, group }) => [name, url, tvg.id, tvg.name, tvg.logo, group.title];
console.log(JSON.stringify({ guide: header.attrs['url-tvg'], entries: items.map(entry) }));
