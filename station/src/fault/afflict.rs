//! Faults that happen to an answer's bytes, whatever they are: a list, a film, television.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::{Stream, StreamExt, stream};
use http::header;
use http::response::Parts;
use http_body::Body as _;
use httpd::{Body, Response};

use super::{Fault, packets};

pub(super) type Source = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What a bounded answer may weigh to be cut in half; longer ones are cut here.
const HALF_MOST: usize = 64 << 20;

/// The same answer with something wrong in its bytes. Faults that replace the answer have been dealt with before.
pub(crate) fn afflict(fault: Fault, answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let length = body.size_hint().exact();
    let source = source(body);
    let body = match fault {
        Fault::Status(_)
        | Fault::Busy(_)
        | Fault::Html
        | Fault::Empty
        | Fault::Refuse
        | Fault::Mute
        | Fault::Clip(_)
        | Fault::Redirect(_)
        | Fault::Edge
        | Fault::Only(_)
        | Fault::Other(_)
        | Fault::Rangeless
        | Fault::Sizeless => keep(length, source),
        Fault::Short(bytes) => unmeasured(&mut parts, limited(source, bytes, End::Clean)),
        Fault::Unsized => unmeasured(&mut parts, source),
        Fault::Stall(bytes) => keep(length, limited(source, bytes, End::Silence)),
        Fault::Cut(bytes) => keep(length, limited(source, bytes, End::Broken)),
        Fault::Slow(millis) => keep(length, slow(source, Duration::from_millis(millis))),
        Fault::Dribble { bytes, millis } => {
            keep(length, dribble(source, bytes, Duration::from_millis(millis)))
        }
        Fault::Half => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::stream(stream::once(half(source)))
        }
        Fault::Jump(bytes) => keep(length, packets::jump(source, bytes)),
        Fault::Corrupt(bytes) => keep(length, packets::corrupt(source, bytes)),
        Fault::Garbage(bytes) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Body::stream(garbage(source, bytes))
        }
    };
    Response::from_parts(parts, body)
}

/// A body whose promised length stays, so that the client can tell that something is missing.
fn keep(length: Option<u64>, source: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    match length {
        Some(length) => Body::sized_stream(length, source),
        None => Body::stream(source),
    }
}

/// A body of which nobody says how long it is.
fn unmeasured(parts: &mut Parts, source: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    parts.headers.remove(header::CONTENT_LENGTH);
    Body::stream(source)
}

fn source(mut body: Body) -> Source {
    Box::pin(stream::poll_fn(move |cx| {
        Pin::new(&mut body)
            .poll_frame(cx)
            .map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }))
}

#[derive(Clone, Copy)]
enum End {
    Silence,
    Broken,
    Clean,
}

fn limited(source: Source, bytes: u64, end: End) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold((source, bytes), move |(mut source, left)| async move {
        if left == 0 {
            match end {
                // The source is kept, so the connection still counts.
                End::Silence => std::future::pending::<()>().await,
                End::Clean => return None,
                End::Broken => {
                    // What goes before has to leave first: an error drops whatever is still in the server's buffers.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    return Some((Err(io::Error::other("cut on request")), (source, 0)));
                }
            }
        }
        let mut chunk = source.next().await?;
        if let Ok(chunk) = &mut chunk {
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        let taken = chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Some((chunk, (source, left - taken)))
    })
}

fn slow(source: Source, delay: Duration) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::once(async move {
        tokio::time::sleep(delay).await;
        source
    })
    .flatten()
}

fn dribble(source: Source, bytes: u64, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let most = usize::try_from(bytes).unwrap_or(usize::MAX);
    stream::unfold((source, Bytes::new()), move |(mut source, mut held)| async move {
        while held.is_empty() {
            match source.next().await? {
                Ok(chunk) => held = chunk,
                Err(error) => return Some((Err(error), (source, held))),
            }
        }
        tokio::time::sleep(pause).await;
        let drop = held.split_to(most.min(held.len()));
        Some((Ok(drop), (source, held)))
    })
}

async fn half(mut source: Source) -> io::Result<Bytes> {
    let mut whole = Vec::new();
    while let Some(chunk) = source.next().await {
        whole.extend_from_slice(&chunk?);
        if whole.len() > HALF_MOST {
            break;
        }
    }
    whole.truncate(whole.len() / 2);
    Ok(whole.into())
}

fn garbage(source: Source, every: u64) -> impl Stream<Item = io::Result<Bytes>> + Send {
    // (source, bytes held back, bytes until the next garbage, how often there was garbage)
    stream::unfold(
        (source, Bytes::new(), every, 0u64),
        move |(mut source, mut held, left, times)| async move {
            if left == 0 {
                let rubbish: Vec<u8> = (0..1 + times * 67 % 187).map(|at| (at * 31 + times) as u8).collect();
                return Some((Ok(rubbish.into()), (source, held, every, times + 1)));
            }
            while held.is_empty() {
                match source.next().await? {
                    Ok(chunk) => held = chunk,
                    Err(error) => return Some((Err(error), (source, held, left, times))),
                }
            }
            let take = held.remaining().min(usize::try_from(left).unwrap_or(usize::MAX));
            let part = held.split_to(take);
            Some((Ok(part), (source, held, left - take as u64, times)))
        },
    )
}
