//! What a session gives: one transport stream, or segments that are made one.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use tokio::time::sleep;

use super::answer::Started;
use super::{Engine, api};
use crate::refusal::{Ace, Failure};
use crate::upstream::{Received, hls};

/// An engine that has no list yet is asked again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// The media of a session, as they come in.
pub(super) enum Media {
    Stream(Response),
    Segments(hls::Stream),
}

impl Media {
    /// Waits until there is a first byte, for as long as somebody waits for that.
    ///
    /// # Errors
    /// Why there is none; [`Ace::Segmented`] if that is no matter of the session, which goes on.
    pub(super) async fn open(engine: &Arc<Engine>, session: &Started) -> Result<Self, Ace> {
        if session.is_segmented() {
            return Self::segments(engine, session).await;
        }
        match engine.api.media(session).await {
            Ok(response) => Ok(Self::Stream(response)),
            Err(Ace::Gone) if engine.api.stat(session).await.is_ok() => Err(Ace::Segmented),
            Err(why) => Err(why),
        }
    }

    /// As long as the engine has collected too little there is no list, in one way or another.
    async fn segments(engine: &Arc<Engine>, session: &Started) -> Result<Self, Ace> {
        loop {
            match hls::Stream::of_session(engine, &session.playback).await {
                Ok(stream) => return Ok(Self::Segments(stream)),
                Err(why @ (Failure::Ace(_) | Failure::Unsupported(_))) => return Err(in_words(why)),
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    /// What comes next; `None` at the end. May be dropped while it waits.
    ///
    /// # Errors
    /// Why nothing comes any more.
    pub(super) async fn next(&mut self) -> Result<Option<Received>, Ace> {
        match self {
            Self::Stream(response) => match response.chunk().await {
                Ok(bytes) => Ok(bytes.map(Received::Bytes)),
                Err(error) => Err(match api::failure(&error) {
                    Ace::Unreachable => Ace::Gone,
                    why => why,
                }),
            },
            Self::Segments(stream) => stream.next().await.map_err(in_words),
        }
    }
}

/// In the words of an engine.
fn in_words(why: Failure) -> Ace {
    match why {
        Failure::Ace(why) => why,
        Failure::Unsupported(_) => Ace::Answer("segments of no transport stream"),
        _ => Ace::Gone,
    }
}
