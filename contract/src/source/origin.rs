//! What sources speak.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::base::BaseUrl;
use super::location::Location;
use crate::ace::AceId;
use crate::secret::Secret;

/// What a source speaks, and what only that needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The Xtream API of a panel.
    Xtream(Xtream),
    /// A playlist.
    M3u(M3u),
    /// A guide and nothing else.
    Xmltv(Xmltv),
    /// Pages that list channels.
    Scrape(Scrape),
    /// Ace Stream channels, listed by hand.
    Acestream(Acestream),
}

impl Origin {
    /// As `kind` in the configuration.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Xtream(_) => "xtream",
            Self::M3u(_) => "m3u",
            Self::Xmltv(_) => "xmltv",
            Self::Scrape(_) => "scrape",
            Self::Acestream(_) => "acestream",
        }
    }
}

/// A provider's panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Xtream {
    /// Where it answers, in the order in which they are tried; not empty.
    pub urls: Vec<BaseUrl>,
    /// The accounts one has there, which form a pool; not empty. The first is the one that is asked for lists.
    pub accounts: Vec<Login>,
}

/// An account at a panel.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account's name.
    pub username: Secret,
    /// The account's password.
    pub password: Secret,
    /// Connections it allows, if you know better than the panel says.
    #[serde(default)]
    pub max_connections: Option<u32>,
}

/// A playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct M3u {
    /// Where it is.
    pub from: Location,
    /// Whether the guides that its header names are read.
    pub guides: bool,
    /// Connections its provider allows at once; 0 for as many as one likes.
    pub max_connections: u32,
}

/// A guide.
#[derive(Clone, Debug, PartialEq)]
pub struct Xmltv {
    /// Where it is.
    pub from: Location,
    /// What its times mean.
    pub times: Times,
}

/// What is wrong with the times of a guide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times {
    /// The zone of times that do not say theirs: a name such as `Europe/London`; UTC without one.
    pub zone: Option<String>,
    /// Seconds that are added to every time.
    pub shift: i64,
    /// Seconds that are added to the times of single channels, by guide id, whatever its case; besides `shift`.
    pub channel_shift: BTreeMap<String, i64>,
}

/// Pages that list channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Scrape {
    /// The pages; not empty.
    pub pages: Vec<Location>,
    /// What they are.
    pub format: Format,
    /// Where JSON has what.
    pub json: Paths,
    /// Where HTML has what.
    pub html: Selectors,
}

/// What a page is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// What its content type says, else what it looks like.
    #[default]
    Auto,
    /// A JSON document.
    Json,
    /// A web page.
    Html,
    /// A playlist.
    M3u,
}

/// Where a JSON document has its channels: names joined by dots, `[]` behind the one that is the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paths {
    /// The list, such as `channels[]` or `data.items[]`; `[]` when the document is the list.
    pub list: String,
    /// Within an element: an Ace Stream id or an address.
    pub id: String,
    /// Within an element: the name.
    pub name: String,
    /// Within an element: the group.
    pub category: String,
    /// Within an element: the address of a picture.
    pub logo: String,
    /// Within an element: the guide channel.
    pub guide: String,
}

impl Default for Paths {
    fn default() -> Self {
        let [list, id, name, category, logo, guide] =
            ["channels[]", "id", "name", "category", "logo", "epg_id"].map(String::from);
        Self { list, id, name, category, logo, guide }
    }
}

/// Where a web page has its channels: CSS selectors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selectors {
    /// The element that stands for a channel; its links name the channel's address.
    pub item: String,
    /// Within it: the name. Without it, what a reader would take for the name.
    pub name: Option<String>,
    /// Within it: the group.
    pub category: Option<String>,
    /// Within it: the picture.
    pub logo: Option<String>,
}

impl Default for Selectors {
    fn default() -> Self {
        Self { item: "a[href]".into(), name: None, category: None, logo: None }
    }
}

/// Ace Stream channels, listed by hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Acestream {
    /// In the configuration itself.
    pub channels: Vec<AceChannel>,
    /// In a file: one on each line, or a playlist.
    pub from: Option<Location>,
}

/// A channel of Ace Stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AceChannel {
    /// Written in any of its forms.
    pub id: AceId,
    /// What it is called.
    pub name: String,
    /// Its group.
    #[serde(default)]
    pub group: String,
    /// The address of its picture.
    #[serde(default)]
    pub logo: String,
    /// Its guide channel.
    #[serde(default)]
    pub guide: String,
}
