//! What panels answer: lists, accounts, details of films and series, programmes of channels.

use std::collections::{HashMap, HashSet};
use std::fmt::Debug;

use contract::source::Source;
use contract::zone::Zone;

use super::{guide, picture, readable, source};
use crate::harvest::{Category, Channel, Movie, Series};
use crate::source::xtream::entries::{Context, Element};
use crate::source::xtream::listings::{read, render};
use crate::source::xtream::reading::Reading;
use crate::source::xtream::{self, account, document};
use crate::tidy;

/// An answer of a panel. Its first byte says to what question, the second how it is cut.
///
/// # Panics
/// An entry is nothing that may be published, or another way to cut the bytes gives other entries.
pub fn panel(bytes: &[u8]) {
    let [question, cut, body @ ..] = bytes else { return };
    let source = source();
    let places: HashMap<String, u32> = ["1", "2", "7"].map(String::from).into_iter().zip(0..).collect();
    let context = Context { source: &source, places: &places };
    match question {
        b'a' => {
            if let Ok(account) = account::read(body, &source) {
                assert!(account.expires.is_none_or(|at| at <= i32::MAX as u64), "{account:?}");
            }
        }
        b'c' => list::<Category>(body, *cut, context).iter().for_each(|it| readable(&it.name, &source)),
        b'l' => entries::<Channel>((body, *cut), context, |it| (&it.id, &it.places))
            .iter()
            .for_each(|it| channel(it, &source)),
        b'm' => entries::<Movie>((body, *cut), context, |it| (&it.id, &it.places))
            .iter()
            .for_each(|it| movie(it, &source)),
        b's' => entries::<Series>((body, *cut), context, |it| (&it.id, &it.places))
            .iter()
            .for_each(|it| series(it, &source)),
        b'v' => film(body, &source),
        b'g' => listings(body, &source),
        _ => episodes(body, &source),
    }
}

/// The elements of a list, the same however it is cut.
fn list<T: Element + PartialEq + Debug>(body: &[u8], cut: u8, context: Context<'_>) -> Vec<T> {
    let read = |piece: usize| {
        let mut found = Vec::new();
        let mut reading = Reading::<T>::new(context);
        let mut each = |entry| {
            found.push(entry);
            Ok(())
        };
        let pushed = body.chunks(piece).try_for_each(|chunk| reading.push(chunk, &mut each));
        let ended = pushed.and_then(|()| reading.end());
        ended.map(|rejects| (found, rejects)).map_err(|failure| failure.to_string())
    };
    let whole = read(body.len().max(1));
    assert_eq!(whole, read(usize::from(cut).max(1)), "it depends on how it is cut");
    match whole {
        Ok((found, _)) => found,
        Err(why) => {
            readable(&why, context.source);
            Vec::new()
        }
    }
}

/// The entries of a list.
fn entries<T: Element + PartialEq + Debug>(
    (body, cut): (&[u8], u8),
    context: Context<'_>,
    facts: fn(&T) -> (&str, &[u32]),
) -> Vec<T> {
    let found = list::<T>(body, cut, context);
    for entry in &found {
        let (id, listed) = facts(entry);
        assert!(id.parse::<u64>().is_ok(), "{entry:?}");
        let places: HashSet<_> = listed.iter().collect();
        assert!(places.len() == listed.len() && places.iter().all(|place| **place < 3), "{entry:?}");
    }
    found
}

fn channel(channel: &Channel, source: &Source) {
    assert!(!channel.name.is_empty() && channel.archive <= 365, "{channel:?}");
    [&channel.name, &channel.guide].into_iter().for_each(|text| readable(text, source));
    assert!(channel.num.is_none_or(|number| number <= i32::MAX as u32), "{channel:?}");
    picture(&channel.icon, source);
}

fn movie(movie: &Movie, source: &Source) {
    assert!(!movie.name.is_empty() && matches!(movie.year.len(), 0 | 4), "{movie:?}");
    [&movie.name, &movie.title, &movie.trailer].into_iter().for_each(|text| readable(text, source));
    assert!((0.0..=10.0).contains(&movie.rating), "{movie:?}");
    assert_eq!(tidy::container(&movie.container), movie.container);
    picture(&movie.icon, source);
}

fn series(series: &Series, source: &Source) {
    assert!(!series.name.is_empty() && matches!(series.year.len(), 0 | 4), "{series:?}");
    let Series { name, title, plot, cast, director, genre, trailer, .. } = series;
    [name, title, plot, cast, director, genre, trailer].into_iter().for_each(|text| readable(text, source));
    assert!((0.0..=10.0).contains(&series.rating) && matches!(series.released.len(), 0 | 10), "{series:?}");
    series.backdrops.iter().chain([&series.cover]).for_each(|address| picture(address, source));
}

/// The details of a series.
fn episodes(body: &[u8], source: &Source) {
    let found = match document::read(body) {
        Ok(document) => xtream::series::read(&document, source).unwrap_or_default(),
        Err(failure) => return readable(&failure.to_string(), source),
    };
    let mut ids = HashSet::new();
    for episode in &found.episodes {
        assert!(episode.id.parse::<u64>().is_ok() && ids.insert(&episode.id), "{episode:?}");
        assert!(episode.number > 0 && !episode.title.is_empty(), "{episode:?}");
        assert_eq!(tidy::container(&episode.container), episode.container);
        [&episode.title, &episode.info.plot].into_iter().for_each(|text| readable(text, source));
        [&episode.info.movie_image, &episode.info.cover_big]
            .into_iter()
            .for_each(|address| picture(address, source));
        assert!(matches!(episode.info.release_date.len(), 0 | 10), "{episode:?}");
    }
    assert!(found.episodes.is_sorted_by_key(|episode| (episode.season, episode.number)), "{found:?}");
    for season in &found.seasons {
        [&season.name, &season.overview].into_iter().for_each(|text| readable(text, source));
        picture(&season.cover, source);
        assert!((0.0..=10.0).contains(&season.rating), "{season:?}");
    }
}

/// The details of a film.
fn film(body: &[u8], source: &Source) {
    let facts = match document::read(body) {
        Ok(document) => xtream::movie::read(&document, source),
        Err(failure) => return readable(&failure.to_string(), source),
    };
    let Some(facts) = facts else { return };
    [&facts.name, &facts.plot, &facts.cast, &facts.genre].into_iter().for_each(|text| readable(text, source));
    facts.backdrop_path.iter().chain([&facts.cover_big]).for_each(|address| picture(address, source));
    assert!(matches!(facts.release_date.len(), 0 | 10), "{facts:?}");
    assert!(facts.tmdb_id.bytes().all(|byte| byte.is_ascii_digit()), "{facts:?}");
}

/// The programmes of a channel, which become a guide.
fn listings(body: &[u8], source: &Source) {
    let zone = Zone::of("America/St_Johns").expect("it is a zone");
    let found = document::read(body).and_then(|document| read(&document, &zone, source));
    let found = match found {
        Ok(found) => found,
        Err(failure) => return readable(&failure.to_string(), source),
    };
    assert!(found.is_sorted_by_key(|listing| listing.start), "{found:?}");
    for listing in &found {
        assert!(listing.stop == 0 || listing.stop > listing.start, "{listing:?}");
        let texts = [&listing.title, &listing.description, &listing.channel, &listing.language];
        texts.into_iter().for_each(|text| readable(text, source));
    }
    let id = found.first().map(|listing| &*listing.channel).filter(|id| !id.is_empty()).unwrap_or("7.a");
    let rendered = render(id, "Channel \"7\" & <8>", &found);
    assert!(!rendered.contains('\n') && rendered.matches("<programme ").count() <= found.len(), "{rendered}");
    guide(format!("<tv>\n{rendered}\n</tv>\n").as_bytes());
}
