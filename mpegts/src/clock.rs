//! The two clocks of a transport stream, both of which wrap.
//!
//! PTS and DTS count 90 kHz in 33 bits and wrap every 26.5 hours; the PCR counts 27 MHz as 300 times the same 33 bits
//! plus an extension. "Later" has a meaning only between neighbours: differences are signed and in half the range.

use std::time::Duration;

/// A PTS or a DTS: 90 kHz, modulo 2^33.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Timestamp(u64);

/// A program clock reference: 27 MHz, modulo 300 * 2^33.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Pcr(u64);

impl Timestamp {
    /// Ticks per second.
    pub const HZ: i64 = 90_000;
    /// The first value that does not exist.
    pub const MODULUS: u64 = 1 << 33;

    /// The timestamp `ticks` after zero, wrapped.
    pub const fn new(ticks: u64) -> Self {
        Self(ticks % Self::MODULUS)
    }

    /// Ticks since the last wrap, less than 2^33.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// Ticks from `earlier` to `self`, in [-2^32, 2^32): negative when `self` is the earlier one.
    pub const fn since(self, earlier: Self) -> i64 {
        half_range(self.0, earlier.0, Self::MODULUS)
    }

    /// `ticks` later (or earlier, when negative), wrapped.
    #[must_use]
    pub const fn plus(self, ticks: i64) -> Self {
        Self(wrapped(self.0, ticks, Self::MODULUS))
    }
}

impl Pcr {
    /// Ticks per second.
    pub const HZ: i64 = 27_000_000;
    /// The first value that does not exist.
    pub const MODULUS: u64 = 300 * Timestamp::MODULUS;
    /// Ticks of this clock in one tick of a [`Timestamp`].
    pub const PER_TIMESTAMP: i64 = 300;

    /// The reference `ticks` after zero, wrapped.
    pub const fn new(ticks: u64) -> Self {
        Self(ticks % Self::MODULUS)
    }

    /// Ticks since the last wrap.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// The 33 bits at 90 kHz: the instant on the clock of PTS and DTS.
    pub const fn base(self) -> Timestamp {
        Timestamp(self.0 / 300)
    }

    /// The remainder below one tick of the base, 0 to 299.
    pub const fn extension(self) -> u16 {
        (self.0 % 300) as u16
    }

    /// Ticks from `earlier` to `self` in half the range: negative when `self` is the earlier one.
    pub const fn since(self, earlier: Self) -> i64 {
        half_range(self.0, earlier.0, Self::MODULUS)
    }

    /// `ticks` later (or earlier, when negative), wrapped.
    #[must_use]
    pub const fn plus(self, ticks: i64) -> Self {
        Self(wrapped(self.0, ticks, Self::MODULUS))
    }
}

impl From<Timestamp> for Pcr {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.0 * 300)
    }
}

/// Ticks of 90 kHz in `duration`, rounded down; more than 2^33 of them make no sense and are cut off there.
pub fn ticks(duration: Duration) -> i64 {
    let ticks = duration.as_nanos() * 9 / 100_000;
    ticks.min(u128::from(Timestamp::MODULUS)) as i64
}

/// The duration of `ticks` of 90 kHz; nothing when negative.
pub fn duration(ticks: i64) -> Duration {
    Duration::from_nanos((ticks.max(0) as u128 * 100_000 / 9) as u64)
}

const fn wrapped(value: u64, ticks: i64, modulus: u64) -> u64 {
    (value + ticks.rem_euclid(modulus as i64) as u64) % modulus
}

const fn half_range(later: u64, earlier: u64, modulus: u64) -> i64 {
    let ahead = (later + modulus - earlier) % modulus;
    if ahead < modulus / 2 { ahead as i64 } else { ahead as i64 - modulus as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_across_the_wrap_is_small() {
        let before = Timestamp::new(Timestamp::MODULUS - 10);
        let after = before.plus(25);
        assert_eq!(after.ticks(), 15);
        assert_eq!(after.since(before), 25);
        assert_eq!(before.since(after), -25);
    }

    #[test]
    fn a_pcr_keeps_its_extension_when_shifted_by_whole_ticks_of_the_base() {
        let pcr = Pcr::new(Pcr::MODULUS - 1);
        assert_eq!(pcr.extension(), 299);
        let later = pcr.plus(2 * Pcr::PER_TIMESTAMP);
        assert_eq!((later.base(), later.extension()), (Timestamp::new(1), 299));
        assert_eq!(later.since(pcr), 600);
    }

    #[test]
    fn durations_convert_both_ways() {
        assert_eq!(ticks(Duration::from_millis(1500)), 135_000);
        assert_eq!(duration(135_000), Duration::from_millis(1500));
        assert_eq!(duration(-1), Duration::ZERO);
        assert_eq!(ticks(Duration::MAX), 1 << 33);
    }

    proptest::proptest! {
        #[test]
        fn what_is_added_is_the_difference(start in 0..Timestamp::MODULUS, step in -(1i64 << 32)..(1i64 << 32)) {
            let start = Timestamp::new(start);
            proptest::prop_assert_eq!(start.plus(step).since(start), step);
            let start = Pcr::from(start);
            proptest::prop_assert_eq!(start.plus(step * 300).since(start), step * 300);
        }
    }
}
