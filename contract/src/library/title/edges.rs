//! Taking a mark or a year off one end of a title. What could be a title is one: rather a mark is left than a title cut.

use super::marks::{Apart, is_sure, looks_like_one, meanings};
use super::text::is_ornament;

/// What no title begins or ends with.
const BETWEEN: [char; 9] = [' ', '-', '–', '—', ':', '|', '•', '_', ','];
/// What stands between a mark and a title that the marks of brackets do not set apart, and whether it is a bar.
const DIVIDERS: [(&str, bool); 9] = [
    ("|", true),
    (" - ", false),
    (" – ", false),
    (" • ", false),
    (" : ", false),
    (": ", false),
    (" -", false),
    ("- ", false),
    (":", false),
];
/// A mark in front is no further away than this, in bytes.
const REACH: usize = 20;
/// Films have been dated from then on; years without brackets are believed until then.
const YEARS: std::ops::RangeInclusive<u16> = 1888..=2039;

/// Takes a mark off the front: the mark, and what stands behind it.
pub(super) fn leading(text: &str) -> Option<(&str, &str)> {
    let (mark, rest, fits) = set_apart(text)?;
    let rest = rest.trim_start_matches(BETWEEN);
    (fits && !rest.is_empty() && !is_chapter(mark, rest)).then_some((mark, rest))
}

fn set_apart(text: &str) -> Option<(&str, &str, bool)> {
    if let Some(inner) = text.strip_prefix('|') {
        let (mark, rest) = inner.split_once('|')?;
        return Some((mark.trim(), rest, looks_like_one(mark.trim())));
    }
    if let Some((close, apart)) = opening(text) {
        let (mark, rest) = text[1..].split_once(close)?;
        return Some((mark.trim(), rest, meanings(mark.trim(), apart).is_some()));
    }
    let reach = &text[..text.floor_char_boundary(REACH)];
    let ornament = reach.char_indices().find(|(_, it)| is_ornament(*it)).map(|(at, it)| (at, it.len_utf8()));
    let found = |divider: &str| reach.find(divider).map(|at| (at, divider.len()));
    let divided = DIVIDERS.iter().filter_map(|(divider, is_bar)| Some((found(divider)?, *is_bar)));
    for ((at, length), is_bar) in divided.chain(ornament.map(|ornament| (ornament, false))) {
        let (mark, rest) = (text[..at].trim(), &text[at + length..]);
        let fits = if is_bar { looks_like_one(mark) } else { is_edge(mark) };
        if fits {
            return Some((mark, rest, true));
        }
    }
    // `4K-DE Film`: several marks that a dash joins need no more than a blank.
    let (first, rest) = text.split_once(' ')?;
    let fits = first.contains('-') && meanings(first, Apart::Edge).is_some_and(|all| all.len() > 1);
    Some((first, rest, fits))
}

/// A letter of its own is no mark before a dash.
fn is_edge(mark: &str) -> bool {
    mark.len() > 1 && meanings(mark, Apart::Edge).is_some()
}

/// `IT: Chapter Two` is a film, not something in Italian.
fn is_chapter(mark: &str, rest: &str) -> bool {
    let chapters = ["chap", "capítulo", "capitulo", "capitolo", "kapitel", "part", "bölüm", "глава"];
    let lower = rest.get(..rest.floor_char_boundary(12)).unwrap_or("").to_lowercase();
    mark == "IT" && chapters.iter().any(|chapter| lower.starts_with(chapter))
}

fn opening(text: &str) -> Option<(char, Apart)> {
    match text.chars().next()? {
        '[' => Some((']', Apart::Square)),
        '(' => Some((')', Apart::Round)),
        '{' => Some(('}', Apart::Round)),
        _ => None,
    }
}

/// What was taken off the end, and what stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut<'a> {
    /// A year, or the first of several; whether brackets set it apart.
    Year { before: &'a str, year: &'a str, is_sure: bool },
    /// One mark or several, in brackets of these corners if they are square.
    Mark { before: &'a str, mark: &'a str, apart: Apart },
    /// The number that a database has it under.
    Tmdb { before: &'a str, id: &'a str },
}

/// Takes a mark or a year off the end. `is_behind` says that something in brackets was taken off before or stands there.
pub(super) fn trailing(text: &str) -> Option<Cut<'_>> {
    // `… (2020).`: behind brackets a dot ends nothing.
    let closed = text.trim_end_matches(['.', ' ']);
    let text = if closed.ends_with([')', ']', '}']) { closed } else { text };
    let (before, inner, apart) = bracketed(text).unwrap_or(("", "", Apart::Edge));
    if apart != Apart::Edge {
        if before.is_empty() {
            return None;
        }
        if let Some(id) = tmdb(inner) {
            return Some(Cut::Tmdb { before, id });
        }
        if let Some(year) = dated(inner) {
            return Some(Cut::Year { before, year, is_sure: true });
        }
        meanings(inner, apart)?;
        return Some(Cut::Mark { before, mark: inner, apart });
    }
    dashed(text).or_else(|| bare(text))
}

/// What stands before the last brackets, and what in them.
fn bracketed(text: &str) -> Option<(&str, &str, Apart)> {
    let (open, apart) = match text.chars().next_back()? {
        ']' => ('[', Apart::Square),
        ')' => ('(', Apart::Round),
        '}' => ('{', Apart::Round),
        _ => return None,
    };
    let (before, inner) = text[..text.len() - 1].rsplit_once(open)?;
    Some((before.trim_end_matches(BETWEEN), inner.trim(), apart))
}

/// `… - 2020` and `… - EN`.
fn dashed(text: &str) -> Option<Cut<'_>> {
    let (before, last) = text.rsplit_once(" - ").or_else(|| text.rsplit_once(" – "))?;
    let (before, last) = (before.trim_end_matches(BETWEEN), last.trim());
    if before.is_empty() {
        return None;
    }
    if is_plausible(last) {
        return Some(Cut::Year { before, year: last, is_sure: true });
    }
    is_edge(last).then_some(Cut::Mark { before, mark: last, apart: Apart::Edge })
}

/// `… 2020`, `… 4K`; and `…) EN`, `…) - TR Altyazı`, where the brackets before it set it apart.
fn bare(text: &str) -> Option<Cut<'_>> {
    let (before, last) = text.rsplit_once(' ')?;
    let before = before.trim_end_matches(BETWEEN);
    if before.is_empty() {
        return None;
    }
    if is_plausible(last) {
        return Some(Cut::Year { before, year: last, is_sure: false });
    }
    if is_sure(last) {
        return Some(Cut::Mark { before, mark: last, apart: Apart::Round });
    }
    let behind = text.rfind([')', ']']).map(|at| text.split_at(at + 1));
    let (before, mark) = behind.map(|(before, mark)| (before, mark.trim_matches(BETWEEN)))?;
    let is_mark = mark.len() > 1 && meanings(mark, Apart::Round).is_some();
    is_mark.then_some(Cut::Mark { before, mark, apart: Apart::Round })
}

/// The year in `2020`, `2019-2022`, `2020 – `, `США/2017`, `2017, США`, `TV 2004`.
fn dated(inner: &str) -> Option<&str> {
    let year = |text: &str| is_year(text) && matches!(text.as_bytes()[0], b'1' | b'2');
    if year(inner) {
        return Some(inner);
    }
    if let Some((first, second)) = inner.split_once(['-', '–', '—']) {
        let (first, second) = (first.trim(), second.trim());
        return (year(first) && (year(second) || matches!(second, "" | "..." | "…"))).then_some(first);
    }
    if let Some((first, rest)) = inner.split_once(['/', ','])
        && year(first.trim())
    {
        return (!rest.chars().any(char::is_numeric)).then_some(first.trim());
    }
    let (before, last) = inner.rsplit_once(['/', ',', ' '])?;
    let countries = !before.chars().any(|character| character.is_numeric())
        && (inner.contains(['/', ',']) || matches!(before, "TV" | "Video" | "VIDEO"));
    (year(last.trim()) && countries).then_some(last.trim())
}

/// The id in `tmdbid-603`, `tmdb=603`, `tmdb-603`.
fn tmdb(inner: &str) -> Option<&str> {
    let rest = inner.get(..4).filter(|head| head.eq_ignore_ascii_case("tmdb")).map(|_| &inner[4..])?;
    let rest = rest.strip_prefix("id").unwrap_or(rest);
    let id = rest.strip_prefix(['-', '=', ':'])?.trim();
    (1..=10).contains(&id.len()).then_some(id).filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Four digits.
pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A year in which a film may have been made. `2049` is none yet.
pub(super) fn is_plausible(text: &str) -> bool {
    is_year(text) && text.parse().is_ok_and(|year| YEARS.contains(&year))
}

/// A title and the year in front of it, as groups are called: `2024 - Show`, `2013 – 2020 - Show`, `2021 - ... - Show`.
pub(super) fn year_in_front(text: &str) -> Option<(&str, &str)> {
    let year = text.get(..4).filter(|year| is_plausible(year))?;
    let rest = text[4..].trim_start_matches(BETWEEN);
    let rest = match rest.get(..4) {
        Some(last) if is_plausible(last) => &rest[4..],
        _ => rest.strip_prefix("...").or_else(|| rest.strip_prefix('…')).unwrap_or(rest),
    };
    let divided = text[4..].trim_start().starts_with(['-', '–', '—']);
    let rest = rest.trim_start_matches(BETWEEN);
    (divided && !rest.is_empty()).then_some((year, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_taken_off_the_front_and_titles_are_not() {
        for (text, expected) in [
            ("EN - Film", Some(("EN", "Film"))),
            ("|FR| Film", Some(("FR", "Film"))),
            ("[DE] Film", Some(("DE", "Film"))),
            ("EX-YU| Film", Some(("EX-YU", "Film"))),
            ("FI:Film", Some(("FI", "Film"))),
            ("HD : Film", Some(("HD", "Film"))),
            ("4K-DE Film", Some(("4K-DE", "Film"))),
            ("4K-A+ Blade Runner 2049", Some(("4K-A+", "Blade Runner 2049"))),
            ("EN ★ Film", Some(("EN", "Film"))),
            ("IT: Chapter Two", None),
            ("CSI - Cyber", None),
            ("In - Out", None),
            ("X-Men", None),
            ("(500) Dias", None),
            ("ET - O Extraterrestre", None),
            ("EN - ", None),
            ("Sony Novelas | Plex", None),
        ] {
            assert_eq!(leading(text), expected, "{text}");
        }
    }

    #[test]
    fn years_stand_in_brackets_behind_a_dash_or_at_the_end() {
        let year = |text: &'static str| match trailing(text) {
            Some(Cut::Year { before, year, .. }) => (before, year),
            _ => ("", ""),
        };
        for (text, expected) in [
            ("Film (2020)", ("Film", "2020")),
            ("Film [2020]", ("Film", "2020")),
            ("Film - 2020", ("Film", "2020")),
            ("Film 2020", ("Film", "2020")),
            ("Film [США/2017]", ("Film", "2017")),
            ("Film (2017, США)", ("Film", "2017")),
            ("Film (2017, 3D)", ("", "")),
            ("Show (2019–2022)", ("Show", "2019")),
            ("Show (2019-)", ("Show", "2019")),
            ("Blade Runner 2049", ("", "")),
            ("2012", ("", "")),
            ("(2020)", ("", "")),
            ("Film (Part 2020)", ("", "")),
        ] {
            assert_eq!(year(text), expected, "{text}");
        }
        assert_eq!(trailing("Film {tmdb-603}"), Some(Cut::Tmdb { before: "Film", id: "603" }));
        assert_eq!(trailing("[REC]"), None);
        assert_eq!(year_in_front("2013 – 2020 - Show"), Some(("2013", "Show")));
        assert_eq!(year_in_front("2021 - ... - Show"), Some(("2021", "Show")));
        assert_eq!(year_in_front("2012"), None);
        assert_eq!(year_in_front("2036 Origin Unknown"), None);
    }
}
