//! Any writing as plain letters: accents, decorative letters, other scripts, without what cannot be seen.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::country::Country;

/// Letters that are read of a name; nobody's channel is called longer.
const LONGEST: usize = 200;

/// What was written, as ASCII with its case, and the flag that stood in it.
pub(super) struct Folded {
    /// ASCII only. Pictures and other signs are `|`, which separates as they do.
    pub(super) text: String,
    /// The country of the first flag.
    pub(super) flag: Option<Country>,
}

/// Folds at most [`LONGEST`] letters of `raw`.
pub(super) fn fold(raw: &str) -> Folded {
    let mut text = String::with_capacity(raw.len().min(LONGEST));
    let mut flag = None;
    let mut half = None;
    let mut was_small = false;
    for letter in raw.chars().take(LONGEST) {
        let indicator = u32::from(letter).checked_sub(0x1f1e6).filter(|at| *at < 26);
        if let Some(at) = indicator {
            let code = b'a' + u8::try_from(at).expect("below 26");
            match half.take() {
                Some(first) => flag = flag.or_else(|| Country::of_flag([first, code])),
                None => half = Some(code),
            }
            text.push('|');
            continue;
        }
        half = None;
        // Small letters set above the line (`BBC Oneᴴᴰ`) and circled ones are as good as in brackets.
        let small = is_decoration(letter);
        if small != was_small {
            text.push_str(if small { " {" } else { "} " });
        }
        was_small = small;
        letter_as_ascii(letter, &mut text);
    }
    if was_small {
        text.push('}');
    }
    Folded { text, flag }
}

const fn is_decoration(letter: char) -> bool {
    matches!(letter, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{1d2c}'..='\u{1dbf}' | '\u{2b0}'..='\u{2b8}' | '\u{2460}'..='\u{24ff}' | '\u{2070}'..='\u{209c}'
        | '\u{1f110}'..='\u{1f1e5}' | '\u{1d00}'..='\u{1d2b}' | '\u{29c}' | '\u{299}' | '\u{262}' | '\u{26a}')
}

fn letter_as_ascii(letter: char, text: &mut String) {
    if letter.is_ascii() {
        text.push(if letter.is_ascii_control() { ' ' } else { letter });
        return;
    }
    for part in std::iter::once(letter).nfkd().filter(|part| !is_combining_mark(*part)) {
        match part {
            _ if part.is_ascii() => text.push(part),
            '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{b4}' => text.push('\''),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => text.push('-'),
            _ if part.is_alphanumeric() => {
                text.push_str(deunicode::deunicode_char(part).unwrap_or("").trim())
            }
            _ if part.is_whitespace() => text.push(' '),
            _ if is_unseen(part) => {}
            _ => text.push('|'),
        }
    }
}

/// Marks of direction, joiners, selectors of variants: no letter, no separator.
const fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e01ef}')
}
