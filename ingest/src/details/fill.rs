//! A few details after a run, for those who run ingest now and then and do not leave it running.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use anyhow::Context as _;
use contract::details::{Details, Subject};
use contract::disk::Data;
use contract::source::Source;
use contract::wanted::Wanted;

use super::ask::{Due, Found, Wanting, ask, panel};
use super::keeper::Keeper;
use super::pace::Pace;
use super::roster::{Item, Roster};
use crate::Settings;
use crate::fetch::{Fetching, Ledgers};
use crate::progress::Progress;
use crate::source::xtream::Panel;
use crate::tape::Tape;

/// So many are kept at once: a program that is killed loses no more.
const BATCH: usize = 10;

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// Films and series that were asked for.
    pub asked: usize,
    /// Those that a panel answered; the others are asked for another time.
    pub answered: usize,
}

/// A source that is asked.
struct Asked<'a> {
    panel: Panel<'a>,
    pace: Pace,
    /// It did not answer once, and is left alone.
    silent: bool,
}

/// One filling.
struct Filling<'a> {
    sources: &'a [Source],
    fetching: Fetching<'a>,
    progress: &'a Progress,
    wanted: Wanted,
    keeper: Arc<Keeper>,
    asked: HashMap<&'a str, Asked<'a>>,
    filled: Filled,
    batch: Vec<Found>,
}

/// Fetches details of what the newest run listed: what servers wish for first, then what is missing, changed or old,
/// newest first; at most [`Settings::details_per_run`].
///
/// # Errors
/// The disk refuses, or the id ledger is damaged.
pub async fn fill(
    data: &Data,
    sources: &[Source],
    settings: &Settings,
    progress: &Progress,
) -> anyhow::Result<Filled> {
    let roster = Roster::read(data).context("the roster of details cannot be read")?;
    let details = Details::new(data);
    let due = Due::now(settings);
    let ledgers = Ledgers::new(data);
    let mut filling = Filling {
        sources,
        fetching: Fetching { data, settings, ledgers: &ledgers, tape: Tape::None },
        progress,
        wanted: Wanted::new(data),
        keeper: Arc::new(Keeper::new(data, sources.into())),
        asked: HashMap::new(),
        filled: Filled::default(),
        batch: Vec::new(),
    };
    let wishes = filling.wanted.list().context("wishes cannot be read")?;
    for (subject, _) in wishes {
        match roster.find(subject) {
            Some(item) if due.is_due(&details, item, roster.source(item), Wanting::Wish) => {
                filling.one(item, roster.source(item)).await?;
            }
            Some(_) => filling.wanted.done(subject)?,
            None => {
                filling.keeper.nobody_knows(subject)?;
                filling.wanted.done(subject)?;
            }
        }
    }
    filling.keep().await?; // so that what was wished for is not asked for twice
    for item in &roster.items {
        if filling.is_full() {
            break;
        }
        let source = roster.source(item);
        if !filling.is_silent(source) && due.is_due(&details, item, source, Wanting::Background) {
            filling.one(item, source).await?;
        }
    }
    filling.keep().await?;
    Ok(filling.filled)
}

impl<'a> Filling<'a> {
    const fn is_full(&self) -> bool {
        self.filled.asked >= self.fetching.settings.details_per_run
    }

    /// Whether nothing can be asked of a source: it did not answer, or it is not in the configuration any more.
    fn is_silent(&self, source: &str) -> bool {
        match self.asked.get(source) {
            Some(asked) => asked.silent,
            None => !self.sources.iter().any(|it| it.name.as_str() == source && it.xtream().is_some()),
        }
    }

    /// Asks for one, unless that would be too many.
    async fn one(&mut self, item: &Item, source: &str) -> anyhow::Result<()> {
        if self.is_full() || self.is_silent(source) {
            return Ok(());
        }
        let source = self.sources.iter().find(|it| it.name.as_str() == source);
        let source = source.expect("one that is not configured is silent");
        let asked = match self.asked.entry(source.name.as_str()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Asked {
                panel: panel(source, self.fetching, Wanting::Background)?,
                pace: Pace::new(self.fetching.settings.details_pause),
                silent: false,
            }),
        };
        self.filled.asked += 1;
        let bar = self.progress.source(source.name.as_str());
        bar.step(&format!(
            "details {} of at most {}",
            self.filled.asked, self.fetching.settings.details_per_run
        ));
        asked.pace.step().await;
        let found = ask(&asked.panel, source, item.clone()).await;
        match found {
            Ok(found) => {
                self.filled.answered += 1;
                self.batch.push(found);
            }
            Err(failure) => {
                tracing::warn!(source = %source.name, %failure, "no details this time");
                asked.silent = failure.may_pass() || failure.is_unasked();
            }
        }
        if self.batch.len() >= BATCH { self.keep().await } else { Ok(()) }
    }

    async fn keep(&mut self) -> anyhow::Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let subjects: Vec<Subject> = batch.iter().map(|found| found.item.subject).collect();
        let keeper = self.keeper.clone();
        tokio::task::spawn_blocking(move || keeper.keep(batch))
            .await
            .context("keeping details broke off")??;
        for subject in subjects {
            self.wanted.done(subject)?;
        }
        Ok(())
    }
}
