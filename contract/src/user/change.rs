//! What operators change of a user.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error};

use super::{Downloads, Groups, PasswordHash, Sight, State, User, check_password};
use crate::zone::Zone;

/// The longest notes, in characters.
pub const NOTES: usize = 4096;
/// How many names of groups may be listed, and how many characters each may have.
pub const GROUPS: usize = 1000;
/// See [`GROUPS`].
pub const GROUP: usize = 256;

/// Whole numbers below this are exact wherever they are written (RFC 8259, 6).
const EXACT: u64 = 1 << 53;

/// What shall be different; `None` stays as it is. A key that nobody knows is an error: a slip must not pass for a change
/// that was made.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// A new password.
    #[serde(deserialize_with = "said")]
    pub password: Option<NewPassword>,
    /// Streams at once; 0 is unlimited.
    #[serde(deserialize_with = "whole")]
    pub max_connections: Option<u32>,
    /// Unix time in seconds from which on nothing is served; `Some(None)`, which is `null`, for never.
    #[serde(deserialize_with = "whole_or_null")]
    pub expires: Option<Option<u64>>,
    /// What the operator thinks of him.
    #[serde(deserialize_with = "said")]
    pub state: Option<State>,
    /// Shown to apps.
    #[serde(deserialize_with = "said")]
    pub trial: Option<bool>,
    /// May administer. Who may not any more loses his tokens for that.
    #[serde(deserialize_with = "said")]
    pub admin: Option<bool>,
    /// What he may do with downloads.
    #[serde(deserialize_with = "said")]
    pub downloads: Option<Downloads>,
    /// Whatever the operator wants to remember.
    #[serde(deserialize_with = "said")]
    pub notes: Option<String>,
    /// What of the line-up he may see.
    #[serde(deserialize_with = "sight")]
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

/// What was said, and is not `null`: that would say nothing, or that it is to be something else that nobody can know.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// As [`said`], for a number; some write whole ones as `3.0`.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let number = Number::deserialize(deserializer)?.whole().and_then(|number| number.try_into().ok());
    number.map(Some).ok_or_else(|| D::Error::custom("not such a number"))
}

/// The same; tells what was said to be `null` from what was not said.
fn whole_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u64>>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(Some(None)) };
    let number = number.whole().ok_or_else(|| D::Error::custom("not such a number"))?;
    Ok(Some(Some(number)))
}

/// As [`said`]: an object. A list of what stands in it would be taken as well.
fn sight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sight>, D::Error> {
    let object = serde_json::Map::deserialize(deserializer)?;
    serde_json::from_value(object.into()).map(Some).map_err(D::Error::custom)
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Number {
    Whole(u64),
    Real(f64),
}

impl Number {
    /// `None` if it is not, or not exactly.
    fn whole(self) -> Option<u64> {
        match self {
            Self::Whole(number) => (number < EXACT).then_some(number),
            Self::Real(real) => {
                ((0.0..EXACT as f64).contains(&real) && real.fract() == 0.0).then_some(real as u64)
            }
        }
    }
}

/// What is read from a file may be of a newer program, and is UTC then; what somebody asks for must be a zone.
fn known_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Zone>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Zone::of(&text).map(Some).ok_or_else(|| D::Error::custom("no zone"))
}

impl Change {
    /// Whether it can be made, and the hash of the new password if there is one, which takes about 20 ms.
    ///
    /// # Errors
    /// What cannot be, in words.
    pub fn check(&self) -> Result<Option<PasswordHash>, &'static str> {
        if let Some(notes) = &self.notes {
            let fits =
                notes.chars().count() <= NOTES && notes.chars().all(|it| it == '\n' || !it.is_control());
            fits.then_some(()).ok_or("notes are at most 4096 characters of text")?;
        }
        if let Some(sees) = &self.sees {
            let lists = [sees.groups.as_deref().unwrap_or_default(), &sees.not_groups];
            let short = |group: &Groups| group.0.chars().count() <= GROUP;
            let fits = lists.iter().all(|groups| groups.len() <= GROUPS && groups.iter().all(short));
            fits.then_some(()).ok_or("at most 1000 groups are named, each with at most 256 characters")?;
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
        if let Some(hash) = hash {
            user.renew(hash.clone());
        }
        set(&mut user.max_connections, self.max_connections.as_ref());
        set(&mut user.expires, self.expires.as_ref());
        set(&mut user.state, self.state.as_ref());
        set(&mut user.trial, self.trial.as_ref());
        set(&mut user.admin, self.admin.as_ref());
        set(&mut user.downloads, self.downloads.as_ref());
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
        change(r#"{"expires":9.0,"max_connections":2.0}"#).make(&mut ann, None);
        assert_eq!((ann.expires, ann.max_connections), (Some(9), 2));
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
    fn another_password_ends_what_the_old_one_has_opened() {
        let tokens =
            ["tv", "Browser: Firefox, abcd"].map(|device| super::super::Token::new(device, false, 1).0);
        let mut ann = User { tokens: tokens.into(), ..User::new("ann", PasswordHash::new("x"), 1) };
        let said = change(r#"{"password":"new"}"#);
        said.make(&mut ann, said.check().unwrap().as_ref());
        assert_eq!(ann.tokens.iter().map(|token| &*token.device).collect::<Vec<_>>(), ["tv"]);
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
            r#"{"catchup_zone":null}"#,
            r#"{"max_connections":null}"#,
            r#"{"max_connections":1.5}"#,
            r#"{"max_connections":4294967296}"#,
            r#"{"expires":-1.0}"#,
            r#"{"expires":9007199254740992}"#,
            r#"{"password":null}"#,
            r#"{"sees":null}"#,
            r#"{"downloads":"admin"}"#,
            r#"{"sees":[["live"],["UK"],[]]}"#,
        ] {
            assert!(serde_json::from_str::<Change>(slip).is_err(), "{slip}");
        }
    }
}
