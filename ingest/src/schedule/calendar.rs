//! When it is time: a cron expression in a time zone, as a pure function of the instant.
//!
//! Cron speaks of the clock on the wall, and twice a year that clock is set. As crontabs have it: an hour that is named
//! happens once on such a day, be it skipped (then right after the gap) or doubled (then the first time); `*` and
//! `*/6` in the field of hours go on by what the wall shows, through a doubled hour as well.

use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Changes of the clock that are looked beyond: two a year, for a 29th of February on a certain weekday.
const CHANGES: usize = 200;

/// A schedule.
#[derive(Clone, Debug)]
pub(crate) struct Calendar {
    cron: Cron,
    zone: TimeZone,
    /// Hours are named, so that each is meant once a day.
    named: bool,
}

impl Calendar {
    /// Reads a cron expression of five, six or seven fields (six and seven begin with seconds) and the name of a zone.
    ///
    /// # Errors
    /// What is wrong, in words that name the setting.
    pub(crate) fn new(expression: &str, zone: &str) -> Result<Self, String> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let wrong =
            || format!("`schedule` is {expression:?}; expected a cron expression such as 0 */6 * * *");
        // The scheduler's seconds come first; crontabs have none.
        let (text, hours) = match fields.len() {
            5 => (format!("0 {expression}"), fields[1]),
            6 | 7 => (expression.to_owned(), fields[2]),
            _ => return Err(wrong()),
        };
        let parser = CronParser::builder().seconds(Seconds::Required).build();
        let cron = parser.parse(&text).map_err(|_| wrong())?;
        let zone = TimeZone::get(zone).map_err(|_| {
            format!("`zone` is {zone:?}; expected the name of a time zone such as UTC or Europe/London")
        })?;
        Ok(Self { cron, zone, named: !hours.starts_with('*') })
    }

    /// The first time after `after`; `None` for what never comes, such as a 30th of February.
    pub(crate) fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let mut from = after;
        let mut inclusive = false;
        for _ in 0..CHANGES {
            // Between two changes of the clock the wall differs from UTC by the same, and cron is plain arithmetic.
            let change = self.zone.following(from).next();
            let ahead = self.zone.to_offset(from).seconds();
            let end = change.as_ref().map(jiff::tz::TimeZoneTransition::timestamp);
            loop {
                // What does not come however long the wall goes on so, never does.
                let found = self.on_the_wall(from, ahead, inclusive)?;
                if end.is_some_and(|end| found >= end) {
                    break;
                }
                if !(self.named && self.is_second(found)) {
                    return Some(found);
                }
                (from, inclusive) = (found, false);
            }
            let (end, change) = (end?, change?);
            let later = change.offset().seconds() - ahead;
            if self.named && later > 0 && self.is_skipped(end, ahead, later) {
                return Some(end);
            }
            (from, inclusive) = (end, true);
        }
        None
    }

    /// Between the next two times after `now`.
    pub(crate) fn period(&self, now: Timestamp) -> Duration {
        let first = self.next(now);
        let second = first.and_then(|first| self.next(first));
        let between = first.zip(second).map(|(first, second)| second.duration_since(first));
        between.and_then(|between| between.try_into().ok()).unwrap_or(Duration::MAX)
    }

    /// The zone, for telling times in it.
    pub(crate) const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The next match after `from`, if the wall went on being `ahead` seconds ahead of UTC for ever.
    fn on_the_wall(&self, from: Timestamp, ahead: i32, inclusive: bool) -> Option<Timestamp> {
        let ahead = SignedDuration::from_secs(ahead.into());
        // A whole second: cron knows no parts of one, and an inclusive search begins at the next.
        let second = from.as_second() + i64::from(inclusive && from.subsec_nanosecond() > 0);
        let wall = Timestamp::from_second(second).ok()?.checked_add(ahead).ok()?;
        let wall: DateTime<Utc> = DateTime::from_timestamp(wall.as_second(), 0)?;
        let found = self.cron.find_next_occurrence(&wall, inclusive).ok()?;
        Timestamp::from_second(found.timestamp()).ok()?.checked_sub(ahead).ok()
    }

    /// Whether the wall shows at `instant` what it showed before on the same day.
    fn is_second(&self, instant: Timestamp) -> bool {
        let wall = self.zone.to_datetime(instant);
        match self.zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Fold { after, .. } => self.zone.to_offset(instant) == after,
            _ => false,
        }
    }

    /// Whether there is a time among the `later` seconds that the wall skips at `change`.
    fn is_skipped(&self, change: Timestamp, ahead: i32, later: i32) -> bool {
        self.on_the_wall(change, ahead, true)
            .is_some_and(|found| found.duration_since(change) < SignedDuration::from_secs(later.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All times after `after` and before `before`, as the wall shows them.
    fn times(expression: &str, zone: &str, after: &str, before: &str) -> Vec<String> {
        let calendar = Calendar::new(expression, zone).unwrap();
        let (mut now, end): (Timestamp, Timestamp) = (after.parse().unwrap(), before.parse().unwrap());
        let mut found = Vec::new();
        while let Some(next) = calendar.next(now).filter(|next| *next < end) {
            assert!(next > now, "time goes forward");
            found.push(next.to_zoned(calendar.zone().clone()).strftime("%d %H:%M%z").to_string());
            now = next;
        }
        found
    }

    #[test]
    fn local_times_stay_right_when_the_clock_is_set() {
        // London: 29 March 2026 01:00 UTC forward, 25 October 2026 01:00 UTC back.
        let spring = times("30 4 * * *", "Europe/London", "2026-03-27T12:00Z", "2026-03-31T00:00Z");
        assert_eq!(spring, ["28 04:30+0000", "29 04:30+0100", "30 04:30+0100"]);
        let autumn = times("30 4 * * *", "Europe/London", "2026-10-23T12:00Z", "2026-10-27T00:00Z");
        assert_eq!(autumn, ["24 04:30+0100", "25 04:30+0000", "26 04:30+0000"]);
        let utc = times("30 4 * * *", "UTC", "2026-03-27T12:00Z", "2026-03-31T00:00Z");
        assert_eq!(utc, ["28 04:30+0000", "29 04:30+0000", "30 04:30+0000"]);
    }

    #[test]
    fn a_named_hour_that_is_skipped_comes_right_after_the_gap() {
        let spring = times("30 1 * * *", "Europe/London", "2026-03-27T12:00Z", "2026-03-31T00:00Z");
        assert_eq!(spring, ["28 01:30+0000", "29 02:00+0100", "30 01:30+0100"]);
        let several = times("*/20 1 * * *", "Europe/London", "2026-03-29T00:00Z", "2026-03-29T12:00Z");
        assert_eq!(several, ["29 02:00+0100"], "one run for all that were skipped");
        let beside = times("0 2 * * *", "Europe/London", "2026-03-29T00:00Z", "2026-03-29T12:00Z");
        assert_eq!(beside, ["29 02:00+0100"]);
    }

    #[test]
    fn a_named_hour_that_is_doubled_comes_once() {
        let autumn = times("30 1 * * *", "Europe/London", "2026-10-24T12:00Z", "2026-10-26T12:00Z");
        assert_eq!(autumn, ["25 01:30+0100", "26 01:30+0000"]);
        // Begun in the second pass of the hour, when the first is over.
        let late = times("30 1 * * *", "Europe/London", "2026-10-25T01:10Z", "2026-10-26T12:00Z");
        assert_eq!(late, ["26 01:30+0000"]);
    }

    #[test]
    fn steps_go_on_through_both_changes() {
        let spring = times("*/30 * * * *", "Europe/London", "2026-03-29T00:29Z", "2026-03-29T02:00Z");
        assert_eq!(spring, ["29 00:30+0000", "29 02:00+0100", "29 02:30+0100"]);
        let autumn = times("*/30 * * * *", "Europe/London", "2026-10-25T00:15Z", "2026-10-25T02:15Z");
        assert_eq!(autumn, ["25 01:30+0100", "25 01:00+0000", "25 01:30+0000", "25 02:00+0000"]);
        let six = times("0 */6 * * *", "America/New_York", "2026-03-08T00:00Z", "2026-03-09T00:00Z");
        assert_eq!(six, ["08 00:00-0500", "08 06:00-0400", "08 12:00-0400", "08 18:00-0400"]);
    }

    #[test]
    fn zones_of_half_hours_and_the_southern_summer_are_right_too() {
        // Lord Howe: half an hour back on 5 April 2026 at 02:00 local.
        let lord = times("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T20:00Z", "2026-04-06T00:00Z");
        assert_eq!(lord, ["05 01:45+1100", "06 01:45+1030"]);
        let india = times("0 6 * * *", "Asia/Kolkata", "2026-01-01T00:00Z", "2026-01-02T12:00Z");
        assert_eq!(india, ["01 06:00+0530", "02 06:00+0530"]);
    }

    #[test]
    fn what_never_comes_is_none_and_what_is_wrong_is_told() {
        let calendar = Calendar::new("0 0 30 2 *", "Europe/London").unwrap();
        assert_eq!(calendar.next(Timestamp::UNIX_EPOCH), None);
        let seconds = times("30 0 4 * * *", "UTC", "2026-01-01T00:00Z", "2026-01-02T00:00Z");
        assert_eq!(seconds.len(), 1);
        assert!(
            Calendar::new("0 0 * * *", "Europe/Lodnon").unwrap_err().contains("`zone` is \"Europe/Lodnon\"")
        );
        for wrong in ["", "often", "0 */6", "99 * * * *", "@daily", "0 0 * * * * * *"] {
            assert!(
                Calendar::new(wrong, "UTC").unwrap_err().contains("expected a cron expression"),
                "{wrong}"
            );
        }
        assert_eq!(
            Calendar::new("0 */6 * * *", "UTC").unwrap().period(Timestamp::UNIX_EPOCH),
            Duration::from_secs(6 * 3600)
        );
    }
}
