//! The bytes of segments, parts and initialisation.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use httpd::{Body, Response};

use super::quirk::Cipher;
use super::{Media, Origin, Rendition, cipher};
use crate::catalogue::mix;
use crate::clock;
use crate::stream::{Refusal, refuse};
use crate::television::{Broadcast, PACKET, Tracks};

impl Origin<'_> {
    /// A segment as it is sent.
    pub(super) fn segment(&self, broadcast: &Broadcast, number: u64) -> Vec<u8> {
        let entries = self.entries();
        let clear = self.clear(broadcast, number, 0..entries);
        match self.quirks.cipher {
            Some(Cipher::Aes { iv }) => {
                let key = cipher::key(self.wish.id, cipher::key_of(number));
                let iv = if iv { cipher::iv(self.wish.id, number) } else { cipher::sequence_iv(number) };
                cipher::encrypt(key, iv, &clear)
            }
            Some(Cipher::SampleAes | Cipher::Drm) | None => clear,
        }
    }

    /// Some of a segment's entries.
    fn clear(&self, broadcast: &Broadcast, number: u64, entries: std::ops::Range<u64>) -> Vec<u8> {
        let first = number * self.entries();
        let turns = self.turns(number);
        let mut out = Vec::new();
        if self.quirks.id3 || self.quirks.media == Media::Packed {
            out.extend(id3(broadcast.entry_time(first + entries.start) + turns * broadcast.turn_time()));
        }
        match self.quirks.media {
            Media::Ts => {
                let (begin, start) = (broadcast.entry(first), broadcast.entry(first + entries.start));
                let shift = turns * broadcast.turn();
                let mut packets = Vec::new();
                broadcast.write(begin + shift, broadcast.entry(first + entries.end) + shift, &mut packets);
                if !self.quirks.counting {
                    restart_counters(&mut packets);
                }
                out.extend_from_slice(&packets[(start - begin) as usize * PACKET..]);
            }
            Media::Fragments => {
                for entry in entries {
                    broadcast.fragment(first + entry, turns, self.tracks(), &mut out);
                }
            }
            Media::Packed => {
                for entry in entries {
                    broadcast.frames(first + entry, &mut out);
                }
            }
        }
        out
    }

    /// How many turns the clocks of a segment are ahead, for the discontinuities before it.
    fn turns(&self, number: u64) -> u64 {
        match self.quirks.discontinuity {
            Some(every) => mix(u64::from(self.wish.id), number / every) % 5000,
            None => 0,
        }
    }

    fn tracks(&self) -> Tracks {
        match self.place.rendition {
            Rendition::Picture => Tracks::Picture,
            Rendition::Sound => Tracks::Sound,
            Rendition::Main | Rendition::High | Rendition::Mid | Rendition::Low => Tracks::Both,
        }
    }

    /// What `EXT-X-MAP` refers to.
    pub(super) fn init(&self) -> Result<Vec<u8>, Refusal> {
        Ok(self.broadcast()?.init(self.tracks()))
    }

    /// A part: an entry of a segment. Who asks for the one that comes next waits until it is there.
    pub(super) fn part(&self, number: u64, part: u64) -> Result<Response, Refusal> {
        let broadcast = self.broadcast()?;
        let window = self.window(&broadcast);
        let wait = self.until(&broadcast, number, part + 1);
        let old = number + 2 * (window.end - window.first) < window.end;
        if part >= self.entries() || old || wait > self.patience() {
            return Err(refuse(StatusCode::NOT_FOUND));
        }
        let bytes = Bytes::from(self.clear(&broadcast, number, part..part + 1));
        let body = async move {
            tokio::time::sleep(wait).await;
            Ok(bytes)
        };
        Ok(self.typed(Body::stream(stream::once(body))))
    }

    /// How long it takes until so many entries of a segment are complete.
    pub(super) fn until(&self, broadcast: &Broadcast, number: u64, entries: u64) -> Duration {
        let complete = broadcast.time_of(broadcast.entry(number * self.entries() + entries));
        // A packet more, so that rounding does not leave it open.
        Duration::from_micros((complete + 5000).saturating_sub(clock::micros() as i64).max(0) as u64)
    }

    /// The longest that a request is held open: three segments.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(1280 * 3 * self.entries())
    }
}

/// Counts every PID's packets from 0 (ISO/IEC 13818-1, 2.4.3.3).
fn restart_counters(packets: &mut [u8]) {
    let mut next: Vec<(u16, u8)> = Vec::new();
    for packet in packets.chunks_exact_mut(PACKET) {
        let pid = u16::from_be_bytes([packet[1] & 0x1f, packet[2]]);
        if pid == 0x1fff {
            continue;
        }
        let place = next.iter().position(|(known, _)| *known == pid).unwrap_or_else(|| {
            next.push((pid, 0));
            next.len() - 1
        });
        let counter = &mut next[place].1;
        if packet[3] & 0x10 != 0 {
            packet[3] = packet[3] & 0xf0 | *counter;
            *counter = (*counter + 1) & 0x0f;
        } else {
            packet[3] = packet[3] & 0xf0 | counter.wrapping_sub(1) & 0x0f;
        }
    }
}

/// The time of the first sample in a private frame of an ID3v2.4 tag (RFC 8216, 3.4), 90 kHz.
fn id3(time: u64) -> Vec<u8> {
    const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
    let frame = OWNER.len() as u8 + 8;
    let mut tag = b"ID3\x04\x00\x00\x00\x00\x00".to_vec();
    tag.push(frame + 10);
    tag.extend(b"PRIV\x00\x00\x00");
    tag.push(frame);
    tag.extend([0, 0]);
    tag.extend(OWNER);
    tag.extend((time & 0x1_ffff_ffff).to_be_bytes());
    tag
}
