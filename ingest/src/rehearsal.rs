//! A run that changes nothing: `ingest run --dry-run`.
//!
//! It is the real run, in a data folder of its own that vanishes afterwards and sees what the real one holds:
//!
//! ```text
//! releases/.draft-x7k2/         the folder of the rehearsal
//!   state/, ids.json, vault.json, secret.key   copies (large files are linked: a run replaces them, it never writes into
//!                                  them; but it sets the time of a harvest)
//!   details/series/                links, for the same reason
//!   releases/000412 -> the real one    current -> releases/000412
//! ```
//!
//! So nothing of the run has to know about it, and nothing that a run may ever come to write is forgotten. What providers
//! are asked is real: it is in the real ledger of requests, and others who ask at the same time wait for it.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context as _;
use contract::disk::Data;
use contract::release::{Lock, Releases};
use contract::source::Source;
use serde::Serialize;

use crate::Settings;
use crate::fetch::Ledgers;
use crate::progress::Progress;
use crate::report::{Report, Verdict};
use crate::run::run_beside;

/// Files up to this size are copied, in bytes. What is appended to or written in place is smaller.
const COPIED: u64 = 1 << 20;
/// Folders in folders that are gone into: `state/<source>/` needs one.
const DEPTH: u32 = 4;

/// What a run would do.
#[derive(Clone, Debug, Serialize)]
pub struct Rehearsal {
    /// Always `true`: tells it from a [`Report`].
    pub dry_run: bool,
    /// What the run would report.
    #[serde(flatten)]
    pub report: Report,
}

/// Does everything that a run does but for the publication; no film or series is asked for. What stays is the count of
/// what was asked.
///
/// # Errors
/// As of [`crate::run()`].
pub async fn rehearse(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
) -> anyhow::Result<Rehearsal> {
    let releases = Releases::new(data.clone());
    let lock = releases.lock().context("the data folder cannot be written")?;
    let lock = lock.context("another run is going on")?;
    let stage = stage(data, &releases, &lock).context("a rehearsal cannot be prepared")?;
    // Everything that is linked must stay.
    let settings = Settings { keep: usize::MAX, ..settings.clone() };
    let scratch = Data::new(stage.scratch());
    let report = run_beside(&scratch, sources, &settings, progress, &Ledgers::new(data)).await?;
    Ok(Rehearsal { dry_run: true, report })
}

/// A folder that looks like the data folder, and is gone when dropped.
fn stage(data: &Data, releases: &Releases, lock: &Lock) -> io::Result<contract::release::Draft> {
    let draft = releases.draft(lock)?;
    let stage = Data::new(draft.scratch());
    let real = fs::canonicalize(data.path())?;
    let (real, name) = (Data::new(real), |number: u32| format!("{number:06}"));
    fs::create_dir(stage.releases())?;
    for number in releases.list()? {
        symlink(real.releases().join(name(number)), stage.releases().join(name(number)))?;
    }
    if let Some(current) = releases.current() {
        symlink(Path::new("releases").join(name(current)), stage.current())?;
    }
    if real.details().exists() {
        fs::create_dir(stage.details())?;
        copy(&real.details().join("series"), &stage.details().join("series"), DEPTH, 0)?;
    }
    let small = [(real.ids(), stage.ids()), (real.vault(), stage.vault()), (real.key(), stage.key())];
    for (real, stage) in small {
        if !real.exists() {
            continue;
        }
        fs::copy(real, stage)?; // never linked: what a rehearsal does stays on its stage
    }
    copy(&real.state(), &stage.state(), DEPTH, COPIED)?;
    Ok(draft)
}

/// A copy of a file or a folder; nothing of what is not there. What has over `copied` bytes is linked, if that can be.
fn copy(from: &Path, to: &Path, depth: u32, copied: u64) -> io::Result<()> {
    let facts = match fs::symlink_metadata(from) {
        Ok(facts) => facts,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if facts.is_dir() && depth > 0 {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), depth - 1, copied)?;
        }
    } else if facts.is_file()
        && (facts.len() <= copied || from.ends_with("harvest.jsonl") || fs::hard_link(from, to).is_err())
    {
        fs::copy(from, to)?;
    }
    Ok(())
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.report.body();
        match self.report.verdict {
            Verdict::Published(number) => write!(f, "{body}dry run: this would be release {number:06}"),
            Verdict::Unchanged(number) => write!(f, "{body}dry run: release {number:06} would stay as it is"),
            Verdict::Refused => write!(f, "{body}dry run: it would be refused"),
        }
    }
}
