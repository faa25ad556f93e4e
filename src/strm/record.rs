//! What was written into a folder, so that the next time it is known what is ours.
//!
//! ```text
//! .coax-strm.jsonl      {"version":1}, then a line for each file, in the order of their names; replaced whole at the end
//! .coax-strm.journal    a line for each file that is about to be written; empty when the record is whole
//! ```
//!
//! Killed at any instant, a file that the record does not have is in the journal, and is known to be ours by its hash.
//!
//! Both are for their owner alone: a hash of an address is good for trying passwords.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

const RECORD: &str = ".coax-strm.jsonl";
const JOURNAL: &str = ".coax-strm.journal";
const VERSION: u32 = 1;
/// How a file is called while it is being written, beside its place. Media servers pass over what begins with a dot.
pub(super) const PART: &str = ".coax-strm.part";

/// The first half of BLAKE3 of a file, as hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Hash([u8; 16]);

/// By what it shows, without reading it, that a file has not been touched: size and time of change, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamp(u64, i128);

/// A file of ours.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) hash: Hash,
    pub(super) stamp: Stamp,
    /// To which series it belongs, if to one.
    pub(super) series: Option<u32>,
    /// This time it belongs there.
    pub(super) wanted: bool,
    /// What it may be as well, if the last time ended early.
    pub(super) or: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    file: String,
    hash: Hash,
    #[serde(default)]
    stamp: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    series: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
}

/// The record of a folder. Whoever has it is the only one who writes there.
pub(super) struct Record {
    folder: PathBuf,
    journal: File,
    pub(super) files: BTreeMap<String, Known>,
}

impl Record {
    /// Opens the record of `folder`, which is made if it is missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let owner =
            |path: PathBuf| File::options().create(true).read(true).append(true).mode(0o600).open(path);
        let journal = owner(folder.join(JOURNAL))?;
        journal.try_lock().map_err(|_| io::Error::other("another `coax strm` is writing there"))?;
        let mut record = Self { folder: folder.to_owned(), journal, files: BTreeMap::new() };
        record.read()?;
        record.read_journal()?;
        Ok(record)
    }

    fn read(&mut self) -> io::Result<()> {
        let file = match File::open(self.folder.join(RECORD)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut lines = BufReader::new(file).lines();
        let head: Option<Head> = lines.next().transpose()?.and_then(|line| serde_json::from_str(&line).ok());
        match head {
            Some(Head { version: VERSION }) => {}
            Some(Head { version }) => {
                let what = format!("{RECORD} is of version {version}, which this program does not know");
                return Err(io::Error::other(what));
            }
            None => return Err(io::Error::other(format!("{RECORD} cannot be understood"))),
        }
        for line in lines {
            let Line { file, hash, stamp, series } = serde_json::from_str(&line?)?;
            if is_inside(&file) {
                self.files.insert(file, Known { hash, stamp, series, wanted: false, or: Vec::new() });
            }
        }
        Ok(())
    }

    /// The last line may be half a line.
    fn read_journal(&mut self) -> io::Result<()> {
        for line in BufReader::new(&self.journal).split(b'\n') {
            let Ok(Line { file, hash, series, .. }) = serde_json::from_slice(&line?) else { continue };
            if !is_inside(&file) {
                continue;
            }
            if let Some(folder) = self.folder.join(&file).parent() {
                drop(fs::remove_file(folder.join(PART))); // mostly it has become a file
            }
            let known = Known { hash, stamp: Stamp::default(), series, wanted: false, or: Vec::new() };
            let known = self.files.entry(file).or_insert(known);
            known.stamp = Stamp::default(); // so that it is looked into
            known.or.push(hash);
        }
        Ok(())
    }

    /// Notes that `file` is about to be written.
    pub(super) fn note(&mut self, file: &str, hash: Hash, series: Option<u32>) -> io::Result<()> {
        let line = Line { file: file.to_owned(), hash, stamp: Stamp::default(), series };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        self.journal.write_all(&line)
    }

    /// Replaces the record by what is known now, when everything that was written is on the disk.
    pub(super) fn keep(self) -> io::Result<()> {
        rustix::fs::syncfs(&self.journal)?;
        let part = tempfile::Builder::new().prefix(PART).tempfile_in(&self.folder)?;
        let mut out = BufWriter::new(part);
        serde_json::to_writer(&mut out, &Head { version: VERSION })?;
        for (file, Known { hash, stamp, series, .. }) in self.files {
            out.write_all(b"\n")?;
            serde_json::to_writer(&mut out, &Line { file, hash, stamp, series })?;
        }
        out.write_all(b"\n")?;
        let part = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        part.as_file().sync_all()?;
        part.persist(self.folder.join(RECORD)).map_err(|failed| failed.error)?;
        File::open(&self.folder)?.sync_all()?;
        self.journal.set_len(0)
    }
}

/// SECURITY: a record that somebody else wrote leads nowhere outside of the folder.
fn is_inside(file: &str) -> bool {
    !file.is_empty() && Path::new(file).components().all(|part| matches!(part, Component::Normal(_)))
}

impl Hash {
    pub(super) fn of(content: &[u8]) -> Self {
        let mut half = [0; 16];
        half.copy_from_slice(&blake3::hash(content).as_bytes()[..16]);
        Self(half)
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        format!("{:032x}", u128::from_be_bytes(hash.0))
    }
}

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let number = u128::from_str_radix(&text, 16).map_err(|_| "a hash is hexadecimal")?;
        Ok(Self(number.to_be_bytes()))
    }
}

impl Stamp {
    pub(super) fn of(file: &Metadata) -> Self {
        Self(file.len(), i128::from(file.mtime()) * 1_000_000_000 + i128::from(file.mtime_nsec()))
    }
}
