//! By what entries are compared: hashes, because there may be a million of them.

use std::hash::{BuildHasher, RandomState};

use super::{Class, Entry, HashMap, Language, Reason, of_voice};
use crate::entry::Source;
use crate::identity::{norm, numbers, sort};

/// What is known of one version of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    lines: Option<u16>,
    cam: bool,
    language: Language,
    voice: u8,
}

impl Variant {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            lines: entry.quality.lines,
            cam: entry.quality.cam,
            language: entry.language,
            voice: of_voice(entry.voice),
        }
    }

    /// Whether all that it says is so of the other: a list that says nothing of quality means what is there.
    pub(super) fn says_no_more_than(self, other: Self) -> bool {
        (self.lines.is_none() || self.lines == other.lines)
            && (self.language.is_none() || self.language == other.language)
            && (self.voice == 0 || self.voice == other.voice)
            && self.cam == other.cam
    }

    /// Whether it is the other in a better picture.
    pub(super) fn improves(self, other: Self) -> bool {
        let alike = self.language.is_none() || other.language.is_none() || self.language == other.language;
        let spoken = self.voice == 0 || other.voice == 0 || self.voice == other.voice;
        let better = matches!((self.lines, other.lines), (Some(ours), Some(theirs)) if ours > theirs);
        alike && spoken && (better || (other.cam && !self.cam))
    }
}

/// Something that one has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Had {
    /// What it is; none for what cannot be compared.
    pub(super) key: Option<u64>,
    pub(super) variant: Variant,
    pub(super) source: Option<Source>,
    /// The next one of the same thing.
    next: Option<u32>,
}

/// What everything is.
pub(super) struct Keys {
    /// Of each entry of the list what it is, or the class that it has for being nothing in particular.
    pub(super) list: Vec<Result<u64, Class>>,
    /// Main lists, then what is completed.
    pub(super) owned: Vec<Had>,
    /// By what it is, the first that one has of it.
    first: HashMap<u64, u32>,
}

/// What an entry says of itself.
struct Said {
    /// The sort and the title.
    title: u64,
    year: u16,
    number: Option<(u32, u32)>,
    tmdb: u32,
    sort: &'static str,
}

impl Said {
    fn of(entry: &Entry, state: &RandomState) -> Result<Self, Reason> {
        let sort = sort(entry.kind);
        let number = numbers(entry);
        if sort == "live" {
            return Err(Reason::Channel);
        }
        if entry.kind.has_episodes() && number.is_none() {
            return Err(Reason::NoNumber);
        }
        let norm = norm(&entry.title);
        if norm.is_empty() && entry.tmdb == 0 {
            return Err(Reason::NoTitle);
        }
        Ok(Self { title: state.hash_one((sort, &*norm)), year: entry.year, number, tmdb: entry.tmdb, sort })
    }
}

/// The years that are said of one title.
#[derive(Clone, Copy, Debug, Default)]
struct Years {
    one: u16,
    are_several: bool,
    /// Whether something that one has says none.
    undated_is_had: bool,
}

/// Gives each thing its number.
struct Naming {
    state: RandomState,
    years: HashMap<u64, Years>,
    /// By number of a database: what it is.
    tmdb: HashMap<u64, u64>,
    /// By title, year and number of an episode: the number of a database that it has.
    of_title: HashMap<u64, u32>,
}

impl Keys {
    pub(super) fn of(list: &[Entry], main: &[Entry], completed: &[Entry]) -> Self {
        let state = RandomState::new();
        let of = |entry: &Entry| Said::of(entry, &state);
        let listed: Vec<_> = list.iter().map(of).collect();
        let had: Vec<_> = main.iter().chain(completed).map(of).collect();
        let mut naming = Naming::new(state.clone(), &listed, &had);
        // What one has comes first: what is there decides what is the same.
        let mut keys = Self { list: Vec::new(), owned: Vec::with_capacity(had.len()), first: HashMap::new() };
        let mut by_source: HashMap<Source, u64> = HashMap::new();
        for (entry, said) in main.iter().chain(completed).zip(&had) {
            let key = said.as_ref().ok().map(|said| naming.key(said));
            let source = entry.origin.source();
            if let (Some(source), Some(key)) = (source, key) {
                by_source.entry(source).or_insert(key);
            }
            keys.push(Had { key, variant: Variant::of(entry), source, next: None });
        }
        keys.list = list
            .iter()
            .zip(&listed)
            .map(|(entry, said)| {
                let said = said.as_ref().map_err(|reason| Class::Filtered(*reason))?;
                // The same film of the same account under a new title.
                let renamed = || by_source.get(&entry.origin.source()?).copied();
                let key = naming.key(said);
                if keys.first.contains_key(&key) {
                    return Ok(key);
                }
                match renamed() {
                    Some(key) => Ok(key),
                    None if naming.is_ambiguous(said) || naming.may_be_had(said) => Err(Class::Ambiguous),
                    None => Ok(key),
                }
            })
            .collect();
        keys
    }

    fn push(&mut self, mut had: Had) {
        let place = u32::try_from(self.owned.len()).expect("a list has less than a million entries");
        if let Some(key) = had.key {
            had.next = self.first.insert(key, place);
        }
        self.owned.push(had);
    }

    /// All that one has of something.
    pub(super) fn had(&self, key: u64) -> impl Iterator<Item = Had> {
        let mut next = self.first.get(&key).copied();
        std::iter::from_fn(move || {
            let had = self.owned[next? as usize];
            next = had.next;
            Some(had)
        })
    }
}

impl Naming {
    fn new(state: RandomState, listed: &[Result<Said, Reason>], had: &[Result<Said, Reason>]) -> Self {
        let mut years: HashMap<u64, Years> = HashMap::with_capacity(listed.len() + had.len());
        for (said, is_had) in listed.iter().map(|it| (it, false)).chain(had.iter().map(|it| (it, true))) {
            let Ok(said) = said else { continue };
            let of_title = years.entry(said.title).or_default();
            if said.year == 0 {
                of_title.undated_is_had |= is_had;
            } else if of_title.one == 0 {
                of_title.one = said.year;
            } else {
                of_title.are_several |= of_title.one != said.year;
            }
        }
        Self { state, years, tmdb: HashMap::new(), of_title: HashMap::new() }
    }

    /// Whether it does not say its year, and there are several that it may be of.
    fn is_ambiguous(&self, said: &Said) -> bool {
        said.year == 0 && said.tmdb == 0 && self.years.get(&said.title).is_some_and(|years| years.are_several)
    }

    /// Whether one has something that does not say its year, and this may be that or not.
    fn may_be_had(&self, said: &Said) -> bool {
        let years = self.years.get(&said.title);
        said.tmdb == 0 && years.is_some_and(|years| years.undated_is_had && years.are_several)
    }

    /// What it is: the same for everything that is the same thing.
    fn key(&mut self, said: &Said) -> u64 {
        let years = self.years.get(&said.title).copied().unwrap_or_default();
        // Without a year it is the only one that there is.
        let year = if said.year == 0 && !years.are_several { years.one } else { said.year };
        let title = self.state.hash_one((said.title, year, said.number));
        if said.tmdb == 0 {
            return title;
        }
        let number = self.state.hash_one((said.sort, said.tmdb, said.number));
        if let Some(key) = self.tmdb.get(&number) {
            return *key;
        }
        // Two of one title and year are two, if a database says so.
        let is_its_own = *self.of_title.entry(title).or_insert(said.tmdb) == said.tmdb;
        let key = if is_its_own { title } else { number };
        self.tmdb.insert(number, key);
        key
    }
}
