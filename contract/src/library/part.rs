//! One part of a path that every system takes.

use unicode_normalization::UnicodeNormalization;

/// The longest part of a path, in bytes. File systems take 255; what is being written needs a few more for its name.
pub const MOST: usize = 240;

/// What Windows takes for devices, whatever stands behind the first dot.
const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// `text` as a part of a path, of at most `most` bytes: in composed form, without what Windows, a shell or a media server
/// takes for something else, and without what nobody sees. Letters of all scripts stay. Empty if nothing is left.
///
/// SECURITY: titles come from strangers. No separator, no `..`, no hidden file and no control character comes out of it.
pub fn part(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut characters = text.nfc().peekable();
    while let Some(character) = characters.next() {
        match character {
            // A subtitle is still told from a title.
            ':' if characters.peek().is_none_or(|next| next.is_whitespace()) => safe.push_str(" -"),
            ':' | '/' | '\\' | '|' => safe.push('-'),
            '"' => safe.push('\''),
            '<' | '>' | '?' | '*' => {}
            _ if character.is_whitespace() || character.is_control() => safe.push(' '),
            _ if is_unseen(character) => {}
            _ => safe.push(character),
        }
    }
    let words: Vec<&str> = safe.split_whitespace().collect();
    // What is left out has kept marks apart that now stand in another order.
    let whole: String = words.join(" ").nfc().collect();
    let cut = whole.floor_char_boundary(most);
    free(edges(&whole[..cut]))
}

/// A dot at the front hides a file; Windows drops dots and blanks at the end, and so would call two files the same.
fn edges(text: &str) -> &str {
    text.trim_start_matches(['.', ' ']).trim_end_matches(['.', ' '])
}

/// Marks of direction, of byte order and of lines: they show nothing, and hide what a name really is. The joiners of Persian
/// and Indian scripts are none of them.
pub(super) const fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The same, if it is no device.
fn free(name: &str) -> String {
    let (stem, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
    let bare = stem.trim_end().to_uppercase();
    let numbered = ["COM", "LPT"].iter().any(|port| {
        let number = bare.strip_prefix(port).and_then(|number| number.chars().next());
        bare.chars().count() == 4 && number.is_some_and(|it| matches!(it, '1'..='9' | '¹' | '²' | '³'))
    });
    if numbered || DEVICES.contains(&&*bare) { format!("{stem}_{rest}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_means_something_to_a_system_means_nothing_in_a_name() {
        for (text, expected) in [
            ("Alien: Romulus", "Alien - Romulus"),
            ("Face/Off", "Face-Off"),
            ("What? <Really> *Now*", "What Really Now"),
            ("The \"Best\" Of", "The 'Best' Of"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("..", ""),
            (" . ", ""),
            (".hack", "hack"),
            ("Wait...", "Wait"),
            ("a\u{0}b\r\nc\td", "a b c d"),
            ("con", "con_"),
            ("Nul.2020", "Nul_.2020"),
            ("aux .txt", "aux _.txt"),
            ("COM1", "COM1_"),
            ("lpt³", "lpt³_"),
            ("COM10", "COM10"),
            ("Con Air", "Con Air"),
            ("e\u{301}te\u{301}", "été"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("قناة الأولى", "قناة الأولى"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
        ] {
            assert_eq!(part(text, MOST), expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = "я".repeat(300);
        assert_eq!(part(&long, 99).len(), 98);
        assert_eq!(part("word word", 5), "word", "and no blank is left at its end");
    }

    #[test]
    fn what_is_left_out_between_marks_leaves_them_in_their_order() {
        assert_eq!(part("\u{11370}*\u{b4d}", 99), "\u{b4d}\u{11370}");
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_folder(text in any::<String>(), most in 1_usize..300) {
            let safe = part(&text, most);
            prop_assert!(safe.len() <= most + 1, "a device's name has one more");
            prop_assert!(!safe.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|']));
            prop_assert!(!safe.starts_with('.') && !safe.ends_with(['.', ' ']));
            prop_assert!(!safe.chars().any(char::is_control));
            prop_assert_eq!(part(&safe, most + 1), safe.clone(), "once is enough");
        }
    }
}
