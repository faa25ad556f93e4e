//! `users.json`, followed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::cost::Cost;
use super::password::NONE;
use super::remembered::Remembered;
use super::{Failures, PasswordHash, Token, User};
use crate::disk::{Access, Data, replace, turn};

/// Since 2 there is something that a program which does not know it must not pass over: what a user may not see.
const VERSION: u32 = 2;

/// How long a change of the file may go unnoticed. To look takes a microsecond; whoever is thrown out must be refused
/// within a second, by those too who look twice a second whether somebody still may go on.
const FRESH: Duration = Duration::from_millis(250);

/// The users of an installation.
pub struct Users {
    data: Data,
    known: Mutex<Known>,
    remembered: Remembered,
    /// Pairs that were wrong: a player that does not stop asking costs no hashing each time.
    wrong: Remembered,
    /// Hashing takes 7 MiB: a flood of wrong passwords must queue, not multiply them.
    hashing: Mutex<()>,
    /// Nothing is written.
    is_copy: bool,
    failures: Failures,
}

struct Known {
    people: Arc<People>,
    /// The file's identity when it was read.
    stamp: Option<Stamp>,
    looked: Option<Instant>,
}

/// Who there is.
#[derive(Default)]
struct People {
    by_name: HashMap<String, Arc<User>>,
    /// By digest of the token, each user with his device.
    by_token: HashMap<String, Arc<User>>,
    /// The same of tokens that open the administration.
    admins: HashMap<String, Arc<User>>,
    /// What it takes to verify the hashes that other programs have made, as long as there are any.
    foreign_costs: BTreeSet<Cost>,
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
        let known = Known { people: Arc::default(), stamp: None, looked: None };
        let (remembered, wrong, known) = (Remembered::new(), Remembered::new(), Mutex::new(known));
        let (hashing, failures) = Default::default();
        Self { data, known, remembered, wrong, hashing, is_copy: false, failures }
    }

    /// The users in `data`, which is a copy: whatever changes, changes where it is copied from.
    pub fn copied(data: Data) -> Self {
        Self { is_copy: true, ..Self::new(data) }
    }

    /// The user, if this pair was verified before, or is a token: fast, and the way to ask first. In place of the password
    /// there may be a token of his; where there is no name, there must be one. Blanks around what apps send are dropped.
    /// `None` says nothing about a pair; [`Users::check`] does.
    pub fn recall(&self, name: &str, password: &str) -> Option<Arc<User>> {
        let (name, password) = (name.trim(), password.trim());
        let people = self.followed();
        let token = people.by_token.get(&Token::digest_of(password));
        if let Some(user) = token.filter(|user| name.is_empty() || user.name == name) {
            return Some(user.clone());
        }
        // SECURITY: a name that is unknown costs what a known one does.
        let user = people.by_name.get(name);
        let hash = user.map_or(&NONE, |user| &user.password);
        let known = self.remembered.knows(name, password, hash);
        user.filter(|_| known).cloned()
    }

    /// The administrator whose token for that this is.
    pub fn administrator(&self, token: &str) -> Option<Arc<User>> {
        self.followed().admins.get(&Token::digest_of(token.trim())).cloned()
    }

    /// The user, if the pair is right. Takes about 20 ms of CPU for any pair that is not remembered, known name or
    /// not: call it off the async threads. What was wrong is remembered as well, as long as the user's password stays the
    /// same.
    pub fn check(&self, name: &str, password: &str) -> Option<Arc<User>> {
        if let Some(user) = self.recall(name, password) {
            return Some(user);
        }
        let (name, password) = (name.trim(), password.trim());
        if name.is_empty() {
            return None; // a token that is none: that is known without hashing
        }
        if self.was_wrong(name, password) {
            return None;
        }
        // It guards nothing that could be left half done: a panic of one is no reason to refuse all others.
        let _turn = self.hashing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // A player opens several connections at once: the one before may have verified this very pair.
        if let Some(user) = self.recall(name, password) {
            return Some(user);
        }
        let people = self.followed();
        let user = people.by_name.get(name).cloned();
        let hash = user.as_ref().map_or(PasswordHash::nobody(), |user| &user.password);
        let right = hash.verify_among(password, &people.foreign_costs);
        if !right {
            self.wrong.add(name, password, hash.clone());
        }
        let user = user.filter(|_| right)?;
        let renews = user.password.is_foreign() && !self.is_copy;
        let user = if renews { self.renewed(user, password) } else { user };
        self.remembered.add(name, password, user.password.clone());
        Some(user)
    }

    /// Whether this pair was wrong before, and nothing has changed since that would make it right.
    fn was_wrong(&self, name: &str, password: &str) -> bool {
        let people = self.followed();
        let hash = people.by_name.get(name).map_or(PasswordHash::nobody(), |user| &user.password);
        self.wrong.knows(name, password, hash)
    }

    /// The same user with a hash of ours of the same password, in place of one that another program made.
    fn renewed(&self, user: Arc<User>, password: &str) -> Arc<User> {
        let hash = PasswordHash::new(password);
        let renewing = self.edit(|all| {
            let same = |known: &&mut User| known.name == user.name && known.password == user.password;
            all.iter_mut().find(same).map(|known| known.password = hash.clone())
        });
        match renewing {
            Ok(Some(())) => Arc::new(User { password: hash, ..(*user).clone() }),
            Ok(None) => user,
            Err(error) => {
                warn!(%error, "the hash of a password that another program made stays as it was");
                user
            }
        }
    }

    /// From where wrong pairs came; for those who call [`Users::check`] to ask before it, and to tell after it.
    pub const fn failures(&self) -> &Failures {
        &self.failures
    }

    /// The user of this name as the file has him now, for limits that must hold while a stream runs.
    pub fn find(&self, name: &str) -> Option<Arc<User>> {
        self.followed().by_name.get(name).cloned()
    }

    /// The user of whom `is` is true: as he is, or through one of his tokens.
    pub fn find_by(&self, is: impl Fn(&User) -> bool) -> Option<Arc<User>> {
        let people = self.followed();
        people.by_name.values().chain(people.by_token.values()).find(|user| is(user)).cloned()
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
            Stored { version: 1..=VERSION, users } => Ok(users),
            Stored { version, .. } => Err(UsersError::Newer(version)),
        }
    }

    /// Changes the list as `edit` says and replaces the file. Others who want to change it at the same time, in
    /// this process or another, wait their turn.
    ///
    /// # Errors
    /// [`UsersError`]; the file is then as before.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Vec<User>) -> T) -> Result<T, UsersError> {
        let _turn = turn(&self.data.users_lock()).map_err(|error| self.disk(error))?;
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

    /// The users as of at most [`FRESH`] ago. A file that cannot be read changes nothing: nobody is locked out by a
    /// slip of an editor.
    fn followed(&self) -> Arc<People> {
        let mut known = self.known.lock().expect("nobody panics while holding this lock");
        if known.looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return known.people.clone();
        }
        known.looked = Some(Instant::now());
        let stamp = stamp(&self.data);
        if known.stamp != stamp {
            let read = self.list();
            // What the disk refuses now it may give the next time, and who was thrown out is not to stay for that.
            if !matches!(read, Err(UsersError::Disk { .. })) {
                known.stamp = stamp;
            }
            match read {
                Ok(users) => known.people = Arc::new(People::of(users)),
                Err(error) => warn!(%error, "the users stay as they were"),
            }
        }
        known.people.clone()
    }
}

impl People {
    fn of(users: Vec<User>) -> Self {
        let mut people = Self::default();
        for user in users {
            for token in &user.tokens {
                let through = User { device: Some(token.device.as_str().into()), ..user.clone() };
                match token.admin {
                    true if user.admin => people.admins.insert(token.digest().to_owned(), Arc::new(through)),
                    true => None, // he was one
                    false => people.by_token.insert(token.digest().to_owned(), Arc::new(through)),
                };
            }
            people.foreign_costs.extend(user.password.foreign_cost());
            people.by_name.insert(user.name.clone(), Arc::new(user));
        }
        people
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
        User { expires: Some(100), ..User::new(name, PasswordHash::new(password), 1) }
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
    fn what_was_wrong_is_hashed_once_until_it_may_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        users.edit(|all| all.push(user("ann", "old"))).unwrap();
        for (name, password) in [("ann", "new"), ("bob", "new")] {
            assert!(!users.was_wrong(name, password) && users.check(name, password).is_none());
            assert!(users.was_wrong(name, password), "known name or not");
        }
        users.edit(|all| all[0].password = PasswordHash::new("new")).unwrap();
        users.edit(|all| all.push(user("bob", "new"))).unwrap();
        assert!(users.check("ann", "new").is_some() && users.check("bob", "new").is_some());
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
    fn a_token_stands_in_for_the_pair_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        let [(tv, shown), (phone, other)] = ["tv", "phone"].map(|device| Token::new(device, false, 1));
        users
            .edit(|all| all.extend([User { tokens: vec![tv, phone], ..user("ann", "x") }, user("bob", "y")]))
            .unwrap();
        for name in ["ann", "", " "] {
            let ann = users.recall(name, &shown).unwrap();
            assert_eq!((ann.name.as_str(), ann.device.as_deref()), ("ann", Some("tv")));
        }
        assert!(users.recall("bob", &shown).is_none() && users.check("", "none").is_none());
        let ticket =
            |user: &User| crate::ticket::Ticket::new(&crate::ticket::Key::known([7; 32]), user, 5, 1);
        let is_for =
            |it: &crate::ticket::Ticket, user: &User| it.is_for(&crate::ticket::Key::known([7; 32]), user);
        let [ours, others] = [&shown, &other].map(|text| ticket(&users.recall("", text).unwrap()));
        users.edit(|all| all[0].tokens.retain(|token| token.device != "tv")).unwrap();
        assert!(users.recall("ann", &shown).is_none() && users.recall("ann", &other).is_some());
        assert!(users.find_by(|user| is_for(&ours, user)).is_none(), "what it opened goes with it");
        assert_eq!(users.find_by(|user| is_for(&others, user)).unwrap().device.as_deref(), Some("phone"));
    }

    #[test]
    fn a_token_for_administering_opens_nothing_else_and_only_an_administrators_opens_that() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::new(Data::new(folder.path()));
        let (token, text) = Token::new("script", true, 1);
        let ann = User { tokens: vec![token], ..user("ann", "x") };
        users.edit(|all| all.push(ann.clone())).unwrap();
        assert!(users.administrator(&text).is_none());
        users.edit(|all| all[0].admin = true).unwrap();
        assert_eq!(users.administrator(&text).unwrap().name, "ann");
        assert!(users.recall("ann", &text).is_none() && users.recall("", &text).is_none());
    }

    #[test]
    fn a_hash_of_another_kind_is_taken_and_replaced_when_the_password_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let users = Users::new(data.clone());
        // Of "U*U", from the tests of the algorithm's authors.
        let theirs =
            PasswordHash::of_text("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
        users.edit(|all| all.push(User { password: theirs.clone(), ..user("ann", "") })).unwrap();
        assert!(users.check("ann", "U*V").is_none() && users.check("nobody", "U*U").is_none());
        for length in [0, 72, 73, 1000] {
            let password = "x".repeat(length);
            assert!(["ann", "nobody"].iter().all(|name| users.check(name, &password).is_none()), "{length}");
        }
        assert_eq!(Users::copied(data).check("ann", "U*U").unwrap().password, theirs, "a copy stays one");
        assert_ne!(users.check("ann", "U*U").unwrap().password, theirs);
        assert!(!users.list().unwrap()[0].password.is_foreign());
        // Of "password", from the tests of the algorithm's authors.
        let theirs = PasswordHash::of_text(
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        );
        users.edit(|all| all.push(User { password: theirs.unwrap(), ..user("bob", "") })).unwrap();
        assert!(users.check("bob", "wrong").is_none() && users.check("bob", "password").is_some());
        assert!(users.list().unwrap().iter().all(|user| !user.password.is_foreign()));
        assert!(users.recall("ann", "U*U").is_some() && users.check("ann", "U*U").is_some());
        for wrong in [
            "",
            "secret",
            "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            "$argon2id$v=19$m=4194304,t=1,p=1$c2FsdHNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            "$2b$05$short",
            "$2b$5$éCCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
            "$1$a$b",
        ] {
            assert!(PasswordHash::of_text(wrong).is_err(), "{wrong}");
        }
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
        replace(&data.users(), br#"{"version":3,"users":[]}"#, Access::Owner).unwrap();
        assert!(matches!(users.edit(|all| all.clear()), Err(UsersError::Newer(3))));
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
