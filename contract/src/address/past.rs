//! A part of a channel's past, and the addresses that ask for one.
//!
//! ```text
//! /timeshift/USER/PASS/60/2025-10-09:08-00/5001.ts        minutes before start
//! /streaming/timeshift.php?username=USER&password=PASS&stream=5001&start=2025-10-09:08-00&duration=60
//! /live/USER/PASS/5001.ts?utc=1759996800&lutc=1760000400   "shift": from then until now
//! ```

use std::fmt;

use super::start::{instant, read};
use super::{Form, StreamAddress};
use crate::zone::Zone;

/// Minutes of those who say nothing that can be understood.
const USUAL: u32 = 120;
/// Minutes that are given at once.
const MOST: u32 = 480;

/// Some minutes of a channel's past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Past {
    /// Unix time, in seconds.
    pub start: i64,
    /// 1 to 480.
    pub minutes: u32,
}

/// A part of a channel's past, asked for with credentials. Prints without them.
#[derive(Clone, PartialEq, Eq)]
pub struct ArchiveAddress {
    /// The channel.
    pub channel: StreamAddress,
    /// `None` where the start is none: an answer of its own, for those who may ask.
    pub past: Option<Past>,
    /// By whose clock the start is told: nobody's, if it names its zone or counts seconds; else, unless something else is
    /// known of the viewer, that of Greenwich, which is what `past` has.
    pub by_a_clock: bool,
}

impl Past {
    /// Reads a start in any of its spellings, and minutes: none, or what is no number, are 120, more than 480 are 480.
    pub fn read(start: &str, minutes: &str) -> Option<Self> {
        let minutes = minutes.trim();
        let number = minutes.bytes().all(|byte| byte.is_ascii_digit()).then(|| minutes.parse::<u32>());
        let minutes = match number {
            None | Some(Ok(0)) => USUAL,
            Some(Ok(minutes)) => minutes.min(MOST),
            Some(Err(_)) if minutes.is_empty() => USUAL,
            Some(Err(_)) => MOST, // of so many digits
        };
        instant(start).map(|start| Self { start, minutes })
    }

    /// From `utc` until `lutc`, which is when the player asks; until `now` where that is not said.
    fn shifted(utc: &str, lutc: Option<&str>, now: i64) -> Option<Self> {
        let start = instant(utc)?;
        let until = lutc.and_then(instant).unwrap_or(now);
        let minutes = until.saturating_sub(start).saturating_add(59).max(0) / 60;
        let minutes = u32::try_from(minutes).unwrap_or(MOST).clamp(1, MOST);
        Some(Self { start, minutes })
    }

    /// How long it is.
    pub fn seconds(self) -> i64 {
        i64::from(self.minutes) * 60
    }

    /// Unix time in seconds at which it ends.
    pub fn end(self) -> i64 {
        self.start.saturating_add(self.seconds())
    }
}

impl ArchiveAddress {
    /// Reads the segments of a path, each percent-decoded; `None` for what asks for no past.
    pub fn read(segments: &[&str]) -> Option<Self> {
        let (user, password, minutes, start, name) = match *segments {
            ["timeshift", user, password, minutes, start, name] => (user, password, minutes, start, name),
            ["timeshift", token, minutes, start, name] => ("", token, minutes, start, name),
            _ => return None,
        };
        let channel = StreamAddress::of(Form::Live, user, password, name)?;
        Some(Self { channel, past: Past::read(start, minutes), by_a_clock: is_by_a_clock(start) })
    }

    /// Whether the query of this path asks for a part of the past.
    pub fn is_asked_in_query(segments: &[&str]) -> bool {
        matches!(*segments, ["timeshift" | "timeshift.php"] | ["streaming", "timeshift" | "timeshift.php"])
    }

    /// Reads the parameters of such an address; `None` without a channel.
    pub fn from_query<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let value = |name| get(name).unwrap_or("");
        let mut name = value("stream").trim().to_owned();
        if let Some(extension) = get("extension").filter(|_| !name.contains('.')) {
            name = format!("{name}.{}", extension.trim());
        }
        let password = get("password").or_else(|| get("token")).unwrap_or("");
        let channel = StreamAddress::of(Form::Live, value("username"), password, &name)?;
        let start = value("start");
        let (past, by_a_clock) = (Past::read(start, value("duration")), is_by_a_clock(start));
        Some(Self { channel, past, by_a_clock })
    }

    /// What the parameters of a channel's address make of it, whatever its form: `None` for the channel as it is on
    /// the air. `now` is Unix time in seconds.
    pub fn shifted<'a>(
        channel: &StreamAddress,
        get: impl Fn(&str) -> Option<&'a str>,
        now: i64,
    ) -> Option<Self> {
        // Players write the parameters of a template without its values for the channel on the air.
        let utc = get("utc").filter(|utc| !utc.is_empty() && channel.form != Form::File)?;
        let (channel, past) = (channel.clone(), Past::shifted(utc, get("lutc"), now));
        Some(Self { channel, past, by_a_clock: false })
    }

    /// What is asked for by a viewer whose clock shows the time of `zone`.
    pub fn past_in(&self, zone: &Zone) -> Option<Past> {
        let past = self.past?;
        if !self.by_a_clock || zone.is_utc() {
            return Some(past);
        }
        zone.time(past.start).map(|start| Past { start, ..past })
    }
}

fn is_by_a_clock(start: &str) -> bool {
    read(start).is_some_and(|(_, everywhere)| !everywhere)
}

impl fmt::Debug for ArchiveAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, past, .. } = self;
        write!(f, "ArchiveAddress({channel:?}, {past:?})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_759_996_800;

    fn path(path: &str) -> Option<ArchiveAddress> {
        ArchiveAddress::read(&path.split('/').collect::<Vec<_>>())
    }

    fn query<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<&'a str> {
        |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }

    #[test]
    fn minutes_come_before_the_start_and_mean_what_they_can() {
        for (minutes, expected) in [
            ("60", 60),
            ("1", 1),
            ("0", 120),
            ("", 120),
            ("sixty", 120),
            ("-5", 120),
            ("480", 480),
            ("100000", 480),
            ("99999999999999999999", 480),
        ] {
            let past = Some(Past { start: START, minutes: expected });
            assert_eq!(Past::read("2025-10-09:08-00", minutes), past, "{minutes}");
            let address = path(&format!("timeshift/u/p/{minutes}/2025-10-09:08-00/5.ts")).unwrap();
            assert_eq!((address.channel.id, address.past), (5, past), "{minutes}");
        }
    }

    #[test]
    fn every_form_of_the_path_is_known() {
        for (name, extension) in [("5.ts", "ts"), ("5.m3u8", "m3u8"), ("5", "ts"), ("5.TS", "ts")] {
            let address = path(&format!("timeshift/u/p/60/{START}/{name}")).unwrap();
            assert_eq!(address.channel.extension, extension);
            assert_eq!(address.past, Some(Past { start: START, minutes: 60 }));
            assert_eq!((&*address.channel.user, &*address.channel.password), ("u", "p"));
        }
        // Rubbish in the place of a start is somebody's request all the same.
        assert_eq!(path("timeshift/u/p/60/yesterday/5.ts").unwrap().past, None);
        let by_token = path("timeshift/t0ken/60/2025-10-09:08-00/5.ts").unwrap().channel;
        assert_eq!((&*by_token.user, &*by_token.password, by_token.id), ("", "t0ken", 5));
        for none in ["timeshift/u/p/60/1/2/5.ts", "timeshift/u/p/60/1/x.ts"] {
            assert_eq!(path(none), None, "{none}");
        }
    }

    #[test]
    fn the_query_says_the_same() {
        let asked = [("username", "u"), ("password", "p"), ("stream", "5"), ("start", "2025-10-09:08-00")];
        let long = [&asked[..], &[("duration", "60")]].concat();
        assert_eq!(ArchiveAddress::from_query(query(&long)), path("timeshift/u/p/60/2025-10-09:08-00/5.ts"));
        assert_eq!(ArchiveAddress::from_query(query(&asked)), path("timeshift/u/p//2025-10-09:08-00/5"));
        let list = [&long[..], &[("extension", "m3u8")]].concat();
        assert_eq!(
            ArchiveAddress::from_query(query(&list)),
            path("timeshift/u/p/60/2025-10-09:08-00/5.m3u8")
        );
        assert_eq!(ArchiveAddress::from_query(query(&[("stream", "x")])), None);
        let token = [("token", "t0ken"), ("stream", "5"), ("start", "1759996800"), ("duration", "60")];
        assert_eq!(ArchiveAddress::from_query(query(&token)), path("timeshift/t0ken/60/1759996800/5.ts"));
        for (path, asks) in [
            ("streaming/timeshift.php", true),
            ("timeshift.php", true),
            ("timeshift", true),
            ("timeshift.php/x", false),
            ("streaming/clients_live.php", false),
        ] {
            assert_eq!(ArchiveAddress::is_asked_in_query(&path.split('/').collect::<Vec<_>>()), asks);
        }
    }

    #[test]
    fn a_channel_is_shifted_by_its_query_in_every_form() {
        let now = START + 3601;
        for path in ["live/u/p/5.ts", "u/p/5", "u/p/5.m3u8", "live/u/p/5"] {
            let channel = StreamAddress::read(&path.split('/').collect::<Vec<_>>()).unwrap();
            let past = |pairs: &[(&str, &str)]| {
                ArchiveAddress::shifted(&channel, query(pairs), now).map(|address| address.past)
            };
            let some = |minutes| Some(Some(Past { start: START, minutes }));
            assert_eq!(past(&[("utc", "1759996800"), ("lutc", "1760000340")]), some(59));
            assert_eq!(past(&[("utc", "1759996800"), ("lutc", "1760000341")]), some(60));
            assert_eq!(past(&[("utc", "1759996800")]), some(61));
            assert_eq!(past(&[("utc", "1759996800"), ("lutc", "1759996800")]), some(1));
            assert_eq!(past(&[("utc", "1759996800"), ("lutc", "9999999999")]), some(480));
            assert_eq!(past(&[("utc", "{utc}")]), Some(None));
            assert_eq!((past(&[("utc", "")]), past(&[("lutc", "1760000340")])), (None, None));
        }
        let film = StreamAddress::read(&["movie", "u", "p", "9.mp4"]).unwrap();
        assert_eq!(ArchiveAddress::shifted(&film, query(&[("utc", "1759996800")]), now), None);
    }

    #[test]
    fn a_start_by_a_clock_is_that_of_the_viewers() {
        let zone = Zone::of("Europe/London").unwrap(); // an hour ahead then
        for (start, ahead) in [("2025-10-09:08-00", 3600), ("1759996800", 0), ("2025-10-09T08:00:00Z", 0)] {
            let address = path(&format!("timeshift/u/p/60/{start}/5.ts")).unwrap();
            let past = |start| Some(Past { start, minutes: 60 });
            assert_eq!(address.past_in(&zone), past(START - ahead), "{start}");
            assert_eq!(address.past_in(&Zone::default()), past(START), "{start}");
            let query =
                ArchiveAddress::from_query(query(&[("stream", "5"), ("start", start), ("duration", "60")]));
            assert_eq!(query.unwrap().past_in(&zone), past(START - ahead), "{start}");
        }
        assert_eq!(path("timeshift/u/p/60/yesterday/5.ts").unwrap().past_in(&zone), None);
    }

    #[test]
    fn credentials_are_not_printed() {
        let address = path("timeshift/ann/hunter2/60/1759996800/5.ts").unwrap();
        let printed = format!("{address:?}");
        assert!(
            !printed.contains("ann") && !printed.contains("hunter2") && printed.contains("5"),
            "{printed}"
        );
    }

    proptest! {
        #[test]
        fn a_past_is_always_some_minutes_long(start in "[0-9]{10}", minutes in "[0-9]{0,12}|.{0,4}", lutc in "[0-9]{10,13}", now: i64) {
            for past in [Past::read(&start, &minutes), Past::shifted(&start, Some(&lutc), now), Past::shifted(&start, None, now)] {
                let past = past.unwrap();
                prop_assert!((1..=480).contains(&past.minutes) && past.end() > past.start);
            }
        }
    }
}
