//! Every address the relay knows, decoded once.

use contract::address::{ArchiveAddress, StreamAddress};

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4` and their like.
    Stream(StreamAddress),
    /// `/hls/TICKET/17-7.ts`: a segment of a playlist that a viewer was given.
    Segment {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// Tells the packagings of a channel apart.
        generation: u64,
        /// Counts from the beginning of that.
        number: u64,
    },
    /// `/timeshift/u/p/60/2025-10-09:08-00/1.ts` and `.m3u8`: a part of a channel's past.
    Past(ArchiveAddress),
    /// `/streaming/timeshift.php` and `/timeshift.php`: the same, in the query.
    PastInQuery,
    /// `/timeshift/TICKET/1759996800/7.ts`: a minute of such a part.
    PastSegment {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// When the part begins: Unix time, in seconds.
        start: i64,
        /// Counts from its beginning.
        number: u32,
    },
    /// `/status.json`: what is running, for the operator.
    Status,
    /// `/metrics`: the same for monitors.
    Metrics,
}

impl Route {
    /// Reads a path; `None` for what is no address of the relay's. Repeated and trailing slashes do not count.
    pub fn decode(path: &str) -> Option<Self> {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["status.json"] => Some(Self::Status),
            ["metrics"] => Some(Self::Metrics),
            ["hls", ticket, name] => segment(ticket, name),
            ["timeshift", ticket, start, name] => past_segment(ticket, start, name),
            _ if ArchiveAddress::is_asked_in_query(&segments) => Some(Self::PastInQuery),
            _ => {
                let past = || ArchiveAddress::read(&segments).map(Self::Past);
                StreamAddress::read(&segments).map(Self::Stream).or_else(past)
            }
        }
    }
}

fn segment(ticket: &str, name: &str) -> Option<Route> {
    let (generation, number) = name.strip_suffix(".ts")?.split_once('-')?;
    Some(Route::Segment { ticket: ticket.into(), generation: digits(generation)?, number: digits(number)? })
}

fn past_segment(ticket: &str, start: &str, name: &str) -> Option<Route> {
    let (start, number) = (digits(start)?, digits(name.strip_suffix(".ts")?)?);
    Some(Route::PastSegment { ticket: ticket.into(), start, number })
}

/// A number of digits: `parse` alone would take a plus.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_relay_is_known() {
        assert_eq!(Route::decode("/status.json"), Some(Route::Status));
        assert_eq!(Route::decode("/metrics/"), Some(Route::Metrics));
        let segment = Route::Segment { ticket: "t0".into(), generation: 17, number: 7 };
        assert_eq!(Route::decode("/hls/t0/17-7.ts"), Some(segment));
        let minute = Route::PastSegment { ticket: "t0".into(), start: 1_759_996_800, number: 7 };
        assert_eq!(Route::decode("/timeshift/t0/1759996800/7.ts"), Some(minute));
        for path in ["/timeshift.php", "/streaming/timeshift.php", "/timeshift", "/streaming/timeshift/"] {
            assert_eq!(Route::decode(path), Some(Route::PastInQuery), "{path}");
        }
        for path in ["/timeshift/u/p/60/2025-10-09:08-00/1.ts", "/timeshift/u/p/60/rubbish/1.m3u8"] {
            assert!(matches!(Route::decode(path), Some(Route::Past(_))), "{path}");
        }
        for path in ["/live/u/p/1.ts", "//live/u/p/1.ts", "/live//u/p/1.ts/", "/u/p/1", "/movie/u/p/2.mkv"] {
            assert!(matches!(Route::decode(path), Some(Route::Stream(_))), "{path}");
        }
    }

    #[test]
    fn everything_else_is_somebody_elses() {
        for path in [
            "/",
            "/u/p/x",
            "/images/a/1.png",
            "/hls/t0/7",
            "/hls/t0/x.ts",
            "/hls/t0/7.ts",
            "/hls/t0/17-+7.ts",
            "/hls/t0/17-.ts",
            "/timeshift/t0/-1/7.ts",
            "/timeshift/t0/1/+7.ts",
            "/timeshift/u/p/60/1/2/3.ts",
            "/player_api.php",
            "/relay",
        ] {
            assert_eq!(Route::decode(path), None, "{path}");
        }
    }
}
