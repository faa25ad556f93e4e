//! The six lists.

use httpd::{Response, reply};

use super::json::{Json, decimal};
use super::pieces::{over, pieces};
use super::{Ask, Kind};
use crate::catalogue::{Catalogue, Category, Channel, Film, Logo, Series};
use crate::settings::Dialect;

/// `get_live_categories` and its like.
pub(super) fn categories(ask: &Ask, kind: Kind) -> Response {
    let mut out = Vec::new();
    let mut json = ask.json(&mut out);
    json.open(b'[');
    category_list(&mut json, &ask.provider.catalogue, kind);
    json.close(b']');
    reply::json(http::StatusCode::OK, out)
}

pub(super) fn category_list(json: &mut Json<'_>, catalogue: &Catalogue, kind: Kind) {
    let mut write = |Category { id, name }: Category| {
        json.open(b'{')
            .digits("category_id", id)
            .text("category_name", &name)
            .int("parent_id", 0)
            .close(b'}');
    };
    match kind {
        Kind::Live => catalogue.live_categories().for_each(&mut write),
        Kind::Films => catalogue.film_categories().for_each(&mut write),
        Kind::Series => catalogue.series_categories().for_each(&mut write),
    }
}

/// What `category_id` asks for.
#[derive(Clone, Copy)]
enum Filter {
    All,
    Only(u32),
    Nothing,
}

impl Filter {
    fn of(ask: &Ask) -> Self {
        match ask.params.get("category_id").map(str::trim) {
            None | Some("" | "0" | "*" | "all") => Self::All,
            Some(id) => id.parse().map_or(Self::Nothing, Self::Only),
        }
    }

    fn admits(self, first: u32, second: Option<u32>) -> bool {
        match self {
            Self::All => true,
            Self::Only(id) => id == first || second == Some(id),
            Self::Nothing => false,
        }
    }
}

/// `get_live_streams` and its like: one element after the other, made while it is sent.
pub(super) fn streams(ask: Ask, kind: Kind) -> Response {
    let filter = Filter::of(&ask);
    let catalogue = ask.provider.catalogue.clone();
    let count = match (kind, filter) {
        (_, Filter::Nothing) => 0,
        (Kind::Live, _) => catalogue.live(),
        (Kind::Films, _) => catalogue.films(),
        (Kind::Series, _) => catalogue.series(),
    };
    // Only channels are repeated in classic lists; a film or a series has one category there.
    let classic = ask.classic();
    let other = move |second: Option<u32>| second.filter(|_| !classic);
    let mut list = List { ask, filter, shown: 0 };
    let shuffled = list.ask.provider.settings.shuffled;
    let part = move |place: u32, out: &mut Vec<u8>| {
        let index = if shuffled { count - 1 - place } else { place };
        match kind {
            Kind::Live => {
                let channel = catalogue.channel(index);
                list.element(index, channel.category, channel.second_category, out, |json, at, category| {
                    live(json, &channel, at, category);
                });
            }
            Kind::Films => {
                let item = catalogue.film(index);
                list.element(index, item.category, other(item.second_category), out, |json, at, category| {
                    film(json, &item, at, category);
                });
            }
            Kind::Series => {
                let item = catalogue.series_at(index);
                list.element(index, item.category, other(item.second_category), out, |json, at, category| {
                    series(json, &item, at, category);
                });
            }
        }
    };
    pieces(reply::JSON, over(0..count, b"[".to_vec(), part, b"]"))
}

/// Where in the list an element is: its number and the base of picture addresses.
pub(super) struct At<'a> {
    pub(super) num: u32,
    pub(super) base: &'a str,
}

struct List {
    ask: Ask,
    filter: Filter,
    shown: u32,
}

impl List {
    /// Classic panels name a channel once for each of its categories, and count a filtered list from 1.
    fn element(
        &mut self,
        index: u32,
        first: u32,
        second: Option<u32>,
        out: &mut Vec<u8>,
        write: impl Fn(&mut Json<'_>, &At<'_>, u32),
    ) {
        if !self.filter.admits(first, second) {
            return;
        }
        let dialect = self.ask.provider.settings.dialect;
        let asked = match (self.filter, dialect) {
            (Filter::Only(id), Dialect::Classic) => [Some(id), None],
            (_, Dialect::Classic) => [Some(first), second],
            (_, Dialect::Xui) => [Some(first), None],
        };
        for category in asked.into_iter().flatten() {
            if self.shown > 0 {
                out.push(b',');
            }
            self.shown += 1;
            let num = if dialect == Dialect::Classic { self.shown } else { index + 1 };
            let mut json = Json { out, dialect };
            write(&mut json, &At { num, base: &self.ask.base }, category);
        }
    }
}

pub(super) fn live(json: &mut Json<'_>, channel: &Channel, at: &At<'_>, category: u32) {
    let kind = if channel.radio { "radio_streams" } else { "live" };
    json.open(b'{').int("num", at.num).text("name", &channel.name).text("stream_type", kind);
    json.int("stream_id", channel.id);
    match channel.logo {
        Logo::Some => json.text("stream_icon", &format!("{}/logo/{}.svg", at.base, channel.id)),
        Logo::Empty => json.text("stream_icon", ""),
        Logo::Missing => json.nothing("stream_icon"),
    };
    match channel.guide.as_str() {
        "" => json.key("epg_channel_id").raw("null"),
        guide => json.text("epg_channel_id", guide),
    };
    json.digits("added", channel.added).either("is_adult", u32::from(channel.adult));
    json.categories(category, channel.second_category).nothing("custom_sid");
    json.int("tv_archive", u32::from(channel.archive_days > 0)).text("direct_source", "");
    json.either("tv_archive_duration", channel.archive_days);
    if !json.classic() {
        json.text("thumbnail", "");
    }
    json.close(b'}');
}

fn film(json: &mut Json<'_>, film: &Film, at: &At<'_>, category: u32) {
    json.open(b'{').int("num", at.num).text("name", &format!("{} ({})", film.title, film.year));
    if !json.classic() {
        json.text("title", &film.title).digits("year", film.year);
    }
    json.text("stream_type", "movie").int("stream_id", film.id);
    json.text("stream_icon", &format!("{}/poster/{}.svg", at.base, film.id));
    rating(json, film.rating);
    if !json.classic() {
        let details = &film.details;
        json.digits("tmdb", details.tmdb).text("trailer", "");
        json.text("plot", &details.plot).text("cast", &details.cast).text("director", details.director);
        json.text("genre", details.genre)
            .text("release_date", &details.date)
            .key("youtube_trailer")
            .raw("null");
        json.int("episode_run_time", details.minutes);
    }
    json.digits("added", film.added).either("is_adult", 0).categories(category, film.second_category);
    json.text("container_extension", film.extension)
        .nothing("custom_sid")
        .text("direct_source", "")
        .close(b'}');
}

fn series(json: &mut Json<'_>, series: &Series, at: &At<'_>, category: u32) {
    json.open(b'{').int("num", at.num);
    series_members(json, series, at.base, category);
    json.int("series_id", series.id).close(b'}');
}

/// What the list and the details say alike.
pub(super) fn series_members(json: &mut Json<'_>, series: &Series, base: &str, category: u32) {
    let details = &series.details;
    json.text("name", &series.title);
    if !json.classic() {
        json.text("title", &series.title).digits("year", series.year).text("stream_type", "series");
    }
    json.text("cover", &format!("{base}/poster/{}.svg", series.id));
    if details.bare {
        json.nothing("plot").nothing("cast").nothing("director").nothing("genre").nothing("releaseDate");
    } else {
        json.text("plot", &details.plot).text("cast", &details.cast).text("director", details.director);
        json.text("genre", details.genre).text("releaseDate", &details.date);
    }
    if !json.classic() {
        json.text("release_date", if details.bare { "" } else { &details.date }).digits("tmdb", details.tmdb);
    }
    json.digits("last_modified", series.modified);
    rating(json, series.rating);
    match (json.classic(), details.bare) {
        (true, true) => json.text("backdrop_path", ""),
        (false, true) => json.key("backdrop_path").raw("null"),
        (_, false) => {
            let poster = format!("{base}/poster/{}.svg", series.id);
            json.key("backdrop_path").open(b'[').string(&poster).close(b']')
        }
    };
    json.nothing("youtube_trailer").digits("episode_run_time", details.minutes / 2);
    json.categories(category, series.second_category);
}

/// `rating` is a string in classic panels and a number in XUI; `rating_5based` always a number.
pub(super) fn rating(json: &mut Json<'_>, tenths: u32) {
    match (json.classic(), tenths) {
        (true, 0) => json.text("rating", ""),
        (true, tenths) => json.text("rating", &decimal(tenths)),
        (false, tenths) => json.key("rating").tenths(tenths),
    };
    json.key("rating_5based").tenths(tenths.div_ceil(2));
}
