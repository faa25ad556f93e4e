//! `/pages/upstreams.m3u`: the station's channels as everything that an upstream can be. Sources that read it with
//! different values of `as` have the same channels, which can be merged into channels with several upstreams.

use std::fmt::Write as _;
use std::str::FromStr;

use http::StatusCode;
use httpd::{Params, Response, reply};

use super::{Listed, Page, listed, typed};
use crate::ace::{content_id, infohash};
use crate::origin::{self, Quirks};
use crate::provider::Provider;
use crate::settings::Account;
use crate::stream::{self, Variant};

/// What an address of the list leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum As {
    /// The panel's transport stream.
    Ts,
    /// The panel's HLS.
    Hls,
    /// The panel's transport stream in this variant.
    Variant(String),
    /// An HLS origin with these quirks.
    Origin(String),
    /// The Ace Stream engine, by what lists say.
    Ace,
    /// The Ace Stream engine by an address of its own, which says that it is an infohash.
    Infohash,
    /// Every one of these, and every quirk that does not depend on the time, one after the other.
    Every,
}

impl FromStr for As {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "ts" => Self::Ts,
            "hls" => Self::Hls,
            "ace" => Self::Ace,
            "infohash" => Self::Infohash,
            "every" => Self::Every,
            other => match other.split_once(':') {
                Some(("origin", quirks)) => {
                    quirks.parse::<Quirks>().map(|_| Self::Origin(quirks.to_owned()))?
                }
                Some(("variant", variant)) => {
                    variant.parse::<Variant>().map(|_| Self::Variant(variant.to_owned()))?
                }
                _ => return Err(format!("no kind of upstream: {other:?}; see station --help")),
            },
        })
    }
}

/// `?as=AS[&username=USER&password=PASSWORD]`, for the first account unless another is named. `base` is our address.
pub(crate) fn upstreams(provider: &Provider, params: &Params, base: &str) -> Response {
    let wanted: As = match params.get("as").unwrap_or("every").parse() {
        Ok(wanted) => wanted,
        Err(why) => return reply::text(StatusCode::BAD_REQUEST, why + "\n"),
    };
    let account = match (params.get("username"), params.get("password")) {
        (Some(username), Some(password)) => provider.account(username, password),
        _ => provider.settings.accounts.first(),
    };
    let Some(account) = account else { return reply::text(StatusCode::FORBIDDEN, "no such account\n") };
    let list = List { provider, account, base };
    let mut text = String::from("#EXTM3U\n");
    let channels = listed(&provider.catalogue, base);
    match wanted {
        As::Every => {
            let kinds = every();
            // Each once, over the channels in turn.
            let mut turns = kinds.iter();
            for (index, channel) in std::iter::repeat_with(|| channels.iter().enumerate()).flatten() {
                let Some((name, kind)) = turns.next() else { break };
                list.entry(index as u32, channel, Some(name), kind, &mut text);
            }
        }
        kind => channels.iter().enumerate().for_each(|(index, channel)| {
            list.entry(index as u32, channel, None, &kind, &mut text);
        }),
    }
    typed(Page::M3u.media_type(), text)
}

/// Everything that an upstream can be, by name.
fn every() -> Vec<(String, As)> {
    let simple = [("ts", As::Ts), ("hls", As::Hls), ("ace", As::Ace), ("infohash", As::Infohash)];
    let simple = simple.into_iter().map(|(name, kind)| (name.to_owned(), kind));
    let quirks = origin::SPELLINGS.iter().flat_map(|(spelling, _)| spelling.split(", "));
    let quirks = quirks.filter(|quirk| !quirk.ends_with(":TIME")).map(|quirk| {
        let quirk = quirk.replace("FAULT", "status:500").replace(":N", ":5").replace(":S", ":20");
        (quirk.clone(), As::Origin(quirk))
    });
    let variants = stream::SPELLINGS.iter().flat_map(|(spelling, _)| spelling.split(", "));
    let variants = variants.filter(|variant| *variant != "plain").map(|variant| {
        let variant = variant.replace("MS", "2").replace(":S", ":20").replace(":N", ":500");
        (variant.clone(), As::Variant(variant))
    });
    simple.chain(variants).chain(quirks).collect()
}

struct List<'a> {
    provider: &'a Provider,
    account: &'a Account,
    base: &'a str,
}

impl List<'_> {
    /// One channel; where there are several kinds in the list, named by its kind.
    fn entry(&self, index: u32, channel: &Listed, kind_name: Option<&str>, kind: &As, text: &mut String) {
        let Listed { name, category, logo, guide, .. } = channel;
        let (group, mark) = match kind_name {
            Some(kind) => ("Every upstream", format!(" ({kind})")),
            None => (category.as_str(), String::new()),
        };
        let address = self.address(index, kind);
        let _ = writeln!(
            text,
            "#EXTINF:-1 tvg-id=\"{guide}\" tvg-logo=\"{logo}\" group-title=\"{group}\",{name}{mark}\n{address}"
        );
    }

    fn address(&self, index: u32, kind: &As) -> String {
        let (base, catalogue) = (self.base, &self.provider.catalogue);
        let (id, seed) = (catalogue.live_id(index), catalogue.seed);
        let line = format!("{}/{}", self.account.username, self.account.password);
        match kind {
            As::Ts => format!("{base}/live/{line}/{id}.ts"),
            As::Hls => format!("{base}/live/{line}/{id}.m3u8"),
            As::Variant(variant) => format!("{base}/variant/{variant}/{line}/{id}.ts"),
            As::Origin(quirks) => format!("{base}/origin/{quirks}/{line}/{id}/index.m3u8"),
            As::Infohash => {
                format!("http://127.0.0.1:6878/ace/getstream?infohash={}", infohash(seed, index))
            }
            As::Ace | As::Every => format!("acestream://{}", content_id(seed, index)),
        }
    }
}
