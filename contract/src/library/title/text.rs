//! A title as it is read: composed, without what nobody sees, with one kind of blank and one kind of bar.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::release::relisted;
use crate::library::part::is_unseen;

/// Endings that are no part of a title.
const ENDINGS: [&str; 8] = [".mkv", ".mp4", ".avi", ".m4v", ".mov", ".wmv", ".mpg", ".webm"];

/// `raw` in composed form, with single blanks, and without the ending of a file and the ornaments around it.
pub(super) fn tidy(raw: &str) -> Cow<'_, str> {
    let text = if is_plain(raw) { Cow::Borrowed(raw) } else { Cow::Owned(rewritten(raw)) };
    let kept = trimmed(&text);
    let ending = ENDINGS.iter().find(|ending| {
        kept.len() > ending.len()
            && kept.is_char_boundary(kept.len() - ending.len())
            && kept[kept.len() - ending.len()..].eq_ignore_ascii_case(ending)
    });
    let kept = &kept[..kept.len() - ending.map_or(0, |ending| ending.len())];
    if is_released(kept) {
        let words: Vec<&str> = kept.split(['.', '_', ' ']).filter(|word| !word.is_empty()).collect();
        return Cow::Owned(relisted(&words));
    }
    if kept.len() == raw.len() { text } else { Cow::Owned(kept.to_owned()) }
}

/// Whether there is nothing to rewrite, which is so for most titles in English and quick to see.
fn is_plain(text: &str) -> bool {
    let mut before = b'x';
    text.bytes().all(|byte| {
        let fine = byte.is_ascii_graphic() || (byte == b' ' && before != b' ');
        before = byte;
        fine
    })
}

fn rewritten(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    for character in raw.nfc() {
        match character {
            // Panels draw their bars with whatever looks like one.
            '┃' | '│' | '❘' | '❙' | '❚' | '▎' | '¦' | '｜' | 'ǀ' | '║' => text.push('|'),
            _ if character.is_whitespace() || character.is_control() => {
                if !text.ends_with(' ') {
                    text.push(' ');
                }
            }
            _ if is_unseen(character) => {}
            _ => text.push(character),
        }
    }
    text
}

/// Without blanks and ornaments at both ends; as it was if nothing else is in it.
pub(super) fn trimmed(text: &str) -> &str {
    let kept = text.trim_matches(|character| character == ' ' || is_ornament(character));
    if kept.is_empty() { text.trim() } else { kept }
}

/// Arrows, boxes, stars, pictures: nothing that a title ends with.
pub(super) const fn is_ornament(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}' | '\u{200d}')
}

/// Whether it is the name of a file as those who release films write it, with dots or underscores for blanks. `S.W.A.T.` is
/// none: its pieces are letters.
fn is_released(text: &str) -> bool {
    let between = |character: char| matches!(character, '.' | '_');
    !text.contains(' ')
        && text.chars().filter(|character| between(*character)).count() >= 2
        && text.split(between).any(|piece| piece.chars().nth(1).is_some())
        // `Wait...what`: dots that follow each other are dots.
        && !text.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_bars_ornaments_and_separators_are_one_kind() {
        for (raw, text) in [
            ("Film", "Film"),
            ("  A\u{a0} Film\t(2020) ", "A Film (2020)"),
            ("┃FR┃ Film", "|FR| Film"),
            ("★ Film ◉", "Film"),
            ("★", "★"),
            ("e\u{301}te\u{301}\u{200b}", "été"),
            ("The.Film.2020.1080p.mkv", "The Film (2020) [1080P]"),
            ("Bab_El_Hara_S09E01", "Bab El Hara S09E01"),
            ("Film (2020).MP4", "Film (2020)"),
            ("S.W.A.T.", "S.W.A.T."),
            ("Wait...What", "Wait...What"),
            ("Dr. Who", "Dr. Who"),
            (".mkv", ".mkv"),
            ("", ""),
        ] {
            assert_eq!(tidy(raw), text, "{raw:?}");
        }
    }
}
