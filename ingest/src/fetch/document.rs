//! Documents on disk: as received, asked for conditionally, and kept only when they are good.
//!
//! `state/<source>/<name>` is the last good copy, `state/<source>/<name>.json` what its server said of it. A new one is
//! written beside it and takes its place by a rename, when the caller has judged it; one that fails or is refused
//! leaves no trace. Of some only the latter is kept, since what they say is. Files are for their owner only: playlists have credentials in them.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::disk::{Access, replace};
use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempPath};
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::{Answer, Ask, Failure, Fetcher, Place};
use crate::json::Oddity;
use crate::tape::Tape;

/// The most that is kept of a document; the largest guides known have 1 GB.
pub(super) const LARGEST: u64 = 4 << 30;
/// Bytes that are written at a time.
const PIECE: usize = 1 << 18;
/// What is being received; whoever is killed leaves one behind.
const PREFIX: &str = ".receiving-";
/// What is not older is not left behind.
const YOUNG: Duration = Duration::from_secs(60);

/// A document, asked for.
#[derive(Debug)]
pub(crate) enum Document {
    /// As it was when it was last good: this file has it, if documents of its kind are kept.
    Same(PathBuf),
    /// Another one, to be judged.
    Fresh(Fresh),
    /// Something of it, and why not all: to be judged, too, since most of a guide is a guide.
    Part(Fresh, Failure),
}

/// A document that was received and not judged yet. Gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Fresh {
    received: TempPath,
    /// Locked, so that nobody takes it for one left behind.
    _file: File,
    place: PathBuf,
    /// `None` for a part of a document, which must not be taken for the whole the next time.
    validators: Option<Validators>,
    percent: Option<u64>,
    bare: bool,
}

/// What was said of a document that was good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validators {
    /// BLAKE3 of the address that it came from.
    from: String,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    length: u64,
    /// BLAKE3 of the document, for servers that say nothing.
    hash: String,
    /// Whether the document itself is not kept.
    #[serde(default)]
    bare: bool,
}

impl Fetcher<'_> {
    /// Fetches a document into a file, unless it is as it was. `name` is its name below `state/<source>/`.
    ///
    /// # Errors
    /// [`Failure`]; nothing came, or the disk refuses.
    pub(crate) async fn document(&self, ask: Ask<'_>, name: &str) -> Result<Document, Failure> {
        self.inspected(ask, name, |_| Ok(())).await
    }

    /// The same, while `inspect` sees what comes, piece by piece and `None` at the end, and may refuse it at any time.
    ///
    /// # Errors
    /// The same, and what `inspect` says.
    pub(crate) async fn inspected(
        &self,
        ask: Ask<'_>,
        name: &str,
        mut inspect: impl FnMut(Option<&[u8]>) -> Result<(), Failure>,
    ) -> Result<Document, Failure> {
        let Ask { bare, largest, .. } = ask;
        let place = self.folder.join(name);
        let from = origin(ask.place);
        let known = remembered(&place).filter(|known| known.from == from && known.bare == bare);
        let known = known.filter(|_| matches!(self.fetching.tape, Tape::None));
        let answer = self.request(ask, Some(name), known.as_ref()).await?;
        if answer.facts().same {
            return Ok(Document::Same(place));
        }
        let (received, file) = scratch(&self.folder).map_err(|error| Failure::disk(&self.folder, &error))?;
        let (facts, written) =
            (answer.facts().clone(), self.receive(answer, &file, largest, &mut inspect).await?);
        let validators = Validators {
            from,
            etag: facts.etag.clone(),
            modified: facts.modified.clone(),
            length: written.length,
            hash: written.hash,
            bare,
        };
        let percent = written.percent;
        match (written.broken, known) {
            (Some(failure), _) if written.length == 0 => Err(failure),
            (None, _) if written.length == 0 => Err(Failure::Odd(Oddity::Empty)),
            (Some(failure), _) => {
                let part = Fresh { received, _file: file, place, validators: None, percent, bare };
                Ok(Document::Part(part, failure))
            }
            (None, Some(known)) if known.hash == validators.hash => {
                if known != validators {
                    remember(&place, &validators).map_err(|error| Failure::disk(&self.folder, &error))?;
                }
                Ok(Document::Same(place))
            }
            (None, _) => {
                let validators = Some(validators);
                Ok(Document::Fresh(Fresh { received, _file: file, place, validators, percent, bare }))
            }
        }
    }

    async fn receive(
        &self,
        mut answer: Answer,
        file: &File,
        largest: u64,
        inspect: &mut impl FnMut(Option<&[u8]>) -> Result<(), Failure>,
    ) -> Result<Written, Failure> {
        let disk = |error: io::Error| Failure::disk(&self.folder, &error);
        let file = file.try_clone().map_err(disk)?;
        let mut out = BufWriter::with_capacity(PIECE, tokio::fs::File::from_std(file));
        let mut hasher = blake3::Hasher::new();
        let broken = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => {
                    if answer.received() > largest {
                        let words = format!("the answer is larger than {} MiB", largest >> 20);
                        return Err(Failure::Refused(words));
                    }
                    inspect(Some(&chunk))?;
                    hasher.update(&chunk);
                    out.write_all(&chunk).await.map_err(disk)?;
                }
                Ok(None) if answer.received() > 0 => {
                    inspect(None)?;
                    break None;
                }
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            }
        };
        out.flush().await.map_err(disk)?;
        let (length, percent) = (answer.received(), answer.percent());
        Ok(Written { length, percent, hash: hasher.finalize().to_hex().to_string(), broken })
    }
}

/// What came of a body.
struct Written {
    length: u64,
    percent: Option<u64>,
    hash: String,
    broken: Option<Failure>,
}

impl Fresh {
    /// A document that nobody sent: `write` makes it. It belongs at `place`. Waits for the disk.
    ///
    /// # Errors
    /// The disk refuses, or what `write` says.
    pub(crate) fn made(place: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<Self> {
        let (received, mut file) = scratch(place.parent().unwrap_or(Path::new(".")))?;
        write(&mut file)?;
        Ok(Self {
            received,
            _file: file,
            place: place.to_owned(),
            validators: None,
            percent: None,
            bare: false,
        })
    }

    /// The document, as received.
    pub(crate) fn path(&self) -> &Path {
        &self.received
    }

    /// Where it will be when it is good.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// How much of it came, in percent, where its size was known.
    pub(crate) const fn percent(&self) -> Option<u64> {
        self.percent
    }

    /// It is good: makes it the last good copy, and remembers what its server said of it. Waits for the disk. Answers
    /// where it is.
    ///
    /// # Errors
    /// The disk refuses; the last good copy is then still there.
    pub(crate) fn promote(self) -> io::Result<PathBuf> {
        if !self.bare {
            self._file.sync_all()?;
        }
        // Between the two renames nothing may be remembered that is not true of the copy.
        forget(&self.place)?;
        if !self.bare {
            self.received.persist(&self.place).map_err(|failed| failed.error)?;
        }
        if let Some(validators) = &self.validators {
            remember(&self.place, validators)?;
        }
        Ok(self.place)
    }
}

/// Forgets what was said of the copy at `place`: the next time it is asked for without conditions.
///
/// # Errors
/// The disk refuses.
pub(crate) fn forget(place: &Path) -> io::Result<()> {
    match fs::remove_file(facts_of(place)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a file to receive into, and removes those of runs that were killed: theirs are not locked any more.
fn scratch(folder: &Path) -> io::Result<(TempPath, File)> {
    fs::create_dir_all(folder)?;
    for left in fs::read_dir(folder)?.flatten() {
        let old = left.metadata().and_then(|it| it.modified()).is_ok_and(|made| {
            made.elapsed().is_ok_and(|age| age > YOUNG) // between being made and being locked it is nobody's
        });
        let left_behind = left.file_name().to_string_lossy().starts_with(PREFIX)
            && old
            && File::open(left.path()).is_ok_and(|file| file.try_lock().is_ok());
        if left_behind {
            fs::remove_file(left.path())?;
        }
    }
    let file: NamedTempFile = tempfile::Builder::new()
        .prefix(PREFIX)
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    let (file, path) = file.into_parts();
    file.lock()?;
    Ok((path, file))
}

/// Which address: a server's validators say nothing about another's documents.
fn origin(place: Place<'_>) -> String {
    let hash = match place {
        Place::Configured(url) | Place::Listed(url) => blake3::hash(url.as_str().as_bytes()),
        Place::File(path) => blake3::hash(path.as_os_str().as_encoded_bytes()),
    };
    hash.to_hex().to_string()
}

fn facts_of(place: &Path) -> PathBuf {
    place.with_extension("json")
}

/// What is known of the last good document, if its copy is still the file it was said of.
fn remembered(place: &Path) -> Option<Validators> {
    let known: Validators = serde_json::from_slice(&fs::read(facts_of(place)).ok()?).ok()?;
    let there = known.bare || fs::metadata(place).is_ok_and(|facts| facts.len() == known.length);
    there.then_some(known)
}

fn remember(place: &Path, validators: &Validators) -> io::Result<()> {
    let text = serde_json::to_vec(validators).expect("text and numbers are JSON");
    replace(&facts_of(place), &text, Access::Owner)
}
