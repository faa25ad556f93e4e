//! Answers for a channel's past.

use std::net::SocketAddr;

use contract::address::{ArchiveAddress, Past};
use http::{HeaderMap, Method};
use httpd::{Params, Request, Response};

use super::Relay;
use super::admission::may_watch;
use crate::output::catchup::Wish;
use crate::refusal::Refusal;

impl Relay {
    /// A part of a channel's past, asked for in the query or in a form.
    pub(super) async fn past_in_query(
        &self,
        request: Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let (method, headers, uri) =
            (request.method().clone(), request.headers().clone(), request.uri().clone());
        let params = Params::read(request).await;
        let asked = ArchiveAddress::from_query(|name| params.get(name)).ok_or(Refusal::Unknown)?;
        self.past(asked, &method, &headers, uri.path(), peer).await
    }

    /// A part of a channel's past, asked for at `path`.
    pub(super) async fn past(
        &self,
        asked: ArchiveAddress,
        method: &Method,
        headers: &HeaderMap,
        path: &str,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let pair = (&*asked.channel.user, &*asked.channel.password);
        let user = self.user(pair, headers, peer).await?;
        let channel = &self.playable(&asked.channel, &user).await?;
        let past = asked.past_in(&user.catchup_zone).ok_or(Refusal::Start)?;
        let release = self.follower.release().ok_or(Refusal::NotReady)?;
        let (headend, accounts, now) = (&self.headend, release.index.accounts(), self.now());
        let wish = Wish { headend, channel, past, user: &user, accounts, now };
        match (&*asked.channel.extension, method) {
            ("m3u8", _) => self.catch_up.playlist(&wish, path, headers),
            (_, &Method::HEAD) => self.catch_up.head(&wish),
            _ => self.catch_up.whole(&wish, &self.device(headers, peer), headers).await,
        }
    }

    /// A minute of such a part, by the ticket that its playlist gave.
    pub(super) async fn past_segment(
        &self,
        ticket: &str,
        start: i64,
        number: u32,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let now = self.now();
        let (id, user) = self.catch_up.ticket(ticket, now, |is| self.users.find_by(is))?;
        let user = Some(user).filter(|user| may_watch(user)).ok_or(Refusal::Forbidden)?;
        let release = self.follower.release().ok_or(Refusal::NotReady)?;
        let channel = release.playable(id).filter(|it| user.sees.plays(&release, it));
        let channel = &channel.ok_or(Refusal::Unknown)?;
        let (headend, accounts) = (&self.headend, release.index.accounts());
        let past = Past { start, minutes: 1 };
        let wish = Wish { headend, channel, past, user: &user, accounts, now };
        let (client, headers) = (self.device(request.headers(), peer), request.headers());
        match *request.method() {
            Method::HEAD => self.catch_up.head(&wish),
            _ => self.catch_up.segment(&wish, number, &client, headers).await,
        }
    }
}
