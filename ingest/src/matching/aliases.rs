//! The reviewed file: which guide somebody decided that a channel has.
//!
//! ```toml
//! # A channel, by its name, the id its source gave, or our own id or key     the id in the guide
//! "UK: BBC One HD" = "BBCOneLondon.uk"
//! "bbc2.uk"        = "BBCTwoEngland.uk"
//! "PPV 1"          = ""                     # no guide, on purpose
//! ```
//!
//! It is read and never written; `ingest match --export` writes a new file beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Wish;
use crate::name::Name;

/// Decisions by what they are about, folded as [`folded`] does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases(BTreeMap<String, String>);

/// Why the file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum AliasesError {
    /// It cannot be read.
    #[error("aliases {}: {error}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is not as it should be.
    #[error("aliases {}:{line}: {expected}", .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        expected: String,
    },
}

impl Aliases {
    /// Reads `file`; one that is not there decides nothing.
    ///
    /// # Errors
    /// [`AliasesError`], with the line.
    pub fn read(file: &Path) -> Result<Self, AliasesError> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(AliasesError::Unreadable { file: file.into(), error }),
        }
    }

    /// Reads `text`, which stands in `file`.
    ///
    /// # Errors
    /// [`AliasesError::Malformed`].
    pub fn parse(text: &str, file: &Path) -> Result<Self, AliasesError> {
        let malformed = |at: usize, expected: String| {
            let line = text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
            AliasesError::Malformed { file: file.into(), line, expected }
        };
        let written: BTreeMap<toml::Spanned<String>, toml::Spanned<toml::Value>> = toml::from_str(text)
            .map_err(|error| {
                let at = error.span().map_or(0, |span| span.start);
                malformed(
                    at,
                    format!("{}; expected lines such as \"channel\" = \"guide id\"", error.message()),
                )
            })?;
        let mut aliases = BTreeMap::new();
        for (channel, id) in written {
            let at = channel.span().start;
            let toml::Value::String(id) = id.into_inner() else {
                return Err(malformed(
                    at,
                    "expected the id of a guide's channel in quotes, or \"\" for none".into(),
                ));
            };
            let channel = channel.into_inner();
            if aliases.insert(folded(&channel), id).is_some() {
                return Err(malformed(at, format!("{channel:?} is decided twice, but for case; remove one")));
            }
        }
        Ok(Self(aliases))
    }

    /// What was decided about `wish`, whose display name says `name`: an id, or empty for none on purpose.
    pub(super) fn of(&self, wish: &Wish, name: &Name) -> Option<&str> {
        if self.0.is_empty() {
            return None;
        }
        let known = [&wish.id, &wish.guide_id, &wish.name, &wish.guide_name, &name.key()];
        let known = known.into_iter().filter(|text| !text.trim().is_empty());
        known.map(|text| folded(text)).find_map(|text| self.0.get(&text)).map(String::as_str)
    }
}

/// Case and blanks around it do not matter.
fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}
