//! From an entry as it is written to an entry of the harvest.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use contract::source::{Location, Source};
use m3u::{Entry, Facts, Guess, Key, is_true};

use super::catchup::{catchup, seconds};
use super::key;
use super::reach::{Reach, reach};
use super::tally::Tally;
use crate::harvest::{Address, Channel, Episode, List, Movie, Places, Pushed, Series, Writer};
use crate::tidy;

/// The most groups of one entry.
const MOST_GROUPS: usize = 20;
/// The longest text of an entry, in bytes.
const LONGEST: usize = 1000;

/// Writes entries to a harvest.
pub(super) struct Mapping<'a> {
    source: &'a Source,
    from: &'a Location,
    /// What the playlist was asked for with, where it cannot be anything else.
    secrets: Vec<String>,
    writer: &'a mut Writer,
    tally: Tally,
    /// Series and their categories that were written.
    series: HashSet<(String, Option<u32>)>,
    /// By series, how many episodes came without a number.
    unnumbered: HashMap<String, u32>,
}

impl<'a> Mapping<'a> {
    /// For the playlist of `source` that came from `from`.
    pub(super) fn new(source: &'a Source, from: &'a Location, writer: &'a mut Writer) -> Self {
        let telling =
            |secret: &String| secret.len() >= 6 && !secret.bytes().all(|byte| byte.is_ascii_alphabetic());
        let secrets = super::account(from).into_iter().filter(telling).collect();
        let (series, unnumbered) = (HashSet::new(), HashMap::new());
        Self { source, from, secrets, writer, tally: Tally::default(), series, unnumbered }
    }

    /// Writes `entry`, which is what `guess` says, under `id`.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn add(&mut self, entry: &Entry<'_>, guess: Guess<'_>, id: String) -> io::Result<()> {
        let address = self.address(entry);
        let pushed = match guess {
            Guess::Live { radio } => self.channel(entry, radio, id, address)?,
            Guess::Movie { container } => self.movie(entry, container, id, address)?,
            Guess::Episode { series, season, number, container } => {
                self.episode(entry, (series, season, number), container, id, address)?
            }
        };
        match pushed {
            Pushed::New => {}
            Pushed::Repeat => self.tally.repeats += 1,
            Pushed::Full => self.tally.full += 1,
        }
        Ok(())
    }

    /// Writes the playlist itself as a channel: it is what a player plays.
    ///
    /// # Errors
    /// The disk refuses.
    pub(super) fn whole(&mut self) -> io::Result<()> {
        let url = match self.from {
            Location::Web(address) => address.reveal().to_owned(),
            Location::File(path) => format!("file://{}", path.display()),
        };
        let address = Address { url, headers: BTreeMap::new() };
        let name = self.source.name.as_str().to_owned();
        let channel = Channel { id: "playlist".into(), name, address, ..Channel::default() };
        if matches!(self.from, Location::File(_)) {
            self.tally.unreachable("file");
        }
        self.writer.channel(&channel).map(drop)
    }

    /// What is to be told, in words.
    pub(super) fn notes(&self, facts: &Facts) -> Vec<String> {
        self.tally.notes(facts)
    }

    fn channel(
        &mut self,
        entry: &Entry<'_>,
        radio: bool,
        id: String,
        address: Address,
    ) -> io::Result<Pushed> {
        let (archive, catchup) = catchup(entry);
        let number =
            entry.attribute(Key::Number).split('.').next().and_then(|number| number.trim().parse().ok());
        let channel = Channel {
            id,
            // Apps keep it in a signed integer.
            num: number.filter(|number| (1..=i32::MAX as u32).contains(number)),
            name: self.text(entry.name()),
            radio,
            icon: self.picture(entry.picture()),
            guide: self.text(entry.attribute(Key::TvgId)),
            added: None,
            adult: is_adult(entry),
            places: self.places(List::Live, entry),
            archive,
            guide_name: self.text(entry.attribute(Key::TvgName)),
            shift: seconds(entry.attribute(Key::Shift)),
            country: self.text(entry.attribute(Key::Country)),
            catchup,
            address,
        };
        self.writer.channel(&channel)
    }

    fn movie(
        &mut self,
        entry: &Entry<'_>,
        container: &str,
        id: String,
        address: Address,
    ) -> io::Result<Pushed> {
        let name = self.text(entry.name());
        let (title, year) = tidy::title_and_year(&name);
        let tmdb = entry.attribute(Key::Tmdb).trim();
        let numeric = tmdb.len() <= 10 && tmdb.bytes().all(|byte| byte.is_ascii_digit());
        let movie = Movie {
            id,
            title: title.to_owned(),
            year: year.to_owned(),
            icon: self.picture(entry.picture()),
            tmdb: if numeric { tmdb.to_owned() } else { String::new() },
            adult: is_adult(entry),
            places: self.places(List::Movies, entry),
            container: tidy::given_as(tidy::container(container)),
            address,
            name,
            ..Movie::default()
        };
        self.writer.movie(&movie)
    }

    fn episode(
        &mut self,
        entry: &Entry<'_>,
        (series, season, number): (&str, Option<u32>, Option<u32>),
        container: &str,
        id: String,
        address: Address,
    ) -> io::Result<Pushed> {
        let name = self.text(series);
        let of = key::series(&name);
        let places = self.places(List::Series, entry);
        let icon = self.picture(entry.picture());
        // A series of a thousand episodes is written once, and once more for each further category.
        if self.series.insert((of.clone(), places.first().copied())) {
            let (title, year) = tidy::title_and_year(&name);
            let (title, year) = (title.to_owned(), year.to_owned());
            let series = Series {
                id: of.clone(),
                name,
                title,
                year,
                cover: icon.clone(),
                places,
                ..Series::default()
            };
            if self.writer.series(&series)? == Pushed::Full {
                return Ok(Pushed::Full);
            }
        }
        let number = match number {
            Some(number) => number,
            None => {
                let count = self.unnumbered.entry(of.clone()).or_default();
                *count += 1;
                *count
            }
        };
        let episode = Episode {
            id,
            series: of,
            season: season.unwrap_or(1),
            number,
            title: self.text(entry.name()),
            container: tidy::given_as(tidy::container(container)),
            icon,
            added: None,
            address,
        };
        self.writer.episode(&episode)
    }

    /// Where it is received. What no relay can receive is kept as it is, and counted.
    fn address(&mut self, entry: &Entry<'_>) -> Address {
        let url = match reach(entry.address()) {
            Reach::Web => entry.address().to_owned(),
            Reach::Ace(id) => id.to_string(),
            Reach::None(scheme) => {
                self.tally.unreachable(&self.text(&scheme));
                entry.address().to_owned()
            }
        };
        let licence = |(name, value): (&str, &str)| {
            !value.is_empty()
                && (name.ends_with("license_type") || name.ends_with("drm") || name.ends_with("drm_legacy"))
        };
        self.tally.encrypted += u64::from(entry.properties().any(licence));
        let headers = entry.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Address { url, headers }
    }

    /// The categories of an entry; none without a group.
    fn places(&mut self, list: List, entry: &Entry<'_>) -> Places {
        let mut places = Places::new();
        for group in entry.groups().take(MOST_GROUPS) {
            let name = self.text(group);
            match self.writer.category(list, &name) {
                _ if name.is_empty() => {}
                Some(place) if !places.contains(&place) => places.push(place),
                Some(_) => {}
                None => self.tally.groups += 1,
            }
        }
        places
    }

    /// Text as people read it, without what the playlist was asked for with.
    ///
    /// SECURITY: panels repeat an account's name and password in what they list; names are published.
    fn text(&self, raw: &str) -> String {
        let end = raw.floor_char_boundary(LONGEST);
        let mut text = tidy::text(&raw[..end], self.source);
        for secret in &self.secrets {
            if text.contains(secret) {
                text = text.replace(secret, "***");
            }
        }
        text
    }

    fn picture(&self, raw: &str) -> String {
        let secret = self.secrets.iter().any(|secret| raw.contains(secret));
        let raw = if raw.contains("&amp;") { &raw.replace("&amp;", "&") } else { raw };
        if secret { String::new() } else { tidy::picture(raw, self.source) }
    }
}

/// Whether it says that it is for adults.
fn is_adult(entry: &Entry<'_>) -> bool {
    let code = entry.attribute(Key::ParentCode).trim();
    !matches!(code, "" | "0") || is_true(entry.attribute(Key::Censored))
}
