//! One run, from the first request to the publication.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use contract::details::{Details, Subject};
use contract::disk::Data;
use contract::ids::Ledger;
use contract::release::{Draft, GUIDE, Lock, Manifest, Outcome, Release, Releases};
use contract::source::Source;
use futures_util::{StreamExt as _, stream};

use crate::changes::Ids;
use crate::details::{self, Fresh};
use crate::guide::{Spool, Wanted};
use crate::harvest::{Harvest, PROGRAMMES};
use crate::line_up::{LineUp, Part};
use crate::progress::{Bar, Progress};
use crate::report::{Report, SourceReport, Verdict};
use crate::source::xtream;
use crate::{Settings, gate, guide, output, state};

/// Sources that are read at the same time; each of them answers one request after the other.
const AT_ONCE: usize = 4;

/// Reads all sources and publishes a release of what they gave, or of what they gave last.
///
/// Safe to be killed at any instant: what is published is whole, before and after.
///
/// # Errors
/// Another run is going on, the ledger is damaged, or the disk refuses. A source that gives nothing is no error but in
/// the report.
pub async fn run(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
) -> anyhow::Result<Report> {
    if sources.is_empty() {
        bail!("no source is configured: add a [[source]] to coax.toml, or set XTREAM_BASE_URL");
    }
    let releases = Releases::new(data.clone());
    let lock = releases.lock().context("the data folder cannot be written")?;
    let lock = lock.context("another run is going on")?;
    let mut ledger = Ledger::load(&data.ids())?;
    let draft = releases.draft(&lock).context("a release cannot be begun")?;
    let now = now();
    let run = Run { data, settings, progress, scratch: draft.scratch(), now };

    let gathering: Vec<_> = sources.iter().map(|source| run.gather(source)).collect();
    let gathered: Vec<Gathered> = stream::iter(gathering).buffered(AT_ONCE).collect().await;
    let taken = |report: &SourceReport| report.outcome == Some(Outcome::Taken);
    let (parts, reports): (Vec<_>, Vec<_>) = gathered.into_iter().map(|it| (it.part, it.report)).unzip();
    if !reports.iter().any(taken) {
        return Ok(Report { verdict: Verdict::Refused, sources: reports, changes: Default::default() });
    }

    let used: Vec<bool> = reports.iter().filter(|it| it.outcome.is_some()).map(taken).collect();
    let mut line_up = LineUp::new(parts.into_iter().flatten().collect(), &mut ledger)?;
    let store = Details::new(data);
    let fresh = details::fill(&mut line_up, &used, &store, &mut ledger, settings, progress).await?;
    ledger.save(&data.ids()).context("the id ledger cannot be written")?;

    let finish = Finish { releases, lock, draft, store, keep: settings.keep, now, line_up, fresh };
    tokio::task::spawn_blocking(move || finish.finish(reports))
        .await
        .context("writing the release broke off")?
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What is the same for all sources of a run.
struct Run<'a> {
    data: &'a Data,
    settings: &'a Settings,
    progress: &'a Progress,
    scratch: &'a Path,
    now: u64,
}

/// A source, read.
struct Gathered {
    /// What is used of it; `None` when there is nothing, new or old.
    part: Option<Part>,
    report: SourceReport,
}

impl Run<'_> {
    /// Reads one source; its last good harvest stands in for one that is refused.
    async fn gather(&self, source: &Source) -> Gathered {
        let bar = self.progress.source(source.name.as_str());
        match self.harvest(source, &bar).await {
            Ok((part, notes)) => gathered(Outcome::Taken, part, notes),
            Err(why) => {
                tracing::warn!(source = %source.name, why, "refused");
                let Some(harvest) = state::load(self.data, &source.name) else {
                    return nothing(source, why);
                };
                let guide = self.last_guide(source, &harvest).await;
                let part = part(source, harvest, guide);
                gathered(Outcome::Kept, part, vec![why])
            }
        }
    }

    /// # Errors
    /// What was refused and why.
    async fn harvest(&self, source: &Source, bar: &Bar) -> Result<(Part, Vec<String>), String> {
        let last = state::head(self.data, &source.name);
        let panel = xtream::Panel::new(source, self.settings).map_err(|failure| failure.to_string())?;
        let (mut harvest, mut notes) =
            xtream::harvest(&panel, source, self.settings, last.as_ref(), self.now, bar).await?;

        bar.step("guide");
        let before = last.as_ref().and_then(|last| last.counts.get(PROGRAMMES)).copied().unwrap_or(0);
        let wanted = Wanted::new(harvest.live.iter().map(|channel| channel.guide.as_str()));
        let guide = if wanted.is_empty() {
            None
        } else {
            let window = guide::window(self.now);
            let guide = xtream::guide(&panel, source, self.settings, wanted, window, before, self.scratch).await;
            let judged = guide.and_then(|(spool, facts)| {
                gate::judge(PROGRAMMES, facts.programmes, before, self.settings)?;
                Ok((spool, facts))
            });
            match judged {
                Ok((spool, facts)) => {
                    bar.found(PROGRAMMES, facts.programmes);
                    harvest.programmes = facts.programmes;
                    Some(spool)
                }
                Err(why) => {
                    harvest.programmes = before;
                    let guide = self.last_guide(source, &harvest).await;
                    let had = if guide.is_some() { "the last one is kept" } else { "there is none" };
                    notes.push(format!("guide: {why}; {had}"));
                    guide
                }
            }
        };
        let (data, name) = (self.data.clone(), source.name.clone());
        let harvest =
            tokio::task::spawn_blocking(move || state::save(&data, &name, &harvest).map(|()| harvest))
                .await
                .map_err(|_| "the harvest cannot be kept".to_owned())?
                .map_err(|error| format!("the harvest cannot be kept: {error}"))?;
        Ok((part(source, harvest, guide), notes))
    }

    /// The guide of the published release, of which the channels of `harvest` are taken.
    async fn last_guide(&self, source: &Source, harvest: &Harvest) -> Option<Spool> {
        let path = self.data.current().join(GUIDE);
        let wanted = Wanted::new(harvest.live.iter().map(|channel| channel.guide.as_str()));
        let (scratch, window, source) = (self.scratch.to_owned(), guide::window(self.now), source.clone());
        let reading = move || {
            let input = guide::open(&path).ok()?;
            let mut spool = Spool::new(&scratch).ok()?;
            let reading = guide::Reading { window, ..guide::Reading::default() };
            guide::read(input, &wanted, &reading, &source, &mut spool).ok()?;
            Some(spool)
        };
        tokio::task::spawn_blocking(reading).await.ok()?
    }
}

/// Channels take the guide's spelling of their guide ids, so that both sides are the same bytes.
fn part(source: &Source, mut harvest: Harvest, guide: Option<Spool>) -> Part {
    for channel in &mut harvest.live {
        if let Some(spelling) = guide.as_ref().and_then(|guide| guide.spelling(&channel.guide)) {
            channel.guide.replace_range(.., spelling);
        }
    }
    Part { source: source.clone(), harvest, guide }
}

fn gathered(outcome: Outcome, part: Part, notes: Vec<String>) -> Gathered {
    let report = SourceReport {
        name: part.source.name.as_str().to_owned(),
        outcome: Some(outcome),
        notes,
        counts: part.harvest.counts(),
        harvested: part.harvest.harvested,
    };
    Gathered { part: Some(part), report }
}

fn nothing(source: &Source, why: String) -> Gathered {
    let name = source.name.as_str().to_owned();
    let report =
        SourceReport { name, outcome: None, notes: vec![why], counts: Default::default(), harvested: 0 };
    Gathered { part: None, report }
}

/// What remains when everything is known: writing and publishing.
struct Finish {
    releases: Releases,
    /// Held to the end.
    lock: Lock,
    draft: Draft,
    store: Details,
    keep: usize,
    now: u64,
    line_up: LineUp,
    fresh: Fresh,
}

impl Finish {
    fn finish(self, sources: Vec<SourceReport>) -> anyhow::Result<Report> {
        let files = output::write(&self.draft, &self.line_up).context("the release cannot be written")?;
        let ids = Ids::of_line_up(&self.line_up);
        drop(self.line_up); // before the release before is opened: that is memory too
        let current = self.releases.current();
        let same = current.and_then(|number| Some((number, self.releases.manifest(number).ok()?)));
        let mut report = Report { verdict: Verdict::Refused, sources, changes: Default::default() };
        match same {
            Some((number, manifest)) if manifest.files == files => {
                report.verdict = Verdict::Unchanged(number)
            }
            _ => {
                let before = current.and_then(|number| Release::open(&self.releases.folder(number)).ok());
                let before = before.as_ref().map(Ids::of_release).unwrap_or_default();
                report.changes = ids.since(&before);
                let manifest = Manifest {
                    schema: Manifest::SCHEMA,
                    created: self.now,
                    files,
                    sources: report.sources.iter().filter_map(SourceReport::fact).collect(),
                    changes: report.changes.clone(),
                };
                let number = self.releases.publish(self.draft, &manifest, self.keep);
                report.verdict = Verdict::Published(number.context("the release cannot be published")?);
            }
        }
        // Details name episodes, which can only be played from the release that is in force now.
        for (id, stored) in &self.fresh {
            self.store.put(Subject::Series(*id), stored).context("details cannot be kept")?;
        }
        drop(self.lock);
        Ok(report)
    }
}
