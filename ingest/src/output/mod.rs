//! Artefacts: what a release consists of. One function for each, listed in [`TABLE`].
//!
//! Nothing here knows the time or throws dice: the same line-up is the same bytes, but for the numbers of the vault, which
//! are each installation's own.

mod bundle;
pub(crate) mod guide;
mod picture;
mod playlist;

use std::io;

use contract::bundle::GuideRange;
use contract::release::{ARTEFACTS, BUNDLE, Draft, FULL_M3U, FileFact, GUIDE, GUIDE_GZ, LIVE_M3U};

pub(crate) use bundle::UNKNOWN;
pub(crate) use picture::Pictures;

use contract::vault::Vault;

use crate::harvest::{Channel, Item};
use crate::line_up::{LineUp, Placed};
use crate::source::past;

/// What the functions have to say to each other.
#[derive(Debug)]
pub(crate) struct Notes<'a> {
    /// Where each channel's programmes stand in the guide.
    pub(crate) ranges: Vec<GuideRange>,
    /// Where secrets of addresses go.
    pub(crate) vault: &'a mut Vault,
    /// How pictures are named.
    pub(crate) pictures: &'a Pictures,
}

/// Writes the files called so.
type Write = fn(&Draft, &LineUp, &mut Notes<'_>) -> io::Result<Vec<FileFact>>;

/// All artefacts, in the order in which they are written.
const TABLE: [(&[&str], Write); 4] = [
    (&[GUIDE, GUIDE_GZ], guide::write), // before the bundle, which says where its channels stand
    (&[BUNDLE], bundle::write),
    (&[LIVE_M3U], playlist::live),
    (&[FULL_M3U], playlist::full),
];

/// Writes everything a release consists of.
///
/// # Errors
/// The disk refuses.
pub(crate) fn write(
    draft: &Draft,
    line_up: &LineUp,
    vault: &mut Vault,
    pictures: &Pictures,
) -> io::Result<Vec<FileFact>> {
    let mut notes = Notes { ranges: Vec::new(), vault, pictures };
    let mut facts = Vec::with_capacity(ARTEFACTS.len());
    for (names, write) in TABLE {
        let written = write(draft, line_up, &mut notes)?;
        debug_assert!(written.iter().map(|fact| fact.name.as_str()).eq(names.iter().copied()));
        facts.extend(written);
    }
    facts.sort_by_key(|fact| ARTEFACTS.iter().position(|name| *name == fact.name));
    Ok(facts)
}

/// Days of a channel's past that a relay can give: what is promised in vain ends on an error screen.
fn archive(line_up: &LineUp, placed: &Placed) -> io::Result<u32> {
    let mut days = 0;
    for (part, entry) in placed.members() {
        let harvest = &line_up.parts[usize::from(part)].harvest;
        let entry = &harvest.entries(Item::Channel)[entry as usize];
        if entry.archived {
            let channel: Channel = harvest.whole(entry)?;
            if channel.address.is_empty() || past::template(&channel).is_some() {
                days = days.max(channel.archive);
            }
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_makes_every_artefact_once() {
        let mut made: Vec<&str> = TABLE.iter().flat_map(|(names, _)| *names).copied().collect();
        let mut expected = ARTEFACTS.to_vec();
        made.sort_unstable();
        expected.sort_unstable();
        assert_eq!(made, expected);
    }
}
