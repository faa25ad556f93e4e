//! Receiving: one file per protocol, and everything that is asked of a provider's address in `dial`.

pub(crate) mod ace;
pub(crate) mod archive;
mod clients;
pub(crate) mod cookies;
pub(crate) mod dial;
pub(crate) mod file;
mod forms;
pub(crate) mod headers;
pub(crate) mod hls;
mod origin;
mod secrets;
mod templated;
pub(crate) mod trail;
mod ts;

use std::sync::Arc;

use bytes::Bytes;
use contract::bundle;

pub(crate) use dial::Dialler;
pub(crate) use origin::{Origin, Trust};
pub(crate) use secrets::Secrets;

use crate::refusal::Failure;

/// What comes in.
#[derive(Debug)]
pub(crate) enum Received {
    /// The next bytes.
    Bytes(Bytes),
    /// What follows does not continue what came before: another time line, or something is missing in between.
    Splice,
}

/// An upstream that is sending.
pub(crate) enum Reception {
    /// A transport stream over HTTP.
    Ts(ts::Stream),
    /// Segments that playlists list.
    Hls(hls::Stream),
    /// A channel of Ace Stream.
    Ace(ace::Stream),
}

impl Reception {
    /// Connects, with one of the account's logins. What the provider does not give by one extension is asked for by the
    /// other.
    ///
    /// # Errors
    /// Why nothing will come from there now.
    pub(crate) async fn open(
        dialler: &Arc<Dialler>,
        upstream: &bundle::Upstream,
        login: usize,
    ) -> Result<Self, Failure> {
        let upstream = &dialler.allowed(upstream);
        let refused = match Self::connect(dialler, upstream, login).await {
            Err(refused @ Failure::Refused(406)) => refused,
            opened => return opened,
        };
        let Some(other) = forms::other_form(upstream) else { return Err(refused) };
        let opened = Self::connect(dialler, &other, login).await;
        match &opened {
            Ok(_) | Err(Failure::Unsupported(_)) => {
                dialler.allows(&other);
                opened
            }
            Err(_) => Err(refused),
        }
    }

    async fn connect(
        dialler: &Arc<Dialler>,
        upstream: &bundle::Upstream,
        login: usize,
    ) -> Result<Self, Failure> {
        match upstream.protocol {
            bundle::Protocol::Ts | bundle::Protocol::File => {
                let mut stream = ts::Stream::open(dialler, upstream, login).await?;
                if !stream.is_playlist().await? {
                    return Ok(Self::Ts(stream));
                }
                drop(stream); // its connection first
                hls::Stream::open(dialler, upstream, login).await.map(Self::Hls)
            }
            bundle::Protocol::Hls => hls::Stream::open(dialler, upstream, login).await.map(Self::Hls),
            bundle::Protocol::Ace => dialler.engine.receive(upstream).map(Self::Ace),
            bundle::Protocol::Foreign => Err(Failure::Dead("it speaks what this relay cannot receive")),
        }
    }

    /// What comes next; `None` when the provider has ended the stream. May be dropped while it waits.
    ///
    /// # Errors
    /// The connection broke or is silent.
    pub(crate) async fn next(&mut self) -> Result<Option<Received>, Failure> {
        match self {
            Self::Ts(stream) => Ok(stream.next().await?.map(Received::Bytes)),
            Self::Hls(stream) => stream.next().await,
            Self::Ace(stream) => stream.next().await,
        }
    }
}
