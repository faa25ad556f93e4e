//! Details of what is not listed any more: kept for a while, since lists are incomplete at times, and then removed, so
//! that the folder does not grow with everything that a provider ever had.

use std::fs;
use std::io;
use std::time::Duration;

use super::{Details, Subject};

impl Details {
    /// Removes what is known of everything that is not `listed` and was not written for `age`. Answers how much that was.
    /// Ids are in the ledger and how episodes are received lies in blocks: both stay.
    ///
    /// # Errors
    /// The disk refuses; some may be gone.
    pub fn forget(&self, listed: &dyn Fn(Subject) -> bool, age: Duration) -> io::Result<u64> {
        let movies = self.forget_of("movie", Subject::Movie, listed, age)?;
        Ok(movies + self.forget_of("series", Subject::Series, listed, age)?)
    }

    /// The same for one kind, which lies in `folder`.
    fn forget_of(
        &self,
        folder: &str,
        subject: fn(u32) -> Subject,
        listed: &dyn Fn(Subject) -> bool,
        age: Duration,
    ) -> io::Result<u64> {
        let mut gone = 0;
        let all = match fs::read_dir(self.folder.join(folder)) {
            Ok(all) => all,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error),
        };
        for entry in all {
            let entry = entry?;
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".json")?.parse().ok());
            let Some(id) = id.filter(|id| !listed(subject(*id))) else { continue };
            // A clock that was set back makes it new.
            if entry.metadata()?.modified()?.elapsed().is_ok_and(|since| since >= age) {
                fs::remove_file(self.path(subject(id)))?;
                gone += 1;
            }
        }
        Ok(gone)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::SystemTime;

    use super::super::{Head, Stored};
    use super::*;
    use crate::disk::Data;

    #[test]
    fn only_what_is_neither_listed_nor_young_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let details = Details::new(&Data::new(folder.path()));
        let day = Duration::from_secs(86_400);
        assert_eq!(details.forget(&|_| false, day).unwrap(), 0, "there is no folder yet");
        let stored = Stored::<u32> { head: Head::default(), episodes: Vec::new(), answer: None };
        for (subject, days) in
            [(Subject::Movie(1), 3), (Subject::Movie(2), 3), (Subject::Movie(3), 1), (Subject::Series(1), 3)]
        {
            details.put(subject, &stored).unwrap();
            let file = File::options().write(true).open(details.path(subject)).unwrap();
            file.set_modified(SystemTime::now() - days * day).unwrap();
        }
        let listed = |subject: Subject| subject == Subject::Movie(1);
        assert_eq!(details.forget(&listed, 2 * day).unwrap(), 2);
        let there = |subject| details.kept(subject).is_some();
        assert!(there(Subject::Movie(1)) && there(Subject::Movie(3)));
        assert!(!there(Subject::Movie(2)) && !there(Subject::Series(1)));
    }
}
