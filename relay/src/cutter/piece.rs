//! How a piece begins: with PAT, PMT and an access point, if one comes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mpegts::join::Trim;
use mpegts::{AccessPoint, PACKET, Program, pes};

use super::Cutter;
use crate::feed::Point;

/// A piece in which no access point is found for this long begins anywhere: scrambled, or of an unknown coding.
pub(super) const PATIENCE: Duration = Duration::from_secs(12);
/// The same when it carries neither picture nor sound, so that nothing is to be expected.
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);

impl Cutter {
    /// The first access point of a piece: tables and what follows go out, what came before does not.
    pub(super) fn begin_piece(&mut self, place: usize, found: &AccessPoint) {
        self.pass_over(place);
        let mut flags = Vec::new();
        self.trim = Some(Trim::new(&found.program));
        match self.pieces {
            0 => self.restamper.follow(&found.program),
            _ if self.flagged => self.restamper.flag(found, &mut flags),
            _ => self.splice(found),
        }
        let mut tables = Vec::new();
        found.tables(&mut tables);
        if let Some((behind, _)) = &mut self.behind {
            *behind = tables.len() + PACKET;
        }
        self.start(&tables, Some(found.program.clone()));
        self.insert(&flags); // they go before everything else
        self.finished = flags.len();
    }

    /// Clocks go on, and sound that came shortly before the first picture fills the gap to what was heard last, as far
    /// as there is one: the restamper leaves out the rest. It comes behind the packet in which the picture begins.
    fn splice(&mut self, found: &AccessPoint) {
        let sound = found.program.video().and(found.program.audio());
        let packets = sound.map_or_else(Vec::new, |sound| self.early.take(sound.pid, found));
        let first = mpegts::packets(&packets).next();
        let header = first.and_then(|packet| pes::Header::read(packet.payload()));
        self.restamper.splice(found, header.and_then(|header| header.pts));
        if let (Some(sound), Some(_)) = (sound, header) {
            self.trim.iter_mut().for_each(|trim| trim.admit(sound.pid));
            self.behind = Some((0, packets));
        }
    }

    /// While no access point is known nothing goes out, and only what may begin one is kept.
    pub(super) fn wait_for_access(&mut self, now: Instant) {
        let keep = self.tracker.undecided().and(self.candidate).map_or(self.seen, |(_, at)| at);
        self.pass_over(keep);
        let program = self.tracker.program().cloned();
        let hopeless = program.as_ref().is_some_and(|program| program.leading().is_none());
        let patience = if hopeless { LITTLE_PATIENCE } else { PATIENCE };
        if now.duration_since(*self.opened.get_or_insert(now)) > patience {
            let mut tables = Vec::new();
            program.iter().for_each(|program| program.tables(0, 0, &mut tables));
            self.start(&tables, None);
        }
    }

    /// The piece begins with `tables` and all that is pending.
    fn start(&mut self, tables: &[u8], program: Option<Arc<Program>>) {
        self.insert(tables);
        self.changed |= match (&self.program, self.tracker.program()) {
            (Some(before), Some(now)) => !before.continues_as(now),
            _ => false,
        };
        self.running = true;
        let splice = self.pieces > 0;
        self.pieces += 1;
        self.points.push(Point { offset: 0, time: self.line.time(), tables: Bytes::new(), program, splice });
        self.count_again();
    }

    /// Drops what came before an access point, but for the sound.
    fn pass_over(&mut self, bytes: usize) {
        if let (1.., false, Some(program)) = (self.pieces, self.flagged, self.tracker.program()) {
            self.early.push(&self.pending[..bytes], program);
        }
        self.drop_first(bytes);
    }
}
