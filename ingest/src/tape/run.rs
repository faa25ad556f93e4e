//! The two runs: the one that is recorded, and the one that is replayed and compared.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::release::{ARTEFACTS, Releases};
use contract::source::Source;
use serde::{Deserialize, Serialize};

use super::folder::made_empty;
use super::recording::{body, write};
use super::{Playing, Recording, Tape, before, configuration};
use crate::Settings;
use crate::fetch::Ledgers;
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::run::{now, run_with};

/// What a run of a tape makes: `expected.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    /// The program that made it.
    program: String,
    /// SHA-256 of each artefact; none when nothing was published.
    artefacts: BTreeMap<String, String>,
}

/// A run that was answered from a tape.
#[derive(Debug, Serialize)]
pub struct Replayed {
    /// The artefacts that are not as they were, by name; those that there should not be, too.
    pub different: Vec<String>,
    /// The program that made the expected ones, if it is another version.
    pub made_by: Option<String>,
    /// What the run reports.
    #[serde(flatten)]
    pub report: Report,
}

impl Replayed {
    /// Whether it made the same release as when it was recorded, or was refused as then.
    pub fn is_same(&self) -> bool {
        self.different.is_empty()
    }
}

/// Runs as [`crate::run()`] does, and keeps every input in `folder`, which must be empty, without credentials, hosts and
/// tokens. `ingest` is the section of the configuration that `settings` were read from.
///
/// # Errors
/// Those of a run; the folder is not empty, or the disk refuses.
pub async fn record(
    data: &Data,
    sources: &[Source],
    (settings, ingest): (&Settings, Option<&toml::Table>),
    progress: &Progress,
    folder: &Path,
) -> anyhow::Result<Report> {
    let what = "the tape cannot be begun";
    let recording = Recording::new(folder, data, sources, settings.accept).context(what)?;
    let tape = Tape::Recording(&recording);
    let report = run_with(data, sources, settings, progress, (&Ledgers::new(data), tape), now()).await?;
    let what = "the tape cannot be ended";
    recording.end().context(what)?;
    let text = configuration::text(sources, ingest, &recording.mask).context(what)?;
    write(&recording.folder.configuration(), text.as_bytes()).context(what)?;
    if let Ok(aliases) = fs::File::open(&settings.matching.aliases) {
        body(aliases, &recording.folder.aliases(), &recording.mask).context(what)?;
    }
    let scratch = tempfile::Builder::new().prefix(".replay-").tempdir_in(folder).context(what)?;
    let (_, made) = play(folder, &Data::new(scratch.path())).await.context("the tape cannot be played")?;
    write(&recording.folder.expected(), &serde_json::to_vec_pretty(&made)?).context(what)?;
    Ok(report)
}

/// Runs as was recorded in `folder`, without asking anybody, in `data`, which must be empty, or in a folder that is gone
/// afterwards.
///
/// # Errors
/// The tape cannot be read, the folder is not empty, or the disk refuses.
pub async fn replay(folder: &Path, data: Option<&Data>) -> anyhow::Result<Replayed> {
    let scratch;
    let data = match data {
        Some(data) => {
            made_empty(data.path()).context("a replay wants a data folder of its own")?;
            data.clone()
        }
        None => {
            scratch = tempfile::tempdir().context("there is no room for a replay")?;
            Data::new(scratch.path())
        }
    };
    let (report, made) = play(folder, &data).await?;
    let path = super::folder::Folder(folder.to_owned()).expected();
    let named = || path.display().to_string();
    let text = fs::read(&path).with_context(named)?;
    let expected: Made = serde_json::from_slice(&text).with_context(named)?;
    let names: std::collections::BTreeSet<&String> =
        made.artefacts.keys().chain(expected.artefacts.keys()).collect();
    let differs = |name: &&&String| made.artefacts.get(**name) != expected.artefacts.get(**name);
    let different = names.iter().filter(differs).map(|name| (*name).clone()).collect();
    let made_by = Some(expected.program).filter(|program| *program != made.program);
    Ok(Replayed { different, made_by, report })
}

async fn play(folder: &Path, data: &Data) -> anyhow::Result<(Report, Made)> {
    let playing = Playing::open(folder).context("the tape cannot be read")?;
    let path = playing.folder.configuration();
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let configuration = Config::<Settings, Skip, Skip>::parse(&text, &path.display().to_string());
    let configuration = match configuration {
        Ok(configuration) => configuration,
        Err(error) => bail!("{error}"),
    };
    let mut settings = Settings { accept: playing.about.accept, ..configuration.ingest };
    settings.matching.aliases = playing.folder.aliases();
    before::restore(&playing.folder, data).context("what was before the run cannot be made again")?;
    let tape = Tape::Playing(&playing);
    let progress = Progress::log();
    let report = run_with(
        data,
        &configuration.source,
        &settings,
        &progress,
        (&Ledgers::new(data), tape),
        playing.now(),
    )
    .await?;
    let mut artefacts = BTreeMap::new();
    if let Verdict::Published(number) | Verdict::Unchanged(number) = report.verdict {
        let manifest = Releases::new(data.clone()).manifest(number).context("the release cannot be read")?;
        let files = manifest.files.into_iter().filter(|file| ARTEFACTS.contains(&file.name.as_str()));
        artefacts.extend(files.map(|file| (file.name, file.sha256)));
    }
    Ok((report, Made { program: env!("CARGO_PKG_VERSION").into(), artefacts }))
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.report.body())?;
        match &self.different[..] {
            [] if self.report.verdict == Verdict::Refused => {
                write!(f, "replay: refused as when it was recorded")?
            }
            [] => write!(f, "replay: the same release as recorded")?,
            different => write!(f, "replay: not as recorded: {}", different.join(", "))?,
        }
        self.made_by.as_ref().map_or(Ok(()), |program| write!(f, " (by version {program})"))
    }
}
