//! What an entry is: playlists do not say.

use crate::address::Parts;
use crate::entry::Entry;
use crate::keys::Key;

/// What an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess<'a> {
    /// A channel.
    Live {
        /// Without a picture.
        radio: bool,
    },
    /// A film.
    Movie {
        /// The ending of its file; empty when the address has none.
        container: &'a str,
    },
    /// An episode.
    Episode {
        /// The series; everything of the name before the episode's number.
        series: &'a str,
        /// The season, if the name says so.
        season: Option<u32>,
        /// The episode's number, if the name says so.
        number: Option<u32>,
        /// The ending of its file; empty when the address has none.
        container: &'a str,
    },
}

/// Endings of films. Not `ts`, in which channels are sent.
const VIDEO: [&str; 20] = [
    "mp4", "mkv", "avi", "mov", "wmv", "flv", "mpg", "mpeg", "m4v", "webm", "3gp", "divx", "vob", "ogv",
    "rm", "rmvb", "asf", "m2ts", "mts", "f4v",
];

/// Whether files that end like this, whatever the case, are films.
pub fn is_video(ending: &str) -> bool {
    VIDEO.iter().any(|video| ending.eq_ignore_ascii_case(video))
}

/// What `entry` is, whose name is `name` (tidied or not).
pub fn guess<'a>(entry: &Entry<'a>, name: &'a str) -> Guess<'a> {
    let parts = Parts::of(entry.address());
    let ending = parts.ending();
    let video = is_video(ending);
    let says = |words: &[&str]| {
        words.iter().any(|word| entry.attribute(Key::Type).trim().eq_ignore_ascii_case(word))
    };
    let series = parts.passes("series") || says(&["series", "serie", "tvshow", "tvshows", "episode"]);
    let film = parts.passes("movie") || says(&["movie", "movies", "vod", "film"]);
    let file = video || entry.is_vod();
    let live = parts.passes("live") && !video || !(series || film || file);
    let container = if (1..=8).contains(&ending.len()) { ending } else { "" };
    if live {
        return Guess::Live { radio: entry.is_radio() || says(&["radio"]) };
    }
    let attribute = |key| entry.attribute(key).trim().parse().ok();
    match numbered(name) {
        Some((series, season, number)) if !film || parts.passes("series") => {
            Guess::Episode { series, season: Some(season), number: Some(number), container }
        }
        _ if series || attribute(Key::Episode).is_some() => {
            let (season, number) = (attribute(Key::Season), attribute(Key::Episode));
            Guess::Episode { series: name, season, number, container }
        }
        _ => Guess::Movie { container },
    }
}

/// Splits `Show S01E02`, `Show S1 E2 - Title` and `Show s01e02`: the series, the season and the episode.
fn numbered(name: &str) -> Option<(&str, u32, u32)> {
    let bytes = name.as_bytes();
    for (at, _) in name.match_indices(['S', 's']) {
        if at > 0 && bytes[at - 1].is_ascii_alphanumeric() {
            continue;
        }
        let Some((season, next)) = digits(bytes, at + 1) else { continue };
        let next = next + usize::from(bytes.get(next) == Some(&b' '));
        if !matches!(bytes.get(next), Some(b'E' | b'e')) {
            continue;
        }
        let Some((number, _)) = digits(bytes, next + 1) else { continue };
        let series = name[..at]
            .trim_end_matches(|letter: char| letter.is_whitespace() || "-–—:|([.,_".contains(letter));
        return Some((if series.is_empty() { name } else { series }, season, number));
    }
    None
}

/// The number of one to four digits at `at`, and where it ends.
fn digits(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let digits = bytes.get(at..)?.iter().take(5).take_while(|byte| byte.is_ascii_digit());
    let (count, number) =
        digits.fold((0, 0), |(count, number), byte| (count + 1, number * 10 + u32::from(byte - b'0')));
    (1..=4).contains(&count).then_some((number, at + count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::read;

    fn guessed(info: &str, address: &str) -> String {
        let mut guessed = String::new();
        let text = format!("#EXTM3U\n#EXTINF:-1 {info}\n{address}\n");
        read(text.as_bytes(), |entry| {
            guessed = match guess(&entry, entry.name()) {
                Guess::Live { radio } => if radio { "radio" } else { "live" }.into(),
                Guess::Movie { container } => format!("movie {container}"),
                Guess::Episode { series, season, number, container } => {
                    let word = |number: Option<u32>| number.map_or("?".into(), |number| number.to_string());
                    format!("{series} {}x{} {container}", word(season), word(number))
                }
            };
            Ok(())
        })
        .unwrap();
        guessed
    }

    #[test]
    fn addresses_and_names_tell_what_an_entry_is() {
        for (info, address, expected) in [
            (",BBC 1", "http://h/live/u/p/1.ts", "live"),
            (",BBC 1", "http://h/u/p/1", "live"),
            ("radio=\"true\",WDR", "http://h/x.mp3", "radio"),
            (",Film (2020)", "http://h/movie/u/p/2.mkv", "movie mkv"),
            (",Film", "http://h/movie/u/p/2", "movie "),
            (",Film", "http://h/films/Film.MP4?token=1", "movie MP4"),
            (",Show S01E02", "http://h/series/u/p/3.mp4", "Show 1x2 mp4"),
            (",Show - s1 e12 - Title", "http://h/files/3.avi", "Show 1x12 avi"),
            (",Show, Title", "http://h/series/u/p/3.mp4", "Show, Title ?x? mp4"),
            ("tvg-season=2 tvg-episode=7,Show", "http://h/3.mkv", "Show 2x7 mkv"),
            (",S01E02", "http://h/3.mkv", "S01E02 1x2 mkv"),
            (",Sky S01E02 Live", "http://h/live/u/p/7.ts", "live"),
            ("tvg-type=\"movie\",Film", "http://h/play/7", "movie "),
            (",MAS1E2 99999", "http://h/x.mkv", "movie mkv"),
        ] {
            assert_eq!(guessed(info, address), expected, "{info} {address}");
        }
    }
}
