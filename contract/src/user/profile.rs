//! What operators are shown of a user: everything but what opens something.

use serde::Serialize;

use super::{Downloads, Sight, State, User};
use crate::zone::Zone;

/// A user as operators see him, in `coax user` and in the administration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// His name.
    pub name: String,
    /// How he stands now, in the word that apps are told.
    pub status: &'static str,
    /// What the operator said, which comes before the calendar.
    pub state: State,
    /// Unix time, in seconds.
    pub created: u64,
    /// Streams at once; 0 is unlimited.
    pub max_connections: u32,
    /// Unix time in seconds from which on nothing is served; `null` for never.
    pub expires: Option<u64>,
    /// Shown to apps.
    pub trial: bool,
    /// May administer.
    pub admin: bool,
    /// What he may do with downloads.
    pub downloads: Downloads,
    /// What the operator wants to remember.
    pub notes: String,
    /// What of the line-up he may see.
    pub sees: Sight,
    /// By which clock his apps tell when a part of the past began.
    pub catchup_zone: Zone,
    /// What was given to his devices.
    pub tokens: Vec<Given>,
}

/// A token, without what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Given {
    /// To what.
    pub device: String,
    /// Whether it opens the administration, and nothing else.
    pub admin: bool,
    /// Unix time, in seconds.
    pub created: u64,
}

impl User {
    /// What operators are shown of him at `now` (Unix time in seconds).
    pub fn profile(&self, now: u64) -> Profile {
        let given = |token: &super::Token| Given {
            device: token.device.clone(),
            admin: token.admin,
            created: token.created,
        };
        Profile {
            name: self.name.clone(),
            status: self.standing(now).word(),
            state: self.state,
            created: self.created,
            max_connections: self.max_connections,
            expires: self.expires,
            trial: self.trial,
            admin: self.admin,
            downloads: self.downloads,
            notes: self.notes.clone(),
            sees: self.sees.clone(),
            catchup_zone: self.catchup_zone.clone(),
            tokens: self.tokens.iter().map(given).collect(),
        }
    }
}
