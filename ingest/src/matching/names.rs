//! What is known of a wish by its names: what is compared with the guides, in which order.

use super::judge::Claim;
use super::{Method, Wish};
use crate::name::{Country, Name, country_of_group};

/// How closely to look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The same base name.
    Base,
    /// The same but for what lists leave out.
    Core,
    /// Nearly the same.
    Fuzzy,
}

/// The names that a wish has.
pub(super) struct Names {
    guide_name: Option<Claim>,
    pub(super) name: Claim,
    id: Option<Claim>,
}

impl Names {
    pub(super) fn of(wish: &Wish, name: Name, group: Option<Country>) -> Self {
        let guide_name = Name::parse(&wish.guide_name);
        let id = Name::of_id(&wish.guide_id);
        let country = name
            .country
            .or(guide_name.country)
            .or_else(|| country_of_group(&wish.group))
            .or_else(|| Country::of(wish.country.split([';', ',', '|']).next().unwrap_or("")))
            .or(if name.area.is_none() { id.country.or(group) } else { None });
        let area = name.area.or(guide_name.area);
        // A name that says less than the display name (no `+1`, no `Wales`) is about another channel.
        let agrees = |other: &Name| {
            !other.words.is_empty()
                && other.shift == name.shift
                && other.regions == name.regions
                && *other != name
        };
        let claim = |name: Name, raw: &str| Claim {
            raw: raw.trim().to_lowercase(),
            country,
            area,
            name,
            icon: wish.icon.trim().to_owned(),
        };
        Self {
            guide_name: agrees(&guide_name).then(|| claim(guide_name, &wish.guide_name)),
            id: agrees(&id).then(|| claim(id, "")),
            name: claim(name, &wish.name),
        }
    }

    /// What to try, in order.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&Claim, Method, Step)> {
        let guide_name = |step| self.guide_name.as_ref().map(|claim| (claim, Method::GuideName, step));
        let name = |step| (!self.name.name.words.is_empty()).then_some((&self.name, Method::Name, step));
        let id = |step| self.id.as_ref().map(|claim| (claim, Method::NameInId, step));
        [
            guide_name(Step::Base),
            name(Step::Base),
            guide_name(Step::Core),
            name(Step::Core),
            id(Step::Base),
            id(Step::Core),
            guide_name(Step::Fuzzy),
            name(Step::Fuzzy),
        ]
        .into_iter()
        .flatten()
    }
}
