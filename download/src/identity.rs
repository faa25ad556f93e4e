//! What makes two entries the same thing, whatever they are called and wherever they come from.
//!
//! ```text
//! identity   tmdb:film:603     tmdb:series:77:1:2      the number that a database has for it, or else
//!            film|matrix|1999  series|show|2019|1|2    what it is, title, year, season and episode
//! variant    1080 PT dub                               quality, language, voices: versions of the same thing
//! ```
//!
//! An address is never part of it: providers move. A novela is a series here, and what is numbered through is its first
//! season, so that it makes no difference whether a list says so.

use std::fmt::Write as _;

use contract::library::title::{Kind, Voice};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::entry::Entry;

/// Which film or episode it is.
pub fn identity(entry: &Entry) -> String {
    let word = sort(entry.kind);
    let mut identity = String::with_capacity(48);
    if entry.tmdb > 0 && entry.kind != Kind::Live {
        let _ = write!(identity, "tmdb:{word}:{}", entry.tmdb); // a string takes everything
        if let Some((season, episode)) = numbers(entry) {
            let _ = write!(identity, ":{season}:{episode}");
        }
        return identity;
    }
    let _ = write!(identity, "{word}|{}|", norm(&entry.title));
    match entry.year {
        0 => identity.push('-'),
        year => drop(write!(identity, "{year}")),
    }
    if let Some((season, episode)) = numbers(entry) {
        let _ = write!(identity, "|{season}|{episode}");
    }
    identity
}

/// Which version of it: what is known of quality, language and voices; empty if nothing is.
pub fn variant(entry: &Entry) -> String {
    let mut parts: Vec<String> = Vec::new();
    parts.extend(entry.quality.cam.then(|| "cam".to_owned()));
    parts.extend(entry.quality.lines.map(|lines| lines.to_string()));
    parts.extend(entry.language.map(str::to_owned));
    parts.extend(entry.voice.map(|voice| voice.word().to_owned()));
    parts.join(" ")
}

/// What an entry is, as far as it matters here.
pub(crate) const fn sort(kind: Kind) -> &'static str {
    match kind {
        Kind::Film => "film",
        Kind::Series | Kind::Novela => "series",
        Kind::Live => "live",
    }
}

/// Season and number of an episode; what is numbered through has one season.
pub(crate) fn numbers(entry: &Entry) -> Option<(u32, u32)> {
    let episode = entry.episode.filter(|_| entry.kind.has_episodes())?;
    Some((entry.season.unwrap_or(1), episode))
}

/// A title as titles are compared: letters and digits of all scripts, in small letters and without accents; everything else is
/// one blank.
pub fn norm(title: &str) -> String {
    if title.is_ascii() {
        return ascii(title);
    }
    let mut plain = String::with_capacity(title.len());
    let mut is_latin = false;
    for character in title.nfkd() {
        if is_combining_mark(character) {
            // Accents of Latin and vowels of Arabic come and go; the mark of й makes another letter.
            if !is_latin && !is_vowel(character) {
                plain.push(character);
            }
            continue;
        }
        is_latin =
            matches!(character, 'A'..='Z' | 'a'..='z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
        match character {
            '&' => plain.push_str(" and "),
            'ß' | 'ẞ' => plain.push_str("ss"),
            'æ' | 'Æ' => plain.push_str("ae"),
            'œ' | 'Œ' => plain.push_str("oe"),
            'ø' | 'Ø' => plain.push('o'),
            'ł' | 'Ł' => plain.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => plain.push('d'),
            'þ' | 'Þ' => plain.push_str("th"),
            'ı' => plain.push('i'),
            'ё' | 'Ё' => plain.push('е'),
            // Stretches a word, and is no letter.
            '\u{640}' => {}
            _ if character.is_alphanumeric() => plain.extend(character.to_lowercase()),
            _ => plain.push(' '),
        }
    }
    let composed: String = plain.nfc().map(|it| if it == 'ё' { 'е' } else { it }).collect();
    spaced(&composed)
}

fn ascii(title: &str) -> String {
    let mut plain = String::with_capacity(title.len());
    for byte in title.bytes() {
        match byte {
            b'&' => plain.push_str(" and "),
            _ if byte.is_ascii_alphanumeric() => plain.push(byte.to_ascii_lowercase().into()),
            _ if plain.ends_with(' ') || plain.is_empty() => {}
            _ => plain.push(' '),
        }
    }
    if plain.contains("  ") { spaced(&plain) } else { plain.trim().to_owned() }
}

fn spaced(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A short vowel of Arabic, which is mostly not written.
const fn is_vowel(character: char) -> bool {
    matches!(character, '\u{64b}'..='\u{652}' | '\u{670}')
}

/// A voice, as small as it is kept.
pub(crate) const fn of_voice(voice: Option<Voice>) -> u8 {
    match voice {
        None => 0,
        Some(Voice::Dubbed) => 1,
        Some(Voice::Subtitled) => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_that_differ_in_spelling_alone_are_the_same() {
        for (title, expected) in [
            ("The Matrix", "the matrix"),
            ("Homem-Aranha: Sem Volta", "homem aranha sem volta"),
            ("Amélie", "amelie"),
            ("Piłsudski", "pilsudski"),
            ("Große Straße", "grosse strasse"),
            ("Fast & Furious", "fast and furious"),
            ("  A--B  ", "a b"),
            ("ÇUKUR", "cukur"),
            ("İnsanlar", "insanlar"),
            ("Ёлки", "елки"),
            ("Чужой", "чужой"),
            ("النصُ", "النص"),
            ("進撃の巨人", "進撃の巨人"),
            ("ガンダム", "ガンダム"),
            ("9 1/2", "9 1 2"),
            ("The Accountant²", "the accountant2"),
            ("!!!", ""),
        ] {
            assert_eq!(norm(title), expected, "{title}");
        }
        assert_ne!(norm("Чужой"), norm("Чужои"));
    }

    proptest! {
        #[test]
        fn what_was_compared_once_is_compared_alike_again(title: String) {
            let once = norm(&title);
            prop_assert_eq!(norm(&once), once.clone());
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' ') && !once.contains("  "));
        }
    }
}
