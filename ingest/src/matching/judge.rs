//! Whether a guide's name may be the one that is meant, how sure that is, and which of several it is.

use super::index::{Index, Spoken};
use super::unmarked::Strangers;
use crate::name::{Area, Country, Name};

/// A name of ours with what is known around it.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) name: Name,
    /// As written, but for case and blanks around it.
    pub(super) raw: String,
    pub(super) country: Option<Country>,
    pub(super) area: Option<Area>,
    /// The address of our picture, or empty.
    pub(super) icon: String,
}

/// What looking at candidates came to: channels with scores, the best first.
pub(super) enum Verdict {
    Nothing,
    Clear((u32, u8), Vec<(u32, u8)>),
    Unclear(Vec<(u32, u8)>),
}

/// The same name.
const BASE: i32 = 98;
/// Scores of channels for different countries that are as good as equal.
const ELSEWHERE: i32 = 4;
/// What is added when both the display name and the id say it.
const BOTH: i32 = 1;
/// What is added when both show the same picture.
const PICTURE: i32 = 3;
/// The same but for words that one writes and the other leaves out.
const CORE: i32 = 90;

/// Whether numbers, shift, region and country allow that both are one channel, and what that takes off the score.
pub(super) fn constraints(claim: &Claim, spoken: &Spoken) -> Option<i32> {
    let (ours, theirs) = (&claim.name, &spoken.name);
    if ours.shift != theirs.shift {
        return None;
    }
    let region = if ours.regions == theirs.regions { 0 } else { eastern(claim, spoken)? };
    let country = match (claim.country, spoken.country) {
        (Some(ours), Some(theirs)) if ours == theirs => 0,
        (Some(_), Some(_)) => return None,
        (None, Some(theirs)) => match claim.area {
            Some(area) if !area.includes(theirs) => return None,
            Some(_) => 3,
            None => 5,
        },
        (Some(_), None) => 5,
        (None, None) => 2,
    };
    let quality = match (ours.quality, theirs.quality) {
        (ours, theirs) if ours == theirs => 0,
        (_, None) | (None, _) => 1,
        _ => 2,
    };
    Some(region + country + quality)
}

/// In North America the eastern feed is the channel itself.
fn eastern(claim: &Claim, spoken: &Spoken) -> Option<i32> {
    let american =
        |country: Option<Country>| country.is_none_or(|country| matches!(country.code(), "US" | "CA"));
    let apart: Vec<&&str> = claim.name.regions.symmetric_difference(&spoken.name.regions).collect();
    (apart == [&"east"] && american(claim.country) && american(spoken.country)).then_some(4)
}

/// The score of a name with the same base.
pub(super) fn base(claim: &Claim, spoken: &Spoken) -> Option<i32> {
    let same = i32::from(!spoken.raw.is_empty() && spoken.raw == claim.raw) * 2;
    constraints(claim, spoken).map(|off| BASE + same - off - from_id(spoken))
}

/// The score of a name with the same core.
pub(super) fn core(claim: &Claim, spoken: &Spoken) -> Option<i32> {
    // `CNN Brasil` is `CNN` only where that is certainly the Brazilian one.
    let named = claim.name.ends_with_country != spoken.name.ends_with_country;
    if named && (claim.country.is_none() || claim.country != spoken.country) {
        return None;
    }
    // Two different remarks are two channels.
    if !claim.name.aside.is_empty() && !spoken.name.aside.is_empty() && claim.name.aside != spoken.name.aside
    {
        return None;
    }
    let apart = claim.name.words.len().abs_diff(spoken.name.words.len()).min(4);
    let apart = i32::try_from(apart).expect("at most 4");
    constraints(claim, spoken).map(|off| CORE - apart - off - from_id(spoken))
}

const fn from_id(spoken: &Spoken) -> i32 {
    if spoken.from_id { 3 } else { 0 }
}

/// Judges the names `of` the guides by `score`.
pub(super) fn among(
    (guides, strangers): (&Index, &Strangers),
    claim: &Claim,
    of: &[u32],
    score: impl Fn(&Claim, &Spoken) -> Option<i32>,
) -> Verdict {
    let judged =
        of.iter().map(|at| guides.spoken(*at)).filter_map(|spoken| Some((spoken, score(claim, spoken)?)));
    decide((guides, strangers), claim, judged, 0)
}

/// Takes the best candidate, if no other is as good within `margin` and shows something else.
pub(super) fn decide<'a>(
    (guides, strangers): (&Index, &Strangers),
    claim: &Claim,
    judged: impl Iterator<Item = (&'a Spoken, i32)>,
    margin: i32,
) -> Verdict {
    let mut best: Vec<(&Spoken, i32)> = Vec::new();
    for (spoken, score) in judged {
        let pictured = !claim.icon.is_empty() && claim.icon == guides.icon(spoken.channel);
        let guide = guides.identity(spoken.channel).0;
        if spoken.country.is_none() && !pictured && strangers.has(guide, claim.country) {
            continue;
        }
        let score = score + if pictured { PICTURE } else { 0 };
        match best.iter_mut().find(|(other, _)| other.channel == spoken.channel) {
            // Both the display name and the id say it.
            Some((known, so_far)) => {
                let both = if known.from_id == spoken.from_id { 0 } else { BOTH };
                if score > *so_far {
                    (*known, *so_far) = (spoken, score);
                }
                *so_far += both;
            }
            None => best.push((spoken, score)),
        }
    }
    best.sort_by_key(|(spoken, score)| (-score, spoken.channel));
    let scored = |(spoken, score): &(&Spoken, i32)| {
        (spoken.channel, u8::try_from((*score).clamp(0, 100)).expect("between 0 and 100"))
    };
    let all: Vec<(u32, u8)> = best.iter().map(scored).collect();
    let Some(((first, highest), others)) = best.split_first() else { return Verdict::Nothing };
    let rival = |(other, score): &(&Spoken, i32)| {
        let behind = highest - score;
        let same_guide = guides.identity(first.channel).0 == guides.identity(other.channel).0;
        let elsewhere = matches!((first.country, other.country), (Some(one), Some(two)) if one != two);
        // An id that looks better does not tell channels of one name apart, nor a better picture countries.
        let namesake = !first.raw.is_empty() && first.raw == other.raw;
        let near = if namesake { margin.max(BOTH) } else { margin };
        (same_guide && behind <= near) || (elsewhere && behind <= margin.max(ELSEWHERE))
    };
    if others.iter().any(rival) { Verdict::Unclear(all) } else { Verdict::Clear(all[0], all[1..].to_vec()) }
}
