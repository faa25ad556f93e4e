//! Which of the films that a search has found is meant, if it is any. Pure.
//!
//! A search by title finds remakes, documentaries about it and whatever has the words in it. The first of them is often not
//! the one, and a wrong number is worse than none: a media server believes it, and nobody notices for months.

use std::cmp::Ordering;

use rapidfuzz::distance::indel;
use serde::{Deserialize, Serialize};

use crate::identity::norm;

/// Titles that are less alike are of different films.
const ALIKE: f64 = 0.92;
/// What a year beside the right one costs. Films come to other countries a year later; a remake does not come that soon.
const YEAR: f64 = 0.05;
/// Scores nearer than this are as good as equal.
const MARGIN: f64 = 0.02;
/// Of two that are as good, the one is taken that is so many times as well known. Databases hold many short films that are
/// called like a famous one and are of the same year.
const KNOWN: f64 = 10.0;

/// A film or a series that a search has found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its number at themoviedb.org.
    pub id: u32,
    /// What it is called in the language that was asked for.
    pub title: String,
    /// What it is called where it was made.
    pub original: String,
    /// What else it is called; empty until it was asked for.
    pub others: Vec<String>,
    /// Of the film, or of the first episode; 0 is unknown.
    pub year: u16,
    /// How well known it is; only the order matters.
    pub popularity: f64,
    /// Its number at imdb.com, such as `tt0133093`, or empty; empty until it was asked for.
    #[serde(default)]
    pub imdb: String,
    /// The path of its poster below the database's address of pictures, or empty.
    pub poster: String,
}

/// The one of `found` that is called `title` and is of `year` (0 is unknown); `None` if that is not certain.
pub(super) fn judge<'a>(title: &str, year: u16, found: &'a [Candidate]) -> Option<&'a Candidate> {
    let title = norm(title);
    if title.is_empty() {
        return None;
    }
    let scored = found.iter().map(|candidate| (score(&title, candidate), candidate));
    if year == 0 {
        let mut exact = scored.filter(|(score, _)| *score >= 1.0).map(|(_, candidate)| candidate);
        return exact.next().filter(|_| exact.next().is_none());
    }
    let mut fit: Vec<(f64, &Candidate)> = scored
        .filter(|(score, candidate)| *score >= ALIKE && candidate.year.abs_diff(year) <= 1)
        .map(|(score, candidate)| (if candidate.year == year { score } else { score - YEAR }, candidate))
        .collect();
    fit.sort_by(|a, b| (b.0, b.1.popularity).partial_cmp(&(a.0, a.1.popularity)).unwrap_or(Ordering::Equal));
    match fit.as_slice() {
        [] => None,
        [(_, only)] => Some(only),
        [(best, first), (next, second), ..] => {
            let is_better = best - next > MARGIN || first.popularity >= KNOWN * second.popularity;
            is_better.then_some(*first)
        }
    }
}

/// How alike `title`, as titles are compared, and the best of a candidate's titles are: 0 to 1.
fn score(title: &str, candidate: &Candidate) -> f64 {
    let titles = [&candidate.title, &candidate.original].into_iter().chain(&candidate.others);
    titles.map(|other| alike(title, &norm(other))).fold(0.0, f64::max)
}

/// Whatever the order of the words.
fn alike(a: &str, b: &str) -> f64 {
    if a == b {
        return 1.0;
    }
    // Parts of a series are alike, and are different films.
    if numbers(a) != numbers(b) {
        return 0.0;
    }
    let sorted = |text: &str| {
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_unstable();
        words.join(" ")
    };
    // Not 1: that is for titles that are the same.
    indel::normalized_similarity(sorted(a).chars(), sorted(b).chars()).min(0.999)
}

fn numbers(title: &str) -> Vec<&str> {
    let mut numbers: Vec<&str> =
        title.split(' ').filter(|word| word.chars().all(|it| it.is_ascii_digit())).collect();
    numbers.sort_unstable();
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn film(id: u32, title: &str, year: u16, popularity: f64) -> Candidate {
        Candidate { id, title: title.into(), year, popularity, ..Candidate::default() }
    }

    fn judged(title: &str, year: u16, found: &[Candidate]) -> Option<u32> {
        judge(title, year, found).map(|candidate| candidate.id)
    }

    #[test]
    fn the_first_that_was_found_is_not_the_one() {
        let found = [film(1, "RoboCop", 2014, 90.0), film(2, "RoboCop", 1987, 40.0)];
        assert_eq!(judged("Robocop", 1987, &found), Some(2));
        assert_eq!(judged("ROBOCOP", 2015, &found), Some(1), "released a year later elsewhere");
        assert_eq!(judged("Robocop", 2001, &found), None);
        assert_eq!(judged("Robocop", 0, &found), None, "either of them");
        assert_eq!(judged("Robocop", 0, &found[..1]), Some(1));
    }

    #[test]
    fn accents_order_and_a_slip_do_not_matter_and_another_part_does() {
        let found = [film(1, "Amélie Poulain: le fabuleux destin", 2001, 9.0)];
        assert_eq!(judged("Le fabuleux destin - Amelie Poulain", 2001, &found), Some(1));
        assert_eq!(judged("Le fabuleux destim Amelie Poulain", 2001, &found), Some(1));
        let found = [film(1, "Toy Story 3", 2010, 9.0)];
        assert_eq!(judged("Toy Story", 2010, &found), None);
        assert_eq!(judged("Toy Story 2", 2010, &found), None);
        assert_eq!(judged("", 2010, &[film(1, "!!!", 2010, 9.0)]), None, "a title without a letter");
    }

    #[test]
    fn what_it_is_called_elsewhere_counts() {
        let mut film = film(1, "Spirited Away", 2001, 9.0);
        film.original = "千と千尋の神隠し".into();
        assert_eq!(judged("千と千尋の神隠し", 2001, std::slice::from_ref(&film)), Some(1));
        assert_eq!(judged("A Viagem de Chihiro", 2001, std::slice::from_ref(&film)), None);
        film.others = vec!["A Viagem de Chihiro".into()];
        assert_eq!(judged("A viagem de Chihiro", 2001, &[film]), Some(1));
    }

    #[test]
    fn of_two_that_are_the_same_only_one_that_everybody_knows_is_meant() {
        let found = [film(1, "Heat", 1995, 3.0), film(2, "Heat", 1995, 80.0)];
        assert_eq!(judged("Heat", 1995, &found), Some(2));
        let found = [film(1, "Heat", 1995, 30.0), film(2, "Heat", 1995, 80.0)];
        assert_eq!(judged("Heat", 1995, &found), None);
        let found = [film(1, "Heat", 1995, 30.0), film(2, "Heat", 1996, 80.0)];
        assert_eq!(judged("Heat", 1995, &found), Some(1));
    }
}
