//! Names of files as those who release films write them, as a list would: `The.Film.2020.FRENCH.1080p.BluRay.x264-GROUP` is
//! `The Film (2020) [FRENCH] [1080P]`.
//!
//! They have an order of their own: title, year or number of the episode, and from the first technical word on nothing but
//! such words, with whoever has released it at the end.

use super::edges::is_plausible;
use super::marks::{Apart, Meaning, folded, is_sure, meanings};
use super::number::marker;

/// The name made of these words, as a list has it; with blanks between them if there is no technical word.
pub(super) fn relisted(words: &[&str]) -> String {
    let Some(end) = (1..words.len()).find(|at| technical(words[*at]).is_some()) else {
        return words.join(" ");
    };
    let (head, behind) = words.split_at(end);
    let mut text = head.join(" ");
    let year = (1..head.len()).rev().find(|at| is_plausible(head[*at]));
    if let (Some(at), None) = (year, marker(&text)) {
        // What stands behind the year is of this release, such as its language.
        let said = head[at + 1..].iter().filter(|word| meanings(word, Apart::Round).is_some());
        let said: String = said.map(|word| format!(" [{}]", folded(word))).collect();
        text = format!("{} ({}){said}", head[..at].join(" "), head[at]);
    }
    let shown = behind.iter().filter_map(|word| technical(word)).find(|word| {
        let found = meanings(word, Apart::Square).unwrap_or_default();
        found.iter().any(|it| matches!(it, Meaning::Lines(_) | Meaning::Cam))
    });
    shown.map_or(text.clone(), |word| format!("{text} [{}]", folded(word)))
}

/// The mark that it is, if no title has that, without the name of a group that may stand behind it.
fn technical(word: &str) -> Option<&str> {
    let without_group = || word.rsplit_once('-').map(|(word, _)| word).filter(|word| is_sure(word));
    if is_sure(word) { Some(word) } else { without_group() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_release_says_stands_where_a_list_has_it() {
        for (name, expected) in [
            ("The.Film.2020.FRENCH.1080p.BluRay.x264-GRP", "The Film (2020) [FRENCH] [1080P]"),
            ("Blade.Runner.2049.2017.UHD.BluRay-GRP", "Blade Runner 2049 (2017) [UHD]"),
            ("2012.2009.720p.x264-GRP", "2012 (2009) [720P]"),
            ("Film.2024.Directors.Cut.HDCAM-GRP", "Film (2024) [HDCAM]"),
            ("Show.S01E02.A.Name.720p.HDTV.x264-GRP", "Show S01E02 A Name [720P]"),
            ("Show.2005.S13E01.WEB-DL-GRP", "Show 2005 S13E01"),
            ("Bab.El.Hara.S09E01", "Bab El Hara S09E01"),
            ("1080p.The.Film", "1080p The Film"),
        ] {
            assert_eq!(relisted(&name.split('.').collect::<Vec<_>>()), expected, "{name}");
        }
    }
}
