//! When what was fetched is passed on: in real time by its own clock, not in the rhythm of segments. Players with small
//! buffers overflow when a segment comes at once, and starve until the next one. Pure.

use std::time::{Duration, Instant};

use bytes::Bytes;
use mpegts::{PACKET, Pcr, Pid};

/// Pieces are about this long,
const PIECE: Duration = Duration::from_millis(40);
/// and steps of the clock that are longer are no steps.
const LONGEST: i64 = 10 * Pcr::HZ;

/// Passes on what comes in real time, as much ahead of it as it may.
pub(super) struct Pace {
    /// How far ahead; at the beginning so much is passed on at once.
    lead: Duration,
    /// When the channel had which time.
    anchor: Option<(Instant, Duration)>,
}

/// A part of a segment.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) bytes: Bytes,
    /// The channel's time at its beginning.
    pub(super) at: Duration,
}

/// The channel's time, added up from its clock references.
#[derive(Default)]
pub(super) struct Clock {
    time: Duration,
    pid: Option<Pid>,
    last: Option<Pcr>,
}

impl Pace {
    pub(super) fn new(lead: Duration) -> Self {
        Self { lead, anchor: None }
    }

    /// When what has the time `at` may be passed on. What is late may catch up; what is later than the lead begins anew.
    pub(super) fn due(&mut self, at: Duration, now: Instant) -> Instant {
        let (began, first) = *self.anchor.get_or_insert((now, at));
        let due = began + at.saturating_sub(first).saturating_sub(self.lead);
        if now.saturating_duration_since(due) > self.lead && at > first + self.lead {
            self.anchor = Some((now, at));
            return now;
        }
        due
    }
}

impl Clock {
    /// Another time line begins.
    pub(super) fn splice(&mut self) {
        (self.pid, self.last) = (None, None);
    }

    /// Takes whole packets, which last as long as `said` if they have no clock.
    pub(super) fn cut(&mut self, packets: Bytes, said: Duration) -> Vec<Piece> {
        let (began, mut pieces) = (self.time, Vec::new());
        let (mut from, mut since) = (0, self.time);
        for (place, packet) in packets.as_chunks::<PACKET>().0.iter().enumerate() {
            let packet = mpegts::Packet::new(packet);
            let Some((packet, now)) = packet.and_then(|packet| Some((packet, packet.pcr()?))) else {
                continue;
            };
            if *self.pid.get_or_insert(packet.pid()) != packet.pid() {
                continue;
            }
            self.advance(now);
            let here = place * PACKET;
            if here == from {
                since = self.time;
            } else if self.time - since >= PIECE {
                pieces.push(Piece { bytes: packets.slice(from..here), at: since });
                (from, since) = (here, self.time);
            }
        }
        if from == 0 && self.time == began {
            return self.cut_evenly(&packets, said);
        }
        pieces.push(Piece { bytes: packets.slice(from..), at: since });
        pieces
    }

    fn advance(&mut self, now: Pcr) {
        let step = self.last.map_or(0, |last| now.since(last));
        if (0..LONGEST).contains(&step) {
            // Ticks of 27 MHz.
            self.time += Duration::from_nanos(step.unsigned_abs() * 1000 / 27);
        }
        self.last = Some(now);
    }

    fn cut_evenly(&mut self, packets: &Bytes, said: Duration) -> Vec<Piece> {
        self.pid = None; // its clock may be elsewhere now
        let pieces = (said.as_millis() / PIECE.as_millis()).clamp(1, 10_000) as usize;
        let size = (packets.len() / PACKET).div_ceil(pieces).max(1) * PACKET;
        let step = said / pieces as u32;
        let cut = (0..packets.len()).step_by(size).zip(0..).map(|(from, number)| Piece {
            bytes: packets.slice(from..packets.len().min(from + size)),
            at: self.time + step * number,
        });
        let pieces = cut.collect();
        self.time += said;
        pieces
    }
}

#[cfg(test)]
mod tests {
    use mpegts::NULL_PACKET;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A packet of PID 256 with this clock, in milliseconds.
    fn reference(milliseconds: u64) -> [u8; PACKET] {
        let base = milliseconds * 90;
        let mut packet = NULL_PACKET;
        packet[1..6].copy_from_slice(&[0x01, 0x00, 0x30, 7, 0x10]);
        packet[6..10].copy_from_slice(&u32::try_from(base >> 1).unwrap().to_be_bytes());
        packet[10..12].copy_from_slice(&[((base & 1) as u8) << 7 | 0x7E, 0]);
        packet
    }

    #[test]
    fn pieces_have_the_time_of_the_clock_across_segments_and_jumps() {
        let mut clock = Clock::default();
        let segment = |from: u64| -> Bytes {
            (0..10)
                .flat_map(|step| [reference(from + 100 * step), NULL_PACKET].concat())
                .collect::<Vec<u8>>()
                .into()
        };
        let times =
            |pieces: &[Piece]| -> Vec<u128> { pieces.iter().map(|piece| piece.at.as_millis()).collect() };
        let first = clock.cut(segment(5000), SECOND);
        assert_eq!(times(&first), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
        assert_eq!(first.iter().map(|piece| piece.bytes.len()).sum::<usize>(), 20 * PACKET);
        assert_eq!(times(&clock.cut(segment(6000), SECOND))[..3], [1000, 1100, 1200]);
        clock.splice();
        assert_eq!(times(&clock.cut(segment(90_000), SECOND))[..2], [1900, 2000]);
    }

    #[test]
    fn what_has_no_clock_lasts_as_long_as_the_list_says() {
        let mut clock = Clock::default();
        let pieces = clock.cut(NULL_PACKET.repeat(100).into(), SECOND);
        assert_eq!((pieces.len(), pieces[24].at.as_millis()), (25, 960));
        assert_eq!(clock.cut(NULL_PACKET.repeat(3).into(), SECOND)[0].at, SECOND);
    }

    #[test]
    fn the_lead_goes_out_at_once_and_the_rest_in_real_time() {
        let (mut pace, begin) = (Pace::new(2 * SECOND), Instant::now());
        let mut due = |at: u32, now: u32| pace.due(SECOND * at, begin + SECOND * now) - begin;
        assert_eq!(due(7, 0), Duration::ZERO);
        assert_eq!(due(9, 0), Duration::ZERO);
        assert_eq!(due(10, 0), SECOND);
        assert_eq!(due(11, 3), 2 * SECOND, "a second late: it catches up");
        assert_eq!(due(12, 9), 9 * SECOND, "six seconds late: it begins anew");
        assert_eq!(due(14, 9), 9 * SECOND);
        assert_eq!(due(15, 9), 10 * SECOND);
    }
}
