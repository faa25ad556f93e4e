//! Who may watch: asked when somebody begins, and again and again while he goes on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use contract::user::{Standing, User};
use http::HeaderMap;

use super::{Relay, unix_time};
use crate::output::ace::{GUEST, is_unlisted};
use crate::refusal::Refusal;
use crate::seat::{Client, What};

impl Relay {
    /// Who asks with this pair of name and password, if he may watch.
    pub(super) async fn user(
        &self,
        (name, password): (&str, &str),
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> Result<Arc<User>, Refusal> {
        let user = match self.users.recall(name, password) {
            Some(user) => user,
            None => self.verified(name, password, self.client(headers, peer)).await?,
        };
        if may_watch(&user) { Ok(user) } else { Err(Refusal::Forbidden) }
    }

    /// Verifies a pair that `client` has sent, which takes much memory: one after the other, and each on the same few
    /// threads.
    async fn verified(&self, name: &str, password: &str, client: IpAddr) -> Result<Arc<User>, Refusal> {
        let waits = || {
            let allowed = self.headend.settings.login_failures;
            let wait = self.users.failures().wait(client, allowed, Instant::now());
            wait.map_or(Ok(()), |wait| Err(Refusal::TooMany(wait)))
        };
        waits()?;
        let turn = self.verifying.clone().acquire_owned().await.expect("it is never closed");
        waits()?; // those before it in the queue may have used up what the address has
        let (users, name, password) = (self.users.clone(), name.to_owned(), password.to_owned());
        // SECURITY: who breaks the connection off ends neither this nor its turn, and is counted all the same.
        let verifying = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let user = users.check(&name, &password);
            if user.is_none() {
                users.failures().note(client, users.failures().guess(&name, &password), Instant::now());
            }
            user
        });
        verifying.await.unwrap_or_default().ok_or(Refusal::Forbidden)
    }

    /// Which of a user's devices sent a request, as far as one can tell.
    pub(super) fn device(&self, headers: &HeaderMap, peer: SocketAddr) -> Client {
        Client::of(headers, self.client(headers, peer))
    }

    /// From where a request came, as far as it is told.
    pub(super) fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        httpd::client(headers, peer.ip(), |address| self.headend.settings.trusts(address))
    }

    /// Cuts the streams of users who were thrown out, whose time is over, whose token was taken back or who may not see any
    /// more what they watch, and forgets players that have gone.
    pub(super) fn inspect(&self) {
        let release = self.follower.release();
        // An episode that became known later, which no release lists, was looked at when it began. Any channel of Ace Stream
        // is for those who may see everything.
        let sees = |user: &User, id| {
            let playable = release.as_ref().filter(|_| !user.sees.is_everything());
            let fits = playable
                .is_none_or(|it| it.playable(id).is_none_or(|playable| user.sees.plays(it, &playable)));
            fits && (user.sees.is_everything() || !is_unlisted(id))
        };
        let stays = |name: &str, device: Option<&str>, what: What| {
            let may = |user: &User| {
                let shown = device.is_none_or(|device| user.token(device).is_some());
                may_watch(user) && shown && sees(user, what.id())
            };
            name == GUEST || self.users.find(name).is_some_and(|user| may(&user))
        };
        self.headend.seats.cut_unless(stays);
        self.sessions.sweep();
        self.watches.sweep(&self.sessions);
    }
}

pub(super) fn may_watch(user: &User) -> bool {
    user.standing(unix_time()) == Standing::Active
}
