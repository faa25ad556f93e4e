//! Random access points: the places from which a decoder can start, proved by what the stream contains.
//!
//! A video PES packet begins a random access point when its unit contains, before its first slice or in it,
//! an intra picture of the refreshing kind or the parameter sets that come with one. The proof may come some packets
//! after the start, so [`Finder::push`] answers with the number of the packet in which the PES packet began, and
//! [`Finder::undecided`] tells which packets a relay should hold back until then. The wait is bounded by
//! [`UNIT_LIMIT`] and [`PACKET_LIMIT`]; almost always the answer is in the first packet.
//!
//! `random_access_indicator` is a hint: some encoders never set it, some on every PES packet. See [`hints`].

mod h264;
mod hevc;
mod hints;
mod mpeg2;
mod scan;

use crate::clock::Timestamp;
use crate::codec::{Codec, Kind};
use crate::packet::Packet;
use crate::pes;
use hints::Hints;
use scan::{Answer, Scan};

/// Bytes of a unit that are searched before the answer is no.
pub const UNIT_LIMIT: usize = 64 * 1024;
/// Packets of the whole stream after which the answer is no, whatever they belong to.
pub const PACKET_LIMIT: u64 = 512;

/// Why a place is taken for a random access point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The unit contains what a decoder needs.
    Content,
    /// The stream says so, and nothing better was found for ten seconds.
    Hint,
    /// Sound without picture can be joined at every unit.
    Audio,
}

/// A random access point, with whatever the caller wanted to remember of the moment when its PES packet began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<M> {
    /// The caller's number of the packet in which it begins.
    pub packet: u64,
    /// Why.
    pub proof: Proof,
    /// When its unit is shown.
    pub pts: Option<Timestamp>,
    /// When its unit is decoded; only if it differs from the PTS.
    pub dts: Option<Timestamp>,
    /// What [`Finder::push`] was given when the PES packet began.
    pub mark: M,
}

/// Finds the random access points of one elementary stream.
#[derive(Clone, Debug)]
pub struct Finder<M> {
    codec: Codec,
    open: Option<Candidate<M>>,
    hints: Hints,
}

/// A PES packet of which it is not known yet whether it is a random access point.
#[derive(Clone, Debug)]
struct Candidate<M> {
    packet: u64,
    mark: M,
    hinted: bool,
    /// The beginning of the PES header, which may go on in the next packet.
    head: [u8; pes::HEADER],
    head_length: usize,
    /// Bytes of PES header that are still to come after `head`.
    skip: usize,
    header: Option<pes::Header>,
    scan: Scan,
    scanned: usize,
}

impl<M: Copy> Finder<M> {
    /// A finder for a stream of `codec`.
    pub fn new(codec: Codec) -> Self {
        Self { codec, open: None, hints: Hints::default() }
    }

    /// The number of the earliest packet that may still turn out to begin a random access point.
    #[inline]
    pub fn undecided(&self) -> Option<u64> {
        self.open.as_ref().map(|candidate| candidate.packet)
    }

    /// Takes the next packet of this stream. `number` counts packets of the whole transport stream.
    pub fn push(&mut self, number: u64, packet: Packet<'_>, mark: M) -> Option<Found<M>> {
        if !packet.unit_start() {
            return self.scan(packet);
        }
        // A unit that ends without a slice was none.
        let earlier = self.open.take().and_then(|candidate| self.decide(candidate, false));
        if self.codec.kind() == Kind::Audio {
            return audio(number, packet, mark);
        }
        self.open = Some(Candidate::new(number, mark, packet, self.codec));
        self.scan(packet).or(earlier)
    }

    /// Tells the finder that the transport stream has come to packet `number`, so that the wait stays bounded.
    #[inline]
    pub fn waited(&mut self, number: u64) -> Option<Found<M>> {
        let late = number.saturating_sub(self.undecided()?) >= PACKET_LIMIT;
        if late { self.open.take().and_then(|candidate| self.decide(candidate, false)) } else { None }
    }

    fn scan(&mut self, packet: Packet<'_>) -> Option<Found<M>> {
        let candidate = self.open.as_mut()?;
        let proved = match candidate.push(packet) {
            Answer::Yes => true,
            Answer::No => false,
            Answer::More => return None,
        };
        let candidate = self.open.take()?;
        self.decide(candidate, proved)
    }

    fn decide(&mut self, candidate: Candidate<M>, proved: bool) -> Option<Found<M>> {
        let hinted = candidate.hinted || candidate.scan.hinted();
        let header = candidate.header;
        let accepted = self.hints.accepted(proved, hinted, header.and_then(|header| header.decode_time()));
        let proof = if proved { Proof::Content } else { Proof::Hint };
        accepted.then_some(Found {
            packet: candidate.packet,
            proof,
            pts: header.and_then(|header| header.pts),
            dts: header.and_then(|header| header.dts),
            mark: candidate.mark,
        })
    }
}

/// Every PES packet of a stream of sound can be joined at.
fn audio<M>(number: u64, packet: Packet<'_>, mark: M) -> Option<Found<M>> {
    let header = pes::Header::read(packet.payload())?;
    Some(Found { packet: number, proof: Proof::Audio, pts: header.pts, dts: header.dts, mark })
}

impl<M> Candidate<M> {
    fn new(number: u64, mark: M, packet: Packet<'_>, codec: Codec) -> Self {
        Self {
            packet: number,
            mark,
            hinted: packet.adaptation().is_some_and(|field| field.random_access()),
            head: [0; pes::HEADER],
            head_length: 0,
            skip: 0,
            header: None,
            scan: Scan::new(codec),
            scanned: 0,
        }
    }

    /// Takes the next payload: first the PES header, then the unit.
    fn push(&mut self, packet: Packet<'_>) -> Answer {
        let payload = packet.payload();
        if packet.scrambled() {
            return Answer::No;
        }
        if self.header.is_none() {
            match self.read_header(payload) {
                Answer::Yes => {}
                other => return other,
            }
        }
        let skipped = self.skip.min(payload.len());
        self.skip -= skipped;
        let unit = &payload[skipped..];
        self.scanned += unit.len();
        match self.scan.push(unit) {
            Answer::More if self.scanned >= UNIT_LIMIT => Answer::No,
            answer => answer,
        }
    }

    /// Whether the PES header is known with the bytes of `payload`, and how many of them it takes.
    fn read_header(&mut self, payload: &[u8]) -> Answer {
        let before = self.head_length;
        let free = &mut self.head[before..];
        let taken = free.len().min(payload.len());
        free[..taken].copy_from_slice(&payload[..taken]);
        self.head_length += taken;
        let Some(header) = pes::Header::read(&self.head[..self.head_length]) else {
            return if self.head_length < 9 { Answer::More } else { Answer::No };
        };
        if self.head_length < header.length.min(pes::HEADER) {
            return Answer::More;
        }
        self.header = Some(header);
        self.skip = header.length - before;
        Answer::Yes
    }
}
