//! Pictures behind an access point that are shown before it (open GOP). They refer to what came before: a decoder that
//! begins there leaves them out by itself, one that goes on over a seam would take it from the piece before the seam.

use crate::clock::Timestamp;
use crate::packet::Packet;
use crate::pes;
use crate::tracker::AccessPoint;

/// Units behind an access point among which they are: a decoder keeps no more pictures than these
/// (ISO/IEC 14496-10, A.3.1).
const UNITS: u8 = 16;

/// Finds them on the stream of pictures.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    /// When the access point is shown.
    first: Timestamp,
    left: u8,
    /// The unit that is coming is one of them.
    inside: bool,
}

impl Lead {
    pub(super) fn of(start: &AccessPoint) -> Option<Self> {
        start.program.video()?;
        Some(Self { first: start.pts?, left: UNITS, inside: false })
    }

    /// Whether the packet, the next one with pictures, is to be left out.
    pub(super) fn drops(&mut self, packet: Packet<'_>) -> bool {
        if packet.unit_start() {
            let shown = pes::Header::read(packet.payload()).and_then(|header| header.pts);
            // The second field of a picture may have no time of its own.
            let before = shown.map_or(self.inside, |shown| shown.since(self.first) < 0);
            self.inside = before && self.left > 0;
            self.left = self.left.saturating_sub(1);
        }
        self.inside
    }
}
