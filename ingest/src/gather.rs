//! Reading the sources; of each its last good harvest stands in for one that is refused.

use contract::disk::Data;
use contract::release::Outcome;
use contract::source::{Origin, Source};
use futures_util::{StreamExt as _, stream};

use crate::fetch::Fetching;
use crate::harvest::{self, Counts, Harvest};
use crate::line_up::Part;
use crate::progress::{Bar, Progress};
use crate::report::SourceReport;
use crate::source::{acestream, m3u, scrape, xmltv, xtream};
use crate::{Settings, guide};

/// Sources that are read at the same time; each of them answers one request after the other.
const AT_ONCE: usize = 4;

/// What is the same for all sources of a run.
pub(crate) struct Gathering<'a> {
    pub(crate) data: &'a Data,
    pub(crate) settings: &'a Settings,
    pub(crate) fetching: Fetching<'a>,
    pub(crate) progress: &'a Progress,
    /// Unix time, in seconds.
    pub(crate) now: u64,
}

/// A source, read.
struct Gathered {
    /// What is used of it; `None` when there is nothing, new or old.
    harvest: Option<Harvest>,
    /// Its guides, new or old, in its order.
    guides: Vec<guide::Copy>,
    report: SourceReport,
}

/// What all sources gave.
#[derive(Default)]
pub(crate) struct Given {
    /// Of each source, in their order; so are the hashes of their harvests, which are empty for those without one.
    pub(crate) reports: Vec<SourceReport>,
    pub(crate) hashes: Vec<String>,
    /// Of those that have a harvest.
    pub(crate) parts: Vec<Part>,
    /// Each with its source, and the position of that among all.
    pub(crate) guides: Vec<(usize, Source, guide::Copy)>,
}

impl Given {
    /// Whether any source gave something that is taken.
    pub(crate) fn is_any_taken(&self) -> bool {
        self.reports.iter().any(|report| report.outcome == Some(Outcome::Taken))
    }
}

/// What a source gave that nothing speaks against.
pub(crate) struct Taken {
    /// `None` for a source that has guides only.
    pub(crate) harvest: Option<Harvest>,
    /// Not yet judged: that needs them to be read.
    pub(crate) guides: Vec<guide::Copy>,
    /// What was odd about it, in words without an address.
    pub(crate) notes: Vec<String>,
    /// Unix time, in seconds, at which the first of its accounts ends.
    pub(crate) ends: Option<u64>,
}

impl Gathering<'_> {
    /// Reads all sources.
    pub(crate) async fn all(&self, sources: &[Source]) -> Given {
        let reading: Vec<_> = sources.iter().map(|source| self.gather(source)).collect();
        let gathered: Vec<Gathered> = stream::iter(reading).buffered(AT_ONCE).collect().await;
        let mut given = Given::default();
        for (at, (gathered, source)) in gathered.into_iter().zip(sources).enumerate() {
            let Gathered { harvest, guides, report } = gathered;
            given.reports.push(report);
            given.guides.extend(guides.into_iter().map(|copy| (at, source.clone(), copy)));
            given.hashes.push(harvest.as_ref().map(|it| it.head.hash.clone()).unwrap_or_default());
            given.parts.extend(harvest.map(|harvest| Part { source: source.clone(), harvest }));
        }
        given
    }

    /// Reads one source.
    async fn gather(&self, source: &Source) -> Gathered {
        let bar = self.progress.source(source.name.as_str());
        match self.take(source, &bar).await {
            Ok(Taken { harvest, guides, notes, ends }) => {
                let used = self.used(harvest.as_ref(), &guides);
                let report = SourceReport { ends, ..report(source, Some(Outcome::Taken), notes, used) };
                Gathered { harvest, guides, report }
            }
            Err(why) => {
                tracing::warn!(source = %source.name, why, "refused");
                let harvest = Harvest::last(self.data, &source.name);
                let guides = guide::Copy::all(self.data, &source.name);
                let outcome = (harvest.is_some() || !guides.is_empty()).then_some(Outcome::Kept);
                let report = report(source, outcome, vec![why], self.used(harvest.as_ref(), &guides));
                Gathered { harvest, guides, report }
            }
        }
    }

    /// The counts of a harvest and when it was made; of a source that has guides only, when the newest came.
    fn used(&self, harvest: Option<&Harvest>, guides: &[guide::Copy]) -> (Counts, u64) {
        let came = |copy: &guide::Copy| {
            let kept = || copy.changed().map_or(0, |(nanos, _)| (nanos / 1_000_000_000) as u64);
            if copy.is_fresh() { self.now } else { kept() }
        };
        match harvest {
            Some(harvest) => (harvest.head.counts.clone(), harvest.head.harvested),
            None => (Counts::new(), guides.iter().map(came).max().unwrap_or(0)),
        }
    }

    /// # Errors
    /// What was refused and why.
    async fn take(&self, source: &Source, bar: &Bar) -> Result<Taken, String> {
        let last = harvest::head(self.data, &source.name);
        // The harvest is kept when the ledger knows it: until then the last one says who was who.
        match &source.origin {
            Origin::Xtream(_) => xtream::gather(self, source, last.as_ref(), bar).await,
            Origin::M3u(list) => m3u::gather(self, (source, list), last.as_ref(), bar).await,
            Origin::Scrape(pages) => scrape::gather(self, source, pages, last.as_ref(), bar).await,
            Origin::Acestream(list) => acestream::gather(self, source, list, last.as_ref(), bar).await,
            Origin::Xmltv(guide) => xmltv::gather(self, source, guide, bar).await,
        }
    }
}

fn report(
    source: &Source,
    outcome: Option<Outcome>,
    notes: Vec<String>,
    (counts, harvested): (Counts, u64),
) -> SourceReport {
    SourceReport { name: source.name.as_str().to_owned(), outcome, notes, counts, harvested, ends: None }
}
