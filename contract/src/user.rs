//! Users: who may watch, kept in `users.json` with hashed passwords.
//!
//! ```text
//! coax user add ──▶ users.json ◀── stat once a second ── Users ◀── recall / check ── serve, relay
//! ```
//!
//! Xtream clients send name and password with *every* request, and a good password hash takes 20 ms and 7 MiB. So a
//! pair that was verified once is remembered as a keyed digest, under a key that dies with the process.

mod admission;
mod change;
mod cost;
mod failures;
mod file;
mod password;
mod profile;
mod remembered;
mod sight;
mod token;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::zone::Zone;

pub use admission::{Downloads, Refused, Right};
pub use change::{Change, GROUP, GROUPS, NOTES, NewPassword};
pub use failures::{Failures, Guess};
pub use file::{Users, UsersError};
pub use password::PasswordHash;
pub use profile::Profile;
pub use sight::{Groups, Sight};
pub use token::{Token, check_device, made_password, typeable};

/// A viewer, or a household's set of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// As in the URLs of apps: 1 to 64 of `A-Z a-z 0-9 . _ -`, and no word that begins one of our own paths.
    pub name: String,
    /// Never the password itself.
    pub password: PasswordHash,
    /// Streams at once; 0 means as many as they like.
    pub max_connections: u32,
    /// Unix time in seconds from which on nothing is served; `None` for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Set by the operator.
    #[serde(default)]
    pub state: State,
    /// Shown to apps; changes nothing.
    #[serde(default)]
    pub trial: bool,
    /// May administer: users, releases, runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// What he may do with downloads.
    #[serde(default, skip_serializing_if = "Downloads::is_no")]
    pub downloads: Downloads,
    /// Whatever the operator wants to remember of him; shown to operators alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// What of the line-up he may see.
    #[serde(default, skip_serializing_if = "Sight::is_everything")]
    pub sees: Sight,
    /// What his devices may show in place of name and password.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Token>,
    /// Of one who has just asked: through which of his tokens, if through one. Never in the file.
    #[serde(skip)]
    pub device: Option<Arc<str>>,
    /// By which clock his apps tell when a part of the past began, where they do not say it: UTC, in which all our lists
    /// are, for nearly all. Kodi's `xc` and some others take the clock of the device.
    #[serde(default, skip_serializing_if = "Zone::is_utc")]
    pub catchup_zone: Zone,
    /// Unix time, in seconds.
    pub created: u64,
}

/// What the operator thinks of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Welcome.
    #[default]
    Active,
    /// Switched off.
    Disabled,
    /// Thrown out.
    Banned,
}

/// What a user is told about his account. The words matter: apps compare them, case included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// May watch.
    Active,
    /// His time is over.
    Expired,
    /// Switched off.
    Disabled,
    /// Thrown out.
    Banned,
}

impl Standing {
    /// The word in the account document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expired => "Expired",
            Self::Disabled => "Disabled",
            Self::Banned => "Banned",
        }
    }
}

impl User {
    /// One who may watch everything, on one screen at a time, for ever, since `created` (Unix time in seconds).
    pub fn new(name: &str, password: PasswordHash, created: u64) -> Self {
        Self {
            name: name.into(),
            password,
            max_connections: 1,
            expires: None,
            state: State::Active,
            trial: false,
            admin: false,
            downloads: Downloads::No,
            notes: String::new(),
            sees: Sight::default(),
            tokens: Vec::new(),
            device: None,
            catchup_zone: Zone::default(),
            created,
        }
    }

    /// His token for this device; an administrator's for administering is none.
    pub fn token(&self, device: &str) -> Option<&Token> {
        self.tokens.iter().find(|token| token.device == device && !token.admin)
    }

    /// Of one who has just asked through the login of a browser: that login.
    pub fn login(&self) -> Option<&Token> {
        self.token(self.device.as_deref()?).filter(|token| token.is_login())
    }

    /// Gives him a token.
    ///
    /// # Errors
    /// The device has one already, or he has too many, in words.
    pub fn give(&mut self, token: Token) -> Result<(), &'static str> {
        if self.tokens.iter().any(|given| given.device == token.device) {
            return Err("there is a token of that name already");
        }
        let room = self.tokens.len() < Token::MOST;
        room.then(|| self.tokens.push(token)).ok_or("a user has at most 100 tokens")
    }

    /// Gives him another password.
    ///
    /// SECURITY: whoever knew the old one may have logged in with it, so logins of browsers end.
    pub fn renew(&mut self, password: PasswordHash) {
        self.password = password;
        self.tokens.retain(|token| !token.is_login());
    }

    /// Takes a token back; `false` if there is none.
    pub fn take_back(&mut self, device: &str) -> bool {
        let before = self.tokens.len();
        self.tokens.retain(|token| token.device != device);
        self.tokens.len() < before
    }

    /// What he has shown: what was given to him for that goes when it goes.
    pub(crate) fn shown(&self) -> &[u8] {
        let token = self.device.as_ref().and_then(|device| self.token(device));
        token.map_or(self.password.as_bytes(), |token| token.digest().as_bytes())
    }

    /// How the user stands at `now` (Unix time in seconds).
    pub fn standing(&self, now: u64) -> Standing {
        match self.state {
            State::Banned => Standing::Banned,
            State::Disabled => Standing::Disabled,
            State::Active if self.expires.is_some_and(|expires| expires <= now) => Standing::Expired,
            State::Active => Standing::Active,
        }
    }
}

/// Words that begin a path of ours; a user of such a name could not be told from it.
const RESERVED: [&str; 32] = [
    "live",
    "movie",
    "series",
    "timeshift",
    "streaming",
    "hdhomerun",
    "hls",
    "hlsr",
    "play",
    "thumb",
    "subtitle",
    "images",
    "auth",
    "vauth",
    "tsauth",
    "sauth",
    "key",
    "player_api",
    "panel_api",
    "get",
    "xmltv",
    "epg",
    "playlist",
    "admin",
    "api",
    "metrics",
    "health",
    "relay",
    "ingest",
    "ace",
    "logo",
    "page",
];

/// Checks a new user's name. Apps put names into URLs unescaped, so only characters that need no escaping will do.
///
/// # Errors
/// What a name may be, in words.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    if RESERVED.contains(&name) {
        return Err("this name begins one of the server's own addresses; choose another");
    }
    plain(name).then_some(()).ok_or("a user's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -")
}

/// Checks a new password, which goes into URLs as well.
///
/// # Errors
/// What a password may be, in words.
pub fn check_password(password: &str) -> Result<(), &'static str> {
    plain(password)
        .then_some(())
        .ok_or("a password is 1 to 64 of the characters A-Z a-z 0-9 . _ - (apps put it into URLs unescaped)")
}

fn plain(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=64).contains(&text.len()) && text.bytes().all(fits) && !text.bytes().all(|byte| byte == b'.')
}
