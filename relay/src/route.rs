//! Every address the relay knows, decoded once.

use contract::user::check_name;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `/live/u/p/1.ts`, `/u/p/1`, `/movie/u/p/2.mkv`, `/series/u/p/3.mp4` and their like.
    Stream(Stream),
    /// `/hls/TOKEN/7.ts`: a segment of a playlist that a viewer was given.
    Segment {
        /// Stands for viewer and channel; no credentials.
        token: String,
        /// Counts from the beginning of the channel's playlist.
        number: u64,
    },
    /// `/relay/status`: what is running, for the operator at this machine.
    Status,
}

/// A stream, asked for with credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Stream {
    /// What the address says the id is.
    pub shelf: Shelf,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// Our id.
    pub id: u32,
    /// Behind the id, without the dot; empty without one.
    pub extension: String,
}

/// The first word of a stream's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// `/live/`
    Live,
    /// `/movie/` and `/series/`
    Film,
    /// None: whatever the id is.
    Any,
}

impl Route {
    /// Reads a path; `None` for what is no address of the relay's. Repeated and trailing slashes do not count.
    pub fn decode(path: &str) -> Option<Self> {
        let segments = httpd::segments(path);
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments[..] {
            ["relay", "status"] => Some(Self::Status),
            ["hls", token, name] => segment(token, name),
            ["live", user, password, name] => stream(Shelf::Live, user, password, name),
            ["movie" | "series", user, password, name] => stream(Shelf::Film, user, password, name),
            // A user's name is none of the words that begin other addresses.
            [user, password, name] if check_name(user.trim()).is_ok() => {
                stream(Shelf::Any, user, password, name)
            }
            _ => None,
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { shelf, id, extension, .. } = self;
        write!(f, "Stream({shelf:?}, {id}, {extension:?})")
    }
}

/// `123` or `123.ext`.
fn stream(shelf: Shelf, user: &str, password: &str, name: &str) -> Option<Route> {
    let (id, extension) = name.split_once('.').unwrap_or((name, "ts"));
    let plain =
        (1..=8).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (user, password) = (user.into(), password.into());
    let extension = extension.to_ascii_lowercase();
    plain.then_some(Route::Stream(Stream { shelf, user, password, id: number(id)?, extension }))
}

fn segment(token: &str, name: &str) -> Option<Route> {
    let number = number(name.strip_suffix(".ts")?)?;
    Some(Route::Segment { token: token.into(), number })
}

/// Digits only: `parse` alone would take a plus.
fn number<N: std::str::FromStr>(digits: &str) -> Option<N> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_stream_address_is_known() {
        for (path, shelf, id, extension) in [
            ("/live/u/p/1.ts", Shelf::Live, 1, "ts"),
            ("/live/u/p/1", Shelf::Live, 1, "ts"),
            ("/live/u/p/1.m3u8", Shelf::Live, 1, "m3u8"),
            ("//live/u/p/1.ts", Shelf::Live, 1, "ts"),
            ("/live//u/p/1.ts/", Shelf::Live, 1, "ts"),
            ("/u/p/1", Shelf::Any, 1, "ts"),
            ("/u/p/1.TS", Shelf::Any, 1, "ts"),
            ("/u/p/1.m3u8", Shelf::Any, 1, "m3u8"),
            ("/u/p/9001.mkv", Shelf::Any, 9001, "mkv"),
            ("/movie/u/p/9001.mkv", Shelf::Film, 9001, "mkv"),
            ("/series/u/p/2147483647.mp4", Shelf::Film, 2_147_483_647, "mp4"),
        ] {
            let (user, password, extension) = ("u".into(), "p".into(), extension.into());
            let expected = Stream { shelf, user, password, id, extension };
            assert_eq!(Route::decode(path), Some(Route::Stream(expected)), "{path}");
        }
    }

    #[test]
    fn the_other_addresses_are_known_and_everything_else_is_somebody_elses() {
        assert_eq!(Route::decode("/relay/status"), Some(Route::Status));
        let segment = Route::Segment { token: "t0".into(), number: 7 };
        assert_eq!(Route::decode("/hls/t0/7.ts"), Some(segment));
        for path in [
            "/",
            "/u/p/x",
            "/u/p/1/2",
            "/u/p/+1",
            "/u/p/1.",
            "/u/p/1.ts.ts",
            "/u/p/4294967296",
            "/live/u/p",
            "/live/u/1",
            "/images/a/1.png",
            "/hls/t0/7",
            "/hls/t0/x.ts",
            "/player_api.php",
            "/relay",
        ] {
            assert_eq!(Route::decode(path), None, "{path}");
        }
    }

    #[test]
    fn credentials_are_not_printed() {
        let route = Route::decode("/live/ann/hunter2/1.ts").unwrap();
        assert_eq!(format!("{route:?}"), "Stream(Stream(Live, 1, \"ts\"))");
    }
}
