//! A source as it is written: every key of every kind. What it means is decided in one place.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::Deserializer;

use super::origin::{
    AceChannel, Acestream, Format, Login, M3u, Origin, Paths, Scrape, Selectors, Times, Xmltv, Xtream,
};
use super::{BaseUrl, Budget, Gate, Location, Name, Source, Transport, USER_AGENT, WebAddress};
use crate::config::seconds;
use crate::secret::Secret;

/// The word for a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Xtream,
    M3u,
    Xmltv,
    Scrape,
    Acestream,
}

/// All keys of all kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    name: Name,
    #[serde(default)]
    kind: Kind,
    #[serde(default)]
    url: Addresses,
    file: Option<PathBuf>,
    username: Option<Secret>,
    password: Option<Secret>,
    accounts: Option<Vec<Login>>,
    max_connections: Option<u32>,
    guides: Option<bool>,
    zone: Option<String>,
    shift: Option<Hours>,
    channel_shift: Option<BTreeMap<String, Hours>>,
    pages: Option<Vec<String>>,
    format: Option<Format>,
    json: Option<Paths>,
    html: Option<Selectors>,
    channels: Option<Vec<AceChannel>>,
    user_agent: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    proxy: Option<Secret>,
    #[serde(default)]
    insecure_tls: bool,
    #[serde(default, deserialize_with = "maybe")]
    connect_timeout: Option<Duration>,
    #[serde(default, deserialize_with = "maybe")]
    first_byte_timeout: Option<Duration>,
    #[serde(default, deserialize_with = "maybe")]
    request_timeout: Option<Duration>,
    retries: Option<u32>,
    #[serde(default)]
    requests: Budget,
    #[serde(default)]
    private_addresses: bool,
    #[serde(default)]
    gate: Gate,
}

/// One address or several.
#[derive(Default, Deserialize)]
#[serde(untagged, expecting = "expected an address, or a list of addresses")]
enum Addresses {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

/// Hours such as `-1` or `5.5`, of at most two days.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "f64")]
struct Hours(i64);

impl TryFrom<f64> for Hours {
    type Error = &'static str;

    fn try_from(hours: f64) -> Result<Self, Self::Error> {
        let fits = (-48.0..=48.0).contains(&hours);
        fits.then(|| Self((hours * 3600.0).round() as i64)).ok_or("expected hours, such as -1 or 5.5")
    }
}

fn maybe<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    seconds(deserializer).map(Some)
}

impl TryFrom<Written> for Source {
    type Error = String;

    fn try_from(mut written: Written) -> Result<Self, String> {
        let name = written.name.clone();
        let told = |what: String| format!("source `{name}`: {what}");
        let origin = written.origin().map_err(told)?;
        if let Some(key) = written.left() {
            return Err(told(format!("`{key}` is no key of a source of kind `{}`", origin.word())));
        }
        let gate = std::mem::take(&mut written.gate);
        let transport = written.transport().map_err(told)?;
        Ok(Self { name, origin, transport, gate })
    }
}

impl Written {
    /// Takes what belongs to the kind.
    fn origin(&mut self) -> Result<Origin, String> {
        Ok(match self.kind {
            Kind::Xtream => Origin::Xtream(self.xtream()?),
            Kind::M3u => Origin::M3u(M3u {
                from: self.location()?,
                guides: self.guides.take().unwrap_or(true),
                max_connections: self.max_connections.take().unwrap_or(0),
            }),
            Kind::Xmltv => Origin::Xmltv(Xmltv { from: self.location()?, times: self.times() }),
            Kind::Scrape => Origin::Scrape(Scrape {
                pages: self.scraped()?,
                format: self.format.take().unwrap_or_default(),
                json: self.json.take().unwrap_or_default(),
                html: self.html.take().unwrap_or_default(),
            }),
            Kind::Acestream => {
                let channels = self.channels.take().unwrap_or_default();
                let from = if self.has_place() { Some(self.location()?) } else { None };
                if channels.is_empty() && from.is_none() {
                    return Err("give `channels`, or a `file` or `url` that lists them".into());
                }
                Origin::Acestream(Acestream { channels, from })
            }
        })
    }

    fn xtream(&mut self) -> Result<Xtream, String> {
        let urls = match std::mem::take(&mut self.url) {
            Addresses::None => return Err("missing field `url`: the panel's address".into()),
            Addresses::One(url) => vec![url],
            Addresses::Several(urls) => urls,
        };
        let urls: Vec<BaseUrl> = urls.iter().map(|url| BaseUrl::new(url)).collect::<Result<_, _>>()?;
        if urls.is_empty() {
            return Err("`url` is an empty list".into());
        }
        let mut accounts = Vec::new();
        match (self.username.take(), self.password.take()) {
            (Some(username), Some(password)) => {
                accounts.push(Login { username, password, max_connections: self.max_connections.take() });
            }
            (None, None) => {}
            (None, Some(_)) => return Err("missing field `username`".into()),
            (Some(_), None) => return Err("missing field `password`".into()),
        }
        accounts.extend(self.accounts.take().unwrap_or_default());
        if accounts.is_empty() {
            return Err("missing field `username` and `password`, or `accounts`".into());
        }
        Ok(Xtream { urls, accounts })
    }

    fn times(&mut self) -> Times {
        let channel_shift = self.channel_shift.take().unwrap_or_default();
        Times {
            zone: self.zone.take(),
            shift: self.shift.take().map_or(0, |hours| hours.0),
            channel_shift: channel_shift.into_iter().map(|(id, hours)| (id, hours.0)).collect(),
        }
    }

    fn has_place(&self) -> bool {
        self.file.is_some() || !matches!(self.url, Addresses::None)
    }

    /// The one place that `url` or `file` names.
    fn location(&mut self) -> Result<Location, String> {
        match (std::mem::take(&mut self.url), self.file.take()) {
            (Addresses::One(url), None) => Ok(Location::Web(WebAddress::new(&url)?)),
            (Addresses::None, Some(path)) => Ok(Location::File(path)),
            (Addresses::None, None) => Err("missing field `url`, or `file`".into()),
            (Addresses::Several(_), _) => Err("`url` is one address: make a source of each".into()),
            (_, Some(_)) => Err("give either `url` or `file`, not both".into()),
        }
    }

    /// The pages of a scrape: `pages`, or the one place.
    fn scraped(&mut self) -> Result<Vec<Location>, String> {
        let Some(pages) = self.pages.take() else { return Ok(vec![self.location()?]) };
        if pages.is_empty() {
            return Err("`pages` is an empty list".into());
        }
        let location = |page: &String| {
            if page.contains("://") {
                WebAddress::new(page).map(Location::Web)
            } else {
                Ok(Location::File(page.into()))
            }
        };
        Ok(pages.iter().map(location).collect::<Result<_, _>>()?)
    }

    /// A key that nobody took.
    fn left(&self) -> Option<&'static str> {
        let left = [
            ("url", !matches!(self.url, Addresses::None)),
            ("file", self.file.is_some()),
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
            ("accounts", self.accounts.is_some()),
            ("max_connections", self.max_connections.is_some()),
            ("guides", self.guides.is_some()),
            ("zone", self.zone.is_some()),
            ("shift", self.shift.is_some()),
            ("channel_shift", self.channel_shift.is_some()),
            ("pages", self.pages.is_some()),
            ("format", self.format.is_some()),
            ("json", self.json.is_some()),
            ("html", self.html.is_some()),
            ("channels", self.channels.is_some()),
        ];
        left.into_iter().find(|(_, left)| *left).map(|(key, _)| key)
    }

    fn transport(self) -> Result<Transport, String> {
        if let Some(proxy) = &self.proxy {
            let scheme = proxy.reveal().split_once("://").map_or("", |(scheme, _)| scheme);
            if !["http", "https", "socks5", "socks5h"].contains(&scheme) {
                return Err("`proxy` begins with http://, https://, socks5:// or socks5h://".into());
            }
        }
        Ok(Transport {
            user_agent: self.user_agent.unwrap_or_else(|| USER_AGENT.into()),
            headers: self.headers,
            proxy: self.proxy,
            insecure_tls: self.insecure_tls,
            connect_timeout: self.connect_timeout,
            first_byte_timeout: self.first_byte_timeout,
            request_timeout: self.request_timeout,
            retries: self.retries,
            requests: self.requests.check()?,
            private_addresses: self.private_addresses,
        })
    }
}
