//! The ledger of requests: one for each provider account, for everything that is asked of it, whoever asks.
//!
//! Three promises, which [`Budget`] states: how many at once, in any second, in any hour. The
//! last one is kept across processes in `state/<source>/requests.json`, so that runs started by cron keep it too. The
//! file is always a few requests ahead of the truth: who is killed has asked for less than it says.

mod books;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::disk::{Access, Data, replace};
use contract::source::{Budget, Source};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

pub(crate) use books::Urgency;
use books::{Books, Moment, Ticket, Turn};

/// The ledgers of all sources. Whoever asks providers at the same time shares one of these.
#[derive(Debug)]
pub(crate) struct Ledgers {
    data: Data,
    of: Mutex<HashMap<String, Arc<Ledger>>>,
}

impl Ledgers {
    /// Ledgers that go on where those in `data` ended.
    pub(crate) fn new(data: &Data) -> Self {
        Self { data: data.clone(), of: Mutex::default() }
    }

    /// The ledger of `source`.
    pub(super) fn of(&self, source: &Source) -> Arc<Ledger> {
        let mut ledgers = lock(&self.of);
        let ledger = ledgers.entry(source.name.as_str().to_owned()).or_insert_with(|| {
            let path = self.data.state().join(source.name.as_str()).join("requests.json");
            Arc::new(Ledger::open(path, source.transport.requests))
        });
        ledger.clone()
    }
}

/// The ledger of one source: the books of its accounts.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    budget: Budget,
    started: Instant,
    accounts: Mutex<BTreeMap<usize, Account>>,
    /// Rings whenever somebody's turn may have come.
    bell: Notify,
    /// Held while the file is written, so that an older sum never replaces a newer one.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Account {
    books: Books,
    /// Requests of `minute` that the file has counted already.
    ahead: u32,
    minute: u64,
    changed: bool,
}

/// `requests.json`: by account, requests by minute since 1970.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    accounts: BTreeMap<usize, BTreeMap<u64, u32>>,
    /// By account, requests of the last moment before this was written.
    #[serde(default)]
    lately: BTreeMap<usize, usize>,
}

/// The hour's requests are spent, or the provider wants to be left alone, for longer than one would wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spent {
    /// Until the next request fits.
    pub(super) wait: Duration,
}

impl Ledger {
    fn open(path: PathBuf, budget: Budget) -> Self {
        // A missing file is a new source; a broken one costs an hour's promise and nothing else.
        let kept: Kept = std::fs::read(&path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        // The file is written when a ledger closes; the second in which that was goes on, too.
        let closed = std::fs::metadata(&path).and_then(|file| file.modified()).ok();
        let age = closed.and_then(|closed| closed.elapsed().ok()).unwrap_or(Duration::MAX);
        let account = |(number, minutes)| {
            let lately = kept.lately.get(&number).copied().unwrap_or(0);
            (number, Account::new(Books::resumed(budget, minutes, (lately, age))))
        };
        let accounts = kept.accounts.into_iter().map(account);
        Self {
            path,
            budget,
            started: Instant::now(),
            accounts: Mutex::new(accounts.collect()),
            bell: Notify::new(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    /// Waits until `account` may be asked. What is waiting goes by its urgency, then in the order of coming.
    ///
    /// # Errors
    /// [`Spent`], at once, if that would take longer than `patience` although nobody else is in the way.
    pub(super) async fn spend(
        self: &Arc<Self>,
        account: usize,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<Permit, Spent> {
        let minute = self.wait(account, urgency, patience).await?;
        // Made before anything else is waited for: it is what gives back when all this is given up.
        let permit = Permit { ledger: self.clone(), account, asked: Some(minute) };
        self.keep_ahead(account).await;
        Ok(permit)
    }

    /// Waits for one request to be let through. Answers the minute in which it was.
    async fn wait(&self, account: usize, urgency: Urgency, patience: Duration) -> Result<u64, Spent> {
        let ticket = self.with(account, |account| account.books.ticket(urgency));
        let _place = Queued { ledger: self, account, ticket };
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable(); // before looking, so that no ring is missed
            let now = self.now();
            match self.with(account, |account| account.books.turn(ticket, now)) {
                Turn::Go => return Ok(now.unix / 60),
                Turn::Behind => rung.await,
                Turn::In(wait) if wait > patience => return Err(Spent { wait }),
                Turn::In(wait) => {
                    // Someone more urgent may come; he will not ring for us, so what was waited for is looked at anew.
                    let _ = tokio::time::timeout(wait, rung).await;
                }
            }
        }
    }

    /// Makes sure that the file has counted the request that was just let through.
    async fn keep_ahead(&self, account: usize) {
        let _writing = self.writing.lock().await;
        let now = self.now();
        let covered = self.with(account, |account| account.cover(now.unix / 60));
        if covered {
            return;
        }
        let kept = serde_json::to_vec(&self.kept(now)).expect("numbers are JSON");
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || replace(&path, &kept, Access::Owner)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!(folder = ?self.path.parent(), "the count of requests cannot be kept");
        }
    }

    fn kept(&self, now: Moment) -> Kept {
        let mut accounts = lock(&self.accounts);
        let lately = accounts.iter_mut().map(|(number, it)| (*number, it.books.lately(now))).collect();
        let of = |(number, account): (&usize, &Account)| (*number, account.books.minutes(account.ahead, now));
        Kept { accounts: accounts.iter().map(of).collect(), lately }
    }

    fn with<T>(&self, account: usize, act: impl FnOnce(&mut Account) -> T) -> T {
        let mut accounts = lock(&self.accounts);
        act(accounts.entry(account).or_insert_with(|| Account::new(Books::new(self.budget))))
    }

    fn now(&self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Moment { since: self.started.elapsed(), unix }
    }
}

impl Drop for Ledger {
    /// Writes down the truth: nothing will be asked from here on.
    fn drop(&mut self) {
        let now = self.now();
        let mut accounts = lock(&self.accounts);
        let changed = accounts.values().any(|account| account.changed);
        accounts.values_mut().for_each(|account| account.ahead = 0);
        drop(accounts);
        if changed {
            let kept = serde_json::to_vec(&self.kept(now)).expect("numbers are JSON");
            if let Err(error) = replace(&self.path, &kept, Access::Owner) {
                tracing::warn!(folder = ?self.path.parent(), %error, "the count of requests cannot be kept");
            }
        }
    }
}

impl Account {
    fn new(books: Books) -> Self {
        Self { books, ahead: 0, minute: 0, changed: false }
    }

    /// Whether the file has counted one more request of `minute` already; if not, it is about to.
    fn cover(&mut self, minute: u64) -> bool {
        self.changed = true;
        if self.minute == minute && self.ahead > 0 {
            self.ahead -= 1;
            return true;
        }
        self.minute = minute;
        self.ahead = self.books.block();
        false
    }
}

/// A place in the queue, left when it is dropped.
struct Queued<'a> {
    ledger: &'a Ledger,
    account: usize,
    ticket: Ticket,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.ledger.with(self.account, |account| account.books.leave(self.ticket));
        self.ledger.bell.notify_waiters();
    }
}

/// The right to one request, and to the addresses that it is sent on to. To be held until the answer is over.
#[derive(Debug)]
pub(super) struct Permit {
    ledger: Arc<Ledger>,
    account: usize,
    /// The minute in which the request was let through that has no answer yet.
    asked: Option<u64>,
}

impl Permit {
    /// The answer has begun.
    pub(super) fn answered(&mut self) {
        let Some(minute) = self.asked.take() else { return };
        let now = self.ledger.now();
        self.ledger.with(self.account, |account| account.books.answered(minute, now));
        self.ledger.bell.notify_waiters();
    }

    /// Waits until the address that was answered may be asked.
    ///
    /// # Errors
    /// As [`Ledger::spend`].
    pub(super) async fn again(&mut self, patience: Duration) -> Result<(), Spent> {
        self.answered();
        self.asked = Some(self.ledger.wait(self.account, Urgency::Hop, patience).await?);
        self.ledger.keep_ahead(self.account).await;
        Ok(())
    }

    /// Nobody asks the account anything for so long.
    pub(super) fn rest(&self, pause: Duration) {
        let now = self.ledger.now();
        self.ledger.with(self.account, |account| account.books.rest(pause, now));
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.answered();
        self.ledger.with(self.account, |account| account.books.done());
        self.ledger.bell.notify_waiters();
    }
}

/// The books are whole between any two statements, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(requests: &str) -> Source {
        toml::from_str(&format!(
            "name='a'\nurl='http://h'\nusername='u'\npassword='p'\nrequests={{{requests}}}"
        ))
        .unwrap()
    }

    fn kept(data: &Data) -> u32 {
        let kept: Kept =
            serde_json::from_slice(&std::fs::read(data.state().join("a/requests.json")).unwrap()).unwrap();
        kept.accounts.values().flat_map(BTreeMap::values).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_is_ahead_of_the_truth_until_all_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = source("per_second=1000, per_hour=300");
        let ledgers = Ledgers::new(&data);
        for made in 1..=5 {
            drop(ledgers.of(&source).spend(0, Urgency::Now, Duration::ZERO).await.unwrap());
            assert!(kept(&data) >= made, "{made}");
        }
        assert!(kept(&data) <= 5 + 2 * 3, "a hundredth ahead");
        drop(ledgers);
        assert_eq!(kept(&data), 5);
        let ledgers = Ledgers::new(&data);
        drop(ledgers.of(&source).spend(0, Urgency::Now, Duration::from_secs(2)).await.unwrap());
        drop(ledgers);
        assert_eq!(kept(&data), 6);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_goes_before_the_details_that_wait() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = Ledgers::new(&Data::new(folder.path()));
        let ledger = ledgers.of(&source("per_second=1000"));
        let first = ledger.spend(0, Urgency::Now, Duration::ZERO).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let ask = |name: &'static str, urgency| {
            let (ledger, order) = (ledger.clone(), order.clone());
            tokio::spawn(async move {
                let permit = ledger.spend(0, urgency, Duration::ZERO).await.unwrap();
                lock(&order).push(name);
                drop(permit);
            })
        };
        let mut asked = vec![ask("detail", Urgency::Background), ask("another", Urgency::Background)];
        tokio::task::yield_now().await;
        asked.push(ask("wish", Urgency::Now));
        tokio::task::yield_now().await;
        // One that no longer wants to be asked is in nobody's way.
        asked.remove(0).abort();
        drop(first);
        for asked in asked {
            asked.await.unwrap();
        }
        assert_eq!(*lock(&order), ["wish", "another"]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_that_is_spent_is_told_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let ledgers = Ledgers::new(&Data::new(folder.path()));
        let ledger = ledgers.of(&source("per_second=1000, per_hour=2"));
        for _ in 0..2 {
            drop(ledger.spend(0, Urgency::Now, Duration::from_secs(60)).await.unwrap());
        }
        let spent = ledger.spend(0, Urgency::Now, Duration::from_secs(60)).await.unwrap_err();
        assert!(spent.wait > Duration::from_secs(3000));
        assert!(ledger.spend(1, Urgency::Now, Duration::from_secs(60)).await.is_ok(), "another account");
    }
}
