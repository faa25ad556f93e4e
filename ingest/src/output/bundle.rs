//! `bundle.json`.

use std::io;

use contract::bundle::{
    Account, Blank, Digits, Flag, Kind, LiveStream, Movie, Playable, Section, Series, SeriesWord, StreamType,
    VodStream, Writer, rating,
};
use contract::release::{Artefact, BUNDLE, Draft, FileFact};

use super::Notes;
use crate::harvest::List;
use crate::line_up::{LineUp, Placed};
use crate::source::upstream;

/// Stands for a time that the source does not tell: the first of January 2000. Not the time of the run, since that
/// would be a new release each time; not 0, since apps show it.
pub(crate) const UNKNOWN: u64 = 946_684_800;

/// Writes the bundle; the guide has been written before.
pub(super) fn write(draft: &Draft, line_up: &LineUp, notes: &mut Notes) -> io::Result<Vec<FileFact>> {
    let mut writer = Writer::new(draft.artefact(BUNDLE)?)?;
    lists(&mut writer, line_up)?;
    for range in &notes.ranges {
        writer.push(Section::Guide, range)?;
    }
    for part in &line_up.parts {
        let name = part.source.name.as_str().to_owned();
        let account = Account { name, max_connections: part.harvest.max_connections };
        writer.push(Section::Accounts, &account)?;
    }
    playables(&mut writer, line_up)?;
    Ok(vec![writer.finish()?.finish()?])
}

fn lists(writer: &mut Writer<Artefact>, line_up: &LineUp) -> io::Result<()> {
    let categories = |writer: &mut Writer<Artefact>, section, list| {
        line_up.categories.get(&list).into_iter().flatten().try_for_each(|it| writer.push(section, it))
    };
    categories(writer, Section::LiveCategories, List::Live)?;
    for placed in &line_up.live {
        writer.push(Section::LiveStreams, &live(line_up, placed))?;
    }
    categories(writer, Section::VodCategories, List::Movies)?;
    for placed in &line_up.movies {
        writer.push(Section::VodStreams, &movie(line_up, placed))?;
    }
    categories(writer, Section::SeriesCategories, List::Series)?;
    for placed in &line_up.series {
        writer.push(Section::Series, &series(line_up, placed))?;
    }
    Ok(())
}

fn playables(writer: &mut Writer<Artefact>, line_up: &LineUp) -> io::Result<()> {
    let mut push = |source, id, kind, provider_id: &str, container: &str| {
        let upstreams = vec![upstream(source, kind, provider_id, container)];
        let playable = Playable { id, kind, container: container.to_owned(), upstreams };
        writer.push(Section::Playables, &playable)
    };
    for placed in &line_up.live {
        let (source, channel) = line_up.channel(placed);
        push(source, placed.id, Kind::Live, &channel.id, "ts")?;
    }
    for placed in &line_up.movies {
        let (source, movie) = line_up.movie(placed);
        push(source, placed.id, Kind::Movie, &movie.id, &movie.container)?;
    }
    for episode in &line_up.episodes {
        let (source, _) = line_up.show(&line_up.series[episode.series]);
        let fact = &episode.fact;
        push(source, fact.id, Kind::Episode, &fact.provider_id, &fact.container)?;
    }
    Ok(())
}

fn live(line_up: &LineUp, placed: &Placed) -> LiveStream {
    let (_, channel) = line_up.channel(placed);
    LiveStream {
        num: placed.num,
        name: channel.name.clone(),
        stream_type: if channel.radio { StreamType::Radio } else { StreamType::Live },
        stream_id: placed.id,
        stream_icon: channel.icon.clone(),
        epg_channel_id: channel.guide.clone(),
        added: Digits(channel.added.unwrap_or(UNKNOWN)),
        is_adult: Flag(channel.adult),
        category_id: principal(placed),
        category_ids: placed.categories.clone(),
        custom_sid: Blank,
        tv_archive: Flag(channel.archive > 0),
        tv_archive_duration: channel.archive,
        direct_source: Blank,
        thumbnail: Blank,
    }
}

fn movie(line_up: &LineUp, placed: &Placed) -> VodStream {
    let (_, movie) = line_up.movie(placed);
    let (rating, rating_5based) = rating(movie.rating);
    VodStream {
        num: placed.num,
        name: movie.name.clone(),
        title: movie.title.clone(),
        year: movie.year.clone(),
        stream_type: Movie::Movie,
        stream_id: placed.id,
        stream_icon: movie.icon.clone(),
        rating,
        rating_5based,
        tmdb: movie.tmdb.clone(),
        trailer: movie.trailer.clone(),
        youtube_trailer: movie.trailer.clone(),
        added: Digits(movie.added.unwrap_or(UNKNOWN)),
        is_adult: Flag(movie.adult),
        category_id: principal(placed),
        category_ids: placed.categories.clone(),
        container_extension: movie.container.clone(),
        custom_sid: Blank,
        direct_source: Blank,
    }
}

/// The list entry of a series, which is also part of its details.
pub(crate) fn series(line_up: &LineUp, placed: &Placed) -> Series {
    let (_, series) = line_up.show(placed);
    let (rating, rating_5based) = rating(series.rating);
    Series {
        num: placed.num,
        name: series.name.clone(),
        title: series.title.clone(),
        year: series.year.clone(),
        stream_type: SeriesWord::Series,
        series_id: placed.id,
        cover: series.cover.clone(),
        plot: series.plot.clone(),
        cast: series.cast.clone(),
        director: series.director.clone(),
        genre: series.genre.clone(),
        release_date_camel: series.released.clone(),
        release_date: series.released.clone(),
        last_modified: Digits(series.last_modified.unwrap_or(UNKNOWN)),
        rating,
        rating_5based,
        backdrop_path: series.backdrops.clone(),
        youtube_trailer: series.trailer.clone(),
        episode_run_time: Digits(series.minutes),
        category_id: principal(placed),
        category_ids: placed.categories.clone(),
        tmdb: series.tmdb.clone(),
    }
}

fn principal(placed: &Placed) -> Digits {
    Digits(placed.categories[0].into())
}
