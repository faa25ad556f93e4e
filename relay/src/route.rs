//! Every address the relay knows, decoded once.

use contract::address::StreamAddress;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4` and their like.
    Stream(StreamAddress),
    /// `/hls/TICKET/7.ts`: a segment of a playlist that a viewer was given.
    Segment {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// Counts from the beginning of the channel's playlist.
        number: u64,
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
            _ => StreamAddress::read(&segments).map(Self::Stream),
        }
    }
}

fn segment(ticket: &str, name: &str) -> Option<Route> {
    let digits = name.strip_suffix(".ts")?;
    // `parse` alone would take a plus.
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    Some(Route::Segment { ticket: ticket.into(), number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_relay_is_known() {
        assert_eq!(Route::decode("/status.json"), Some(Route::Status));
        assert_eq!(Route::decode("/metrics/"), Some(Route::Metrics));
        let segment = Route::Segment { ticket: "t0".into(), number: 7 };
        assert_eq!(Route::decode("/hls/t0/7.ts"), Some(segment));
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
            "/hls/t0/+7.ts",
            "/player_api.php",
            "/relay",
        ] {
            assert_eq!(Route::decode(path), None, "{path}");
        }
    }
}
