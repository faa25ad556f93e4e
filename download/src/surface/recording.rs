//! Recordings that are wished for.

use std::time::Duration;

use contract::disk::Data;
use httpd::api::Refusal;
use serde::Deserialize;

use super::answer::said;
use crate::Settings;
use crate::job::{Airing, Wish};
use crate::line_up::{For, LineUp, Programme, recording};
use crate::store::now;

/// A recording begins at most so many seconds earlier than what is wanted, or ends later.
const LONGEST: u32 = 86_400;

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
    #[serde(default, deserialize_with = "said")]
    before: Option<u32>,
    #[serde(default, deserialize_with = "said")]
    after: Option<u32>,
}

impl Recording {
    /// As it is wished for.
    pub(super) fn wish(self, data: &Data, settings: &Settings, whom: &For) -> Result<Wish, Refusal> {
        let wrong = |error: anyhow::Error| Refusal::Wrong(format!("`recording`: {error:#}"));
        let missing = |error: anyhow::Error| Refusal::Conflict(format!("`recording`: {error:#}"));
        let line_up = LineUp::open(data).map_err(missing)?;
        let channel = line_up.channel_of(self.channel).map_err(missing)?;
        if self.before.max(self.after).is_some_and(|seconds| seconds > LONGEST) {
            return Err(Refusal::Wrong(format!(
                "`recording`: it begins at most {LONGEST} seconds earlier, or ends later"
            )));
        }
        let usual = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
        let is_same =
            |it: &Programme| (it.starts, it.stops, &*it.title) == (self.starts, self.stops, &*self.title);
        let is_of_guide = line_up.programmes(&channel).iter().any(is_same);
        let airing = Airing {
            channel: channel.name.clone(),
            starts: self.starts,
            stops: self.stops,
            lead: self.before.unwrap_or(usual(settings.record_before)),
            tail: self.after.unwrap_or(usual(settings.record_after)),
        };
        if airing.ends() <= now() {
            return Err(Refusal::Conflict("`recording`: it is over".into()));
        }
        recording(&channel, self.title, airing, is_of_guide, whom).map_err(wrong)
    }
}
