//! What stands for itself beside a title: languages and countries, qualities, voices, shops.
//!
//! Three letters before a dash are more often a title (`CSI - Cyber`) than a mark, so the marks of a title are all there are in
//! [`words`]; where a bar sets it apart, anything short and loud is one.

mod words;

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::Voice;
use words::{CAMS, CODES, LINES, NAMES, OTHERS, SURE, VOICES};

/// The longest mark, in characters.
const LONGEST: usize = 40;

/// What one mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Language(&'static str),
    Lines(u16),
    Cam,
    Voice(Voice, &'static str),
    Other,
}

/// How a mark is set apart from the title, which tells how loud it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
    /// `[…]`: nothing else than a mark is short and stands in these.
    Square,
    /// `(…)`, `{…}`: names of languages and voices in any letters, and whatever is shouted.
    Round,
    /// By a dash, a colon or a bar: shouted. `In - Out` is a title.
    Edge,
}

/// What `text` says if it is a mark or several (`EN`, `4K HDR`, `FR-HD`); nothing otherwise.
pub(super) fn meanings(text: &str, apart: Apart) -> Option<Vec<Meaning>> {
    if text.is_empty() || text.chars().nth(LONGEST).is_some() {
        return None;
    }
    if let Some(whole) = meaning(text, apart) {
        return Some(vec![whole]);
    }
    let words = text.split([' ', '-', '/', ',', '|', '_', '&', '•']).filter(|word| !word.is_empty());
    let all: Option<Vec<_>> = words.map(|word| meaning(word, apart)).collect();
    // A letter of its own is a mark only where it stands alone.
    let lonely = |text: &str| text.split([' ', '-']).any(|word| word.len() == 1);
    all.filter(|all| !all.is_empty() && !lonely(text))
}

fn meaning(word: &str, apart: Apart) -> Option<Meaning> {
    let folded = folded(word);
    let found = lookup(&folded)?;
    let loud = !word.chars().any(char::is_lowercase);
    let free = match apart {
        Apart::Square => true,
        Apart::Round => {
            folded.chars().nth(2).is_some() || matches!(found, Meaning::Lines(_)) || is_superscript(word)
        }
        // Qualities are written in both cases.
        Apart::Edge => matches!(found, Meaning::Lines(_)) && word.bytes().any(|byte| byte.is_ascii_digit()),
    };
    (loud || free).then_some(found)
}

fn lookup(folded: &str) -> Option<Meaning> {
    let among = |table: &[&str]| table.binary_search(&folded).is_ok();
    if let Ok(at) = CODES.binary_search(&folded) {
        return Some(Meaning::Language(CODES[at]));
    }
    if let Ok(at) = LINES.binary_search_by_key(&folded, |(word, _)| word) {
        return Some(Meaning::Lines(LINES[at].1));
    }
    if let Ok(at) = NAMES.binary_search_by_key(&folded, |(word, _)| word) {
        return Some(Meaning::Language(NAMES[at].1));
    }
    if let Ok(at) = VOICES.binary_search_by_key(&folded, |(word, ..)| word) {
        return Some(Meaning::Voice(VOICES[at].1, VOICES[at].2));
    }
    match folded {
        "MULTI" => Some(Meaning::Language("MULTI")),
        _ if among(CAMS) => Some(Meaning::Cam),
        _ if among(OTHERS) => Some(Meaning::Other),
        _ => None,
    }
}

/// Whether the last word of a title is a mark though nothing sets it apart.
pub(super) fn is_sure(word: &str) -> bool {
    let quiet = word.chars().any(char::is_lowercase) && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let folded = folded(word);
    // `Hd` and `Multi` may be words; `Dublado` and `1080p` are not.
    SURE.binary_search(&&*folded).is_ok() && !(quiet && folded.len() < 6)
}

/// Whether it is as short and as loud as a mark is.
pub(super) fn looks_like_one(text: &str) -> bool {
    let fits = |character: char| {
        character.is_ascii_uppercase()
            || character.is_ascii_digit()
            || matches!(character, ' ' | '-' | '+' | '/')
    };
    (2..=12).contains(&text.len())
        && text.chars().all(fits)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// A quality that a group names as a word of its own, such as `4K` in `Filmes | 4K UHD`.
pub(super) fn lines_within(text: &str) -> Option<u16> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).find_map(|word| match meaning(word, Apart::Edge) {
        Some(Meaning::Lines(lines)) => Some(lines),
        _ => None,
    })
}

fn is_superscript(word: &str) -> bool {
    !word.is_ascii() && word.nfkc().all(|character| character.is_ascii_uppercase())
}

/// Capital letters, and superscripts as what they are of.
pub(super) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return if word.bytes().any(|byte| byte.is_ascii_lowercase()) {
            Cow::Owned(word.to_ascii_uppercase())
        } else {
            Cow::Borrowed(word)
        };
    }
    Cow::Owned(word.nfkc().flat_map(char::to_uppercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_each_mark_is_in_one() {
        fn ordered(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
            let words: Vec<_> = words.collect();
            assert!(words.windows(2).all(|pair| pair[0] < pair[1]), "{words:?}");
            words
        }
        let mut all = ordered(CODES.iter().copied());
        all.extend(ordered(NAMES.iter().map(|it| it.0)));
        all.extend(ordered(LINES.iter().map(|it| it.0)));
        all.extend(ordered(CAMS.iter().copied()));
        all.extend(ordered(VOICES.iter().map(|it| it.0)));
        all.extend(ordered(OTHERS.iter().copied()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for sure in ordered(SURE.iter().copied()) {
            assert!(lookup(sure).is_some(), "{sure}");
        }
    }

    #[test]
    fn a_mark_is_as_loud_as_its_place_demands() {
        use Meaning::{Cam, Language, Lines, Other};
        for (text, apart, expected) in [
            ("EN", Apart::Edge, Some(vec![Language("EN")])),
            ("In", Apart::Edge, None),
            ("In", Apart::Round, None),
            ("fr", Apart::Square, Some(vec![Language("FR")])),
            ("Tamil", Apart::Round, Some(vec![Language("TA")])),
            ("4K HDR", Apart::Edge, Some(vec![Lines(2160), Other])),
            ("FR-HD", Apart::Edge, Some(vec![Language("FR"), Lines(720)])),
            ("1080p", Apart::Edge, Some(vec![Lines(1080)])),
            ("HDCAM", Apart::Square, Some(vec![Cam])),
            ("ᴴᴰ", Apart::Round, Some(vec![Lines(720)])),
            ("Wednesday", Apart::Square, None),
            ("L", Apart::Round, Some(vec![Meaning::Voice(Voice::Subtitled, "")])),
            ("D L", Apart::Round, None),
            ("REC", Apart::Square, None),
            ("", Apart::Square, None),
        ] {
            assert_eq!(meanings(text, apart), expected, "{text}");
        }
        assert_eq!(lines_within("Filmes | 4K UHD"), Some(2160));
        assert_eq!(lines_within("Wednesday"), None);
    }
}
