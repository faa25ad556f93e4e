//! What is left of a provider's name for something when his marks are taken off.
//!
//! ```text
//! "|FR| 4K - Film (2020) [MULTI]"  ──▶  name Film, year 2020, tags FR 4K MULTI
//! ```
//!
//! Providers put languages, qualities and shops before and behind titles. A media server looks a title up, and finds
//! nothing with them. Titles that look like marks are taken for titles: rather a mark is left than a title cut.

/// A film or a series as a media server looks it up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// The title alone; as it was given if nothing else is left.
    pub name: String,
    /// Four digits or `""`.
    pub year: String,
    /// The id at themoviedb.org, digits or `""`.
    pub tmdb: String,
    /// Marks that stood beside the title, in order: they tell versions of it apart.
    pub tags: Vec<String>,
}

/// What stands for itself before ` - ` or in brackets: languages and countries, qualities, shops. Three letters before a
/// dash are more often a title (`CSI - Cyber`) than a mark, so these are all there are.
const MARKS: &[&str] = &[
    "AF",
    "AL",
    "AR",
    "AT",
    "AU",
    "BE",
    "BG",
    "BR",
    "CA",
    "CH",
    "CN",
    "CZ",
    "DE",
    "DK",
    "EE",
    "EN",
    "ES",
    "EX",
    "FA",
    "FI",
    "FR",
    "GR",
    "HE",
    "HI",
    "HR",
    "HU",
    "IE",
    "IL",
    "IN",
    "IR",
    "IT",
    "JP",
    "KO",
    "KR",
    "KU",
    "LAT",
    "LT",
    "LV",
    "MK",
    "MX",
    "NL",
    "NO",
    "PK",
    "PL",
    "PT",
    "RO",
    "RS",
    "RU",
    "SC",
    "SE",
    "SI",
    "SK",
    "SQ",
    "SR",
    "SV",
    "TR",
    "UA",
    "UK",
    "US",
    "ENG",
    "GER",
    "MULTI",
    "MULTISUB",
    "SUB",
    "DUAL",
    "VF",
    "VO",
    "VOSTFR",
    "VFF",
    "VFQ",
    "TRUEFRENCH",
    "SD",
    "HD",
    "FHD",
    "QHD",
    "UHD",
    "4K",
    "8K",
    "3D",
    "HDR",
    "HDR10",
    "DV",
    "HEVC",
    "H264",
    "H265",
    "X264",
    "X265",
    "480P",
    "576P",
    "720P",
    "1080P",
    "2160P",
    "BLURAY",
    "WEB-DL",
    "WEBRIP",
    "HDTV",
    "REMUX",
    "CAM",
    "HDCAM",
    "TS",
    "NF",
    "AMZN",
    "DSNP",
    "HMAX",
    "ATVP",
    "PMTP",
    "A+",
    "D+",
    "P+",
];

/// A title has no more on either side.
const MOST: usize = 3;

impl Title {
    /// Reads what a list says: a name with marks, and year and id where it has them.
    pub fn read(name: &str, year: &str, tmdb: &str) -> Self {
        let mut tags = Vec::new();
        let mut rest = name.trim();
        for _ in 0..MOST {
            let Some((tag, title)) = leading(rest) else { break };
            tags.push(tag.to_uppercase());
            rest = title;
        }
        let mut behind = Vec::new();
        let mut year = if is_year(year) { year } else { "" };
        for _ in 0..=MOST {
            match trailing(rest) {
                Some((title, found)) if is_year(found) && (year.is_empty() || year == found) => {
                    (rest, year) = (title, found);
                }
                Some((title, mark)) if is_mark(mark) => {
                    behind.push(mark.to_uppercase());
                    rest = title;
                }
                _ => break,
            }
        }
        tags.extend(behind.into_iter().rev());
        let digits = !tmdb.is_empty() && tmdb.len() <= 10 && tmdb.bytes().all(|byte| byte.is_ascii_digit());
        let tmdb = if digits { tmdb.trim_start_matches('0').into() } else { String::new() };
        Self { name: rest.into(), year: year.into(), tmdb, tags }
    }
}

/// The name of an episode out of what a list calls it, where the name of its series and its number mostly stand before it:
/// `Show - S01E02 - Name`. `""` if it has none of its own.
pub fn episode_name<'a>(title: &'a str, series: &str) -> &'a str {
    const BETWEEN: [char; 7] = [' ', '-', ':', '.', '|', '–', '_'];
    let behind = match numbered(title) {
        Some(end) => &title[end..],
        None => title.strip_prefix(series).unwrap_or(title),
    };
    let name = behind.trim_start_matches(BETWEEN).trim();
    let of_number = ["episode", "ep", "folge", "capítulo", "capitulo", "épisode", "серия", "bölüm"];
    let (word, number) = name.rsplit_once([' ', '.']).unwrap_or(("", name));
    let bare = of_number.contains(&word.trim_end_matches('.').to_lowercase().as_str())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    if bare { "" } else { name }
}

/// Where the last `S01E02`, `S01 E02` or `1x02` ends.
fn numbered(title: &str) -> Option<usize> {
    let bytes = title.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let starts = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    let ends = |at: usize| bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let marker = |at: usize| {
        let season = at + usize::from(matches!(bytes[at], b's' | b'S' | b't' | b'T'));
        let length = digits(season);
        let mut between = season + length;
        if season > at && bytes.get(between) == Some(&b' ') {
            between += 1;
        }
        let letter = if season > at { [b'e', b'E'] } else { [b'x', b'X'] };
        let there = bytes.get(between).is_some_and(|byte| letter.contains(byte));
        let number = if there { digits(between + 1) } else { 0 };
        let end = between + 1 + number;
        let fits = (1..=4).contains(&length) && (1..=5).contains(&number) && ends(end);
        // `1920x1080` is no episode.
        (fits && (season > at || (length <= 2 && number <= 3))).then_some(end)
    };
    (0..bytes.len()).rev().filter(|at| bytes[*at].is_ascii() && starts(*at)).find_map(marker)
}

/// A mark and what stands behind it.
fn leading(text: &str) -> Option<(&str, &str)> {
    let (mark, rest, is_sure) = if let Some(inner) = text.strip_prefix('|') {
        let (mark, rest) = inner.split_once('|')?;
        (mark, rest, true)
    } else if let Some((mark, rest)) = bracketed(text) {
        (mark, rest, false)
    } else {
        // No title has a bar in it, and few have a dash with blanks.
        match (text.split_once('|'), text.split_once(" - ")) {
            (Some((mark, rest)), _) if looks_like_one(mark.trim()) => (mark, rest, true),
            (_, Some((mark, rest))) => (mark, rest, false),
            _ => return None,
        }
    };
    let (mark, rest) = (mark.trim(), rest.trim_start_matches([' ', '-', ':', '|']));
    let fits = if is_sure { looks_like_one(mark) } else { is_mark(mark) };
    (fits && !rest.is_empty()).then_some((mark, rest))
}

fn bracketed(text: &str) -> Option<(&str, &str)> {
    let close = match text.chars().next()? {
        '[' => ']',
        '(' => ')',
        _ => return None,
    };
    text[1..].split_once(close)
}

/// What stands before the last brackets, and what in them.
fn trailing(text: &str) -> Option<(&str, &str)> {
    let (before, inner) = if let Some(text) = text.strip_suffix(']') {
        text.rsplit_once('[')?
    } else {
        text.strip_suffix(')')?.rsplit_once('(')?
    };
    let before = before.trim_end();
    (!before.is_empty()).then_some((before, inner.trim()))
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// One mark, or several: `EN`, `4K HDR`, `FR-HD`.
fn is_mark(text: &str) -> bool {
    let known = |word: &str| MARKS.contains(&word);
    // Marks are shouted; `In - Out` is a title.
    let mut words = text.split([' ', '-', '/', ',']).filter(|word| !word.is_empty()).peekable();
    words.peek().is_some() && (known(text) || words.all(|word| known(word) || known_lower(word)))
}

/// Qualities are written in both cases.
fn known_lower(word: &str) -> bool {
    let is_size = word.ends_with('p') || word.ends_with('k') || word.starts_with(['x', 'h']);
    is_size && word.bytes().any(|byte| byte.is_ascii_digit()) && MARKS.contains(&word.to_uppercase().as_str())
}

/// Whether it is as short and as loud as a mark is.
fn looks_like_one(text: &str) -> bool {
    let fits = |character: char| {
        character.is_ascii_uppercase()
            || character.is_ascii_digit()
            || matches!(character, ' ' | '-' | '+' | '/')
    };
    (2..=12).contains(&text.len())
        && text.chars().all(fits)
        && text.bytes().any(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn marks_are_told_from_titles() {
        for (name, title, year, tags) in [
            ("Film", "Film", "", &[][..]),
            ("EN - Film (2020)", "Film", "2020", &["EN"]),
            ("|FR| 4K - Film (2020) [MULTI]", "Film", "2020", &["FR", "4K", "MULTI"]),
            ("[DE] Film (2020) (1080p)", "Film", "2020", &["DE", "1080P"]),
            ("NF | Film", "Film", "", &["NF"]),
            ("EX-YU| Film", "Film", "", &["EX-YU"]),
            ("4K HDR - Film", "Film", "", &["4K HDR"]),
            ("CSI - Cyber", "CSI - Cyber", "", &[]),
            ("In - Out", "In - Out", "", &[]),
            ("[REC] (2007)", "[REC]", "2007", &[]),
            ("X-Men", "X-Men", "", &[]),
            ("2012 (2009)", "2012", "2009", &[]),
            ("Blade Runner 2049 (2017)", "Blade Runner 2049", "2017", &[]),
            ("(2020)", "(2020)", "", &[]),
            ("EN - ", "EN -", "", &[]),
            ("Se7en (Director's Cut)", "Se7en (Director's Cut)", "", &[]),
            ("شبكة (2019)", "شبكة", "2019", &[]),
        ] {
            let read = Title::read(name, "", "");
            assert_eq!(
                (&*read.name, &*read.year, &*read.tags.join(",")),
                (title, year, &*tags.join(",")),
                "{name}"
            );
        }
        let told = Title::read("Film (1999)", "2000", "0603");
        assert_eq!((&*told.name, &*told.year, &*told.tmdb), ("Film (1999)", "2000", "603"));
        assert_eq!(Title::read("Film", "20", "tt0133093").tmdb, "");
    }

    #[test]
    fn an_episode_has_the_name_that_stands_behind_its_number() {
        for (title, name) in [
            ("Show - S01E02 - A Name", "A Name"),
            ("Show S01 E02 A Name", "A Name"),
            ("Show T05E112", ""),
            ("Show 1x05: A Name", "A Name"),
            ("Show - Episode 4", ""),
            ("Episode 4", ""),
            ("Show - Aftermath", "Aftermath"),
            ("A Name", "A Name"),
            ("Show S01E01 S01E02 - Two", "Two"),
            ("In 1920x1080", "In 1920x1080"),
            ("", ""),
        ] {
            assert_eq!(episode_name(title, "Show"), name, "{title}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_some_title(name in any::<String>(), year in any::<String>(), series in any::<String>()) {
            let title = Title::read(&name, &year, &year);
            prop_assert_eq!(title.name.is_empty(), name.trim().is_empty());
            episode_name(&name, &series);
        }

        #[test]
        fn marks_in_any_order_leave_the_title(name in "[\\[(|]?(EN|4K|FR-HD)[\\])|]? ?-? ?S?0?1?[xE]?02") {
            prop_assert!(!Title::read(&name, "", "").name.is_empty());
            episode_name(&name, "");
        }
    }
}
