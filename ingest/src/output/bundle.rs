//! `bundle.json`.

use std::io;

use contract::bundle::{
    self, Account, Blank, Digits, Flag, Kind, LiveStream, Playable, Protocol, Section, SeriesWord,
    StreamType, Upstream, VodStream, Writer, rating,
};
use contract::release::{Artefact, BUNDLE, Draft, FileFact};
use contract::vault::Vault;

use super::{Notes, Pictures};
use crate::harvest::{Address, Channel, Episode, Item, List, Movie, Series};
use crate::line_up::{LineUp, Placed, Told};
use crate::source::upstream;
use crate::tidy;

/// Stands for a time that the source does not tell: the first of January 2000. Not the time of the run, since that
/// would be a new release each time; not 0, since apps show it.
pub(crate) const UNKNOWN: u64 = 946_684_800;

/// Writes the bundle; the guide has been written before.
pub(super) fn write(draft: &Draft, line_up: &LineUp, notes: &mut Notes<'_>) -> io::Result<Vec<FileFact>> {
    let mut writer = Writer::new(draft.artefact(BUNDLE)?)?;
    lists(&mut writer, line_up, notes.pictures)?;
    for range in &notes.ranges {
        writer.push(Section::Guide, range)?;
    }
    for part in &line_up.parts {
        let name = part.source.name.as_str();
        for (login, max_connections) in part.harvest.head.connections.iter().enumerate() {
            let account = Account::new(name, login, *max_connections);
            writer.push(Section::Accounts, &Account { zone: part.harvest.head.zone.clone(), ..account })?;
        }
    }
    playables(&mut writer, line_up, notes.vault)?;
    Ok(vec![writer.finish()?.finish()?])
}

fn lists(writer: &mut Writer<Artefact>, line_up: &LineUp, pictures: &Pictures) -> io::Result<()> {
    let categories = |writer: &mut Writer<Artefact>, section, list| {
        line_up.categories.get(&list).into_iter().flatten().try_for_each(|it| writer.push(section, it))
    };
    categories(writer, Section::LiveCategories, List::Live)?;
    for placed in &line_up.live {
        writer.push(Section::LiveStreams, &live(line_up, placed, pictures)?)?;
    }
    categories(writer, Section::VodCategories, List::Movies)?;
    for placed in &line_up.movies {
        writer.push(Section::VodStreams, &movie(line_up, placed, pictures)?)?;
    }
    categories(writer, Section::SeriesCategories, List::Series)?;
    for placed in &line_up.series {
        writer.push(Section::Series, &series(line_up, placed, pictures)?)?;
    }
    Ok(())
}

fn playables(writer: &mut Writer<Artefact>, line_up: &LineUp, vault: &mut Vault) -> io::Result<()> {
    let mut push = |id, kind, container: String, series, upstreams| {
        writer.push(Section::Playables, &Playable { id, kind, container, series, upstreams })
    };
    let hidden = |list| line_up.hidden.get(&list).into_iter().flatten();
    for placed in line_up.live.iter().chain(hidden(List::Live)) {
        let upstreams = placed.members().map(|member| received(line_up, member, vault));
        push(placed.id, Kind::Live, "ts".into(), 0, relayable(upstreams.collect::<io::Result<_>>()?))?;
    }
    for placed in line_up.movies.iter().chain(hidden(List::Movies)) {
        let (part, entry) = line_up.entry(List::Movies, placed);
        let Movie { container, address, .. } = part.harvest.whole(entry)?;
        let upstream =
            upstream(&part.source, (Kind::Movie, part.harvest.id(entry), &container), &address, vault);
        push(placed.id, Kind::Movie, tidy::given_as(container), 0, vec![upstream])?;
    }
    for episode in &line_up.episodes {
        let series = &line_up.series[episode.series as usize];
        let part = line_up.part(series);
        let (id, container, address) = match &episode.told {
            Told::Details(id, container) => (id.to_string(), container.to_string(), Address::default()),
            Told::Harvest(at) => {
                let entry = &part.harvest.entries(Item::Episode)[*at as usize];
                let Episode { id, container, address, .. } = part.harvest.whole(entry)?;
                (id, container, address)
            }
        };
        let upstream = upstream(&part.source, (Kind::Episode, &id, &container), &address, vault);
        push(episode.id, Kind::Episode, tidy::given_as(container), series.id, vec![upstream])?;
    }
    Ok(())
}

/// From where one entry of a channel can be received.
fn received(line_up: &LineUp, (part, entry): (u16, u32), vault: &mut Vault) -> io::Result<Upstream> {
    let part = &line_up.parts[usize::from(part)];
    let entry = &part.harvest.entries(Item::Channel)[entry as usize];
    let channel = match entry.addressed || entry.archived {
        true => part.harvest.whole(entry)?,
        false => Channel::default(),
    };
    Ok(crate::source::channel(&part.source, part.harvest.id(entry), &channel, vault))
}

/// What no relay can receive goes behind everything else.
fn relayable(mut upstreams: Vec<Upstream>) -> Vec<Upstream> {
    upstreams.sort_by_key(|upstream| upstream.protocol == Protocol::Foreign);
    upstreams
}

fn live(line_up: &LineUp, placed: &Placed, pictures: &Pictures) -> io::Result<LiveStream> {
    let (part, entry) = line_up.entry(List::Live, placed);
    let channel: Channel = part.harvest.whole(entry)?;
    let archive = super::archive(line_up, placed)?;
    let (owner, source) = ((List::Live, placed.id), part.source.name.as_str());
    Ok(LiveStream {
        num: placed.num,
        name: line_up.name(List::Live, placed).to_owned(),
        stream_type: if channel.radio { StreamType::Radio } else { StreamType::Live },
        stream_id: placed.id,
        stream_icon: pictures.of(owner, source, placed.logo().unwrap_or(&channel.icon)),
        epg_channel_id: line_up.guide(placed).to_owned(),
        added: Digits(channel.added.unwrap_or(UNKNOWN)),
        is_adult: Flag(placed.adult.unwrap_or(channel.adult)),
        category_id: principal(placed),
        category_ids: line_up.categories_of(List::Live, placed),
        custom_sid: Blank,
        tv_archive: Flag(archive > 0),
        tv_archive_duration: archive,
        direct_source: Blank,
        thumbnail: Blank,
    })
}

fn movie(line_up: &LineUp, placed: &Placed, pictures: &Pictures) -> io::Result<VodStream> {
    let (part, entry) = line_up.entry(List::Movies, placed);
    let movie: Movie = part.harvest.whole(entry)?;
    let (rating, rating_5based) = rating(movie.rating);
    let (owner, source) = ((List::Movies, placed.id), part.source.name.as_str());
    Ok(VodStream {
        num: placed.num,
        name: line_up.name(List::Movies, placed).to_owned(),
        title: movie.title.clone(),
        year: movie.year.clone(),
        stream_type: bundle::Movie::Movie,
        stream_id: placed.id,
        stream_icon: pictures.of(owner, source, placed.logo().unwrap_or(&movie.icon)),
        rating,
        rating_5based,
        tmdb: movie.tmdb.clone(),
        trailer: movie.trailer.clone(),
        youtube_trailer: movie.trailer.clone(),
        added: Digits(movie.added.unwrap_or(UNKNOWN)),
        is_adult: Flag(placed.adult.unwrap_or(movie.adult)),
        category_id: principal(placed),
        category_ids: line_up.categories_of(List::Movies, placed),
        container_extension: tidy::given_as(movie.container),
        custom_sid: Blank,
        direct_source: Blank,
    })
}

fn series(line_up: &LineUp, placed: &Placed, pictures: &Pictures) -> io::Result<bundle::Series> {
    let (part, entry) = line_up.entry(List::Series, placed);
    let series: Series = part.harvest.whole(entry)?;
    let (rating, rating_5based) = rating(series.rating);
    let (owner, source) = ((List::Series, placed.id), part.source.name.as_str());
    Ok(bundle::Series {
        num: placed.num,
        name: line_up.name(List::Series, placed).to_owned(),
        title: series.title.clone(),
        year: series.year.clone(),
        stream_type: SeriesWord::Series,
        series_id: placed.id,
        cover: pictures.of(owner, source, placed.logo().unwrap_or(&series.cover)),
        plot: series.plot.clone(),
        cast: series.cast.clone(),
        director: series.director.clone(),
        genre: series.genre.clone(),
        release_date_camel: series.released.clone(),
        release_date: series.released.clone(),
        last_modified: Digits(series.last_modified.unwrap_or(UNKNOWN)),
        rating,
        rating_5based,
        backdrop_path: pictures.more(owner, source, &series.backdrops),
        youtube_trailer: series.trailer.clone(),
        episode_run_time: Digits(series.minutes),
        category_id: principal(placed),
        category_ids: line_up.categories_of(List::Series, placed),
        tmdb: series.tmdb,
    })
}

fn principal(placed: &Placed) -> Digits {
    Digits(placed.category.into())
}
