//! Sound that a connection sends before the first picture a viewer can begin with. Over a seam it is wanted: sound is sent
//! later than the pictures it belongs to, or earlier, and without it there may be a hole that a listener notices.

use mpegts::{AccessPoint, PACKET, Packet, Pid, Program, Timestamp, packets, pes};

/// More than a second of sound, whatever its coding.
const BYTES: usize = 128 << 10;
/// What is further from the first picture than this belongs to another time.
const LONGEST: i64 = 2 * Timestamp::HZ;

/// The last packets of the first stream of sound, from the beginning of a unit on.
#[derive(Default)]
pub(super) struct Early {
    pid: Option<Pid>,
    packets: Vec<u8>,
}

impl Early {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Remembers the sound of `program` among packets that are passed over.
    pub(super) fn push(&mut self, passed: &[u8], program: &Program) {
        let pid = program.audio().map(|stream| stream.pid);
        if self.pid != pid {
            *self = Self { pid, packets: Vec::new() };
        }
        for packet in packets(passed).filter(|packet| Some(packet.pid()) == pid) {
            if packet.unit_start() || !self.packets.is_empty() {
                self.packets.extend_from_slice(packet.bytes());
            }
        }
        if self.packets.len() > 2 * BYTES {
            let enough = self.packets.len() - BYTES;
            self.begin_at(|at, packet| at >= enough && packet.unit_start());
        }
    }

    /// The packets of `pid` that go before `start`: from the first unit on that is still in time there.
    pub(super) fn take(&mut self, pid: Pid, start: &AccessPoint) -> Vec<u8> {
        let mut early = std::mem::take(self);
        let (Some(clock), Some(picture)) = (start.pcr, start.decode_time()) else { return Vec::new() };
        if early.pid != Some(pid) {
            return Vec::new();
        }
        early.begin_at(|_, packet| {
            let header = pes::Header::read(packet.payload()).filter(|_| packet.unit_start());
            header
                .and_then(|header| header.pts)
                .is_some_and(|heard| heard.since(clock.base()) >= 0 && heard.since(picture).abs() < LONGEST)
        });
        early.packets
    }

    /// Forgets what is before the first packet that is `wanted`, all if there is none.
    fn begin_at(&mut self, wanted: impl Fn(usize, Packet<'_>) -> bool) {
        let places = (0..self.packets.len()).step_by(PACKET);
        let place = places.zip(packets(&self.packets)).find(|(at, packet)| wanted(*at, *packet));
        let keep = place.map_or(self.packets.len(), |(at, _)| at);
        self.packets.drain(..keep);
    }
}
