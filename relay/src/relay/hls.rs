//! Answers for players of HLS: what a playlist leads to that they were given.

use std::net::SocketAddr;

use contract::bundle::Kind;
use contract::user::User;
use http::Method;
use httpd::{Request, Response};

use super::Relay;
use super::admission::may_watch;
use crate::output::hls::Holder;
use crate::refusal::Refusal;
use crate::route::Part;
use crate::{output, proxy};

impl Relay {
    /// What a playlist leads to. Whoever comes with a genuine ticket and is not known (any more) begins anew with it, so
    /// that a restart of the relay or a pause costs a player nothing.
    pub(super) async fn hls(
        &self,
        text: &str,
        part: Part,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let form = match (self.sessions.holder(text)?, &part) {
            (Holder::Here(form), _) => form,
            // What was made of a feed then is gone.
            (Holder::Gone(_), Part::Segment { .. }) => return Err(Refusal::Unknown),
            (Holder::Gone(ticket), _) => {
                let user = self.users.find_by(|user| self.sessions.is_for(&ticket, user));
                let user = user.filter(|user| may_watch(user)).ok_or(Refusal::Forbidden)?;
                let release = self.follower.release().ok_or(Refusal::NotReady)?;
                let channel = release.playable(ticket.channel).filter(|it| it.kind == Kind::Live);
                let channel = channel.filter(|it| user.sees.plays(&release, it));
                let (channel, client) =
                    (channel.ok_or(Refusal::Unknown)?, self.device(request.headers(), peer));
                // Nothing is received for who only asks whether there is something.
                match &part {
                    _ if request.method() != Method::HEAD => {}
                    Part::Index | Part::Reference { kind: 'p', .. } => return Ok(output::hls::head()),
                    _ => return Err(Refusal::Missing),
                }
                let (_, form) = self.sessions.watch(&self.headend, channel, &user, &client).await?;
                self.sessions.resume(text, &ticket, &user, &client);
                form.resume().await?;
                form
            }
        };
        match part {
            Part::Index => form.index("", request.headers()).await,
            Part::Segment { generation, number } => form.segment(generation, number, request.headers()),
            Part::Reference { kind, name } => {
                form.referred(kind_of(kind), &name, "../", request.headers()).await
            }
        }
    }

    /// What a player means who reads references against the address that he began with. It is looked for in what he
    /// watches, and nowhere else.
    pub(super) async fn within(
        &self,
        user: &User,
        path: &[String],
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let client = self.device(request.headers(), peer);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let tail = path[path.len().saturating_sub(2)..].to_vec();
        for (ticket, form) in self.sessions.watched(user, &client) {
            let base = above(request, &ticket);
            let found = match (Part::decode(&tail), Part::decode(&tail[tail.len() - 1..])) {
                (Some(Part::Reference { kind, name }), _) => {
                    form.referred(kind_of(kind), &name, &base, request.headers()).await
                }
                (_, Some(Part::Segment { generation, number })) if path.contains(&ticket.as_str()) => {
                    form.segment(generation, number, request.headers())
                }
                _ => match form.named(&path.join("/")) {
                    Some((kind, name)) => form.referred(kind, &name, &base, request.headers()).await,
                    None => Err(Refusal::Unknown),
                },
            };
            if !matches!(found, Err(Refusal::Unknown)) {
                return found;
            }
        }
        Err(Refusal::Unknown)
    }
}

/// Relative, so that it holds behind any proxy: from the address of a request to where what a ticket opens lies.
pub(super) fn above(request: &Request, ticket: &str) -> String {
    let up = "../".repeat(request.uri().path().matches('/').count().saturating_sub(1));
    format!("{up}hls/{ticket}/")
}

fn kind_of(letter: char) -> proxy::Kind {
    match letter {
        'p' => proxy::Kind::Playlist,
        'k' => proxy::Kind::Key,
        _ => proxy::Kind::Segment,
    }
}
