//! Every answer that can be a file, and under which name.

use bytes::Bytes;
use contract::bundle::{Entry, Section, VodStream};
use contract::details::{Details, Subject};
use contract::release::{Release, View};

use super::site::{Counts, Forms, Site};
use super::{Told, Wanted};
use crate::base::Base;
use crate::login::Login;
use crate::xtream::details::{NO_MOVIE, movie_document, no_series, series_document};
use crate::xtream::guide::{self, Extent, Span};
use crate::xtream::{account, playlist, xmltv};

/// The three pairs of lists, each with the actions that ask for them.
const LISTS: [(&str, Section, &str, Section); 3] = [
    ("get_live_categories", Section::LiveCategories, "get_live_streams", Section::LiveStreams),
    ("get_vod_categories", Section::VodCategories, "get_vod_streams", Section::VodStreams),
    ("get_series_categories", Section::SeriesCategories, "get_series", Section::Series),
];
/// What is answered about something that is not there.
const NO_LIST: &str = "[]";
const NO_LISTINGS: &str = r#"{"epg_listings":[]}"#;
/// Programmes of a short listing that goes by the clock of the export: more than the four that are usual, since the first
/// ones will be over.
const NEXT: usize = 12;
/// How often it is told how far a long family is, in files.
const OFTEN: u64 = 1000;

/// What files are made of.
pub(super) struct Answers<'a> {
    pub(super) release: &'a Release,
    pub(super) view: &'a View,
    pub(super) details: Details,
    pub(super) now: u64,
    pub(super) wanted: &'a Wanted,
    /// Whose files are wanted as well, and the folder for them.
    pub(super) viewer: Option<(&'a Login, &'a str)>,
    pub(super) site: &'a Site,
}

impl Answers<'_> {
    /// Puts them all into the export, and tells of it.
    pub(super) fn write(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        self.lists(told)?;
        self.films(told)?;
        self.series(told)?;
        self.listings(told)?;
        self.guide(told)?;
        self.user(told)
    }

    fn lists(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        let index = &self.release.index;
        for (categories, of, list, section) in LISTS {
            let mut family = Family::new(categories, self.site, told);
            family.put("all", &self.view.list(of))?;
            family.done();
            let mut family = Family::new(list, self.site, told);
            family.put("all", &self.view.list(section))?;
            let categories = index.entries(of).iter();
            for category in categories.filter(|category| self.view.find(of, category.id).is_some()) {
                let entries = self.view.category(section, category.id);
                family.put(&category.id.to_string(), &entries)?;
            }
            family.put("none", &[NO_LIST.into()])?;
            family.done();
        }
        Ok(())
    }

    fn films(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        let mut family = Family::new("get_vod_info", self.site, told);
        for (entry, json) in self.entries(Section::VodStreams) {
            let film: VodStream = serde_json::from_slice(&json)?;
            let found = self.found(Subject::Movie(entry.id));
            family.put(&entry.id.to_string(), &[movie_document(film, found)?])?;
        }
        family.put("none", &[NO_MOVIE.into()])?;
        family.done();
        Ok(())
    }

    fn series(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        let mut family = Family::new("get_series_info", self.site, told);
        for (entry, json) in self.entries(Section::Series) {
            let found = self.found(Subject::Series(entry.id));
            family.put(&entry.id.to_string(), &series_document(json, found)?)?;
        }
        family.put("none", &[no_series().to_string().into()])?;
        family.done();
        Ok(())
    }

    /// Channels without a guide have no file: what is answered about none of them is theirs as well.
    fn listings(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        for (action, extent) in
            [("get_short_epg", Extent::Next(NEXT)), ("get_simple_data_table", Extent::Table(Span::ALWAYS))]
        {
            let mut family = Family::new(action, self.site, told);
            for entry in self.release.index.entries(Section::LiveStreams) {
                let document = guide::document_of(self.view, entry.id, extent, self.now);
                if self.wanted.listings && document != NO_LISTINGS {
                    family.put(&entry.id.to_string(), &[document])?;
                }
            }
            family.put("none", &[NO_LISTINGS.into()])?;
            family.done();
        }
        Ok(())
    }

    fn guide(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        let mut counts = Counts::default();
        let gz = self.view.is_whole().then_some(&self.release.guide_gz);
        let pieces = match gz {
            Some(_) => vec![self.release.guide.clone()],
            None => xmltv::seen(self.view),
        };
        counts.add(self.site.put("guide.xml", || pieces.iter().cloned(), Forms::Packing(gz))?);
        told("guide", counts, true);
        Ok(())
    }

    /// The account and the playlists of the one who is wanted.
    fn user(&self, told: &mut Told<'_>) -> anyhow::Result<()> {
        let Some((login, folder)) = self.viewer else { return Ok(()) };
        let mut counts = Counts::default();
        let account = Bytes::from(account::written(login, &Base::configured(&self.wanted.url), self.now, 0));
        counts.add(self.site.put(
            &format!("{folder}/account.json"),
            || [account.clone()].into_iter(),
            Forms::Plain,
        )?);
        for (kind, plus) in [("m3u_plus", true), ("m3u", false)] {
            for extension in ["ts", "m3u8"] {
                let pieces = || {
                    let places = (self.wanted.url.as_str(), self.wanted.streams.as_str());
                    let pair = (&*login.name, &*login.password);
                    playlist::pieces(
                        self.view.playlist(&self.release.full_m3u),
                        places,
                        pair,
                        plus,
                        extension,
                    )
                };
                let name = format!("{folder}/{kind}.{extension}.m3u");
                counts.add(self.site.put(&name, pieces, Forms::Packed)?);
            }
        }
        told("user", counts, true);
        Ok(())
    }

    fn entries(&self, section: Section) -> impl Iterator<Item = (&Entry, Bytes)> {
        let entries = self.release.index.entries(section).iter();
        entries.filter_map(move |entry| Some((entry, self.view.find(section, entry.id)?)))
    }

    /// What is kept about a film or a series. Nothing is wished for: an export waits for nobody.
    fn found(&self, subject: Subject) -> Option<Bytes> {
        self.details.kept(subject)?.answer
    }
}

/// The answers to one action.
struct Family<'a, 'b> {
    action: &'static str,
    site: &'a Site,
    told: &'a mut Told<'b>,
    counts: Counts,
}

impl<'a, 'b> Family<'a, 'b> {
    fn new(action: &'static str, site: &'a Site, told: &'a mut Told<'b>) -> Self {
        Self { action, site, told, counts: Counts::default() }
    }

    fn put(&mut self, of: &str, pieces: &[Bytes]) -> anyhow::Result<()> {
        let name = format!("player_api/{}/{of}.json", self.action);
        self.counts.add(self.site.put(&name, || pieces.iter().cloned(), Forms::Packed)?);
        if self.counts.files.is_multiple_of(OFTEN) {
            (self.told)(self.action, self.counts, false);
        }
        Ok(())
    }

    fn done(self) {
        (self.told)(self.action, self.counts, true);
    }
}
