//! The address of a stream: what playlists and redirects carry, and what a relay answers.
//!
//! ```text
//! /live/USER/PASS/5001.ts      a channel          /USER/PASS/5001      whatever 5001 is
//! /movie/USER/PASS/9001.mkv    a film             /series/USER/PASS/12001.mp4    an episode
//! /live/TOKEN/5001.ts          likewise by a token, behind these three words
//! ```
//!
//! [`ArchiveAddress`]: a part of a channel's past. [`Template`]: how a provider wants to be asked for one.

mod past;
mod start;
mod template;

use std::fmt;

pub use past::{ArchiveAddress, Past};
pub(crate) use start::instant;
pub use template::Template;

use crate::user::check_name;

/// A stream, asked for with credentials. Prints without them.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamAddress {
    /// Which form the address has.
    pub form: Form,
    /// The user's name; empty where a token stands for name and password.
    pub user: String,
    /// The user's password, or the token.
    pub password: String,
    /// Our id.
    pub id: u32,
    /// Behind the id, in lower case and without the dot; `ts` where there is none.
    pub extension: String,
}

/// What an address says its id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `/live/`: a channel.
    Live,
    /// `/movie/` and `/series/`: a file.
    File,
    /// None of these words: anything.
    Short,
}

impl StreamAddress {
    /// Reads the segments of a path, each percent-decoded; `None` for what is no stream's address.
    pub fn read(segments: &[&str]) -> Option<Self> {
        match *segments {
            ["live", user, password, name] => Self::of(Form::Live, user, password, name),
            ["movie" | "series", user, password, name] => Self::of(Form::File, user, password, name),
            ["live", token, name] => Self::of(Form::Live, "", token, name),
            ["movie" | "series", token, name] => Self::of(Form::File, "", token, name),
            // The short form would swallow everything of three segments; a user's name is none of the words that
            // begin other addresses.
            [user, password, name] if check_name(user.trim()).is_ok() => {
                Self::of(Form::Short, user, password, name)
            }
            _ => None,
        }
    }

    fn of(form: Form, user: &str, password: &str, name: &str) -> Option<Self> {
        let (digits, extension) = name.split_once('.').unwrap_or((name, "ts"));
        let plain =
            (1..=8).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
        // `parse` alone would take a plus.
        let id = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        let extension = extension.to_ascii_lowercase();
        plain.then(|| Self { form, user: user.into(), password: password.into(), id, extension })
    }
}

impl fmt::Debug for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { form, id, extension, .. } = self;
        write!(f, "StreamAddress({form:?}, {id}, {extension:?})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Option<StreamAddress> {
        StreamAddress::read(&path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn every_form_is_known() {
        for (path, form, id, extension) in [
            ("live/u/p/1.ts", Form::Live, 1, "ts"),
            ("live/u/p/1", Form::Live, 1, "ts"),
            ("live/u/p/1.m3u8", Form::Live, 1, "m3u8"),
            ("u/p/1", Form::Short, 1, "ts"),
            ("u/p/1.TS", Form::Short, 1, "ts"),
            ("u/p/9001.mkv", Form::Short, 9001, "mkv"),
            ("movie/u/p/9001.mkv", Form::File, 9001, "mkv"),
            ("movie/u/p/9001", Form::File, 9001, "ts"),
            ("series/u/p/2147483647.mp4", Form::File, 2_147_483_647, "mp4"),
            ("live/p/1", Form::Live, 1, "ts"),
            ("movie/p/9001.mkv", Form::File, 9001, "mkv"),
            ("series/p/7.mp4", Form::File, 7, "mp4"),
        ] {
            let user = if path.contains("u/") { "u" } else { "" };
            let (user, password, extension) = (user.into(), "p".into(), extension.into());
            assert_eq!(read(path), Some(StreamAddress { form, user, password, id, extension }), "{path}");
        }
    }

    #[test]
    fn everything_else_is_none() {
        for path in [
            "u/p/x",
            "u/p/1/2",
            "u/p/+1",
            "u/p/1.",
            "u/p/1.ts.ts",
            "u/p/4294967296",
            "u/p/",
            "live/u/p",
            "live/1",
            "hls/p/1.ts",
            "images/a/1.png",
            "hls/t0/7",
            "1",
        ] {
            assert_eq!(read(path), None, "{path}");
        }
    }

    #[test]
    fn credentials_are_not_printed() {
        assert_eq!(format!("{:?}", read("live/ann/hunter2/1.ts").unwrap()), "StreamAddress(Live, 1, \"ts\")");
    }
}
