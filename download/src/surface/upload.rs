//! A list that arrives: looked at byte by byte, and refused at the first one that tells that it is none.

use std::io;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::header;
use http_body_util::BodyExt;
use httpd::Request;
use httpd::api::Refusal;
use tokio::sync::mpsc;

use super::Service;
use crate::list;
use crate::shelf::{Arriving, Kept};
use crate::store::StoreError;

/// As what a list may be sent.
///
/// SECURITY: none of the types that a form on a page of another site can send without asking first.
pub(super) const MEDIA: [&str; 6] = [
    "application/x-mpegurl",
    "audio/x-mpegurl",
    "audio/mpegurl",
    "application/vnd.apple.mpegurl",
    "application/gzip",
    "application/octet-stream",
];

/// Pieces that wait to be looked at; whoever sends faster waits.
const PIECES: usize = 16;
/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Of a list that was refused so many bytes more are read, and thrown away: whoever is cut off while he sends is not told why.
const PASSED_OVER: usize = 64 << 20;

/// Takes the list that a request sends, which is `about` as far as that is known.
pub(super) async fn take(service: &Service, request: Request, about: Kept) -> Result<Kept, Refusal> {
    let limits = service.lists;
    check(&request, limits.bytes)?;
    let _turn = service.uploading.try_acquire();
    let _turn =
        _turn.map_err(|_| Refusal::Unavailable("another list is arriving; try again in a moment".into()))?;
    let (sender, pieces) = mpsc::channel(PIECES);
    let shelf = service.shelf.clone();
    let looking = tokio::task::spawn_blocking(move || -> Result<Kept, Refusal> {
        let draft = shelf.draft()?;
        let kept = draft.as_file().try_clone().map_err(anyhow::Error::from)?;
        let mut arriving = Arriving::new(pieces, kept);
        let checked = list::check(&mut arriving, limits);
        let checked =
            checked.map_err(|why| Refusal::Wrong(format!("this is no list that can be taken: {why}")))?;
        let (bytes, sha256) =
            arriving.finish().map_err(|error| Refusal::Wrong(format!("it breaks off: {error}")))?;
        let about = Kept { entries: checked.entries, bytes, sha256, ..about };
        Ok(shelf.keep(draft, about).map_err(|error: StoreError| error)?)
    });
    send(request, sender).await;
    looking.await.context("taking a list")?
}

/// Whether it may be one at all.
fn check(request: &Request, most: u64) -> Result<(), Refusal> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let essence =
        text(header::CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if !MEDIA.contains(&essence.as_str()) {
        return Err(Refusal::Wrong(format!("send it as {}", MEDIA[0])));
    }
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length > most) {
        return Err(Refusal::Wrong(format!("it is over {} MiB, which no list is", most >> 20)));
    }
    Ok(())
}

/// Hands over what is sent, as long as somebody wants it.
async fn send(request: Request, sender: mpsc::Sender<io::Result<Bytes>>) {
    let mut body = request.into_body();
    let mut passed_over = 0;
    loop {
        let frame = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(error))) => return drop(sender.send(Err(io::Error::other(error))).await),
            Err(_) => return drop(sender.send(Err(io::ErrorKind::TimedOut.into())).await),
        };
        let Ok(piece) = frame.into_data() else { continue };
        let length = piece.len();
        if sender.send(Ok(piece)).await.is_err() {
            passed_over += length;
            if passed_over > PASSED_OVER {
                return;
            }
        }
    }
}
