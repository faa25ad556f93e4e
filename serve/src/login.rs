//! Who asks: the pair of name and password that comes with every request.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use contract::user::{Standing, User, Users};
use httpd::Params;
use tokio::sync::Semaphore;

use crate::refusal::Refusal;

/// Finds out who asks.
pub(crate) struct Logins {
    users: Arc<Users>,
    /// Wrong pairs that an address may send in a minute; 0 is as many as it likes.
    allowed: u32,
    /// SECURITY: a flood of wrong passwords waits here, where waiting costs nothing. In the pool of blocking threads
    /// it would keep everybody else from being answered.
    turn: Arc<Semaphore>,
}

/// A known user, and the pair as he sent it, for the documents that repeat it.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: Arc<User>,
    pub(crate) name: String,
    pub(crate) password: String,
}

impl Logins {
    /// Those of `users`, with so many wrong pairs `allowed` to each address in a minute; 0 is as many as it likes.
    pub(crate) fn new(users: Arc<Users>, allowed: u32) -> Self {
        Self { users, allowed, turn: Arc::new(Semaphore::new(1)) }
    }

    /// The user of this name, whoever asks.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<User>> {
        self.users.find(name)
    }

    /// Verifies the pair in `params`, which came from `client`; blanks around it do not count.
    pub(crate) async fn verify(&self, params: &Params, client: IpAddr) -> Result<Login, Refusal> {
        let sent = |name| params.get(name).unwrap_or("").trim().to_owned();
        let (name, password) = (sent("username"), sent("password"));
        if name.is_empty() || password.is_empty() {
            return Err(Refusal::Forbidden);
        }
        if let Some(user) = self.users.recall(&name, &password) {
            return Ok(Login { user, name, password });
        }
        let waits = || {
            let wait = self.users.failures().wait(client, self.allowed, Instant::now());
            wait.map_or(Ok(()), |wait| Err(Refusal::TooMany(wait)))
        };
        waits()?;
        let turn = self.turn.clone().acquire_owned().await.context("verifying a password")?;
        waits()?; // those before it in the queue may have used up what the address has
        let users = self.users.clone();
        // SECURITY: who breaks the connection off ends neither this nor its turn, and is counted all the same.
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let Some(user) = users.check(&name, &password) else {
                users.failures().note(client, users.failures().guess(&name, &password), Instant::now());
                return None;
            };
            Some(Login { user, name, password })
        });
        hashing.await.context("verifying a password")?.ok_or(Refusal::Forbidden)
    }
}

impl Login {
    /// The same, for those who may watch at `now`.
    pub(crate) fn active(self, now: u64) -> Result<Self, Refusal> {
        match self.user.standing(now) {
            Standing::Active => Ok(self),
            standing => Err(Refusal::Barred(standing)),
        }
    }
}
