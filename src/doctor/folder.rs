//! The data folder: whether it is ours, takes what is written, and has room.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use contract::config::Place;
use contract::disk::Data;
use contract::release::Releases;
use rustix::fs::statvfs;
use rustix::process::geteuid;

use super::{Finding, secrets};

/// Bytes that there must be room for beside two more releases: harvests, guides as they were received, details.
const ROOM: u64 = 64 << 20;
/// Files, likewise.
const NAMES: u64 = 1000;
/// Bytes that are written to see whether they can be.
const TRIAL: usize = 1 << 16;
/// What a data folder of ours has, some of it always: a certificate may be there before anything else.
const OURS: [&str; 9] = [
    "current",
    "releases",
    "users.json",
    "sources.json",
    "ids.json",
    "secret.key",
    "state",
    "details",
    "tls",
];

/// Looks at the data folder.
pub(super) fn look(data: &Data, place: &Place) -> Vec<Finding> {
    let path = data.path();
    let what = "data folder";
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            let found = format!("{} is a file, and should be a folder", path.display());
            return vec![Finding::fail(what, found, "name another folder as `data`")];
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return vec![missing(path)],
        Err(error) => {
            let found = format!("{}: {error}", path.display());
            return vec![Finding::fail(what, found, owner(path))];
        }
    };
    let mut findings = Vec::new();
    if is_foreign(path) {
        let found = format!("{} holds other things, and nothing of Coax", path.display());
        findings.push(Finding::fail(what, found, "name a folder of its own as `data`"));
        return findings;
    }
    findings.push(match trial(path) {
        Ok(()) => Finding::ok(what, format!("{}: can be written", path.display())),
        Err(error) => refused(path, &error, metadata.uid()),
    });
    findings.extend(room(data));
    findings.extend(running(data));
    findings.extend(secrets::readable(data, place));
    findings
}

/// A folder that is not there is made when something is first written, where that is possible.
fn missing(path: &Path) -> Finding {
    let above =
        path.ancestors().skip(1).map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
    let above = above.into_iter().find(|it| it.exists()).unwrap_or(Path::new("/"));
    match trial(above) {
        Ok(()) => Finding::ok("data folder", format!("{} is not there yet, and can be made", path.display())),
        Err(error) => {
            let found = format!("{} cannot be made: {}: {error}", path.display(), above.display());
            Finding::fail("data folder", found, owner(path))
        }
    }
}

/// Writes something and takes it away again.
fn trial(folder: &Path) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".coax-doctor-").tempfile_in(folder)?;
    file.write_all(&[b'x'; TRIAL])?;
    file.as_file().sync_data()
}

fn refused(path: &Path, error: &io::Error, uid: u32) -> Finding {
    let what = "data folder";
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Finding::fail(
            what,
            format!("the disk of {} is full: nothing can be written", path.display()),
            "make room, or keep fewer releases (`keep` in [ingest])",
        ),
        ErrorKind::ReadOnlyFilesystem => Finding::fail(
            what,
            format!("the disk of {} is read-only", path.display()),
            "mount it for writing (`ReadWritePaths=` in a unit of systemd, a volume in a container)",
        ),
        _ => {
            let ours = geteuid().as_raw();
            let found = format!(
                "{} cannot be written: it belongs to user {uid}, and this is user {ours} ({error})",
                path.display()
            );
            Finding::fail(what, found, owner(path))
        }
    }
}

fn owner(path: &Path) -> String {
    format!("give it to the user whom Coax runs as: chown -R USER {}", path.display())
}

/// Whether there is something in a folder, and none of it is ours.
fn is_foreign(path: &Path) -> bool {
    let names = fs::read_dir(path).into_iter().flatten().flatten();
    let names: Vec<String> = names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    // A fresh volume has a folder for what was lost, and ours begins with its README.
    let of_others =
        |name: &&String| !matches!(name.as_str(), "lost+found" | "README.md") && !name.starts_with('.');
    names.iter().any(|name| of_others(&name)) && !names.iter().any(|name| OURS.contains(&name.as_str()))
}

/// How much room there is, in bytes and in names of files.
fn room(data: &Data) -> Option<Finding> {
    let disk = statvfs(data.path()).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let releases = Releases::new(data.clone());
    let manifest = releases.current().and_then(|current| releases.manifest(current).ok());
    let release: u64 = manifest.map_or(0, |manifest| manifest.files.iter().map(|file| file.size).sum());
    let wanted = ROOM + 2 * release;
    let found = format!("{} free", amount(free));
    let remedy = "make room, or keep fewer releases (`keep` in [ingest])";
    Some(match free {
        // Some disks have no such count, and say 0 of 0.
        _ if disk.f_files > 0 && disk.f_favail < NAMES => {
            let found = format!("{found}, but room for {} more files only", disk.f_favail);
            Finding::fail("disk", found, "remove files, or make a file system with more inodes")
        }
        free if free < wanted / 4 => {
            Finding::fail("disk", format!("{found}: the next run may not fit"), remedy)
        }
        free if free < wanted => {
            Finding::warn("disk", format!("{found}, and {} are wanted", amount(wanted)), remedy)
        }
        _ => Finding::ok("disk", found),
    })
}

/// Bytes for people.
pub(crate) fn amount(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        1_000_000..1_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// Whether a run is going on.
fn running(data: &Data) -> Option<Finding> {
    let file = File::open(data.lock()).ok()?;
    let locked = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    locked.then(|| Finding::ok("run", "one is going on now"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_somebody_else_is_known() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_foreign(folder.path()), "an empty one is anybody's");
        for name in ["README.md", "lost+found"] {
            File::create(folder.path().join(name)).unwrap();
        }
        assert!(!is_foreign(folder.path()));
        File::create(folder.path().join("holiday.jpg")).unwrap();
        assert!(is_foreign(folder.path()));
        File::create(folder.path().join("users.json")).unwrap();
        assert!(!is_foreign(folder.path()));
    }

    #[test]
    fn what_is_to_be_made_is_tried_where_it_would_be() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(missing(&folder.path().join("a/b")).level, super::super::Level::Ok);
        assert_eq!(missing(Path::new("/proc/coax/data")).level, super::super::Level::Fail);
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left behind");
    }

    #[test]
    fn amounts_are_short() {
        assert_eq!([0, 999_999, 1_000_000, 2_450_000_000].map(amount), ["0 kB", "999 kB", "1 MB", "2.5 GB"]);
    }
}
