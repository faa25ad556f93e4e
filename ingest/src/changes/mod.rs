//! What is different between two releases.
//!
//! Both bundles are read once, entry by entry; of each entry a few numbers are kept, sorted by id, and only where the
//! bytes of an entry differ is it looked at again. Nothing here depends on how a release was made, so that a run and
//! `ingest diff` tell the same.

mod side;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;

use contract::release::{Change, Example, Turn};

use side::{Fact, Facts, Kind, Side};

/// By kind of entry, as in `release.json`.
pub type Changes = BTreeMap<String, Change>;

/// The kind under which it is told what became of the programmes of channels.
const GUIDE: &str = "guide";

/// What is different in the release (or draft) in the folder `after` from the one in `before`; everything came if there
/// is none before.
///
/// # Errors
/// The disk refuses, or one of them holds no bundle; the text names the file.
pub fn between(before: Option<&Path>, after: &Path) -> io::Result<Changes> {
    let before = before.map(Side::read).transpose()?.unwrap_or_default();
    let after = Side::read(after)?;
    let mut guide = Change::default();
    let mut changes = Changes::new();
    for kind in Kind::ALL {
        let mut change = Change::default();
        let comparison = Comparison { kind, before: &before, after: &after };
        comparison.run(&mut change, &mut guide)?;
        changes.insert(kind.word().into(), sorted(change));
    }
    changes.insert(GUIDE.into(), sorted(guide));
    Ok(changes)
}

fn sorted(mut change: Change) -> Change {
    change.examples.sort_by_key(|example| (example.turn, example.id));
    change
}

/// One kind of entry on both sides.
struct Comparison<'a> {
    kind: Kind,
    before: &'a Side,
    after: &'a Side,
}

impl Comparison<'_> {
    /// Walks through both lists by ascending id.
    fn run(&self, change: &mut Change, guide: &mut Change) -> io::Result<()> {
        let (mut old, mut new) = (self.before.facts(self.kind), self.after.facts(self.kind));
        loop {
            match (old.split_first(), new.split_first()) {
                (None, None) => break,
                (Some((was, rest)), Some((is, more))) if was.id == is.id => {
                    self.same(was, is, change, guide)?;
                    (old, new) = (rest, more);
                }
                (Some((was, rest)), is) if is.is_none_or(|(is, _)| was.id < is.id) => {
                    if change.add(Turn::Removed) {
                        let name = self.before.told(was)?.name;
                        change.examples.push(example(Turn::Removed, was.id, name, "", ""));
                    }
                    old = rest;
                }
                (_, Some((is, more))) => {
                    if change.add(Turn::Added) {
                        let name = self.after.told(is)?.name;
                        change.examples.push(example(Turn::Added, is.id, name, "", ""));
                    }
                    new = more;
                }
                (Some(_), None) => break, // the guard above takes it
            }
        }
        if self.kind == Kind::Episodes {
            self.name_episodes(change)?;
        }
        Ok(())
    }

    /// An entry that both have.
    fn same(&self, was: &Fact, is: &Fact, change: &mut Change, guide: &mut Change) -> io::Result<()> {
        if was.hash != is.hash {
            let (old, new) = (self.before.told(was)?, self.after.told(is)?);
            let mut note = |turn: Turn, differs: bool, from: &dyn Fn() -> String, to: &dyn Fn() -> String| {
                if differs && change.add(turn) {
                    change.examples.push(example(turn, is.id, new.name.clone(), &from(), &to()));
                }
            };
            note(Turn::Renamed, old.name != new.name, &|| old.name.clone(), &|| new.name.clone());
            let renumbered = self.kind == Kind::Live && old.num != new.num;
            note(Turn::Renumbered, renumbered, &|| old.num.to_string(), &|| new.num.to_string());
            let groups = |side: &Side, told: &Facts| side.categories(&told.category_ids);
            note(
                Turn::Regrouped,
                old.category_ids != new.category_ids,
                &|| groups(self.before, &old),
                &|| groups(self.after, &new),
            );
        }
        if self.kind == Kind::Live {
            self.programmes(was, is, guide)?;
        }
        Ok(())
    }

    /// What became of the programmes of a channel: they may go without a byte of its entry being different.
    fn programmes(&self, was: &Fact, is: &Fact, guide: &mut Change) -> io::Result<()> {
        let turn = match (self.before.has_programmes(was), self.after.has_programmes(is)) {
            (true, false) => Turn::GuideLost,
            (false, true) => Turn::GuideGained,
            (true, true) if was.guide != is.guide => Turn::GuideMoved,
            _ => return Ok(()),
        };
        if guide.add(turn) {
            let (old, new) = (self.before.told(was)?, self.after.told(is)?);
            guide.examples.push(example(turn, is.id, new.name, &old.epg_channel_id, &new.epg_channel_id));
        }
        Ok(())
    }

    /// A bundle has no names of episodes; the playlist has.
    fn name_episodes(&self, change: &mut Change) -> io::Result<()> {
        for (turn, side) in [(Turn::Added, self.after), (Turn::Removed, self.before)] {
            let mut wanted: Vec<&mut Example> =
                change.examples.iter_mut().filter(|example| example.turn == turn).collect();
            if !wanted.is_empty() {
                let ids: Vec<u32> = wanted.iter().map(|example| example.id).collect();
                let names = side.episodes(&ids)?;
                wanted.iter_mut().for_each(|example| {
                    example.name = names.get(&example.id).cloned().unwrap_or_default();
                });
            }
        }
        Ok(())
    }
}

fn example(turn: Turn, id: u32, name: String, from: &str, to: &str) -> Example {
    Example { turn, id, name, from: from.into(), to: to.into() }
}

/// Changes as people read them: a line for what happened how often, and below it a few names.
pub struct Told<'a> {
    /// What happened.
    pub changes: &'a Changes,
    /// Names that are shown for each line.
    pub examples: usize,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, change) in self.changes {
            for turn in Turn::ALL.into_iter().filter(|turn| change.count(*turn) > 0) {
                let word = turn.word();
                writeln!(f, "{kind:10}  {word:12}  {:>7}", change.count(turn))?;
                let examples = change.examples.iter().filter(|example| example.turn == turn);
                for example in examples.take(self.examples) {
                    writeln!(f, "{:10}  {:12}  {:>7}  {}", "", "", "", Line(example))?;
                }
            }
        }
        Ok(())
    }
}

/// An example on one line.
struct Line<'a>(&'a Example);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Example { turn, id, name, from, to } = self.0;
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        match turn {
            Turn::Renamed => write!(f, "{from} -> {to} ({id})"),
            Turn::Added | Turn::Removed => write!(f, "{name} ({id})"),
            _ => write!(f, "{name} ({id}): {} -> {}", shown(from), shown(to)),
        }
    }
}

#[cfg(test)]
mod tests;
