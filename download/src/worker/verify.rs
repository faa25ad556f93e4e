//! Verifying: whether what came is a film, how good it really is, and by which sum it is known.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use contract::bundle::Kind;
use contract::details::{Details, MovieFacts, SeriesFacts, Subject};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::Attempt;
use crate::engine::{Rest, is_transport_stream};
use crate::job::{Cause, State, Step, Wait};
use crate::quality::Quality;
use crate::store::{Action, Arrived, Level, StoreError, now};
use crate::walk::{Container, Defect, Walked, ffprobe, walk};

/// How long it is waited after a disk has refused to be read.
const DISK: Rest = Rest::Said(Duration::from_secs(60));
/// Lists count the credits in, or a second more or less: this part of the whole,
const ALIKE: f64 = 0.02;
/// and in any case so many seconds, since they say whole ones, rounded as it comes.
const ROUNDED: f64 = 2.0;
/// So much is read at a time.
const PIECE: usize = 1 << 20;

/// What was found out about a file.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    /// The class of its picture, in lines.
    lines: Option<u16>,
    /// How long it plays.
    duration: Option<Duration>,
}

impl Attempt<'_> {
    /// All bytes are here: whether they are a film.
    pub(super) async fn verify(&self, part: &Path, total: u64, seconds: u64) -> Result<(), StoreError> {
        let (store, id) = (&self.work.store, self.job.id);
        if !store.step(id, State::Downloading, Step::Verify, now())? {
            return Ok(());
        }
        let walked = match walked(part) {
            Ok(walked) => walked,
            Err(why) => {
                // Whoever tries again begins anew: what is here would be found to be whole.
                if store.fail(id, State::Downloading, Cause::Content, &why.to_string(), now())? {
                    let _ = fs::remove_file(part);
                    store.nothing_here(id, now())?;
                }
                return Ok(());
            }
        };
        self.measured(part, total, Some(walked), seconds).await
    }

    /// All bytes are here, and are what they should be: what is known of them is kept, and what is odd about that is told.
    pub(super) async fn measured(
        &self,
        part: &Path,
        total: u64,
        walked: Option<Walked>,
        seconds: u64,
    ) -> Result<(), StoreError> {
        let probed = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(()),
            probed = ffprobe(part) => probed.unwrap_or_default(),
        };
        let picture = probed.picture.or(walked.and_then(|walked| walked.picture));
        let measured = Measured {
            lines: picture.and_then(|(width, height)| Quality::of_pixels(width, height)),
            duration: probed.duration.or(walked.and_then(|walked| walked.duration)),
        };
        let sha256 = match sum(part, self.stop) {
            Ok(Some(sum)) => sum,
            Ok(None) => return Ok(()), // nobody waits for it any more
            Err(error) => {
                let why = format!("what is here cannot be read: {}", error.kind());
                return self.put_off((Wait::Disk, DISK, true), why, seconds);
            }
        };
        let (store, id) = (&self.work.store, self.job.id);
        for doubt in self.doubts(measured)? {
            store.note(id, Level::Warning, Action::Measured, &doubt, now())?;
        }
        let measured_h = measured.lines.map(u32::from);
        let ext =
            walked.map(|walked| walked.container).filter(|it| is_called_otherwise(*it, self.job.asks_for()));
        let ext = ext.map(|container| container.extension().to_owned());
        let arrived = Arrived { total, sha256: Some(sha256), measured_h, ext };
        store.arrived(&self.job, &arrived, seconds, now()).map(drop)
    }

    /// What of it is not as it was said, or wanted. It is delivered all the same: nobody else has seen it yet.
    fn doubts(&self, measured: Measured) -> Result<Vec<String>, StoreError> {
        let (wish, mut doubts) = (&self.job.wish, Vec::new());
        if let Some(lines) = measured.lines.map(u32::from) {
            if let Some(said) = wish.quality.filter(|said| *said != lines) {
                doubts.push(format!("the list says {said}p, and it is {lines}p"));
            }
            let target = self.work.store.target(wish.target)?;
            let unfit = target.filter(|it| {
                it.min_q.is_some_and(|least| lines < least) || it.max_q.is_some_and(|most| lines > most)
            });
            doubts.extend(unfit.map(|it| format!("it is {lines}p, which is not what {} is for", it.name)));
        }
        let plays = measured.duration.map(|time| time.as_secs_f64());
        if let (Some(plays), Some(said)) = (plays, self.duration().map(f64::from))
            && differ(said, plays)
        {
            doubts.push(format!("the list says that it plays {said:.0} s, and it plays {plays:.0} s"));
        }
        Ok(doubts)
    }

    /// How long it plays, in seconds, as the panel says it, if it does.
    fn duration(&self) -> Option<u32> {
        let wish = &self.job.wish;
        let details = Details::new(&self.work.data);
        let answer = |subject| details.kept(subject)?.answer;
        let seconds = match wish.kind {
            Kind::Live => return None,
            Kind::Movie => {
                let answer = answer(Subject::Movie(wish.stream_id))?;
                serde_json::from_slice::<MovieFacts>(&answer).ok()?.duration_secs
            }
            Kind::Episode => {
                let answer = answer(Subject::Series(wish.series))?;
                let facts: SeriesFacts = serde_json::from_slice(&answer).ok()?;
                let mut episodes = facts.episodes.values().flatten();
                episodes.find(|it| it.id.0 == u64::from(wish.stream_id))?.info.duration_secs
            }
        };
        (seconds > 0).then_some(seconds)
    }
}

/// Whether what is in this container must not be called by `ext`: the address of a page says nothing of what comes of it, and
/// where a film is HLS, a transport stream was made of it whatever its list calls it.
fn is_called_otherwise(container: Container, ext: &str) -> bool {
    !m3u::is_video(ext) || container == Container::Ts && !is_transport_stream(ext)
}

/// Whether a film that plays for so many seconds is not of the length that it was said to be of.
fn differ(said: f64, plays: f64) -> bool {
    (plays - said).abs() > (said * ALIKE).max(ROUNDED)
}

/// A walk over the file at `path`.
pub(super) fn walked(path: &Path) -> Result<Walked, Defect> {
    walk(&mut File::open(path)?)
}

/// The SHA-256 of the file at `path`, as hexadecimal; `None` if somebody has stopped it.
fn sum(path: &Path, stop: &CancellationToken) -> io::Result<Option<String>> {
    let (mut file, mut digest, mut piece) = (File::open(path)?, Sha256::new(), vec![0; PIECE]);
    loop {
        if stop.is_cancelled() {
            return Ok(None);
        }
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => digest.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_another_one_by_two_of_a_hundred_and_by_two_seconds_at_least() {
        for (said, plays, is_another) in [
            (8.0, 8.4, false),
            (8.0, 7.5, false),
            (8.0, 10.1, true),
            (8.0, 5.9, true),
            (60.0, 61.9, false),
            (6000.0, 6119.0, false),
            (6000.0, 6121.0, true),
            (6000.0, 3000.0, true),
        ] {
            assert_eq!(differ(said, plays), is_another, "{said} and {plays}");
        }
    }
}
