//! The roster: every film and series whose details can be asked for, with what its provider calls it. A run writes it,
//! so that details can be filled without a harvest in memory.
//!
//! `state/details.jsonl`, a line for each: `[{"movie":9001},"acme","123",1760000000]`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use contract::details::Subject;
use contract::disk::Data;

use crate::harvest::{List, Movie, Series};
use crate::line_up::LineUp;
use crate::output::UNKNOWN;

/// The longest line, in bytes.
const LONGEST: u64 = 1 << 16;

/// Something whose details can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) subject: Subject,
    /// Position in [`Roster::sources`].
    pub(super) source: u32,
    /// What the provider calls it.
    pub(super) provider_id: Box<str>,
    /// As in the list entry: `last_modified`, or `added` of a film.
    pub(super) modified: u64,
}

/// Everything whose details can be asked for.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// Names.
    pub(super) sources: Vec<String>,
    /// Newest first.
    pub(super) items: Vec<Item>,
    /// Positions in `items`, by subject.
    order: Vec<u32>,
}

/// Tells one roster from the next.
pub(super) type Stamp = (u64, Option<SystemTime>);

fn path(data: &Data) -> PathBuf {
    data.state().join("details.jsonl")
}

/// Writes the roster of a line-up. Only who holds the right to publish does so.
///
/// # Errors
/// The disk refuses; the one before is then still there.
pub(crate) fn write(line_up: &LineUp, data: &Data) -> io::Result<()> {
    fs::create_dir_all(data.state())?;
    let aside = data.state().join(".details.jsonl");
    let mut out = BufWriter::with_capacity(1 << 16, File::create(&aside)?);
    for (list, all) in [(List::Movies, &line_up.movies), (List::Series, &line_up.series)] {
        for placed in all {
            let (part, entry) = line_up.entry(list, placed);
            if part.source.xtream().is_none() {
                continue;
            }
            let (subject, modified) = match list {
                List::Series => {
                    (Subject::Series(placed.id), part.harvest.whole::<Series>(entry)?.last_modified)
                }
                List::Movies | List::Live => {
                    (Subject::Movie(placed.id), part.harvest.whole::<Movie>(entry)?.added)
                }
            };
            let line =
                (subject, part.source.name.as_str(), part.harvest.id(entry), modified.unwrap_or(UNKNOWN));
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
    }
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(aside, path(data))
}

/// Which roster is there; `None` before the first.
pub(super) fn stamp(data: &Data) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let found = fs::metadata(path(data)).ok()?;
    Some((found.ino(), found.modified().ok()))
}

/// Whether a run has written one.
pub(crate) fn is_there(data: &Data) -> bool {
    stamp(data).is_some()
}

impl Roster {
    /// Reads it; none is an empty one.
    ///
    /// # Errors
    /// The disk refuses, or somebody changed the file.
    pub(super) fn read(data: &Data) -> io::Result<Self> {
        let file = match File::open(path(data)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        };
        let mut roster = Self::default();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut lines = BufReader::with_capacity(1 << 16, file);
        let mut line = Vec::new();
        while lines.by_ref().take(LONGEST).read_until(b'\n', &mut line)? > 0 {
            let (subject, source, provider_id, modified): (Subject, String, Box<str>, u64) =
                serde_json::from_slice(&line)?;
            let next = roster.sources.len() as u32;
            let source = *numbers.entry(source).or_insert_with_key(|name| {
                roster.sources.push(name.clone());
                next
            });
            roster.items.push(Item { subject, source, provider_id, modified });
            line.clear();
        }
        roster.items.sort_by_key(|item| (std::cmp::Reverse(item.modified), item.subject));
        roster.order = (0..roster.items.len() as u32).collect();
        roster.order.sort_unstable_by_key(|at| roster.items[*at as usize].subject);
        Ok(roster)
    }

    /// The entry of `subject`.
    pub(super) fn find(&self, subject: Subject) -> Option<&Item> {
        let found = self.order.binary_search_by_key(&subject, |at| self.items[*at as usize].subject);
        found.ok().map(|at| &self.items[self.order[at] as usize])
    }

    /// The name of an entry's source.
    pub(super) fn source(&self, item: &Item) -> &str {
        &self.sources[item.source as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_everything_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        assert!(Roster::read(&data).unwrap().items.is_empty() && stamp(&data).is_none());
        fs::create_dir_all(data.state()).unwrap();
        let text =
            "[{\"movie\":9},\"a\",\"x\",5]\n[{\"series\":9},\"b\",\"y\",7]\n[{\"movie\":8},\"a\",\"z\",5]\n";
        contract::disk::replace(&path(&data), text.as_bytes(), contract::disk::Access::Owner).unwrap();
        let roster = Roster::read(&data).unwrap();
        let order: Vec<Subject> = roster.items.iter().map(|item| item.subject).collect();
        assert_eq!(order, [Subject::Series(9), Subject::Movie(8), Subject::Movie(9)]);
        for item in &roster.items {
            assert_eq!(roster.find(item.subject), Some(item));
        }
        assert_eq!(roster.find(Subject::Series(8)), None);
        assert_eq!(roster.source(&roster.items[0]), "b");
    }
}
