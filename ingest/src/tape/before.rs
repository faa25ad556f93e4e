//! What a run finds in the data folder, masked: ids, last good harvests and guides, doubts of the gate, details with
//! episodes, and the numbers of the current release.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use contract::disk::Data;
use contract::release::{BUNDLE, Releases};
use contract::source::Source;

use super::folder::Folder;
use super::mask::Mask;
use super::recording::body;

/// Folders in folders that are gone into.
const DEPTH: u32 = 3;
/// What of `state/<source>/` a run looks at when nobody is asked only for what is new. SECURITY: the rest holds hashes of
/// addresses, and documents as they were received.
fn matters(name: &str) -> bool {
    name == "harvest.jsonl" || name == "gate.json" || (name.starts_with("guide") && !name.ends_with(".json"))
}

/// A file.
const ONE: (u32, fn(&str) -> bool) = (0, |_| false);

fn detail(name: &str) -> bool {
    !name.starts_with('.')
}

/// Keeps what is in the data folder.
///
/// # Errors
/// The disk refuses.
pub(super) fn keep(data: &Data, sources: &[Source], folder: &Folder, mask: &Mask) -> io::Result<()> {
    let to = Data::new(folder.before());
    fs::create_dir_all(to.path())?;
    copy(&data.ids(), &to.ids(), ONE, mask)?;
    copy(&data.vault(), &to.vault(), ONE, mask)?;
    copy(&data.details().join("series"), &to.details().join("series"), (DEPTH, detail), mask)?;
    for source in sources {
        let name = source.name.as_str();
        copy(&data.state().join(name), &to.state().join(name), (1, matters), mask)?;
    }
    let releases = Releases::new(data.clone());
    if let Some(current) = releases.current() {
        let kept = Releases::new(to).folder(current);
        fs::create_dir_all(&kept)?;
        copy(&releases.folder(current).join(BUNDLE), &kept.join(BUNDLE), ONE, mask)?;
    }
    Ok(())
}

/// Makes a data folder of what was kept.
///
/// # Errors
/// The disk refuses.
pub(super) fn restore(folder: &Folder, data: &Data) -> io::Result<()> {
    fs::create_dir_all(data.path())?;
    plain(&folder.before(), data.path(), DEPTH + 1)?;
    let newest = Releases::new(data.clone()).list()?.into_iter().next_back();
    if let Some(newest) = newest {
        std::os::unix::fs::symlink(Path::new("releases").join(format!("{newest:06}")), data.current())?;
    }
    Ok(())
}

fn plain(from: &Path, to: &Path, depth: u32) -> io::Result<()> {
    for entry in entries(from)? {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() && depth > 0 {
            fs::create_dir_all(&to)?;
            plain(&from, &to, depth - 1)?;
        } else if from.is_file() {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// A masked copy of a file or a folder; nothing of what is not there.
fn copy(from: &Path, to: &Path, (depth, wanted): (u32, fn(&str) -> bool), mask: &Mask) -> io::Result<()> {
    if from.is_dir() {
        for entry in entries(from)? {
            let name = entry.file_name();
            if depth > 0 && wanted(&name.to_string_lossy()) {
                copy(&entry.path(), &to.join(&name), (depth - 1, wanted), mask)?;
            }
        }
        return Ok(());
    }
    let file = match File::open(from) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let changed = file.metadata()?.modified()?;
    if from.file_name().is_some_and(|name| name == "vault.json") {
        return vault(from, to, mask);
    }
    body(file, to, mask)?;
    if from.extension().is_some_and(|kind| kind == "jsonl") {
        lines(to, changed)?;
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The first line of a harvest says where its last one begins, which has moved.
fn lines(path: &Path, changed: SystemTime) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let (mut last, mut at, mut first) = (0, 0, 0);
    let mut line = Vec::new();
    let mut reader = BufReader::with_capacity(1 << 18, &file);
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            break;
        }
        if at == 0 {
            first = if line.starts_with(br#"{"head":"#) { line.trim_ascii_end().len() } else { 0 };
        }
        (last, at) = (at, at + length);
    }
    let begins = crate::harvest::first_line(last);
    if first == begins.len() {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&begins)?;
    }
    file.set_modified(changed)
}

/// The vault, with what stands in its values' places: their numbers stay.
fn vault(from: &Path, to: &Path, mask: &Mask) -> io::Result<()> {
    let mut all: serde_json::Value = serde_json::from_slice(&fs::read(from)?)
        .map_err(|_| io::Error::other("vault.json is damaged: remove it and run ingest"))?;
    let shelves = all.as_object_mut().into_iter().flatten();
    for (_, shelf) in shelves {
        let Some(secrets) = shelf.get_mut("secrets").and_then(serde_json::Value::as_object_mut) else {
            continue;
        };
        for (_, kept) in secrets {
            if let Some(value) = kept.get_mut("value") {
                *value = mask.secret(value.as_str().unwrap_or_default()).into();
            }
        }
    }
    super::recording::write(to, &serde_json::to_vec(&all)?)
}
