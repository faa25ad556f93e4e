//! What operators change of a user.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use super::{PasswordHash, Sight, State, User, check_password};
use crate::zone::Zone;

/// The longest notes, in bytes.
const NOTES: usize = 4096;
/// How many names of groups may be listed, and how long they may be.
const GROUPS: usize = 1000;
const GROUP: usize = 256;

/// What shall be different; `None` stays as it is. A key that nobody knows is an error: a slip must not pass for a change
/// that was made.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// A new password.
    pub password: Option<NewPassword>,
    /// Streams at once; 0 is unlimited.
    pub max_connections: Option<u32>,
    /// Unix time in seconds from which on nothing is served; `Some(None)`, which is `null`, for never.
    #[serde(deserialize_with = "said")]
    pub expires: Option<Option<u64>>,
    /// What the operator thinks of him.
    pub state: Option<State>,
    /// Shown to apps.
    pub trial: Option<bool>,
    /// May administer. Who may not any more loses his tokens for that.
    pub admin: Option<bool>,
    /// Whatever the operator wants to remember.
    pub notes: Option<String>,
    /// What of the line-up he may see.
    pub sees: Option<Sight>,
    /// By which clock his apps tell when a part of the past began.
    #[serde(deserialize_with = "known_zone")]
    pub catchup_zone: Option<Zone>,
}

/// A password that somebody was given. Prints as `***`.
#[derive(Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct NewPassword(pub String);

// SECURITY: what types print of themselves ends up in logs.
impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Tells what was said to be `null` from what was not said.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What is read from a file may be of a newer program, and is UTC then; what somebody asks for must be a zone.
fn known_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zone>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let known = |text: String| Zone::of(&text).ok_or_else(|| D::Error::custom("no zone"));
    text.map(known).transpose()
}

impl Change {
    /// Whether it can be made, and the hash of the new password if there is one, which takes about 20 ms.
    ///
    /// # Errors
    /// What cannot be, in words.
    pub fn check(&self) -> Result<Option<PasswordHash>, &'static str> {
        if let Some(notes) = &self.notes {
            let fits = notes.len() <= NOTES && notes.chars().all(|it| it == '\n' || !it.is_control());
            fits.then_some(()).ok_or("notes are at most 4096 bytes of text")?;
        }
        if let Some(sees) = &self.sees {
            let groups = sees.groups.iter().flatten().chain(&sees.not_groups);
            let fits = groups.clone().count() <= GROUPS && groups.clone().all(|it| it.0.len() <= GROUP);
            fits.then_some(()).ok_or("at most 1000 groups are named, each with at most 256 bytes")?;
        }
        let hash =
            |password: &NewPassword| check_password(&password.0).map(|()| PasswordHash::new(&password.0));
        self.password.as_ref().map(hash).transpose()
    }

    /// Makes the change, which was checked. `hash` is what [`Change::check`] gave.
    pub fn make(&self, user: &mut User, hash: Option<&PasswordHash>) {
        fn set<T: Clone>(place: &mut T, to: Option<&T>) {
            if let Some(to) = to {
                *place = to.clone();
            }
        }
        set(&mut user.password, hash);
        set(&mut user.max_connections, self.max_connections.as_ref());
        set(&mut user.expires, self.expires.as_ref());
        set(&mut user.state, self.state.as_ref());
        set(&mut user.trial, self.trial.as_ref());
        set(&mut user.admin, self.admin.as_ref());
        set(&mut user.notes, self.notes.as_ref());
        set(&mut user.sees, self.sees.as_ref());
        set(&mut user.catchup_zone, self.catchup_zone.as_ref());
        if !user.admin {
            // SECURITY: who is made an administrator again is not to find that somebody still has one of these.
            user.tokens.retain(|token| !token.admin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> Change {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_said_stays_and_null_is_said() {
        let hash = PasswordHash::new("old");
        let mut ann = User { expires: Some(7), max_connections: 3, ..User::new("ann", hash.clone(), 1) };
        change("{}").make(&mut ann, None);
        assert_eq!((ann.expires, ann.max_connections, ann.state), (Some(7), 3, State::Active));
        let said =
            change(r#"{"expires":null,"state":"disabled","notes":"owes us","sees":{"groups":["UK"]}}"#);
        said.make(&mut ann, said.check().unwrap().as_ref());
        assert_eq!((ann.expires, ann.state, ann.notes.as_str()), (None, State::Disabled, "owes us"));
        assert!(!ann.sees.is_everything() && ann.password == hash);
        let password = change(r#"{"password":"new"}"#);
        password.make(&mut ann, password.check().unwrap().as_ref());
        assert!(ann.password.verify("new"));
        assert!(!format!("{password:?}").contains("new"));
    }

    #[test]
    fn who_administers_no_more_loses_what_was_given_to_him_for_that() {
        let tokens = [true, false].map(|admin| super::super::Token::new("it", admin, 1).0);
        let mut ann =
            User { admin: true, tokens: tokens.into(), ..User::new("ann", PasswordHash::new("x"), 1) };
        for (said, left) in [("{}", 2), (r#"{"admin":false}"#, 1), (r#"{"admin":true}"#, 1)] {
            change(said).make(&mut ann, None);
            assert_eq!(ann.tokens.len(), left, "{said}");
        }
        assert!(!ann.tokens[0].admin);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for wrong in [r#"{"password":"a b"}"#, r#"{"password":""}"#, "{\"notes\":\"\\u0007\"}"] {
            assert!(change(wrong).check().is_err(), "{wrong}");
        }
        let long = serde_json::json!({"sees": {"not_groups": ["x".repeat(257)]}});
        assert!(serde_json::from_value::<Change>(long).unwrap().check().is_err());
        for slip in [
            r#"{"max_conections":1}"#,
            r#"{"state":"gone"}"#,
            r#"{"max_connections":-1}"#,
            r#"{"name":"x"}"#,
            r#"{"catchup_zone":"Mars"}"#,
        ] {
            assert!(serde_json::from_str::<Change>(slip).is_err(), "{slip}");
        }
    }
}
