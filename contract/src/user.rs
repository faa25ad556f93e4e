//! Users: who may watch, kept in `users.json` with hashed passwords.
//!
//! ```text
//! coax user add ──▶ users.json ◀── stat once a second ── Users ◀── recall / check ── serve, relay
//! ```
//!
//! Xtream clients send name and password with *every* request, and a good password hash takes 20 ms and 7 MiB. So a
//! pair that was verified once is remembered as a keyed digest, under a key that dies with the process.

mod failures;
mod file;
mod password;
mod remembered;

use serde::{Deserialize, Serialize};

use crate::zone::Zone;

pub use failures::{Failures, Guess};
pub use file::{Users, UsersError};
pub use password::PasswordHash;

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
const RESERVED: [&str; 29] = [
    "live",
    "movie",
    "series",
    "timeshift",
    "streaming",
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
