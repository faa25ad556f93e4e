//! A program: what one channel of a transport stream consists of, with the tables that say so.

use crate::codec::{Codec, Descriptors, Kind};
use crate::packet::Pid;
use crate::psi::{Pmt, packetise};

/// The program that is followed, as its current tables describe it. Immutable: a change makes a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Program number, not 0.
    pub number: u16,
    /// Where its PMT is.
    pub pmt_pid: Pid,
    /// Whose packets carry its clock.
    pub pcr_pid: Pid,
    /// Its streams, in the order of the PMT.
    pub streams: Vec<Stream>,
    /// The PAT section that lists it, as received.
    pub pat: Vec<u8>,
    /// Its PMT section, as received.
    pub pmt: Vec<u8>,
}

/// An elementary stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Where it is.
    pub pid: Pid,
    /// As in the PMT.
    pub stream_type: u8,
    /// What that means.
    pub codec: Codec,
    /// ISO 639-2 code in lower case, if the PMT names one.
    pub language: Option<[u8; 3]>,
}

impl Program {
    pub(crate) fn new(pat: &[u8], pmt_pid: Pid, pmt: &[u8], table: &Pmt) -> Self {
        let streams = table.entries.iter().map(|entry| Stream {
            pid: entry.pid,
            stream_type: entry.stream_type,
            codec: Codec::of(entry.stream_type, &entry.descriptors),
            language: language(&entry.descriptors),
        });
        Self {
            number: table.number,
            pmt_pid,
            pcr_pid: table.pcr_pid,
            streams: streams.collect(),
            pat: pat.to_vec(),
            pmt: pmt.to_vec(),
        }
    }

    /// The first stream of pictures.
    pub fn video(&self) -> Option<&Stream> {
        self.first(Kind::Video)
    }

    /// The first stream of sound.
    pub fn audio(&self) -> Option<&Stream> {
        self.first(Kind::Audio)
    }

    /// The stream that says where the program can be joined and how its time passes: video, else audio.
    pub fn leading(&self) -> Option<&Stream> {
        self.video().or_else(|| self.audio())
    }

    fn first(&self, kind: Kind) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.codec.kind() == kind)
    }

    /// Whether a decoder can go on from `self` to `other` with nothing but a new PMT: video and audio are coded alike.
    pub fn continues_as(&self, other: &Self) -> bool {
        let codecs = |program: &Self| {
            [program.video(), program.audio()].map(|stream| stream.map(|stream| stream.codec))
        };
        codecs(self) == codecs(other)
    }

    /// Appends a PAT and the PMT as fresh packets, so counted that `pat_next` and `pmt_next` are the counters of the
    /// packets that follow on either PID.
    pub fn tables(&self, pat_next: u8, pmt_next: u8, out: &mut Vec<u8>) {
        for (pid, section, next) in [(Pid::PAT, &self.pat, pat_next), (self.pmt_pid, &self.pmt, pmt_next)] {
            let packets = (section.len() + 1).div_ceil(184);
            packetise(pid, section, next.wrapping_sub(packets as u8), out);
        }
    }
}

/// The first language of an ISO 639 language descriptor.
fn language(descriptors: &[u8]) -> Option<[u8; 3]> {
    let (_, body) = Descriptors(descriptors).find(|(tag, _)| *tag == 0x0A)?;
    let code = body.first_chunk::<3>()?.map(|letter| letter.to_ascii_lowercase());
    code.iter().all(u8::is_ascii_lowercase).then_some(code)
}
