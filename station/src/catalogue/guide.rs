//! The guide: for every channel an endless row of programmes without gaps, computed where it is looked at.

use jiff::tz::TimeZone;

use super::words::{PROGRAMMES, SENTENCES};
use super::{mix, pick};
use crate::clock;
use crate::settings::Settings;

/// The programmes of all channels.
#[derive(Clone, Debug)]
pub(crate) struct Guide {
    seed: u64,
    /// Mean length of a programme in seconds.
    length: i64,
    past: i64,
    ahead: i64,
    fixed: Option<i64>,
    zone: TimeZone,
}

/// One programme.
#[derive(Clone, Copy)]
pub(crate) struct Programme {
    /// Seconds since 1970.
    pub(crate) start: i64,
    /// Seconds since 1970, where the next one begins.
    pub(crate) stop: i64,
    pub(crate) title: &'static str,
    /// Told apart by an episode number where it is not 0.
    pub(crate) episode: u32,
    sentences: [Option<&'static str>; 4],
    /// The row's count, unique within a channel.
    pub(crate) number: i64,
}

impl Programme {
    /// The description, sentence by sentence; may be none.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.sentences.into_iter().flatten()
    }
}

impl Guide {
    pub(super) fn new(settings: &Settings) -> Self {
        const DAY: i64 = 86_400;
        Self {
            seed: settings.seed,
            length: i64::from(settings.programme_minutes.max(10)) * 60,
            past: i64::from(settings.guide_past_days) * DAY,
            ahead: i64::from(settings.guide_days.min(60)) * DAY,
            fixed: settings.now,
            zone: TimeZone::get(&settings.zone).unwrap_or(TimeZone::UTC),
        }
    }

    /// What the panel takes for now.
    pub(crate) fn now(&self) -> i64 {
        self.fixed.unwrap_or_else(clock::now)
    }

    /// By which clock the panel tells times.
    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The numbers of the programmes of a channel that the panel has.
    pub(crate) fn known(&self) -> std::ops::Range<i64> {
        let hour = match self.fixed {
            Some(now) => now,
            None => clock::now() / 3600 * 3600,
        };
        if self.past + self.ahead == 0 {
            0..0
        } else {
            (hour - self.past) / self.length..(hour + self.ahead) / self.length + 1
        }
    }

    /// The programme of a channel on the air at a time.
    pub(crate) fn at(&self, channel: u32, time: i64) -> i64 {
        let number = time / self.length;
        if self.start(channel, number) > time { number - 1 } else { number }
    }

    /// A programme by its number.
    pub(crate) fn programme(&self, channel: u32, number: i64) -> Programme {
        let seed = self.seed(channel, number);
        let mut sentences = [None; 4];
        // A third has no description, a third a sentence or two, a third a paragraph.
        let count = [0, 0, 1, 2, 3, 4][(seed >> 40) as usize % 6];
        for (place, sentence) in sentences.iter_mut().take(count).enumerate() {
            *sentence = Some(pick(SENTENCES, (seed >> (8 + 4 * place)) + place as u64 * 5));
        }
        Programme {
            start: self.start(channel, number),
            stop: self.start(channel, number + 1),
            title: pick(PROGRAMMES, seed >> 32),
            episode: if seed >> 50 & 3 == 0 { (seed >> 52) as u32 % 200 } else { 0 },
            sentences,
            number,
        }
    }

    /// Programmes begin on five minutes, up to an eighth of their length late.
    fn start(&self, channel: u32, number: i64) -> i64 {
        let late = (self.length / 8 / 300 + 1) as u64;
        number * self.length + (self.seed(channel, number) % late) as i64 * 300
    }

    fn seed(&self, channel: u32, number: i64) -> u64 {
        mix(self.seed ^ u64::from(channel) << 32, number as u64)
    }
}
