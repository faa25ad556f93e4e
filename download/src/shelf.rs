//! Lists that somebody has uploaded.
//!
//! ```text
//! downloads/lists/1795800000.m3u     as it came, plain or packed
//! downloads/lists/1795800000.json    what is known of it; written last, so that there is no list without one
//! ```
//!
//! SECURITY: what lists are called stands in the second file alone, and never becomes a path. They hold addresses with names and
//! passwords of providers, so both are for our own eyes.

mod arriving;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Mutex;

use contract::disk::{Access, Data, replace, sync_folder};
use serde::{Deserialize, Serialize};

pub use arriving::Arriving;

use crate::entry::Entry;
use crate::list::{self, Limits};
use crate::store::{StoreError, now};

/// Lists that are kept at a time.
const MOST: usize = 50;
/// Bytes of a name.
const LONGEST: usize = 255;

/// What is known of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Never given twice.
    pub id: i64,
    /// As it was called where it came from.
    pub name: String,
    /// Whether what it lists is something that one has.
    pub main: bool,
    /// Entries in it, channels and all.
    pub entries: u64,
    /// As it came.
    pub bytes: u64,
    /// Of the file as it came, as hexadecimal.
    pub sha256: String,
    /// Unix time, in seconds.
    pub created: i64,
    /// Who has uploaded it.
    pub user: String,
}

/// All that are kept.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    /// Whoever changes what there is does so alone.
    turn: Mutex<()>,
}

impl Shelf {
    /// The lists of a data folder.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.downloads().join("lists"), turn: Mutex::new(()) }
    }

    /// All, the oldest first.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn all(&self) -> Result<Vec<Kept>, StoreError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(self.disk())?,
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(self.disk())?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            // One that was removed meanwhile, or that somebody has put there, is no list.
            let read = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
            all.extend(read);
        }
        all.sort_by_key(|kept| kept.id);
        Ok(all)
    }

    /// The one of this id.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn find(&self, id: i64) -> Result<Option<Kept>, StoreError> {
        Ok(self.all()?.into_iter().find(|kept| kept.id == id))
    }

    /// Somewhere to collect one that arrives; it is gone when that is dropped.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn draft(&self) -> Result<tempfile::NamedTempFile, StoreError> {
        self.make()?;
        tempfile::Builder::new().prefix(".arriving-").tempfile_in(&self.folder).map_err(self.disk())
    }

    /// Keeps one that has arrived whole and was looked at.
    ///
    /// # Errors
    /// There are too many, or the disk refuses.
    pub fn keep(&self, draft: tempfile::NamedTempFile, mut about: Kept) -> Result<Kept, StoreError> {
        let _turn = self.turn.lock().expect("nobody panics while holding this lock");
        let all = self.all()?;
        if all.len() >= MOST {
            return Err(StoreError::Refused(format!("{MOST} lists are kept at most; remove one first")));
        }
        about.id = all.iter().map(|kept| kept.id + 1).max().unwrap_or(0).max(now());
        about.created = now();
        draft.as_file().sync_all().map_err(self.disk())?;
        draft.persist(self.list(about.id)).map_err(|error| self.disk()(error.error))?;
        self.write(&about)?;
        sync_folder(&self.folder).map_err(self.disk())?;
        Ok(about)
    }

    /// Says whether what a list has is something that one has; `None` if there is no such list.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn set_main(&self, id: i64, main: bool) -> Result<Option<Kept>, StoreError> {
        let _turn = self.turn.lock().expect("nobody panics while holding this lock");
        let Some(mut kept) = self.find(id)? else { return Ok(None) };
        kept.main = main;
        self.write(&kept)?;
        Ok(Some(kept))
    }

    /// Removes one; `false` if there is none.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(&self, id: i64) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().expect("nobody panics while holding this lock");
        if self.find(id)?.is_none() {
            return Ok(false);
        }
        fs::remove_file(self.about(id)).map_err(self.disk())?;
        fs::remove_file(self.list(id)).map_err(self.disk())?;
        Ok(true)
    }

    /// What one lists, in its order.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn entries(&self, kept: &Kept) -> Result<Vec<Entry>, StoreError> {
        let file = File::open(self.list(kept.id)).map_err(self.disk())?;
        let mut entries = Vec::with_capacity(usize::try_from(kept.entries).unwrap_or(0));
        let read = list::read(file, Limits::default(), |entry| entries.push(entry));
        read.map_err(|refusal| StoreError::Refused(format!("{}: {refusal}", kept.name)))?;
        Ok(entries)
    }

    fn write(&self, kept: &Kept) -> Result<(), StoreError> {
        let text = serde_json::to_vec_pretty(kept).expect("plain fields become JSON");
        replace(&self.about(kept.id), &text, Access::Owner).map_err(self.disk())
    }

    fn list(&self, id: i64) -> PathBuf {
        self.folder.join(format!("{id}.m3u"))
    }

    fn about(&self, id: i64) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn make(&self) -> Result<(), StoreError> {
        let made = DirBuilder::new().mode(0o700).recursive(true).create(&self.folder);
        made.map_err(self.disk())
    }

    fn disk(&self) -> impl Fn(io::Error) -> StoreError {
        let path = self.folder.clone();
        move |error| StoreError::Disk { path: path.clone(), error }
    }
}

/// What a list is called that came under this name: the last part of it, if it is the name of a list.
///
/// # Errors
/// Why it is none.
pub fn name(given: &str) -> Result<String, list::Refusal> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or("");
    if name.len() > LONGEST || name.chars().any(char::is_control) {
        return Err(list::Refusal {
            line: 0,
            why: format!("its name is longer than {LONGEST} bytes, or no text"),
        });
    }
    list::named(name).map(|()| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn kept(name: &str) -> Kept {
        let (sha256, user) = (String::new(), "ann".to_owned());
        Kept { id: 0, name: name.into(), main: false, entries: 1, bytes: 1, sha256, created: 0, user }
    }

    #[test]
    fn lists_are_kept_found_marked_and_removed_and_there_are_not_too_many() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(&Data::new(folder.path()));
        assert_eq!((shelf.all().unwrap(), shelf.find(7).unwrap()), (vec![], None));
        let keep = |name: &str| {
            let mut draft = shelf.draft().unwrap();
            draft.write_all(b"#EXTM3U\n#EXTINF:-1,Film (2020)\nhttp://h.example/movie/u/p/7.mkv\n").unwrap();
            shelf.keep(draft, kept(name))
        };
        let all: Vec<Kept> = (0..MOST).map(|n| keep(&format!("{n}.m3u")).unwrap()).collect();
        assert!(all.is_sorted_by(|a, b| a.id < b.id) && shelf.all().unwrap() == all);
        assert!(matches!(keep("more.m3u"), Err(StoreError::Refused(_))));
        assert_eq!(shelf.entries(&all[0]).unwrap()[0].title.as_ref(), "Film");
        assert!(
            shelf.set_main(all[1].id, true).unwrap().unwrap().main
                && shelf.find(all[1].id).unwrap().unwrap().main
        );
        assert!(shelf.remove(all[0].id).unwrap() && !shelf.remove(all[0].id).unwrap());
        let files = fs::read_dir(&shelf.folder).unwrap().map(|entry| entry.unwrap());
        for file in files {
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{file:?}");
        }
    }

    #[test]
    fn no_name_of_a_list_is_a_path() {
        assert_eq!(name("../../etc/films.m3u").unwrap(), "films.m3u");
        assert_eq!(name("C:\\lists\\films.m3u8.gz").unwrap(), "films.m3u8.gz");
        for wrong in ["films.exe", "../..", "", "a\nb.m3u", &format!("{}.m3u", "x".repeat(300))] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }
}
