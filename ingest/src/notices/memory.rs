//! What was told, so that it is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use contract::disk::{Data, put};
use contract::release::Outcome;
use contract::run::{Ending, LastRun};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::Event;
use super::watch::Seen;

/// An account that ends within so many hours is told of: once at each of these.
const ENDS: [u64; 3] = [7 * 24, 24, 0];
/// For how many seconds a provider has to let an account in before its next refusal is news: longer than a relay ever waits
/// before it tries again.
const CALM: u64 = 3600;

/// What was the case, and what of it was told.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// When the last run began and ended, in Unix time.
    run: Option<(u64, u64)>,
    current: Option<u32>,
    is_low: bool,
    /// By source, why it was not taken.
    kept: BTreeMap<String, String>,
    /// By source, how many of [`ENDS`] were told.
    ends: BTreeMap<String, usize>,
    /// Sources whose refusals were told and may go on: a relay dials again from time to time, and not at all when nobody
    /// watches.
    refused: BTreeSet<String>,
    /// Since when those were not refused, in Unix time; anew with each start, since a relay that has just begun knows of none.
    #[serde(skip)]
    calm: BTreeMap<String, u64>,
}

impl Memory {
    /// What was so from the beginning is no news, but for what an operator has to do something about.
    pub(super) fn begin(seen: &Seen) -> Self {
        let kept = seen.run.iter().flat_map(kept).collect();
        Self { run: seen.run.as_ref().map(times), current: seen.current, kept, ..Self::default() }
    }

    /// What has happened, now that `after` is the case.
    pub(super) fn events(&mut self, after: &Seen, disk_low: u64, now: u64) -> Vec<Event> {
        let mut events = Vec::new();
        self.run(after, now, &mut events);
        match (self.current, after.current) {
            (Some(from), Some(release)) if release < from => {
                events.push(Event::Rollback { release, from });
            }
            _ => {}
        }
        self.current = after.current.or(self.current);
        if let Some(free) = after.free {
            if free < disk_low && !self.is_low {
                events.push(Event::Disk { free });
            }
            // Not each time that a few bytes come and go.
            self.is_low = free < disk_low || (self.is_low && free < disk_low / 4 * 5);
        }
        self.refusals(&after.refused, now, &mut events);
        events
    }

    /// Refusals that begin. One that comes back within [`CALM`] never ended.
    fn refusals(&mut self, refused: &BTreeMap<String, String>, now: u64, events: &mut Vec<Event>) {
        for (source, why) in refused {
            self.calm.remove(source);
            if self.refused.insert(source.clone()) {
                events.push(Event::Refused { source: source.clone(), why: why.clone() });
            }
        }
        for source in self.refused.iter().filter(|source| !refused.contains_key(*source)) {
            self.calm.entry(source.clone()).or_insert(now);
        }
        let calm = &mut self.calm;
        self.refused.retain(|source| calm.get(source).is_none_or(|since| now < since + CALM));
        calm.retain(|source, _| self.refused.contains(source));
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
        if self.run.replace(times(run)) == Some(times(run)) {
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

/// By what a run is known to be another one.
const fn times(run: &LastRun) -> (u64, u64) {
    (run.began, run.ended)
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

/// Where it is remembered over the end of a program: what was told is not told again, and what happened meanwhile is.
pub(super) struct Kept {
    path: PathBuf,
    /// What was written last, or could not be.
    written: Memory,
}

impl Kept {
    pub(super) fn new(data: &Data) -> Self {
        Self { path: data.state().join("notices.json"), written: Memory::default() }
    }

    /// What was remembered; nothing, where nobody was ever told of anything.
    pub(super) fn load(&mut self) -> Option<Memory> {
        let memory: Memory = serde_json::from_slice(&fs::read(&self.path).ok()?).ok()?;
        self.written = memory.clone();
        Some(memory)
    }

    /// Writes it, if it is something else than before.
    pub(super) fn keep(&mut self, memory: &Memory) {
        let memory = Memory { calm: BTreeMap::new(), ..memory.clone() };
        if memory == self.written {
            return;
        }
        let bytes = serde_json::to_vec(&memory).expect("plain fields become JSON");
        if let Err(error) = put(&self.path, &bytes) {
            warn!(%error, "what was told cannot be remembered: it is told again after the next start");
        }
        self.written = memory;
    }
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
        memory.events(&seen, 500, NOW).iter().map(|event| event.happening().word()).collect()
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
        let mut tell = |seen: Seen, after: u64| memory.events(&seen, 500, NOW + after).len();
        assert_eq!(tell(refused(), 0), 1);
        assert_eq!((tell(refused(), 1), tell(usual(), 2), tell(refused(), 60)), (0, 0, 0), "it tries again");
        assert_eq!((tell(usual(), 70), tell(usual(), 70 + CALM), tell(refused(), 80 + CALM)), (0, 0, 1));
    }

    #[test]
    fn a_restart_tells_nothing_twice_and_nothing_never() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let ending = |at, verdict| Seen {
            refused: [("acme".to_owned(), "403".to_owned())].into(),
            ..seen(at, verdict, Some(Outcome::Kept), Some(NOW + 3600))
        };
        let begun = |first: &Seen| {
            let mut kept = Kept::new(&data);
            let mut memory = kept.load().unwrap_or_else(|| Memory::begin(first));
            let told = happened(&mut memory, first.clone());
            kept.keep(&memory);
            told
        };
        assert_eq!(begun(&ending(1, Ending::Failed)), ["expires", "refused"]);
        assert!(begun(&ending(1, Ending::Failed)).is_empty());
        // Meanwhile somebody ran it by hand, and went back.
        let back = Seen { current: Some(2), ..ending(2, Ending::Refused) };
        assert_eq!(begun(&back), ["failed", "rollback"]);
        assert!(begun(&back).is_empty());
        put(&data.state().join("notices.json"), b"{ a slip").unwrap();
        assert_eq!(begun(&back), ["expires", "refused"], "as at the first time");
    }
}
