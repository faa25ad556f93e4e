//! A channel's past, asked for as its playlist says: at an address with the times in it, once.
//!
//! What comes is a recording with a length; or television without one that goes on until now, of which only as much as was
//! asked for is passed on; or HLS, which becomes a transport stream.

use bytes::Bytes;
use contract::address::Template;
use contract::bundle::Upstream;
use futures_util::{Stream, stream};
use mpegts::{Aligner, PACKET, Packet, Pcr, Pid};

use super::archive::{Found, Search, is_in_step};
use super::file::{Ask, Body, File, Open, Way};
use super::{Received, hls, ts};
use crate::refusal::Failure;

/// Steps of the clock that are longer are no steps.
const LONGEST: i64 = 10 * Pcr::HZ;

/// Asks for the past that `search` is for.
///
/// # Errors
/// The provider refuses, or what it sends is no television.
pub(super) async fn open(search: &Search<'_>, template: &Template, ask: &Ask) -> Result<Found, Failure> {
    let path = template.fill(search.past, search.now);
    let listed = path.split(['?', '#']).next().is_some_and(|path| path.ends_with(".m3u8"));
    let way = Way { upstream: Upstream { path, ..search.way.upstream.clone() }, login: search.way.login };
    if !listed {
        let File::Open(mut file) = File::open(search.dialler, &way, ask).await? else {
            return Err(Failure::Foreign("no television"));
        };
        if ts::begins_as_playlist(&file.body.peek(ts::HEAD).await?) != Some(true) {
            is_in_step(&mut file).await?;
            if file.size.is_none() {
                let seconds = search.past.seconds();
                file.body = Body::of(limited(file.body, seconds));
            }
            return Ok(Found { way, file: File::Open(file) });
        }
    }
    // One connection at a time: that of the list, if there was one, is closed by now.
    let television = hls::Stream::recorded(search.dialler, &way.upstream, way.login).await?;
    let body = Body::of(limited(Body::of(bytes(television)), search.past.seconds()));
    let file = File::Open(Open { from: 0, size: None, etag: None, ranges: false, body });
    Ok(Found { way, file })
}

/// What comes in of HLS.
fn bytes(television: hls::Stream) -> impl Stream<Item = Result<Bytes, Failure>> {
    stream::unfold(Some(television), |television| async {
        let mut television = television?;
        loop {
            match television.next().await {
                Ok(Some(Received::Bytes(bytes))) => return Some((Ok(bytes), Some(television))),
                Ok(Some(Received::Splice)) => {}
                Ok(None) => return None,
                Err(why) => return Some((Err(why), None)),
            }
        }
    })
}

/// So many seconds of television, by its own clock, in whole packets; what has no clock is not limited.
fn limited(body: Body, seconds: i64) -> impl Stream<Item = Result<Bytes, Failure>> {
    let limit = Limit { left: seconds * Pcr::HZ, ..Limit::default() };
    stream::unfold((body, limit), |(mut body, mut limit)| async move {
        while limit.left > 0 {
            match body.next().await? {
                Ok(bytes) => {
                    let taken = limit.taken(&bytes);
                    if !taken.is_empty() {
                        return Some((Ok(taken), (body, limit)));
                    }
                }
                Err(why) => return Some((Err(why), (body, limit))),
            }
        }
        None
    })
}

#[derive(Default)]
struct Limit {
    aligner: Aligner,
    /// Ticks of the clock.
    left: i64,
    /// Whose clock counts, and what it showed last.
    last: Option<(Pid, Pcr)>,
}

impl Limit {
    /// The packets that are whole by now and begin in time.
    fn taken(&mut self, bytes: &[u8]) -> Bytes {
        let mut packets = Vec::with_capacity(bytes.len() + PACKET);
        self.aligner.push(bytes, &mut packets);
        let clocks = packets.as_chunks::<PACKET>().0.iter().enumerate().filter_map(|(place, packet)| {
            let packet = Packet::new(packet)?;
            Some((place, packet.pid(), packet.pcr()?))
        });
        let mut end = packets.len();
        for (place, pid, now) in clocks {
            let (of, before) = *self.last.get_or_insert((pid, now));
            if of != pid {
                continue;
            }
            let step = now.since(before);
            self.left -= if (0..=LONGEST).contains(&step) { step } else { 0 };
            self.last = Some((pid, now));
            if self.left <= 0 {
                end = place * PACKET;
                break;
            }
        }
        packets.truncate(end);
        packets.into()
    }
}
