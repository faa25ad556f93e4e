//! A database of films and series, which answers as themoviedb.org does (its API, version 3), as far as Coax asks it.
//!
//! It holds what the panel has, under the numbers that the panel tells, and what makes a search by title hard: for every film
//! one of the same title that is thirty years older and better known, and comes first; every fifth came out a year before it
//! came to where the panel is; every seventh is known by another title, the panel's being one of its alternative ones; every
//! eleventh is not in it at all. A search finds what has all words of the question in its titles, up to twenty; one by year,
//! what came out anywhere in that year.

use http::StatusCode;
use httpd::{Params, Response, reply};
use serde_json::{Value, json};

use crate::catalogue::Catalogue;

/// The token that it wants to see.
pub const TOKEN: &str = "station-tmdb-token";
/// What is added to the number of a film for the one that is called the same.
const NAMESAKE: u32 = 5_000_000;
/// How many years older that is.
const OLDER: u32 = 30;
/// What a search finds at most.
const MOST: usize = 20;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Query {
    /// `/tmdb/3/search/movie?query=WORDS`, `/tmdb/3/search/tv?query=WORDS`
    Search(Sort),
    /// `/tmdb/3/movie/ID`, `/tmdb/3/tv/ID`
    One(Sort, u32),
}

/// Of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Movie,
    Series,
}

/// One entry.
struct Entry {
    id: u32,
    title: String,
    others: Vec<String>,
    /// When it came out for the first time.
    year: u32,
    /// When it came to where the panel is.
    here: u32,
    popularity: u32,
}

impl Query {
    pub(crate) fn decode(segments: &[&str]) -> Option<Self> {
        let sort = |word: &str| match word {
            "movie" => Some(Sort::Movie),
            "tv" => Some(Sort::Series),
            _ => None,
        };
        Some(match segments {
            ["search", word] => Self::Search(sort(word)?),
            [word, id] => Self::One(sort(word)?, id.parse().ok()?),
            _ => return None,
        })
    }
}

/// Answers somebody who shows the token.
pub(crate) fn answer(catalogue: &Catalogue, query: Query, params: &Params, token: Option<&str>) -> Response {
    if token != Some(TOKEN) {
        return refusal(StatusCode::UNAUTHORIZED, 7, "Invalid API key: You must be granted a valid key.");
    }
    match query {
        Query::Search(sort) => {
            let asked = words(params.get("query").unwrap_or(""));
            let year = params.get("year").or_else(|| params.get("first_air_date_year"));
            let year: Option<u32> = year.and_then(|year| year.parse().ok());
            let is_found = |entry: &Entry| {
                let titles = words(&[vec![entry.title.clone()], entry.others.clone()].concat().join(" "));
                let fits = year.is_none_or(|year| year == entry.year || year == entry.here);
                fits && !asked.is_empty() && asked.iter().all(|word| titles.contains(word))
            };
            let mut found: Vec<Entry> = entries(catalogue, sort).filter(is_found).collect();
            found.sort_by_key(|entry| std::cmp::Reverse(entry.popularity));
            let results: Vec<Value> = found.iter().take(MOST).map(|entry| told(entry, sort)).collect();
            let document = json!({
                "page": 1, "results": results, "total_pages": found.len().div_ceil(MOST), "total_results": found.len(),
            });
            reply::json(StatusCode::OK, document.to_string())
        }
        Query::One(sort, id) => match entries(catalogue, sort).find(|entry| entry.id == id) {
            None => refusal(StatusCode::NOT_FOUND, 34, "The resource you requested could not be found."),
            Some(entry) => {
                let mut document = told(&entry, sort);
                let others = entry
                    .others
                    .iter()
                    .map(|title| json!({ "iso_3166_1": "US", "title": title, "type": "" }));
                let others: Vec<Value> = others.collect();
                if params.get("append_to_response").is_some_and(|more| more.contains("alternative_titles")) {
                    document["alternative_titles"] = match sort {
                        Sort::Movie => json!({ "titles": others }),
                        Sort::Series => json!({ "results": others }),
                    };
                }
                if params.get("append_to_response").is_some_and(|more| more.contains("external_ids")) {
                    document["external_ids"] = json!({ "imdb_id": format!("tt{:07}", entry.id) });
                }
                reply::json(StatusCode::OK, document.to_string())
            }
        },
    }
}

fn entries(catalogue: &Catalogue, sort: Sort) -> Box<dyn Iterator<Item = Entry> + '_> {
    let both = |(index, (id, title, year)): (u32, (u32, String, u32))| {
        let namesake = Entry {
            id: id + NAMESAKE,
            title: title.clone(),
            others: Vec::new(),
            year: year - OLDER,
            here: year - OLDER,
            popularity: 90,
        };
        let (title, others, popularity) = match index % 7 {
            6 => (format!("Production {id}"), vec![title], 5),
            _ => (title, Vec::new(), 10 + index % 40),
        };
        let known =
            Entry { id, title, others, year: year - u32::from(index % 5 == 4), here: year, popularity };
        let is_there = index % 11 != 10;
        [namesake].into_iter().chain(is_there.then_some(known))
    };
    match sort {
        Sort::Movie => {
            let films = (0..catalogue.films()).map(|index| (index, catalogue.film(index)));
            Box::new(films.map(|(index, it)| (index, (it.details.tmdb, it.title, it.year))).flat_map(both))
        }
        Sort::Series => {
            let series = (0..catalogue.series()).map(|index| (index, catalogue.series_at(index)));
            Box::new(series.map(|(index, it)| (index, (it.details.tmdb, it.title, it.year))).flat_map(both))
        }
    }
}

fn told(entry: &Entry, sort: Sort) -> Value {
    let (title, original, date) = match sort {
        Sort::Movie => ("title", "original_title", "release_date"),
        Sort::Series => ("name", "original_name", "first_air_date"),
    };
    json!({
        "id": entry.id, title: entry.title, original: entry.title, date: format!("{}-06-15", entry.year),
        "popularity": entry.popularity, "poster_path": format!("/{}.jpg", entry.id), "overview": "", "genre_ids": [18],
    })
}

fn refusal(status: StatusCode, code: u32, message: &str) -> Response {
    let document = json!({ "success": false, "status_code": code, "status_message": message });
    reply::json(status, document.to_string())
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}
