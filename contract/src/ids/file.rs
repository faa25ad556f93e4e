//! `ids.json`: JSON, with one entry on each line.
//!
//! ```text
//! {"version":2,"ids":[
//! ["stream","acme/live/123",1],
//! ["series","acme/77",1]
//! ]}
//! ```

use std::fs::{File, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::disk::sync_folder;

const FIRST: &str = "{\"version\":2,\"ids\":[\n";
const LAST: &str = "]}\n";
/// The longest line, in bytes.
const LONGEST: u64 = 1 << 16;

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Word {
    /// A number of everything that plays, given to a key.
    Stream,
    /// The same number for another key.
    StreamAgain,
    /// A number of a series.
    Series,
    /// The same number for another key.
    SeriesAgain,
    /// A number of a category.
    Category,
    /// The channel that a key is joined under.
    Joined,
    /// How often the ids of a scope have changed their meaning.
    Epoch,
}

/// An entry of the ledger.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) word: Word,
    pub(super) key: String,
    pub(super) number: u32,
}

/// Reads the file line by line, if it is there. Answers whether it has the layout of version 1.
pub(super) fn read(path: &Path, take: &mut dyn FnMut(Line) -> Option<()>) -> Result<bool, LedgerError> {
    let Some(file) = there(File::open(path)).map_err(LedgerError::Read)? else { return Ok(false) };
    let mut input = BufReader::with_capacity(1 << 16, file);
    let mut line = String::new();
    let mut next = |line: &mut String, number: usize| {
        line.clear();
        match input.by_ref().take(LONGEST).read_line(line) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(LedgerError::Damaged(number)),
            Err(error) => Err(LedgerError::Read(error)),
        }
    };
    next(&mut line, 1)?;
    if line.starts_with("{\"version\":1,") {
        return old(path, take).map(|()| true);
    }
    if line != FIRST {
        return Err(version(&line).map_or(LedgerError::Damaged(1), LedgerError::Newer));
    }
    for number in 2.. {
        next(&mut line, number)?;
        if line == LAST {
            break;
        }
        let text = line.trim_end().trim_end_matches(',');
        let (word, key, id) = serde_json::from_str(text).map_err(|_| LedgerError::Damaged(number))?;
        take(Line { word, key, number: id }).ok_or(LedgerError::Damaged(number))?;
    }
    Ok(false)
}

/// `None` for a file that does not exist. One that cannot be opened is no empty one.
fn there(file: io::Result<File>) -> io::Result<Option<File>> {
    match file {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The version that a first line names, if it is none of ours.
fn version(line: &str) -> Option<u32> {
    let digits = line.strip_prefix("{\"version\":")?;
    let digits = digits.split(|letter: char| !letter.is_ascii_digit()).next()?;
    digits.parse().ok().filter(|version| *version > 2)
}

/// The whole of version 1, which stood on one line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Old {
    #[serde(rename = "version")]
    _version: u32,
    streams: Vec<(String, u32)>,
    series: Vec<(String, u32)>,
    categories: Vec<(String, u32)>,
}

fn old(path: &Path, take: &mut dyn FnMut(Line) -> Option<()>) -> Result<(), LedgerError> {
    let text = std::fs::read(path).map_err(LedgerError::Read)?;
    let old: Old = serde_json::from_slice(&text).map_err(|_| LedgerError::Damaged(1))?;
    let words = [(Word::Stream, old.streams), (Word::Series, old.series), (Word::Category, old.categories)];
    for (word, lines) in words {
        for (key, number) in lines {
            take(Line { word, key, number }).ok_or(LedgerError::Damaged(1))?;
        }
    }
    Ok(())
}

/// Writes a line without what stands between lines.
pub(super) fn write(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &(line.word, &line.key, line.number))?;
    out.write_all(b"\n")
}

/// Replaces the file at `path` with itself and `lines` behind; at any instant, and after any crash, either is there.
pub(super) fn append(path: &Path, old_layout: bool, lines: &mut impl Read) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(crate::disk::REPLACING)
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    out.write_all(FIRST.as_bytes())?;
    let mut between = "";
    let mut entry = |out: &mut BufWriter<_>, text: &str| {
        out.write_all(between.as_bytes())?;
        between = ",\n";
        out.write_all(text.as_bytes())
    };
    if old_layout {
        let mut copied = Ok(());
        let copy = &mut |line: Line| {
            let text = serde_json::to_string(&(line.word, &line.key, line.number)).ok()?;
            copied = entry(&mut out, &text);
            copied.is_ok().then_some(())
        };
        old(path, copy).map_err(io::Error::other)?;
    } else if let Some(file) = there(File::open(path))? {
        for line in BufReader::with_capacity(1 << 16, file).lines().skip(1) {
            let line = line?;
            if !line.is_empty() && line != LAST.trim_end() {
                entry(&mut out, line.trim_end_matches(','))?;
            }
        }
    }
    for line in BufReader::new(lines).lines() {
        entry(&mut out, &line?)?;
    }
    if !between.is_empty() {
        out.write_all(b"\n")?;
    }
    out.write_all(LAST.as_bytes())?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|failed| failed.error)?;
    sync_folder(folder)
}
