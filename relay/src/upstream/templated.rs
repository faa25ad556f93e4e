//! A channel's past, asked for as its playlist says: at an address with the times in it, once.
//!
//! What comes is a recording with a length; or television without one that goes on until now, of which only as much as was
//! asked for is passed on; or HLS, which becomes a transport stream.

use bytes::Bytes;
use contract::address::Template;
use contract::bundle::Upstream;
use futures_util::{Stream, stream};
use mpegts::{Aligner, PACKET, Packet, Pcr, Pid, Tracker};

use super::archive::{Found, Search, is_in_step};
use super::file::{Ask, Body, File, Open, Way};
use super::hls;
use crate::refusal::Failure;

/// Steps of the clock that are longer are no steps.
const LONGEST: i64 = 10 * Pcr::HZ;
/// A clock that is not heard of while others are, so many times, has stopped: one comes every tenth of a second (ISO/IEC
/// 13818-1, 2.7.2).
const PATIENCE: u32 = 50;

/// Asks for the past that `search` is for.
///
/// # Errors
/// The provider refuses, or what it sends is no television.
pub(super) async fn open(search: &Search<'_>, template: &Template, ask: &Ask) -> Result<Found, Failure> {
    let path = template.fill(search.past, search.now);
    let listed = path.split(['?', '#']).next().is_some_and(|path| path.ends_with(".m3u8"));
    let way = Way { upstream: Upstream { path, ..search.way.upstream.clone() }, login: search.way.login };
    if !listed {
        match File::open(search.dialler, &way, ask).await? {
            File::Open(mut file) => {
                is_in_step(&mut file).await?;
                if file.size.is_none() {
                    let seconds = search.past.seconds();
                    file.body = Body::of(limited(file.body, seconds));
                }
                return Ok(Found { way, file: File::Open(file) });
            }
            File::Behind { .. } => return Err(Failure::Foreign("no television")),
            File::List => {}
        }
    }
    // One connection at a time: that of the list, if there was one, is closed by now.
    let television = hls::Stream::recorded(search.dialler, &way.upstream, way.login).await?;
    let body = Body::of(limited(television.into_body(), search.past.seconds()));
    let file = File::Open(Open::of_hls(body));
    Ok(Found { way, file })
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
    /// Knows whose clock is the programme's now.
    tracker: Tracker,
    /// Ticks of the clock.
    left: i64,
    clock: Option<Clock>,
}

/// The clock that counts.
struct Clock {
    pid: Pid,
    /// What it showed last.
    last: Pcr,
    /// How often others were heard of since.
    others: u32,
}

impl Limit {
    /// The packets that are whole by now and begin in time.
    fn taken(&mut self, bytes: &[u8]) -> Bytes {
        let mut packets = Vec::with_capacity(bytes.len() + PACKET);
        self.aligner.push(bytes, &mut packets);
        let mut end = packets.len();
        for (place, packet) in packets.as_chunks::<PACKET>().0.iter().enumerate() {
            let Some(packet) = Packet::new(packet) else { continue };
            self.tracker.push(packet);
            if let Some(now) = packet.pcr() {
                self.left -= self.passed(packet.pid(), now);
            }
            if self.left <= 0 {
                end = place * PACKET;
                break;
            }
        }
        packets.truncate(end);
        packets.into()
    }

    /// Ticks that have passed when a clock shows `now`. The one that counts is the one that the tables name, as soon as it
    /// is heard of: they may name another one at any time. Where they name none, or one that never comes, it is the one
    /// that was there first.
    fn passed(&mut self, pid: Pid, now: Pcr) -> i64 {
        let named = self.tracker.program().is_some_and(|program| program.pcr_pid == pid);
        let clock = self.clock.get_or_insert(Clock { pid, last: now, others: 0 });
        if clock.pid != pid && !named && clock.others < PATIENCE {
            clock.others += 1;
            return 0;
        }
        let step = now.since(clock.last);
        *clock = Clock { pid, last: now, others: 0 };
        if (0..=LONGEST).contains(&step) { step } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use mpegts::psi::{Pat, Pmt, PmtEntry, packetise};

    use super::*;

    const TABLES: Pid = Pid::new(0x1000);

    /// The tables of a programme whose clock is on `pid`, the nth of their kind.
    fn tables(pid: Pid, nth: u8) -> Vec<u8> {
        let mut packets = Vec::new();
        let entry = PmtEntry { stream_type: 0x1B, pid, descriptors: Vec::new() };
        let pmt =
            Pmt { number: 1, version: nth, pcr_pid: pid, descriptors: Vec::new(), entries: vec![entry] };
        packetise(
            Pid::PAT,
            &Pat { transport: 1, version: 0, programs: vec![(1, TABLES)] }.write(),
            nth,
            &mut packets,
        );
        packetise(TABLES, &pmt.write(), nth, &mut packets);
        packets
    }

    /// Two seconds of a clock on `pid` from `from` seconds on, ten times a second.
    fn clock(pid: u16, from: i64) -> Vec<u8> {
        let reference = |tenth: i64| {
            let base = (from * 10 + tenth) * 9000;
            let [high, low] = pid.to_be_bytes();
            let mut packet = [0xFF; PACKET];
            packet[..6].copy_from_slice(&[0x47, high, low, 0x20, 183, 0x10]);
            packet[6..10].copy_from_slice(&u32::try_from(base >> 1).unwrap().to_be_bytes());
            packet[10..12].copy_from_slice(&[((base & 1) as u8) << 7 | 0x7E, 0]);
            packet
        };
        (0..20).flat_map(reference).collect()
    }

    /// How much of `bytes` is taken of six seconds.
    fn taken(bytes: &[u8]) -> usize {
        let mut limit = Limit { left: 6 * Pcr::HZ, ..Limit::default() };
        limit.taken(bytes).len() / PACKET
    }

    #[test]
    fn the_clock_that_counts_is_the_one_that_the_tables_name_now() {
        let (one, two) = (Pid::new(0x100), Pid::new(0x200));
        let television = [
            tables(one, 0),
            clock(0x100, 10),
            clock(0x100, 12),
            tables(two, 1),
            clock(0x200, 14),
            clock(0x200, 16),
        ];
        assert_eq!(taken(&television.concat()), 2 + 40 + 2 + 20);
        // The clock of another programme does not count.
        let beside = |from| [clock(0x100, from), clock(0x300, from + 42)].concat();
        let several = [clock(0x300, 50), tables(one, 0), beside(10), beside(12), beside(14), beside(16)];
        assert_eq!(taken(&several.concat()), 20 + 2 + 80 + 1);
    }

    #[test]
    fn a_clock_that_nobody_names_counts_until_it_has_stopped() {
        let bare: Vec<Vec<u8>> = (10..30).step_by(2).map(|from| clock(0x100, from)).collect();
        assert_eq!(taken(&bare.concat()), 60);
        let other = (12..60).step_by(2).map(|from| clock(0x200, from));
        let moved: Vec<Vec<u8>> = [clock(0x100, 10)].into_iter().chain(other).collect();
        assert!((60..=120).contains(&taken(&moved.concat())), "{}", taken(&moved.concat()));
        let silent = [vec![tables(Pid::new(0x1FFE), 0)], bare].concat();
        assert_eq!(taken(&silent.concat()), 2 + 60, "what the tables name never comes");
    }
}
