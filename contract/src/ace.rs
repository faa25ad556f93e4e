//! Ace Stream ids, in every form in which people write them down.
//!
//! A content id and an infohash are both 40 hexadecimal digits and name different things; nothing in the digits tells
//! which is which. So the kind is kept with the id: it is what the writer said, and the first thing to try, not the
//! truth (a link may carry an infohash in an `id=` place).

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

/// The digits of an id: a SHA-1.
pub const DIGITS: usize = 40;

/// What the engine calls the two kinds of ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Names a transport file that the engine looks up first. What a bare id and `acestream://` mean.
    ContentId,
    /// Names the swarm itself.
    Infohash,
}

/// Names one broadcast in the Ace Stream network.
///
/// It is written, also in JSON and TOML, as `acestream://<hex>` or `acestream:?infohash=<hex>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AceId {
    /// Forty lower-case hexadecimal digits.
    hex: Box<str>,
    kind: Kind,
}

/// Why something is no [`AceId`]. It does not repeat what was written: an address may hold credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Neither digits nor an address that names an id.
    #[error(
        "not an Ace Stream id: expected 40 hexadecimal digits, acestream://<id>, acestream:?infohash=<hash> or an \
         engine's address with id=, content_id= or infohash="
    )]
    NotAnId,
    /// It has the place of an id, but something else stands there.
    #[error("an Ace Stream id is 40 hexadecimal digits, 0-9 and a-f")]
    NotHex,
    /// What to play is said more than once, and engines disagree about which wins.
    #[error("more than one of id, content_id, infohash, url and magnet: keep one")]
    TooManySelectors,
    /// What to play is said by the address of a transport file or a magnet link.
    #[error("url= and magnet= name no Ace Stream id: expected id=, content_id= or infohash=")]
    OtherSelector,
}

impl AceId {
    /// An id from its digits alone.
    ///
    /// # Errors
    /// [`Fault::NotHex`].
    pub fn new(kind: Kind, hex: &str) -> Result<Self, Fault> {
        if hex.len() == DIGITS && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self { hex: hex.to_ascii_lowercase().into(), kind })
        } else {
            Err(Fault::NotHex)
        }
    }

    /// Reads any form: bare digits, `acestream://<hex>`, `acestream:?content_id=` and `?infohash=`, and an engine's
    /// address with `id`, `content_id` or `infohash` in the query, of which only the id is taken.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn parse(written: &str) -> Result<Self, Fault> {
        let written = written.trim();
        let written = written.split('#').next().unwrap_or(written);
        let Some((scheme, rest)) = written.split_once(':') else {
            return Self::new(Kind::ContentId, written).map_err(|_| Fault::NotAnId);
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        match scheme.to_ascii_lowercase().as_str() {
            "acestream" => match (place.trim_matches('/'), selected(query)?) {
                ("", Some(id)) => Ok(id),
                ("", None) => Err(Fault::NotAnId),
                (hex, None) => Self::new(Kind::ContentId, hex),
                (_, Some(_)) => Err(Fault::TooManySelectors),
            },
            "http" | "https" if place.starts_with("//") => selected(query)?.ok_or(Fault::NotAnId),
            _ => Err(Fault::NotAnId),
        }
    }

    /// Forty lower-case hexadecimal digits.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// What the writer said it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

/// The id a query names, if it names any.
fn selected(query: &str) -> Result<Option<AceId>, Fault> {
    let mut found = None;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // An address that was copied out of HTML has `&amp;` between its parameters.
        let name = name.strip_prefix("amp;").unwrap_or(name);
        let kind = match name.to_ascii_lowercase().as_str() {
            "id" | "content_id" => Some(Kind::ContentId),
            "infohash" => Some(Kind::Infohash),
            "url" | "magnet" => None,
            _ => continue,
        };
        if found.replace((kind, value)).is_some() {
            return Err(Fault::TooManySelectors);
        }
    }
    match found {
        Some((Some(kind), value)) => AceId::new(kind, value.trim()).map(Some),
        Some((None, _)) => Err(Fault::OtherSelector),
        None => Ok(None),
    }
}

impl fmt::Display for AceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::ContentId => write!(f, "acestream://{}", self.hex),
            Kind::Infohash => write!(f, "acestream:?infohash={}", self.hex),
        }
    }
}

impl FromStr for AceId {
    type Err = Fault;

    fn from_str(written: &str) -> Result<Self, Fault> {
        Self::parse(written)
    }
}

impl Serialize for AceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "0123456789abcdef0123456789ABCDEF01234567";

    #[test]
    fn an_id_is_understood_in_every_form() {
        for (written, kind) in [
            ("{}", Kind::ContentId),
            ("  {}\n", Kind::ContentId),
            ("acestream://{}", Kind::ContentId),
            ("ACESTREAM://{}/", Kind::ContentId),
            ("acestream://{}?name=One", Kind::ContentId),
            ("acestream:{}", Kind::ContentId),
            ("acestream:?content_id={}", Kind::ContentId),
            ("acestream:?infohash={}", Kind::Infohash),
            ("acestream://?infohash={}&x=1", Kind::Infohash),
            ("http://127.0.0.1:6878/ace/getstream?id={}", Kind::ContentId),
            ("http://host/ace/manifest.m3u8?pid=7&content_id={}#t", Kind::ContentId),
            ("https://user:pass@host/ace/getstream?format=json&amp;infohash={}", Kind::Infohash),
            ("http://[::1]:6878/ace/getstream?ID={}", Kind::ContentId),
        ] {
            let id = AceId::parse(&written.replace("{}", HEX)).expect(written);
            assert_eq!((id.hex(), id.kind()), (HEX.to_ascii_lowercase().as_str(), kind), "{written}");
            assert_eq!(AceId::parse(&id.to_string()), Ok(id), "{written}");
        }
    }

    #[test]
    fn what_names_no_id_or_several_is_refused_with_the_reason() {
        for (written, fault) in [
            ("", Fault::NotAnId),
            ("One", Fault::NotAnId),
            ("acestream://", Fault::NotAnId),
            ("acestream:?name={}", Fault::NotAnId),
            ("magnet:?xt=urn:btih:{}", Fault::NotAnId),
            ("http://host/{}", Fault::NotAnId),
            ("http:?id={}", Fault::NotAnId),
            ("{}0", Fault::NotAnId),
            ("acestream://{}0", Fault::NotHex),
            ("acestream://０{}", Fault::NotHex),
            ("http://h/ace/getstream?id=", Fault::NotHex),
            ("http://h/ace/getstream?id={}&infohash={}", Fault::TooManySelectors),
            ("http://h/ace/getstream?id={}&id={}", Fault::TooManySelectors),
            ("http://h/ace/getstream?url=x&id={}", Fault::TooManySelectors),
            ("acestream://{}?infohash={}", Fault::TooManySelectors),
            ("http://h/ace/getstream?magnet=x", Fault::OtherSelector),
        ] {
            assert_eq!(AceId::parse(&written.replace("{}", HEX)), Err(fault), "{written}");
        }
        let told = AceId::parse("http://hunter2@host/x").unwrap_err().to_string();
        assert!(!told.contains("hunter2"));
    }

    #[test]
    fn an_id_is_kept_in_documents_as_its_address() {
        let id = AceId::new(Kind::Infohash, HEX).unwrap();
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, format!("\"acestream:?infohash={}\"", HEX.to_ascii_lowercase()));
        assert_eq!(serde_json::from_str::<AceId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<AceId>("\"acestream://12\"").is_err());
    }
}
