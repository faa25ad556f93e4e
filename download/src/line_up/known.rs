//! What the line-up tells of a film or an episode beyond its name.

use contract::bundle::{Kind, List, Section, Series, VodStream};
use contract::details::{Details, Episode, MovieFacts, SeriesFacts, Subject};
use contract::logo::{LogoPath, Owner};
use serde::de::DeserializeOwned;

use super::LineUp;
use crate::job::Wish;

/// What is known of what a job brings.
#[derive(Clone, Debug)]
pub enum Known {
    /// It is not in the line-up, or no more.
    Nothing,
    /// A film.
    Film(Box<(VodStream, MovieFacts)>),
    /// A series, and of it the episode, if details have it.
    Series(Box<(Series, Option<Episode>)>),
}

impl LineUp {
    /// What is known of what `wish` brings. Where pictures are had from us, none is named that lies elsewhere.
    pub fn known(&self, wish: &Wish) -> Known {
        match wish.kind {
            Kind::Live => Known::Nothing,
            Kind::Movie => self.film(wish.stream_id),
            Kind::Episode => self.episode(wish.series, wish.stream_id),
        }
    }

    fn film(&self, id: u32) -> Known {
        let Some(film) = self.entry::<VodStream>(Section::VodStreams, id) else { return Known::Nothing };
        let mut facts: MovieFacts = answer(&self.details, Subject::Movie(id)).unwrap_or_default();
        if LogoPath::is_in(Owner { list: List::Movies, id }, &film.stream_icon) {
            facts.show_only(&film.stream_icon);
        }
        Known::Film(Box::new((film, facts)))
    }

    fn episode(&self, series: u32, id: u32) -> Known {
        let Some(entry) = self.entry::<Series>(Section::Series, series) else { return Known::Nothing };
        let mut facts: Option<SeriesFacts> = answer(&self.details, Subject::Series(series));
        if LogoPath::is_in(Owner { list: List::Series, id: series }, &entry.cover) {
            facts.iter_mut().for_each(|facts| facts.show_only(&entry.cover));
        }
        let mut episodes = facts.into_iter().flat_map(|facts| facts.episodes.into_values().flatten());
        let episode = episodes.find(|it| it.id.0 == u64::from(id));
        Known::Series(Box::new((entry, episode)))
    }

    fn entry<T: DeserializeOwned>(&self, section: Section, id: u32) -> Option<T> {
        serde_json::from_slice(&self.release.find(section, id)?).ok()
    }
}

impl Known {
    /// Where a picture of the film or of the series lies; `""` if nobody says.
    pub fn picture(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Film(of) if of.1.cover_big.is_empty() => &of.0.stream_icon,
            Self::Film(of) => &of.1.cover_big,
            Self::Series(of) => &of.0.cover,
        }
    }
}

fn answer<T: DeserializeOwned>(details: &Details, subject: Subject) -> Option<T> {
    serde_json::from_slice(&details.kept(subject)?.answer?).ok()
}
