//! Recordings that are wished for.

use std::time::Duration;

use contract::disk::Data;
use serde::Deserialize;

use super::refusal::Refusal;
use crate::Settings;
use crate::job::{Airing, Wish};
use crate::line_up::{For, LineUp, recording};
use crate::store::now;

/// What is wanted of a channel. Times are Unix time in seconds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    /// Its id.
    channel: u32,
    starts: i64,
    stops: i64,
    #[serde(default)]
    title: String,
    /// Seconds by which it begins earlier and ends later than that; as configured.
    before: Option<u32>,
    after: Option<u32>,
}

impl Recording {
    /// As it is wished for.
    pub(super) fn wish(self, data: &Data, settings: &Settings, whom: &For) -> Result<Wish, Refusal> {
        let wrong = |error: anyhow::Error| Refusal::Wrong(format!("`recording`: {error:#}"));
        let channel = LineUp::open(data)?.channel_of(self.channel).map_err(wrong)?;
        let usual = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let airing = Airing {
            channel: channel.name.clone(),
            starts: self.starts,
            stops: self.stops,
            lead: self.before.unwrap_or(usual(settings.record_before)),
            tail: self.after.unwrap_or(usual(settings.record_after)),
        };
        if airing.ends() <= now() {
            return Err(Refusal::Wrong("`recording`: it is over".into()));
        }
        recording(&channel, self.title, airing, whom).map_err(wrong)
    }
}
