//! The guide: XMLTV of any size in, XMLTV sorted by channel and time out, in little memory.
//!
//! ```text
//!                         ┌──▶ index: the channels, to be matched with those of the line-up
//! XMLTV ──▶ decoded ──▶ scan ──▶ read ──▶ Spool: every wanted programme rendered, in a file; where each channel's are,
//!           unpacked,  pieces              │     in memory
//!           UTF-8                          ▼ output::guide takes channel after channel, and merges the guides' programmes
//! ```

mod children;
mod copy;
mod decode;
pub(crate) mod index;
#[cfg(test)]
mod measure;
mod present;
mod read;
mod scan;
mod spool;
pub(crate) mod time;

use std::collections::HashSet;
use std::ops::Range;

pub(crate) use copy::Copy;
pub(crate) use decode::{ahead, decoded};
pub(crate) use present::is_present;
pub(crate) use read::{Facts, GuideError, Reading, read};
pub(crate) use spool::{Programme, Spool, programmes, shift};

/// Guide channels somebody asked for, by the ids of the lists.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    exact: HashSet<String>,
    folded: HashSet<String>,
}

impl Wanted {
    /// Those called `ids`; empty ones do not count.
    pub(crate) fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Self {
        let exact: HashSet<String> = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
        let folded = exact.iter().map(|id| id.to_lowercase()).collect();
        Self { exact, folded }
    }

    /// Whether a guide's channel `id` is one of them, whatever its case.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.exact.contains(id) || self.folded.contains(&id.to_lowercase())
    }
}

/// Starts of programmes that are kept, in Unix seconds: from 30 days before `now` to 60 days after. Whole days, so that
/// two runs on one day agree.
pub(crate) fn window(now: u64) -> Range<i64> {
    const DAY: i64 = 86_400;
    let today = now as i64 / DAY * DAY;
    // A machine without a clock is in 1970, and nothing is before that.
    (today - 30 * DAY).max(0)..today + 61 * DAY
}
