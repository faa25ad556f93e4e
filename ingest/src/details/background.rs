//! Filling details while nothing else is to be done: wishes at once, everything else newest first, as fast as the pace
//! of each account allows.
//!
//! ```text
//!  wanted/ ──▶ reception ──▶ a desk for each panel: wishes ──────┐  one pace
//!  roster  ──▶ (5 a second)                         the rest ────┴──▶ ask ──▶ keeper
//! ```

use std::collections::HashSet;
use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use contract::details::{Details, Subject};
use contract::disk::Data;
use contract::source::Source;
use contract::wanted::{self, Wanted};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep, sleep_until};

use super::ask::{Due, Found, Wanting, ask, panel};
use super::keeper::Keeper;
use super::pace::Pace;
use super::roster::{self, Item, Roster};
use crate::Settings;
use crate::fetch::{Failure, Fetching, Ledgers};
use crate::source::xtream::Panel;
use crate::tape::Tape;

/// What was found is kept after this time: a program that is killed loses no more.
const BATCH_TIME: Duration = Duration::from_secs(3);
/// And when it is so much.
const BATCH: usize = 50;
/// So many are looked at at a time.
const LOOKED_AT: usize = 500;
/// When everything was fetched, it is looked again after this time: details grow old.
const AGAIN: Duration = Duration::from_secs(3600);
/// A panel that does not answer is left alone for no longer than this.
const LONGEST_REST: Duration = Duration::from_secs(900);
/// When an hour's requests are spent, it is looked again after this time.
const SPENT_REST: Duration = Duration::from_secs(60);

/// Fills details until it is dropped.
pub(crate) struct Background {
    _tasks: JoinSet<()>,
    busy: watch::Sender<usize>,
}

/// A run is going on; only wishes are fulfilled while this is held.
pub(crate) struct Pause<'a>(&'a Background);

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.busy.send_modify(|runs| *runs -= 1);
    }
}

impl Background {
    /// Begins, on the present runtime. Whoever asks the same providers meanwhile shares the `ledgers`.
    pub(crate) fn start(
        data: &Data,
        sources: &[Source],
        settings: &Settings,
        ledgers: &Arc<Ledgers>,
    ) -> Self {
        let sources: Arc<[Source]> = sources.into();
        let keeper = Arc::new(Keeper::new(data, sources.clone()));
        let (busy, runs) = watch::channel(0);
        let (publish, roster) = watch::channel(Arc::default());
        let mut tasks = JoinSet::new();
        let mut desks = Vec::new();
        for source in sources.iter().filter(|source| source.xtream().is_some()) {
            let (wish, wishes) = mpsc::channel(wanted::MOST);
            desks.push((source.name.as_str().to_owned(), wish));
            let desk = Desk {
                data: data.clone(),
                ledgers: ledgers.clone(),
                source: source.clone(),
                settings: settings.clone(),
                details: Details::new(data),
                wanted: Wanted::new(data),
                keeper: keeper.clone(),
                pace: Pace::new(settings.details_pause),
            };
            tasks.spawn(desk.work(wishes, roster.clone(), runs.clone()));
        }
        let reception =
            Reception { data: data.clone(), keeper, desks, publish, seen: None, passed: HashSet::new() };
        tasks.spawn(reception.work());
        Self { _tasks: tasks, busy }
    }

    /// Leaves everything but wishes until the pause is dropped.
    pub(crate) fn pause(&self) -> Pause<'_> {
        self.busy.send_modify(|runs| *runs += 1);
        Pause(self)
    }
}

/// Looks for wishes and new rosters.
struct Reception {
    data: Data,
    keeper: Arc<Keeper>,
    /// By the names of their sources.
    desks: Vec<(String, mpsc::Sender<Item>)>,
    publish: watch::Sender<Arc<Roster>>,
    seen: Option<roster::Stamp>,
    /// Wishes that a desk has.
    passed: HashSet<Subject>,
}

impl Reception {
    async fn work(mut self) {
        let mut said = String::new();
        loop {
            let looked = spawn_blocking(move || {
                let result = self.look();
                (self, result)
            });
            let Ok((back, result)) = looked.await else { return };
            self = back;
            match result {
                Ok(()) => said.clear(),
                Err(error) if error.to_string() == said => {}
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "details cannot be filled");
                    said = error.to_string();
                }
            }
            sleep(wanted::EVERY).await;
        }
    }

    fn look(&mut self) -> anyhow::Result<()> {
        let there = roster::stamp(&self.data);
        if there.is_some() && there != self.seen {
            let roster = Roster::read(&self.data).context("the roster of details cannot be read")?;
            self.publish.send_replace(Arc::new(roster));
            self.seen = there;
        }
        let wanted = Wanted::new(&self.data);
        let wishes: Vec<Subject> =
            wanted.list().context("wishes cannot be read")?.into_iter().map(|(subject, _)| subject).collect();
        let listed: HashSet<Subject> = wishes.iter().copied().collect();
        self.passed.retain(|subject| listed.contains(subject));
        if self.seen.is_some() {
            for subject in wishes {
                self.pass_on(subject, &wanted)?;
            }
        }
        self.keeper.rest();
        Ok(())
    }

    fn pass_on(&mut self, subject: Subject, wanted: &Wanted) -> anyhow::Result<()> {
        if self.passed.contains(&subject) {
            return Ok(());
        }
        let roster = self.publish.borrow().clone();
        let item = roster.find(subject);
        let desk = item.and_then(|item| {
            let source = roster.source(item);
            self.desks.iter().find(|(name, _)| name == source)
        });
        match (item, desk) {
            (Some(item), Some((_, desk))) => {
                // A full desk gets it when it has less to do.
                if desk.try_send(item.clone()).is_ok() {
                    self.passed.insert(subject);
                }
            }
            _ => {
                self.keeper.nobody_knows(subject)?;
                wanted.done(subject).context("a wish cannot be taken away")?;
            }
        }
        Ok(())
    }
}

/// Asks one panel.
struct Desk {
    data: Data,
    ledgers: Arc<Ledgers>,
    source: Source,
    settings: Settings,
    details: Details,
    wanted: Wanted,
    keeper: Arc<Keeper>,
    pace: Pace,
}

impl Desk {
    async fn work(
        self,
        wishes: mpsc::Receiver<Item>,
        roster: watch::Receiver<Arc<Roster>>,
        runs: watch::Receiver<usize>,
    ) {
        let fetching =
            Fetching { data: &self.data, settings: &self.settings, ledgers: &self.ledgers, tape: Tape::None };
        let panels = [Wanting::Wish, Wanting::Background].map(|it| panel(&self.source, fetching, it));
        match panels {
            [Ok(now), Ok(later)] => {
                tokio::join!(self.fulfil(&now, wishes), self.fill(&later, roster, runs));
            }
            [Err(failure), _] | [_, Err(failure)] => {
                tracing::error!(source = %self.source.name, %failure, "details cannot be asked for");
            }
        }
    }

    /// One wish after the other, as long as there are any.
    async fn fulfil(&self, panel: &Panel<'_>, mut wishes: mpsc::Receiver<Item>) {
        while let Some(item) = wishes.recv().await {
            let subject = item.subject;
            if self.is_due(item.clone(), Wanting::Wish).await {
                match self.ask(panel, item).await {
                    Ok(found) => self.keep(vec![found]).await,
                    Err(failure) => {
                        tracing::warn!(source = %self.source.name, %failure, "no details for somebody who waits");
                    }
                }
            }
            // One that failed, too: who still wants it wishes again.
            if let Err(error) = self.wanted.done(subject) {
                tracing::warn!(%error, "a wish cannot be taken away");
            }
        }
    }

    /// Everything that is due, newest first, from the beginning whenever there is a new roster.
    async fn fill(
        &self,
        panel: &Panel<'_>,
        mut roster: watch::Receiver<Arc<Roster>>,
        mut runs: watch::Receiver<usize>,
    ) {
        loop {
            let listed = roster.borrow_and_update().clone();
            let Some(count) = self.pass(panel, &listed, &roster, &mut runs).await else { return };
            if count > 0 {
                tracing::info!(source = %self.source.name, count, "details were fetched");
            }
            tokio::select! {
                changed = roster.changed() => if changed.is_err() { return },
                () = sleep(AGAIN) => {}
            }
        }
    }

    /// Once through the roster, or until there is a `newer` one. Answers how many were fetched; `None` when the program
    /// ends.
    async fn pass(
        &self,
        panel: &Panel<'_>,
        roster: &Arc<Roster>,
        newer: &watch::Receiver<Arc<Roster>>,
        runs: &mut watch::Receiver<usize>,
    ) -> Option<usize> {
        let mut batch = Batch::default();
        let (mut at, mut count, mut failures) = (0, 0, 0);
        while !newer.has_changed().ok()? {
            if *runs.borrow() > 0 {
                self.keep(batch.take()).await;
                runs.wait_for(|runs| *runs == 0).await.ok()?;
            }
            let Some(item) = self.next_due(roster, &mut at).await else { break };
            let mut asking = pin!(self.ask(panel, item));
            let found = loop {
                tokio::select! {
                    found = &mut asking => break found,
                    () = batch.ripe() => self.keep(batch.take()).await,
                }
            };
            match found {
                Ok(found) => {
                    (count, failures) = (count + 1, 0);
                    batch.push(found);
                }
                Err(failure) => {
                    failures += 1;
                    tracing::debug!(source = %self.source.name, %failure, "no details");
                    self.keep(batch.take()).await;
                    if failure.is_unasked() {
                        at -= 1; // it was not asked for at all
                        sleep(SPENT_REST).await;
                    } else if failures > 1 || failure.may_pass() {
                        sleep(self.rest(failures)).await;
                    }
                }
            }
            if batch.is_full() {
                self.keep(batch.take()).await;
            }
        }
        self.keep(batch.take()).await;
        Some(count)
    }

    /// How long a panel is left alone that did not answer so often in a row.
    fn rest(&self, failures: u32) -> Duration {
        let first = self.settings.retry_pause.max(Duration::from_millis(100));
        first.saturating_mul(1 << failures.min(16)).min(LONGEST_REST)
    }

    /// The next entry of this source that is due, from `at` on.
    async fn next_due(&self, roster: &Arc<Roster>, at: &mut usize) -> Option<Item> {
        while *at < roster.items.len() {
            let (from, to) = (*at, roster.items.len().min(*at + LOOKED_AT));
            let (roster, details, due) = (roster.clone(), self.details.clone(), Due::now(&self.settings));
            let name = self.source.name.as_str().to_owned();
            let looked = spawn_blocking(move || {
                let found = (from..to).find(|at| {
                    let item = &roster.items[*at];
                    roster.source(item) == name && due.is_due(&details, item, &name, Wanting::Background)
                });
                (found.map_or(to, |found| found + 1), found.map(|found| roster.items[found].clone()))
            });
            let (next, found) = looked.await.ok()?;
            *at = next;
            if found.is_some() {
                return found;
            }
        }
        None
    }

    async fn is_due(&self, item: Item, wanting: Wanting) -> bool {
        let (details, due) = (self.details.clone(), Due::now(&self.settings));
        let name = self.source.name.as_str().to_owned();
        spawn_blocking(move || due.is_due(&details, &item, &name, wanting)).await.unwrap_or(false)
    }

    async fn ask(&self, panel: &Panel<'_>, item: Item) -> Result<Found, Failure> {
        self.pace.step().await;
        ask(panel, &self.source, item).await
    }

    async fn keep(&self, found: Vec<Found>) {
        if found.is_empty() {
            return;
        }
        let keeper = self.keeper.clone();
        if let Ok(Err(error)) = spawn_blocking(move || keeper.keep(found)).await {
            tracing::error!(source = %self.source.name, error = format!("{error:#}"), "details are lost");
        }
    }
}

/// What was found and is not kept yet.
#[derive(Default)]
struct Batch {
    found: Vec<Found>,
    since: Option<Instant>,
}

impl Batch {
    fn push(&mut self, found: Found) {
        self.since.get_or_insert_with(Instant::now);
        self.found.push(found);
    }

    /// When it has waited long enough; never if it is empty.
    async fn ripe(&self) {
        match self.since {
            Some(since) => sleep_until(since + BATCH_TIME).await,
            None => pending().await,
        }
    }

    fn is_full(&self) -> bool {
        self.found.len() >= BATCH || self.since.is_some_and(|since| since.elapsed() >= BATCH_TIME)
    }

    fn take(&mut self) -> Vec<Found> {
        self.since = None;
        std::mem::take(&mut self.found)
    }
}
