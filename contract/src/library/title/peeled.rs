//! A title without what stands at its ends, and what that says.

use super::edges::{Cut, is_year, leading, trailing};
use super::marks::{Apart, Meaning, meanings};
use super::number::marker;
use super::{BETWEEN, Title, Voice, text};

/// A title has no more marks in front.
const MOST_LEADING: usize = 3;
/// A title has no more marks and years behind.
const MOST_TRAILING: usize = 8;

/// What marks say.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) language: Option<&'static str>,
    pub(super) voice: Option<Voice>,
    pub(super) lines: Option<u16>,
    pub(super) cam: bool,
    pub(super) tags: Vec<String>,
}

impl Marks {
    /// Takes what one mark says. Of languages the first in front counts, else the first behind; those behind come from the
    /// end, so that each of them `replaces` the one before.
    pub(super) fn add(&mut self, meanings: &[Meaning], replaces: bool) {
        let mut first = None;
        for meaning in meanings {
            match *meaning {
                Meaning::Language(code) => first = first.or(Some(code)),
                Meaning::Lines(lines) => self.lines = self.lines.max(Some(lines)),
                Meaning::Cam => self.cam = true,
                Meaning::Voice(voice, code) => {
                    self.voice = Some(voice);
                    first = first.or(Some(code).filter(|code| !code.is_empty()));
                }
                Meaning::Other => {}
            }
        }
        if first.is_some() && (replaces || self.language.is_none()) {
            self.language = first;
        }
    }

    /// Together with those that stand behind.
    pub(super) fn and(mut self, behind: Self) -> Self {
        self.tags.extend(behind.tags);
        Self {
            language: self.language.or(behind.language),
            voice: self.voice.or(behind.voice),
            lines: self.lines.or(behind.lines),
            cam: self.cam || behind.cam,
            tags: self.tags,
        }
    }
}

/// A title without its marks.
pub(super) struct Peeled<'a> {
    pub(super) name: &'a str,
    pub(super) year: &'a str,
    /// Whether something set the year apart.
    pub(super) is_sure: bool,
    pub(super) tmdb: &'a str,
    pub(super) marks: Marks,
}

impl<'a> Peeled<'a> {
    /// Takes marks off both ends of `text`, and the year if there is one (`dates`); only the same one if it is known.
    pub(super) fn of(text: &'a str, year: &'a str, dates: bool) -> Self {
        let mut peeled = Self { name: text, year, is_sure: false, tmdb: "", marks: Marks::default() };
        for _ in 0..MOST_LEADING {
            let Some((mark, rest)) = leading(peeled.name) else { break };
            let found = meanings(mark, Apart::Square).unwrap_or_default();
            peeled.marks.add(&found, false);
            peeled.marks.tags.push(mark.to_uppercase());
            peeled.name = rest;
        }
        peeled.trailing(dates);
        peeled
    }

    fn trailing(&mut self, dates: bool) {
        let mut behind = Marks::default();
        for _ in 0..MOST_TRAILING {
            match trailing(self.name) {
                Some(Cut::Year { before, year, is_sure })
                    if dates && (self.year.is_empty() || self.year == year) =>
                {
                    (self.name, self.year) = (before, year);
                    self.is_sure |= is_sure;
                }
                Some(Cut::Mark { before, mark, apart }) => {
                    behind.add(&meanings(mark, apart).unwrap_or_default(), true);
                    behind.tags.push(mark.to_uppercase());
                    self.name = before;
                }
                Some(Cut::Tmdb { before, id }) => (self.name, self.tmdb) = (before, id),
                _ => break,
            }
            self.name = text::trimmed(self.name);
        }
        behind.tags.reverse();
        self.marks = std::mem::take(&mut self.marks).and(behind);
    }

    /// As a media server looks it up; `raw` if nothing is left.
    pub(super) fn title(&self, raw: &str, tmdb: &str) -> Title {
        let name = if self.name.is_empty() { raw.trim() } else { self.name };
        Title {
            name: name.to_owned(),
            year: self.year.to_owned(),
            tmdb: tmdb.trim_start_matches('0').to_owned(),
            tags: self.marks.tags.clone(),
        }
    }
}

/// What stands behind the number of an episode.
pub(super) struct Tail<'a> {
    pub(super) name: &'a str,
    pub(super) year: &'a str,
    pub(super) marks: Marks,
}

impl<'a> Tail<'a> {
    pub(super) fn of(text: &'a str, number: Option<u32>) -> Self {
        let text = text.trim_matches(BETWEEN);
        let inner = unwrapped(text);
        // All of it may be a year, or a mark.
        if is_year(inner) && inner.starts_with(['1', '2']) {
            return Self { name: "", year: inner, marks: Marks::default() };
        }
        if let Some(found) = meanings(inner, Apart::Round) {
            let mut marks = Marks::default();
            marks.add(&found, false);
            marks.tags.push(inner.to_uppercase());
            return Self { name: "", year: "", marks };
        }
        let peeled = Peeled::of(text, "", true);
        // A year that nothing sets apart is what the episode is called.
        let (name, year) = match peeled.year {
            year if peeled.is_sure || year.is_empty() => (peeled.name, year),
            _ => (text, ""),
        };
        let name = if is_its_number(name, number) { "" } else { unwrapped(name.trim_matches(BETWEEN)) };
        let mut marks = peeled.marks;
        let is_shouted = !name.chars().any(char::is_lowercase);
        match meanings(name, Apart::Round).filter(|_| is_shouted) {
            // `GERMAN [1080p]`: what is left is a mark as well.
            Some(found) => {
                marks.add(&found, false);
                marks.tags.insert(0, name.to_uppercase());
                Self { name: "", year, marks }
            }
            None => Self { name, year, marks },
        }
    }
}

/// Without the brackets around it, if they are around all of it.
fn unwrapped(text: &str) -> &str {
    let inner = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = inner.or_else(|| text.strip_prefix('[').and_then(|text| text.strip_suffix(']')));
    inner.filter(|inner| !inner.contains(['(', ')', '[', ']'])).map_or(text, str::trim)
}

/// `Episode 4` of episode 4 has no name.
fn is_its_number(name: &str, number: Option<u32>) -> bool {
    marker(name).is_some_and(|it| it.place == (0..name.len()) && it.season.is_none() && it.episode == number)
}
