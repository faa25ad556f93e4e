//! What is the matter with a content of an engine, in one grammar for the control endpoint and tests: words joined by commas, as
//! [`SPELLINGS`] has them.

use std::str::FromStr;
use std::time::Duration;

/// Every peculiarity: how it is spelt, and what happens.
pub(crate) const SPELLINGS: &[(&str, &str)] = &[
    ("normal", "nothing"),
    ("meta:MS", "a start is answered so many milliseconds late"),
    ("first:MS", "the media, head and all, come so many milliseconds after the start"),
    ("no-peers", "a start is answered, but nobody sends: no peers, no head, no byte"),
    ("failed", "the content cannot be loaded"),
    ("infohash", "it loads as an infohash only"),
    ("option", "a start is refused, since the account lacks an option"),
    ("lost-option", "the stream ends after two seconds, and an event says that the account lacks an option"),
    ("null", "a start is answered without an address and without an error"),
    ("unavailable", "a start is answered with 503"),
    ("hls-only", "a start as a transport stream is answered with 500, as HLS it works"),
    ("no-media", "the transport stream of a session is answered with 500, its HLS is there"),
    ("refuse", "a start is not answered: the connection is closed"),
    ("loop", "the media are behind redirects that never end"),
    (
        "stall:BYTES",
        "nothing more after so many bytes, while the connection stays open and statistics stand still",
    ),
    ("cut:BYTES", "the media break off after so many bytes"),
    ("backlog:S", "so many seconds of television come at line speed before the real pace"),
    ("low", "a hundredth of the bitrate, never less than the picture needs"),
];

/// The peculiarities of one content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// How late a start is answered.
    pub meta: Option<Duration>,
    /// How long after the start the first byte comes.
    pub first: Option<Duration>,
    /// How a start goes wrong.
    pub start: Option<StartFault>,
    /// Nobody sends.
    pub no_peers: bool,
    /// There is no transport stream in one piece.
    pub no_media: bool,
    /// The option is lost while it plays.
    pub lost_option: bool,
    /// Redirects that never end.
    pub redirect_loop: bool,
    /// Silence after so many bytes.
    pub stall: Option<u64>,
    /// A broken connection after so many bytes.
    pub cut: Option<u64>,
    /// What comes at line speed.
    pub backlog: Option<Duration>,
    /// A low bitrate.
    pub low: bool,
}

/// How a start goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFault {
    /// "failed to load content"
    Failed,
    /// The same for a content id; an infohash works.
    InfohashOnly,
    /// The account lacks an option.
    Option,
    /// Neither an address nor an error.
    Null,
    /// 503.
    Unavailable,
    /// 500 for a transport stream; HLS works.
    HlsOnly,
    /// No answer.
    Refuse,
}

impl FromStr for Content {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut content = Self::default();
        for word in text.split(',') {
            content.add(word)?;
        }
        Ok(content)
    }
}

impl Content {
    fn add(&mut self, word: &str) -> Result<(), String> {
        let (name, argument) = match word.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (word, None),
        };
        let number = || argument.and_then(|argument| argument.parse::<u64>().ok());
        match (name, number()) {
            ("meta", Some(millis)) => self.meta = Some(Duration::from_millis(millis)),
            ("first", Some(millis)) => self.first = Some(Duration::from_millis(millis)),
            ("stall", Some(bytes)) => self.stall = Some(bytes),
            ("cut", Some(bytes)) => self.cut = Some(bytes),
            ("backlog", Some(seconds @ 0..=3600)) => self.backlog = Some(Duration::from_secs(seconds)),
            _ if argument.is_some() => return Err(format!("a content cannot be {word:?}")),
            ("normal", None) => {}
            ("no-peers", None) => self.no_peers = true,
            ("no-media", None) => self.no_media = true,
            ("lost-option", None) => self.lost_option = true,
            ("loop", None) => self.redirect_loop = true,
            ("low", None) => self.low = true,
            ("failed", None) => self.start = Some(StartFault::Failed),
            ("infohash", None) => self.start = Some(StartFault::InfohashOnly),
            ("option", None) => self.start = Some(StartFault::Option),
            ("null", None) => self.start = Some(StartFault::Null),
            ("unavailable", None) => self.start = Some(StartFault::Unavailable),
            ("hls-only", None) => self.start = Some(StartFault::HlsOnly),
            ("refuse", None) => self.start = Some(StartFault::Refuse),
            _ => return Err(format!("a content cannot be {word:?}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_understood_and_others_are_named() {
        for (spelling, _) in SPELLINGS {
            let word = spelling.replace("MS", "5").replace("BYTES", "5").replace(":S", ":5");
            assert!(word.parse::<Content>().is_ok(), "{word}");
        }
        let both: Content = "first:250,cut:1000".parse().unwrap();
        assert_eq!((both.first, both.cut), (Some(Duration::from_millis(250)), Some(1000)));
        for text in ["", "sulk", "first", "first:soon", "low:5", "backlog:4000"] {
            assert!(text.parse::<Content>().is_err(), "{text}");
        }
    }
}
