//! `users.json`, followed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::remembered::Remembered;
use super::{Failures, PasswordHash, User};
use crate::disk::{Access, Data, replace};

const VERSION: u32 = 1;

/// How long a change of the file may go unnoticed.
const FRESH: Duration = Duration::from_secs(1);

/// The users of an installation.
pub struct Users {
    data: Data,
    known: Mutex<Known>,
    remembered: Remembered,
    /// Hashing takes 7 MiB: a flood of wrong passwords must queue, not multiply them.
    hashing: Mutex<()>,
    failures: Failures,
}

struct Known {
    users: Arc<HashMap<String, Arc<User>>>,
    /// The file's identity when it was read.
    stamp: Option<Stamp>,
    looked: Option<Instant>,
}

/// What changes when a file is replaced.
type Stamp = (u64, i64, i64, u64);

/// Why the users cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file is there and cannot be read, or cannot be written.
    #[error("{}: {error}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// What the disk says.
        error: io::Error,
    },
    /// The file is no list of users.
    #[error("users.json cannot be understood: {0}")]
    Damaged(serde_json::Error),
    /// The file was written by a newer program, which may mean other things by it.
    #[error("users.json is of version {0}, which this program does not know: use the newer one")]
    Newer(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    users: Vec<User>,
}

impl Users {
    /// The users in `data`; a file that does not exist holds none.
    pub fn new(data: Data) -> Self {
        let known = Known { users: Arc::default(), stamp: None, looked: None };
        let (remembered, known) = (Remembered::new(), Mutex::new(known));
        Self { data, known, remembered, hashing: Mutex::new(()), failures: Failures::default() }
    }

    /// The user, if this pair was verified before: fast, and the way to ask first. Blanks around what apps send are
    /// dropped. `None` says nothing about the pair; [`Users::check`] does.
    pub fn recall(&self, name: &str, password: &str) -> Option<Arc<User>> {
        let (name, password) = (name.trim(), password.trim());
        let user = self.followed().get(name)?.clone();
        self.remembered.knows(name, password, &user.password).then_some(user)
    }

    /// The user, if the pair is right. Takes about 20 ms of CPU for any pair that is not remembered, known name or
    /// not: call it off the async threads.
    pub fn check(&self, name: &str, password: &str) -> Option<Arc<User>> {
        if let Some(user) = self.recall(name, password) {
            return Some(user);
        }
        let (name, password) = (name.trim(), password.trim());
        let user = self.followed().get(name).cloned();
        let _turn = self.hashing.lock().expect("nobody panics while holding this lock");
        // A player opens several connections at once: the one before may have verified this very pair.
        if let Some(user) = self.recall(name, password) {
            return Some(user);
        }
        let hash = user.as_ref().map_or(PasswordHash::nobody(), |user| &user.password);
        let right = hash.verify(password);
        let user = user.filter(|_| right)?;
        self.remembered.add(name, password, user.password.clone());
        Some(user)
    }

    /// From where wrong pairs came; for those who call [`Users::check`] to ask before it, and to tell after it.
    pub const fn failures(&self) -> &Failures {
        &self.failures
    }

    /// The user of this name as the file has him now, for limits that must hold while a stream runs.
    pub fn find(&self, name: &str) -> Option<Arc<User>> {
        self.followed().get(name).cloned()
    }

    /// The user of whom `is` is true.
    pub fn find_by(&self, is: impl Fn(&User) -> bool) -> Option<Arc<User>> {
        self.followed().values().find(|user| is(user)).cloned()
    }

    /// All users by name, read now.
    ///
    /// # Errors
    /// [`UsersError`].
    pub fn list(&self) -> Result<Vec<User>, UsersError> {
        let text = match fs::read(self.data.users()) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.disk(error)),
        };
        match serde_json::from_slice(&text).map_err(UsersError::Damaged)? {
            Stored { version: VERSION, users } => Ok(users),
            Stored { version, .. } => Err(UsersError::Newer(version)),
        }
    }

    /// Changes the list as `edit` says and replaces the file. Others who want to change it at the same time, in
    /// this process or another, wait their turn.
    ///
    /// # Errors
    /// [`UsersError`]; the file is then as before.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Vec<User>) -> T) -> Result<T, UsersError> {
        let _turn = self.turn().map_err(|error| self.disk(error))?;
        let mut users = self.list()?;
        let outcome = edit(&mut users);
        users.sort_by(|a, b| a.name.cmp(&b.name));
        let mut text =
            serde_json::to_vec_pretty(&Stored { version: VERSION, users }).expect("plain fields become JSON");
        text.push(b'\n');
        replace(&self.data.users(), &text, Access::Owner).map_err(|error| self.disk(error))?;
        self.look_again();
        Ok(outcome)
    }

    /// Lets the next one who asks look at the file, however fresh what is known is.
    pub fn look_again(&self) {
        self.known.lock().expect("nobody panics while holding this lock").looked = None;
    }

    fn disk(&self, error: io::Error) -> UsersError {
        UsersError::Disk { path: self.data.users(), error }
    }

    /// The right to change the file, given back by dropping it. The file itself cannot be locked: it is replaced.
    fn turn(&self) -> io::Result<File> {
        fs::create_dir_all(self.data.path())?;
        let file = File::options().create(true).append(true).open(self.data.users_lock())?;
        file.lock()?;
        Ok(file)
    }

    /// The users as of at most [`FRESH`] ago. A file that cannot be read changes nothing: nobody is locked out by a
    /// slip of an editor.
    fn followed(&self) -> Arc<HashMap<String, Arc<User>>> {
        let mut known = self.known.lock().expect("nobody panics while holding this lock");
        if known.looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return known.users.clone();
        }
        known.looked = Some(Instant::now());
        let stamp = stamp(&self.data);
        if known.stamp != stamp {
            match self.list() {
                Ok(users) => {
                    let users = users.into_iter().map(|user| (user.name.clone(), Arc::new(user)));
                    known.users = Arc::new(users.collect());
                }
                Err(error) => warn!(%error, "the users stay as they were"),
            }
            known.stamp = stamp;
        }
        known.users.clone()
    }
}

fn stamp(data: &Data) -> Option<Stamp> {
    let file = fs::metadata(data.users()).ok()?;
    Some((file.ino(), file.mtime(), file.mtime_nsec(), file.size()))
}

#[cfg(test)]
mod tests {
    use super::super::{Standing, State};
    use super::*;

    fn user(name: &str, password: &str) -> User {
        User {
            name: name.into(),
            password: PasswordHash::new(password),
            max_connections: 1,
            expires: Some(100),
            state: State::Active,
            trial: false,
            catchup_zone: Default::default(),
            created: 1,
        }
    }

    #[test]
    fn a_right_pair_is_found_and_then_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        users.edit(|all| all.push(user("ann", "secret"))).unwrap();
        assert!(users.recall("ann", "secret").is_none());
        assert!(users.check("ann", "wrong").is_none());
        assert!(users.check("Ann", "secret").is_none());
        assert_eq!(users.check(" ann ", "secret ").unwrap().name, "ann");
        assert!(users.recall("ann", "secret").is_some());
        assert!(users.recall("ann", "wrong").is_none());
    }

    #[test]
    fn a_new_password_ends_what_was_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        users.edit(|all| all.push(user("ann", "old"))).unwrap();
        users.check("ann", "old").unwrap();
        users.edit(|all| all[0].password = PasswordHash::new("new")).unwrap();
        assert!(users.recall("ann", "old").is_none() && users.check("ann", "old").is_none());
        users.edit(|all| all.clear()).unwrap();
        assert!(users.check("ann", "new").is_none());
    }

    #[test]
    fn the_file_holds_no_password_and_a_slip_in_it_locks_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let users = Users::new(data.clone());
        users.edit(|all| all.push(user("ann", "secret"))).unwrap();
        assert!(!fs::read_to_string(data.users()).unwrap().contains("secret"));
        users.check("ann", "secret").unwrap();
        replace(&data.users(), b"{ a slip", Access::Owner).unwrap();
        users.known.lock().unwrap().looked = None;
        assert!(users.recall("ann", "secret").is_some());
        assert!(users.edit(|all| all.clear()).is_err(), "and nothing is overwritten");
        replace(&data.users(), br#"{"version":2,"users":[]}"#, Access::Owner).unwrap();
        assert!(matches!(users.edit(|all| all.clear()), Err(UsersError::Newer(2))));
    }

    #[test]
    fn changes_made_at_the_same_time_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path().join("made/on/demand"));
        let ann = user("ann", "secret");
        std::thread::scope(|scope| {
            for n in 0..16 {
                let (data, new) = (data.clone(), User { name: format!("user-{n:02}"), ..ann.clone() });
                scope.spawn(move || Users::new(data).edit(|all| all.push(new)).unwrap());
            }
        });
        assert_eq!(Users::new(data).list().unwrap().len(), 16);
    }

    #[test]
    fn the_operators_word_comes_before_the_calendar() {
        let mut ann = user("ann", "x");
        assert_eq!((ann.standing(99), ann.standing(100)), (Standing::Active, Standing::Expired));
        ann.state = State::Banned;
        assert_eq!(ann.standing(100), Standing::Banned);
        assert!(super::super::check_name("live").is_err() && super::super::check_name("a b").is_err());
        assert!(super::super::check_name("ann.b-c_1").is_ok() && super::super::check_name("..").is_err());
    }
}
