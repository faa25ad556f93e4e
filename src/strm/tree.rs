//! The folder: what belongs there is written, what is as it should be is not touched, and what is not ours is left alone.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::record::{Hash, Known, PART, Record, Stamp};
use super::summary::Summary;

/// Nothing of ours is larger; what is has been written by somebody else.
const LARGEST: u64 = 1 << 20;

/// A folder in which nobody else writes files of ours.
pub(super) struct Tree {
    folder: PathBuf,
    record: Record,
}

/// A file that belongs into the folder.
pub(super) struct Wanted<'a> {
    /// Below the folder, with `/` between its parts.
    pub(super) file: &'a str,
    pub(super) content: &'a [u8],
    /// Who may read it, as in `chmod`.
    pub(super) access: u32,
    /// To which series it belongs, if to one.
    pub(super) series: Option<u32>,
}

/// What is at a place.
enum There {
    Nothing,
    Ours(Hash, Metadata),
    /// The same as we would write, if it is of this hash.
    Foreign(Option<(Hash, Metadata)>),
}

impl Tree {
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self { folder: folder.to_owned(), record: Record::open(folder)? })
    }

    /// Sees to it that a file is there.
    pub(super) fn put(&mut self, wanted: &Wanted<'_>, summary: &mut Summary) -> io::Result<()> {
        let (file, hash) = (wanted.file, Hash::of(wanted.content));
        let path = self.folder.join(file);
        let metadata = match self.there(file)? {
            There::Ours(there, metadata) if there == hash => {
                if metadata.mode() & 0o777 != wanted.access {
                    fs::set_permissions(&path, Permissions::from_mode(wanted.access))?;
                }
                summary.unchanged += 1;
                metadata
            }
            // Of a record that was lost. What holds our very address is ours.
            There::Foreign(Some((there, metadata))) if there == hash => {
                summary.unchanged += 1;
                metadata
            }
            There::Foreign(_) => {
                self.record.files.remove(file);
                summary.left_alone(file);
                return Ok(());
            }
            There::Nothing | There::Ours(..) => {
                self.record.note(file, hash, wanted.series)?;
                summary.written += 1;
                write(&path, wanted)?
            }
        };
        let known =
            Known { hash, stamp: Stamp::of(&metadata), series: wanted.series, wanted: true, or: Vec::new() };
        self.record.files.insert(file.to_owned(), known);
        Ok(())
    }

    /// What belongs to these series stays as it is.
    pub(super) fn spare(&mut self, is_spared: impl Fn(u32) -> bool) {
        for known in self.record.files.values_mut() {
            known.wanted |= known.series.is_some_and(&is_spared);
        }
    }

    /// Removes what belongs there no more, with the folders that become empty, and keeps the record.
    pub(super) fn finish(mut self, summary: &mut Summary) -> io::Result<()> {
        let files = &self.record.files;
        let vanished: Vec<String> =
            files.iter().filter(|(_, known)| !known.wanted).map(|(file, _)| file.clone()).collect();
        let stay: HashMap<String, String> = match vanished.is_empty() {
            true => HashMap::new(),
            false => {
                let stay = files.iter().filter(|(_, known)| known.wanted);
                stay.map(|(file, _)| (file.to_lowercase(), file.clone())).collect()
            }
        };
        for file in vanished {
            let there = self.there(&file)?;
            self.record.files.remove(&file);
            match there {
                There::Nothing => {}
                There::Foreign(_) => summary.left_alone(&file),
                There::Ours(_, metadata) => {
                    // Where cases are not told apart, `film` is the `Film` that has just been written.
                    let same =
                        stay.get(&file.to_lowercase()).and_then(|it| fs::metadata(self.folder.join(it)).ok());
                    if same.is_some_and(|it| (it.dev(), it.ino()) == (metadata.dev(), metadata.ino())) {
                        continue;
                    }
                    fs::remove_file(self.folder.join(&file))?;
                    summary.removed += 1;
                    self.prune(&file);
                }
            }
        }
        self.record.keep()
    }

    /// Removes the folders of a file as far as they are empty.
    fn prune(&self, file: &str) {
        let above = Path::new(file).ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
        above
            .map(|above| self.folder.join(above))
            .take_while(|above| fs::remove_dir(above).is_ok())
            .for_each(drop);
    }

    fn there(&self, file: &str) -> io::Result<There> {
        let path = self.folder.join(file);
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            // A file where a folder of ours should be is seen when something is written.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(There::Nothing);
            }
            Err(error) => return Err(error),
        };
        let known = self.record.files.get(file);
        if let Some(known) = known.filter(|known| known.stamp == Stamp::of(&metadata)) {
            return Ok(There::Ours(known.hash, metadata));
        }
        if !metadata.is_file() || metadata.len() > LARGEST {
            return Ok(There::Foreign(None));
        }
        let hash = Hash::of(&fs::read(&path)?);
        let ours = known.is_some_and(|known| known.hash == hash || known.or.contains(&hash));
        Ok(if ours { There::Ours(hash, metadata) } else { There::Foreign(Some((hash, metadata))) })
    }
}

/// Writes a file by one rename.
fn write(path: &Path, wanted: &Wanted<'_>) -> io::Result<Metadata> {
    let folder = path.parent().expect("files lie below the folder");
    fs::create_dir_all(folder)?;
    let part = folder.join(PART);
    // Of a run that was killed; the lock says that nobody is writing it.
    if let Err(error) = fs::remove_file(&part)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = File::options().write(true).create_new(true).mode(wanted.access).open(&part)?;
    file.write_all(wanted.content)?;
    file.set_permissions(Permissions::from_mode(wanted.access))?; // whatever the mask takes away
    fs::rename(&part, path)?;
    file.metadata()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(tree: &mut Tree, file: &str, content: &str) -> Summary {
        let mut summary = Summary::default();
        let wanted = Wanted { file, content: content.as_bytes(), access: 0o600, series: Some(7) };
        tree.put(&wanted, &mut summary).unwrap();
        summary
    }

    fn finish(tree: Tree) -> Summary {
        let mut summary = Summary::default();
        tree.finish(&mut summary).unwrap();
        summary
    }

    fn said(summary: &Summary) -> [u64; 4] {
        let Summary { written, unchanged, removed, left_alone, .. } = summary;
        [*written, *unchanged, *removed, *left_alone]
    }

    #[test]
    fn a_run_that_is_killed_leaves_nothing_that_the_next_one_does_not_know() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        put(&mut tree, "a/one", "1");
        put(&mut tree, "a/gone", "1");
        finish(tree);
        let mut killed = Tree::open(folder.path()).unwrap();
        assert_eq!(said(&put(&mut killed, "a/one", "2")), [1, 0, 0, 0]);
        put(&mut killed, "b/two", "2");
        drop(killed);
        let half = folder.path().join("b").join(PART);
        File::create(&half).unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        assert!(!half.exists());
        assert_eq!(said(&put(&mut tree, "a/one", "3")), [1, 0, 0, 0], "what was written then is ours");
        assert_eq!(said(&finish(tree)), [0, 0, 2, 0], "and so is what was written for the first time");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert!(left.len() == 3 && !folder.path().join("b").exists(), "{left:?}");
    }

    #[test]
    fn what_somebody_else_wrote_or_changed_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut tree = Tree::open(folder.path()).unwrap();
        for file in ["a/changed", "a/vanishing", "a/mine"] {
            put(&mut tree, file, "1");
        }
        finish(tree);
        for file in ["a/changed", "a/vanishing", "a/foreign"] {
            File::create(at(file)).unwrap().write_all(b"by hand").unwrap();
        }
        std::os::unix::fs::symlink("/etc/hostname", at("a/link")).unwrap();
        let touched = File::options().write(true).open(at("a/mine")).unwrap();
        touched.set_modified(std::time::UNIX_EPOCH).unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        for file in ["a/changed", "a/foreign", "a/link"] {
            assert_eq!(said(&put(&mut tree, file, "2")), [0, 0, 0, 1], "{file}");
        }
        assert_eq!(said(&put(&mut tree, "a/mine", "1")), [0, 1, 0, 0], "touched, but not changed");
        assert_eq!(said(&finish(tree)), [0, 0, 0, 1]);
        for file in ["a/changed", "a/vanishing", "a/foreign"] {
            assert_eq!(fs::read(at(file)).unwrap(), b"by hand", "{file}");
        }
        assert!(at("a/link").is_symlink());
        assert_eq!(fs::metadata(at("a/mine")).unwrap().modified().unwrap(), std::time::UNIX_EPOCH);
    }

    #[test]
    fn a_lost_record_is_made_again_from_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        put(&mut tree, "a/one", "1");
        finish(tree);
        fs::remove_file(folder.path().join(".coax-strm.jsonl")).unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        assert_eq!(said(&put(&mut tree, "a/one", "1")), [0, 1, 0, 0]);
        finish(tree);
        assert_eq!(said(&finish(Tree::open(folder.path()).unwrap())), [0, 0, 1, 0]);
    }

    #[test]
    fn a_record_leads_nowhere_else_and_one_run_writes_at_a_time() {
        let above = tempfile::tempdir().unwrap();
        let victim = above.path().join("victim");
        File::create(&victim).unwrap().write_all(b"1").unwrap();
        let folder = above.path().join("library");
        fs::create_dir(&folder).unwrap();
        let hash = serde_json::to_string(&Hash::of(b"1")).unwrap();
        let lines = ["../victim", victim.to_str().unwrap(), "a/../../victim"]
            .map(|file| format!("{{\"file\":{file:?},\"hash\":{hash}}}\n"));
        let record = format!("{{\"version\":1}}\n{}", lines.concat());
        File::create(folder.join(".coax-strm.jsonl")).unwrap().write_all(record.as_bytes()).unwrap();
        let tree = Tree::open(&folder).unwrap();
        assert!(Tree::open(&folder).is_err(), "another one is writing");
        assert_eq!(said(&finish(tree)), [0; 4]);
        assert!(victim.exists());
    }

    #[test]
    fn what_is_spared_stays_and_who_may_read_is_set_without_writing() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        put(&mut tree, "one", "1");
        finish(tree);
        let mut tree = Tree::open(folder.path()).unwrap();
        tree.spare(|series| series == 7);
        assert_eq!(said(&finish(tree)), [0; 4]);
        let before = fs::metadata(folder.path().join("one")).unwrap();
        let mut tree = Tree::open(folder.path()).unwrap();
        let wanted = Wanted { file: "one", content: b"1", access: 0o640, series: None };
        tree.put(&wanted, &mut Summary::default()).unwrap();
        finish(tree);
        let after = fs::metadata(folder.path().join("one")).unwrap();
        assert_eq!((before.ino(), before.modified().unwrap()), (after.ino(), after.modified().unwrap()));
        assert_eq!((before.mode() & 0o777, after.mode() & 0o777), (0o600, 0o640));
    }
}
