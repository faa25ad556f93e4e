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
use tracing::debug;

use super::Work;
use super::deliver::numbered;
use crate::Settings;
use crate::engine::{Known as Before, Order, Reach};
use crate::job::{Job, Wish};
use crate::line_up::{Known, LineUp};
use crate::store::{Action, Level, StoreError, now};
use crate::target::{Delivery, Record, Target, Trouble};
use crate::tmdb::{Candidate, Subject};

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// The same for a picture.
const PICTURE: Duration = Duration::from_secs(20);
/// The size of a poster, as themoviedb.org calls it.
const SIZE: &str = "w780";
/// The largest picture that is taken, in bytes.
const LARGEST: usize = 10 << 20;

/// Writes what belongs beside what `job` has delivered. Whether that is done, or cannot be: `false` if something is left of it
/// there that nobody could remove, so that it is worth another try.
pub(super) async fn put(work: &Work, job: &Job, record: &Record) -> Result<bool, StoreError> {
    let place = job.final_path.as_deref().filter(|_| job.wish.airing.is_none());
    let Some(place) = place else { return Ok(true) };
    let has_documents = work.settings.nfo && record.style != Style::Plex;
    if !has_documents && !work.settings.posters {
        return Ok(true);
    }
    let writing = async {
        let wish = numbered(work, &job.wish).await;
        // Without a line-up there is still the name.
        let line_up = LineUp::published(&work.data).ok().flatten();
        let known = line_up.map_or(Known::Nothing, |line_up| line_up.known(&wish));
        let told = told(work, &wish).await;
        let beside = Beside { work, job: job.id, target: Target::open(record)? };
        if has_documents {
            for (place, text) in documents(&wish, &known, &told.imdb, place) {
                beside.put(&place, text.as_bytes()).await?;
            }
        }
        let mut put = Ok::<_, Stop>(());
        for (address, reach) in pictures(&known, &told, &work.settings) {
            put = beside.poster(folder(place), address, reach).await;
            if matches!(put, Ok(()) | Err(Stop::Left)) {
                break;
            }
        }
        put
    };
    let why = match tokio::time::timeout(PATIENCE, writing).await {
        Ok(Ok(())) => return Ok(true),
        Ok(Err(Stop::Clean(why))) => why,
        Ok(Err(Stop::Left)) | Err(_) => {
            debug!(job = job.id, "what belongs beside it could not be put there; it is tried again");
            return Ok(false);
        }
    };
    let details = format!("it is there without its documents or its poster: {why}");
    work.store.note(job.id, Level::Warning, Action::Beside, &details, now())?;
    Ok(true)
}

/// Why it is not there.
enum Stop {
    /// For what reason; nothing is left of it.
    Clean(Trouble),
    /// Whatever the reason was, something may lie there.
    Left,
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Clean(trouble)
    }
}

/// A target to which small files are written.
struct Beside<'a> {
    work: &'a Work,
    job: i64,
    target: Target,
}

impl Beside<'_> {
    /// Writes a file, unless something is there.
    async fn put(&self, place: &str, bytes: &[u8]) -> Result<(), Stop> {
        if self.target.stat(place).await?.is_some() {
            return Ok(());
        }
        let draft = Draft::new(self.work.temp.join(format!(".{}.beside", self.job)), bytes);
        let draft = draft.map_err(|error| Trouble::Failed(format!("here: {}", error.kind())))?;
        let (file, length, place) = (draft.0.clone(), bytes.len() as u64, place.to_owned());
        let delivery = Delivery { file, length, place, job: self.job, paces: Vec::new() };
        let writing = async {
            self.target.write_from(&delivery, 0, &mut |_| true).await?;
            self.target.verify(&delivery, &delivery.temporary()).await?;
            self.target.commit(&delivery).await
        };
        let Err(trouble) = writing.await else { return Ok(()) };
        self.target.remove(&delivery.temporary()).await.map_err(|_| Stop::Left)?;
        // Another episode of the series was quicker, perhaps.
        if self.target.stat(&delivery.place).await?.is_some() { Ok(()) } else { Err(trouble.into()) }
    }

    /// Fetches the picture at `address`, and puts it into `folder`, unless there is one.
    async fn poster(&self, folder: &str, url: String, reach: Reach) -> Result<(), Stop> {
        for ending in ["jpg", "png"] {
            if self.target.stat(&format!("{folder}/poster.{ending}")).await?.is_some() {
                return Ok(());
            }
        }
        let order = Order {
            url,
            headers: Vec::new(),
            reach,
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
            _ => return Err(Trouble::Failed("the picture is neither JPEG nor PNG".into()).into()),
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

/// What themoviedb.org tells of it by its number, if it has one and that is known soon.
async fn told(work: &Work, wish: &Wish) -> Candidate {
    let Ok(id) = wish.tmdb.parse() else { return Candidate::default() };
    let subject = if wish.episode.is_some() { Subject::Series } else { Subject::Film };
    let asking = work.tmdb.known(&work.store, subject, id);
    match tokio::time::timeout(PICTURE, asking).await {
        Ok(Ok(known)) => known.unwrap_or_default(),
        _ => Candidate::default(),
    }
}

/// Where there are pictures, and where that may lead: as the line-up says, and where that comes to nothing (initials are SVG) as
/// themoviedb.org does. None where none is wanted.
fn pictures(known: &Known, told: &Candidate, settings: &Settings) -> Vec<(String, Reach)> {
    if !settings.posters {
        return Vec::new();
    }
    // SECURITY: whoever lists a film says where its picture is.
    let reach = if settings.private_addresses { Reach::Anywhere } else { Reach::Internet };
    let listed = Some(known.picture()).filter(|it| !it.is_empty()).map(|it| (it.to_owned(), reach));
    let base = settings.tmdb.images.as_str();
    let other = Some(&told.poster).filter(|it| !it.is_empty());
    let other = other.map(|poster| (format!("{base}/{SIZE}{poster}"), Reach::Anywhere));
    listed.into_iter().chain(other).collect()
}

/// The folder of a film or of a series: with `Movies` or `Shows` two parts of the place.
fn folder(place: &str) -> &str {
    place.match_indices('/').nth(1).map_or(place, |(end, _)| &place[..end])
}

/// Documents of what lies at `place`, and where they lie.
fn documents(wish: &Wish, known: &Known, imdb: &str, place: &str) -> Vec<(String, String)> {
    let title = Title {
        name: wish.title.clone(),
        year: wish.year.clone(),
        tmdb: wish.tmdb.clone(),
        tags: Vec::new(),
    };
    let own = format!("{}.nfo", place.rsplit_once('.').map_or(place, |(stem, _)| stem));
    let show = format!("{}/tvshow.nfo", folder(place));
    match known {
        Known::Film(of) => vec![(own, nfo::film(&title, imdb, &of.0, &of.1))],
        Known::Series(of) => {
            let episode = match &of.1 {
                Some(episode) => nfo::episode(&title, &wish.ep_title, episode),
                None => nfo::numbered(&title, &wish.ep_title, (wish.season, wish.episode.unwrap_or(0))),
            };
            vec![(show, nfo::series(&title, imdb, &of.0)), (own, episode)]
        }
        Known::Nothing if wish.kind == Kind::Episode => {
            let at = (wish.season, wish.episode.unwrap_or(0));
            vec![(show, nfo::named("tvshow", &title, imdb)), (own, nfo::numbered(&title, &wish.ep_title, at))]
        }
        Known::Nothing => vec![(own, nfo::named("movie", &title, imdb))],
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
        let [(show, about), (own, of)] = &documents(&wish, &Known::Nothing, "tt77", place)[..] else {
            panic!()
        };
        assert_eq!(show, "Shows/Show (2019)/tvshow.nfo");
        assert!(about.contains("<tvshow>") && about.contains("<tmdbid>77</tmdbid>"), "{about}");
        assert!(about.contains("<uniqueid type=\"imdb\">tt77</uniqueid>"), "{about}");
        assert_eq!(own, "Shows/Show (2019)/Season 01/Show (2019) - S01E02.nfo");
        assert!(of.contains("<season>1</season>") && of.contains("<episode>2</episode>"), "{of}");
        let [(own, about)] = &documents(&film(7), &Known::Nothing, "", "Movies/A/A - 1.5.mkv")[..] else {
            panic!()
        };
        assert_eq!(own, "Movies/A/A - 1.5.nfo");
        assert!(about.contains("<title>Film 7</title>"), "{about}");
    }

    #[test]
    fn a_poster_is_had_where_the_line_up_says_and_else_from_the_database() {
        let told = Candidate { poster: "/603.jpg".into(), ..Candidate::default() };
        let settings = Settings { posters: true, ..Settings::default() };
        let found = pictures(&Known::Nothing, &told, &settings);
        let expected = "https://image.tmdb.org/t/p/w780/603.jpg".to_owned();
        assert_eq!(found, vec![(expected, Reach::Anywhere)]);
        assert!(pictures(&Known::Nothing, &Candidate::default(), &settings).is_empty());
    }
}
