//! Keys that programs show each other.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use super::Secret;
use crate::config::{ConfigError, variable};

/// What one program shows another, or a monitor shows a program, to be let in: `Authorization: Bearer KEY` (RFC 6750).
///
/// SECURITY: a variable that is set to nothing must not become a key that everybody has, and nobody types one, so a key
/// is long: [`SharedKey::LEAST`] characters at least. Made with `openssl rand -hex 32`, say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedKey(Secret);

impl SharedKey {
    /// The least number of characters.
    pub const LEAST: usize = 16;

    /// Takes a key.
    ///
    /// # Errors
    /// What a key must be, in words that do not repeat it.
    pub fn new(text: impl Into<String>) -> Result<Self, &'static str> {
        let text = text.into();
        // What a header can carry and no shell or proxy changes.
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        match plain && text.len() >= Self::LEAST {
            true => Ok(Self(Secret::new(text))),
            false => Err("a key has at least 16 characters and no blanks; `openssl rand -hex 32` makes one"),
        }
    }

    /// The key in the environment variable `name`, if that is set to anything.
    ///
    /// # Errors
    /// It is none.
    pub fn of_environment(name: &str) -> Result<Option<Self>, ConfigError> {
        variable(name).map(|text| Self::new(text).map_err(|what| ConfigError::new(name, what))).transpose()
    }

    /// Whether `shown` is this key. How long that takes does not tell how much of it is right.
    pub fn is(&self, shown: &str) -> bool {
        // Digests of equal length; the comparison of blake3's is constant in time.
        blake3::hash(shown.as_bytes()) == blake3::hash(self.0.reveal().as_bytes())
    }

    /// The key itself, for the one place that shows it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

/// Reads a key that need not be there: an empty one is none. For `deserialize_with`.
///
/// # Errors
/// As [`SharedKey::new`].
pub fn optional_key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SharedKey>, D::Error> {
    let text = Secret::deserialize(deserializer)?;
    (!text.reveal().is_empty()).then(|| SharedKey::new(text.reveal()).map_err(D::Error::custom)).transpose()
}

impl fmt::Display for SharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_for_itself_alone_and_shows_itself_to_nobody() {
        let key = SharedKey::new("0123456789abcdef").unwrap();
        assert!(key.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", " 0123456789abcdef"] {
            assert!(!key.is(other), "{other}");
        }
        assert_eq!(format!("{key} {key:?}"), "*** SharedKey(***)");
    }

    #[test]
    fn what_is_short_or_has_blanks_is_no_key() {
        for wrong in ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcde\n", "0123456789abcdeé"] {
            assert!(SharedKey::new(wrong).is_err(), "{wrong:?}");
        }
        #[derive(Debug, serde::Deserialize)]
        struct Wrapped {
            #[serde(deserialize_with = "optional_key")]
            it: Option<SharedKey>,
        }
        assert!(toml::from_str::<Wrapped>("it = \"\"").unwrap().it.is_none());
        assert!(toml::from_str::<Wrapped>("it = \"0123456789abcdef\"").unwrap().it.is_some());
        let error = toml::from_str::<Wrapped>("it = \"hunter2\"").unwrap_err();
        assert!(error.message().contains("at least 16") && !error.message().contains("hunter2"), "{error}");
    }
}
