//! Where to, for what is typed.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use tracing::warn;

use super::Desk;
use super::show::title;
use crate::job::Wish;
use crate::line_up::For;
use crate::store::{Directed, Store};
use crate::target::{Record, Wanted, objection};

/// The target of a name, or the only one; [`For::ANY`] if there are several and none is said.
pub(super) fn target(store: &Store, name: Option<&str>) -> anyhow::Result<i64> {
    if let Some(name) = name {
        let found = store.target_named(name)?;
        let found = found.with_context(|| {
            format!("there is no target `{name}`; `coax download target list` shows which there are")
        });
        return Ok(found?.id);
    }
    match *store.targets()? {
        [] => bail!("there is no target yet; `coax download target add NAME FOLDER` makes one"),
        [ref only] => Ok(only.id),
        _ => Ok(For::ANY),
    }
}

impl Desk {
    /// Wishes whose targets are said as they are; of the others each with the target that suits it best, as the API does it. What
    /// none takes is told, and left out.
    ///
    /// # Errors
    /// No target takes any of them: what each has against it.
    pub(super) fn directed(&self, store: &Store, wishes: Vec<Wish>) -> anyhow::Result<Vec<Wish>> {
        let (open, mut said): (Vec<Wish>, Vec<Wish>) =
            wishes.into_iter().partition(|wish| wish.target == For::ANY);
        let Directed { wishes, nowhere } = store.direct(open, self.settings.reserve)?;
        said.extend(wishes);
        let complaints = self.complaints(&store.targets()?, &nowhere);
        if said.is_empty() && !complaints.is_empty() {
            bail!("{}", complaints.join("\n"));
        }
        for complaint in complaints {
            warn!("{complaint}");
        }
        Ok(said)
    }

    /// What targets have against wishes, those together that all of them refuse for the same reasons.
    fn complaints(&self, targets: &[Record], nowhere: &[Wish]) -> Vec<String> {
        let mut alike: BTreeMap<String, Vec<&Wish>> = BTreeMap::new();
        for wish in nowhere {
            let wanted = Wanted::of(wish);
            let against = |target: &Record| {
                let why = objection(target, &wanted, self.settings.reserve)?;
                Some(format!("{}: {why}", target.name))
            };
            let reasons: Vec<String> = targets.iter().filter_map(against).collect();
            alike.entry(reasons.join("; ")).or_default().push(wish);
        }
        let complaint = |(reasons, wishes): (String, Vec<&Wish>)| {
            let what = match wishes[..] {
                [one] => title(one),
                [first, ..] => format!("{} and {} more", title(first), wishes.len() - 1),
                [] => String::new(), // there is one of each
            };
            format!("no target takes {what} ({reasons}); `--target NAME` queues it for one all the same")
        };
        alike.into_iter().map(complaint).collect()
    }
}
