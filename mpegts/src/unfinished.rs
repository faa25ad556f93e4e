//! Units that are under way: what a stream has begun and not finished, should it break off now.
//!
//! A decoder can do nothing with the beginning of a unit, so a relay that holds one back costs its viewers nothing, and
//! can still leave it out when the rest does not come.

use crate::codec::Kind;
use crate::packet::{Packet, Pid};
use crate::pes;
use crate::program::Program;

/// The pictures and the sound of a program that are under way. Give it every packet.
#[derive(Clone, Debug, Default)]
pub struct Unfinished {
    units: Vec<Unit>,
}

/// A PES packet that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Unit {
    /// Whose.
    pub pid: Pid,
    /// The caller's number of the packet in which it begins.
    pub begins: i64,
    /// Bytes that are still to come; unknown for pictures, which mostly end where the next one begins.
    pub missing: Option<usize>,
}

impl Unfinished {
    /// Takes the packet with this number of a stream that carries `program`.
    pub fn push(&mut self, number: i64, packet: Packet<'_>, program: &Program) {
        if !packet.has_payload() {
            return;
        }
        let (pid, payload) = (packet.pid(), packet.payload());
        if packet.unit_start() {
            self.units.retain(|unit| unit.pid != pid);
            let known = program
                .streams
                .iter()
                .any(|stream| stream.pid == pid && matches!(stream.codec.kind(), Kind::Video | Kind::Audio));
            if known && !packet.scrambled() && pes::starts(payload) {
                self.units.push(Unit { pid, begins: number, missing: length(payload) });
            }
        }
        let unit = self.units.iter_mut().find(|unit| unit.pid == pid);
        let Some(missing) = unit.and_then(|unit| unit.missing.as_mut()) else { return };
        *missing = missing.saturating_sub(payload.len());
        if *missing == 0 {
            self.units.retain(|unit| unit.pid != pid);
        }
    }

    /// Those that are under way now, at most one for each stream.
    pub fn units(&self) -> &[Unit] {
        &self.units
    }
}

/// Of the whole PES packet that `payload` begins, if it says so (ISO/IEC 13818-1, 2.4.3.7).
fn length(payload: &[u8]) -> Option<usize> {
    let [_, _, _, _, high, low] = *payload.first_chunk::<6>()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    (length > 0).then_some(6 + length)
}
