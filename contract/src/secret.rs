//! Values that are never shown.

mod key;

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

pub use key::{SharedKey, optional_key};

/// A name or a password that must not reach a log, an error, an artefact or a process list. Prints as `***`.
///
/// In `coax.toml` it is a string, `{ env = "NAME" }` or `{ file = "path" }`; the latter two are read when the
/// configuration is, and an error names what could not be read, never a value.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Spelling)
    }
}

struct Spelling;

impl<'de> Visitor<'de> for Spelling {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, { env = \"NAME\" } or { file = \"path\" }")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Secret, E> {
        Ok(Secret::new(value))
    }

    // A password of digits without its quotes: the usual message would show it.
    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Err(E::custom("expected a string: put the value in quotes"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Err(E::custom("expected a string: put the value in quotes"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Secret, A::Error> {
        let value = match map.next_entry::<String, String>()? {
            Some((key, name)) if key == "env" => std::env::var(&name)
                .map_err(|_| A::Error::custom(format!("the environment variable {name} is not set")))?,
            Some((key, path)) if key == "file" => std::fs::read_to_string(&path)
                .map_err(|error| A::Error::custom(format!("cannot read {path}: {error}")))?
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
            Some((key, _)) => return Err(A::Error::unknown_field(&key, &["env", "file"])),
            None => return Err(A::Error::custom("expected { env = \"NAME\" } or { file = \"path\" }")),
        };
        match map.next_key::<String>()? {
            Some(_) => Err(A::Error::custom("give either env or file, not both")),
            None => Ok(Secret(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Wrapped {
        it: Secret,
    }

    #[test]
    fn a_secret_comes_from_where_it_is_kept_and_prints_as_stars() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file.as_file(), b"hidden\n").unwrap();
        let text = format!("it = {{ file = {:?} }}", file.path());
        let wrapped: Wrapped = toml::from_str(&text).unwrap();
        assert_eq!(wrapped.it.reveal(), "hidden");
        assert_eq!(format!("{wrapped:?} {}", wrapped.it), "Wrapped { it: *** } ***");
    }

    #[test]
    fn errors_name_the_place_and_never_the_value() {
        for (text, expected) in [
            ("it = 987654", "put the value in quotes"),
            ("it = { env = \"COAX_NO_SUCH_VARIABLE\" }", "COAX_NO_SUCH_VARIABLE is not set"),
            ("it = { file = \"/no/such/file\" }", "/no/such/file"),
            ("it = { path = \"x\" }", "expected `env` or `file`"),
            ("it = {}", "env"),
        ] {
            let error = toml::from_str::<Wrapped>(text).unwrap_err();
            assert!(error.message().contains(expected), "{text}: {}", error.message());
            assert!(!error.message().contains("987654"));
        }
    }
}
