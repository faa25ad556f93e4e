//! What is different between a list and all that one has.
//!
//! ```text
//!  list ───────▶ keyed ──┐                 ┌─▶ new, upgrade, other-variant
//!                        ├─▶ same thing? ──┼─▶ same, moved, duplicate
//!  main lists ─▶ keyed ──┤                 ├─▶ ambiguous, filtered (and why)
//!  completed  ─▶ keyed ──┘                 └─▶ gone: had, and not in the list
//! ```
//!
//! Every entry of the list is in exactly one class, so that their counts add up to its length; [`Difference::gone`] is of what
//! one has. All of it is pure, and takes time in proportion to what is compared.

mod keys;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::entry::{Entry, Language};
use crate::identity::of_voice;
use crate::quality::{Unwanted, Wanted};
use keys::{Keys, Variant};

/// What an entry of a list is, compared with what one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Nothing like it is there.
    New,
    /// It is there.
    Same,
    /// It is there in a worse quality.
    Upgrade,
    /// It is there, or chosen, in another quality, language or voice.
    OtherVariant,
    /// It is there, and came from elsewhere.
    Moved,
    /// It is there and no longer in the list. Never of an entry of the list.
    Gone,
    /// The list has it more than once.
    Duplicate,
    /// It is not wanted.
    Filtered(Reason),
    /// It may be one of several things, since it does not say its year.
    Ambiguous,
}

/// Why an entry is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A channel has no end.
    Channel,
    /// A series as a whole, or an episode that does not say which.
    NoNumber,
    /// There is nothing in its title to know it by.
    NoTitle,
    /// Its quality.
    Quality(Unwanted),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Channel => f.write_str("it is a channel"),
            Self::NoNumber => f.write_str("it does not say which episode it is"),
            Self::NoTitle => f.write_str("it has no title"),
            Self::Quality(why) => why.fmt(f),
        }
    }
}

/// A class without its reason, as it is chosen and counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// See [`Class::New`].
    New,
    /// See [`Class::Same`].
    Same,
    /// See [`Class::Upgrade`].
    Upgrade,
    /// See [`Class::OtherVariant`].
    OtherVariant,
    /// See [`Class::Moved`].
    Moved,
    /// See [`Class::Gone`].
    Gone,
    /// See [`Class::Duplicate`].
    Duplicate,
    /// See [`Class::Filtered`].
    Filtered,
    /// See [`Class::Ambiguous`].
    Ambiguous,
}

impl Word {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::New,
        Self::Same,
        Self::Upgrade,
        Self::OtherVariant,
        Self::Moved,
        Self::Gone,
        Self::Duplicate,
        Self::Filtered,
        Self::Ambiguous,
    ];

    /// Its name in commands and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Upgrade => "upgrade",
            Self::OtherVariant => "other-variant",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Duplicate => "duplicate",
            Self::Filtered => "filtered",
            Self::Ambiguous => "ambiguous",
        }
    }
}

impl std::str::FromStr for Word {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let all = || Self::ALL.map(Self::word).join(", ");
        Self::ALL
            .into_iter()
            .find(|it| it.word() == word.trim())
            .ok_or_else(|| format!("expected one of {}", all()))
    }
}

impl Class {
    /// Without its reason.
    pub const fn word(self) -> Word {
        match self {
            Self::New => Word::New,
            Self::Same => Word::Same,
            Self::Upgrade => Word::Upgrade,
            Self::OtherVariant => Word::OtherVariant,
            Self::Moved => Word::Moved,
            Self::Gone => Word::Gone,
            Self::Duplicate => Word::Duplicate,
            Self::Filtered(_) => Word::Filtered,
            Self::Ambiguous => Word::Ambiguous,
        }
    }
}

/// What shall be chosen where there is a choice.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    /// Which pictures are wanted.
    pub wanted: Wanted,
    /// Codes of languages, the best first; between versions of one quality they decide.
    pub languages: Vec<String>,
}

/// What one has: the lists marked as main, and all that is completed, whether a list still has it or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owned<'a> {
    /// Entries of main lists.
    pub main: &'a [Entry],
    /// What was downloaded.
    pub completed: &'a [Entry],
}

/// What is different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The class of each entry of the list, in its order.
    pub classes: Vec<Class>,
    /// Entries of the main lists that the list has not, by their places.
    pub gone: Vec<u32>,
}

impl Difference {
    /// Compares `list` with what one has.
    pub fn of(list: &[Entry], owned: Owned<'_>, preferences: &Preferences) -> Self {
        let keys = Keys::of(list, owned.main, owned.completed);
        let mut comparing =
            Comparing { list, keys: &keys, preferences, classes: vec![Class::Duplicate; list.len()] };
        // Those of one thing are looked at together, in the order of the list.
        let mut order: Vec<(u64, u32)> = Vec::with_capacity(list.len());
        for (place, key) in (0..).zip(&keys.list) {
            match key {
                Ok(key) => order.push((*key, place)),
                Err(class) => comparing.classes[place as usize] = *class,
            }
        }
        order.sort_unstable();
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            comparing.thing(same);
        }
        let classes = comparing.classes;
        let has = |key: &u64| order.binary_search_by_key(key, |(key, _)| *key).is_ok();
        let main = &keys.owned[..owned.main.len()];
        let gone =
            (0..).zip(main).filter(|(_, it)| it.key.is_some_and(|key| !has(&key))).map(|(place, _)| place);
        Self { classes, gone: gone.collect() }
    }

    /// How many there are of each class, in the order of [`Word::ALL`].
    pub fn counts(&self) -> [(Word, usize); 9] {
        let mut counts = Word::ALL.map(|word| (word, 0));
        for class in &self.classes {
            counts[class.word() as usize].1 += 1;
        }
        counts[Word::Gone as usize].1 = self.gone.len();
        counts
    }
}

struct Comparing<'a> {
    list: &'a [Entry],
    keys: &'a Keys,
    preferences: &'a Preferences,
    classes: Vec<Class>,
}

impl Comparing<'_> {
    /// Decides on all entries of the list that are one thing.
    fn thing(&mut self, same: &[(u64, u32)]) {
        let had: Vec<_> = self.keys.had(same[0].0).collect();
        let mut seen: Vec<Variant> = Vec::new();
        let mut candidates: Vec<u32> = Vec::new();
        for (_, place) in same {
            let entry = &self.list[*place as usize];
            let variant = Variant::of(entry);
            let class = &mut self.classes[*place as usize];
            if seen.contains(&variant) {
                *class = Class::Duplicate;
                continue;
            }
            seen.push(variant);
            let there: Vec<_> = had.iter().filter(|owned| variant.says_no_more_than(owned.variant)).collect();
            if !there.is_empty() {
                let source = entry.origin.source();
                let elsewhere = |owned: &&keys::Had| {
                    source.is_some() && owned.source.is_some_and(|it| Some(it) != source)
                };
                *class = if there.iter().all(elsewhere) { Class::Moved } else { Class::Same };
            } else if let Some(why) = self.preferences.wanted.refuses(entry.quality) {
                *class = Class::Filtered(Reason::Quality(why));
            } else {
                *class = Class::OtherVariant;
                candidates.push(*place);
            }
        }
        let best = candidates.into_iter().min_by_key(|place| self.rank(*place));
        let Some(best) = best else { return };
        let variant = Variant::of(&self.list[best as usize]);
        let worse = |owned: &keys::Had| variant.improves(owned.variant);
        self.classes[best as usize] = match had.is_empty() {
            true => Class::New,
            false if had.iter().all(worse) => Class::Upgrade,
            false => Class::OtherVariant,
        };
    }

    /// The smaller, the better: quality, language, container, then the order of the list.
    fn rank(&self, place: u32) -> (u16, usize, u8, u32) {
        let entry = &self.list[place as usize];
        let language = |language: Language| {
            let known = &self.preferences.languages;
            known.iter().position(|it| language == Some(it)).unwrap_or(known.len())
        };
        let lines = u16::MAX - entry.quality.lines.unwrap_or(0);
        (lines, language(entry.language), u8::from(&*entry.ext != "mkv"), place)
    }
}

#[cfg(test)]
mod tests;
