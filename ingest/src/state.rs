//! The last good harvest of each source, kept for the day on which the source gives nothing.
//!
//! `state/<source>/harvest.jsonl`: a line about the whole, then a line for each entry, so that neither writing nor
//! reading holds more than a line beside the harvest itself.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use contract::disk::Data;
use contract::source::Name;
use serde::{Deserialize, Serialize};

use crate::harvest::{Category, Channel, Counts, Harvest, List, Movie, Series};

/// The layout this program writes; another one is no harvest.
const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head {
    version: u32,
    /// Unix time, in seconds.
    pub(crate) harvested: u64,
    max_connections: u32,
    /// Entries by kind, for the gate.
    pub(crate) counts: Counts,
    /// By list, in the source's order.
    pub(crate) categories: BTreeMap<List, Vec<Category>>,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Channel(Channel),
    Movie(Movie),
    Series(Series),
}

/// The same to be written, borrowed.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum LineRef<'a> {
    Channel(&'a Channel),
    Movie(&'a Movie),
    Series(&'a Series),
}

fn path(data: &Data, source: &Name) -> PathBuf {
    data.state().join(source.as_str()).join("harvest.jsonl")
}

/// What the last good harvest of `source` said about itself; `None` without one.
pub(crate) fn head(data: &Data, source: &Name) -> Option<Head> {
    let mut line = String::new();
    BufReader::new(File::open(path(data, source)).ok()?).read_line(&mut line).ok()?;
    let head: Head = serde_json::from_str(&line).ok()?;
    (head.version == VERSION).then_some(head)
}

/// The last good harvest of `source`; `None` without one.
pub(crate) fn load(data: &Data, source: &Name) -> Option<Harvest> {
    let head = head(data, source)?;
    let read = || -> io::Result<Harvest> {
        let mut harvest = Harvest {
            harvested: head.harvested,
            max_connections: head.max_connections,
            categories: head.categories,
            programmes: head.counts.get(crate::harvest::PROGRAMMES).copied().unwrap_or(0),
            ..Harvest::default()
        };
        for line in BufReader::with_capacity(1 << 18, File::open(path(data, source))?).split(b'\n').skip(1) {
            match serde_json::from_slice(&line?)? {
                Line::Channel(channel) => harvest.live.push(channel),
                Line::Movie(movie) => harvest.movies.push(movie),
                Line::Series(series) => harvest.series.push(series),
            }
        }
        Ok(harvest)
    };
    read().inspect_err(|error| tracing::warn!(%source, %error, "the last harvest cannot be read")).ok()
}

/// Keeps `harvest` in place of the last one; at any instant, and after any crash, one of them is there.
///
/// # Errors
/// The disk refuses; the last one is then still there.
pub(crate) fn save(data: &Data, source: &Name, harvest: &Harvest) -> io::Result<()> {
    let path = path(data, source);
    let folder = path.parent().expect("the path has a folder");
    fs::create_dir_all(folder)?;
    for left in fs::read_dir(folder)?.flatten() {
        if left.file_name().to_string_lossy().starts_with(".harvest-") {
            fs::remove_file(left.path())?; // a run was killed while writing it
        }
    }
    let file = tempfile::Builder::new()
        .prefix(".harvest-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 18, file);
    let head = Head {
        version: VERSION,
        harvested: harvest.harvested,
        max_connections: harvest.max_connections,
        counts: harvest.counts(),
        categories: harvest.categories.clone(),
    };
    write_line(&mut out, &head)?;
    for channel in &harvest.live {
        write_line(&mut out, &LineRef::Channel(channel))?;
    }
    for movie in &harvest.movies {
        write_line(&mut out, &LineRef::Movie(movie))?;
    }
    for series in &harvest.series {
        write_line(&mut out, &LineRef::Series(series))?;
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|failed| failed.error)?;
    File::open(folder)?.sync_all()
}

fn write_line(out: &mut impl Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harvest_is_read_as_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let name = Name::new("acme").unwrap();
        assert!(load(&data, &name).is_none() && head(&data, &name).is_none());
        let channel =
            Channel { id: "1".into(), name: "One\n\u{2028}".into(), places: vec![0], ..Channel::default() };
        let harvest = Harvest {
            harvested: 7,
            max_connections: 2,
            programmes: 9,
            categories: [(List::Live, vec![Category { id: "a".into(), name: "A".into() }])].into(),
            live: vec![channel],
            movies: vec![Movie { id: "2".into(), rating: 7.3, ..Movie::default() }],
            series: vec![Series::default()],
        };
        save(&data, &name, &harvest).unwrap();
        save(&data, &name, &harvest).unwrap();
        assert_eq!(load(&data, &name).unwrap(), harvest);
        assert_eq!(head(&data, &name).unwrap().counts["programmes"], 9);
        assert_eq!(fs::read_dir(data.state().join("acme")).unwrap().count(), 1);
    }
}
