//! Live channels and radio.

use super::words::{COUNTRIES, QUALITIES, RADIO, TIERS};
use super::{Catalogue, Category, mix, pick};

/// A channel as the provider knows it.
pub(crate) struct Channel {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) radio: bool,
    pub(crate) adult: bool,
    /// Key of its guide; channels may share one. Empty for none.
    pub(crate) guide: String,
    /// The channel whose programmes these are.
    pub(crate) guide_index: u32,
    /// 0 for no catch-up.
    pub(crate) archive_days: u32,
    pub(crate) category: u32,
    pub(crate) second_category: Option<u32>,
    pub(crate) logo: Logo,
    pub(crate) added: i64,
}

/// What the list says of a channel's picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Logo {
    Some,
    Empty,
    Missing,
}

/// Categories of live channels begin here.
const FIRST_CATEGORY: u32 = 11;

impl Catalogue {
    fn live_category_count(&self) -> u32 {
        self.live.div_ceil(4).clamp(1, 160)
    }

    /// Radio is at the end of the list, in a category of its own.
    fn first_radio(&self) -> u32 {
        if self.live < 10 { self.live } else { self.live - (self.live / 50).max(1) }
    }

    /// Categories in display order. Their ids are not in order.
    pub(crate) fn live_categories(&self) -> impl Iterator<Item = Category> {
        let radio = (self.first_radio() < self.live)
            .then(|| Category { id: self.radio_category(), name: "📻 Radio".to_owned() });
        (0..self.live_category_count()).map(|place| self.live_category(place)).chain(radio)
    }

    fn live_category_id(&self, place: u32) -> u32 {
        // Neighbours swap places, so that ids do not follow the display order.
        FIRST_CATEGORY + (place ^ 1)
    }

    fn radio_category(&self) -> u32 {
        FIRST_CATEGORY + self.live_category_count() + 2
    }

    fn live_category(&self, place: u32) -> Category {
        let country = &COUNTRIES[place as usize % COUNTRIES.len()];
        let round = place as usize / COUNTRIES.len();
        let (group, _) = country.groups[round % country.groups.len()];
        let tier = TIERS[round / country.groups.len() % TIERS.len()];
        Category { id: self.live_category_id(place), name: format!("{} | {group}{tier}", country.code) }
    }

    pub(crate) fn channel(&self, index: u32) -> Channel {
        let categories = self.live_category_count();
        let radio = index >= self.first_radio();
        let place = (u64::from(index) * u64::from(categories) / u64::from(self.first_radio().max(1))) as u32;
        let second = (index % 6 == 2 && categories > 1 && !radio)
            .then(|| self.live_category_id((place + 1) % categories));
        // Every ninth shares the guide of its neighbour: the same programme in another quality.
        let guide_index = if index % 9 == 8 { index - 1 } else { index };
        Channel {
            id: self.live_id(index),
            name: if radio { self.radio_name(index) } else { self.channel_name(index, place) },
            radio,
            adult: index % 97 == 96,
            guide: self.guide_key(guide_index),
            guide_index,
            archive_days: if index % 4 == 1 && !radio { pick(&[1, 3, 7], u64::from(index / 4)) } else { 0 },
            category: if radio { self.radio_category() } else { self.live_category_id(place) },
            second_category: second,
            logo: match index % 13 {
                5 => Logo::Empty,
                6 => Logo::Missing,
                _ => Logo::Some,
            },
            added: 1_500_000_000 + (mix(self.seed, u64::from(index)) % 200_000_000) as i64,
        }
    }

    /// The key of a channel's own guide, empty for none.
    pub(crate) fn guide_key(&self, index: u32) -> String {
        if index % 10 == 7 {
            return String::new();
        }
        let place = (u64::from(index) * u64::from(self.live_category_count())
            / u64::from(self.first_radio().max(1))) as usize;
        format!("ch{}.{}", self.seed * 7 + u64::from(index), COUNTRIES[place % COUNTRIES.len()].tld)
    }

    fn radio_name(&self, index: u32) -> String {
        let number = index - self.first_radio();
        let name = RADIO[number as usize % RADIO.len()];
        if (number as usize) < RADIO.len() {
            name.to_owned()
        } else {
            format!("{name} {}", number as usize / RADIO.len() + 1)
        }
    }

    fn channel_name(&self, index: u32, place: u32) -> String {
        let country = &COUNTRIES[place as usize % COUNTRIES.len()];
        let (_, names) = country.groups[place as usize / COUNTRIES.len() % country.groups.len()];
        let first = (u64::from(place) * u64::from(self.first_radio()))
            .div_ceil(u64::from(self.live_category_count())) as u32;
        let within = (index - first) as usize;
        if within == 0 && self.live >= 100 {
            // Panels put headings between the channels.
            return format!("##### {} #####", country.code);
        }
        let name = names[within % names.len()];
        let quality = QUALITIES[(within / names.len() + place as usize) % QUALITIES.len()];
        let copy = within / names.len() / QUALITIES.len();
        let number = if copy == 0 { String::new() } else { format!(" {}", copy + 1) };
        format!("{}{}{name}{number}{quality}", country.code, country.mark)
    }
}
