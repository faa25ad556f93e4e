//! What lies beside a film that was delivered: a document of what is known of it, and its poster, for media servers.
//!
//! ```text
//! Movies/Film (2020)/Film (2020).mkv        Film (2020).nfo                 poster.jpg
//! Shows/Show (2019)/Season 01/Show (2019) - S01E02.mkv      .nfo
//!                   tvshow.nfo                                              poster.jpg
//! ```
//!
//! It is written when the film is there. What is there already is somebody's, and stays; and a film without any of it is a film
//! all the same, so that whatever goes wrong here is told, and nothing more.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use contract::bundle::Kind;
use contract::library::{Style, Title, nfo};

use super::Work;
use super::deliver::numbered;
use crate::engine::{Known as Before, Order, Reach};
use crate::job::{Job, Wish};
use crate::line_up::{Known, LineUp};
use crate::store::{Action, Level, StoreError, now};
use crate::target::{Delivery, Record, Target, Trouble};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same for a picture.
const PICTURE: Duration = Duration::from_secs(20);
/// The largest picture that is taken, in bytes.
const LARGEST: usize = 10 << 20;

/// Writes what belongs beside what `job` has delivered.
pub(super) async fn put(work: &Work, job: &Job, record: &Record) -> Result<(), StoreError> {
    let Some(place) = job.final_path.as_deref().filter(|_| job.wish.airing.is_none()) else { return Ok(()) };
    let has_documents = work.settings.nfo && record.style != Style::Plex;
    if !has_documents && !work.settings.posters {
        return Ok(());
    }
    let writing = async {
        let wish = numbered(work, &job.wish).await;
        // Without a line-up there is still the name.
        let line_up = LineUp::published(&work.data).ok().flatten();
        let known = line_up.map_or(Known::Nothing, |line_up| line_up.known(&wish));
        let beside = Beside { work, job: job.id, target: Target::open(record)? };
        if has_documents {
            for (place, text) in documents(&wish, &known, place) {
                beside.put(&place, text.as_bytes()).await?;
            }
        }
        if work.settings.posters && !known.picture().is_empty() {
            beside.poster(folder(place), known.picture()).await?;
        }
        Ok::<_, Trouble>(())
    };
    let why = match tokio::time::timeout(PATIENCE, writing).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(trouble)) => trouble.to_string(),
        Err(_) => "it takes too long".to_owned(),
    };
    let details = format!("it is there without its documents or its poster: {why}");
    work.store.note(job.id, Level::Warning, Action::Beside, &details, now())
}

/// A target to which small files are written.
struct Beside<'a> {
    work: &'a Work,
    job: i64,
    target: Target,
}

impl Beside<'_> {
    /// Writes a file, unless something is there.
    async fn put(&self, place: &str, bytes: &[u8]) -> Result<(), Trouble> {
        if self.target.stat(place).await?.is_some() {
            return Ok(());
        }
        let draft = Draft::new(self.work.temp.join(format!(".{}.beside", self.job)), bytes);
        let draft = draft.map_err(|error| Trouble::Failed(format!("here: {}", error.kind())))?;
        let (file, length, place) = (draft.0.clone(), bytes.len() as u64, place.to_owned());
        let delivery = Delivery { file, length, place, job: self.job, paces: Vec::new() };
        self.target.write_from(&delivery, 0, &mut |_| true).await?;
        self.target.verify(&delivery, &delivery.temporary()).await?;
        match self.target.commit(&delivery).await {
            // Another episode of the series was quicker.
            Err(Trouble::Refused(_)) => self.target.remove(&delivery.temporary()).await,
            committed => committed,
        }
    }

    /// Fetches the picture at `address`, and puts it into `folder`, unless there is one.
    async fn poster(&self, folder: &str, address: &str) -> Result<(), Trouble> {
        for ending in ["jpg", "png"] {
            if self.target.stat(&format!("{folder}/poster.{ending}")).await?.is_some() {
                return Ok(());
            }
        }
        let settings = &self.work.settings;
        let order = Order {
            url: address.to_owned(),
            headers: Vec::new(),
            // SECURITY: whoever lists a film says where its picture is.
            reach: if settings.private_addresses { Reach::Anywhere } else { Reach::Internet },
            part: PathBuf::new(),
            known: Before::default(),
            paces: Vec::new(),
            patience: PICTURE,
        };
        let asked = tokio::time::timeout(PICTURE, self.work.client.small(&order, LARGEST)).await;
        let picture = asked.unwrap_or(None).ok_or_else(|| Trouble::Failed("there is no picture".into()))?;
        let ending = match &picture[..] {
            [0xFF, 0xD8, 0xFF, ..] => "jpg",
            [0x89, b'P', b'N', b'G', ..] => "png",
            _ => return Err(Trouble::Failed("the picture is neither JPEG nor PNG".into())),
        };
        self.put(&format!("{folder}/poster.{ending}"), &picture).await
    }
}

/// A file here until it is there.
struct Draft(PathBuf);

impl Draft {
    fn new(path: PathBuf, bytes: &[u8]) -> io::Result<Self> {
        let mut file = File::create(&path)?;
        let draft = Self(path);
        file.write_all(bytes)?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The folder of a film or of a series: with `Movies` or `Shows` two parts of the place.
fn folder(place: &str) -> &str {
    place.match_indices('/').nth(1).map_or(place, |(end, _)| &place[..end])
}

/// Documents of what lies at `place`, and where they lie.
fn documents(wish: &Wish, known: &Known, place: &str) -> Vec<(String, String)> {
    let title = Title {
        name: wish.title.clone(),
        year: wish.year.clone(),
        tmdb: wish.tmdb.clone(),
        tags: Vec::new(),
    };
    let own = format!("{}.nfo", place.rsplit_once('.').map_or(place, |(stem, _)| stem));
    let show = format!("{}/tvshow.nfo", folder(place));
    match known {
        Known::Film(of) => vec![(own, nfo::film(&title, &of.0, &of.1))],
        Known::Series(of) => {
            let episode = match &of.1 {
                Some(episode) => nfo::episode(&title, &wish.ep_title, episode),
                None => nfo::numbered(&title, &wish.ep_title, (wish.season, wish.episode.unwrap_or(0))),
            };
            vec![(show, nfo::series(&title, &of.0)), (own, episode)]
        }
        Known::Nothing if wish.kind == Kind::Episode => {
            let at = (wish.season, wish.episode.unwrap_or(0));
            vec![(show, nfo::named("tvshow", &title)), (own, nfo::numbered(&title, &wish.ep_title, at))]
        }
        Known::Nothing => vec![(own, nfo::named("movie", &title))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::film;

    #[test]
    fn what_is_in_no_line_up_has_documents_of_its_name_alone() {
        let place = "Shows/Show (2019)/Season 01/Show (2019) - S01E02.mkv";
        let (kind, season, episode) = (Kind::Episode, Some(1), Some(2));
        let title = "Show".into();
        let wish = Wish { kind, season, episode, title, year: "2019".into(), tmdb: "77".into(), ..film(7) };
        let [(show, about), (own, of)] = &documents(&wish, &Known::Nothing, place)[..] else { panic!() };
        assert_eq!(show, "Shows/Show (2019)/tvshow.nfo");
        assert!(about.contains("<tvshow>") && about.contains("<tmdbid>77</tmdbid>"), "{about}");
        assert_eq!(own, "Shows/Show (2019)/Season 01/Show (2019) - S01E02.nfo");
        assert!(of.contains("<season>1</season>") && of.contains("<episode>2</episode>"), "{of}");
        let [(own, about)] = &documents(&film(7), &Known::Nothing, "Movies/A/A - 1.5.mkv")[..] else {
            panic!()
        };
        assert_eq!(own, "Movies/A/A - 1.5.nfo");
        assert!(about.contains("<title>Film 7</title>"), "{about}");
    }
}
