//! What a media server reads out of our names, by what Jellyfin publishes about names
//! (jellyfin.org/docs/general/server/media/movies and /shows), written down anew:
//!
//! - a folder is `Name (year) [tmdbid-1]`; year and id may be missing
//! - a file begins with exactly the name of its folder; what tells a version stands behind ` - `
//! - seasons are folders `Season 01`, and 00 holds the specials
//! - an episode is the first `S01E02` of its file's name; `-E03` behind it makes it several
//! - a file that is called `trailer` or `sample`, or ends in one of a dozen words, is an extra and no film or episode

use proptest::prelude::*;

use super::style::written;
use super::{MOST, Places, Style, Title};

/// Ends of names that make an extra of a file.
const EXTRAS: [&str; 18] = [
    "-trailer",
    ".trailer",
    "_trailer",
    " trailer",
    "-sample",
    ".sample",
    "_sample",
    " sample",
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

#[derive(Debug, PartialEq)]
struct Folder<'a> {
    name: &'a str,
    year: &'a str,
    tmdb: &'a str,
}

impl<'a> Folder<'a> {
    fn read(text: &'a str, style: Style) -> Self {
        let (before, after) = match style {
            Style::Jellyfin => (" [tmdbid-", ']'),
            Style::Emby => (" [tmdbid=", ']'),
            Style::Plex => (" {tmdb-", '}'),
            Style::Kodi => (" {tmdb=", '}'),
        };
        let id = text.strip_suffix(after).and_then(|text| text.rsplit_once(before));
        let (text, tmdb) = id.unwrap_or((text, ""));
        let year = text.strip_suffix(')').and_then(|text| text.rsplit_once(" ("));
        let (name, year) = year.filter(|(_, year)| is_year(year)).unwrap_or((text, ""));
        Self { name, year, tmdb }
    }
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.parse().is_ok_and(|year: u32| (1000..3000).contains(&year))
}

fn is_extra(file: &str) -> bool {
    let lower = file.to_lowercase();
    ["trailer", "sample"].contains(&&*lower) || EXTRAS.iter().any(|end| lower.ends_with(end))
}

/// Season, first episode and last episode of a file's name.
fn numbers(file: &str) -> Option<(u32, u32, u32)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let number = |text: &str, letters: [char; 2]| -> Option<(u32, usize)> {
        let rest = text.strip_prefix(letters)?;
        let most = digits(rest);
        Some((rest[..most].parse().ok()?, 1 + most))
    };
    file.char_indices().find_map(|(at, _)| {
        let (season, read) = number(&file[at..], ['s', 'S'])?;
        let rest = &file[at + read..];
        let rest = rest.trim_start_matches([' ', '.', '_', '-']);
        let (first, read) = number(rest, ['e', 'E'])?;
        // The page has it without blanks; servers are known to take it with them.
        let rest = &rest[read..];
        let rest = rest.strip_prefix(" - ").or_else(|| rest.strip_prefix('-')).unwrap_or(rest);
        let last =
            number(rest, ['e', 'E']).or_else(|| number(rest, ['x', 'X'])).map_or(first, |(last, _)| last);
        Some((season, first, last))
    })
}

/// Whether any system takes every part of `place`, with an ending behind it.
fn is_taken_everywhere(place: &str) -> bool {
    place.split('/').all(|name| {
        let stem = name.split('.').next().unwrap_or("").trim_end().to_uppercase();
        let device = ["CON", "PRN", "AUX", "NUL"].contains(&&*stem)
            || (stem.len() == 4 && (stem.starts_with("COM") || stem.starts_with("LPT")) && &stem[3..] != "0")
                && stem.ends_with(|it: char| it.is_ascii_digit());
        !name.is_empty()
            && !name.starts_with('.')
            && !name.ends_with(['.', ' '])
            && !device
            && name.len() + ".strm".len() <= MOST
            && !name.contains(['<', '>', ':', '"', '\\', '|', '?', '*'])
            && !name.chars().any(char::is_control)
    })
}

/// What a folder of `title` should be read as.
fn is_read_back(folder: &str, title: &Title, id: u32, style: Style) -> Result<(), TestCaseError> {
    let name = match written(&title.name, &title.year, 150) {
        name if name.is_empty() => format!("id-{id}"),
        name => name,
    };
    let expected = Folder { name: &name, year: &title.year, tmdb: &title.tmdb };
    prop_assert_eq!(Folder::read(folder, style), expected, "{}", folder);
    Ok(())
}

fn is_film_read_back(title: &Title, style: Style) -> Result<(), TestCaseError> {
    let mut places = Places::new(style);
    for id in [7, 8, 9] {
        let place = places.film(title, id);
        prop_assert!(is_taken_everywhere(&place), "{}", place);
        let parts: Vec<&str> = place.split('/').collect();
        let &[_, folder, file] = &parts[..] else { panic!("{place}") };
        let version = file.strip_prefix(folder);
        prop_assert!(version.is_some_and(|it| it.is_empty() || it.starts_with(" - ")), "{}", place);
        prop_assert!(!is_extra(file), "{}", place);
        is_read_back(folder, title, id, style)?;
    }
    Ok(())
}

fn is_episode_read_back(
    title: &Title,
    at: (Option<u32>, u32),
    name: &str,
    style: Style,
) -> Result<(), TestCaseError> {
    let mut places = Places::new(style);
    let mut show = places.series(title.clone(), 7);
    is_read_back(show.folder.strip_prefix("Shows/").unwrap(), title, 7, style)?;
    for id in [11, 12, 13] {
        let place = show.episode(at, name, id);
        prop_assert!(is_taken_everywhere(&place), "{}", place);
        let parts: Vec<&str> = place.split('/').collect();
        let &[_, _, season, file] = &parts[..] else { panic!("{place}") };
        let number = season.strip_prefix("Season ").filter(|number| number.len() >= 2);
        let expected = at.0.unwrap_or(1);
        prop_assert_eq!(number.and_then(|number| number.parse().ok()), Some(expected), "{}", place);
        prop_assert_eq!(numbers(file), Some((expected, at.1, at.1)), "{}", place);
        prop_assert!(!is_extra(file), "{}", place);
    }
    Ok(())
}

/// Words of which names are made that say something to a media server.
const WORDS: [&str; 48] = [
    "Film",
    "X-Men",
    "1917",
    "2012",
    "2049",
    "(2020)",
    "[1999]",
    "- 1984",
    "S01E02",
    "s3 e4",
    "1x05",
    "E5",
    "x7",
    "T05E112",
    "Capítulo 4",
    "Trailer",
    "-trailer",
    ".sample",
    "Sample",
    "Crime-Scene",
    "-short",
    "-Extra",
    "Part 1",
    "cd2",
    "CON",
    "nul.",
    "COM1",
    "LPT9.x",
    "قناة",
    "Бригада",
    "東京",
    "ö",
    "[tmdbid-5]",
    "{tmdb-6}",
    "{tmdb=7}",
    "[tmdbid=8]",
    "4K",
    "|FR|",
    "EN -",
    "(Dublado)",
    ":",
    "/",
    "..",
    "?",
    "\u{202e}",
    "\u{0}",
    "Season 3",
    "3D hsbs",
];

fn name() -> impl Strategy<Value = String> {
    let words =
        prop::collection::vec(prop::sample::select(&WORDS[..]), 0..7).prop_map(|words| words.join(" "));
    let glued =
        prop::collection::vec(prop::sample::select(&WORDS[..]), 0..4).prop_map(|words| words.concat());
    let long = (prop::sample::select(&WORDS[..]), 1_usize..300).prop_map(|(word, often)| word.repeat(often));
    prop_oneof![4 => words, 2 => glued, 1 => long, 3 => any::<String>()]
}

fn style() -> impl Strategy<Value = Style> {
    prop::sample::select(&[Style::Jellyfin, Style::Kodi, Style::Plex, Style::Emby][..])
}

proptest! {
    #[test]
    fn films_are_read_back(raw in name(), tmdb in prop::sample::select(&["", "603", "4294967295"][..]), style in style()) {
        is_film_read_back(&Title::read(&raw, "", tmdb), style)?;
    }

    #[test]
    fn episodes_are_read_back(
        raw in name(),
        name in name(),
        year in prop::sample::select(&["", "2019"][..]),
        at in (prop::option::of(0_u32..10_000), 0_u32..100_000),
        style in style(),
    ) {
        is_episode_read_back(&Title::read(&raw, year, ""), at, &name, style)?;
    }
}

#[test]
fn what_the_pages_have_as_examples_is_read() {
    let folder = Folder::read("Film (2018) [tmdbid-65567]", Style::Jellyfin);
    assert_eq!(folder, Folder { name: "Film", year: "2018", tmdb: "65567" });
    assert_eq!(numbers("Series Name A S01E03"), Some((1, 3, 3)));
    assert_eq!(numbers("Series Name A S01E01-E02"), Some((1, 1, 2)));
    assert_eq!(numbers("Some Special"), None);
    assert!(
        is_extra("Preview Trailer.trailer") && is_extra("The Best Ever-clip") && !is_extra("Film - Clip")
    );
}
