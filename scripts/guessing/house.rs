//! A server with users whose hashes are of several kinds.

use std::fs;
use std::net::SocketAddr;

use contract::disk::Data;
use contract::user::{PasswordHash, User, Users};
use tempfile::TempDir;

use crate::process::Process;

/// How a hash came to be. All are of the word `password`.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Ours,
    /// Argon2 of 19 MiB and two passes.
    Older,
    /// bcrypt of a low cost, so that it does not take all day.
    Bcrypt,
}

impl Kind {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Older => "Argon2 of another program",
            Self::Bcrypt => "bcrypt",
        }
    }

    /// What the user of this number is called.
    pub(crate) fn name(self, number: usize) -> String {
        let word = match self {
            Self::Ours => "ours",
            Self::Older => "older",
            Self::Bcrypt => "bcrypt",
        };
        format!("{word}-{number:04}")
    }

    fn hash(self) -> PasswordHash {
        match self {
            Self::Ours => PasswordHash::new("password"),
            // What matters is what it takes: nobody logs in with these.
            Self::Older => PasswordHash::of_text(
                "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
            )
            .unwrap(),
            Self::Bcrypt => {
                PasswordHash::of_text("$2b$08$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap()
            }
        }
    }
}

pub(crate) struct House {
    serve: Process,
    _folder: TempDir,
}

impl House {
    /// With so many users and one more of each kind, and as many wrong logins allowed in a minute as said.
    pub(crate) fn with(kinds: &[Kind], users: usize, failures: Option<u32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let people = kinds.iter().flat_map(|kind| {
            let hash = kind.hash();
            (0..=users).map(move |number| User::new(&kind.name(number), hash.clone(), 1))
        });
        Users::new(Data::new(&data)).edit(|all| all.extend(people)).unwrap();
        let config = folder.path().join("coax.toml");
        let allowed = failures.map_or(String::new(), |most| format!("[serve]\nlogin_failures = {most}\n"));
        fs::write(&config, format!("data = {data:?}\n{allowed}")).unwrap();
        let serve =
            Process::start("serve", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
        Self { serve, _folder: folder }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.serve.address
    }

    /// Seconds of the processor that it has taken.
    pub(crate) fn cpu(&self) -> f64 {
        self.serve.cpu()
    }
}
