//! What a checker finds, and how it is told.

use std::fmt;

use crate::clock::{Pcr, Timestamp};
use crate::packet::Pid;

/// One thing that is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In which part it is, from 0: a run of segments has one part per segment, everything else only one.
    pub part: u64,
    /// The packet at which it was noticed, counted from 0 in its part.
    pub packet: u64,
    /// Whose packet that is, where one PID is meant.
    pub pid: Option<Pid>,
    /// What it is.
    pub fault: Fault,
}

/// What can be wrong with a transport stream (ISO/IEC 13818-1, in the order in which it speaks of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// So many bytes belong to no packet: 188 bytes from the last 0x47 there was none.
    Misaligned {
        /// Bytes until packets went on, or until the end.
        bytes: u64,
    },
    /// The receiver of the signal could not correct the packet: transport_error_indicator.
    Damaged,
    /// A reserved adaptation_field_control, or an adaptation field that does not fit into its packet.
    Malformed,
    /// The continuity counter jumps and nothing announces it, or a packet comes twice and is not the same.
    Counter {
        /// What should have come, 0 to 15.
        expected: u8,
        /// What came.
        found: u8,
    },
    /// Payload that a viewer cannot read. Told once for each PID.
    Scrambled,
    /// A section whose checksum is wrong.
    Checksum {
        /// Its table_id.
        table: u8,
    },
    /// A table says something else under the same version_number: receivers may ignore it.
    VersionKept {
        /// Its table_id.
        table: u8,
    },
    /// A table was away for longer than [`super::Limits::table_interval`].
    TableInterval {
        /// Its table_id.
        table: u8,
        /// Ticks of 27 MHz.
        ticks: i64,
    },
    /// It does not begin with PAT and PMT; or it has none at all.
    NoTables,
    /// What follows the tables at the beginning is no access point.
    NoAccessPoint,
    /// A unit begins or the part ends before the last unit was whole.
    UnitCut {
        /// Bytes that its header promised and that did not come.
        missing: u64,
    },
    /// A unit goes on after it was whole.
    UnitOverrun,
    /// The first packet of a stream continues a unit that is not there.
    UnitContinues,
    /// Clock references are further apart than [`super::Limits::clock_interval`].
    ClockInterval {
        /// Ticks of 27 MHz.
        ticks: i64,
    },
    /// The clock turns back, or ahead by more than [`super::Limits::jump`], and nothing announces it.
    ClockJump {
        /// Ticks of 27 MHz.
        ticks: i64,
    },
    /// A unit is to be decoded before, or at the same time as, the one before it.
    DecodedBackwards {
        /// Ticks of 90 kHz, not positive.
        ticks: i64,
    },
    /// A picture is to be decoded less than half its duration after the one before it.
    DecodedTooSoon {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
    /// Two pictures are to be shown less than half their duration apart: one hides the other, or players show them in
    /// the wrong order.
    ShownTogether {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
    /// A unit of picture or sound is to be decoded more than [`super::Limits::jump`] after the one before it.
    DecodedLater {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
    /// A unit is to be shown before it is decoded.
    ShownTooSoon {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
    /// A unit begins after the instant at which it was to be decoded. Told once until it is in time again.
    Late {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
    /// A unit begins more than [`super::Limits::ahead`] before it is to be decoded. Told once, as above.
    Early {
        /// Ticks of 90 kHz.
        ticks: i64,
    },
}

impl Fault {
    /// A name for machines, which does not change.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Misaligned { .. } => "misaligned",
            Self::Damaged => "damaged",
            Self::Malformed => "malformed",
            Self::Counter { .. } => "counter",
            Self::Scrambled => "scrambled",
            Self::Checksum { .. } => "checksum",
            Self::VersionKept { .. } => "version_kept",
            Self::TableInterval { .. } => "table_interval",
            Self::NoTables => "no_tables",
            Self::NoAccessPoint => "no_access_point",
            Self::UnitCut { .. } => "unit_cut",
            Self::UnitOverrun => "unit_overrun",
            Self::UnitContinues => "unit_continues",
            Self::ClockInterval { .. } => "clock_interval",
            Self::ClockJump { .. } => "clock_jump",
            Self::DecodedBackwards { .. } => "decoded_backwards",
            Self::DecodedTooSoon { .. } => "decoded_too_soon",
            Self::ShownTogether { .. } => "shown_together",
            Self::DecodedLater { .. } => "decoded_later",
            Self::ShownTooSoon { .. } => "shown_too_soon",
            Self::Late { .. } => "late",
            Self::Early { .. } => "early",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = |ticks: &i64| *ticks as f64 / Pcr::HZ as f64;
        let time = |ticks: &i64| *ticks as f64 / Timestamp::HZ as f64;
        match self {
            Self::Misaligned { bytes } => write!(f, "{bytes} bytes belong to no packet"),
            Self::Damaged => f.write_str("marked as damaged by the receiver of the signal"),
            Self::Malformed => f.write_str("adaptation field that does not fit, or of a reserved kind"),
            Self::Counter { expected, found } => {
                write!(f, "continuity counter {found} where {expected} was expected")
            }
            Self::Scrambled => f.write_str("scrambled"),
            Self::Checksum { table } => write!(f, "wrong checksum in table {table:#04x}"),
            Self::VersionKept { table } => {
                write!(f, "table {table:#04x} has changed and its version has not")
            }
            Self::TableInterval { table, ticks } => {
                write!(f, "table {table:#04x} away for {:.3} s", clock(ticks))
            }
            Self::NoTables => f.write_str("does not begin with PAT and PMT"),
            Self::NoAccessPoint => f.write_str("no access point behind the tables"),
            Self::UnitCut { missing } => write!(f, "PES packet ends {missing} bytes early"),
            Self::UnitOverrun => f.write_str("PES packet goes on after its end"),
            Self::UnitContinues => f.write_str("begins in the middle of a PES packet"),
            Self::ClockInterval { ticks } => write!(f, "clock references {:.3} s apart", clock(ticks)),
            Self::ClockJump { ticks } => write!(f, "clock jumps by {:.3} s unannounced", clock(ticks)),
            Self::DecodedBackwards { ticks } => write!(f, "decode time steps by {:.5} s", time(ticks)),
            Self::DecodedTooSoon { ticks } => write!(f, "decode time steps by only {:.5} s", time(ticks)),
            Self::ShownTogether { ticks } => write!(f, "shown only {:.5} s from another", time(ticks)),
            Self::DecodedLater { ticks } => write!(f, "decode time jumps by {:.3} s", time(ticks)),
            Self::ShownTooSoon { ticks } => write!(f, "shown {:.5} s before it is decoded", time(ticks)),
            Self::Late { ticks } => write!(f, "begins {:.5} s after its decode time", time(ticks)),
            Self::Early { ticks } => write!(f, "begins {:.3} s before its decode time", time(ticks)),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part {} packet {}", self.part, self.packet)?;
        if let Some(pid) = self.pid {
            write!(f, " PID {pid}")?;
        }
        write!(f, ": {}", self.fault)
    }
}
