//! Names that are nearly the same: a slip of the pen, a short form, another order of the words.
//!
//! Alike as a whole is not enough (`Sky Cinema Action` is not `Sky Cinema Animation`): every word must have its like on
//! the other side, and only one or two of them may differ.

use rapidfuzz::distance::indel;

use super::index::{Index, Spoken};
use super::judge::{self, Claim, Verdict};
use super::unmarked::Strangers;

/// The score of names that are alike as a whole.
const HIGHEST: f64 = 88.0;
/// Scores nearer than this are as good as equal: the measure is not finer.
const MARGIN: i32 = 3;
/// Words that may differ.
const MOST_DIFFERENT: usize = 2;
/// How alike two words with a slip of the pen are.
const SLIP: f64 = 0.85;

/// Searches for names like the one of `claim`, at least `cut_off` percent.
pub(super) fn search((guides, strangers): (&Index, &Strangers), claim: &Claim, cut_off: u8) -> Verdict {
    let words = claim.name.telling_words();
    if cut_off > 100 || claim.name.cores().is_empty() {
        return Verdict::Nothing;
    }
    let numbers = claim.name.numbers();
    let joined = words.concat();
    let score = |spoken: &Spoken| -> Option<i32> {
        let off = judge::constraints(claim, spoken)?;
        let named = claim.name.ends_with_country != spoken.name.ends_with_country;
        if named || spoken.name.numbers() != numbers {
            return None;
        }
        if !every_word_has_its_like(&words, &spoken.telling) {
            return None;
        }
        let alike = indel::normalized_similarity(joined.chars(), spoken.telling.concat().chars());
        #[expect(clippy::cast_possible_truncation, reason = "between 0 and 88")]
        let points = (alike * HIGHEST).round() as i32;
        (alike * 100.0 >= f64::from(cut_off)).then_some(points - off)
    };
    let judged =
        guides.like(&words).map(|at| guides.spoken(at)).filter_map(|spoken| Some((spoken, score(spoken)?)));
    judge::decide((guides, strangers), claim, judged, MARGIN)
}

fn every_word_has_its_like(ours: &[String], theirs: &[String]) -> bool {
    if ours.len() != theirs.len() {
        return false;
    }
    let mut left: Vec<&String> = theirs.iter().collect();
    let mut different = Vec::new();
    for word in ours {
        match left.iter().position(|other| *other == word) {
            Some(at) => {
                left.remove(at);
            }
            None => different.push(word),
        }
    }
    let same = ours.len() - different.len();
    different.len() <= MOST_DIFFERENT
        && different
            .iter()
            .zip(&left)
            .all(|(one, two)| is_slip(one, two) || (same > 0 && is_short_form(one, two)))
}

/// The same word but for a letter or two. A letter more at the end is another word: `Cinema`, `Cinemax`.
fn is_slip(one: &str, two: &str) -> bool {
    one.len().min(two.len()) >= 5
        && one.as_bytes()[0] == two.as_bytes()[0]
        && !one.starts_with(two)
        && !two.starts_with(one)
        && indel::normalized_similarity(one.chars(), two.chars()) >= SLIP
}

/// `Disc` for `Discovery`, `Plnt` for `Planet`.
fn is_short_form(one: &str, two: &str) -> bool {
    let (short, long) = if one.len() < two.len() { (one, two) } else { (two, one) };
    let digits = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    if short.len() < 3 || long.len() < short.len() + 2 || digits(short) || digits(long) {
        return false;
    }
    let mut rest = long.bytes();
    let inside = short.bytes().all(|letter| rest.any(|other| other == letter));
    let beginning = short.as_bytes()[0] == long.as_bytes()[0];
    long.starts_with(short) || (inside && beginning && short.len() >= 4 && long.len() <= short.len() * 2)
}
