//! One run, from the first request to the publication.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use contract::disk::{Data, sweep};
use contract::ids::{Ledger, Turn};
use contract::release::{Draft, Lock, Manifest, Outcome, Releases};
use contract::source::{Origin, Source};
use contract::ticket::Key;
use contract::vault::Vault;
use futures_util::{StreamExt as _, stream};

use crate::details::{self, Listed, Staged};
use crate::fetch::{Fetching, Ledgers};
use crate::gather::{Gathered, Gathering};
use crate::guide;
use crate::harvest::remove_damaged;
use crate::identity::recognise;
use crate::line_up::{Before, LineUp, Part};
use crate::progress::Progress;
use crate::report::{Report, SourceReport, Verdict};
use crate::stamp::Stamp;
use crate::tape::Tape;
use crate::{Settings, changes, disk, output, programming};

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
    run_at(data, sources, settings, progress, now()).await
}

/// The same run at another time: `now` is Unix time, in seconds.
///
/// # Errors
/// As of [`run`].
pub async fn run_at(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
    now: u64,
) -> anyhow::Result<Report> {
    run_with(data, sources, settings, progress, (&Ledgers::new(data), Tape::None), now).await
}

/// The same, when providers are asked for something else at the same time: who asks shares the `ledgers`.
pub(crate) async fn run_beside(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
    ledgers: &Ledgers,
) -> anyhow::Result<Report> {
    run_with(data, sources, settings, progress, (ledgers, Tape::None), now()).await
}

/// The same, with a tape; `now` is Unix time, in seconds.
pub(crate) async fn run_with(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
    (ledgers, tape): (&Ledgers, Tape<'_>),
    now: u64,
) -> anyhow::Result<Report> {
    if sources.is_empty() {
        bail!("no source is configured: add a [[source]] to coax.toml, or set XTREAM_BASE_URL");
    }
    let releases = Releases::new(data.clone());
    let lock = releases.lock().context("the data folder cannot be written")?;
    let lock = lock.context("another run is going on")?;
    // One that is damaged or lost is told before anybody is asked for anything.
    drop(Ledger::load(&data.ids())?);
    if releases.current().is_some() && !data.ids().exists() {
        bail!(
            "ids.json is missing while there are releases; restore it from a backup: without it all channels change \
             identity. To begin anew, remove `current` and `releases`"
        );
    }
    let key = match tape {
        Tape::Playing(tape) => tape.key(),
        Tape::None | Tape::Recording(_) => Key::load(&data.key()).context("secret.key cannot be used")?,
    };
    let vault = Vault::load(&data.vault())?.with_key(key);
    let draft = releases.draft(&lock).context("a release cannot be begun")?;
    if let Tape::Recording(tape) = tape {
        tape.begin(data, sources, now).context("the tape cannot be written")?;
    }
    let fetching = Fetching { data, settings, ledgers, tape };
    let gathering = Gathering { data, settings, fetching, progress, now };

    let reading: Vec<_> = sources.iter().map(|source| gathering.gather(source)).collect();
    let gathered: Vec<Gathered> = stream::iter(reading).buffered(AT_ONCE).collect().await;
    let mut reports: Vec<SourceReport> = Vec::new();
    let (mut parts, mut guides, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (gathered, source)) in gathered.into_iter().zip(sources).enumerate() {
        reports.push(gathered.report);
        guides.extend(gathered.guides.into_iter().map(|copy| (at, source.clone(), copy)));
        hashes.push(gathered.harvest.as_ref().map(|harvest| harvest.head.hash.clone()).unwrap_or_default());
        parts.extend(gathered.harvest.map(|harvest| Part { source: source.clone(), harvest }));
    }
    let taken = |report: &SourceReport| report.outcome == Some(Outcome::Taken);
    if !reports.iter().any(taken) {
        return Ok(Report::new(Verdict::Refused, reports));
    }

    let came = guides.iter().any(|(.., copy)| copy.is_fresh());
    let stamp = || Stamp::new(data, sources, settings, (now, &hashes));
    let current = releases.current();
    let same = |current: &u32| !came && stamp().is_of(*current, data) && details::has_roster(data);
    if let Some(number) = current.filter(same) {
        keep(&mut parts)?;
        let told = releases.manifest(number).map(|manifest| manifest.sources).unwrap_or_default();
        return Ok(Report::new(Verdict::Unchanged(number), reports).with_programmes_of(&told));
    }

    let making = Making {
        data: data.clone(),
        settings: settings.clone(),
        now,
        scratch: draft.scratch().to_owned(),
        current: current.map(|number| releases.folder(number)),
    };
    let (line_up, reports) = tokio::task::spawn_blocking(move || {
        let line_up = making.line_up(parts, guides, &mut reports)?;
        anyhow::Ok((line_up, reports))
    })
    .await
    .context("reading the guides broke off")??;
    let stamp = stamp(); // now that guides are kept, and before episodes are read, which may come at any time
    let data = data.clone();
    let finish = Finish {
        data,
        releases,
        lock,
        draft,
        keep: settings.keep,
        max_age: settings.details_max_age(),
        now,
        line_up,
        vault,
        stamp,
    };
    tokio::task::spawn_blocking(move || finish.finish(reports))
        .await
        .context("writing the release broke off")?
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Keeps the harvests as the last good ones.
fn keep(parts: &mut [Part]) -> anyhow::Result<()> {
    for part in parts {
        let name = part.source.name.as_str();
        part.harvest.keep().with_context(|| format!("the harvest of {name} cannot be kept"))?;
    }
    Ok(())
}

/// With what a line-up is made.
struct Making {
    data: Data,
    settings: Settings,
    now: u64,
    /// Where temporary files go.
    scratch: PathBuf,
    /// The folder of the current release.
    current: Option<PathBuf>,
}

impl Making {
    fn line_up(
        &self,
        parts: Vec<Part>,
        guides: Vec<(usize, Source, guide::Copy)>,
        reports: &mut [SourceReport],
    ) -> anyhow::Result<LineUp> {
        let mut line_up = self.placed(parts, reports)?;
        keep(&mut line_up.parts)?;
        self.programme(&mut line_up, guides, reports)?;
        line_up.number(&self.current.as_deref().map(Before::of_release).unwrap_or_default());
        Ok(line_up)
    }

    /// Reads the entries of a harvest.
    fn hold(&self, part: &mut Part) -> anyhow::Result<()> {
        let Part { source, harvest } = part;
        harvest.hold().map_err(|error| {
            let damaged = matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
            let removed = damaged && !harvest.is_fresh() && remove_damaged(&self.data, &source.name).is_ok();
            let next = if removed { "; it is removed, and the next run reads the source anew" } else { "" };
            anyhow!("the harvest of {} cannot be read: {}{next}", source.name, disk::words(&error))
        })
    }

    /// The line-up, with ids that are safe on the disk. Others give ids, too: to episodes that they find between runs.
    fn placed(&self, mut parts: Vec<Part>, reports: &mut [SourceReport]) -> anyhow::Result<LineUp> {
        parts.iter_mut().try_for_each(|part| self.hold(part))?;
        let _turn = Turn::wait(&self.data).context("the id ledger cannot be locked")?;
        let mut ledger = Ledger::load(&self.data.ids())?;
        for part in &mut parts {
            let notes = recognise(&self.data, part, &mut ledger)?;
            let report = reports.iter_mut().find(|report| report.name == part.source.name.as_str());
            report.into_iter().for_each(|report| report.notes.extend_from_slice(&notes));
        }
        let line_up = LineUp::new(parts, &self.settings.rule, &mut ledger)?;
        ledger.save().context("the id ledger cannot be written")?;
        Ok(line_up)
    }

    /// Reads the guides, judges them, and finds the channels of the line-up in them.
    fn programme(
        &self,
        line_up: &mut LineUp,
        mut guides: Vec<(usize, Source, guide::Copy)>,
        reports: &mut [SourceReport],
    ) -> anyhow::Result<()> {
        let Self { data, settings, now, scratch, .. } = self;
        let mut matched = programming::matched(line_up, &guides, settings, &mut |_, _| {})?;
        loop {
            let wanted = programming::wanted(line_up, &matched);
            let (mut spools, mut counts, mut refused) = (Vec::new(), Vec::new(), false);
            for (at, source, copy) in &mut guides {
                let reading = programming::Reading { data, settings, source, now: *now, scratch };
                let taken = reading.read(copy, &wanted, &mut reports[*at].notes)?;
                refused |= taken.refused;
                if taken.refused && matches!(source.origin, Origin::Xmltv(_)) {
                    reports[*at].outcome = taken.spool.is_some().then_some(Outcome::Kept); // it has nothing else
                }
                counts.push((*at, taken.programmes));
                spools.push(taken.spool.unwrap_or(guide::Spool::new(scratch)?));
            }
            // Channels were looked for in a guide that is not used. There is no third time: what is kept is not refused.
            if refused {
                let again = programming::matched(line_up, &guides, settings, &mut |_, _| {})?;
                if again != matched {
                    matched = again;
                    continue;
                }
            }
            for (at, programmes) in counts {
                *reports[at].counts.entry(crate::harvest::PROGRAMMES.to_owned()).or_default() += programmes;
            }
            programming::assign(line_up, &matched, spools);
            return Ok(());
        }
    }
}

/// What remains when everything is known: writing and publishing.
struct Finish {
    data: Data,
    releases: Releases,
    /// Held to the end.
    lock: Lock,
    draft: Draft,
    keep: usize,
    /// Of details that nothing is listed for.
    max_age: Duration,
    now: u64,
    line_up: LineUp,
    vault: Vault,
    stamp: Stamp,
}

impl Finish {
    fn finish(mut self, sources: Vec<SourceReport>) -> anyhow::Result<Report> {
        details::add_episodes(&mut self.line_up, &self.data);
        let files = output::write(&self.draft, &self.line_up, &mut self.vault)
            .context("the release cannot be written")?;
        if self.vault.refused() > 0 {
            let refused = self.vault.refused();
            self.line_up
                .notes
                .push(format!("{refused} addresses cannot be received: they hold too many secrets"));
        }
        let staged = Staged::write(&self.line_up, &self.data).context("details cannot be kept")?;
        details::write_roster(&self.line_up, &self.data).context("the roster of details cannot be kept")?;
        let mut report = Report::new(Verdict::Refused, sources);
        report.rules = std::mem::take(&mut self.line_up.rules);
        report.notes = std::mem::take(&mut self.line_up.notes);
        let listed = Listed::of(&self.line_up);
        drop(self.line_up); // before releases are compared: that is memory too
        let current = self.releases.current();
        let same = current.and_then(|number| Some((number, self.releases.manifest(number).ok()?)));
        match same {
            Some((number, manifest)) if manifest.files == files => {
                if self.vault.is_fresh() {
                    save(&mut self.vault, self.keep)?; // it was lost
                }
                report.verdict = Verdict::Unchanged(number)
            }
            _ => {
                let before = current.map(|number| self.releases.folder(number));
                report.changes = changes::between(before.as_deref(), self.draft.scratch())
                    .context("the release cannot be compared with the one before")?;
                let manifest = Manifest {
                    schema: Manifest::SCHEMA,
                    created: self.now,
                    files,
                    sources: report.sources.iter().filter_map(SourceReport::fact).collect(),
                    changes: report.changes.clone(),
                };
                save(&mut self.vault, self.keep)?;
                let number = self.releases.publish(self.draft, &manifest, self.keep);
                report.verdict = Verdict::Published(number.context("the release cannot be published")?);
            }
        }
        // They name episodes that only the release that is in force now can play. It is: some that cannot be kept are
        // no failure of the run, and are written by the next one.
        if let Err(error) = staged.place() {
            tracing::warn!(error = disk::words(&error), "details cannot be kept");
        }
        // What cannot be removed now is removed another time.
        if let Verdict::Published(_) = report.verdict
            && let Err(error) =
                listed.forget_others(&self.data, self.max_age).and_then(|()| sweep(&self.data))
        {
            tracing::warn!(error = disk::words(&error), "what nobody needs cannot be removed");
        }
        // Only makes the next run shorter.
        if let Verdict::Published(number) | Verdict::Unchanged(number) = report.verdict
            && let Err(error) = self.stamp.keep(number, self.releases.data())
        {
            tracing::warn!(error = disk::words(&error), "the run cannot be remembered");
        }
        drop(self.lock);
        Ok(report)
    }
}

fn save(vault: &mut Vault, releases: usize) -> anyhow::Result<()> {
    vault.save(releases).context("the vault cannot be written")
}
