//! Film and series details: what `get_vod_info` and `get_series_info` answer beyond the list entry, filled slowly by
//! ingest.
//!
//! ```text
//! details/movie/9001.json    what is known of a film
//! details/series/77.json     what is known of a series: seasons and episodes, with our ids
//! details/episodes/12.json   how the episodes of ids 3072 to 3327 are received, until a release says so
//! ```
//!
//! A detail is one [`Stored`]: the answer as clients get it, and beside it what ingest needs to know of it. The list
//! entry is not repeated: a server takes it from the release, so that both always say the same. What is not there is
//! answered from the lists alone, and asked for through [`crate::wanted`].
//!
//! Details are replaced whole by one rename, but not forced onto the disk: what a power cut garbles counts as missing
//! and is fetched again.

mod episodes;
mod forget;
mod movie;
mod series;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
pub use episodes::{Episodes, Late};
pub use movie::{MovieData, MovieFacts, MovieInfo};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
pub use series::{Episode, EpisodeFact, EpisodeInfo, Season, SeriesFacts};

use crate::disk::{self, Data};

/// For so long, in seconds, a provider that knows nothing of something is not asked again because somebody wishes.
pub const NOTHING_FOR: u64 = 86_400;

/// The details in a data folder.
#[derive(Clone, Debug)]
pub struct Details {
    folder: PathBuf,
}

/// What a detail belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// A film, by its stream id.
    Movie(u32),
    /// A series, by its series id.
    Series(u32),
}

/// A detail on disk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<T> {
    /// When it was fetched, and from whom.
    #[serde(default)]
    pub head: Head,
    /// Of a series: the episodes in order, as ingest needs them for releases.
    #[serde(default)]
    pub episodes: Vec<EpisodeFact>,
    /// What a client gets; `None` if the provider knows nothing of it.
    pub answer: Option<T>,
}

/// When a detail was fetched, and from whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Head {
    /// The name of the source that was asked.
    pub source: String,
    /// What it calls the film or the series, which another run may call otherwise; empty if that was not written down.
    pub provider_id: String,
    /// Unix time, in seconds; 0 for what was not asked for, because the source lists it by itself.
    pub fetched: u64,
    /// `last_modified` of the list entry (of a film, `added`) at that time.
    pub last_modified: u64,
    /// The provider changes `last_modified` without changing anything else, so it counts for nothing.
    pub restless: bool,
}

/// A detail as a server needs it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When it was fetched.
    pub head: Head,
    /// JSON: [`MovieFacts`] or [`SeriesFacts`]; `None` if the provider knows nothing of it.
    pub answer: Option<Bytes>,
}

impl Details {
    /// Those in `data`.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.details() }
    }

    /// What a server needs of `subject`; `None` if it is not there or cannot be read.
    pub fn kept(&self, subject: Subject) -> Option<Kept> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(default)]
            head: Head,
            #[serde(borrow)]
            answer: Option<&'a RawValue>,
        }
        let text = Bytes::from(fs::read(self.path(subject)).ok()?);
        let raw: Raw<'_> = serde_json::from_slice(&text).ok()?;
        let answer = raw.answer.map(|answer| text.slice_ref(answer.get().as_bytes()));
        Some(Kept { head: raw.head, answer })
    }

    /// Everything on disk about `subject`; `None` if it is not there or cannot be read.
    pub fn stored<T: for<'de> Deserialize<'de>>(&self, subject: Subject) -> Option<Stored<T>> {
        serde_json::from_slice(&fs::read(self.path(subject)).ok()?).ok()
    }

    /// Keeps `stored`, in place of what was there. A file that says the same already is left alone.
    ///
    /// # Errors
    /// The disk refuses; what was there stays.
    pub fn put<T: Serialize>(&self, subject: Subject, stored: &Stored<T>) -> io::Result<()> {
        put(&self.path(subject), &serde_json::to_vec(stored)?)
    }

    /// Moves the detail of `subject` to `other`, on the same disk.
    ///
    /// # Errors
    /// The disk refuses, or it is not there.
    pub fn hand_over(&self, subject: Subject, other: &Self) -> io::Result<()> {
        let to = other.path(subject);
        fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
        fs::rename(self.path(subject), to)
    }

    fn path(&self, subject: Subject) -> PathBuf {
        match subject {
            Subject::Movie(id) => self.folder.join(format!("movie/{id}.json")),
            Subject::Series(id) => self.folder.join(format!("series/{id}.json")),
        }
    }
}

/// Replaces a file by one rename. Nothing is forced onto the disk: there may be ten thousand of them in a second, and
/// what a power cut takes is fetched again.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    disk::put(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_given_as_it_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        let details = Details::new(&Data::new(folder.path()));
        assert!(details.kept(Subject::Movie(1)).is_none());
        let head = Head { last_modified: 7, ..Head::default() };
        let stored = Stored { head: head.clone(), episodes: Vec::new(), answer: Some(vec![1, 2]) };
        details.put(Subject::Movie(1), &stored).unwrap();
        assert_eq!(details.kept(Subject::Movie(1)).unwrap().answer.unwrap(), "[1,2]");
        assert_eq!(details.stored::<Vec<u32>>(Subject::Movie(1)).unwrap(), stored);
        assert!(details.kept(Subject::Series(1)).is_none());
        details
            .put(Subject::Movie(1), &Stored::<()> { head: head.clone(), episodes: Vec::new(), answer: None })
            .unwrap();
        let nothing = details.kept(Subject::Movie(1)).unwrap();
        assert_eq!((nothing.head, nothing.answer), (head, None));
    }

    #[test]
    fn half_a_file_is_none_and_one_of_another_layout_is_of_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let details = Details::new(&Data::new(folder.path()));
        for (text, source) in
            [("", None), ("{\"answer\":[1", None), (r#"{"last_modified":1,"answer":[1]}"#, Some(""))]
        {
            put(&details.path(Subject::Movie(1)), text.as_bytes()).unwrap();
            assert_eq!(details.kept(Subject::Movie(1)).map(|it| it.head.source).as_deref(), source, "{text}");
        }
    }
}
