//! One run, from the first request to the publication.

mod finish;
mod making;

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use contract::disk::Data;
use contract::ids::Ledger;
use contract::release::{Draft, Lock, Releases};
use contract::run::{Ending, LastRun};
use contract::source::Source;
use contract::ticket::Key;
use contract::vault::Vault;
use tokio::task::spawn_blocking;

use self::finish::Finish;
use self::making::Making;
use crate::fetch::{Fetching, Ledgers};
use crate::gather::{Gathering, Given};
use crate::line_up::Part;
use crate::output::Pictures;
use crate::progress::Progress;
use crate::report::{Report, SourceReport, Verdict};
use crate::stamp::Stamp;
use crate::tape::Tape;
use crate::{Settings, details, disk};

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
    let outcome = go(data, sources, settings, progress, (ledgers, tape), now).await;
    // A run that stepped aside for another one tells nothing of sources.
    if !outcome.as_ref().is_err_and(|error| error.is::<Busy>()) {
        tell(data, now, &outcome);
    }
    outcome
}

/// Leaves on the disk what came of a run, for those who look after the installation.
fn tell(data: &Data, began: u64, outcome: &anyhow::Result<Report>) {
    let (verdict, release) = match outcome.as_ref().map(|report| report.verdict) {
        Ok(Verdict::Published(number)) => (Ending::Published, Some(number)),
        Ok(Verdict::Unchanged(number)) => (Ending::Unchanged, Some(number)),
        Ok(Verdict::Refused) => (Ending::Refused, None),
        Err(_) => (Ending::Failed, None),
    };
    let why = outcome.as_ref().err().map(|error| format!("{error:#}")).unwrap_or_default();
    let sources = outcome.as_ref().map_or(&[][..], |report| &report.sources);
    let sources = sources.iter().map(SourceReport::gave).collect();
    let run = LastRun { began, ended: self::now().max(began), verdict, release, why, sources };
    if let Err(error) = run.save(data) {
        tracing::warn!(error = disk::words(&error), "what the run did cannot be kept");
    }
}

/// Another run is going on, or somebody goes back to a release.
#[derive(Debug, thiserror::Error)]
#[error("another run is going on")]
pub(crate) struct Busy;

async fn go(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
    (ledgers, tape): (&Ledgers, Tape<'_>),
    now: u64,
) -> anyhow::Result<Report> {
    let Begun { releases, lock, draft, vault, key } = begin(data, sources, tape, now)?;
    let fetching = Fetching { data, settings, ledgers, tape };
    let mut given = Gathering { data, settings, fetching, progress, now }.all(sources).await;
    if !given.is_any_taken() {
        return Ok(Report::new(Verdict::Refused, given.reports));
    }
    let hashes = std::mem::take(&mut given.hashes);
    let stamp = || Stamp::new(data, sources, settings, (now, &hashes));
    if let Some(number) = unchanged(&given, &releases, stamp) {
        return stay(number, given, &releases);
    }

    let making = Making {
        data: data.clone(),
        settings: settings.clone(),
        now,
        scratch: draft.scratch().to_owned(),
        current: releases.current().map(|number| releases.folder(number)),
    };
    let making = spawn_blocking(move || {
        let Given { mut reports, parts, guides, .. } = given;
        let line_up = making.line_up(parts, guides, &mut reports)?;
        anyhow::Ok((line_up, reports))
    });
    let (line_up, reports) = making.await.context("reading the guides broke off")??;
    let stamp = stamp(); // now that guides are kept, and before episodes are read, which may come at any time
    let (data, keep, max_age) = (data.clone(), settings.keep, settings.details_max_age());
    let pictures = Pictures::new(settings.logos.as_ref(), &key);
    let finish = Finish { data, releases, lock, draft, keep, max_age, now, line_up, vault, pictures, stamp };
    spawn_blocking(move || finish.finish(reports)).await.context("writing the release broke off")?
}

/// What a run holds from its first moment.
struct Begun {
    releases: Releases,
    /// The right to publish.
    lock: Lock,
    draft: Draft,
    vault: Vault,
    /// That of the installation, or of the tape.
    key: Key,
}

/// Begins a run: what speaks against it is told before anybody is asked for anything.
fn begin(data: &Data, sources: &[Source], tape: Tape<'_>, now: u64) -> anyhow::Result<Begun> {
    if sources.is_empty() {
        bail!("no source is configured: add a [[source]] to coax.toml, or set XTREAM_BASE_URL");
    }
    let releases = Releases::new(data.clone());
    let lock = releases.lock().context("the data folder cannot be written")?;
    let lock = lock.ok_or(Busy)?;
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
    let vault = Vault::load(&data.vault())?.with_key(key.clone());
    let draft = releases.draft(&lock).context("a release cannot be begun")?;
    if let Tape::Recording(tape) = tape {
        tape.begin(data, sources, now).context("the tape cannot be written")?;
    }
    Ok(Begun { releases, lock, draft, vault, key })
}

/// The current release, if it is what would be made of what sources gave: nothing has changed.
fn unchanged(given: &Given, releases: &Releases, stamp: impl Fn() -> Stamp) -> Option<u32> {
    let data = releases.data();
    let came = given.guides.iter().any(|(.., copy)| copy.is_fresh());
    releases.current().filter(|current| !came && stamp().is_of(*current, data) && details::has_roster(data))
}

/// Ends a run that found nothing changed: release `number` stays.
fn stay(number: u32, mut given: Given, releases: &Releases) -> anyhow::Result<Report> {
    keep(&mut given.parts)?;
    let told = releases.manifest(number).map(|manifest| manifest.sources).unwrap_or_default();
    Ok(Report::new(Verdict::Unchanged(number), given.reports).with_programmes_of(&told))
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
