//! Files over HTTP: one request for each attempt, and never a byte of another file.
//!
//! ```text
//!  Range: bytes=<have - 64 KiB>-  ──▶  206: those 64 KiB are compared with what is here, the rest is written behind it
//!                                      200: the file from its beginning, in the same answer
//!                                      416: there is nothing behind: all is here, or it is another file
//! ```
//!
//! What is here is proven by its last bytes. Validators prove nothing: the servers of one provider give different ones for
//! the same file, and some the same ones for different files.

mod answer;
mod client;
mod extension;
mod stop;

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use reqwest::{Body, Response};

use super::part::{Part, Proof};
use super::{Ended, Order, Report, Rest};
use crate::job::{Cause, Wait};
use crate::walk::{self, Container};
use answer::Answer;
pub(crate) use client::CLIP;
pub use client::Client;
use contract::ticket::pass::{MADE, WHY, Why};
pub use extension::{EXTENSIONS, extension};
pub(super) use stop::{Odd, Stop};

/// How many of the bytes that are here must come again.
pub const OVERLAP: u64 = 64 * 1024;
/// How often progress is told, at most.
const TELLING: Duration = Duration::from_millis(250);
/// What of something that is no video is kept for the log, in bytes.
const EXCERPT: usize = 512;

/// Why it is not all, though it has come to an end.
const UNCONFIRMED: &str = "the relay has not said that this is all of it: it broke off, or a proxy before the relay \
    does not pass on what is said behind a body (TE and trailers)";
/// Why what is here is thrown away.
const SIZE: &str = "it has another size than before";
const WHOLE: &str = "the source gives the whole of it only";

/// Whom an attempt tells how far it is.
pub type Told<'a> = &'a mut (dyn FnMut(Report) + Send);

impl Client {
    /// Brings something small: at most so many bytes, all of them or none.
    pub(crate) async fn small(&self, order: &Order, most: usize) -> Option<Vec<u8>> {
        let response = self.whole(order).await.ok().filter(|it| it.status() == http::StatusCode::OK)?;
        let (mut incoming, mut all) = (Incoming::new(response, order.patience), Vec::new());
        while let Some(bytes) = incoming.next().await.ok()? {
            if all.len() + bytes.len() > most {
                return None;
            }
            all.extend_from_slice(&bytes);
        }
        Some(all)
    }

    /// Asks for something that has no end.
    pub(super) async fn live(&self, order: &Order) -> Result<Incoming, Stop> {
        let response = self.whole(order).await?;
        answer::read(response.status().as_u16(), response.headers())?;
        Ok(Incoming::new(response, order.patience))
    }
}

/// Makes one attempt to bring what `order` says. It is stopped by dropping it.
///
/// # Panics
/// Outside of a tokio runtime.
pub async fn fetch(client: &Client, order: &Order, told: Told<'_>) -> Ended {
    let opened = Part::open(&order.part, order.known.synced).await;
    let mut part = match opened {
        Ok(part) => part,
        Err(error) => return Stop::from(error).ended(false),
    };
    let before = part.len();
    let attempt = attempt(client, order, &mut part, told).await;
    // What has come is kept, whatever happened.
    let settled = settle(&mut part, told).await;
    match (attempt, settled) {
        (Ok(total), Ok(())) => Ended::Done { total },
        (Err(stop), _) => stop.ended(part.len() > before),
        (Ok(_), Err(error)) => Stop::from(error).ended(part.len() > before),
    }
}

/// Writes what has come to the disk.
pub(super) async fn settle(part: &mut Part, told: Told<'_>) -> io::Result<()> {
    let synced = part.sync().await?;
    told(Report::Progress { have: synced });
    told(Report::Checkpoint { synced });
    Ok(())
}

/// All bytes, in at most two requests: a second one where what is here turns out to be of another file.
async fn attempt(client: &Client, order: &Order, part: &mut Part, told: Told<'_>) -> Result<u64, Stop> {
    let total = order.known.total.filter(|total| *total > 0);
    if total == Some(part.len()) {
        return whole(part, total).await; // it came to the end before somebody ended it
    }
    if total.is_some_and(|total| total < part.len()) {
        anew(part, told, "there is more of it than there should be").await?;
    }
    let from = part.len().saturating_sub(OVERLAP);
    let response = client.ask(order, from).await?;
    match answered(client, order, part, told, (response, from, total)).await {
        Ok(total) => return Ok(total),
        Err(Odd::Stop(stop)) => return Err(stop),
        Err(Odd::Other(why)) => anew(part, told, why).await?,
    }
    // Without a range: some refuse any.
    let response = client.whole(order).await?;
    match answered(client, order, part, told, (response, 0, None)).await {
        Ok(total) => Ok(total),
        Err(Odd::Stop(stop)) => Err(stop),
        Err(Odd::Other(why)) => {
            anew(part, told, why).await?;
            Err(Stop::broken(why))
        }
    }
}

/// What comes of an answer to the request for the bytes from `asked` on.
async fn answered(
    client: &Client,
    order: &Order,
    part: &mut Part,
    told: Told<'_>,
    (response, asked, known): (Response, u64, Option<u64>),
) -> Result<u64, Odd> {
    let is_made = is_made(&response);
    let (from, total, etag) = match answer::read(response.status().as_u16(), response.headers())? {
        Answer::Behind(size) => {
            drop(response);
            return behind(client, order, part, known, size).await;
        }
        Answer::Bytes { from, total, etag } => (from, total, etag),
    };
    let same_size = known.is_none() || total.is_none() || known == total;
    let mut incoming = Incoming::new(response, order.patience);
    let mut size = total;
    if !part.is_empty() && from == Some(asked) && same_size {
        let proof = part.proof(asked).await.map_err(Stop::from)?;
        incoming.repeats(proof).await?;
        size = total.or(known);
    } else if from == Some(0) {
        let container = incoming.begins().await?;
        if container == Container::Ts
            && client.clip > 0
            && total.is_none_or(|total| total < client.clip)
            && !is_made
            && !order.is_transport_stream()
        {
            return Err(clip().into());
        }
        if !part.is_empty() {
            anew(part, told, if same_size { WHOLE } else { SIZE }).await?;
        }
    } else {
        return Err(Odd::Other(if same_size { "the source begins elsewhere" } else { SIZE }));
    }
    let total = size;
    told(Report::Began { have: part.len(), total, etag });
    if let Some(total) = total {
        part.reserve(total).await.map_err(Stop::from)?;
    }
    let all = receive(order, part, told, incoming, total).await?;
    // How large it is that is made, nobody says before it is here.
    if is_made && all < client.clip {
        anew(part, told, "it was a clip").await?;
        return Err(clip().into());
    }
    Ok(all)
}

fn clip() -> Stop {
    let why = "a clip came in place of the film: what is larger than `clip` of [download] is none";
    Stop::Waits(Wait::Slot, Rest::Slot, why.to_owned())
}

/// Writes what comes behind what is here.
async fn receive(
    order: &Order,
    part: &mut Part,
    told: Told<'_>,
    mut incoming: Incoming,
    total: Option<u64>,
) -> Result<u64, Odd> {
    incoming.pour(order, part, told, total).await?;
    drop(incoming); // which gives the connection back before the disk is waited for
    part.sync().await.map_err(Stop::from)?;
    if total.is_some_and(|total| part.len() < total) {
        return Err(Stop::broken("the source ended early").into());
    }
    Ok(whole(part, total).await?)
}

/// Nothing lies behind what is here: it is all, or it was of another file.
async fn behind(
    client: &Client,
    order: &Order,
    part: &Part,
    known: Option<u64>,
    size: Option<u64>,
) -> Result<u64, Odd> {
    let size = match size {
        Some(size) => Some(size),
        // What does not say how large the file is may do so with the first byte of it.
        None => {
            let first = client.first(order, &order.url).await?;
            match answer::read(first.status().as_u16(), first.headers())? {
                Answer::Bytes { total, .. } => total,
                Answer::Behind(size) => size,
            }
        }
    };
    match size {
        Some(size) if size == part.len() && known.is_none_or(|known| known == size) && size > 0 => {
            Ok(whole(part, Some(size)).await?)
        }
        Some(_) => Err(Odd::Other(SIZE)),
        None => Err(Odd::Other("the source gives no part of it")),
    }
}

/// What is here is all there is. Where nobody has said how much that is, the file itself has to.
async fn whole(part: &Part, total: Option<u64>) -> Result<u64, Stop> {
    if total.is_none() {
        let early = |why: String| Stop::broken(format!("the source ended early, it seems: {why}"));
        let walked = part.walk().await.map_err(|why| early(why.to_string()))?;
        if walked.ragged {
            return Err(early("its last bytes are the beginning of something".to_owned()));
        }
    }
    Ok(part.len())
}

/// Throws away what is here.
async fn anew(part: &mut Part, told: Told<'_>, why: &'static str) -> Result<(), Stop> {
    part.clear().await?;
    told(Report::Anew { why });
    told(Report::Checkpoint { synced: 0 });
    Ok(())
}

/// Whether a relay has made a transport stream of what its provider has as HLS.
fn is_made(response: &Response) -> bool {
    response.headers().contains_key(MADE)
}

/// A body that is coming in.
pub(super) struct Incoming {
    body: Body,
    patience: Duration,
    /// Its end is none unless a relay has said before that this was all: nobody knows how long what is made will be, and a
    /// proxy in between may end as if it were whole what it has lost.
    is_owed: bool,
    /// What was looked at and is to be read again.
    held: Option<Bytes>,
}

impl Incoming {
    fn new(response: Response, patience: Duration) -> Self {
        let is_owed = is_made(&response);
        Self { body: http::Response::from(response).into_body(), patience, is_owed, held: None }
    }

    /// The next bytes; `None` at a clean end.
    async fn next(&mut self) -> Result<Option<Bytes>, Stop> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        loop {
            let frame = tokio::time::timeout(self.patience, self.body.frame()).await;
            let frame = match frame.map_err(|_| Stop::broken("the source is silent"))? {
                None if self.is_owed => return Err(Stop::broken(UNCONFIRMED)),
                None => return Ok(None),
                Some(frame) => frame.map_err(|error| Stop::broken(client::failure(&error)))?,
            };
            match frame.into_data() {
                Ok(bytes) if bytes.is_empty() => {}
                Ok(bytes) => return Ok(Some(bytes)),
                Err(frame) => self.is_owed &= !ends_whole(frame.trailers_ref())?,
            }
        }
    }

    /// Writes all that comes, as fast as it may.
    pub(super) async fn pour(
        &mut self,
        order: &Order,
        part: &mut Part,
        told: Told<'_>,
        total: Option<u64>,
    ) -> Result<(), Odd> {
        let mut last = Instant::now();
        loop {
            // Whatever has come is written before anything is waited for.
            let bytes = match self.next().now_or_never() {
                Some(bytes) => bytes,
                None => {
                    part.flush().await.map_err(Stop::from)?;
                    self.next().await
                }
            };
            let Some(bytes) = bytes? else { return Ok(()) };
            let count = bytes.len() as u64;
            if total.is_some_and(|total| part.taken() + count > total) {
                return Err(Odd::Other("more comes than the source has said"));
            }
            part.put(bytes).await.map_err(Stop::from)?;
            if let Some(synced) = part.checkpoint().await.map_err(Stop::from)? {
                told(Report::Checkpoint { synced });
            }
            for bucket in &order.paces {
                bucket.take(count).await;
            }
            if last.elapsed() >= TELLING {
                last = Instant::now();
                told(Report::Progress { have: part.len() });
            }
        }
    }

    /// Looks at the first bytes: what is packed in what.
    pub(super) async fn begins(&mut self) -> Result<Container, Stop> {
        let mut head = Vec::new();
        while head.len() < walk::HEAD
            && let Some(bytes) = self.next().await?
        {
            head.extend_from_slice(&bytes);
        }
        if head.is_empty() {
            return Err(Stop::broken("the source sends nothing"));
        }
        let Some(container) = Container::of(&head) else {
            let excerpt = scrubbed(&head[..head.len().min(EXCERPT)]);
            return Err(Stop::Failed(Cause::Content, format!("what came is no video: {excerpt}")));
        };
        self.held = Some(head.into());
        Ok(container)
    }

    /// Reads what must come again.
    async fn repeats(&mut self, mut proof: Proof) -> Result<(), Odd> {
        while !proof.is_done() {
            let Some(bytes) = self.next().await? else {
                return Err(Stop::broken("the source ended early").into());
            };
            match proof.holds(bytes) {
                Some(rest) if rest.is_empty() => {}
                Some(rest) => self.held = Some(rest),
                None => return Err(Odd::Other("it is another file than before")),
            }
        }
        Ok(())
    }
}

/// What a relay says behind a body: whether that was all, or why it has ended early.
fn ends_whole(trailers: Option<&http::HeaderMap>) -> Result<bool, Stop> {
    let why = trailers.and_then(|trailers| trailers.get(WHY)).and_then(|why| why.to_str().ok());
    match why.and_then(|why| why.parse().ok()) {
        None => Ok(false),
        Some(Why::Whole) => Ok(true),
        Some(Why::Slot) => Err(Stop::slot(None)),
        Some(Why::Status(status)) => Err(answer::refused(status, &http::HeaderMap::new())),
        Some(Why::Incomplete) => Err(Stop::broken(answer::INCOMPLETE)),
        Some(Why::Unsupported(obstacle)) => Err(answer::unsupported(obstacle)),
        Some(Why::Broken | Why::Foreign) => Err(Stop::broken("the provider ended early")),
    }
}

/// The beginning of something that is no video, for the log. SECURITY: panels write addresses, names and passwords into
/// their pages.
fn scrubbed(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    // Tags say nothing to people.
    let mut inside = false;
    let plain = text.chars().map(|c| {
        inside = (inside || c == '<') && c != '>';
        if inside || c == '>' || c.is_control() || c == char::REPLACEMENT_CHARACTER { ' ' } else { c }
    });
    let plain: String = plain.collect();
    let secret = |word: &str| word.len() > 24 || word.contains(['/', '@', '=', ':', '%']);
    let words = plain.split_whitespace().map(|word| if secret(word) { "***" } else { word });
    words.collect::<Vec<_>>().join(" ")
}
