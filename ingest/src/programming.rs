//! What is on: which guide channel is meant by each of ours, and the programmes of all guides by the ids that are
//! published.
//!
//! ```text
//!  guides ──▶ listed ──▶ matching ──▶ wanted ──▶ Reading: spools ──▶ Programming, read channel by channel
//!             channels   with the     by any     judged; the last
//!             only       line-up      guide      good one stands in
//! ```

mod matches;
mod reading;

use std::collections::HashMap;
use std::io;

pub(crate) use matches::{Matched, matched};
pub(crate) use reading::Reading;

use crate::guide::{Spool, Wanted};
use crate::line_up::LineUp;

/// The guides of a run, in order of priority, and which of their channels is which of ours.
#[derive(Debug, Default)]
pub(crate) struct Programming {
    spools: Vec<Spool>,
    /// By the id that is published.
    channels: HashMap<String, Supply>,
}

/// Where the programmes of a channel come from.
#[derive(Debug)]
struct Supply {
    /// Positions in `spools` and the guide's own ids, in order of priority.
    guides: Vec<(usize, String)>,
    /// Seconds that are added to their times.
    shift: i32,
}

impl Programming {
    /// Finds the guide channel called `id`, in whatever case, in all guides. Answers the id to publish: the spelling of
    /// the guide that comes first, and the `shift` in seconds if there is one, since that is another programme.
    fn find(&mut self, id: &str, shift: i32) -> Option<String> {
        let spelt = |(at, spool): (usize, &Spool)| Some((at, spool.spelling(id)?.to_owned()));
        let guides: Vec<(usize, String)> = self.spools.iter().enumerate().filter_map(spelt).collect();
        let (_, first) = guides.first()?;
        // In the letters that XMLTV allows in an id.
        let published = match shift {
            0 => first.clone(),
            1.. => format!("{first}.plus{shift}"),
            _ => format!("{first}.minus{}", shift.unsigned_abs()),
        };
        self.channels.entry(published.clone()).or_insert(Supply { guides, shift });
        Some(published)
    }

    /// Where the channel that is published as `id` stands in the guides: the guide's position, and that in the guide.
    pub(crate) fn position(&self, id: &str) -> Option<(usize, u32)> {
        let (at, id) = self.channels.get(id)?.guides.first()?;
        Some((*at, self.spools[*at].position(id)?))
    }

    /// The programmes of the channel that is published as `id`, guide by guide in order of priority; each as
    /// [`Spool::read`] gives them.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn read(&self, id: &str) -> io::Result<Vec<Vec<u8>>> {
        let Some(Supply { guides, shift }) = self.channels.get(id) else { return Ok(Vec::new()) };
        let read = |(at, id): &(usize, String)| {
            let mut bytes = Vec::new();
            self.spools[*at].read(id, &mut bytes)?;
            crate::guide::shift(&mut bytes, *shift);
            Ok(bytes)
        };
        guides.iter().map(read).collect()
    }
}

/// The guide channels that a line-up asks for: those that were matched, and what sources name.
pub(crate) fn wanted(line_up: &LineUp, matched: &[Matched]) -> Wanted {
    let found = matched.iter().map(|matched| matched.guide.as_str());
    Wanted::new(line_up.live.iter().map(|placed| line_up.guide(placed)).chain(found))
}

/// Gives the line-up its programmes. Channels take the guide's spelling of their guide ids, so that both sides are the
/// same bytes.
pub(crate) fn assign(line_up: &mut LineUp, matched: &[Matched], spools: Vec<Spool>) {
    let mut programming = Programming { spools, channels: HashMap::new() };
    let mut published = Vec::new();
    let mut of_matched = matched.iter().peekable();
    for (at, placed) in line_up.live.iter().enumerate() {
        let own = line_up.guide(placed);
        let (id, shift) = match of_matched.next_if(|matched| matched.at as usize == at) {
            Some(Matched { guide, shift, .. }) => (guide.as_str(), *shift),
            None => (own, 0),
        };
        let id = programming.find(id, shift).unwrap_or_else(|| id.to_owned());
        if id != own {
            published.push((at, id));
        }
    }
    for (at, id) in published {
        line_up.live[at].more().guide = Some(id);
    }
    line_up.programming = programming;
}
