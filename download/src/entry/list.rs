//! Entries of a playlist.

use std::borrow::Cow;

use contract::library::title::{self, Form, Hints};
use m3u::{Key, Parts};

use super::{Entry, Origin};

/// The longest group that is kept, in bytes.
const LONGEST_GROUP: usize = 200;

/// What a playlist's entry is.
pub fn of_list(listed: &m3u::Entry<'_>) -> Entry {
    let (name, group) = (m3u::entities(listed.name()), m3u::entities(listed.groups().next().unwrap_or("")));
    let (name, group) = (without_addresses(&name), without_addresses(&group));
    let group = group[..group.floor_char_boundary(LONGEST_GROUP)].trim();
    let form = form(listed.address(), listed.attribute(Key::Type), listed.is_vod());
    let mut reading = title::read(&name, Hints { form, group });
    let said = |key| listed.attribute(key).trim().parse::<u32>().ok();
    // A list that has attributes for them means it.
    if form != Form::Live && said(Key::Episode).is_some() {
        reading.kind = if reading.kind.has_episodes() { reading.kind } else { title::Kind::Series };
        (reading.season, reading.episode) = (said(Key::Season).or(reading.season), said(Key::Episode));
    }
    let ending = Parts::of(listed.address()).ending();
    let ext = if (1..=5).contains(&ending.len()) { ending } else { "" };
    let origin = Origin::Web(listed.address().into());
    Entry::of_reading(reading, group, said(Key::Tmdb).unwrap_or(0), (origin, ext))
}

/// What is for people to read, without the addresses in it.
///
/// SECURITY: where a line break is missing in a list, an address with a name and a password in it stands behind a title or in a
/// group, which everybody is shown, and of which names of files are made.
fn without_addresses(text: &str) -> Cow<'_, str> {
    let (mut kept, mut rest) = (String::new(), text);
    while let Some(at) = rest.find("://") {
        let before = rest[..at].trim_end_matches(|it: char| it.is_ascii_alphanumeric());
        kept.push_str(before);
        let behind = &rest[at..];
        rest = &behind[behind.find(char::is_whitespace).unwrap_or(behind.len())..];
    }
    if rest.len() == text.len() { text.into() } else { (kept + rest).into() }
}

/// What an address looks like, and what its list says that it is.
pub fn form(address: &str, typed: &str, is_vod: bool) -> Form {
    let parts = Parts::of(address);
    let says = |words: &[&str], word: &str| words.iter().any(|other| other.eq_ignore_ascii_case(word.trim()));
    let queried = parts.pairs().find(|(name, _)| *name == "type").map_or("", |(_, value)| value);
    let of_word = |word: &str| match word {
        _ if says(&["live", "channel", "itv", "radio"], word) => Some(Form::Live),
        _ if says(&["series", "serie", "tvshow", "tvshows", "episode"], word) => Some(Form::Episode),
        _ if says(&["movie", "movies", "vod", "film"], word) => Some(Form::Film),
        _ => None,
    };
    let of_path =
        || ["series", "movie", "live"].into_iter().find(|word| parts.passes(word)).and_then(of_word);
    of_word(typed).or_else(of_path).or_else(|| of_word(queried)).unwrap_or_else(|| {
        if address.is_empty() {
            Form::Unknown
        } else if m3u::is_video(parts.ending()) || is_vod {
            Form::File
        } else {
            Form::Stream
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_what_it_is_of() {
        for (address, typed, expected) in [
            ("http://h/movie/u/p/1.mkv", "", Form::Film),
            ("http://h/series/u/p/1.mkv", "", Form::Episode),
            ("http://h/live/u/p/1.ts", "", Form::Live),
            ("http://h/live/u/p/1.ts", "movie", Form::Film),
            ("http://h/play/movie.php?stream=1.mkv&type=series", "", Form::Episode),
            ("http://h/films/x.MP4?token=1", "", Form::File),
            ("http://h/u/p/1", "", Form::Stream),
            ("http://h/cdn/x.mp4/index.m3u8", "", Form::Stream),
            ("", "", Form::Unknown),
        ] {
            assert_eq!(form(address, typed, false), expected, "{address}");
        }
    }

    #[test]
    fn an_address_that_stands_among_words_is_not_told() {
        for (text, expected) in [
            ("Film: Part 1 // Two", "Film: Part 1 // Two"),
            ("Film http://ann:hunter2@h/u/p/1.mkv (2020)", "Film  (2020)"),
            ("Films\u{feff}https://h/movie/ann/hunter2/7.mkv", "Films\u{feff}"),
            ("rtmp://h/1 and http://h/2", " and "),
            ("://", ""),
        ] {
            assert_eq!(without_addresses(text), expected, "{text}");
        }
        let list = "#EXTM3U\n#EXTINF:-1 group-title=\"G http://h/ann/hunter2\",Film (2020) http://h/ann/hunter2/7.mkv\n\
                    http://h/ann/hunter2/8.mkv\n";
        m3u::read(list.as_bytes(), |entry| {
            let entry = of_list(&entry);
            assert_eq!((&*entry.title, entry.year, &*entry.group), ("Film", 2020, "G"));
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn attributes_and_entities_are_read() {
        let list = "#EXTM3U\n#EXTINF:-1 tvg-season=\"2\" tvg-episode=\"7\" group-title=\"Kids &amp; Family\",Tom &amp; Jerry\n\
                    http://h.example/3.mkv\n#EXTINF:-1 tmdb-id=\"603\",Film (1999)\nhttp://h.example/movie/u/p/6.MKV\n";
        let mut entries = Vec::new();
        m3u::read(list.as_bytes(), |entry| {
            entries.push(of_list(&entry));
            Ok(())
        })
        .unwrap();
        let show = &entries[0];
        assert_eq!(
            (&*show.title, &*show.group, show.season, show.episode),
            ("Tom & Jerry", "Kids & Family", Some(2), Some(7))
        );
        let film = &entries[1];
        assert_eq!((&*film.title, film.year, film.tmdb, &*film.ext), ("Film", 1999, 603, "mkv"));
    }
}
