//! A rule as it is written: every key of every rule. What it means is decided in one place.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Action;
use super::adult::Adult;
use super::conditions::{Conditions, lists};
use super::exclude::Exclude;
use super::hide::Hide;
use super::include::Include;
use super::merge::Merge;
use super::number::{Number, Order};
use super::overrides::{Changes, Override, Who};
use super::pattern::{Patterns, folded};
use super::regroup::Regroup;
use super::rename::Rename;
use super::sort::{By, Sort, Within};

/// The largest number of a channel: people type them.
const LARGEST: u32 = 999_999;

/// The word for a rule.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Include,
    Exclude,
    Rename,
    Regroup,
    Number,
    Sort,
    Hide,
    Adult,
    Merge,
    Override,
}

/// All keys of all rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(rename = "do")]
    what: Word,
    kind: Option<Patterns>,
    source: Option<Patterns>,
    group: Option<Patterns>,
    name: Option<Patterns>,
    quality: Option<Patterns>,
    to: Option<String>,
    numbers: Option<BTreeMap<String, u32>>,
    from: Option<u32>,
    until: Option<u32>,
    order: Option<Order>,
    by: Option<By>,
    within: Option<Within>,
    groups: Option<Patterns>,
    adult: Option<bool>,
    prefer: Option<Vec<String>>,
    any_quality: Option<bool>,
    id: Option<u32>,
    key: Option<String>,
    set: Option<Changes>,
}

impl Written {
    /// What it means.
    ///
    /// # Errors
    /// What is missing or too much, in words.
    pub(super) fn action(mut self) -> Result<Action, String> {
        let (word, what) = (self.word(), self.what);
        let action = self.take(what).map_err(|what| format!("rule `{word}`: {what}"))?;
        match self.left() {
            Some(key) => Err(format!("rule `{word}`: `{key}` is none of its keys")),
            None => Ok(action),
        }
    }

    fn take(&mut self, what: Word) -> Result<Action, String> {
        Ok(match what {
            Word::Include => Action::Include(Include(self.some_conditions()?)),
            Word::Exclude => Action::Exclude(Exclude(self.some_conditions()?)),
            Word::Hide => Action::Hide(Hide(self.some_conditions()?)),
            Word::Rename => {
                let to =
                    self.to.take().ok_or("missing field `to`: what the part that `name` means becomes")?;
                let conditions = self.conditions()?;
                let name = conditions.name.clone().ok_or("missing field `name`: what is renamed")?;
                Action::Rename(Rename { conditions, name, to })
            }
            Word::Regroup => {
                let to = self.to.take().ok_or("missing field `to`: the name of the group")?;
                Action::Regroup(Regroup { conditions: self.some_conditions()?, to })
            }
            Word::Number => Action::Number(self.number()?),
            Word::Sort => Action::Sort(Sort {
                by: self.by.take(),
                within: self.within.take().unwrap_or_default(),
                groups: self.groups.take(),
                conditions: self.conditions()?,
            }),
            Word::Adult => Action::Adult(Adult {
                adult: self.adult.take().unwrap_or(true),
                conditions: self.some_conditions()?,
            }),
            Word::Merge => Action::Merge(Merge {
                prefer: self.prefer.take().unwrap_or_default(),
                any_quality: self.any_quality.take().unwrap_or(false),
                conditions: self.conditions()?,
            }),
            Word::Override => {
                let who = match (self.id.take(), self.key.take()) {
                    (Some(id), None) => Who::Id(id, self.list()?),
                    (None, Some(key)) => Who::Key(key),
                    _ => {
                        return Err(
                            "give either `id`, our number of the entry, or `key`, as in ids.json".into()
                        );
                    }
                };
                let set = self.set.take().ok_or("missing field `set`: what becomes of the entry")?;
                set.check(LARGEST)?;
                Action::Override(Override { who, set })
            }
        })
    }

    /// Ids of series are other ids than those of what plays.
    fn list(&mut self) -> Result<bool, String> {
        let lists = self.kind.take().map(|kind| lists(&kind)).transpose()?;
        Ok(lists.is_some_and(|lists| lists == [crate::harvest::List::Series]))
    }

    fn number(&mut self) -> Result<Number, String> {
        let fits = |number: u32| (1..=LARGEST).contains(&number);
        if let Some(numbers) = self.numbers.take() {
            if !numbers.values().copied().all(fits) {
                return Err(format!("numbers are from 1 to {LARGEST}"));
            }
            let numbers = numbers.into_iter().map(|(name, number)| (folded(&name), number)).collect();
            return Ok(Number::Fixed(self.conditions()?, numbers));
        }
        let (order, from, until) = (self.order.take(), self.from.take(), self.until.take());
        if order.is_none() && from.is_none() {
            return Err("give `numbers`, `from`, or `order`".into());
        }
        let (from, until) = (from.unwrap_or(1), until.unwrap_or(LARGEST));
        if !fits(from) || !fits(until) || until < from {
            return Err(format!("`from` and `until` are from 1 to {LARGEST}, the smaller one first"));
        }
        let numbering = super::Numbering { from, until, order: order.unwrap_or_default() };
        Ok(Number::Run(self.conditions()?, numbering))
    }

    fn conditions(&mut self) -> Result<Conditions, String> {
        Ok(Conditions {
            lists: self.kind.take().map(|kind| lists(&kind)).transpose()?,
            source: self.source.take(),
            group: self.group.take(),
            name: self.name.take(),
            quality: self.quality.take(),
        })
    }

    fn some_conditions(&mut self) -> Result<Conditions, String> {
        let conditions = self.conditions()?;
        if conditions == Conditions::default() {
            return Err("give at least one of `kind`, `source`, `group`, `name`, `quality`".into());
        }
        Ok(conditions)
    }

    const fn word(&self) -> &'static str {
        match self.what {
            Word::Include => "include",
            Word::Exclude => "exclude",
            Word::Rename => "rename",
            Word::Regroup => "regroup",
            Word::Number => "number",
            Word::Sort => "sort",
            Word::Hide => "hide",
            Word::Adult => "adult",
            Word::Merge => "merge",
            Word::Override => "override",
        }
    }

    /// A key that nobody took.
    fn left(&self) -> Option<&'static str> {
        let left = [
            ("kind", self.kind.is_some()),
            ("source", self.source.is_some()),
            ("group", self.group.is_some()),
            ("name", self.name.is_some()),
            ("quality", self.quality.is_some()),
            ("to", self.to.is_some()),
            ("numbers", self.numbers.is_some()),
            ("from", self.from.is_some()),
            ("until", self.until.is_some()),
            ("order", self.order.is_some()),
            ("by", self.by.is_some()),
            ("within", self.within.is_some()),
            ("groups", self.groups.is_some()),
            ("adult", self.adult.is_some()),
            ("prefer", self.prefer.is_some()),
            ("any_quality", self.any_quality.is_some()),
            ("id", self.id.is_some()),
            ("key", self.key.is_some()),
            ("set", self.set.is_some()),
        ];
        left.into_iter().find(|(_, left)| *left).map(|(key, _)| key)
    }
}
