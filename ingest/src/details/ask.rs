//! Asking a provider for one thing, and deciding whether that is due.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::details::{Details, Kept, MovieFacts, NOTHING_FOR, Subject};
use contract::source::Source;

use super::roster::Item;
use crate::Settings;
use crate::fetch::{Failure, Fetcher, Fetching, Urgency};
use crate::source::xtream::{Episodes, Panel, movie, series};

/// What a provider told.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) item: Item,
    /// The name of the source that was asked.
    pub(super) source: String,
    /// Unix time, in seconds.
    pub(super) fetched: u64,
    pub(super) answer: Answer,
}

/// What a provider told; `None` if it knows nothing.
#[derive(Debug)]
pub(super) enum Answer {
    Movie(Option<Box<MovieFacts>>),
    Series(Option<Episodes>),
}

/// Who wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanting {
    /// Somebody who waits.
    Wish,
    /// Nobody yet.
    Background,
}

/// Prepares to ask `source`, which must be a panel.
///
/// # Errors
/// It is none, or the TLS machinery cannot be set up.
pub(super) fn panel<'a>(
    source: &'a Source,
    fetching: Fetching<'a>,
    wanting: Wanting,
) -> Result<Panel<'a>, Failure> {
    let panel = source.xtream().ok_or_else(|| Failure::Refused("only panels have details".into()))?;
    let urgency = match wanting {
        Wanting::Wish => Urgency::Now,
        Wanting::Background => Urgency::Background,
    };
    Ok(Panel::new(Fetcher::new(source, fetching)?, panel).with(urgency))
}

/// Asks for the details of `item`.
///
/// # Errors
/// [`Failure`]
pub(super) async fn ask(panel: &Panel<'_>, source: &Source, item: Item) -> Result<Found, Failure> {
    let id = &item.provider_id;
    let answer = match item.subject {
        Subject::Movie(_) => Answer::Movie(movie(panel, source, id).await?.map(Box::new)),
        Subject::Series(_) => Answer::Series(series(panel, source, id).await?),
    };
    Ok(Found { item, source: source.name.as_str().to_owned(), fetched: now(), answer })
}

/// Unix time, in seconds.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// When details are asked for again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// Unix time, in seconds.
    now: u64,
    /// In seconds.
    max_age: u64,
}

impl Due {
    /// As of now.
    pub(super) fn now(settings: &Settings) -> Self {
        Self { now: now(), max_age: settings.details_max_age().as_secs() }
    }

    /// Whether the details of `item` are to be asked for: they are missing, changed, or old, or the provider has
    /// renumbered, so that the episodes go by names that he has given to others. What he knew nothing of is asked for
    /// again after a day if somebody wishes.
    pub(super) fn is_due(self, details: &Details, item: &Item, source: &str, wanting: Wanting) -> bool {
        let Some(Kept { head, answer }) = details.kept(item.subject) else { return true };
        let age = self.now.saturating_sub(head.fetched);
        let changed = !head.restless && head.last_modified != item.modified;
        let renumbered = !head.provider_id.is_empty() && *head.provider_id != *item.provider_id;
        let forgiven = answer.is_none() && wanting == Wanting::Wish && age >= NOTHING_FOR;
        head.source != source || renumbered || changed || age > self.max_age || forgiven
    }
}

#[cfg(test)]
mod tests {
    use contract::details::{Head, Stored};
    use contract::disk::Data;

    use super::*;

    #[test]
    fn details_are_asked_for_when_they_are_missing_changed_or_old() {
        let folder = tempfile::tempdir().unwrap();
        let details = Details::new(&Data::new(folder.path()));
        let subject = Subject::Movie(1);
        let item = Item { subject, source: 0, provider_id: "7".into(), modified: 5 };
        let due = Due { now: 1_000_000, max_age: 300_000 };
        let is_due = |wanting| due.is_due(&details, &item, "acme", wanting);
        assert!(is_due(Wanting::Background));
        let day = NOTHING_FOR;
        for (age, last_modified, restless, (source, provider_id), known, background, wish) in [
            (day, 5, false, ("acme", "7"), true, false, false),
            (day, 4, false, ("acme", "7"), true, true, true),
            (day, 4, true, ("acme", "7"), true, false, false),
            (300_001, 5, true, ("acme", "7"), true, true, true),
            (day, 5, false, ("other", "7"), true, true, true),
            (day, 5, false, ("acme", "8"), true, true, true),
            (day, 5, false, ("acme", ""), true, false, false),
            (day - 1, 5, false, ("acme", "7"), false, false, false),
            (day, 5, false, ("acme", "7"), false, false, true),
            (day - 1, 4, false, ("acme", "7"), false, true, true),
        ] {
            let (source, provider_id) = (source.to_owned(), provider_id.to_owned());
            let fetched = due.now - age;
            let head = Head { source, provider_id, fetched, last_modified, restless };
            let stored = Stored { head, episodes: Vec::new(), answer: known.then_some(1) };
            details.put(subject, &stored).unwrap();
            assert_eq!(is_due(Wanting::Background), background, "{stored:?}");
            assert_eq!(is_due(Wanting::Wish), wish, "{stored:?}");
        }
    }
}
