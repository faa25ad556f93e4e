//! A segment that is not complete yet.

use std::sync::Arc;

use super::Segment;
use super::tables::Tables;
use crate::clock::{Pcr, Timestamp};
use crate::packet::{Packet, Pid};
use crate::program::Program;

/// Tables are repeated this long after the last ones; 0.5 s with the distance of two clock references
/// (ETSI TR 101 290, 5.2.1).
const TABLES: i64 = 2 * Pcr::HZ / 5;

/// The segment that takes what comes.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) bytes: Vec<u8>,
    pub(super) program: Arc<Program>,
    /// When its first unit is decoded.
    pub(super) start: Timestamp,
    pub(super) discontinuity: bool,
    pub(super) independent: bool,
    pub(super) parameters: Option<Vec<u8>>,
    /// The clock at the last tables.
    tables: Option<Pcr>,
}

/// The segment before, which takes the rest of the units that were under way when it ended.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) segment: Growing,
    pub(super) ticks: i64,
    /// Whose rest it waits for.
    pub(super) waiting: Vec<Pid>,
}

impl Growing {
    pub(super) fn new(
        program: Arc<Program>,
        start: Timestamp,
        clock: Option<Pcr>,
        tables: &mut Tables,
    ) -> Self {
        let mut bytes = Vec::new();
        tables.write(&program, &mut bytes);
        let (discontinuity, independent, parameters) = (false, true, None);
        Self { bytes, program, start, discontinuity, independent, parameters, tables: clock }
    }

    /// Whether packets of `pid` are part of it.
    pub(super) fn carries(&self, pid: Pid) -> bool {
        self.program.pcr_pid == pid || self.program.streams.iter().any(|stream| stream.pid == pid)
    }

    /// Whether `pid` is the stream by which it is cut.
    pub(super) fn is_led_by(&self, pid: Pid) -> bool {
        self.program.leading().is_some_and(|stream| stream.pid == pid)
    }

    /// Whether a decoder of it cannot go on with `program`, set up by `parameters`.
    pub(super) fn differs(&self, program: &Program, parameters: Option<&Vec<u8>>) -> bool {
        let made_of = |program: &Program| {
            let streams = program.streams.iter().map(|stream| (stream.pid, stream.stream_type, stream.codec));
            (program.pcr_pid, streams.collect::<Vec<_>>())
        };
        let set_up = self.parameters.as_ref().zip(parameters);
        made_of(&self.program) != made_of(program) || set_up.is_some_and(|(before, now)| before != now)
    }

    /// Appends a packet; tables before it when it is time.
    pub(super) fn push(&mut self, packet: Packet<'_>, tables: &mut Tables) {
        if let Some(now) = packet.pcr().filter(|_| packet.pid() == self.program.pcr_pid) {
            let since = self.tables.map_or(0, |last| now.since(last));
            if !(0..TABLES).contains(&since) {
                tables.write(&self.program, &mut self.bytes);
            }
            if self.tables.is_none() || !(0..TABLES).contains(&since) {
                self.tables = Some(now);
            }
        }
        self.bytes.extend_from_slice(packet.bytes());
    }
}

impl Closing {
    pub(super) fn finish(self) -> Segment {
        let Growing { bytes, program, discontinuity, independent, parameters, .. } = self.segment;
        Segment { bytes, ticks: self.ticks, discontinuity, independent, program, parameters }
    }
}
