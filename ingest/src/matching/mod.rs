//! Which channel of the guides is meant by a channel of the line-up.
//!
//! ```text
//!  wish ──▶ reviewed alias ──▶ exact id ──▶ id without case ──▶ tvg-name ──▶ name ──▶ fuzzy ──▶ none
//! ```
//!
//! Each step is tried only when the one before found nothing. A wrong guide is worse than none, so from the names on,
//! numbers, shift and region must agree, and the country where both say one; when two candidates are equally good and may
//! show different things, neither is taken, and both are told as runners-up. One channel of a guide may serve many wishes.
//!
//! Nothing is compared with everything: candidates come from tables by id, by base name, by core name and by word.
//! What does *not* belong here: reading guides, and publishing the ids.

mod aliases;
mod fuzzy;
mod index;
mod judge;
mod names;
mod report;
#[cfg(test)]
mod tests;
mod unmarked;

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

pub use crate::guide::index::Listed;
pub use aliases::{Aliases, AliasesError};
pub use index::Index;
pub use report::{Row, export, rows, table};

use crate::name::{Country, Name};
use judge::{Claim, Verdict};
use names::{Names, Step};
use unmarked::Strangers;

/// A channel of ours that wants a guide.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// What we call it; returned with the answer, and a key of the reviewed file.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The guide's id as the source gave it (`tvg-id`, `epg_channel_id`), or empty.
    pub guide_id: String,
    /// The source's name for the guide (`tvg-name`), or empty.
    pub guide_name: String,
    /// The group it is in, for the country.
    pub group: String,
    /// What the source says of the country (`tvg-country`, or a setting), or empty.
    pub country: String,
    /// The address of its picture as the source gave it, or empty. It tells namesakes apart where the guide shows the same.
    pub icon: String,
}

/// How a guide's channel was found, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Somebody reviewed it.
    Alias,
    /// The id that the source gave.
    Id,
    /// That id, but for ASCII case and blanks around it.
    FoldedId,
    /// A display name equals the `tvg-name`.
    GuideName,
    /// A display name equals the name.
    Name,
    /// A display name equals the name that the source's id was made of.
    NameInId,
    /// A display name is nearly the name.
    Fuzzy,
}

impl Method {
    /// The word for reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alias => "alias",
            Self::Id => "id",
            Self::FoldedId => "folded-id",
            Self::GuideName => "guide-name",
            Self::Name => "name",
            Self::NameInId => "name-in-id",
            Self::Fuzzy => "fuzzy",
        }
    }
}

/// A channel of a guide that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The place of the guide among those given, 0 first.
    pub guide: usize,
    /// The channel's id there.
    pub id: String,
    /// How sure it is, 0 to 100.
    pub score: u8,
}

/// What became of a wish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Match {
    /// What was chosen, and how.
    pub chosen: Option<(Candidate, Method)>,
    /// Up to three others that were considered, the best first.
    pub runners_up: Vec<Candidate>,
    /// Why nothing was chosen although something might have been, in words; or empty.
    pub note: String,
}

/// How bold to be. `[ingest.matching]`.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The file of reviewed decisions; one that is not there decides nothing.
    pub aliases: PathBuf,
    /// How alike two names must be to be nearly the same, in percent; over 100 switches that step off.
    pub cut_off: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { aliases: "aliases.toml".into(), cut_off: 70 }
    }
}

/// Others that are told.
const RUNNERS_UP: usize = 3;

/// Channels of a group that must have found guides of one country before the others of the group are taken to be for it.
const GROUP_SPEAKS: usize = 5;

/// Finds the guide's channel for each of `wishes`, in their order.
///
/// Channels of which nothing says the country are looked at twice: when nearly all others of their group are for one
/// country, so are they. And what was found by name in a guide that says no countries is looked at again when that guide
/// has next to nothing else of the channel's country.
pub fn choose(wishes: &[Wish], guides: &Index, aliases: &Aliases, settings: &Settings) -> Vec<Match> {
    let nobody = Strangers::default();
    let look = |wish, country| one(wish, country, (guides, &nobody), aliases, settings);
    let mut found: Vec<(Match, Option<Country>)> = wishes.iter().map(|wish| look(wish, None)).collect();
    let mut groups: HashMap<&str, HashMap<Country, usize>> = HashMap::new();
    for (wish, (_, country)) in wishes.iter().zip(&found) {
        if let Some(country) = country {
            *groups.entry(&wish.group).or_default().entry(*country).or_default() += 1;
        }
    }
    let country = |group: &str| {
        let countries = groups.get(group)?;
        let all: usize = countries.values().sum();
        let (country, most) = countries.iter().max_by_key(|(country, most)| (**most, **country))?;
        (*most >= GROUP_SPEAKS && *most * 5 >= all * 4).then_some(*country)
    };
    for (wish, (found, known)) in wishes.iter().zip(&mut found) {
        let sure = matches!(found.chosen, Some((_, Method::Alias | Method::Id | Method::FoldedId)));
        if !sure
            && !wish.group.is_empty()
            && Names::of(wish, Name::parse(&wish.name), None).name.country.is_none()
            && let Some(country) = country(&wish.group)
        {
            (*found, *known) = look(wish, Some(country));
        }
    }
    let mut found: Vec<Match> = found.into_iter().map(|(found, _)| found).collect();
    let strangers = Strangers::of(wishes, &found, guides);
    if !strangers.is_empty() {
        for (wish, found) in wishes.iter().zip(&mut found) {
            let strange = |(candidate, _): &(Candidate, Method)| {
                let country = Names::of(wish, Name::parse(&wish.name), None).name.country;
                strangers.has(candidate.guide, country)
            };
            let by_name = found.chosen.as_ref().filter(|(_, method)| *method > Method::FoldedId);
            if by_name.is_some_and(strange) {
                let again = one(wish, None, (guides, &strangers), aliases, settings).0;
                *found = again.or_why(found);
            }
        }
    }
    found
}

impl Match {
    /// This one; or if nothing was chosen, what was chosen `before` as a runner-up, with the reason.
    fn or_why(mut self, before: &mut Self) -> Self {
        if self.chosen.is_none()
            && let Some((candidate, _)) = before.chosen.take()
        {
            self.runners_up.insert(0, candidate);
            self.runners_up.truncate(RUNNERS_UP);
            self.note =
                "the guide does not say for which country it is, and has next to nothing else of this one"
                    .into();
        }
        self
    }
}

/// What was found for one wish, and the country that the guide's channel is for. `group` is the country of its group.
fn one(
    wish: &Wish,
    group: Option<Country>,
    (guides, strangers): (&Index, &Strangers),
    aliases: &Aliases,
    settings: &Settings,
) -> (Match, Option<Country>) {
    let name = Name::parse(&wish.name);
    if let Some(reviewed) = aliases.of(wish, &name) {
        return (by_alias(reviewed, guides), None);
    }
    if let Some((found, method)) = by_id(wish, guides) {
        let chosen = Some((candidate(guides, found, 100), method));
        return (Match { chosen, ..Match::default() }, guides.country(found));
    }
    let names = Names::of(wish, name, group);
    let mut seen = Vec::new();
    for (claim, method, step) in names.steps() {
        match look((guides, strangers), claim, step, settings.cut_off) {
            Verdict::Nothing => {}
            Verdict::Clear(best, others) => {
                let method = if step == Step::Fuzzy { Method::Fuzzy } else { method };
                let chosen = Some((candidate(guides, best.0, best.1), method));
                let found = Match { chosen, runners_up: told(guides, others), note: String::new() };
                return (found, guides.country(best.0));
            }
            Verdict::Unclear(all) => seen.extend(all),
        }
        // Looking less closely cannot tell apart what looking closely could not.
        if step == Step::Base && method == Method::Name && !seen.is_empty() {
            break;
        }
    }
    let note = if seen.is_empty() { "" } else { "several channels of the guide are equally likely" };
    (Match { chosen: None, runners_up: told(guides, seen), note: note.to_owned() }, None)
}

fn look((guides, strangers): (&Index, &Strangers), claim: &Claim, step: Step, cut_off: u8) -> Verdict {
    let of = (guides, strangers);
    match step {
        Step::Base => judge::among(of, claim, guides.by_base(&claim.name.base()), judge::base),
        Step::Core => {
            let mut named: Vec<u32> =
                claim.name.cores().iter().flat_map(|core| guides.by_core(core)).copied().collect();
            named.sort_unstable();
            named.dedup();
            judge::among(of, claim, &named, judge::core)
        }
        Step::Fuzzy => fuzzy::search(of, claim, cut_off),
    }
}

fn by_alias(reviewed: &str, guides: &Index) -> Match {
    if reviewed.is_empty() {
        let none = Candidate { guide: usize::MAX, id: String::new(), score: 100 };
        let note = "no guide, as reviewed".into();
        return Match { chosen: Some((none, Method::Alias)), note, ..Match::default() };
    }
    match guides.by_id(reviewed).or_else(|| guides.by_folded_id(reviewed)) {
        Some(found) => {
            Match { chosen: Some((candidate(guides, found, 100), Method::Alias)), ..Match::default() }
        }
        None => Match {
            note: format!("the reviewed id {reviewed} is in no guide: correct the aliases, or add the guide"),
            ..Match::default()
        },
    }
}

fn by_id(wish: &Wish, guides: &Index) -> Option<(u32, Method)> {
    if wish.guide_id.trim().is_empty() {
        return None;
    }
    let exact = guides.by_id(&wish.guide_id).map(|found| (found, Method::Id));
    exact.or_else(|| guides.by_folded_id(&wish.guide_id).map(|found| (found, Method::FoldedId)))
}

fn candidate(guides: &Index, found: u32, score: u8) -> Candidate {
    let (guide, id) = guides.identity(found);
    Candidate { guide, id: id.to_owned(), score }
}

/// The best of `seen`, each once.
fn told(guides: &Index, seen: Vec<(u32, u8)>) -> Vec<Candidate> {
    let mut told: Vec<Candidate> = Vec::with_capacity(RUNNERS_UP);
    for (found, score) in seen {
        let candidate = candidate(guides, found, score);
        if told.len() < RUNNERS_UP
            && !told.iter().any(|other| other.id == candidate.id && other.guide == candidate.guide)
        {
            told.push(candidate);
        }
    }
    told
}
