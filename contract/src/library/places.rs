//! A place for every film and every episode, which nothing else has.
//!
//! Whoever asks in the order of ids, which are never given twice, has the same answers from line-up to line-up: what was
//! there first keeps its name when another comes that would have the same.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use super::part::part;
use super::{At, Style, Title};

/// The folder of all films, and of all series. Media servers want each in a library of its own.
const MOVIES: &str = "Movies";
const SHOWS: &str = "Shows";
/// Bytes of what tells a version from others.
const LABEL: usize = 40;

/// The places of a library that are taken. Grows by the length of each name.
#[derive(Debug)]
pub struct Places {
    style: Style,
    /// The folder of a film as it is spelt, by its name for [`folded`].
    films: HashMap<String, String>,
    taken: Taken,
}

/// A series in the library.
#[derive(Debug)]
pub struct Show {
    style: Style,
    title: Title,
    id: u32,
    /// Below the library, with `/` between its parts.
    pub folder: String,
    taken: Taken,
}

/// Names as a file system has them that does not tell cases apart.
#[derive(Debug, Default)]
struct Taken(HashSet<String>);

impl Places {
    /// A library in which nothing is taken.
    pub fn new(style: Style) -> Self {
        Self { style, films: HashMap::new(), taken: Taken::default() }
    }

    /// Where a film lies, below the library and without an ending. What has the same title, year and id as another is a
    /// version of that, and lies beside it.
    pub fn film(&mut self, title: &Title, id: u32) -> String {
        let name = self.style.folder(title, id);
        let folder = self.films.entry(folded(&name)).or_insert(name);
        let place = format!("{MOVIES}/{folder}/{folder}");
        self.taken.first(&place, &title.tags, id, is_extra)
    }

    /// Where a series lies. Another of the same title, year and id has a folder of its own, since their episodes need not
    /// be the same.
    pub fn series(&mut self, title: Title, id: u32) -> Show {
        let place = format!("{SHOWS}/{}", self.style.folder(&title, id));
        let folder = self.taken.first(&place, &title.tags, id, |_| false);
        Show { style: self.style, title, id, folder, taken: Taken::default() }
    }
}

impl Show {
    /// Where an episode lies, below the library and without an ending. `at` is season and number.
    pub fn episode(&mut self, at: At, name: &str, id: u32) -> String {
        let name = self.style.episode(&self.title, self.id, at, name);
        let place = format!("{}/{}/{name}", self.folder, self.style.season(at.0.unwrap_or(1)));
        self.taken.first(&place, &[], id, is_extra)
    }
}

impl Taken {
    /// `place` itself, or with what tells it from others behind it: the marks that it came with, or else its id. None that
    /// `means` something else.
    fn first(&mut self, place: &str, tags: &[String], id: u32, means: impl Fn(&str) -> bool) -> String {
        let tags = part(&tags.join(" "), LABEL);
        let marked = if tags.is_empty() { String::new() } else { format!("{place} - {tags}") };
        let last = format!("{place} - {id}");
        let names = [place.to_owned(), marked, last];
        let mut free = names.into_iter().filter(|name| !name.is_empty() && !means(name));
        // Ids are given once, so the last is free, unless a title looks like another with an id.
        free.find(|name| self.0.insert(folded(name))).unwrap_or_else(|| format!("{place} - id {id}"))
    }
}

/// Ends of names by which a media server knows what comes with a film and is none itself.
const EXTRAS: [&str; 18] = [
    " trailer",
    "-trailer",
    ".trailer",
    "_trailer",
    " sample",
    "-sample",
    ".sample",
    "_sample",
    "-scene",
    "-clip",
    "-interview",
    "-behindthescenes",
    "-deleted",
    "-deletedscene",
    "-featurette",
    "-short",
    "-other",
    "-extra",
];

/// Whether a media server would take a film or an episode of this name for a trailer, a scene or the like.
fn is_extra(place: &str) -> bool {
    let name = place.rsplit('/').next().unwrap_or(place).to_lowercase();
    ["trailer", "sample"].contains(&&*name) || EXTRAS.iter().any(|end| name.ends_with(end))
}

/// What is the same for file systems that do not tell cases apart, or keep names in another form than they are given.
fn folded(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::super::MOST;
    use super::*;

    fn film(name: &str, tmdb: &str) -> Title {
        Title::read(name, "", tmdb)
    }

    #[test]
    fn versions_of_a_film_lie_beside_each_other_and_the_first_has_the_plain_name() {
        let mut places = Places::new(Style::Jellyfin);
        let mut place = |name: &str, tmdb: &str, id: u32| places.film(&film(name, tmdb), id);
        assert_eq!(place("EN - Film (2020)", "", 1), "Movies/Film (2020)/Film (2020)");
        assert_eq!(place("FR - FILM (2020)", "", 2), "Movies/Film (2020)/Film (2020) - FR");
        assert_eq!(place("FR - Film (2020)", "", 3), "Movies/Film (2020)/Film (2020) - 3");
        assert_eq!(place("film (2020)", "", 4), "Movies/Film (2020)/Film (2020) - 4");
        assert_eq!(place("Film (2021)", "", 5), "Movies/Film (2021)/Film (2021)");
        assert_eq!(place("Film (2020)", "9", 6), "Movies/Film (2020) [tmdbid-9]/Film (2020) [tmdbid-9]");
        assert_eq!(place("../../Film", "", 7), "Movies/-..-Film/-..-Film");
        assert_eq!(place("..", "", 8), "Movies/id-8/id-8");
    }

    #[test]
    fn a_film_is_not_taken_for_a_trailer() {
        let mut places = Places::new(Style::Jellyfin);
        assert_eq!(places.film(&film("Crime-Scene", ""), 1), "Movies/Crime-Scene/Crime-Scene - 1");
        assert_eq!(places.film(&film("FR - The Sample", ""), 2), "Movies/The Sample/The Sample - FR");
        let mut show = places.series(film("Show", ""), 3);
        let place = show.episode((Some(1), 2), "Trailer", 4);
        assert_eq!(place, "Shows/Show/Season 01/Show - S01E02 - Trailer - 4");
    }

    #[test]
    fn series_of_one_name_have_a_folder_each() {
        let mut places = Places::new(Style::Emby);
        let mut first = places.series(film("Show (2019)", "77"), 1);
        let second = places.series(film("DE - SHOW (2019)", "77"), 2);
        assert_eq!(first.folder, "Shows/Show (2019) [tmdbid=77]");
        assert_eq!(second.folder, "Shows/SHOW (2019) [tmdbid=77] - DE");
        let one = first.episode((Some(1), 2), "Name", 11);
        assert_eq!(one, "Shows/Show (2019) [tmdbid=77]/Season 01/Show (2019) - S01E02 - Name");
        assert_eq!(first.episode((Some(1), 2), "name", 12), one.replace("Name", "name - 12"));
    }

    #[test]
    fn the_longest_names_stay_below_what_file_systems_take() {
        let long = film(&format!("{} (2020)", "ö".repeat(400)), "4294967295");
        let mut places = Places::new(Style::Jellyfin);
        let mut show = places.series(long.clone(), 1);
        let tagged = Title { tags: vec!["X".repeat(100)], ..long.clone() };
        let all = [
            places.film(&long, u32::MAX),
            places.film(&tagged, u32::MAX),
            show.episode((Some(9999), 99999), &"ü".repeat(400), u32::MAX),
            show.episode((Some(9999), 99999), &"ü".repeat(400), u32::MAX),
        ];
        for name in all.iter().flat_map(|place| place.split('/')) {
            assert!(name.len() + ".strm".len() <= MOST, "{} {name}", name.len());
        }
    }
}
