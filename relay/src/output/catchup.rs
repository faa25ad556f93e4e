//! Catch-up: a part of a channel's past, as a file or as a playlist of its minutes.
//!
//! A viewer's catch-up of one channel is one session, with one seat and one slot: parts of what began at the same time
//! share it, and another start takes the place of the one before, since players seek by asking for a later one.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use contract::address::Past;
use contract::bundle::{Account, Playable, Upstream};
use contract::ticket::{Key, Ticket, TicketError};
use contract::user::User;
use contract::zone::Zone;
use http::Response;
use http::header::{self, HeaderMap, HeaderValue};
use httpd::Body;

use super::asked::Asked;
use super::clean::{self, Rangeless};
use super::ways::Ways;
use super::{answer, file};
use crate::headend::Headend;
use crate::play;
use crate::refusal::{Failure, Refusal};
use crate::seat::Client;
use crate::sizes::Title;
use crate::upstream::archive::{Found, Search, Spellings};
use crate::upstream::file::{Ask, File, Open, Way};

/// Programmes end late, and archives have the end of one later than its beginning: so many minutes more are asked for.
const PADDING: u32 = 5;
/// What was on the air less than so many seconds ago may not be archived yet.
const TRAIL: i64 = 120;
/// Seconds of a segment: panels keep their archive in such files.
const SEGMENT: i64 = 60;
const DAY: i64 = 24 * 60 * 60;
/// Failures that are remembered; when it is full, all are forgotten.
const CAPACITY: usize = 1024;

/// What is remembered of the past.
pub(crate) struct CatchUp {
    /// What tickets are signed with.
    key: Key,
    spellings: Spellings,
    /// What could not be had a moment ago.
    failed: Mutex<HashMap<Title, (Instant, Failure)>>,
}

/// Somebody who wants to see a part of a channel's past.
pub(crate) struct Wish<'a> {
    pub(crate) headend: &'a Arc<Headend>,
    pub(crate) channel: &'a Playable,
    pub(crate) past: Past,
    pub(crate) user: &'a User,
    /// What the release knows of accounts.
    pub(crate) accounts: &'a [Account],
    /// Unix time, in seconds.
    pub(crate) now: i64,
}

impl CatchUp {
    pub(crate) fn new(key: Key) -> Self {
        Self { key, spellings: Spellings::default(), failed: Mutex::default() }
    }

    /// Whose ticket it is for which channel, by how `find` finds users.
    ///
    /// # Errors
    /// It is no ticket, or nobody's any more.
    pub(crate) fn ticket(
        &self,
        text: &str,
        now: i64,
        find: impl Fn(&dyn Fn(&User) -> bool) -> Option<Arc<User>>,
    ) -> Result<(u32, Arc<User>), Refusal> {
        let ticket = Ticket::read(&self.key, text, now.try_into().unwrap_or(0)).map_err(|why| match why {
            TicketError::Malformed => Refusal::Unknown,
            TicketError::Forged | TicketError::Expired => Refusal::Forbidden,
        })?;
        let user = find(&|user| ticket.is_for(&self.key, user)).ok_or(Refusal::Forbidden)?;
        Ok((ticket.channel, user))
    }

    /// To `HEAD`: what would come, and nothing is received for it.
    pub(crate) fn head(&self, wish: &Wish<'_>) -> Result<httpd::Response, Refusal> {
        wish.upstreams(wish.past)?;
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, TELEVISION);
        if let Some(size) = wish.headend.sizes.get(wish.title(padded(wish.past))) {
            headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
        }
        Ok(response)
    }

    /// All of it as one file, or a part of that.
    pub(crate) async fn whole(
        &self,
        wish: &Wish<'_>,
        client: &Client,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let upstreams = wish.upstreams(wish.past)?;
        let request = self.request(wish, client, false)?;
        self.part(wish, &upstreams, padded(wish.past), request, headers).await
    }

    /// One of its minutes, by its number.
    pub(crate) async fn segment(
        &self,
        wish: &Wish<'_>,
        number: u32,
        client: &Client,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let start = wish.past.start.saturating_add(i64::from(number) * SEGMENT);
        let minute = Past { start, minutes: 1 };
        let upstreams = wish.upstreams(minute)?;
        let request = self.request(wish, client, true)?;
        self.part(wish, &upstreams, minute, request, headers).await
    }

    /// The playlist of its minutes, asked for at `path`. Takes no seat: who looks at it watches nothing yet.
    pub(crate) fn playlist(
        &self,
        wish: &Wish<'_>,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        wish.upstreams(wish.past)?;
        let Past { start, minutes } = wish.past;
        let archived = (wish.now - TRAIL - start) / SEGMENT;
        let minutes = archived.min(minutes.into());
        if minutes <= 0 {
            return Err(Refusal::Unknown);
        }
        let now = wish.now.try_into().unwrap_or(0);
        let ticket = Ticket::new(&self.key, wish.user, wish.channel.id, now).sign(&self.key);
        // Relative, so that it holds behind any proxy: up to where our addresses begin.
        let up = "../".repeat(path.matches('/').count().saturating_sub(1));
        let began = Zone::default().shown(start, "%Y-%m-%dT%H:%M:%SZ").unwrap_or_default();
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{SEGMENT}\n#EXT-X-MEDIA-SEQUENCE:0\n\
             #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-PROGRAM-DATE-TIME:{began}\n"
        );
        for number in 0..minutes {
            let _ = writeln!(text, "#EXTINF:{SEGMENT}.000,\n{up}timeshift/{ticket}/{start}/{number}.ts");
        }
        text.push_str("#EXT-X-ENDLIST\n");
        Ok(answer::playlist(text, headers))
    }

    /// Joins the session of a viewer, or begins one.
    fn request(&self, wish: &Wish<'_>, client: &Client, segmented: bool) -> Result<play::Request, Refusal> {
        let key = play::Key::new(wish.user, client, wish.channel.id);
        let mut request = wish.headend.play(key, wish.user)?;
        request.turn_to(wish.past.start, segmented);
        Ok(request)
    }

    /// `part` of a session, from the first of `upstreams` that has it.
    async fn part(
        &self,
        wish: &Wish<'_>,
        upstreams: &[Upstream],
        part: Past,
        request: play::Request,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let title = wish.title(part);
        if let Some(failure) = self.recent_failure(wish.headend, title) {
            return Err(refusal(failure));
        }
        let mut asked = Asked::of(headers);
        let mut ways = Ways::new(&request, title.id, upstreams);
        while let Some(way) = ways.next().await {
            match self.open(wish, &way, title, &mut asked).await {
                Ok((way, open)) => {
                    return clean::answer(&asked, way, open, request, TELEVISION, Rangeless::Whole);
                }
                Err(Refusal::Upstream(why)) => {
                    wish.headend.tally.failed(&why);
                    ways.refused(&way, why).await;
                }
                Err(refusal) => return Err(refusal),
            }
        }
        let why = ways.why();
        if !matches!(why, Failure::Full | Failure::Closing) {
            self.remember(title, why.clone());
        }
        Err(refusal(why))
    }

    /// Opens `title` on a way to its channel: the way to it, and what comes.
    async fn open(
        &self,
        wish: &Wish<'_>,
        way: &Way,
        title: Title,
        asked: &mut Asked,
    ) -> Result<(Way, Open), Refusal> {
        let headend = wish.headend;
        let known = headend.sizes.get(title);
        let learning = known.is_none() && asked.is_suffix();
        let ask = match learning {
            true => Ask { part: Some((0, Some(2))), if_range: None },
            false => asked.ask(known)?,
        };
        let account = wish.accounts.iter().find(|known| known.name == way.upstream.account);
        let zone = account.map(|account| account.zone.clone()).unwrap_or_default();
        let past = title.past.unwrap_or(wish.past);
        let search = Search { dialler: &headend.dialler, way, zone: &zone, past, now: wish.now };
        let Found { way, mut file } = search.open(&self.spellings, &ask).await?;
        // What gives no parts, and does not say how large it is, comes whole already; of HLS there is no other file to open.
        let is_whole = matches!(&file, File::Open(open) if open.size.is_none() && !open.ranges);
        if learning && !is_whole {
            let size = if let File::Open(open) = &file { open.size } else { None };
            drop(file);
            size.iter().for_each(|size| headend.sizes.put(title, *size));
            file = File::open(&headend.dialler, &way, &asked.ask(size)?).await?;
        }
        let open = file::settled(headend, Some(title), &way, asked, file).await?;
        Ok((way, open))
    }

    fn recent_failure(&self, headend: &Headend, title: Title) -> Option<Failure> {
        let failed = self.failed();
        let (since, failure) = failed.get(&title)?;
        (since.elapsed() < headend.settings.failure_memory).then(|| failure.clone())
    }

    fn remember(&self, title: Title, failure: Failure) {
        let mut failed = self.failed();
        if failed.len() >= CAPACITY {
            failed.clear();
        }
        failed.insert(title, (Instant::now(), failure));
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<Title, (Instant, Failure)>> {
        self.failed.lock().expect("nobody panics while holding this lock")
    }
}

const TELEVISION: HeaderValue = HeaderValue::from_static("video/mp2t");

impl Wish<'_> {
    /// Those who may have it, in order.
    ///
    /// # Errors
    /// Nobody does: it is too long ago, or to come, or the channel has no past.
    fn upstreams(&self, part: Past) -> Result<Vec<Upstream>, Refusal> {
        // What ends within the depth is announced as archived, however early it began.
        let kept = |upstream: &&Upstream| part.end() > self.now - i64::from(upstream.archive) * DAY;
        let upstreams = self.channel.upstreams.iter().filter(|upstream| upstream.archive > 0);
        let upstreams: Vec<_> = upstreams.filter(kept).cloned().collect();
        if part.start >= self.now || upstreams.is_empty() { Err(Refusal::Unknown) } else { Ok(upstreams) }
    }

    fn title(&self, past: Past) -> Title {
        Title { id: self.channel.id, past: Some(past) }
    }
}

fn padded(past: Past) -> Past {
    Past { minutes: past.minutes + PADDING, ..past }
}

/// What is not in the archive is not there; everything else is the provider's fault.
fn refusal(why: Failure) -> Refusal {
    match why {
        Failure::Refused(404) => Refusal::Unknown,
        why => why.into(),
    }
}
