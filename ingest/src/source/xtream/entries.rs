//! One element of a list, from whatever a panel wrote to a tidy entry.

use std::collections::HashMap;

use contract::source::Source;
use serde::Deserialize;

use crate::harvest::{Address, Category, Channel, Movie, Places, Series};
use crate::json::Scalar;
use crate::tidy;

/// The most categories an entry is in.
const MOST_PLACES: usize = 100;

/// What an element is read with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Whose it is.
    pub(crate) source: &'a Source,
    /// The places of the list's categories, by the panel's ids.
    pub(crate) places: &'a HashMap<String, u32>,
}

/// What became of an element.
pub(crate) enum Read<T> {
    /// An entry.
    Entry(T),
    /// Something that does not belong into this list, and is no fault.
    Stray,
    /// Nothing one could show or play.
    Unusable,
}

/// Something that can be read from an element.
pub(crate) trait Element: Sized + Send + 'static {
    /// The most that are read of one list; the largest known have 130 000.
    const MOST: usize = 1_000_000;

    /// Reads `text`.
    ///
    /// # Errors
    /// It is not even JSON.
    fn read(text: &str, context: Context<'_>) -> Result<Read<Self>, serde_json::Error>;
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawCategory<'a> {
    #[serde(borrow)]
    category_id: Scalar<'a>,
    #[serde(borrow)]
    category_name: Scalar<'a>,
}

impl Element for Category {
    /// The largest known list has 1350.
    const MOST: usize = 20_000;

    fn read(text: &str, context: Context<'_>) -> Result<Read<Self>, serde_json::Error> {
        let raw: RawCategory<'_> = serde_json::from_str(text)?;
        let id = raw.category_id.text().into_owned();
        let name = tidy::text(&raw.category_name.text(), context.source);
        Ok(if id.is_empty() { Read::Unusable } else { Read::Entry(Self { id, name }) })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawChannel<'a> {
    #[serde(borrow)]
    num: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    stream_type: Scalar<'a>,
    #[serde(borrow)]
    stream_id: Scalar<'a>,
    #[serde(borrow)]
    stream_icon: Scalar<'a>,
    #[serde(borrow)]
    epg_channel_id: Scalar<'a>,
    #[serde(borrow)]
    added: Scalar<'a>,
    #[serde(borrow)]
    is_adult: Scalar<'a>,
    #[serde(borrow)]
    category_id: Scalar<'a>,
    #[serde(borrow)]
    category_ids: Scalar<'a>,
    #[serde(borrow)]
    tv_archive: Scalar<'a>,
    #[serde(borrow)]
    tv_archive_duration: Scalar<'a>,
}

impl Element for Channel {
    fn read(text: &str, context: Context<'_>) -> Result<Read<Self>, serde_json::Error> {
        let raw: RawChannel<'_> = serde_json::from_str(text)?;
        let kind = raw.stream_type.text();
        if kind.eq_ignore_ascii_case("movie") || kind.eq_ignore_ascii_case("series") {
            return Ok(Read::Stray);
        }
        let known = identity((&raw.stream_id, "Channel"), &raw.name, &raw.stream_icon, context.source);
        let Some((id, name)) = known else {
            return Ok(Read::Unusable);
        };
        let days = raw.tv_archive_duration.int().unwrap_or(0).clamp(0, 365) as u32;
        Ok(Read::Entry(Self {
            id,
            name,
            // Apps keep it in a signed integer.
            num: raw.num.int().and_then(|num| i32::try_from(num).ok()?.try_into().ok()),
            radio: kind.to_ascii_lowercase().starts_with("radio"),
            icon: tidy::picture(&raw.stream_icon.text(), context.source),
            guide: tidy::text(&raw.epg_channel_id.text(), context.source),
            added: raw.added.epoch(),
            adult: raw.is_adult.flag(),
            places: places(&raw.category_id, &raw.category_ids, context),
            // An archive of unknown depth is at least a day.
            archive: if raw.tv_archive.flag() { days.max(1) } else { 0 },
            ..Self::default()
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawMovie<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    title: Scalar<'a>,
    #[serde(borrow)]
    year: Scalar<'a>,
    #[serde(borrow)]
    stream_id: Scalar<'a>,
    #[serde(borrow)]
    stream_icon: Scalar<'a>,
    #[serde(borrow)]
    rating: Scalar<'a>,
    #[serde(borrow)]
    rating_5based: Scalar<'a>,
    #[serde(borrow)]
    tmdb: Scalar<'a>,
    #[serde(borrow)]
    trailer: Scalar<'a>,
    #[serde(borrow)]
    youtube_trailer: Scalar<'a>,
    #[serde(borrow)]
    added: Scalar<'a>,
    #[serde(borrow)]
    is_adult: Scalar<'a>,
    #[serde(borrow)]
    category_id: Scalar<'a>,
    #[serde(borrow)]
    category_ids: Scalar<'a>,
    #[serde(borrow)]
    container_extension: Scalar<'a>,
}

impl Element for Movie {
    fn read(text: &str, context: Context<'_>) -> Result<Read<Self>, serde_json::Error> {
        let raw: RawMovie<'_> = serde_json::from_str(text)?;
        let known = identity((&raw.stream_id, "Film"), &raw.name, &raw.stream_icon, context.source);
        let Some((id, name)) = known else {
            return Ok(Read::Unusable);
        };
        let (title, year) = title(&name, &raw.title, &raw.year, context.source);
        Ok(Read::Entry(Self {
            id,
            title,
            year,
            name,
            icon: tidy::picture(&raw.stream_icon.text(), context.source),
            rating: rating(&raw.rating, &raw.rating_5based),
            tmdb: digits(&raw.tmdb),
            trailer: trailer(&[&raw.youtube_trailer, &raw.trailer], context.source),
            added: raw.added.epoch(),
            adult: raw.is_adult.flag(),
            places: places(&raw.category_id, &raw.category_ids, context),
            container: tidy::container(&raw.container_extension.text()),
            address: Address::default(),
        }))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawSeries<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    title: Scalar<'a>,
    #[serde(borrow)]
    year: Scalar<'a>,
    #[serde(borrow)]
    series_id: Scalar<'a>,
    #[serde(borrow)]
    cover: Scalar<'a>,
    #[serde(borrow)]
    plot: Scalar<'a>,
    #[serde(borrow)]
    cast: Scalar<'a>,
    #[serde(borrow)]
    director: Scalar<'a>,
    #[serde(borrow)]
    genre: Scalar<'a>,
    #[serde(borrow, rename = "releaseDate")]
    release_date_camel: Scalar<'a>,
    #[serde(borrow)]
    release_date: Scalar<'a>,
    #[serde(borrow)]
    releasedate: Scalar<'a>,
    #[serde(borrow)]
    last_modified: Scalar<'a>,
    #[serde(borrow)]
    rating: Scalar<'a>,
    #[serde(borrow)]
    rating_5based: Scalar<'a>,
    #[serde(borrow)]
    backdrop_path: Scalar<'a>,
    #[serde(borrow)]
    youtube_trailer: Scalar<'a>,
    #[serde(borrow)]
    episode_run_time: Scalar<'a>,
    #[serde(borrow)]
    category_id: Scalar<'a>,
    #[serde(borrow)]
    category_ids: Scalar<'a>,
    #[serde(borrow)]
    tmdb: Scalar<'a>,
}

impl Element for Series {
    fn read(text: &str, context: Context<'_>) -> Result<Read<Self>, serde_json::Error> {
        let raw: RawSeries<'_> = serde_json::from_str(text)?;
        let known = identity((&raw.series_id, "Series"), &raw.name, &raw.cover, context.source);
        let Some((id, name)) = known else {
            return Ok(Read::Unusable);
        };
        let dates = [&raw.release_date, &raw.release_date_camel, &raw.releasedate];
        let released = dates.map(Scalar::date).into_iter().find(|date| !date.is_empty()).unwrap_or_default();
        let (title, mut year) = title(&name, &raw.title, &raw.year, context.source);
        if year.is_empty() {
            year = dates.map(Scalar::year).into_iter().find(|year| !year.is_empty()).unwrap_or_default();
        }
        Ok(Read::Entry(Self {
            id,
            title,
            year,
            name,
            cover: tidy::picture(&raw.cover.text(), context.source),
            plot: tidy::text(&raw.plot.text(), context.source),
            cast: tidy::text(&raw.cast.text(), context.source),
            director: tidy::text(&raw.director.text(), context.source),
            genre: tidy::text(&raw.genre.text(), context.source),
            released,
            last_modified: raw.last_modified.epoch(),
            rating: rating(&raw.rating, &raw.rating_5based),
            backdrops: pictures(&raw.backdrop_path, context.source),
            trailer: trailer(&[&raw.youtube_trailer], context.source),
            minutes: raw.episode_run_time.int().unwrap_or(0).clamp(0, 6000) as u64,
            places: places(&raw.category_id, &raw.category_ids, context),
            tmdb: digits(&raw.tmdb),
        }))
    }
}

/// Id and name; an entry without an id, or with nothing to show, is none.
fn identity(
    (id, noun): (&Scalar<'_>, &str),
    name: &Scalar<'_>,
    icon: &Scalar<'_>,
    source: &Source,
) -> Option<(String, String)> {
    let id = id.id()?;
    let name = tidy::text(&name.text(), source);
    if name.is_empty() && icon.text().is_empty() {
        return None;
    }
    let name = if name.is_empty() { format!("{noun} {id}") } else { name };
    Some((id.to_string(), name))
}

fn title(name: &str, title: &Scalar<'_>, year: &Scalar<'_>, source: &Source) -> (String, String) {
    let (bare, bracketed) = tidy::title_and_year(name);
    let title = tidy::text(&title.text(), source);
    let title = if title.is_empty() { bare.to_owned() } else { tidy::title_and_year(&title).0.to_owned() };
    let year = year.year();
    (title, if year.is_empty() { bracketed.to_owned() } else { year })
}

/// Adds a place, each once.
fn add(place: u32, places: &mut Places) {
    if places.len() < MOST_PLACES && !places.contains(&place) {
        places.push(place);
    }
}

/// Places in the list's categories: that of `category_id` first, each once, unknown ones left out.
fn places(category: &Scalar<'_>, more: &Scalar<'_>, context: Context<'_>) -> Places {
    let mut places = Places::new();
    let mut find = |id: &str| {
        if let Some(at) = context.places.get(id) {
            add(*at, &mut places);
        }
    };
    find(&category.text());
    for id in more.list() {
        // Some panels write the list as a string: "[1,2]".
        for id in id.text().split([',', '[', ']', '"', ' ']).filter(|id| !id.is_empty()) {
            find(id);
        }
    }
    places
}

/// Out of ten.
pub(super) fn rating(of_ten: &Scalar<'_>, of_five: &Scalar<'_>) -> f64 {
    let given = of_ten.float().filter(|rating| *rating > 0.0);
    let rating = given.or_else(|| of_five.float().map(|five| five * 2.0)).unwrap_or(0.0);
    rating.clamp(0.0, 10.0)
}

fn digits(id: &Scalar<'_>) -> String {
    id.id().filter(|id| *id > 0).map(|id| id.to_string()).unwrap_or_default()
}

fn trailer(spellings: &[&Scalar<'_>], source: &Source) -> String {
    let mut ids = spellings.iter().map(|each| tidy::video_id(&tidy::text(&each.text(), source)));
    let found = ids.find(|id| !id.is_empty());
    found.unwrap_or_default()
}

fn pictures(list: &Scalar<'_>, source: &Source) -> Vec<String> {
    let pictures = list.list().iter().map(|each| tidy::picture(&each.text(), source));
    pictures.filter(|picture| !picture.is_empty()).collect()
}
