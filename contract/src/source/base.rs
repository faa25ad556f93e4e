//! The address below which a panel's API lies.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// An `http://` or `https://` address below which an API lies: no slash at the end, no query, no credentials.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Takes an address as people paste it: a `player_api.php`, `get.php?…` or another page at its end is dropped.
    ///
    /// # Errors
    /// What is wrong, in words that do not repeat the address: a pasted one may hold credentials.
    pub fn new(pasted: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "expected an address such as http://panel.example:8080";
        let base = pasted.trim().split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
        let base = match base.rsplit_once('/') {
            Some((before, last)) if last.ends_with(".php") => before.trim_end_matches('/'),
            _ => base,
        };
        let (scheme, rest) = base.split_once("://").ok_or(EXPECTED)?;
        let scheme = scheme.to_ascii_lowercase();
        let host = rest.split('/').next().unwrap_or("");
        if !matches!(scheme.as_str(), "http" | "https") || host.is_empty() {
            return Err(EXPECTED);
        }
        if host.contains('@') {
            return Err("put the name and the password into `username` and `password`, not into the address");
        }
        // SECURITY: an address goes into playlists and documents as it is.
        if rest
            .bytes()
            .any(|byte| byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'{' | b'}' | 0x7f))
        {
            return Err("an address has no blanks, quotes, brackets or backslashes");
        }
        let port = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
        if port.is_some_and(|(name, port)| name.is_empty() || port.parse::<u16>().is_err()) {
            return Err("the port of an address is a number up to 65535");
        }
        Ok(Self(format!("{scheme}://{rest}")))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its path without a slash at the end, such as `/tv`; empty at the root.
    pub fn path(&self) -> &str {
        let (_, rest) = self.0.split_once("://").expect("a base URL has a scheme");
        rest.find('/').map_or("", |slash| &rest[slash..])
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_paste_them() {
        for (pasted, expected) in [
            ("http://panel.example:8080", "http://panel.example:8080"),
            (" HTTP://panel.example/ ", "http://panel.example"),
            ("https://h/x/player_api.php", "https://h/x"),
            ("http://h:80/get.php?username=u&password=p&type=m3u_plus", "http://h:80"),
            ("http://h/x//", "http://h/x"),
            ("http://[::1]/", "http://[::1]"),
            ("http://[::1]:81", "http://[::1]:81"),
        ] {
            assert_eq!(BaseUrl::new(pasted).unwrap().as_str(), expected);
        }
        assert_eq!(BaseUrl::new("https://h:1/x/y/").unwrap().path(), "/x/y");
        assert_eq!(BaseUrl::new("https://h:1/").unwrap().path(), "");
        for refused in [
            "",
            "panel.example",
            "ftp://h",
            "http://",
            "http://u:hunter2@h",
            "http://a b",
            "http://h\"x",
            "http://h/{password}",
            "http://h:80hunter2",
            "http://h:65536",
            "http://:80",
        ] {
            let why = BaseUrl::new(refused).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }
}
