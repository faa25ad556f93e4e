//! Seeing what happens: looks at what is on the disk again and again, and tells the difference.

use std::collections::BTreeMap;
use std::time::Duration;

use contract::disk::Data;
use contract::release::{Outcome, Releases};
use contract::run::{Ending, LastRun};
use rustix::fs::statvfs;
use tokio::task::spawn_blocking;

use super::Event;
use super::post::Told;
use crate::Settings;
use crate::run::now;

/// How often is looked. It costs three calls of the system, and reading a file of some kilobytes.
const LOOK: Duration = Duration::from_secs(2);
/// An account that ends within so many hours is told of: once at each of these.
const ENDS: [u64; 3] = [7 * 24, 24, 0];

/// Looks for ever, and tells those whom `settings` name. `refused` says which sources' accounts are refused by their
/// providers now, and why: what only a relay knows. Without anybody to tell it ends at once.
pub async fn notify(
    data: Data,
    settings: Settings,
    refused: impl Fn() -> BTreeMap<String, String> + Send + Sync + 'static,
) {
    let told: Vec<Told> =
        settings.notify.iter().enumerate().map(|(at, notify)| Told::start(at + 1, notify)).collect();
    if told.is_empty() {
        return;
    }
    let mut memory: Option<Memory> = None;
    loop {
        let (looked, low) = (data.clone(), settings.disk_low);
        let Ok(mut seen) = spawn_blocking(move || Seen::look(&looked)).await else { return };
        seen.refused = refused();
        let memory = memory.get_or_insert_with(|| Memory::begin(&seen));
        for event in memory.events(seen, low, now()) {
            told.iter().for_each(|told| told.take(&event, now()));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What is the case.
#[derive(Clone, Debug, Default)]
struct Seen {
    run: Option<LastRun>,
    /// The published release.
    current: Option<u32>,
    /// Bytes.
    free: Option<u64>,
    /// By source, why.
    refused: BTreeMap<String, String>,
}

impl Seen {
    fn look(data: &Data) -> Self {
        let disk = statvfs(data.path()).ok();
        Self {
            // One that is being written is there the next time.
            run: LastRun::load(data).ok().flatten(),
            current: Releases::new(data.clone()).current(),
            free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
            refused: BTreeMap::new(),
        }
    }
}

/// What was the case, and what of it was told.
#[derive(Debug, Default)]
struct Memory {
    before: Seen,
    is_low: bool,
    /// By source, why it was not taken.
    kept: BTreeMap<String, String>,
    /// By source, how many of [`ENDS`] were told.
    ends: BTreeMap<String, usize>,
}

impl Memory {
    /// What was so from the beginning is no news, but for what an operator has to do something about.
    fn begin(seen: &Seen) -> Self {
        let kept = seen.run.iter().flat_map(kept).collect();
        Self { before: Seen { refused: BTreeMap::new(), ..seen.clone() }, kept, ..Self::default() }
    }

    /// What has happened, now that `after` is the case.
    fn events(&mut self, after: Seen, disk_low: u64, now: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.run(&after, now, &mut events);
        match (self.before.current, after.current) {
            (Some(from), Some(release)) if release < from => {
                events.push(Event::Rollback { release, from });
            }
            _ => {}
        }
        if let Some(free) = after.free {
            if free < disk_low && !self.is_low {
                events.push(Event::Disk { free });
            }
            // Not each time that a few bytes come and go.
            self.is_low = free < disk_low || (self.is_low && free < disk_low / 4 * 5);
        }
        for (source, why) in &after.refused {
            if !self.before.refused.contains_key(source) {
                events.push(Event::Refused { source: source.clone(), why: why.clone() });
            }
        }
        self.before = after;
        events
    }

    /// What the last run did, if it is another one; and accounts that end, whatever it did.
    fn run(&mut self, after: &Seen, now: u64, events: &mut Vec<Event>) {
        let Some(run) = &after.run else { return };
        for gave in &run.sources {
            let Some(ends) = gave.ends else { continue };
            let hours = ends.saturating_sub(now).div_ceil(3600);
            let passed = ENDS.iter().filter(|limit| hours <= **limit).count();
            let told = self.ends.entry(gave.name.clone()).or_default();
            if passed > *told {
                events.push(Event::Expires { source: gave.name.clone(), hours });
            }
            *told = passed; // fewer, when it was renewed
        }
        let is_new = self
            .before
            .run
            .as_ref()
            .is_none_or(|before| before.ended != run.ended || before.began != run.began);
        if !is_new {
            return;
        }
        match run.verdict {
            Ending::Failed => events.push(Event::Failed { why: run.why.clone() }),
            Ending::Refused => {
                events.push(Event::Failed { why: "no source gave anything that could be taken".into() });
            }
            Ending::Published => {
                let release = run.release.or(after.current).unwrap_or(0);
                events.push(Event::Published { release, what: what(run) });
            }
            Ending::Unchanged => {}
        }
        let kept: BTreeMap<String, String> = kept(run).collect();
        let news = kept.iter().filter(|(source, why)| self.kept.get(*source) != Some(why));
        events.extend(news.map(|(source, why)| Event::Kept { source: source.clone(), why: why.clone() }));
        if run.verdict != Ending::Failed {
            self.kept = kept; // one that failed does not know
        }
    }
}

/// The sources that were not taken, and why.
fn kept(run: &LastRun) -> impl Iterator<Item = (String, String)> {
    let kept = run.sources.iter().filter(|gave| gave.outcome != Some(Outcome::Taken));
    kept.map(|gave| {
        let why = gave.notes.first().map_or("it gave nothing", String::as_str);
        (gave.name.clone(), why.to_owned())
    })
}

/// What each source gave, a line for each.
fn what(run: &LastRun) -> String {
    let line = |gave: &contract::run::Gave| {
        let counts: Vec<String> = gave.counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        format!("{}: {}", gave.name, counts.join(", "))
    };
    run.sources.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use contract::run::Gave;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn seen(at: u64, verdict: Ending, outcome: Option<Outcome>, ends: Option<u64>) -> Seen {
        let notes = if outcome == Some(Outcome::Taken) { vec![] } else { vec!["half a list".into()] };
        let counts = [("live".to_owned(), 7)].into();
        let gave = Gave { name: "acme".into(), outcome, notes, harvested: 1, counts, ends };
        let why = "the disk is full".to_owned();
        let run = LastRun { began: at, ended: at, verdict, release: Some(3), why, sources: vec![gave] };
        Seen { run: Some(run), current: Some(3), free: Some(1000), refused: BTreeMap::new() }
    }

    fn happened(memory: &mut Memory, seen: Seen) -> Vec<&'static str> {
        memory.events(seen, 500, NOW).iter().map(|event| event.happening().word()).collect()
    }

    #[test]
    fn what_happens_is_told_once() {
        use Ending::{Failed, Published, Refused, Unchanged};
        use Outcome::{Kept, Taken};
        let mut memory = Memory::begin(&seen(1, Failed, Some(Kept), None));
        let mut tell = |seen: Seen| happened(&mut memory, seen);
        assert!(tell(seen(1, Failed, Some(Kept), None)).is_empty(), "it was so before");
        assert!(tell(seen(2, Unchanged, Some(Kept), None)).is_empty(), "and for the same reason");
        assert_eq!(tell(seen(3, Published, Some(Taken), None)), ["published"]);
        assert!(tell(seen(3, Published, Some(Taken), None)).is_empty());
        assert_eq!(tell(seen(4, Unchanged, Some(Kept), None)), ["kept"]);
        assert_eq!(tell(seen(5, Refused, None, None)), ["failed"]);
        assert_eq!(tell(seen(6, Failed, Some(Taken), None)), ["failed"]);
        let back = Seen { current: Some(2), ..seen(6, Failed, Some(Taken), None) };
        assert_eq!(tell(back), ["rollback"]);
    }

    #[test]
    fn what_has_to_be_done_is_told_from_the_beginning_and_when_it_becomes_worse() {
        let at = |hours: u64, free: u64| Seen {
            free: Some(free),
            ..seen(1, Ending::Unchanged, Some(Outcome::Taken), Some(NOW + hours * 3600))
        };
        let mut memory = Memory::begin(&at(100, 400));
        let mut tell = |seen: Seen| happened(&mut memory, seen);
        assert_eq!(tell(at(100, 400)), ["expires", "disk"]);
        assert!(tell(at(90, 300)).is_empty() && tell(at(30, 550)).is_empty(), "nearly the same");
        assert_eq!(tell(at(24, 450)), ["expires"], "it was never well in between");
        assert!(tell(at(800, 700)).is_empty(), "renewed, and there is room");
        assert_eq!(tell(at(160, 499)), ["expires", "disk"]);
        assert_eq!(tell(at(0, 499)), ["expires"]);
    }

    #[test]
    fn a_refusal_is_told_when_it_begins() {
        let usual = || seen(1, Ending::Unchanged, Some(Outcome::Taken), None);
        let refused = || Seen { refused: [("acme".to_owned(), "403".to_owned())].into(), ..usual() };
        let mut memory = Memory::begin(&refused());
        assert_eq!(happened(&mut memory, refused()), ["refused"]);
        assert!(happened(&mut memory, refused()).is_empty() && happened(&mut memory, usual()).is_empty());
        assert_eq!(happened(&mut memory, refused()), ["refused"]);
    }
}
