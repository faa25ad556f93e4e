//! The time of which listings are wanted: `start` and `end`, which some apps send and most servers pass over.

use httpd::Params;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::Programme;

/// From when until when: Unix times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    from: u64,
    until: u64,
}

impl Span {
    /// All of it.
    pub(crate) const ALWAYS: Self = Self { from: 0, until: u64::MAX };

    /// What is asked for. An end that cannot be understood is none: whoever sends it has got everything so far.
    pub(super) fn asked(params: &Params) -> Self {
        let time = |name| params.get(name).and_then(instant);
        let (from, until) = (time("start").unwrap_or(0), time("end").unwrap_or(u64::MAX));
        if from < until { Self { from, until } } else { Self::ALWAYS }
    }

    /// Whether some of a programme is on the air then.
    pub(super) const fn meets(self, programme: &Programme<'_>) -> bool {
        programme.stop > self.from && programme.start < self.until
    }
}

/// A time as apps write it: in seconds or milliseconds since 1970, or as our listings do, in UTC.
fn instant(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            9 | 10 => text.parse().ok(),
            12 | 13 => text.parse().ok().map(|milliseconds: u64| milliseconds / 1000),
            _ => None,
        };
    }
    let civil = |text: &str| text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let time = text.parse::<Timestamp>().ok().or_else(|| civil(text).map(|zoned| zoned.timestamp()))?;
    time.round(Unit::Second).ok()?.as_second().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_understood_in_every_spelling_and_what_is_none_is_passed_over() {
        let eight = Some(1_759_996_800);
        for text in [
            "1759996800",
            "1759996800000",
            "2025-10-09 08:00:00",
            "2025-10-09T08:00",
            "2025-10-09T08:00:00Z",
            "2025-10-09T10:00:00+02:00",
            " 2025-10-09 08:00 ",
        ] {
            assert_eq!(instant(text), eight, "{text}");
        }
        assert_eq!(instant("2025-10-09"), eight.map(|time| time - 8 * 3600));
        for none in ["", "x", "12", "2025-13-01", "1969-12-31 23:59:59", "-1"] {
            assert_eq!(instant(none), None, "{none}");
        }
        let asked = |query| Span::asked(&Params::from_query(Some(query)));
        assert_eq!(asked("start=1759996800"), Span { from: 1_759_996_800, until: u64::MAX });
        for all in ["", "start=&end=", "start=x", "start=1759996800&end=1759996800"] {
            assert_eq!(asked(all), Span::ALWAYS, "{all}");
        }
    }
}
