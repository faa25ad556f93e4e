//! `sources.json`: sources that an operator has added from elsewhere, beside those of the configuration.
//!
//! They say less than a `[[source]]` can: whoever adds one in a browser names no file of this machine, no variable of the
//! environment and no header. What needs those stands in `coax.toml`.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::{BaseUrl, Location, M3u, Name, Origin, Source, Times, WebAddress, Xmltv, Xtream};
use crate::disk::{Access, Data, replace, turn};
use crate::secret::Secret;
use crate::source::origin::Login;
use crate::source::{Gate, Transport};

/// So many may be added.
const MOST: usize = 100;

/// A source as somebody adds it. SECURITY: it holds a password, so it does not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Added {
    /// As of [`Source::name`].
    pub name: String,
    /// What it speaks.
    pub kind: Kind,
    /// `http://…` or `https://…`.
    pub url: String,
    /// Of a panel's account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// Of a panel's account.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub password: String,
    /// Connections that the account allows, if one knows better than the panel says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections: Option<u32>,
}

/// Why a source is not added.
#[derive(Debug, thiserror::Error)]
pub enum NotAdded {
    /// It cannot be, in words without a value.
    #[error("{0}")]
    Wrong(String),
    /// Its name is taken.
    #[error("there is a source of this name already")]
    Known,
    /// There is no room.
    #[error("at most {MOST} sources are added so; more stand in coax.toml")]
    TooMany,
    /// The file cannot be read, understood or written.
    #[error("sources.json cannot be used: {0}")]
    Disk(#[from] io::Error),
}

/// The kinds that can be added so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Xtream,
    M3u,
    Xmltv,
}

impl Added {
    /// All that `data` has, in the order in which they were added.
    ///
    /// # Errors
    /// The file is there, and cannot be read or understood.
    pub fn all(data: &Data) -> io::Result<Vec<Self>> {
        match fs::read(data.sources()) {
            // SECURITY: what is wrong with it could quote a password.
            Ok(text) => serde_json::from_slice(&text).map_err(|error| {
                io::Error::new(io::ErrorKind::InvalidData, format!("line {}", error.line()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn save(all: &[Self], data: &Data) -> io::Result<()> {
        replace(&data.sources(), &serde_json::to_vec_pretty(all)?, Access::Owner)
    }

    /// Adds it to what `data` has.
    ///
    /// # Errors
    /// [`NotAdded`]; what `data` has is then as before.
    pub fn keep(self, data: &Data) -> Result<(), NotAdded> {
        self.source().map_err(NotAdded::Wrong)?;
        let _turn = turn(&data.sources_lock())?;
        let mut all = Self::all(data)?;
        if all.iter().any(|other| other.name == self.name) {
            return Err(NotAdded::Known);
        }
        if all.len() >= MOST {
            return Err(NotAdded::TooMany);
        }
        all.push(self);
        Ok(Self::save(&all, data)?)
    }

    /// Takes the one of this name from what `data` has; `false` if there is none.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove(name: &str, data: &Data) -> io::Result<bool> {
        let _turn = turn(&data.sources_lock())?;
        let mut all = Self::all(data)?;
        let before = all.len();
        all.retain(|source| source.name != name);
        if all.len() == before {
            return Ok(false);
        }
        Self::save(&all, data).map(|()| true)
    }

    /// What it means.
    ///
    /// # Errors
    /// What is wrong with it, in words without a value.
    pub fn source(&self) -> Result<Source, String> {
        let name = Name::new(&self.name)?;
        let origin = match self.kind {
            Kind::Xtream => Origin::Xtream(self.panel()?),
            Kind::M3u => Origin::M3u(M3u {
                from: self.location()?,
                guides: true,
                max_connections: self.max_connections.unwrap_or(0),
            }),
            Kind::Xmltv => Origin::Xmltv(Xmltv { from: self.location()?, times: Times::default() }),
        };
        Ok(Source { name, origin, transport: Transport::default(), gate: Gate::default() })
    }

    fn panel(&self) -> Result<Xtream, String> {
        if self.username.is_empty() || self.password.is_empty() {
            return Err("a panel's account has a user name and a password".into());
        }
        let (username, password) = (Secret::new(&self.username), Secret::new(&self.password));
        let account = Login { username, password, max_connections: self.max_connections };
        Ok(Xtream { urls: vec![BaseUrl::new(self.url.trim())?], accounts: vec![account] })
    }

    fn location(&self) -> Result<Location, String> {
        Ok(Location::Web(WebAddress::new(self.url.trim())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> Added {
        Added {
            name: "acme".into(),
            kind: Kind::Xtream,
            url: "http://panel.example:8080".into(),
            username: "u".into(),
            password: "p".into(),
            max_connections: None,
        }
    }

    #[test]
    fn what_is_added_stays_until_it_is_removed_and_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        assert!(Added::all(&data).unwrap().is_empty());
        acme().keep(&data).unwrap();
        assert!(matches!(acme().keep(&data), Err(NotAdded::Known)));
        let list = Added { name: "list".into(), kind: Kind::M3u, ..acme() };
        list.keep(&data).unwrap();
        let all = Added::all(&data).unwrap();
        assert_eq!(
            all.iter().map(|one| one.source().unwrap().origin.word()).collect::<Vec<_>>(),
            ["xtream", "m3u"]
        );
        assert_eq!(fs::metadata(data.sources()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Added::remove("acme", &data).unwrap() && !Added::remove("acme", &data).unwrap());
        replace(&data.sources(), b"[{\"password\": \"hunter2\"}", Access::Owner).unwrap();
        assert!(!Added::all(&data).err().unwrap().to_string().contains("hunter2"));
    }

    #[test]
    fn of_those_that_are_added_at_the_same_time_none_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (data, one) = (&data, Added { name: format!("s{number}"), ..acme() });
                scope.spawn(move || one.keep(data).unwrap());
            }
        });
        assert_eq!(Added::all(&data).unwrap().len(), 8);
    }

    #[test]
    fn no_file_and_no_variable_of_this_machine_can_be_named() {
        for wrong in [
            Added { url: "/etc/passwd".into(), kind: Kind::M3u, ..acme() },
            Added { url: "file:///etc/passwd".into(), kind: Kind::M3u, ..acme() },
            Added { url: "panel.example".into(), ..acme() },
            Added { name: "a b".into(), ..acme() },
            Added { password: String::new(), ..acme() },
        ] {
            assert!(wrong.source().is_err());
        }
        assert!(
            serde_json::from_str::<Added>(r#"{"name":"a","kind":"m3u","url":"http://h","file":"/x"}"#)
                .is_err()
        );
        assert!(
            serde_json::from_str::<Added>(
                r#"{"name":"a","kind":"m3u","url":"http://h","password":{"env":"X"}}"#
            )
            .is_err()
        );
    }
}
