//! The channel's own time.

use std::time::{Duration, Instant};

use mpegts::Pcr;

/// What the clock of a channel says, added up over pieces and jumps.
#[derive(Default)]
pub(super) struct TimeLine {
    ticks: i64,
    last: Option<Pcr>,
    looked: Option<Instant>,
}

impl TimeLine {
    /// A clock reference, perhaps the same as before.
    pub(super) fn advance(&mut self, pcr: Option<Pcr>) {
        if pcr == self.last {
            return;
        }
        if let (Some(now), Some(last)) = (pcr, self.last) {
            let step = now.since(last);
            self.ticks += if (0..10 * Pcr::HZ).contains(&step) { step } else { 0 };
        }
        self.last = pcr;
    }

    /// The clock references to come have nothing to do with those before.
    pub(super) fn leap(&mut self) {
        self.last = None;
    }

    /// Where a stream has no clock, ours must do.
    pub(super) fn pass(&mut self, now: Instant) {
        let before = self.looked.replace(now);
        if let (None, Some(before)) = (self.last, before) {
            self.ticks +=
                (now.duration_since(before).as_micros() as i64).min(1_000_000) * (Pcr::HZ / 1_000_000);
        }
    }

    /// It is `time`, whatever a clock said meanwhile that belongs to nothing that went out.
    pub(super) fn reach(&mut self, time: Duration) {
        self.ticks = time.as_micros() as i64 * (Pcr::HZ / 1_000_000);
    }

    /// What time it is.
    pub(super) fn time(&self) -> Duration {
        Duration::from_micros(self.ticks.unsigned_abs() / (Pcr::HZ as u64 / 1_000_000))
    }
}
