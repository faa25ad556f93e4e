//! The ledger of requests: one for each provider account, for everything that is asked of it, whoever asks.
//!
//! Three promises, which [`Budget`] states: how many at once, in any second, in any hour. They hold for all processes
//! that share a data folder together, and for one after the other: the books are in `state/<source>/requests.json`, and
//! who asks holds the [`Pen`]. So processes ask a source in turns; in one process as many at once as the budget has.
//!
//! ```text
//! spend ──▶ queue of the account ──▶ reach for the pen ──▶ the books: does it fit? ──▶ Permit ──▶ dropped: lay it down
//! ```

mod books;
mod pen;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::disk::Data;
use contract::source::{Budget, Source};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

pub(crate) use books::Urgency;
use books::{Books, Lately, Moment, Ticket, Turn};
use pen::{Pen, Reached};

/// How often is looked whether another process has laid the pen down.
const LOOK: Duration = Duration::from_millis(20);
/// How long the others may have it: a guide may take a quarter of an hour. Then the process that has it hangs.
const LONGEST_TURN: Duration = Duration::from_secs(20 * 60);

/// The ledgers of all sources. Who asks within one process shares one of these, so that what is urgent goes first.
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
            let folder = self.data.state().join(source.name.as_str());
            Arc::new(Ledger::new(&folder, source.transport.requests))
        });
        ledger.clone()
    }
}

/// The ledger of one source.
#[derive(Debug)]
pub(super) struct Ledger {
    started: Instant,
    desk: Mutex<Desk>,
    /// Rings whenever somebody's turn may have come.
    bell: Notify,
}

/// The books of a source's accounts, and the pen to write into them.
#[derive(Debug)]
struct Desk {
    budget: Budget,
    accounts: BTreeMap<usize, Books>,
    pen: Pen,
    /// Requests of all accounts whose answer is not over. As long as there are any, the pen is held.
    running: u32,
}

/// `requests.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// By account, requests by minute since 1970.
    accounts: BTreeMap<usize, BTreeMap<u64, u32>>,
    /// By account, what the hour does not say.
    #[serde(default)]
    moments: BTreeMap<usize, Lately>,
}

/// Why a request is not made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The hour's requests are spent, or the provider wants to be left alone, for longer than one would wait: until the
    /// next request fits.
    Spent(Duration),
    /// Another process has been asking for so long.
    Elsewhere(Duration),
}

impl Ledger {
    fn new(folder: &Path, budget: Budget) -> Self {
        let desk = Desk { budget, accounts: BTreeMap::new(), pen: Pen::new(folder), running: 0 };
        Self { started: Instant::now(), desk: Mutex::new(desk), bell: Notify::new() }
    }

    /// Waits until `account` may be asked. What is waiting goes by its urgency, then in the order of coming.
    ///
    /// # Errors
    /// [`Denied::Spent`], at once, if that would take longer than `patience` although nobody else is in the way;
    /// [`Denied::Elsewhere`] after [`LONGEST_TURN`].
    pub(super) async fn spend(
        self: &Arc<Self>,
        account: usize,
        urgency: Urgency,
        patience: Duration,
    ) -> Result<Permit, Denied> {
        let minute = self.wait(account, urgency, patience).await?;
        Ok(Permit { ledger: self.clone(), account, asked: Some(minute) })
    }

    /// Waits for one request to be let through. Answers the minute in which it was.
    async fn wait(&self, account: usize, urgency: Urgency, patience: Duration) -> Result<u64, Denied> {
        let ticket = lock(&self.desk).books(account).ticket(urgency);
        let _place = Queued { ledger: self, account, ticket };
        // Since when another process, and nothing else, has been in the way.
        let mut elsewhere = None;
        loop {
            let rung = self.bell.notified();
            tokio::pin!(rung);
            rung.as_mut().enable(); // before looking, so that no ring is missed
            let now = self.now();
            let turn = lock(&self.desk).turn(account, ticket, now);
            let wait = match turn {
                Turn::Go => return Ok(now.minute()),
                Turn::Behind => {
                    elsewhere = None;
                    rung.await;
                    continue;
                }
                Turn::Elsewhere => {
                    let waited = elsewhere.get_or_insert_with(Instant::now).elapsed();
                    if waited > LONGEST_TURN {
                        return Err(Denied::Elsewhere(waited));
                    }
                    LOOK
                }
                Turn::In(wait) if wait > patience => return Err(Denied::Spent(wait)),
                Turn::In(wait) => {
                    elsewhere = None;
                    wait
                }
            };
            // Someone more urgent may come; he will not ring for us, so what was waited for is looked at anew.
            let _ = timeout(wait, rung).await;
        }
    }

    fn now(&self) -> Moment {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment { since: self.started.elapsed(), unix }
    }
}

impl Desk {
    fn books(&mut self, account: usize) -> &mut Books {
        self.accounts.entry(account).or_insert_with(|| Books::new(self.budget))
    }

    /// Whether it is the turn of `ticket`. With [`Turn::Go`] it is counted, in the file, too: before it is made.
    fn turn(&mut self, account: usize, ticket: Ticket, now: Moment) -> Turn {
        if self.books(account).is_behind(ticket) {
            return Turn::Behind;
        }
        let hop = ticket.0 == Urgency::Hop; // its request is running
        if !hop && !self.reach(now) {
            return Turn::Elsewhere;
        }
        let turn = self.books(account).turn(ticket, now);
        if turn == Turn::Go {
            self.running += u32::from(!hop);
            self.write(now);
        } else if self.running == 0 {
            // Who sleeps holds nothing; but nobody comes before him twice.
            let soon = matches!(turn, Turn::In(wait) if self.books(account).is_short(wait));
            self.pen.lay_down(soon);
        }
        turn
    }

    /// Whether the pen is held now, and the books are as all processes know them.
    fn reach(&mut self, now: Moment) -> bool {
        let news = match self.pen.reach() {
            Reached::Elsewhere => return false,
            Reached::Held => return true,
            Reached::News(news) => news,
        };
        // A damaged file costs an hour's promise and nothing else.
        let kept = serde_json::Deserializer::from_slice(&news).into_iter::<Kept>().next();
        if let Some(Ok(mut kept)) = kept {
            for (account, minutes) in kept.accounts {
                let lately = kept.moments.remove(&account).unwrap_or_default();
                self.books(account).resume(minutes, &lately, now);
            }
        }
        true
    }

    fn write(&mut self, now: Moment) {
        let accounts = self.accounts.iter().map(|(number, books)| (*number, books.minutes(now)));
        let mut kept = Kept { accounts: accounts.collect(), moments: BTreeMap::new() };
        kept.moments = self.accounts.iter_mut().map(|(number, books)| (*number, books.lately(now))).collect();
        self.pen.write(serde_json::to_vec(&kept).expect("numbers are JSON"));
    }

    /// A request is over.
    fn done(&mut self, account: usize, now: Moment) {
        self.books(account).done();
        self.running -= 1;
        if self.running == 0 {
            self.write(now);
            self.pen.lay_down(false);
        }
    }

    fn leave(&mut self, account: usize, ticket: Ticket) {
        self.books(account).leave(ticket);
        if self.accounts.values().all(Books::is_quiet) {
            self.pen.give_way();
        }
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
        lock(&self.ledger.desk).leave(self.account, self.ticket);
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
        lock(&self.ledger.desk).books(self.account).answered(minute, now);
        self.ledger.bell.notify_waiters();
    }

    /// Waits until the address that was answered may be asked.
    ///
    /// # Errors
    /// As [`Ledger::spend`].
    pub(super) async fn again(&mut self, patience: Duration) -> Result<(), Denied> {
        self.answered();
        self.asked = Some(self.ledger.wait(self.account, Urgency::Hop, patience).await?);
        Ok(())
    }

    /// Nobody asks the account anything for so long.
    pub(super) fn rest(&self, pause: Duration) {
        let now = self.ledger.now();
        lock(&self.ledger.desk).books(self.account).rest(pause, now);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.answered();
        let now = self.ledger.now();
        lock(&self.ledger.desk).done(self.account, now);
        self.ledger.bell.notify_waiters();
    }
}

/// The books are whole between any two statements, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    fn source(requests: &str) -> Source {
        toml::from_str(&format!(
            "name='a'\nurl='http://h'\nusername='u'\npassword='p'\nrequests={{{requests}}}"
        ))
        .unwrap()
    }

    fn kept(data: &Data) -> u32 {
        let books = std::fs::read(data.state().join("a/requests.json")).unwrap();
        let kept: Kept = serde_json::from_slice(&books).unwrap();
        kept.accounts.values().flat_map(BTreeMap::values).sum()
    }

    #[tokio::test(start_paused = true)]
    async fn the_file_has_a_request_before_it_is_made_and_the_next_process_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = source("per_second=1000, per_hour=300");
        let ledgers = Ledgers::new(&data);
        for made in 1..=5 {
            let permit = ledgers.of(&source).spend(0, Urgency::Now, Duration::ZERO).await.unwrap();
            assert_eq!(kept(&data), made, "it counts, though we be killed");
            drop(permit);
            assert_eq!(kept(&data), made);
        }
        drop(ledgers);
        let ledgers = Ledgers::new(&data);
        drop(ledgers.of(&source).spend(0, Urgency::Now, Duration::from_secs(2)).await.unwrap());
        assert_eq!(kept(&data), 6);
        // The end of longer books, of a process that was killed while it wrote.
        let books = File::options().append(true).open(data.state().join("a/requests.json"));
        books.unwrap().write_all(b":1}}").unwrap();
        drop(ledgers.of(&source).spend(0, Urgency::Now, Duration::from_secs(2)).await.unwrap());
        assert_eq!(kept(&data), 7);
    }

    /// Two ledgers on one folder are what two processes have.
    #[tokio::test]
    async fn two_processes_share_the_second_the_hour_and_the_places() {
        for (parallel, per_second) in [(1, 1000), (3, 1000), (2, 20)] {
            let folder = tempfile::tempdir().unwrap();
            let data = Data::new(folder.path());
            let source = source(&format!("parallel={parallel}, per_second={per_second}, per_hour=60"));
            let open = Arc::new(Mutex::new((0_u32, 0_u32, Vec::new())));
            let mut asking = Vec::new();
            for process in [Ledgers::new(&data), Ledgers::new(&data)] {
                let ledger = process.of(&source);
                for _ in 0..4 {
                    let (ledger, open) = (ledger.clone(), open.clone());
                    asking.push(tokio::spawn(async move {
                        let mut made = 0;
                        while let Ok(permit) = ledger.spend(0, Urgency::Now, Duration::from_secs(60)).await {
                            {
                                let mut open = lock(&open);
                                open.0 += 1;
                                open.1 = open.1.max(open.0);
                                open.2.push(std::time::Instant::now());
                            }
                            tokio::time::sleep(Duration::from_millis(3)).await;
                            lock(&open).0 -= 1;
                            drop(permit);
                            made += 1;
                        }
                        made
                    }));
                }
            }
            let mut made = Vec::new();
            for asking in asking {
                made.push(asking.await.unwrap());
            }
            let open = lock(&open);
            let within = |from: &std::time::Instant| {
                let since = |at: &&std::time::Instant| at.checked_duration_since(*from);
                open.2.iter().filter(|at| since(at).is_some_and(|it| it < Duration::from_secs(1))).count()
            };
            let most = open.2.iter().map(within).max().unwrap();
            assert!(open.1 <= parallel, "{} at once", open.1);
            assert!(most <= per_second, "{most} in a second");
            assert_eq!(open.2.len(), 60, "{made:?}");
            assert!(made[..4].iter().sum::<i32>().abs_diff(30) < 20, "they take turns: {made:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_hangs_is_not_waited_for_for_ever_and_who_gives_up_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = source("per_second=1000");
        let [one, two, three] = [(); 3].map(|()| Ledgers::new(&data).of(&source));
        let hanging = one.spend(0, Urgency::Now, Duration::ZERO).await.unwrap();
        let patience = Duration::from_secs(1);
        let denied = two.spend(0, Urgency::Now, patience).await.unwrap_err();
        assert!(matches!(denied, Denied::Elsewhere(waited) if waited > LONGEST_TURN), "{denied:?}");
        let waiting = timeout(Duration::from_secs(5), two.spend(0, Urgency::Now, patience)).await;
        assert!(waiting.is_err(), "it waits for the first");
        drop(hanging);
        drop(three.spend(0, Urgency::Now, patience).await.unwrap());
        drop(two.spend(0, Urgency::Now, patience).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn who_lets_others_of_his_own_process_go_first_has_not_waited_for_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = source("per_second=1000");
        let [one, two] = [(); 2].map(|()| Ledgers::new(&data).of(&source));
        let ask = |ledger: &Arc<Ledger>, urgency| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.spend(0, urgency, Duration::from_secs(1)).await.unwrap() })
        };
        let elsewhere = one.spend(0, Urgency::Now, Duration::ZERO).await.unwrap();
        let detail = ask(&two, Urgency::Background);
        tokio::time::sleep(LOOK).await;
        let guide = ask(&two, Urgency::Now);
        tokio::time::sleep(LOOK).await;
        drop(elsewhere);
        let guide = guide.await.unwrap();
        tokio::time::sleep(2 * LONGEST_TURN).await;
        let again = ask(&one, Urgency::Now);
        tokio::time::sleep(LOOK).await;
        drop(guide);
        let (again, ()) = tokio::join!(again, tokio::time::sleep(Duration::from_secs(5)));
        drop(again.unwrap());
        drop(detail.await.expect("a moment was waited for the first, and for the guide"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_an_hour_lets_others_ask_another_account() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = source("per_second=1000, per_hour=1");
        let [one, two] = [(); 2].map(|()| Ledgers::new(&data).of(&source));
        drop(one.spend(0, Urgency::Now, Duration::ZERO).await.unwrap());
        let long = Duration::from_secs(7200);
        let waiting = tokio::spawn(async move { one.spend(0, Urgency::Now, long).await.map(drop) });
        tokio::task::yield_now().await;
        let spent = two.spend(0, Urgency::Now, Duration::ZERO).await.unwrap_err();
        assert!(matches!(spent, Denied::Spent(wait) if wait.as_secs() > 3000), "{spent:?}");
        drop(two.spend(1, Urgency::Now, Duration::ZERO).await.unwrap());
        waiting.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_folder_that_cannot_be_is_no_reason_not_to_ask() {
        let folder = tempfile::NamedTempFile::new().unwrap();
        let ledger = Ledgers::new(&Data::new(folder.path())).of(&source("per_second=1000, per_hour=2"));
        for _ in 0..2 {
            drop(ledger.spend(0, Urgency::Now, Duration::ZERO).await.unwrap());
        }
        assert!(ledger.spend(0, Urgency::Now, Duration::ZERO).await.is_err(), "it counts all the same");
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
        assert!(matches!(spent, Denied::Spent(wait) if wait > Duration::from_secs(3000)));
        assert!(ledger.spend(1, Urgency::Now, Duration::from_secs(60)).await.is_ok(), "another account");
    }
}
