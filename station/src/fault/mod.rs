//! What can go wrong, in one grammar for the query, the control endpoint, the command line and the tests, as
//! [`SPELLINGS`] has it.

mod afflict;
mod packets;

use std::fmt;
use std::str::FromStr;

pub(crate) use afflict::afflict;

/// Every fault: how it is spelt, and what happens.
pub(crate) const SPELLINGS: &[(&str, &str)] = &[
    ("status:403", "refused with that status and a line of HTML"),
    ("busy:SECONDS", "429, and the wish to be left alone for so long in Retry-After"),
    ("html", "200 with an HTML page instead of what was asked for"),
    ("empty", "200 with nothing: no bytes on a stream, [] on a list"),
    ("half", "the first half of the answer and a clean end; of live television the first seconds"),
    ("stall:BYTES", "nothing more after so many bytes, but the connection stays open"),
    ("cut:BYTES", "the connection breaks after so many bytes, without a clean end"),
    ("slow:MS", "the head at once, the first byte so many milliseconds later"),
    ("clip:SECONDS", "a clip of that length at line speed and a clean end, as panels answer refusals"),
    ("redirect:HOPS", "so many redirects in front of the stream, each with a token that can be used once"),
    ("dribble:BYTES/MS", "so many bytes every so many milliseconds"),
    ("refuse", "the connection is closed without an answer"),
    ("mute", "there is no answer, not even a head, and the connection stays open"),
    ("jump:BYTES", "after so many bytes the clocks of a transport stream are an hour ahead"),
    (
        "corrupt:BYTES",
        "a packet is missing after every so many bytes, which shows in the continuity counters",
    ),
    ("garbage:BYTES", "bytes that are no packets (1 to 187) after every so many bytes"),
    ("short:BYTES", "a clean end after so many bytes, and nobody says how many there should be"),
    ("unsized", "nobody says how many bytes there are"),
    (
        "only:EXTENSION",
        "a film that is mp4, mkv, avi, ts or m4v: by another extension it is refused with 551",
    ),
    ("other:BYTES", "in a film's place another one, so many bytes longer; as long with --film-bytes only"),
    ("rangeless", "the whole film, whatever part of it is asked for"),
    (
        "sizeless",
        "a part of a film without a word of how much there is of it, and 416 without one of where it ends",
    ),
    ("edge", "a redirect to the other port, that of the engine"),
];

/// Extensions that a film may have.
pub(crate) const EXTENSIONS: [&str; 5] = ["mp4", "mkv", "avi", "ts", "m4v"];

/// Something that goes wrong. See `station --help` for the spelling; [`FromStr`] reads it and `Display` writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused with this status (100 to 599 and the inventions of panels up to 999).
    Status(u16),
    /// 429 with `Retry-After`, in seconds.
    Busy(u64),
    /// 200 and a page.
    Html,
    /// 200 and nothing.
    Empty,
    /// Half of it.
    Half,
    /// Silence after so many bytes.
    Stall(u64),
    /// A broken connection after so many bytes.
    Cut(u64),
    /// The first byte this many milliseconds late.
    Slow(u64),
    /// A clip of this many seconds and the end.
    Clip(u64),
    /// So many one-use redirects, 1 to 20.
    Redirect(u32),
    /// `bytes` every `millis`.
    Dribble {
        /// At least 1.
        bytes: u64,
        /// At least 1.
        millis: u64,
    },
    /// Garbage after every so many bytes, at least 1.
    Garbage(u64),
    /// Clocks are an hour ahead after so many bytes.
    Jump(u64),
    /// A packet is missing after every so many bytes, at least 188.
    Corrupt(u64),
    /// A clean end after so many bytes, which no length announces.
    Short(u64),
    /// No length.
    Unsized,
    /// 551 by another extension than this one, which is one of [`EXTENSIONS`].
    Only(&'static str),
    /// Another film, so many bytes longer.
    Other(u64),
    /// No ranges.
    Rangeless,
    /// Ranges without the size of the whole.
    Sizeless,
    /// A redirect to the other port.
    Edge,
    /// Closed without an answer.
    Refuse,
    /// No answer, not even a head.
    Mute,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, argument) = text.split_once(':').unwrap_or((text, ""));
        let number = |least: u64, most: u64| match argument.parse::<u64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(format!("fault {name} needs a number from {least} to {most}, not {argument:?}")),
        };
        match name {
            "html" | "empty" | "half" | "refuse" | "mute" | "unsized" | "rangeless" | "sizeless" | "edge"
                if !argument.is_empty() =>
            {
                Err(format!("fault {name} takes no number"))
            }
            "unsized" => Ok(Self::Unsized),
            "rangeless" => Ok(Self::Rangeless),
            "sizeless" => Ok(Self::Sizeless),
            "edge" => Ok(Self::Edge),
            "short" => number(0, u64::MAX).map(Self::Short),
            "other" => number(0, 1 << 40).map(Self::Other),
            "only" => match EXTENSIONS.iter().find(|known| **known == argument) {
                Some(extension) => Ok(Self::Only(extension)),
                None => Err(format!("fault only needs one of {}, not {argument:?}", EXTENSIONS.join(", "))),
            },
            "html" => Ok(Self::Html),
            "empty" => Ok(Self::Empty),
            "half" => Ok(Self::Half),
            "jump" => number(0, u64::MAX).map(Self::Jump),
            "corrupt" => number(188, u64::MAX).map(Self::Corrupt),
            "refuse" => Ok(Self::Refuse),
            "mute" => Ok(Self::Mute),
            "status" => number(200, 999).map(|status| Self::Status(status as u16)),
            "busy" => number(0, u64::MAX).map(Self::Busy),
            "stall" => number(0, u64::MAX).map(Self::Stall),
            "cut" => number(0, u64::MAX).map(Self::Cut),
            "slow" => number(0, 3_600_000).map(Self::Slow),
            "clip" => number(1, 3600).map(Self::Clip),
            "redirect" => number(1, 20).map(|hops| Self::Redirect(hops as u32)),
            "garbage" => number(1, u64::MAX).map(Self::Garbage),
            "dribble" => {
                match argument.split_once('/').map(|(bytes, millis)| (bytes.parse(), millis.parse())) {
                    Some((Ok(bytes), Ok(millis))) if bytes > 0 && millis > 0 => {
                        Ok(Self::Dribble { bytes, millis })
                    }
                    _ => Err(format!("fault dribble needs BYTES/MS, not {argument:?}")),
                }
            }
            _ => Err(format!("unknown fault {name:?}")),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status:{status}"),
            Self::Busy(seconds) => write!(f, "busy:{seconds}"),
            Self::Html => f.write_str("html"),
            Self::Empty => f.write_str("empty"),
            Self::Half => f.write_str("half"),
            Self::Stall(bytes) => write!(f, "stall:{bytes}"),
            Self::Cut(bytes) => write!(f, "cut:{bytes}"),
            Self::Slow(millis) => write!(f, "slow:{millis}"),
            Self::Clip(seconds) => write!(f, "clip:{seconds}"),
            Self::Redirect(hops) => write!(f, "redirect:{hops}"),
            Self::Dribble { bytes, millis } => write!(f, "dribble:{bytes}/{millis}"),
            Self::Jump(bytes) => write!(f, "jump:{bytes}"),
            Self::Corrupt(bytes) => write!(f, "corrupt:{bytes}"),
            Self::Refuse => f.write_str("refuse"),
            Self::Mute => f.write_str("mute"),
            Self::Garbage(bytes) => write!(f, "garbage:{bytes}"),
            Self::Short(bytes) => write!(f, "short:{bytes}"),
            Self::Unsized => f.write_str("unsized"),
            Self::Only(extension) => write!(f, "only:{extension}"),
            Self::Other(bytes) => write!(f, "other:{bytes}"),
            Self::Rangeless => f.write_str("rangeless"),
            Self::Sizeless => f.write_str("sizeless"),
            Self::Edge => f.write_str("edge"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_and_written_back() {
        let table = [
            ("status:403", Fault::Status(403)),
            ("busy:7", Fault::Busy(7)),
            ("html", Fault::Html),
            ("empty", Fault::Empty),
            ("half", Fault::Half),
            ("stall:1000000", Fault::Stall(1_000_000)),
            ("cut:500000", Fault::Cut(500_000)),
            ("slow:3000", Fault::Slow(3000)),
            ("clip:6", Fault::Clip(6)),
            ("redirect:3", Fault::Redirect(3)),
            ("dribble:100/50", Fault::Dribble { bytes: 100, millis: 50 }),
            ("garbage:100", Fault::Garbage(100)),
            ("jump:1000", Fault::Jump(1000)),
            ("corrupt:1000", Fault::Corrupt(1000)),
            ("refuse", Fault::Refuse),
            ("mute", Fault::Mute),
            ("short:1000", Fault::Short(1000)),
            ("unsized", Fault::Unsized),
            ("only:mkv", Fault::Only("mkv")),
            ("other:0", Fault::Other(0)),
            ("rangeless", Fault::Rangeless),
            ("sizeless", Fault::Sizeless),
            ("edge", Fault::Edge),
        ];
        for (text, fault) in table {
            assert_eq!(text.parse(), Ok(fault));
            assert_eq!(fault.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_fault_is_named() {
        for text in [
            "",
            "sulk",
            "status",
            "status:70",
            "status:1000",
            "html:1",
            "dribble:5",
            "dribble:0/5",
            "garbage:0",
            "corrupt:1",
            "clip:x",
            "only:",
            "only:exe",
            "other:-1",
            "edge:2",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
