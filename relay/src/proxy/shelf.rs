//! What viewers of a channel find: the playlists as they were read last, what the references in them lead to, and what they
//! want that is not there yet. The pump fills it; nobody else talks to the provider.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::ticket;
use http::HeaderMap;
use tokio::sync::{Notify, watch};
use url::Url;

use super::guard::Guard;
use super::meter::Meter;
use super::page::{Copy, Page, Shifted};
use super::piece::Piece;
use super::pieces::{Key, Pieces};
use super::reference::{Listed, References};
use super::rewrite::{Link, Reading};
use super::tag::Kind;
use super::variable::Variables;
use crate::refusal::{Failure, Refusal};

/// The name of the playlist that the upstream's own address leads to.
pub(crate) const ROOT: &str = "";
/// How long somebody waits for a new state of a playlist before he gets the last one.
const PATIENCE: Duration = Duration::from_secs(2);
/// A playlist is not read again sooner than after this.
const HURRY: Duration = Duration::from_secs(1);
/// How long a player may take to read his playlist anew after a restart.
const RESUMING: Duration = Duration::from_secs(15);
/// Pieces that may be waited for.
const WANTS: usize = 256;

/// One channel's playlists and pieces.
pub(crate) struct Shelf {
    /// By which its pieces are told from those of others.
    number: u64,
    pieces: Arc<Pieces>,
    books: Mutex<Books>,
    /// Tells the pump that there is something to do.
    pub(super) wanted: Notify,
    /// Tells viewers that something has come.
    news: watch::Sender<u64>,
    pub(super) meter: Arc<Meter>,
}

struct Books {
    references: References,
    pages: HashMap<String, Page>,
    wants: VecDeque<Want>,
    /// What viewers will want next.
    ahead: VecDeque<(Key, Link)>,
    /// Of the master.
    variables: Variables,
    ended: Option<Failure>,
    /// When a player came with what he was told before this began.
    resumed: Option<Instant>,
}

/// A piece that is waited for.
pub(super) struct Want {
    pub(super) piece: Arc<Piece>,
    pub(super) key: Key,
    pub(super) link: Link,
}

/// What the pump does next.
pub(super) enum Job {
    Page(String),
    Piece(Box<Want>),
    /// Nothing before then.
    Wait(Option<Instant>),
}

/// A piece for a viewer, and where in its resource it lies.
pub(crate) struct Found {
    pub(crate) piece: Arc<Piece>,
    pub(crate) link: Link,
    pub(crate) range: Option<(u64, u64)>,
}

impl Shelf {
    pub(super) fn new(key: ticket::Key, pieces: Arc<Pieces>, meter: Arc<Meter>) -> Arc<Self> {
        let books = Books {
            references: References::new(key, ""),
            pages: HashMap::new(),
            wants: VecDeque::new(),
            ahead: VecDeque::new(),
            variables: Variables::default(),
            ended: None,
            resumed: None,
        };
        let (books, wanted, news) = (Mutex::new(books), Notify::new(), watch::Sender::new(0));
        Arc::new(Self { number: pieces.number(), pieces, books, wanted, news, meter })
    }

    /// A playlist, the newest that can be had within a moment. The first state of it is waited for as long as `hold`.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Warming`], or why the channel is over.
    pub(crate) async fn playlist(&self, name: &str, hold: Duration) -> Result<Arc<Copy>, Refusal> {
        let mut news = self.news.subscribe();
        let began = Instant::now();
        loop {
            let now = Instant::now();
            let (copy, up_to_date, failing) = {
                let mut books = self.books();
                let page = books.asked(name, now)?;
                let up_to_date = page.failures == 0 && page.due.is_none_or(|due| due > now);
                (page.copy.clone(), up_to_date, page.failures > 0)
            };
            let bearable = |copy: &Arc<Copy>| copy.read.elapsed() <= 2 * copy.fresh() + PATIENCE;
            let patience = match &copy {
                Some(copy) if up_to_date || (failing && bearable(copy)) => return Ok(copy.clone()),
                Some(_) => PATIENCE,
                None => hold,
            };
            self.wanted.notify_one();
            let left = patience.saturating_sub(began.elapsed());
            if tokio::time::timeout(left, news.changed()).await.is_err() {
                return copy.filter(bearable).ok_or(Refusal::Warming);
            }
        }
    }

    /// What a reference of a playlist leads to, or the part `wanted` of it.
    ///
    /// # Errors
    /// [`Refusal::Unknown`]: nothing that was listed lately has this reference.
    pub(crate) fn piece(&self, kind: Kind, name: &str, wanted: Option<(u64, u64)>) -> Result<Found, Refusal> {
        let mut books = self.books();
        if let Some(why) = &books.ended {
            return Err(why.clone().into());
        }
        let link = books.references.get(name).filter(|link| link.kind == kind && !link.gap);
        let link = link.cloned().ok_or_else(|| books.unknown())?;
        let range = books.references.part(name, wanted).ok_or_else(|| books.unknown())?;
        let key = Key { shelf: self.number, name: name.to_owned(), range };
        let (piece, fresh) = self.pieces.take(&key);
        if fresh {
            if books.wants.len() >= WANTS {
                piece.end(Err(Failure::Full));
                return Err(Refusal::Missing);
            }
            books.wants.push_back(Want { piece: piece.clone(), key, link: link.clone() });
            self.wanted.notify_one();
        }
        Ok(Found { piece, link, range })
    }

    /// A player comes with references of an earlier time: what is not known yet may be as soon as he reads his playlist.
    pub(crate) fn resume(&self) {
        self.books().resumed = Some(Instant::now());
    }

    /// The reference of something that a playlist of this channel names by an address relative to its own.
    pub(crate) fn named(&self, path: &str) -> Option<(Kind, String)> {
        let books = self.books();
        let mut pages = books.pages.values();
        let found = pages.find_map(|page| books.references.find(&page.url.join(path).ok()?));
        found.map(|(name, link)| (link.kind, name.clone()))
    }

    /// How long a player may be silent before it counts as gone.
    pub(crate) fn patience(&self) -> Duration {
        Duration::from_secs(15.max(3 * self.longest()))
    }

    /// How long a piece may take, however slowly it comes: everything else waits for it.
    pub(super) fn deadline(&self) -> Duration {
        Duration::from_secs((3 * self.longest()).clamp(10, 60))
    }

    /// Seconds that a segment lasts at most.
    fn longest(&self) -> u64 {
        let books = self.books();
        let copies = books.pages.values().filter_map(|page| page.copy.as_ref());
        copies.map(|copy| copy.target).max().unwrap_or(0)
    }

    /// Why the channel is over, if it is.
    pub(crate) fn ended(&self) -> Option<Failure> {
        self.books().ended.clone()
    }

    /// The channel is over; whoever waits is told.
    pub(super) fn end(&self, why: Failure) {
        let wants = {
            let mut books = self.books();
            books.ended.get_or_insert(why.clone());
            books.ahead.clear();
            std::mem::take(&mut books.wants)
        };
        wants.iter().for_each(|want| want.piece.end(Err(why.clone())));
        self.pieces.retain(self.number, |_| false);
        self.news.send_modify(|news| *news += 1);
    }

    /// Another upstream, of `source`, goes on from here.
    pub(super) fn begin(&self, source: &str, configured: &Url) {
        let mut books = self.books();
        let now = Instant::now();
        let before = books.references.source();
        if !before.is_empty() && before != source {
            // What was listed there must not be asked of this one; players find what is listed here in their playlist.
            books.references.forget();
            books.pages.retain(|name, _| name == ROOT);
            books.ahead.clear();
            books.resumed = Some(now);
        }
        books.references.of(source);
        let page = books.pages.entry(ROOT.into()).or_insert_with(|| Page::new(configured.clone(), now));
        page.moves(configured, now);
    }

    /// What comes first: playlists that are due, what is waited for, what will be.
    pub(super) fn next(&self, now: Instant) -> Job {
        let mut books = self.books();
        let watched = books.pages.iter().filter(|(_, page)| page.is_watched(now));
        let due = watched.filter_map(|(name, page)| Some((page.due?, name))).min();
        if let Some((_, name)) = due.filter(|(due, _)| *due <= now) {
            return Job::Page(name.clone());
        }
        let due = due.map(|(due, _)| due);
        if let Some(want) = books.wants.pop_front() {
            return Job::Piece(Box::new(want));
        }
        while let Some((key, link)) = books.ahead.pop_front() {
            if let (piece, true) = self.pieces.take(&key) {
                return Job::Piece(Box::new(Want { piece, key, link }));
            }
        }
        Job::Wait(due)
    }

    /// Where a playlist is asked for, and with which headers.
    pub(super) fn address(&self, name: &str) -> Option<(Url, HeaderMap)> {
        let books = self.books();
        books.pages.get(name).map(|page| (page.url.clone(), page.validators.clone()))
    }

    /// Goes back to where the list of playlists has a playlist now.
    pub(super) fn again(&self, name: &str) -> Option<Url> {
        let mut books = self.books();
        let url = books.references.get(name)?.url.clone();
        let page = books.pages.get_mut(name)?;
        page.url = url.clone();
        page.validators.clear();
        Some(url)
    }

    /// With what a playlist is read.
    pub(super) fn reading(&self, name: &str) -> (Variables, Shifted) {
        let books = self.books();
        let shifted = books.pages.get(name).map(|page| page.shifted).unwrap_or_default();
        (books.variables.clone(), shifted)
    }

    /// Whether `reading` begins anew what a playlist was; how it goes on then.
    pub(super) fn continued(&self, name: &str, reading: &Reading) -> Option<Shifted> {
        let mut books = self.books();
        let page = books.pages.get_mut(name)?;
        let before = page.shifted;
        page.shift(reading);
        (before != page.shifted).then_some(page.shifted)
    }

    /// Puts what was read of a playlist that came from `url` in the end.
    ///
    /// # Errors
    /// It leads to more than can be kept.
    pub(super) fn put(
        &self,
        name: &str,
        reading: Reading,
        url: Url,
        answer: &HeaderMap,
        guard: &Guard,
    ) -> Result<(), Failure> {
        let now = Instant::now();
        let mut books = self.books();
        let Books { references, pages, ahead, variables, .. } = &mut *books;
        let Some(page) = pages.get_mut(name) else { return Ok(()) };
        let listed = references.list(&reading.links, &page.before(), reading.lasts, now)?;
        let target = page.copy.as_ref().map_or(0, |copy| copy.target).max(reading.target);
        if reading.master {
            reading.variables.clone_into(variables);
        }
        page.url = url;
        page.validate(answer);
        let (reading, listed) = (Arc::new(reading), listed.into());
        let copy = Copy { reading, listed, read: now, target };
        // SECURITY: it cannot happen, and if it does, nobody gets to see it.
        if guard.leaks(&copy.text("")) {
            return Err(Failure::Foreign("a playlist that would tell where it comes from"));
        }
        page.put(copy, now);
        for Listed { name, link } in page.ahead() {
            let key = Key { shelf: self.number, name, range: link.range };
            if !self.pieces.has(&key) && !ahead.iter().any(|(known, _)| *known == key) {
                ahead.push_back((key, link));
            }
        }
        ahead.retain(|(key, _)| references.get(&key.name).is_some());
        self.pieces.retain(self.number, |name| references.get(name).is_some());
        drop(books);
        self.news.send_modify(|news| *news += 1);
        Ok(())
    }

    /// A playlist is as it was.
    pub(super) fn unchanged(&self, name: &str) {
        let mut books = self.books();
        let now = Instant::now();
        if let Some(page) = books.pages.get_mut(name) {
            page.unchanged(now);
        }
        drop(books);
        self.news.send_modify(|news| *news += 1);
    }

    /// A playlist could not be read: how often in a row, and for how long.
    pub(super) fn failed(&self, name: &str) -> (u32, Duration) {
        let mut books = self.books();
        let now = Instant::now();
        books.pages.get_mut(name).map_or((0, Duration::ZERO), |page| {
            let time = page.failed(now);
            (page.failures, time)
        })
    }

    /// How often in a row a playlist could not be read.
    pub(super) fn failures(&self, name: &str) -> u32 {
        self.books().pages.get(name).map_or(0, |page| page.failures)
    }

    /// Reads every playlist that somebody reads at once.
    pub(super) fn hurry(&self) {
        let now = Instant::now();
        let mut books = self.books();
        let pages = books.pages.values_mut().filter(|page| page.due.is_some());
        // Not twice in a moment, whatever is missing.
        let old = |page: &&mut Page| page.copy.as_ref().is_some_and(|copy| copy.read.elapsed() > HURRY);
        pages.filter(old).for_each(|page| page.due = Some(now));
    }

    /// Lets go of what has no room.
    pub(super) fn trim(&self) {
        self.pieces.trim();
    }

    /// Bytes in memory.
    pub(super) fn kept(&self) -> usize {
        self.pieces.of(self.number)
    }

    /// Where it comes from.
    pub(super) fn source(&self) -> String {
        self.books().references.source().to_owned()
    }

    /// Whether there ever was something to see.
    pub(super) fn has_begun(&self) -> bool {
        self.books().pages.get(ROOT).is_some_and(|page| page.copy.is_some())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("nobody panics while holding this lock")
    }
}

impl Books {
    /// What is said of a reference that leads nowhere.
    fn unknown(&self) -> Refusal {
        let resumed = self.resumed.is_some_and(|resumed| resumed.elapsed() < RESUMING);
        if resumed { Refusal::Missing } else { Refusal::Unknown }
    }

    /// A playlist that a viewer asks for. One that a master names is read from now on.
    fn asked(&mut self, name: &str, now: Instant) -> Result<&mut Page, Refusal> {
        if let Some(why) = &self.ended {
            return Err(why.clone().into());
        }
        if name == ROOT {
            // It is the first thing that the pump reads; whoever comes before that waits as well.
            let nowhere = || Page::new(Url::parse("http://invalid/").expect("it is an address"), now);
            let page = self.pages.entry(ROOT.into()).or_insert_with(nowhere);
            page.asked = now;
            return Ok(page);
        }
        let link = self.references.get(name).filter(|link| link.kind == Kind::Playlist);
        let link = link.ok_or(Refusal::Unknown)?;
        let page = self.pages.entry(name.to_owned()).or_insert_with(|| Page::new(link.url.clone(), now));
        page.asked = now;
        Ok(page)
    }
}
