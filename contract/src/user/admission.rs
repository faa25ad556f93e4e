//! Who asks without saying a name and a password: by a key of the operator, a token, or the cookie of a login.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{User, Users};

/// What a user may do with downloads, beside what he may watch. Who administers may do everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Downloads {
    /// Nothing: he does not see them.
    #[default]
    No,
    /// See what there is and how far it is.
    Viewer,
    /// Choose what is downloaded, and where to.
    Operator,
}

impl Downloads {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }

    pub(super) fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// What was shown opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nobody is known by it.
    Unknown,
    /// Too many wrong ones came from this address; it is heard again after so many seconds.
    TooMany(u32),
}

/// Keys and tokens that are known to be right; when there are more than this, all are forgotten.
const MOST: usize = 256;

/// Keys and tokens that were right when they were shown: whoever has one of these is guessing nothing.
#[derive(Clone, Default)]
pub struct Right(Arc<Mutex<HashSet<[u8; 32]>>>);

impl Right {
    /// Lets `client` in, who has shown a key or a token, if `finds` somebody by it. Of those who are not, every address may
    /// send so many different ones in a minute as are `allowed` (0: as many as it likes).
    ///
    /// # Errors
    /// [`Refused`].
    pub fn admit<T>(
        &self,
        shown: &str,
        (client, allowed): (IpAddr, u32),
        users: &Users,
        finds: impl FnOnce() -> Option<T>,
    ) -> Result<T, Refused> {
        let failures = users.failures();
        let wait =
            || failures.wait(client, allowed, Instant::now()).map_or(Ok(()), |it| Err(Refused::TooMany(it)));
        let digest = *blake3::hash(shown.as_bytes()).as_bytes();
        // SECURITY: whoever guesses is not told, once he has to wait, that he has guessed right.
        if !self.known().contains(&digest) {
            wait()?;
        }
        let Some(found) = finds() else {
            wait()?; // what was right before may have been taken back
            failures.note(client, failures.guess("", shown), Instant::now());
            return Err(Refused::Unknown);
        };
        let mut known = self.known();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest);
        Ok(found)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        self.0.lock().expect("nobody panics while holding this lock")
    }
}

impl Users {
    /// Whose login of a browser `token` is, which stood in the cookie [`super::Token::COOKIE`], as long as that holds at `now`
    /// (Unix time in seconds). How he stands is not looked at.
    pub fn visitor(&self, token: &str, now: u64) -> Option<Arc<User>> {
        let user = self.recall("", Some(token).filter(|token| !token.is_empty())?)?;
        // SECURITY: the token of another kind of device is not a login because it stands in a cookie.
        let holds = user.login().is_some_and(|login| !login.is_over(now));
        holds.then_some(user)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PasswordHash, Token};
    use super::*;
    use crate::disk::Data;

    #[test]
    fn whoever_guesses_waits_and_whoever_was_right_before_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (users, right) = (Users::new(Data::new(folder.path())), Right::default());
        let (guesser, neighbour) = (IpAddr::from([198, 51, 100, 1]), IpAddr::from([198, 51, 100, 2]));
        let show =
            |shown: &str, from| right.admit(shown, (from, 2), &users, || (shown == "key").then_some(7));
        assert_eq!(show("key", guesser), Ok(7));
        assert_eq!(show("kei", guesser), Err(Refused::Unknown));
        assert_eq!(show("kay", guesser), Err(Refused::Unknown));
        assert!(matches!(show("kie", guesser), Err(Refused::TooMany(1..=60))));
        assert_eq!((show("key", guesser), show("key", neighbour)), (Ok(7), Ok(7)));
        let other = Right::default();
        let guessed = other.admit("key", (guesser, 2), &users, || Some(7));
        assert!(matches!(guessed, Err(Refused::TooMany(_))), "nor is he told that he has guessed right");
    }

    #[test]
    fn a_login_is_known_by_its_cookie_until_it_is_over_and_other_devices_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        let mut ann = User::new("ann", PasswordHash::new("x"), 1);
        let (login, text) = Token::new(&format!("{}Firefox, abcd", Token::BROWSER), false, 1000);
        let (tv, remote) = Token::new("tv", false, 1000);
        ann.give(login).unwrap();
        ann.give(tv).unwrap();
        users.edit(|all| all.push(ann)).unwrap();
        assert_eq!(users.visitor(&text, 1000 + Token::LOGIN - 1).unwrap().name, "ann");
        assert!(users.visitor(&text, 1000 + Token::LOGIN).is_none());
        assert!(users.visitor(&remote, 1000).is_none() && users.visitor("", 1000).is_none());
    }
}
