//! Keys in a playlist (RFC 8216, 4.3.2.4): those on the web become references, and the rest is the player's business.

use super::{Line, Link, Reader, TOO_LONG};
use crate::proxy::attribute::{Attribute, joined};
use crate::proxy::tag::{Kind, Scope, Tag};
use crate::refusal::Failure;

/// A key of AES-128, in bytes.
const AES_KEY: u64 = 16;

/// Tags that are written once more before each segment. There is one for each system that protects it.
const MOST_IMPLIED: usize = 8;

/// The keys of a playlist.
#[derive(Debug, Default)]
pub(super) struct Keys {
    kept: u32,
    dropped: u32,
    /// Tags in force that say nothing of the initialisation vector although the numbers are shifted: each segment gets
    /// its own.
    implied: Vec<Line>,
    /// The last tag was a key: the next one comes on top (several systems may protect the same segments).
    open: bool,
}

impl Keys {
    /// # Errors
    /// There are keys, and none of them can be had.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.kept == 0 && self.dropped > 0 {
            true => Err(Failure::Foreign("a playlist whose keys cannot be passed on")),
            false => Ok(()),
        }
    }

    /// The tags to be put before segment `number`.
    pub(super) fn before(&mut self, number: u64) -> impl Iterator<Item = Line> {
        self.open = false;
        self.implied.iter().map(move |line| match line {
            Line::Linked(before, link, after) => {
                Line::Linked(before.clone(), *link, format!("{after},IV=0x{number:032x}"))
            }
            other => other.clone(),
        })
    }
}

impl Reader<'_> {
    pub(super) fn key(&mut self, tag: &Tag<'_>) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.keys.open, true) {
            self.keys.implied.clear();
        }
        let list = self.bare(tag);
        let of = |name| list.iter().find(|attribute| attribute.is(name)).map(Attribute::text);
        let method = of("METHOD").unwrap_or("");
        if method == "NONE" {
            self.put(Line::Text(format!("#{}:METHOD=NONE", tag.name)), tag.scope == Scope::Segment);
            return Ok(());
        }
        let Some(at) = list.iter().position(|attribute| attribute.is("URI")) else {
            self.keys.dropped += 1;
            self.leave_out();
            return Ok(());
        };
        let scheme = list[at].text().trim().split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("data" | "skd") if !self.given.guard.leaks(list[at].value) => {
                // Another address beside it would be the player's choice.
                let numbered = list.into_iter().enumerate();
                let harmless = numbered.filter(|(place, it)| *place == at || !it.names_an_address());
                let line = format!("#{}:{}", tag.name, joined(harmless.map(|(_, attribute)| attribute)));
                self.put(Line::Text(line), tag.scope == Scope::Segment);
            }
            _ => {
                let Ok(url) = self.resolve(list[at].text()) else {
                    self.keys.dropped += 1;
                    self.leave_out();
                    return Ok(());
                };
                let size = (method == "AES-128").then_some(AES_KEY);
                let (kind, extension) = (Kind::Key, "key");
                let link = Link { kind, url, extension, range: None, place: None, gap: false, size };
                let link = self.link(link)?;
                let implied = size.is_some() && of("IV").is_none() && self.given.shifted.by != 0;
                self.around(tag, &list, at, link, "");
                if implied {
                    if self.keys.implied.len() >= MOST_IMPLIED {
                        return Err(TOO_LONG);
                    }
                    let line = self.media_state.waiting.pop().map(|(line, _)| line);
                    self.keys.implied.extend(line);
                }
            }
        }
        self.keys.kept += 1;
        Ok(())
    }
}
