//! Answers for those who do not watch: programs of the installation, which show a pass in the place of a token.

use contract::address::StreamAddress;
use contract::bundle::{Kind, Playable, Protocol};
use contract::ticket::pass::{Class, Obstacle, Pass};
use http::Method;
use httpd::{Request, Response};
use tracing::debug;

use super::Relay;
use crate::output;
use crate::refusal::{Failure, Refusal};
use crate::subscriber::Recorder;

impl Relay {
    /// The pass that an address has in the place of a token, if it is one that holds now. Whatever is none is looked at as
    /// a token, and refused as one.
    pub(super) fn pass(&self, asked: &StreamAddress) -> Option<Pass> {
        let shown = asked.user.is_empty().then_some(&asked.password)?;
        Pass::read(&self.key, shown, (self.clock)()).ok()
    }

    /// Gives somebody of `class` what is left, or tells him why there is nothing.
    pub(super) async fn lesser(&self, class: Class, asked: &StreamAddress, request: &Request) -> Response {
        let refusal = match self.left(class, asked, request).await {
            Ok(response) => return response,
            Err(refusal) => refusal,
        };
        debug!(id = asked.id, class = class.word(), why = %refusal, "nothing is left");
        let explained = output::yielding::why(&refusal);
        let mut response = refusal.reply();
        response.headers_mut().extend(explained);
        response
    }

    async fn left(
        &self,
        class: Class,
        asked: &StreamAddress,
        request: &Request,
    ) -> Result<Response, Refusal> {
        if request.method() != Method::GET {
            return Err(Refusal::Method);
        }
        let playable = self.found(asked, |_, _| true).await?;
        match playable.kind {
            // A channel has no end: it is recorded or watched.
            Kind::Live if class == Class::Record => self.recorded(playable).await,
            Kind::Live => Err(Refusal::Unknown),
            Kind::Movie | Kind::Episode => {
                let is_listed = playable.container == asked.extension;
                let film = called(playable, &asked.extension);
                output::file::lesser(&self.headend, (film, is_listed), class, request.headers()).await
            }
        }
    }

    async fn recorded(&self, channel: Playable) -> Result<Response, Refusal> {
        if self.proxies.takes(channel.id) {
            return Err(Failure::Unsupported(Obstacle::Other).into());
        }
        let budget = self.headend.start_budget(&channel);
        let recorder = Recorder::new(self.headend.record(channel)?);
        tokio::time::timeout(budget, recorder.started()).await.map_err(|_| Failure::Silent)??;
        Ok(output::ts::record(recorder))
    }
}

/// The same file under another extension: lists lie about it, and whoever downloads finds out. The list of what is HLS keeps
/// its own, whatever is made of it.
fn called(mut film: Playable, extension: &str) -> Playable {
    if film.container != extension {
        let listed = format!(".{}", film.container);
        for upstream in film.upstreams.iter_mut().filter(|upstream| upstream.protocol != Protocol::Hls) {
            if let Some(stem) = upstream.path.strip_suffix(&listed) {
                upstream.path = format!("{stem}.{extension}");
            }
        }
        film.container = extension.into();
    }
    film
}
