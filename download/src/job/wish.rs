//! What somebody wishes to have, and where.

use std::fmt;

use contract::bundle::Kind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::words;

words! {
    /// How soon: a class of the queue.
    Priority {
        /// Before everything else.
        High = "high",
        /// As most.
        Medium = "medium",
        /// When there is nothing else; it comes up by waiting.
        Low = "low",
    }
}

impl Priority {
    /// The next better class.
    pub const fn better(self) -> Self {
        match self {
            Self::High | Self::Medium => Self::High,
            Self::Low => Self::Medium,
        }
    }
}

/// What a recording is of. Times are Unix time in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Airing {
    /// What the channel is called.
    pub channel: String,
    /// When that begins which is to be recorded,
    pub starts: i64,
    /// and when it ends.
    pub stops: i64,
    /// So many seconds earlier the recording begins,
    pub lead: u32,
    /// and so many later it ends: broadcasters keep no exact time.
    pub tail: u32,
}

impl Airing {
    /// When the recording begins.
    pub fn begins(&self) -> i64 {
        self.starts.saturating_sub(self.lead.into())
    }

    /// When it is over.
    pub fn ends(&self) -> i64 {
        self.stops.saturating_add(self.tail.into())
    }
}

impl Wish {
    /// What the identity of a recording begins with that is of a programme of the guide, and not of a time.
    pub(crate) const PROGRAMME: &'static str = "programme:";

    /// What identifies the recording `airing` of the channel of this id.
    pub(crate) fn identity_of(channel: u32, airing: &Airing, of_guide: bool) -> String {
        let word = if of_guide { Self::PROGRAMME } else { "time:" };
        format!("{word}{channel}:{}:{}", airing.begins(), airing.ends())
    }
}

/// Where something is had that is not in the line-up.
///
/// SECURITY: there may be a name and a password in it. It is kept for whoever asks for it, and shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// `None` for what is nothing that can be asked for over HTTP.
    pub fn new(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
        fits.then(|| Self(text.trim().to_owned()))
    }

    /// For whoever asks there.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// As whose connections those to its host are counted: no source is called so, and the host is not in it.
    pub fn account(&self) -> String {
        let host = Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned));
        let digest = Sha256::digest(host.unwrap_or_default());
        let hash: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("@{hash}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(***)")
    }
}

/// What shall be had, and where. It never changes once there is a job of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wish {
    /// Which film or episode it is, wherever it comes from and whatever it is called there.
    pub identity: String,
    /// Which version of it: quality, language, dubbed or subtitled. Empty where nothing is known.
    pub variant: String,
    /// The id of the target.
    pub target: i64,
    /// What it is; of a channel, a recording.
    pub kind: Kind,
    /// Of the film, the series or the programme, without marks.
    pub title: String,
    /// Four digits or `""`.
    pub year: String,
    /// The id at themoviedb.org of the film or the series, digits or `""`.
    pub tmdb: String,
    /// Marks that stood beside the title and tell versions of it apart.
    pub tags: Vec<String>,
    /// Of an episode; 0 holds the specials.
    pub season: Option<u32>,
    /// Of an episode, within its season.
    pub episode: Option<u32>,
    /// The name of an episode, or `""`.
    pub ep_title: String,
    /// Of an episode, our id of its series; else 0.
    pub series: u32,
    /// Lines of the picture as the list says it, such as 1080; `None` if it does not.
    pub quality: Option<u32>,
    /// Whose connection it takes: an account of the bundle, or [`Address::account`].
    pub account: String,
    /// Our id; 0 for what is not in the line-up.
    pub stream_id: u32,
    /// Where it is had, if it is not in the line-up.
    #[serde(skip)]
    pub address: Option<Address>,
    /// The container, lower case, without a dot.
    pub ext: String,
    /// Of a recording, what it is of; else `None`.
    pub airing: Option<Airing>,
    /// How soon; `None` goes by the rules.
    pub priority: Option<Priority>,
    /// Who wishes.
    pub user: String,
}

impl Wish {
    /// One of which no more is known than what it is, what it is called and where it shall be.
    pub const fn new(kind: Kind, title: String, target: i64) -> Self {
        Self {
            identity: String::new(),
            variant: String::new(),
            target,
            kind,
            title,
            year: String::new(),
            tmdb: String::new(),
            tags: Vec::new(),
            season: None,
            episode: None,
            ep_title: String::new(),
            series: 0,
            quality: None,
            account: String::new(),
            stream_id: 0,
            address: None,
            ext: String::new(),
            airing: None,
            priority: None,
            user: String::new(),
        }
    }
}
