//! A channel that its provider sends as HLS (RFC 8216), made one continuous transport stream.
//!
//! ```text
//!  lists ──▶ Follower ──▶ fetch ──▶ packets ──▶ Clock ══▶ queue of ONE segment ══▶ Pace ──▶ Received
//!  └───── one task: one connection at a time, lists before segments ────┘          └ whoever asks for what comes next
//! ```
//!
//! At most one segment is fetched ahead of the one that is passed on: the task takes a place in the queue before it
//! fetches. Packagers count the packets of each segment from zero; here the counters go on over the seams, and clocks
//! are left alone. Where the channel does not continue, a [`Received::Splice`] says so.

mod engine;
mod fetch;
mod follower;
mod lines;
mod pace;
mod playlist;
mod segment;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::bundle::Upstream;
use futures_util::stream;
use mpegts::Restamper;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};
use url::Url;

pub(super) use fetch::{PACKED, PLAYLIST};
use follower::Follower;
use pace::{Clock, Pace, Piece};
use playlist::{Media, Playlist, Segment};
use segment::Opener;

use super::ace::Engine;
use super::file::Body;
use super::{Dialler, Received};
use crate::refusal::{Ace, Failure};
use crate::settings::Settings;

/// What is passed on at once at the beginning, at least.
const LEAD: Duration = Duration::from_secs(2);
/// What is no television of now is passed on as quickly as it is wanted: no past is longer.
const AT_ONCE: Duration = Duration::from_secs(24 * 3600);
/// A segment may take so many times as long as it lasts to be fetched,
const SLOWEST: u32 = 4;
/// and this long at least.
const PATIENCE: Duration = Duration::from_secs(20);

/// A channel that is coming in. Dropping it closes the connection.
pub(crate) struct Stream {
    queue: Receiver<Result<Part, Failure>>,
    task: AbortHandle,
    pace: Pace,
    pieces: VecDeque<Piece>,
    /// It must not end before its last segment has come, whatever becomes of the task.
    is_owed: bool,
}

/// A segment that was fetched.
struct Part {
    pieces: VecDeque<Piece>,
    splice: bool,
    /// Nothing comes behind it.
    last: bool,
}

/// Where lists and segments are asked for.
enum Place {
    Provider(Box<fetch::Place>),
    Engine(engine::Place),
}

/// The task.
struct Fetcher {
    place: Place,
    follower: Follower,
    restamper: Restamper,
    clock: Clock,
    /// When the list was asked for last.
    listed: Instant,
    /// Since when it cannot be had.
    unlisted: Option<Instant>,
    silence: Duration,
}

impl Stream {
    /// Asks for the list, and begins to fetch.
    ///
    /// # Errors
    /// There is no list, or what it lists cannot become a transport stream.
    pub(super) async fn open(
        dialler: &Arc<Dialler>,
        upstream: &Upstream,
        login: usize,
    ) -> Result<Self, Failure> {
        Self::follow(dialler, upstream, login, Follower::new()).await
    }

    async fn follow(
        dialler: &Arc<Dialler>,
        upstream: &Upstream,
        login: usize,
        follower: Follower,
    ) -> Result<Self, Failure> {
        let place = fetch::Place::new(dialler.clone(), upstream.clone(), login, follower.is_of_whole());
        Self::begin(Place::Provider(Box::new(place)), follower, &dialler.settings).await
    }

    /// The same for a session of Ace Stream, whose list is at `list`.
    ///
    /// # Errors
    /// As of [`Stream::open`].
    pub(super) async fn of_session(engine: &Arc<Engine>, list: &Url) -> Result<Self, Failure> {
        let place = engine::Place::new(engine.clone(), list.clone());
        Self::begin(Place::Engine(place), Follower::new(), &engine.settings).await
    }

    async fn begin(mut place: Place, mut follower: Follower, settings: &Settings) -> Result<Self, Failure> {
        let listed = Instant::now();
        follower.listed(place.list().await?)?;
        // What is not passed on at once is what bridges the time to the next segments.
        let lead = (follower.ahead() / 2).clamp(LEAD, settings.burst_most.max(LEAD));
        let is_owed = follower.is_of_whole();
        let fetcher = Fetcher {
            place,
            follower,
            restamper: Restamper::new(),
            clock: Clock::default(),
            listed,
            unlisted: None,
            silence: settings.silence,
        };
        let (sender, queue) = mpsc::channel(1);
        let task = tokio::spawn(fetcher.run(sender)).abort_handle();
        Ok(Self { queue, task, pace: Pace::new(lead), pieces: VecDeque::new(), is_owed })
    }

    /// The same for what was on the air once, from its beginning, though its list may have no end yet.
    ///
    /// # Errors
    /// As of [`Stream::open`].
    pub(super) async fn recorded(
        dialler: &Arc<Dialler>,
        upstream: &Upstream,
        login: usize,
    ) -> Result<Self, Failure> {
        let mut stream = Self::follow(dialler, upstream, login, Follower::of_past()).await?;
        stream.pace = Pace::new(AT_ONCE);
        Ok(stream)
    }

    /// The same for what somebody keeps: what ends without a failure is all that the list has.
    ///
    /// # Errors
    /// As of [`Stream::open`]; or the list has no end, or gaps.
    pub(super) async fn whole(
        dialler: &Arc<Dialler>,
        upstream: &Upstream,
        login: usize,
    ) -> Result<Self, Failure> {
        let mut stream = Self::follow(dialler, upstream, login, Follower::of_whole()).await?;
        stream.pace = Pace::new(AT_ONCE);
        Ok(stream)
    }

    /// All that comes, one after the other.
    pub(super) fn into_body(self) -> Body {
        Body::of(stream::unfold(Some(self), |television| async {
            let mut television = television?;
            loop {
                match television.next().await {
                    Ok(Some(Received::Bytes(bytes))) => return Some((Ok(bytes), Some(television))),
                    Ok(Some(Received::Splice)) => {}
                    Ok(None) => return None,
                    Err(why) => return Some((Err(why), None)),
                }
            }
        }))
    }

    /// What comes next; `None` at the end. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Received>, Failure> {
        loop {
            if let Some(piece) = self.pieces.front() {
                let due = self.pace.due(piece.at, std::time::Instant::now());
                sleep_until(due.into()).await;
                return Ok(self.pieces.pop_front().map(|piece| Received::Bytes(piece.bytes)));
            }
            match self.queue.recv().await {
                None if self.is_owed => return Err(Failure::Ended),
                None => return Ok(None),
                Some(Err(why)) => return Err(why),
                Some(Ok(part)) => {
                    self.is_owed &= !part.last;
                    self.pieces = part.pieces;
                    if part.splice {
                        return Ok(Some(Received::Splice));
                    }
                }
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Place {
    async fn list(&mut self) -> Result<Media, Failure> {
        match self {
            Self::Provider(place) => place.list().await,
            Self::Engine(place) => place.list().await,
        }
    }

    async fn segment(
        &mut self,
        segment: &Segment,
        patience: Duration,
    ) -> Result<(Vec<u8>, Option<Opener>), Failure> {
        match self {
            Self::Provider(place) => place.segment(segment, patience).await,
            Self::Engine(place) => Ok((place.segment(segment, patience).await?, None)),
        }
    }

    /// Whether segments can be asked for: not before the list was found.
    fn is_known(&self) -> bool {
        match self {
            Self::Provider(place) => place.is_known(),
            Self::Engine(_) => true,
        }
    }

    /// The way that was found is good no more.
    fn begin_anew(&mut self) {
        if let Self::Provider(place) = self {
            place.begin_anew();
        }
    }
}

impl Fetcher {
    async fn run(mut self, queue: Sender<Result<Part, Failure>>) {
        let Err(why) = self.follow(&queue).await else { return };
        // Nobody is there to hear it, or he hears it behind what was fetched before.
        let _ = queue.send(Err(why)).await;
    }

    /// Lists and fetches until the end.
    async fn follow(&mut self, queue: &Sender<Result<Part, Failure>>) -> Result<(), Failure> {
        let mut poll = self.next_poll();
        while !self.follower.over() {
            let next = self.follower.next().filter(|_| self.place.is_known());
            let fetch = next.map(|next| next.at.map_or_else(Instant::now, Instant::from_std));
            let place = async {
                let Some(at) = fetch else { return std::future::pending().await };
                sleep_until(at).await;
                queue.reserve().await
            };
            tokio::select! {
                biased;
                () = at(poll) => {
                    self.list().await?;
                    poll = self.next_poll();
                }
                place = place => {
                    let Ok(place) = place else { return Ok(()) }; // nobody is there any more
                    match self.fetch().await {
                        Ok(part) => {
                            self.follower.fetched();
                            place.send(Ok(Part { last: self.follower.over(), ..part }));
                        }
                        Err(why) if is_final(&why) => return Err(why),
                        Err(why) => {
                            if matches!(why, Failure::Refused(401 | 403 | 410)) {
                                // The token in its address has expired, and perhaps that of the list.
                                self.place.begin_anew();
                                poll = Some(Instant::now());
                            }
                            self.follower.failed(std::time::Instant::now(), why)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn next_poll(&self) -> Option<Instant> {
        let pause = self.follower.pause()?;
        // So that the channels of one server are not asked for in step.
        Some(self.listed + pause.mul_f64(rand::random_range(0.9..1.1)))
    }

    async fn list(&mut self) -> Result<(), Failure> {
        self.listed = Instant::now();
        match self.place.list().await {
            Ok(list) => {
                self.unlisted = None;
                self.follower.listed(list)
            }
            Err(why) if is_final(&why) => Err(why),
            Err(why) => {
                self.follower.unlisted();
                let since = *self.unlisted.get_or_insert(self.listed);
                let patience = (3 * self.follower.target()).max(self.silence);
                let idle = self.follower.next().is_none() || !self.place.is_known();
                let lost = since.elapsed() > patience && idle;
                if lost { Err(why) } else { Ok(()) }
            }
        }
    }

    /// Fetches the next segment.
    async fn fetch(&mut self) -> Result<Part, Failure> {
        let next = self.follower.next().ok_or(Failure::Ended)?;
        let (said, splice) = (next.segment.duration, next.splice);
        let patience = (SLOWEST * said).max(PATIENCE);
        let (bytes, opener) = self.place.segment(next.segment, patience).await?;
        let whole = self.follower.is_of_whole();
        if (whole || !next.again) && opener.is_none() && segment::is_cut(&bytes) {
            return Err(Failure::Dead("the connection broke"));
        }
        let packets = tokio::task::spawn_blocking(move || segment::packets(bytes, opener, whole)).await;
        let mut packets = packets.map_err(|_| Failure::Closing)??;
        self.restamper.again(0); // counters go on, clocks stay as they are
        self.restamper.apply(&mut packets);
        if splice {
            self.clock.splice();
        }
        Ok(Part { pieces: self.clock.cut(Bytes::from(packets), said).into(), splice, last: false })
    }
}

/// Whether it is of no use to ask again.
fn is_final(why: &Failure) -> bool {
    matches!(why, Failure::Unsupported(_) | Failure::Ace(Ace::Superseded))
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// Reads and follows lists that came from one address, one after another: how many segments that made.
///
/// # Panics
/// What is followed is no address that may be dialled.
pub(crate) fn followed<'a>(lists: impl Iterator<Item = &'a [u8]>) -> usize {
    let base = Url::parse("http://h/a/b.m3u8?t=1").expect("it is an address");
    let (mut follower, mut segments) = (Follower::new(), 0);
    for list in lists {
        match Playlist::read(list, &base) {
            Ok(Playlist::Media(media)) => drop(follower.listed(media)),
            Ok(Playlist::Master(master)) => {
                let variants = master.choose(1_000_000, false).unwrap_or_default();
                assert!(variants.iter().all(|(url, _)| matches!(url.scheme(), "http" | "https")));
            }
            Err(_) => {}
        }
        while let Some(next) = follower.next() {
            assert!(matches!(next.segment.url.scheme(), "http" | "https") && !next.segment.gap);
            follower.fetched();
            segments += 1;
        }
    }
    segments
}
