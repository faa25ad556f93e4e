//! The channels of a guide, which is what the channels of a line-up are matched with.

use std::collections::HashMap;
use std::io::BufRead;

use contract::source::Source;
use quick_xml::events::Event;

use super::children::pairs;
use super::read::{GuideError, channel_id, parser};
use super::scan::{Found, Piece, Scan};
use crate::tidy;

/// The most channels of a guide; the largest known have some ten thousand.
const CHANNELS: usize = 200_000;
/// The most names of a channel, and the longest name and id, in bytes.
const NAMES: usize = 20;
const LONGEST: usize = 300;

/// After so many programmes in a row no channel is expected any more. Some guides describe each channel just before its
/// programmes, of which nobody has so many.
const SETTLED: u32 = 10_000;

/// A channel of a guide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// As the guide spells it, but for blanks and what is no character.
    pub id: String,
    /// Each once; the first is the main one, and none when the guide has only programmes.
    pub names: Vec<String>,
    /// The address of a picture, or nothing.
    pub icon: String,
}

/// The channels of a guide.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Index {
    /// Each id once, in the order of first appearance.
    pub(crate) channels: Vec<Listed>,
    /// Elements whose channel is not listed, because there are too many or its id is too long.
    pub(crate) left_out: u64,
}

/// Reads the channels of the guide `input` (which [`super::decoded`] made).
///
/// Where they come first, as they should, it ends soon after the first programme. Otherwise the whole document is read;
/// and where no channel is described at all, those are listed that programmes name.
///
/// # Errors
/// [`GuideError::NoGuide`]
pub(crate) fn index(input: impl BufRead, source: &Source) -> Result<Index, GuideError> {
    let mut listing = Listing { source, index: Index::default(), at: HashMap::new() };
    let mut named = Listing { source, index: Index::default(), at: HashMap::new() };
    let (mut root, mut last, mut since) = (false, String::new(), 0);
    let mut scan = Scan::new(input);
    while let Some(found) = scan.next() {
        match found {
            Found::Root => root = true,
            Found::End => {}
            Found::Channel(piece) => {
                listing.channel(piece);
                since = 0;
            }
            Found::Programme(_) if !listing.index.channels.is_empty() => {
                since += 1;
                if since == SETTLED {
                    return Ok(listing.index);
                }
            }
            Found::Programme(piece) => {
                if let Some(id) = attribute(piece, "channel").filter(|id| *id != last) {
                    named.place(&id);
                    last = id;
                }
            }
        }
    }
    let programmes = !named.index.channels.is_empty();
    match listing.index.channels.is_empty() {
        true if programmes => Ok(named.index),
        true if !root => Err(GuideError::NoGuide),
        _ => Ok(listing.index),
    }
}

struct Listing<'a> {
    source: &'a Source,
    index: Index,
    /// Positions by id.
    at: HashMap<String, usize>,
}

impl Listing<'_> {
    /// The channel called `id`, if it is there or there is room for it.
    fn place(&mut self, id: &str) -> Option<&mut Listed> {
        if let Some(at) = self.at.get(id) {
            return self.index.channels.get_mut(*at);
        }
        if id.is_empty() {
            return None;
        }
        if id.len() > LONGEST || self.at.len() == CHANNELS {
            self.index.left_out += 1;
            return None;
        }
        self.at.insert(id.to_owned(), self.index.channels.len());
        self.index.channels.push(Listed { id: id.to_owned(), ..Listed::default() });
        self.index.channels.last_mut()
    }

    fn channel(&mut self, piece: Piece<'_>) {
        let source = self.source;
        let Some(id) = attribute(piece, "id") else { return };
        let Some(listed) = self.place(&id) else { return };
        let mut parser = parser(piece.text);
        let mut name: Option<String> = None;
        loop {
            match parser.read_event() {
                Ok(Event::Start(element)) if element.name().0 == "display-name" => name = Some(String::new()),
                Ok(Event::Start(element) | Event::Empty(element)) if element.name().0 == "icon" => {
                    let address = pairs(element.attributes()).find(|(name, _)| *name == "src");
                    if let Some((_, address)) = address.filter(|_| listed.icon.is_empty()) {
                        listed.icon = tidy::picture(&tidy::entities(&address), source);
                    }
                }
                Ok(Event::Text(text)) => add(&mut name, &text.into_inner()),
                Ok(Event::CData(text)) => add(&mut name, &text.into_inner()),
                Ok(Event::GeneralRef(reference)) => {
                    let reference = reference.into_inner();
                    add(&mut name, tidy::entity(&reference).as_deref().unwrap_or_default());
                }
                Ok(Event::End(element)) if element.name().0 == "display-name" => {
                    let name = name.take().unwrap_or_default();
                    let name = tidy::masked(tidy::words(&name), source);
                    if !name.is_empty()
                        && listed.names.len() < NAMES
                        && !listed.names.iter().any(|it| *it == name)
                    {
                        listed.names.push(name.into_owned());
                    }
                }
                Ok(Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// Adds to a name that is being read, up to its greatest length.
fn add(name: &mut Option<String>, text: &str) {
    if let Some(name) = name {
        let room = LONGEST.saturating_sub(name.len());
        name.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// An attribute of the element that a piece is.
pub(super) fn attribute(piece: Piece<'_>, name: &str) -> Option<String> {
    let Ok(Event::Start(element) | Event::Empty(element)) = parser(piece.text).read_event() else {
        return None;
    };
    let (_, value) = pairs(element.attributes()).find(|(found, _)| *found == name)?;
    Some(channel_id(&value).into_owned())
}

#[cfg(test)]
mod tests;
