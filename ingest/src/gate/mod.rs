//! The gate: what does not look like the source's real state does not replace the last good harvest.
//!
//! A list that became too small is held back. If the runs after it see about the same list, it is no mishap: it is
//! taken. What is remembered between runs lies in `state/<source>/gate.json`.

mod doubts;

use contract::disk::Data;
use contract::source::Source;

use crate::Settings;
use crate::harvest::PROGRAMMES;
use doubts::{Doubt, Doubts};

/// What is asked of one kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    /// By how many percent it may become smaller.
    fall: u8,
    /// Fewer are always refused.
    least: u64,
    /// Further runs that must see the same; 0: none ever suffices.
    confirmations: u32,
    /// Whether an empty list can be confirmed.
    confirm_empty: bool,
    /// The operator takes whatever comes.
    accept: bool,
}

impl Rule {
    /// The rule for lists called `what` of a source. Lists that have no setting of their own (of categories) fall under
    /// the general one.
    fn new(what: &str, source: &Source, settings: &Settings) -> Self {
        let gate = &source.gate;
        let (fall, least) = match what {
            "live" => (gate.live, gate.min_live),
            "movies" => (gate.movies, gate.min_movies),
            "series" => (gate.series, gate.min_series),
            PROGRAMMES => (gate.guide, gate.min_guide),
            _ => (None, 0),
        };
        Self {
            fall: fall.unwrap_or(settings.largest_fall),
            least,
            confirmations: gate.confirmations.unwrap_or(settings.confirmations),
            confirm_empty: gate.confirm_empty.unwrap_or(settings.confirm_empty),
            accept: settings.accept,
        }
    }
}

/// What becomes of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ruling {
    /// It is taken. There is something to say when it was in doubt.
    Taken(Option<String>),
    /// It is refused for now, and the doubt is to be remembered, if it can be confirmed at all.
    Held(String, Option<Doubt>),
}

/// Judges how much came (`now`) by how much there was (`before`, 0 when nothing is known) and by what earlier runs
/// wondered about.
fn rule(what: &str, now: u64, before: u64, rule: Rule, doubt: Option<Doubt>) -> Ruling {
    if rule.accept {
        return Ruling::Taken(None);
    }
    if now < rule.least {
        let least = rule.least;
        return Ruling::Held(
            format!("{what}: {}, where at least {least} are expected; `--accept` takes it", count(now)),
            None,
        );
    }
    if before == 0 || (now > 0 && before.saturating_sub(now) * 100 / before <= rule.fall.into()) {
        return Ruling::Taken(None);
    }
    let story = format!("{what}: {}, where there were {before}", count(now));
    if rule.confirmations == 0 || (now == 0 && !rule.confirm_empty) {
        return Ruling::Held(format!("{story}: held back; `--accept` takes it"), None);
    }
    let doubt = match doubt {
        Some(doubt) if doubt.is_like(now) => Doubt { confirmed: doubt.confirmed + 1, ..doubt },
        _ => Doubt { count: now, confirmed: 0 },
    };
    let (confirmed, needed) = (doubt.confirmed, rule.confirmations);
    if confirmed >= needed {
        return Ruling::Taken(Some(format!("{story}: taken, since {} runs saw it so", needed + 1)));
    }
    let words = format!("{story}: held back, {confirmed} of {needed} confirmations; `--accept` takes it now");
    Ruling::Held(words, Some(doubt))
}

fn count(now: u64) -> String {
    if now == 0 { "nothing".into() } else { now.to_string() }
}

/// The gate of one source.
#[derive(Clone, Copy)]
pub(crate) struct Gate<'a> {
    data: &'a Data,
    source: &'a Source,
    settings: &'a Settings,
}

impl<'a> Gate<'a> {
    /// The gate before what `source` gives.
    pub(crate) const fn new(data: &'a Data, source: &'a Source, settings: &'a Settings) -> Self {
        Self { data, source, settings }
    }

    /// Judges how many entries of a kind came by how many there were, 0 when nothing is known of it. Remembers what is
    /// doubted; a list that was confirmed stays confirmed until it is what the next run is compared with. Answers what
    /// there is to say of a list that was in doubt.
    ///
    /// # Errors
    /// Why it is refused, in words.
    pub(crate) fn judge(&self, what: &str, now: u64, before: u64) -> Result<Option<String>, String> {
        self.judge_one(what, what, now, before)
    }

    /// The same of one of several lists of a kind. What is doubted about it is remembered by its `name`: that another one
    /// is taken ends no doubt about this one.
    ///
    /// # Errors
    /// Why it is refused, in words.
    pub(crate) fn judge_one(
        &self,
        what: &str,
        name: &str,
        now: u64,
        before: u64,
    ) -> Result<Option<String>, String> {
        let mut doubts = Doubts::load(self.data, &self.source.name);
        let ruling = rule(what, now, before, Rule::new(what, self.source, self.settings), doubts.of(name));
        match &ruling {
            Ruling::Taken(None) => doubts.set(name, None),
            Ruling::Taken(Some(_)) => {}
            Ruling::Held(_, doubt) => doubts.set(name, *doubt),
        }
        if let Err(error) = doubts.save() {
            tracing::warn!(source = %self.source.name, %error, "what is doubted cannot be kept");
        }
        match ruling {
            Ruling::Taken(note) => Ok(note),
            Ruling::Held(why, _) => Err(why),
        }
    }
}

#[cfg(test)]
mod tests;
