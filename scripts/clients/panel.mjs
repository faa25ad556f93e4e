// What @iptv/xtream-api makes of a server with its strictest reader, which indexes without asking: as JSON, for
// tests/programs/clients.rs. MODULES is a folder where npm has put it.
//
//   node panel.mjs MODULES ADDRESS USERNAME PASSWORD
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [modules, url, username, password] = process.argv.slice(2);
const require = createRequire(resolve(modules, 'package.json'));
const { Xtream } = require('@iptv/xtream-api');
const { standardizedSerializer } = require('@iptv/xtream-api/standardized');

const client = new Xtream({ url, username, password, serializer: standardizedSerializer });
// It takes the bytes of titles for Latin-1.
const text = (title) => Buffer.from(title, 'latin1').toString('utf8');
const shown = (all) => all.map(({ id, name }) => [id, name]);
const listings = (all) => all.map(({ start, title }) => [String(start.getTime() / 1000), text(title)]);
const refused = async (asking) => asking.then(() => 'taken', (error) => error.message);
const dates = (...all) => all.every((date) => date === null || !Number.isNaN(date.getTime()));
const check = (holds, what) => {
  if (!holds) throw new Error(what);
};

const profile = await client.getProfile();
check(profile.status === 'Active' && profile.maxConnections > 0 && profile.isTrial === false, 'the account');
check(dates(profile.createdAt, profile.expiresAt), 'the dates of the account');
const server = await client.getServerInfo();
check(Math.abs(server.timeNow - Date.now()) < 60_000 && server.timezone === 'UTC', 'the time of the server');
const categories = await Promise.all([
  client.getChannelCategories(),
  client.getMovieCategories(),
  client.getShowCategories(),
]);
const [channels, films, series] = [await client.getChannels(), await client.getMovies(), await client.getShows()];
check(dates(...[...channels, ...films].map(({ createdAt }) => createdAt)), 'when something was added');
check(dates(...series.flatMap(({ updatedAt, releaseDate }) => [updatedAt, releaseDate])), 'the dates of a series');
const known = new Set(categories.flat().map(({ id }) => id));
const grouped = [...channels, ...films, ...series].filter(({ categoryIds }) => categoryIds.some((id) => known.has(id)));
const channel = channels.find(({ epgId }) => epgId);
const film = await client.getMovie({ movieId: films[0].id });
check(dates(film.releaseDate, film.createdAt) && typeof film.duration === 'number', 'the facts of a film');
const show = await client.getShow({ showId: series[0].id });
check(show.seasons.every(({ releaseDate }) => dates(releaseDate)), 'the dates of a season');
const episodes = show.seasons.flatMap(({ episodes }) => episodes);
check(await refused(client.getMovie({ movieId: 4294967 })) === 'Movie Not Found', 'a film that is not there');
check(await refused(client.getShow({ showId: 4294967 })) === 'Show Not Found', 'a series that is not there');

console.log(
  JSON.stringify({
    categories: categories.flat().map(({ name }) => name),
    channels: shown(channels),
    films: shown(films),
    series: shown(series),
    grouped: grouped.length,
    film: [film.id, film.name],
    episodes: episodes.map(({ id, title }) => [id, title]),
    channel: channel.id,
    on: listings(await client.getShortEPG({ channelId: channel.id })),
    all: listings(await client.getFullEPG({ channelId: channel.id })),
    play: [channel.url, film.url, episodes[0].url],
  }),
);
