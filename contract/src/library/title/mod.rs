//! What is left of a provider's name for something when his marks are taken off, and what the marks say.
//!
//! ```text
//! "|FR| 4K - Film (2020) [MULTI]"  ──▶  a film: name Film, year 2020, French, 2160 lines, tags FR 4K MULTI
//! "Show - T05E112 - Name"          ──▶  an episode: name Show, season 5, episode 112, called Name
//!
//! text ──▶ marker: which episode ──▶ edges: marks and year off both ends ──▶ kind
//! ```
//!
//! Lists of panels have a grammar of their own, which is not that of those who release films: providers put languages,
//! qualities and shops before and behind titles, and episodes are numbered in the words of a dozen languages. A media
//! server looks a title up, and finds nothing with them. Titles that look like marks are taken for titles: rather a mark is
//! left than a title cut.
//!
//! This is the one grammar of titles: what writes a library, what compares lists and what downloads read them alike. It is
//! pure, and knows no clock.

mod edges;
mod kind;
mod marks;
mod number;
mod peeled;
mod release;
mod text;

pub use kind::{Form, Kind};

use edges::{Cut, is_year, trailing, year_in_front};
use kind::{Group, Signs, is_believed};
use marks::{Apart, lines_within, meanings};
use number::{Marker, Strength, marker};
use peeled::{Marks, Peeled, Tail};

/// The longest title that is read, in bytes; more of one is noise.
const LONGEST: usize = 1000;
/// What stands between a number and a name.
const BETWEEN: [char; 9] = [' ', '-', ':', '.', '|', '–', '—', '_', ','];

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

/// In which voices it is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Voice {
    /// In those of others, in another language.
    Dubbed,
    /// In its own, with that of the viewer to read.
    Subtitled,
}

impl Voice {
    /// Its name in files and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dubbed => "dub",
            Self::Subtitled => "sub",
        }
    }
}

/// What is known of an entry besides its title.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints<'a> {
    /// What a panel or the address says that it is.
    pub form: Form,
    /// The group it is listed in; may be empty.
    pub group: &'a str,
}

/// All that a title says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// What it is.
    pub kind: Kind,
    /// What it is called; of an episode, what its series is called.
    pub title: Title,
    /// The season, if it is said; 0 holds specials.
    pub season: Option<u32>,
    /// The number of the episode, if it is said.
    pub episode: Option<u32>,
    /// The name of the episode, or `""`.
    pub name: String,
    /// Lines of the picture: 240 to 4320. Unknown is unknown.
    pub lines: Option<u16>,
    /// Whether it was filmed off a screen.
    pub cam: bool,
    /// The code of its language or country as the list has it (`PT`, `UK`), or `LAT`, or `MULTI`.
    pub language: Option<&'static str>,
    /// In which voices, if that is said.
    pub voice: Option<Voice>,
}

impl Title {
    /// Reads what a list says: a name with marks, and year and id where it has them.
    pub fn read(name: &str, year: &str, tmdb: &str) -> Self {
        let text = text::tidy(cut(name));
        let peeled = Peeled::of(&text, if is_year(year) { year } else { "" }, true);
        let digits = !tmdb.is_empty() && tmdb.len() <= 10 && tmdb.bytes().all(|byte| byte.is_ascii_digit());
        let tmdb = if digits { tmdb } else { peeled.tmdb };
        peeled.title(name, tmdb)
    }
}

/// Reads a title as a list has it.
pub fn read(raw: &str, hints: Hints<'_>) -> Reading {
    let text = text::tidy(cut(raw));
    let mut group = Group::of(hints.group);
    let dated = hints.group.trim();
    let numbered = marker(&text);
    // Groups of films are called by their years as well; what is nothing but a number is of a series that is called so.
    let is_all = numbered.as_ref().is_some_and(|marker| marker.place == (0..text.len()));
    group.films |= is_year(dated) && !is_all;
    let numbered = numbered.filter(|marker| {
        let (before, behind) = (text[..marker.place.start].trim(), text[marker.place.end..].trim_start());
        let is_heading = before.ends_with(':')
            || (marker.strength == Strength::Weak && behind.get(1..5).is_some_and(is_year));
        is_believed(marker.strength, hints.form, group, is_heading, before.is_empty())
    });
    let reading = match &numbered {
        Some(marker) => episode(raw, &text, marker, hints.group, group),
        None => whole(raw, &text, if is_year(dated) { dated } else { "" }, (hints.form, group)),
    };
    reading.with_marks_of(hints.group)
}

fn cut(raw: &str) -> &str {
    &raw[..raw.floor_char_boundary(LONGEST)]
}

/// A title without the number of an episode, in a group that is called `dated`.
fn whole(raw: &str, text: &str, dated: &str, (form, group): (Form, Group)) -> Reading {
    let peeled = Peeled::of(text, "", true);
    let is_marked = peeled.marks.lines.is_some() || !peeled.marks.tags.is_empty();
    let is_dated = peeled.is_sure || !dated.is_empty();
    let kind = kind::kind(Signs { form, marker: None, group, is_dated, is_marked });
    // A channel may be called after a year.
    let mut peeled = if kind == Kind::Live { Peeled::of(text, "", false) } else { peeled };
    if kind == Kind::Film && peeled.year.is_empty() {
        peeled.year = dated;
    }
    let Marks { language, voice, lines, cam, .. } = peeled.marks;
    let title = peeled.title(raw, peeled.tmdb);
    Reading { kind, title, lines, cam, language, voice, ..Reading::default() }
}

fn episode(raw: &str, text: &str, marker: &Marker, named: &str, group: Group) -> Reading {
    let kind = kind::kind(Signs {
        form: Form::Unknown,
        marker: Some((marker.strength, marker.season.is_some())),
        group,
        is_dated: false,
        is_marked: false,
    });
    let head = Peeled::of(text[..marker.place.start].trim_end_matches(BETWEEN).trim_start(), "", true);
    let tail = Tail::of(&text[marker.place.end..], marker.episode);
    let mut name = tail.name;
    let mut title = if !head.name.is_empty() {
        head.title(raw, head.tmdb)
    } else if !group.is_sort() && !named.trim().is_empty() {
        series_of(named)
    } else if !name.is_empty() {
        Title { name: std::mem::take(&mut name).to_owned(), ..Title::default() }
    } else {
        Title { name: text.to_owned(), ..Title::default() }
    };
    if title.year.is_empty() {
        tail.year.clone_into(&mut title.year);
    }
    if name.eq_ignore_ascii_case(&title.name) {
        name = "";
    }
    let marks = head.marks.and(tail.marks);
    title.tags.clone_from(&marks.tags);
    Reading {
        kind,
        title,
        season: marker.season,
        episode: marker.episode,
        name: name.to_owned(),
        lines: marks.lines,
        cam: marks.cam,
        language: marks.language,
        voice: marks.voice,
    }
}

/// The series that a group is called after.
fn series_of(group: &str) -> Title {
    let text = text::tidy(cut(group));
    match year_in_front(&text) {
        Some((year, rest)) => Peeled::of(rest, year, true).title(rest, ""),
        None => Peeled::of(&text, "", true).title(group, ""),
    }
}

impl Reading {
    /// With what only the name of the group says.
    fn with_marks_of(mut self, group: &str) -> Self {
        if group.is_empty() || (self.lines.is_some() && self.language.is_some() && self.voice.is_some()) {
            return self;
        }
        let text = text::tidy(cut(group));
        let mut marks = Marks::default();
        for piece in text.split(['|', '•', ':', '/', '@']).flat_map(|piece| piece.split(" - ")) {
            let piece = piece.trim();
            let undated = match trailing(piece) {
                Some(Cut::Year { before, .. }) => before,
                _ => piece,
            };
            if let Some(found) = meanings(undated, Apart::Round) {
                marks.add(&found, false);
            }
        }
        self.lines = self.lines.or(marks.lines).or_else(|| lines_within(&text));
        self.voice = self.voice.or(marks.voice);
        self.language = self.language.or(marks.language);
        self
    }
}

/// The name of an episode out of what a list calls it, where the name of its series and its number mostly stand before it:
/// `Show - S01E02 - Name`. `""` if it has none of its own.
pub fn episode_name<'a>(title: &'a str, series: &str) -> &'a str {
    let numbered = marker(title).filter(|marker| {
        let before = title[..marker.place.start].trim_matches(BETWEEN);
        marker.strength > Strength::Weak || before.is_empty() || before == series
    });
    let behind = match numbered {
        Some(marker) => &title[marker.place.end..],
        None => title.strip_prefix(series).unwrap_or(title),
    };
    behind.trim_start_matches(BETWEEN).trim()
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
