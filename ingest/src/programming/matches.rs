//! Matching the line-up's channels with those of the guides.

use std::collections::HashMap;
use std::io;

use contract::source::Source;

use crate::Settings;
use crate::guide;
use crate::guide::index::Listed;
use crate::harvest::{Channel, List};
use crate::line_up::{LineUp, Placed};
use crate::matching::{self, Aliases, Candidate, Index, Match, Wish};

/// Channels that are matched together: what is held of each is a kilobyte.
const TOGETHER: usize = 20_000;

/// A channel whose guide channel is another one than its source names, or is off by some time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Matched {
    /// Position in [`LineUp::live`].
    pub(crate) at: u32,
    /// The guide's own id; empty for a channel that has no guide on purpose.
    pub(crate) guide: String,
    /// Seconds that are added to its times.
    pub(crate) shift: i32,
}

/// Finds the guide channels of the line-up, in its order. `told` hears of every channel and what was found for it.
///
/// # Errors
/// The file of reviewed aliases is wrong, or the disk refuses.
pub(crate) fn matched(
    line_up: &LineUp,
    guides: &[(usize, Source, guide::Copy)],
    settings: &Settings,
    told: &mut dyn FnMut(&[Wish], &[Match]),
) -> anyhow::Result<Vec<Matched>> {
    let listed: Vec<Vec<Listed>> = guides.iter().map(|(_, source, copy)| channels(source, copy)).collect();
    if listed.iter().all(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let aliases = Aliases::read(&settings.matching.aliases)?;
    let index = Index::new(listed.iter().map(Vec::as_slice));
    let groups = line_up.groups(List::Live);
    let mut matched = Vec::new();
    for (chunk, channels) in line_up.live.chunks(TOGETHER).enumerate() {
        let wishes = channels.iter().map(|placed| wish(line_up, placed, &groups));
        let (wishes, shifts): (Vec<Wish>, Vec<i32>) =
            wishes.collect::<io::Result<Vec<_>>>()?.into_iter().unzip();
        let found = matching::choose(&wishes, &index, &aliases, &settings.matching);
        told(&wishes, &found);
        for (position, ((wish, shift), found)) in wishes.iter().zip(shifts).zip(found).enumerate() {
            let Some((Candidate { id: guide, .. }, _)) = found.chosen else { continue };
            if guide != wish.guide_id || shift != 0 {
                let at = (chunk * TOGETHER + position) as u32;
                matched.push(Matched { at, guide, shift });
            }
        }
    }
    Ok(matched)
}

/// The channels of a guide; none of one that cannot be read, of which its reading will tell.
fn channels(source: &Source, copy: &guide::Copy) -> Vec<Listed> {
    let read = || {
        let file = copy.open().ok()??;
        let input = guide::decoded(file).ok()?;
        Some(guide::index::index(input, source).ok()?.channels)
    };
    read().unwrap_or_default()
}

fn wish(line_up: &LineUp, placed: &Placed, groups: &HashMap<u32, &str>) -> io::Result<(Wish, i32)> {
    let (part, entry) = line_up.entry(List::Live, placed);
    let channel: Channel = part.harvest.whole(entry)?;
    let wish = Wish {
        id: placed.id.to_string(),
        name: line_up.name(List::Live, placed).to_owned(),
        guide_id: line_up.guide(placed).to_owned(),
        guide_name: channel.guide_name,
        group: groups.get(&placed.category).copied().unwrap_or("").to_owned(),
        country: channel.country,
        icon: channel.icon,
    };
    Ok((wish, channel.shift))
}
