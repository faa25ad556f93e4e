//! The channels of the guides, to be found by id, by base name, by core name and by word.

use std::collections::HashMap;

use super::Listed;
use crate::name::{Country, Name};

/// Channels that are kept under one name or word, at most: more of them are told apart by nothing anyway, and a guide that
/// calls everything the same must not make matching quadratic.
const MOST: usize = 256;
/// Display names that are read of a channel, at most.
const MOST_NAMES: usize = 8;
/// Letters by which words with a slip of the pen are found.
const BEGINNING: usize = 4;

/// A name that a guide gives to a channel.
#[derive(Debug)]
pub(super) struct Spoken {
    /// Which channel.
    pub(super) channel: u32,
    /// What the name says.
    pub(super) name: Name,
    /// As written, but for case and blanks around it.
    pub(super) raw: String,
    /// It was made out of the id.
    pub(super) from_id: bool,
    /// Where the channel is for: what the name says, else what the id says.
    pub(super) country: Option<Country>,
    /// The words of the core, for the fuzzy step.
    pub(super) telling: Vec<String>,
}

#[derive(Debug)]
struct Channel {
    guide: usize,
    id: String,
    country: Option<Country>,
    icon: String,
}

/// The channels of some guides, in order of priority.
#[derive(Debug, Default)]
pub struct Index {
    channels: Vec<Channel>,
    /// By guide: channels, and how many of them say a country.
    sizes: Vec<(usize, usize)>,
    spoken: Vec<Spoken>,
    ids: HashMap<String, u32>,
    /// `None` for an id that is there in several cases.
    folded_ids: HashMap<String, Option<u32>>,
    bases: HashMap<String, Vec<u32>>,
    cores: HashMap<String, Vec<u32>>,
    words: HashMap<String, Vec<u32>>,
}

impl Index {
    /// Reads the channels of `guides`; an earlier guide is preferred.
    pub fn new<'a>(guides: impl IntoIterator<Item = &'a [Listed]>) -> Self {
        let mut index = Self::default();
        for (guide, channels) in guides.into_iter().enumerate() {
            let before = index.channels.len();
            for listed in channels {
                index.add(guide, listed);
            }
            let added = &index.channels[before..];
            let marked = added.iter().filter(|channel| channel.country.is_some()).count();
            index.sizes.push((added.len(), marked));
        }
        index
    }

    fn add(&mut self, guide: usize, listed: &Listed) {
        let Ok(channel) = u32::try_from(self.channels.len()) else { return };
        self.channels.push(Channel {
            guide,
            id: listed.id.clone(),
            country: None,
            icon: listed.icon.clone(),
        });
        self.ids.entry(listed.id.clone()).or_insert(channel);
        let folded = listed.id.trim().to_ascii_lowercase();
        let first = self.folded_ids.entry(folded).or_insert(Some(channel));
        if first.is_some_and(|first| {
            self.channels[first as usize].id != listed.id && self.channels[first as usize].guide == guide
        }) {
            *first = None;
        }
        let of_id = Name::of_id(&listed.id);
        let country = of_id.country;
        let mut said = None;
        for raw in listed.names.iter().take(MOST_NAMES) {
            let name = Name::parse(raw);
            // A number is the place in somebody's line-up.
            let is_number =
                name.words.len() == 1 && listed.names.len() > 1 && raw.trim().parse::<f32>().is_ok();
            if !is_number {
                said = said.or(name.country);
                self.say(channel, name, raw, false, country);
            }
        }
        self.channels[channel as usize].country = said.or(country);
        if !of_id.words.is_empty() {
            let of_id = Name { country: country.or(said), ..of_id };
            self.say(channel, of_id, "", true, country);
        }
    }

    fn say(&mut self, channel: u32, name: Name, raw: &str, from_id: bool, country: Option<Country>) {
        let Ok(at) = u32::try_from(self.spoken.len()) else { return };
        let telling = name.telling_words();
        push(&mut self.bases, name.base(), at);
        for core in name.cores() {
            push(&mut self.cores, core, at);
        }
        if !from_id {
            for word in &telling {
                push(&mut self.words, word.clone(), at);
            }
            if let Some(beginning) = telling.concat().get(..BEGINNING) {
                push(&mut self.words, format!("^{beginning}"), at);
            }
        }
        let country = name.country.or(country);
        self.spoken.push(Spoken { channel, name, raw: raw.trim().to_lowercase(), from_id, country, telling });
    }

    /// The channel with exactly this id, of the first guide that has it.
    pub(super) fn by_id(&self, id: &str) -> Option<u32> {
        self.ids.get(id).copied()
    }

    /// The channel with this id but for ASCII case and blanks around it, unless a guide has several.
    pub(super) fn by_folded_id(&self, id: &str) -> Option<u32> {
        self.folded_ids.get(&id.trim().to_ascii_lowercase()).copied().flatten()
    }

    /// The names with this base.
    pub(super) fn by_base(&self, base: &str) -> &[u32] {
        self.bases.get(base).map_or(&[], Vec::as_slice)
    }

    /// The names with this core.
    pub(super) fn by_core(&self, core: &str) -> &[u32] {
        self.cores.get(core).map_or(&[], Vec::as_slice)
    }

    /// Names that share the rarest of `words` or begin as they do.
    pub(super) fn like(&self, words: &[String]) -> impl Iterator<Item = u32> {
        let rarest = words.iter().filter_map(|word| self.words.get(word)).min_by_key(|names| names.len());
        let joined = words.concat();
        let beginning = joined.get(..BEGINNING).and_then(|letters| self.words.get(&format!("^{letters}")));
        rarest.into_iter().chain(beginning).flatten().copied()
    }

    pub(super) fn spoken(&self, at: u32) -> &Spoken {
        &self.spoken[at as usize]
    }

    /// How many guides there are.
    pub(super) fn guides(&self) -> usize {
        self.sizes.len()
    }

    /// How many channels a guide has.
    pub(super) fn channels(&self, guide: usize) -> usize {
        self.sizes.get(guide).map_or(0, |(all, _)| *all)
    }

    /// Whether a guide says for which countries its channels are, at least of every tenth.
    pub(super) fn is_marked(&self, guide: usize) -> bool {
        self.sizes.get(guide).is_none_or(|(all, marked)| marked * 10 >= *all)
    }

    /// Where a channel is for.
    pub(super) fn country(&self, channel: u32) -> Option<Country> {
        self.channels[channel as usize].country
    }

    /// The address of a channel's picture, or empty.
    pub(super) fn icon(&self, channel: u32) -> &str {
        &self.channels[channel as usize].icon
    }

    /// The guide and the id of a channel.
    pub(super) fn identity(&self, channel: u32) -> (usize, &str) {
        let channel = &self.channels[channel as usize];
        (channel.guide, &channel.id)
    }
}

fn push(table: &mut HashMap<String, Vec<u32>>, key: String, at: u32) {
    let names = table.entry(key).or_default();
    if names.len() < MOST {
        names.push(at);
    }
}
