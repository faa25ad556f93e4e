//! `override`: one entry, named by our number or by its source key, is what the configuration says.

use contract::ids::Ledger;
use serde::Deserialize;

use super::Touched;
use crate::harvest::List;
use crate::line_up::{Desired, Table};
use crate::tidy;

/// Changes one entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Override {
    pub(super) who: Who,
    pub(super) set: Changes,
}

/// Which entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Our id, and whether it is that of a series.
    Id(u32, bool),
    /// The source key, as in the ledger: `acme/live/123`.
    Key(String),
}

/// What becomes of it; what is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Changes {
    name: Option<String>,
    group: Option<String>,
    number: Option<u32>,
    /// An address, or nothing for no picture.
    logo: Option<String>,
    /// The guide's id of its channel, or nothing for none.
    guide: Option<String>,
    hide: Option<bool>,
    adult: Option<bool>,
}

impl Changes {
    /// # Errors
    /// What cannot be, in words.
    pub(super) fn check(&self, largest: u32) -> Result<(), String> {
        if *self == Self::default() {
            return Err("`set` is empty; give name, group, number, logo, guide, hide or adult".into());
        }
        if self.number.is_some_and(|number| number == 0 || number > largest) {
            return Err(format!("numbers are from 1 to {largest}"));
        }
        for (key, text) in [("name", &self.name), ("group", &self.group)] {
            if text.as_ref().is_some_and(|text| tidy::words(text).is_empty()) {
                return Err(format!("`{key}` is empty"));
            }
        }
        Ok(())
    }
}

impl Override {
    pub(super) fn apply(&self, table: &mut Table<'_>, ledger: &Ledger) -> Touched {
        let found = match &self.who {
            Who::Key(key) => table.find(|part, _, item, id| part.key(item, id).1 == *key),
            Who::Id(wanted, series) => table.find(|part, list, item, id| {
                let (space, key) = part.key(item, id);
                (list == List::Series) == *series
                    && (ledger.joined(&key) == Some(*wanted) || ledger.known(space, &key) == Some(*wanted))
            }),
        };
        let touched = found.len() as u64;
        for (list, at) in found {
            self.set(table, list, at);
        }
        touched.into()
    }

    fn set(&self, table: &mut Table<'_>, list: List, at: usize) {
        let set = &self.set;
        if let Some(group) = &set.group {
            let group = table.group(list, &tidy::words(group));
            table.row(list, at).regroup(vec![group]);
        }
        if let Some(name) = &set.name {
            table.set_name(list, at, &tidy::words(name));
        }
        let row = table.row(list, at);
        if let Some(number) = set.number {
            row.number = Desired::fixed(number);
        }
        row.hidden = set.hide.unwrap_or(row.hidden);
        row.adult = set.adult.or(row.adult);
        if set.logo.is_some() || set.guide.is_some() {
            let more = row.more.get_or_insert_default();
            more.logo = set.logo.clone().or(more.logo.take());
            more.guide = set.guide.clone().or(more.guide.take());
        }
    }
}
