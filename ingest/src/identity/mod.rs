//! Who is who: source keys, our ids, and what is recognised when a provider changes his.
//!
//! A source key is `acme/live/123`: the source, what it is, and the provider's id. When a provider has renumbered
//! (see [`recognise()`]) it is `acme/live~1/123`, since the same 123 means something else now. A harvest says by which
//! renumbering its ids count, so that an old one that is used again still means what it meant.

mod channel;
mod recognise;
mod recognised;

use std::io;

use anyhow::Context as _;
use contract::bundle::Kind;
use contract::ids::{Ledger, Space};
use rustc_hash::FxHashSet;

use channel::Channels;
pub(crate) use recognise::recognise;

use crate::harvest::{Item, List, key_word};
use crate::line_up::{Part, Row, item};

/// The ids of a run.
pub(crate) struct Identity<'a> {
    parts: &'a [Part],
    ledger: &'a mut Ledger,
    /// Channels that are several, or once were.
    channels: Channels,
}

impl Part {
    /// The source key of something that the source calls `id`.
    pub(crate) fn key(&self, item: Item, id: &str) -> (Space, String) {
        key(self.source.name.as_str(), item, self.harvest.head.epoch(item), id)
    }
}

impl<'a> Identity<'a> {
    pub(crate) fn new(parts: &'a [Part], ledger: &'a mut Ledger) -> Self {
        Self { parts, ledger, channels: Channels::default() }
    }

    /// The ledger itself, for ids of categories.
    pub(crate) fn ledger(&mut self) -> &mut Ledger {
        self.ledger
    }

    /// Settles which channel has which id, before [`Identity::id`] is asked.
    ///
    /// # Errors
    /// The ledger has no more ids, or cannot be written; here and below.
    pub(crate) fn claim(&mut self, list: List, rows: &[Row]) -> anyhow::Result<()> {
        if list == List::Live {
            self.channels = channel::claim(self.parts, rows, self.ledger)?;
        }
        Ok(())
    }

    /// The id of a row.
    pub(crate) fn id(&mut self, list: List, row: &Row) -> anyhow::Result<u32> {
        if let (List::Live, Some(id)) = (list, self.channels.settled.get(&(row.part, row.entry))) {
            return Ok(*id);
        }
        let (space, key) = key_of(self.parts, item(list), (row.part, row.entry));
        given(self.ledger, space, &key)
    }

    /// The ids of channels whose first entry has gone.
    pub(crate) fn heirs(&mut self) -> FxHashSet<u32> {
        std::mem::take(&mut self.channels.heirs)
    }

    /// The id of an episode that its source lists.
    pub(crate) fn of_episode(&mut self, part: &Part, id: &str) -> anyhow::Result<u32> {
        let (space, key) = part.key(Item::Episode, id);
        given(self.ledger, space, &key)
    }
}

/// The id of an episode that the details of a series tell of.
///
/// # Errors
/// The ledger has no more ids, or cannot be written.
pub(crate) fn episode_id(ledger: &mut Ledger, source: &str, provider_id: &str) -> anyhow::Result<u32> {
    let epoch = ledger.epoch(&scope(source, Item::Episode));
    let (space, key) = key(source, Item::Episode, epoch, provider_id);
    given(ledger, space, &key)
}

/// Lets an episode that the details of a series tell of have the id that the same episode had before its provider
/// renumbered. Nothing happens if it has one.
///
/// # Errors
/// The ledger cannot be written.
pub(crate) fn inherit_episode(
    ledger: &mut Ledger,
    source: &str,
    provider_id: &str,
    id: u32,
) -> io::Result<()> {
    let epoch = ledger.epoch(&scope(source, Item::Episode));
    let (space, key) = key(source, Item::Episode, epoch, provider_id);
    ledger.inherit(space, &key, id)
}

fn given(ledger: &mut Ledger, space: Space, key: &str) -> anyhow::Result<u32> {
    ledger.id(space, key).context("the id ledger cannot be written")?.context("all ids are given")
}

fn key_of(parts: &[Part], item: Item, (part, entry): (u16, u32)) -> (Space, String) {
    let part = &parts[usize::from(part)];
    part.key(item, part.harvest.id(&part.harvest.entries(item)[entry as usize]))
}

/// Whose ids change their meaning together: `acme/live`.
fn scope(source: &str, item: Item) -> String {
    format!("{source}/{}", word(item))
}

const fn word(item: Item) -> &'static str {
    match item {
        Item::Channel => key_word(Kind::Live),
        Item::Movie => key_word(Kind::Movie),
        Item::Episode => key_word(Kind::Episode),
        Item::Series => "series",
    }
}

fn key(source: &str, item: Item, epoch: u32, id: &str) -> (Space, String) {
    let space = if item == Item::Series { Space::Series } else { Space::Stream };
    let key = match (item, epoch) {
        (Item::Series, 0) => format!("{source}/{id}"),
        (_, 0) => format!("{source}/{}/{id}", word(item)),
        (_, epoch) => format!("{source}/{}~{epoch}/{id}", word(item)),
    };
    (space, key)
}
