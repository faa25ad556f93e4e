//! One PID: its counter, and its units with their times.

use super::pace::Pace;
use super::{Fault, Limits};
use crate::clock::{Pcr, Timestamp};
use crate::codec::Kind;
use crate::packet::{PACKET, Packet};
use crate::pes;
use crate::program::Stream;

/// What is remembered of one PID.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    /// The last packet with payload, to tell a repetition from something else with the same counter.
    last: Option<Box<[u8; PACKET]>>,
    repeated: bool,
    unit: Option<Unit>,
    decode: Option<Timestamp>,
    /// Of pictures.
    pace: Pace,
    /// Scrambled payload was seen.
    pub(super) scrambled: bool,
    /// Not in time, and that was told.
    untimely: bool,
    /// Whether a first packet with payload has come since the part began.
    pub(super) begun: bool,
}

/// A PES packet that is coming.
#[derive(Clone, Copy, Debug)]
struct Unit {
    head: [u8; pes::HEADER],
    head_length: usize,
    /// Whether the times were looked at.
    read: bool,
    /// Of the whole PES packet, if its header says.
    length: Option<u64>,
    received: u64,
    overrun: bool,
}

/// How a packet goes on from those before it.
pub(super) enum Continues {
    /// As it must.
    Well,
    /// It is the last packet once more, and has nothing new. Once that is legal.
    Again(Option<Fault>),
    /// Packets are missing, or something was announced to be.
    Not(Option<Fault>),
}

impl Line {
    pub(super) fn continues(&mut self, packet: Packet<'_>) -> Continues {
        let (found, announced) = (packet.continuity_counter(), packet.discontinuity());
        let last = self.last.as_deref().and_then(Packet::new);
        if !packet.has_payload() {
            let Some(expected) = last.map(Packet::continuity_counter) else { return Continues::Well };
            if announced {
                self.last = None;
                return Continues::Not(None);
            }
            let wrong = (expected != found).then_some(Fault::Counter { expected, found });
            return wrong.map_or(Continues::Well, |fault| Continues::Not(Some(fault)));
        }
        let expected = last.map_or(found, |last| (last.continuity_counter() + 1) & 0x0F);
        let jump = Fault::Counter { expected, found };
        if last.is_some_and(|last| equal(last, packet)) {
            let twice = std::mem::replace(&mut self.repeated, true);
            return Continues::Again(twice.then_some(jump));
        }
        self.repeated = false;
        self.last = Some(Box::new(*packet.bytes()));
        if expected == found { Continues::Well } else { Continues::Not((!announced).then_some(jump)) }
    }

    /// What it was in the middle of does not count any more.
    pub(super) fn break_off(&mut self) {
        self.unit = None;
    }

    /// The clock of its program jumps, as was announced.
    pub(super) fn forget_time(&mut self) {
        (self.decode, self.pace, self.untimely) = (None, Pace::default(), false);
    }

    /// Nothing of what was there before counts any more.
    pub(super) fn forget(&mut self) {
        *self = Self { begun: self.begun, ..Self::default() };
    }

    /// Takes the next payload of a PES stream. `clock` is the last reference of its program.
    pub(super) fn payload(
        &mut self,
        packet: Packet<'_>,
        stream: &Stream,
        clock: Option<Pcr>,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) {
        let payload = packet.payload();
        if packet.unit_start() {
            faults.extend(self.end_unit());
            self.unit = pes::starts(payload).then(|| Unit::new(payload));
        }
        let Some(unit) = &mut self.unit else { return };
        unit.received += payload.len() as u64;
        if !unit.overrun && unit.length.is_some_and(|length| unit.received > length) {
            unit.overrun = true;
            faults.push(Fault::UnitOverrun);
        }
        if let Some(header) = unit.header(payload) {
            self.times(&header, stream, clock, limits, faults);
        }
    }

    /// The unit that is coming ends here.
    pub(super) fn end_unit(&mut self) -> Option<Fault> {
        let unit = self.unit.take()?;
        let missing = unit.length?.checked_sub(unit.received).filter(|missing| *missing > 0)?;
        Some(Fault::UnitCut { missing })
    }

    fn times(
        &mut self,
        header: &pes::Header,
        stream: &Stream,
        clock: Option<Pcr>,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) {
        let Some(decode) = header.decode_time() else { return };
        let steady = matches!(stream.codec.kind(), Kind::Video | Kind::Audio);
        let step = self.decode.replace(decode).map(|last| decode.since(last));
        if let Some(ticks) = step {
            if ticks <= 0 {
                faults.push(Fault::DecodedBackwards { ticks });
            } else if steady && ticks * Pcr::PER_TIMESTAMP > limits.jump {
                faults.push(Fault::DecodedLater { ticks });
            }
        }
        if step.is_some_and(|ticks| ticks <= 0) {
            self.pace = Pace::default();
        } else if stream.codec.kind() == Kind::Video {
            self.pace.push(step, header.pts, faults);
        }
        if let Some(ticks) = header.pts.map(|shown| decode.since(shown)).filter(|ticks| *ticks > 0) {
            faults.push(Fault::ShownTooSoon { ticks });
        }
        let Some(ahead) = clock.map(|clock| decode.since(clock.base())) else { return };
        let fault = match ahead {
            late if late < 0 => Some(Fault::Late { ticks: -late }),
            early if early * Pcr::PER_TIMESTAMP > limits.ahead => Some(Fault::Early { ticks: early }),
            _ => None,
        };
        if !self.untimely {
            faults.extend(fault);
        }
        self.untimely = fault.is_some();
    }
}

impl Unit {
    fn new(payload: &[u8]) -> Self {
        let length = match *payload {
            [_, _, _, _, 0, 0, ..] => None,
            [_, _, _, _, high, low, ..] => Some(6 + u64::from(u16::from_be_bytes([high, low]))),
            _ => None, // the header goes on in the next packet
        };
        Self { head: [0; pes::HEADER], head_length: 0, read: false, length, received: 0, overrun: false }
    }

    /// The header, once, as soon as it is known with the bytes of `payload`.
    fn header(&mut self, payload: &[u8]) -> Option<pes::Header> {
        if self.read {
            return None;
        }
        let free = &mut self.head[self.head_length..];
        let taken = free.len().min(payload.len());
        free[..taken].copy_from_slice(&payload[..taken]);
        self.head_length += taken;
        let header = pes::Header::read(&self.head[..self.head_length])?;
        self.read = self.head_length >= header.length.min(pes::HEADER);
        self.read.then_some(header)
    }
}

/// Whether two packets are the same but for their clock references (ISO/IEC 13818-1, 2.4.3.3).
fn equal(one: Packet<'_>, other: Packet<'_>) -> bool {
    let same_payload = one.payload() == other.payload();
    same_payload && one.bytes()[1..4] == other.bytes()[1..4]
}
