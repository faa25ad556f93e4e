//! Where a document is: in the web, or in a file.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// Where a document is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Somewhere in the web.
    Web(WebAddress),
    /// On this machine; a relative path starts where the program does.
    File(PathBuf),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(address) => address.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// An `http://` or `https://` address with everything behind it. Prints as scheme and host alone: the rest may hold
/// credentials, as that of a panel's `get.php` does.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebAddress(String);

impl WebAddress {
    /// Checks an address.
    ///
    /// # Errors
    /// What was expected, in words that do not repeat it.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected an address such as https://example.com/list.m3u";
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
        let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        let host = host(rest);
        if !web || host.is_empty() || text.len() > 8192 {
            return Err(EXPECTED);
        }
        if rest.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err("an address has no blanks");
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole address, for the one place that asks for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What in it is for nobody's eyes: a name and a password before the host, and the values of its query.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let rest = self.0.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let login = authority.rsplit_once('@').map(|(login, _)| login);
        let query = rest.split_once('?').map(|(_, query)| query.split('#').next().unwrap_or(""));
        let values = query.into_iter().flat_map(|query| query.split('&'));
        let values = values.filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
        login.into_iter().flat_map(|login| login.split(':')).chain(values).filter(|secret| !secret.is_empty())
    }
}

/// The host and port of what follows the scheme, without credentials.
fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.0.split_once("://").expect("an address has a scheme");
        write!(f, "{scheme}://{}/…", host(rest))
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for WebAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_prints_without_what_may_be_secret() {
        for (text, shown, secrets) in [
            ("https://h/list.m3u", "https://h/…", &[][..]),
            ("http://u:p@h:80/x?token=t&a=b#c", "http://h:80/…", &["u", "p", "t", "b"]),
            ("http://h?username=u&password=", "http://h/…", &["u"]),
        ] {
            let address = WebAddress::new(text).unwrap();
            assert_eq!((address.to_string().as_str(), address.reveal()), (shown, text));
            assert_eq!(format!("{address:?}"), shown);
            assert_eq!(address.secrets().collect::<Vec<_>>(), secrets);
        }
        for refused in ["", "h/x", "ftp://h", "http://", "http://u:hunter2@/x", "http://h/hunter2 x"] {
            assert!(!WebAddress::new(refused).unwrap_err().contains("hunter2"), "{refused}");
        }
    }
}
