//! Channels, and what they send: the guide as it is published.

use anyhow::{Context, bail, ensure};
use contract::bundle::{Kind, List, LiveStream};
use contract::programme;
use contract::release::View;
use contract::user::Sight;

use super::{For, LineUp};
use crate::job::{Airing, Priority, Wish};

/// No recording is longer, in seconds: a slip of the finger fills no disk.
const LONGEST: i64 = 24 * 3600;
/// A programme that is on so many seconds from where it was is still the same; one of every day is another.
const NEAR: u64 = 3 * 3600;
/// So many channels are named to whoever may mean any of them.
const NAMED: usize = 5;

/// A channel of the line-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Our id.
    pub id: u32,
    /// What it is called.
    pub name: String,
    /// Whose connection it takes.
    pub account: String,
    /// By what the guide knows it; `""` if it does not.
    guide: String,
}

/// What a channel sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programme {
    /// Unix time, in seconds.
    pub starts: i64,
    /// Unix time, in seconds.
    pub stops: i64,
    /// What it is called.
    pub title: String,
}

impl Programme {
    /// As the guide has it; `None` if it is of no time at all.
    fn of(read: programme::Programme<'_>) -> Option<Self> {
        let (starts, stops) = (read.start.try_into().ok()?, read.stop.try_into().ok()?);
        (starts < stops).then(|| Self { starts, stops, title: read.text().title })
    }
}

impl LineUp {
    /// The channel that somebody means: by its id, its number, its whole name, or a part of its name that no other has.
    ///
    /// # Errors
    /// There is none, or several; or the release is damaged.
    pub fn channel(&self, meant: &str) -> anyhow::Result<Channel> {
        let view = View::of(self.release.clone(), &Sight::default());
        let mut all = Vec::new();
        for id in view.ids(List::Live) {
            let Some(entry) = view.find(List::Live.entries(), id) else { continue };
            all.push(serde_json::from_slice::<LiveStream>(&entry).context("a channel of the bundle")?);
        }
        let wanted = meant.trim().to_lowercase();
        ensure!(!wanted.is_empty(), "which channel? its name, number or id says so");
        let number = wanted.parse::<u32>().ok();
        let is_called = |it: &&LiveStream| it.name.to_lowercase() == wanted;
        let found = all
            .iter()
            .find(is_called)
            .or_else(|| all.iter().find(|it| Some(it.stream_id) == number))
            .or_else(|| all.iter().find(|it| Some(it.num) == number));
        let found = match found {
            Some(found) => found,
            None => only(&all, &wanted).with_context(|| format!("channel `{meant}`"))?,
        };
        Ok(self.described(found))
    }

    /// The channel of this id.
    ///
    /// # Errors
    /// There is none; or the release is damaged.
    pub fn channel_of(&self, id: u32) -> anyhow::Result<Channel> {
        let entry = self.release.find(List::Live.entries(), id).context("there is no such channel")?;
        Ok(self.described(&serde_json::from_slice(&entry).context("a channel of the bundle")?))
    }

    fn described(&self, channel: &LiveStream) -> Channel {
        let playable = self.release.playable(channel.stream_id);
        let account = playable.and_then(|it| it.upstreams.into_iter().next()).map(|it| it.account);
        Channel {
            id: channel.stream_id,
            name: channel.name.clone(),
            account: account.unwrap_or_default(),
            guide: channel.epg_channel_id.clone(),
        }
    }

    /// What the guide has of a channel, in the order of time.
    pub fn programmes(&self, channel: &Channel) -> Vec<Programme> {
        let Some(range) = self.release.index.guide(&channel.guide) else { return Vec::new() };
        let (from, to) = range.programmes;
        let bytes = self.release.guide.get(from as usize..to as usize).unwrap_or_default();
        programme::programmes(&String::from_utf8_lossy(bytes)).filter_map(Programme::of).collect()
    }
}

/// When the programme `title` is on that was to be on as `airing` says: the one of that title that begins nearest to it. `None` if
/// the guide has none anywhere near, or it is as it was.
pub fn moved(programmes: &[Programme], title: &str, airing: &Airing) -> Option<(i64, i64)> {
    let away = |it: &&Programme| it.starts.abs_diff(airing.starts);
    let same = programmes.iter().filter(|it| it.title == title && away(it) <= NEAR);
    let found = same.min_by_key(away)?;
    let times = (found.starts, found.stops);
    (times != (airing.starts, airing.stops)).then_some(times)
}

/// The wish for what a channel sends, which is called `title`, or else as the channel is. What is in the guide under this title
/// moves with it.
///
/// # Errors
/// It is of no time at all, or too long.
pub fn recording(
    channel: &Channel,
    title: String,
    airing: Airing,
    of_guide: bool,
    whom: &For,
) -> anyhow::Result<Wish> {
    let (begins, ends) = (airing.begins(), airing.ends());
    ensure!(airing.starts < airing.stops, "it would end before it begins");
    ensure!(ends.saturating_sub(begins) <= LONGEST, "a recording is of a day at most");
    let title = if title.trim().is_empty() { channel.name.clone() } else { title };
    Ok(Wish {
        identity: Wish::identity_of(channel.id, &airing, of_guide),
        account: channel.account.clone(),
        stream_id: channel.id,
        ext: "ts".into(),
        airing: Some(airing),
        // What is recorded goes to its target before what could be had at any time.
        priority: whom.priority.or(Some(Priority::High)),
        user: whom.user.clone(),
        ..Wish::new(Kind::Live, title, whom.target)
    })
}

/// The only one that has this in its name.
fn only<'a>(all: &'a [LiveStream], wanted: &str) -> anyhow::Result<&'a LiveStream> {
    let found: Vec<&LiveStream> =
        all.iter().filter(|it| it.name.to_lowercase().contains(wanted)).take(NAMED + 1).collect();
    match &found[..] {
        [one] => Ok(one),
        [] => bail!("the line-up has none of this name, number or id"),
        several => {
            let names: Vec<&str> = several.iter().take(NAMED).map(|it| &*it.name).collect();
            let more = if several.len() > NAMED { ", ..." } else { "" };
            bail!("several are called so: {}{more}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_programme_that_moves_is_followed_and_one_of_the_next_day_is_another() {
        let on = |starts: i64, title: &str| Programme { starts, stops: starts + 3600, title: title.into() };
        let airing =
            |starts: i64| Airing { channel: "One".into(), starts, stops: starts + 3600, lead: 0, tail: 0 };
        let guide = [on(0, "News"), on(3600, "Film"), on(7200, "News"), on(86_400, "Show")];
        assert_eq!(moved(&guide, "Film", &airing(3000)), Some((3600, 7200)));
        assert_eq!(moved(&guide, "Film", &airing(3600)), None, "it is as it was");
        assert_eq!(moved(&guide, "News", &airing(6000)), Some((7200, 10_800)), "the nearest");
        assert_eq!(moved(&guide, "Show", &airing(0)), None);
        assert_eq!(moved(&guide, "Nothing", &airing(0)), None);
    }
}
