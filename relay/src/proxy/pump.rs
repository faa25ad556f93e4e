//! The one task of a channel: asks its provider for one thing after the other, over one connection. Playlists come before
//! what somebody waits for, and that before what somebody will want next.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::bundle::{Playable, Protocol, Upstream};
use contract::ticket::pass::{Class, Obstacle};
use http::StatusCode;
use http::header::HeaderMap;
use httpc::Internet;
use tokio::time::{sleep, sleep_until, timeout};
use tracing::{debug, info, warn};
use url::Url;

use super::fetch::{Fetcher, is_gone};
use super::guard::Guard;
use super::rewrite::{Given, Reading, read};
use super::shelf::{Job, ROOT, Shelf};
use super::{delivery, text};
use crate::headend::{Claim, Headend};
use crate::refusal::Failure;
use crate::remedy::{ASK_AGAIN, Next, may_be_counted, remedy};
use crate::seat::Asking;
use crate::slot::{Holder, Slot};
use crate::upstream::dial;

/// How long a playlist may take.
const PLAYLIST: Duration = Duration::from_secs(10);
/// Failures in a row after which the address that a redirect led to is given up for the configured one,
const STALE: u32 = 3;
/// and after which the next upstream is tried, if there is one.
const LOST: u32 = 4;
/// A finished list that is shorter than this and has one segment is how panels say "not on air".
const CLIP: Duration = Duration::from_secs(15);

/// What the task has.
pub(super) struct Pump {
    pub(super) headend: Arc<Headend>,
    pub(super) shelf: Arc<Shelf>,
    pub(super) channel: Playable,
    pub(super) asking: Asking,
    pub(super) internet: Internet,
}

/// One upstream that is being asked.
struct Line<'a> {
    shelf: &'a Shelf,
    fetcher: Fetcher,
    guard: Guard,
}

/// A playlist as it came.
struct Document {
    text: String,
    /// From where, in the end.
    url: Url,
    headers: HeaderMap,
}

impl Pump {
    pub(super) async fn run(self) {
        let why = self.receive().await;
        info!(%why, "off the air");
        if why != Failure::Full {
            self.headend.failed(self.channel.id, why.clone());
        }
        self.shelf.end(why);
    }

    /// One upstream after the other, and all of them again while any gives something. Returns why that had to end.
    async fn receive(&self) -> Failure {
        let upstreams = self.channel.upstreams.iter();
        // What a release calls a transport stream may turn out to be a list.
        let may_be_one = |upstream: &&Upstream| matches!(upstream.protocol, Protocol::Hls | Protocol::Ts);
        let upstreams: Vec<&Upstream> = upstreams.filter(may_be_one).collect();
        let (mut why, mut gave) = (Failure::Unsupported(Obstacle::Other), true);
        while std::mem::take(&mut gave) {
            for upstream in &upstreams {
                let before = self.received();
                why = self.follow(upstream, upstreams.len() > 1).await;
                let received = self.received() > before;
                gave |= received && self.shelf.has_begun() && why != Failure::Clip;
                debug!(account = upstream.account, %why, "no upstream any more");
            }
        }
        why
    }

    /// With one login of the account after the other, until one gives something and is lost.
    async fn follow(&self, upstream: &Upstream, has_others: bool) -> Failure {
        let (account, holder) = (&upstream.account, Holder::Channel(self.channel.id));
        let (mut tried, mut before) = (Vec::new(), None);
        loop {
            let claim =
                Claim { account, holder, class: Class::Viewer, asking: Some(&self.asking), except: &tried };
            let slot = match self.headend.claim(claim).await {
                Ok(slot) => slot,
                Err(why) => return before.unwrap_or(why), // that there is no further login says less
            };
            let received = self.received();
            let why = self.serve(upstream, &slot, has_others).await;
            self.headend.tally.failed(&why);
            if self.received() > received {
                return why;
            }
            let (next, blame) = remedy(&why);
            slot.refused(self.channel.id, blame, &why);
            if !matches!(next, Next::OtherLogin | Next::OtherAgent) {
                return why;
            }
            tried.push(slot.login());
            before = Some(why);
        }
    }

    /// Does what is to be done until the upstream is lost.
    async fn serve(&self, upstream: &Upstream, slot: &Slot, has_others: bool) -> Failure {
        let line = match self.line(upstream, slot).await {
            Ok(line) => line,
            Err(why) => return why,
        };
        let shelf = &*self.shelf;
        shelf.begin(&upstream.account, line.fetcher.configured());
        let (received, mut again) = (self.received(), ASK_AGAIN.iter());
        loop {
            match shelf.next(Instant::now()) {
                Job::Page(name) => {
                    let first = self.received() == received;
                    let Err(why) = line.refresh(&name).await else {
                        if first {
                            slot.accepted(again.len() < ASK_AGAIN.len());
                        }
                        continue;
                    };
                    debug!(account = upstream.account, %why, "a playlist cannot be read");
                    let (failures, time) = shelf.failed(&name);
                    let counted = may_be_counted(&why) && slot.still_counted();
                    if let Some(seconds) = counted.then(|| again.next()).flatten()
                        && first
                    {
                        sleep(Duration::from_secs(*seconds)).await;
                        continue;
                    }
                    let lost = has_others && failures >= LOST;
                    if first || lost || time > self.headend.settings.give_up {
                        return why;
                    }
                }
                Job::Piece(want) => delivery::deliver(&line.fetcher, shelf, *want).await,
                Job::Wait(until) => {
                    let wanted = shelf.wanted.notified();
                    match until {
                        Some(until) => tokio::select! {
                            () = wanted => {}
                            () = sleep_until(until.into()) => {}
                        },
                        None => wanted.await,
                    }
                }
            }
        }
    }

    async fn line(&self, upstream: &Upstream, slot: &Slot) -> Result<Line<'_>, Failure> {
        let origin = self.headend.dialler.origin(upstream, slot.login()).await?;
        let mut guard = Guard::new(origin.secrets.iter().map(String::as_str));
        guard.hide_address(&origin.url);
        let fetcher = Fetcher::new(origin, self.internet.clone(), &self.headend.settings)?;
        Ok(Line { shelf: &self.shelf, fetcher, guard })
    }

    fn received(&self) -> u64 {
        self.shelf.meter.own.received.get()
    }
}

impl Line<'_> {
    /// Reads a playlist. Where a redirect led lives for a while only: when that is over, it is asked for anew where the
    /// configuration has it.
    async fn refresh(&self, name: &str) -> Result<(), Failure> {
        let Some((url, validators)) = self.shelf.address(name) else { return Ok(()) };
        let loaded = match self.load(&url, &validators).await {
            Err(why) if self.is_stale(name, &url, &why) => self.anew(name).await,
            loaded => loaded,
        };
        match loaded? {
            None => self.shelf.unchanged(name),
            Some(document) => self.put(name, document)?,
        }
        Ok(())
    }

    fn is_stale(&self, name: &str, url: &Url, why: &Failure) -> bool {
        let gone = match why {
            Failure::Refused(status) => StatusCode::from_u16(*status).is_ok_and(is_gone),
            _ => false,
        };
        let moved = name != ROOT || url != self.fetcher.configured();
        moved && (gone || self.shelf.failures(name) + 1 >= STALE)
    }

    /// Asks for a playlist from the beginning: the configured address, and what the master there names now.
    async fn anew(&self, name: &str) -> Result<Option<Document>, Failure> {
        let configured = self.load(self.fetcher.configured(), &HeaderMap::new()).await?;
        if name == ROOT {
            return Ok(configured);
        }
        if let Some(master) = configured {
            self.put(ROOT, master)?;
        }
        let url = self.shelf.again(name).ok_or(Failure::Foreign("a master without this playlist"))?;
        self.load(&url, &HeaderMap::new()).await
    }

    /// What is at `url`; `None` if it has not changed.
    async fn load(&self, url: &Url, validators: &HeaderMap) -> Result<Option<Document>, Failure> {
        let loading = async {
            let answer = self.fetcher.get(url, validators).await?;
            match answer.response.status() {
                StatusCode::NOT_MODIFIED => Ok(None),
                StatusCode::OK => {
                    let (url, headers) = (answer.url, answer.response.headers().clone());
                    Ok(Some(Document { text: text::text(answer.response).await?, url, headers }))
                }
                _ => Err(dial::refused(&answer.response)),
            }
        };
        timeout(PLAYLIST, loading).await.unwrap_or(Err(Failure::Silent))
    }

    fn put(&self, name: &str, document: Document) -> Result<(), Failure> {
        let Document { text, url, headers } = &document;
        let mut guard = self.guard.clone();
        guard.hide_address(url);
        let (variables, shifted) = self.shelf.reading(name);
        let given = Given { guard: &guard, variables: &variables, shifted };
        let mut reading = read(text, url, &given)?;
        if is_clip(&reading) && !self.shelf.has_begun() {
            return Err(Failure::Clip);
        }
        if let Some(shifted) = self.shelf.continued(name, &reading) {
            reading = read(text, url, &Given { shifted, ..given })?;
        }
        if reading.dropped > 0 {
            debug!(lines = reading.dropped, "left out of a playlist what names addresses");
        }
        self.shelf.meter.received(text.len() as u64);
        self.shelf
            .put(name, reading, url.clone(), headers, &guard)
            .inspect_err(|why| warn!(%why, "a playlist is not passed on"))
    }
}

fn is_clip(reading: &Reading) -> bool {
    reading.ended && reading.segments <= 1 && reading.lasts < CLIP
}
