//! Any channel of Ace Stream, in the form in which players ask an engine for it: `/ace/getstream`, `/ace/manifest.m3u8`,
//! `/ace/status`. And who may ask for what no release lists.
//!
//! Nothing of this is there unless `[relay] ace_open` says so. Then whoever is in our own house may ask, and everybody
//! else with the name and the password of a user.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use contract::ace::{AceId, Fault, Kind as Names};
use contract::bundle::{Kind, Playable, Protocol, Upstream};
use contract::reach;
use contract::source::{Acestream, BaseUrl, Name, Origin, Source};
use contract::user::{PasswordHash, User};
use http::{HeaderMap, StatusCode};
use httpd::{Params, Response, reply};
use serde_json::json;
use url::Url;

use crate::headend::Headend;
use crate::refusal::Refusal;
use crate::tuner::Tuner;

/// A guest's name, which is none that a user can have.
pub(crate) const GUEST: &str = "*";
/// The account of channels that no release lists, which is none that a provider counts.
const ACCOUNT: &str = "ace-open";
/// Numbers of such channels begin here: ours end before.
const FIRST: u32 = 1 << 31;
/// Channels whose numbers are remembered; when it is full, all are forgotten, and get others.
const MOST: usize = 4096;

/// What was asked of `/ace/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ace {
    /// `/ace/getstream?id=`: the transport stream.
    Stream,
    /// `/ace/manifest.m3u8?id=`: where the playlist is.
    Playlist,
    /// `/ace/status`: how many channels there are, or how one of them is.
    Status,
}

/// Channels that nobody has listed, and who watches them.
pub(crate) struct Unlisted {
    pub(crate) guest: Arc<User>,
    numbers: Mutex<Numbers>,
}

#[derive(Default)]
struct Numbers {
    by_id: HashMap<AceId, u32>,
    given: u32,
}

impl Unlisted {
    pub(crate) fn new() -> Self {
        let password = PasswordHash::new(&format!("{:032x}", rand::random::<u128>()));
        let guest = User { max_connections: 0, ..User::new(GUEST, password, 0) };
        Self { guest: Arc::new(guest), numbers: Mutex::default() }
    }

    /// Adds to `sources` the one that unlisted channels belong to.
    pub(crate) fn source(sources: &mut Vec<Source>) {
        if sources.iter().all(|source| source.name.as_str() != ACCOUNT) {
            let origin = Origin::Acestream(Acestream { channels: Vec::new(), from: None });
            let (transport, gate) = Default::default();
            let name = Name::new(ACCOUNT).expect("it fits the rule");
            sources.push(Source { name, origin, transport, gate });
        }
    }

    /// The channel that `id` names. What two ids turn out to mean the same is received once all the same.
    pub(crate) fn channel(&self, id: &AceId) -> Playable {
        let mut numbers = self.numbers.lock().expect("nobody panics while holding this lock");
        if numbers.by_id.len() >= MOST && !numbers.by_id.contains_key(id) {
            numbers.by_id.clear();
        }
        let next = FIRST | (numbers.given & !FIRST);
        let number = *numbers.by_id.entry(id.clone()).or_insert(next);
        numbers.given = numbers.given.wrapping_add(u32::from(number == next));
        let upstream = Upstream {
            account: ACCOUNT.into(),
            path: id.to_string(),
            protocol: Protocol::Ace,
            headers: Default::default(),
            archive: 0,
            past: None,
        };
        Playable {
            id: number,
            kind: Kind::Live,
            container: "ts".into(),
            series: 0,
            upstreams: vec![upstream],
        }
    }
}

/// Whether this is the number of a channel that no release lists.
pub(crate) const fn is_unlisted(id: u32) -> bool {
    id >= FIRST
}

/// Whether somebody who shows nothing may ask: one in our own house, who speaks for himself.
///
/// SECURITY: a page of another site, open in a browser at home, must not set the engine to work. That includes one whose
/// name was ours for a moment: see [`httpd::names_us`].
pub(crate) fn is_at_home(headers: &HeaderMap, peer: SocketAddr, public: Option<&BaseUrl>) -> bool {
    let host = public.and_then(|public| Some(Url::parse(public.as_str()).ok()?.host_str()?.to_owned()));
    reach::is_at_home(peer.ip()) && httpd::is_for_himself(headers, host.as_deref())
}

/// The one id that a query names.
///
/// # Errors
/// There is none, it is none, or there are several. What players say besides (`pid`, `format`, ...) is not looked at.
pub(crate) fn asked(params: &Params) -> Result<AceId, Fault> {
    let mut found = None;
    for (name, kind) in [
        ("id", Some(Names::ContentId)),
        ("content_id", Some(Names::ContentId)),
        ("infohash", Some(Names::Infohash)),
        ("url", None),
        ("magnet", None),
    ] {
        for value in params.all(name) {
            if found.replace((kind, value)).is_some() {
                return Err(Fault::TooManySelectors);
            }
        }
    }
    match found {
        Some((Some(kind), value)) => AceId::new(kind, value.trim()),
        Some((None, _)) => Err(Fault::OtherSelector),
        None => Err(Fault::NotAnId),
    }
}

/// `/ace/status`: of everything, or of what `id` names.
pub(crate) fn status(headend: &Headend, id: Option<&AceId>) -> Result<Response, Refusal> {
    let tuners = headend.tuners();
    let Some(id) = id else {
        let ace = |tuner: &&Arc<Tuner>| tuner.signal.now().protocol == Some(Protocol::Ace);
        let document = json!({ "streams": tuners.iter().filter(ace).count() });
        return Ok(reply::json(StatusCode::OK, document.to_string()));
    };
    let means = |tuner: &&Arc<Tuner>| {
        let Some(upstream) = tuner.signal.now().upstream else { return false };
        upstream.path == id.to_string()
            || headend
                .dialler
                .engine
                .snapshot(&upstream)
                .is_some_and(|it| it.infohash.as_deref() == Some(id.hex()))
    };
    let here: Vec<_> = tuners.iter().filter(means).collect();
    let first = here.first().ok_or(Refusal::Unknown)?;
    let clients: u32 = here.iter().map(|tuner| tuner.feed.watching()).sum();
    let state = first.signal.now().state.word();
    let document = json!({ "clients": clients, "stream_id": id.hex(), "state": state });
    Ok(reply::json(StatusCode::OK, document.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn one_id_is_taken_and_nothing_else() {
        let read = |query: &str| asked(&Params::from_query(Some(&query.replace("{}", HEX))));
        assert_eq!(read("id={}&pid=7&format=json").unwrap().kind(), Names::ContentId);
        assert_eq!(read("infohash={}").unwrap().kind(), Names::Infohash);
        for (query, fault) in [
            ("", Fault::NotAnId),
            ("id={}&infohash={}", Fault::TooManySelectors),
            ("id={}&id={}", Fault::TooManySelectors),
            ("id={}0", Fault::NotHex),
            ("url=http://h/", Fault::OtherSelector),
        ] {
            assert_eq!(read(query), Err(fault), "{query}");
        }
    }

    #[test]
    fn a_channel_keeps_its_number_which_is_none_of_ours() {
        let unlisted = Unlisted::new();
        let id = |kind, last: char| AceId::new(kind, &format!("{}{last}", &HEX[1..])).unwrap();
        let numbers = [
            unlisted.channel(&id(Names::ContentId, '1')).id,
            unlisted.channel(&id(Names::ContentId, '2')).id,
            unlisted.channel(&id(Names::Infohash, '1')).id,
        ];
        assert_eq!(numbers, [FIRST, FIRST + 1, FIRST + 2]);
        assert_eq!(unlisted.channel(&id(Names::ContentId, '2')).id, FIRST + 1);
    }
}
