//! Answers for channels of Ace Stream that no release lists.

use std::net::SocketAddr;
use std::sync::Arc;

use contract::ace::AceId;
use contract::user::User;
use http::{HeaderMap, Method};
use httpd::{Params, Request, Response, reply};

use super::Relay;
use crate::output;
use crate::output::ace::{self, Ace};
use crate::output::api::Api;
use crate::refusal::Refusal;

impl Relay {
    /// What players ask an engine for.
    pub(super) async fn ace(
        &self,
        asked: Ace,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let (params, headers) = (Params::from_query(request.uri().query()), request.headers());
        let user = self.guest(&params, headers, peer).await?;
        if asked == Ace::Status {
            let id = if params.get("id").or(params.get("infohash")).is_some() {
                Some(ace::asked(&params)?)
            } else {
                None
            };
            return ace::status(&self.headend, id.as_ref());
        }
        let id = ace::asked(&params)?;
        let channel = self.unlisted.channel(&id);
        match (asked, request.method()) {
            (Ace::Stream | Ace::Status, &Method::HEAD) => Ok(output::ts::head()),
            (Ace::Stream | Ace::Status, _) => self.live(channel, &user, &self.device(headers, peer)).await,
            (Ace::Playlist, &Method::HEAD) => Ok(output::hls::head()),
            (Ace::Playlist, _) => {
                let watch = self.watches.begin(&self.headend, &self.sessions, id, channel, &user).await?;
                // Relative, so that it holds behind any proxy.
                Ok(reply::redirect(&format!("../api/streams/hls/{watch}/manifest.m3u8")))
            }
        }
    }

    /// The session API. Who has the id of a watch may use it; to begin one takes more.
    pub(super) async fn api(
        &self,
        asked: Api,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        if !self.headend.settings.ace_open {
            return Err(Refusal::Unknown);
        }
        if asked.is_posted() != (request.method() == Method::POST) {
            return Err(Refusal::Method);
        }
        let (headend, sessions, headers) = (&self.headend, &self.sessions, request.headers());
        let guest = async || {
            let params = Params::from_query(request.uri().query());
            self.guest(&params, headers, peer).await
        };
        match asked {
            Api::Start { ace } => {
                let (user, id) = (guest().await?, AceId::parse(&ace)?);
                let channel = self.unlisted.channel(&id);
                let watch = self.watches.begin(headend, sessions, id, channel, &user).await?;
                Ok(self.watches.begun(headend, &watch))
            }
            Api::Playlist { session } => self.watches.playlist(sessions, &session, headers).await,
            Api::Segment { session, number } => self.watches.segment(sessions, &session, number, headers),
            Api::Status { session } => self.watches.status(headend, sessions, &session),
            Api::Stop { session } => self.watches.stop(sessions, &session),
            Api::Active => Ok(self.watches.active(headend, &*guest().await?)),
            Api::Health => {
                guest().await?;
                Ok(self.watches.health(headend).await)
            }
            Api::EngineHealth => {
                guest().await?;
                Ok(self.watches.engine_health(headend).await)
            }
        }
    }

    /// Who asks for what no release lists, if he may.
    async fn guest(
        &self,
        params: &Params,
        headers: &HeaderMap,
        peer: SocketAddr,
    ) -> Result<Arc<User>, Refusal> {
        if !self.headend.settings.ace_open {
            return Err(Refusal::Unknown);
        }
        match (params.get("username"), params.get("password")) {
            (Some(name), Some(password)) => {
                let user = self.user((name, password), headers, peer).await?;
                // What is in no list is for those who may see everything.
                if user.sees.is_everything() { Ok(user) } else { Err(Refusal::Unknown) }
            }
            _ if ace::is_at_home(headers, peer, self.headend.settings.public.as_ref()) => {
                Ok(self.unlisted.guest.clone())
            }
            _ => Err(Refusal::Forbidden),
        }
    }
}
