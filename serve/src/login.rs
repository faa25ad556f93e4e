//! Who asks: the pair of name and password that comes with every request.

use std::sync::Arc;

use anyhow::Context;
use contract::user::{Standing, User, Users};
use httpd::Params;

use crate::refusal::Refusal;

/// A known user, and the pair as he sent it, for the documents that repeat it.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: Arc<User>,
    pub(crate) name: String,
    pub(crate) password: String,
}

impl Login {
    /// Verifies the pair in `params`; blanks around it do not count.
    pub(crate) async fn verify(users: &Arc<Users>, params: &Params) -> Result<Self, Refusal> {
        let sent = |name| params.get(name).unwrap_or("").trim().to_owned();
        let (name, password) = (sent("username"), sent("password"));
        if name.is_empty() || password.is_empty() {
            return Err(Refusal::Forbidden);
        }
        if let Some(user) = users.recall(&name, &password) {
            return Ok(Self { user, name, password });
        }
        let users = users.clone();
        let hashing = tokio::task::spawn_blocking(move || {
            let user = users.check(&name, &password)?;
            Some(Self { user, name, password })
        });
        hashing.await.context("verifying a password")?.ok_or(Refusal::Forbidden)
    }

    /// The same, for those who may watch at `now`.
    pub(crate) fn active(self, now: u64) -> Result<Self, Refusal> {
        match self.user.standing(now) {
            Standing::Active => Ok(self),
            standing => Err(Refusal::Barred(standing)),
        }
    }
}
