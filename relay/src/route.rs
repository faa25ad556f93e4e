//! Every address the relay knows, decoded once.

use contract::address::StreamAddress;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4` and their like.
    Stream(StreamAddress),
    /// `/hls/TICKET/...`: what a playlist leads to that a viewer was given.
    Hls {
        /// Stands for viewer and channel; no credentials.
        ticket: String,
        /// What of it.
        part: Part,
    },
    /// `/live/u/p/any/path`: some players read what is relative in a playlist against the address they began with.
    Within {
        /// The user's name.
        user: String,
        /// The user's password.
        password: String,
        /// What follows.
        path: Vec<String>,
    },
    /// `/status.json`: what is running, for the operator.
    Status,
    /// `/metrics`: the same for monitors.
    Metrics,
}

/// A part of a channel as HLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// `index.m3u8`: the playlist.
    Index,
    /// `7.ts`: a segment of what is made of a feed; counts from the beginning of the channel's playlist.
    Segment(u64),
    /// `p/REFERENCE.m3u8`, `s/REFERENCE.m4s`, `k/REFERENCE.key`: of what is passed on.
    Reference {
        /// `p`, `s` or `k`.
        kind: char,
        /// Stands for an address.
        name: String,
    },
}

impl Route {
    /// Reads a path; `None` for what is no address of the relay's. Repeated and trailing slashes do not count.
    pub fn decode(path: &str) -> Option<Self> {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["status.json"] => Some(Self::Status),
            ["metrics"] => Some(Self::Metrics),
            ["hls", ticket, ref part @ ..] => {
                Some(Self::Hls { ticket: ticket.into(), part: Part::decode(part)? })
            }
            _ => StreamAddress::read(&segments).map(Self::Stream).or_else(|| within(&segments)),
        }
    }
}

impl Part {
    /// Reads what follows a ticket.
    pub(crate) fn decode(path: &[&str]) -> Option<Self> {
        match *path {
            ["index.m3u8"] => Some(Self::Index),
            [name] => {
                let digits = name.strip_suffix(".ts")?;
                // `parse` alone would take a plus.
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                Some(Self::Segment(plain.then(|| digits.parse().ok())??))
            }
            [kind @ ("p" | "s" | "k"), name] => {
                let (name, _) = name.split_once('.')?;
                Some(Self::Reference { kind: kind.chars().next()?, name: name.into() })
            }
            _ => None,
        }
    }
}

fn within(segments: &[&str]) -> Option<Route> {
    let ["live", user, password, path @ ..] = segments else { return None };
    let path: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
    let (user, password) = ((*user).to_owned(), (*password).to_owned());
    (!path.is_empty()).then_some(Route::Within { user, password, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_relay_is_known() {
        assert_eq!(Route::decode("/status.json"), Some(Route::Status));
        assert_eq!(Route::decode("/metrics/"), Some(Route::Metrics));
        let reference = |kind| Part::Reference { kind, name: "r-0".into() };
        for (path, part) in [
            ("/hls/t0/7.ts", Part::Segment(7)),
            ("/hls/t0/index.m3u8", Part::Index),
            ("/hls/t0/p/r-0.m3u8", reference('p')),
            ("/hls/t0/s/r-0.m4s", reference('s')),
            ("/hls/t0/k/r-0.key", reference('k')),
        ] {
            assert_eq!(Route::decode(path), Some(Route::Hls { ticket: "t0".into(), part }), "{path}");
        }
        let path = ["hls", "t0", "s", "r-0.ts"].map(str::to_owned).to_vec();
        let within = Route::Within { user: "u".into(), password: "p".into(), path };
        assert_eq!(Route::decode("/live/u/p/hls/t0/s/r-0.ts"), Some(within));
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
            "/hls/t0/x/r.ts",
            "/hls/t0/s/r",
            "/live/u/p",
            "/player_api.php",
            "/relay",
        ] {
            assert_eq!(Route::decode(path), None, "{path}");
        }
    }
}
