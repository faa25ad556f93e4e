//! Wishes: a server asks ingest for a missing detail by dropping an empty file, `wanted/series-77` or
//! `wanted/movie-9001`. Ingest looks five times a second, since file events are not trusted on shared disks, and takes
//! the file away when the wish is fulfilled or never will be.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::details::Subject;
use crate::disk::Data;

/// The most wishes at a time; one more is not taken.
pub const MOST: usize = 1000;
/// Ingest looks this often.
pub const EVERY: Duration = Duration::from_millis(200);
/// A wish that lies for longer says that nobody fulfils wishes at present.
const UNHEARD: Duration = Duration::from_secs(10);

/// The wishes in a data folder.
#[derive(Clone, Debug)]
pub struct Wanted {
    folder: PathBuf,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is worth waiting for.
    Soon,
    /// It is there, but nobody has looked at wishes for a while: ingest does not run, or has no requests left.
    Some,
    /// There are too many others.
    Full,
}

impl Wanted {
    /// Those in `data`.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.wanted() }
    }

    /// Wishes for the detail of `subject`. To wish again changes nothing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn ask(&self, subject: Subject) -> io::Result<Wish> {
        let wishes = self.list()?;
        let heard = wishes.first().is_none_or(|(_, age)| *age < UNHEARD);
        let there = wishes.iter().any(|(wished, _)| *wished == subject);
        if !there && wishes.len() >= MOST {
            return Ok(Wish::Full);
        }
        if !there {
            fs::create_dir_all(&self.folder)?;
            match File::create_new(self.folder.join(name(subject))) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        Ok(if heard { Wish::Soon } else { Wish::Some })
    }

    /// All wishes with their age, oldest first.
    ///
    /// # Errors
    /// The disk refuses. A folder that does not exist holds none.
    pub fn list(&self) -> io::Result<Vec<(Subject, Duration)>> {
        let folder = match fs::read_dir(&self.folder) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut wishes = Vec::new();
        for entry in folder.take(2 * MOST) {
            let entry = entry?;
            let Some(subject) = entry.file_name().to_str().and_then(subject) else { continue };
            // One that goes meanwhile is none; a clock that was set back makes it new.
            let Ok(modified) = entry.metadata().and_then(|it| it.modified()) else { continue };
            wishes.push((subject, modified.elapsed().unwrap_or_default()));
        }
        wishes.sort_unstable_by_key(|(subject, age)| (std::cmp::Reverse(*age), *subject));
        Ok(wishes)
    }

    /// Takes a wish away.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn done(&self, subject: Subject) -> io::Result<()> {
        match fs::remove_file(self.folder.join(name(subject))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

fn name(subject: Subject) -> String {
    match subject {
        Subject::Movie(id) => format!("movie-{id}"),
        Subject::Series(id) => format!("series-{id}"),
    }
}

fn subject(name: &str) -> Option<Subject> {
    let (kind, id) = name.split_once('-')?;
    let found = match kind {
        "movie" => Subject::Movie(id.parse().ok()?),
        "series" => Subject::Series(id.parse().ok()?),
        _ => return None,
    };
    (self::name(found) == name).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_there_once_until_it_is_done() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let wanted = Wanted::new(&data);
        assert!(wanted.list().unwrap().is_empty());
        for subject in [Subject::Series(77), Subject::Movie(9001), Subject::Series(77)] {
            assert_eq!(wanted.ask(subject).unwrap(), Wish::Soon);
        }
        for odd in ["series-077", "channel-1", "series--1", "series-", ".x"] {
            File::create(data.wanted().join(odd)).unwrap();
        }
        let listed: Vec<Subject> = wanted.list().unwrap().into_iter().map(|(subject, _)| subject).collect();
        assert_eq!(listed.len(), 2);
        assert!(listed.contains(&Subject::Series(77)) && listed.contains(&Subject::Movie(9001)));
        wanted.done(Subject::Series(77)).unwrap();
        wanted.done(Subject::Series(77)).unwrap();
        assert_eq!(wanted.list().unwrap().len(), 1);
    }

    #[test]
    fn too_many_wishes_are_not_taken_and_old_ones_say_that_nobody_listens() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = Wanted::new(&Data::new(folder.path()));
        for id in 0..MOST as u32 {
            fs::create_dir_all(&wanted.folder).unwrap();
            File::create(wanted.folder.join(name(Subject::Movie(id)))).unwrap();
        }
        assert_eq!(wanted.ask(Subject::Series(1)).unwrap(), Wish::Full);
        assert_eq!(wanted.ask(Subject::Movie(1)).unwrap(), Wish::Soon, "it is there already");
        let old = std::time::SystemTime::now() - 2 * UNHEARD;
        let file = File::options().write(true).open(wanted.folder.join("movie-7")).unwrap();
        file.set_modified(old).unwrap();
        assert_eq!(wanted.ask(Subject::Movie(1)).unwrap(), Wish::Some);
        assert_eq!(wanted.list().unwrap()[0].0, Subject::Movie(7), "oldest first");
    }
}
