//! `[download]` of `coax.toml`.

use std::path::PathBuf;
use std::time::Duration;

use contract::config::seconds;
use contract::disk::Data;
use contract::secret::Secret;
use contract::source::BaseUrl;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::engine::http::CLIP;
use crate::queue::{Rules, Window};
use crate::store::Limits;
use crate::tmdb;

/// How films and episodes are fetched and delivered. Durations are written as seconds, such as `15` or `1.5`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether `coax up` fetches what is queued. Without it, `coax download run` does.
    pub enabled: bool,
    /// Where streams are had: the relay of this installation, as this machine reaches it. Without one, where `listen` says.
    #[serde(deserialize_with = "optional_url")]
    pub relay: Option<BaseUrl>,
    /// The folder in which files are collected until they are delivered; empty: `downloads/temp` in the data folder. A job
    /// that has begun stays where it began.
    pub temp: PathBuf,
    /// How many downloads go on at once, at least 1,
    pub downloads: u32,
    /// how many of them from one account,
    pub per_account: u32,
    /// and how many transfers. `coax download limits` changes all three at any time.
    pub transfers: u32,
    /// Bytes that are left free on the disk of `temp` and at targets: what would take more waits.
    pub reserve: u64,
    /// The hours in which downloads go on, by the clock of this machine, such as `01:00-07:00`; empty: always. Transfers go on
    /// at any time.
    pub window: Window,
    /// How much earlier than its programme a recording begins,
    #[serde(deserialize_with = "seconds")]
    pub record_before: Duration,
    /// and how much later it ends: broadcasters keep no exact time.
    #[serde(deserialize_with = "seconds")]
    pub record_after: Duration,
    /// A film of this year, or of at most so many years before, is of class high.
    pub high_years: u32,
    /// A film of more than so many years before is of class low. Everything else is of class medium.
    pub low_years: u32,
    /// Whoever has waited for so many days comes up a class; 0: never.
    pub age_days: u32,
    /// After so many attempts in a row that brought nothing a job has failed.
    pub max_retries: u32,
    /// How long nothing may come until an attempt ends.
    #[serde(deserialize_with = "seconds")]
    pub patience: Duration,
    /// A transport stream of fewer bytes, where another container was asked for or of what its provider has as HLS, is a clip
    /// that the provider shows to whoever has one connection too many, and is not kept; 0: none is.
    pub clip: u64,
    /// Bytes per second of all downloads together; 0: as many as there are.
    pub bandwidth: u64,
    /// Bytes per second of the downloads from one account; 0: as many as there are.
    pub account_bandwidth: u64,
    /// Whether a document of what is known of it lies beside what is delivered (`.nfo`), for media servers of the styles that
    /// read one: `jellyfin`, `kodi` and `emby`.
    pub nfo: bool,
    /// Whether the poster that the line-up names lies there as well.
    pub posters: bool,
    /// Whether addresses that strangers name may lie in private networks: those of posters, and of entries of uploaded lists.
    pub private_addresses: bool,
    /// Bytes per second of all downloads together while anybody watches; 0: as many as there are.
    pub when_viewers: u64,
    /// The key by which the relay tells whether anybody watches, where it runs on another machine: `key` of its `[relay]`.
    pub relay_key: Secret,
    /// The program that fetches what is no plain file: HLS, DASH, pages. A name is looked for in `PATH`.
    pub yt_dlp: PathBuf,
    /// How often it is looked how targets are.
    #[serde(deserialize_with = "seconds")]
    pub probe_every: Duration,
    /// How many daily backups of the queue are kept; 0: none are made.
    pub backups: usize,
    /// For how many days events are kept.
    pub event_days: u32,
    /// Which number films and series have at themoviedb.org, for those of which no panel tells it.
    pub tmdb: tmdb::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            enabled: false,
            relay: None,
            temp: PathBuf::new(),
            downloads: 3,
            per_account: 1,
            transfers: 3,
            reserve: 2 << 30,
            window: Window::default(),
            record_before: Duration::from_secs(60),
            record_after: Duration::from_secs(300),
            high_years: 2,
            low_years: 5,
            age_days: 7,
            max_retries: 10,
            patience: Duration::from_secs(30),
            clip: CLIP,
            bandwidth: 0,
            account_bandwidth: 0,
            when_viewers: 0,
            relay_key: Secret::default(),
            yt_dlp: "yt-dlp".into(),
            nfo: true,
            posters: false,
            private_addresses: false,
            probe_every: Duration::from_secs(300),
            backups: 30,
            event_days: 90,
            tmdb: tmdb::Settings::default(),
        }
    }
}

impl Settings {
    /// By which rules jobs have their class.
    pub const fn rules(&self) -> Rules {
        Rules { high_years: self.high_years, low_years: self.low_years, age_days: self.age_days }
    }

    /// How many go on at once, unless that was changed since.
    pub fn limits(&self) -> Limits {
        let least = |number: u32| number.max(1);
        Limits {
            downloads: least(self.downloads),
            per_account: least(self.per_account),
            transfers: least(self.transfers),
        }
    }

    /// The folder in which files are collected.
    pub fn temp(&self, data: &Data) -> PathBuf {
        if self.temp.as_os_str().is_empty() { data.downloads().join("temp") } else { self.temp.clone() }
    }
}

/// `""` is none.
fn optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BaseUrl>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { BaseUrl::new(&text).map(Some).map_err(D::Error::custom) }
}
