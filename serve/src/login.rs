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

/// A known user, and the pair for the documents that repeat it: a token stands in the place of the password.
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

    /// Verifies the pair in `params`, or the token in its place, which came from `client`; blanks around do not count.
    pub(crate) async fn verify(&self, params: &Params, client: IpAddr) -> Result<Login, Refusal> {
        let sent = |name| params.get(name).unwrap_or("").trim();
        let (name, password, token) = (sent("username"), sent("password"), sent("token"));
        let (name, password) = match password {
            "" if !token.is_empty() => (name, token),
            "" => return Err(Refusal::Forbidden),
            _ if name.is_empty() => return Err(Refusal::Forbidden),
            _ => (name, password),
        };
        let user = self.user(name, password, client).await?;
        Ok(Login { name: user.name.clone(), password: password.to_owned(), user })
    }

    /// Whose pair it is that came from `client`; with an empty name, whose token.
    pub(crate) async fn user(
        &self,
        name: &str,
        password: &str,
        client: IpAddr,
    ) -> Result<Arc<User>, Refusal> {
        if let Some(user) = self.users.recall(name, password) {
            return Ok(user);
        }
        self.waits(client)?;
        let turn = self.turn.clone().acquire_owned().await.context("verifying a password")?;
        self.waits(client)?; // those before it in the queue may have used up what the address has
        let (users, name, password) = (self.users.clone(), name.to_owned(), password.to_owned());
        // SECURITY: who breaks the connection off ends neither this nor its turn, and is counted all the same.
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let user = users.check(&name, &password);
            if user.is_none() {
                users.failures().note(client, users.failures().guess(&name, &password), Instant::now());
            }
            user
        });
        hashing.await.context("verifying a password")?.ok_or(Refusal::Forbidden)
    }

    /// Whether `client` has been wrong too often to be heard now.
    pub(crate) fn waits(&self, client: IpAddr) -> Result<(), Refusal> {
        let wait = self.users.failures().wait(client, self.allowed, Instant::now());
        wait.map_or(Ok(()), |wait| Err(Refusal::TooMany(wait)))
    }

    /// What `client` has shown in place of name and password opens nothing.
    pub(crate) fn was_wrong(&self, shown: &str, client: IpAddr) {
        let failures = self.users.failures();
        failures.note(client, failures.guess("", shown), Instant::now());
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
