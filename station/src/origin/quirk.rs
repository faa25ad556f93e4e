//! How an origin differs from the plainest HLS, in one grammar for addresses and tests: quirks joined by commas, as
//! [`SPELLINGS`] has them.

use std::str::FromStr;

use crate::fault::Fault;

/// Every quirk: how it is spelt, and what is different.
pub(crate) const SPELLINGS: &[(&str, &str)] = &[
    ("plain", "nothing"),
    ("master", "a master playlist with three bandwidths; the second best is listed first"),
    ("audio", "a master playlist whose sound is a rendition of its own"),
    ("fmp4", "fragmented MP4 with EXT-X-MAP"),
    ("packed", "sound alone as ADTS frames without a container, each segment led by its time in an ID3 tag"),
    ("aes", "AES-128, the sequence number is the IV; another key every ten segments"),
    ("aes-iv", "AES-128 with an IV in the playlist"),
    (
        "sample-aes, drm",
        "SAMPLE-AES with a key to fetch; two DRM systems (the media is in the clear all the same)",
    ),
    ("range", "four segments are one resource, with byte ranges whose offset is mostly left out"),
    ("range-ignored", "as range, but whoever asks for a range gets everything"),
    ("disc:N", "a discontinuity before every Nth segment: clocks jump"),
    ("gap:N", "every Nth segment is an EXT-X-GAP and cannot be had"),
    ("nth:N:FAULT", "that fault happens to every Nth segment, see faults; a slash in it is %2F"),
    ("zero, falling", "the sequence number is always 0; falls to 0 every 16 segments"),
    ("counting", "continuity counters count on over segments instead of beginning again in each"),
    ("id3", "every segment begins with an ID3 tag"),
    ("ll", "low latency: parts, hints, reports, answers that wait for _HLS_msn and _HLS_part"),
    ("pdt", "EXT-X-PROGRAM-DATE-TIME before every segment"),
    ("expiring:S", "a redirect to an address with a token, which answers 403 after so many seconds"),
    ("rotating", "segments have a token in their query, another one in every playlist"),
    ("cookie", "segments are for those who have the playlist's cookie"),
    ("end:TIME", "at that time, in seconds since 1970, the list ends with EXT-X-ENDLIST"),
    ("frozen:TIME", "from that time on the list never changes, and does not say why"),
    ("vod", "a finished list of as many segments as the window has"),
    ("gzip, gzip-untold", "playlists are packed, with and without Content-Encoding"),
    ("crlf, bom, loose", "line ends; a byte order mark; numbers and blanks against RFC 8216"),
    ("comments, new", "comments that name hosts and people; tags nobody knows that have addresses in them"),
    (
        "absolute, network, rooted, dots, query, spaces, fragment, define",
        "how the playlist refers to what it lists",
    ),
];

/// What is different about an origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quirks {
    pub(crate) master: Option<Master>,
    pub(crate) media: Media,
    pub(crate) cipher: Option<Cipher>,
    pub(crate) ranges: Option<Ranges>,
    /// A discontinuity before every so manieth segment.
    pub(crate) discontinuity: Option<u64>,
    /// Every so manieth segment is a gap.
    pub(crate) gap: Option<u64>,
    /// Every so manieth segment suffers.
    pub(crate) nth: Option<(u64, Fault)>,
    pub(crate) sequence: Sequence,
    pub(crate) counting: bool,
    pub(crate) id3: bool,
    pub(crate) low_latency: bool,
    pub(crate) dates: bool,
    /// Seconds for which the redirect's token is good.
    pub(crate) expiring: Option<u64>,
    pub(crate) rotating: bool,
    pub(crate) cookie: bool,
    pub(crate) end: End,
    pub(crate) packing: Option<Packing>,
    pub(crate) crlf: bool,
    pub(crate) bom: bool,
    pub(crate) loose: bool,
    pub(crate) comments: bool,
    pub(crate) unknown: bool,
    pub(crate) reference: Reference,
}

/// What a master playlist offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Master {
    Bandwidths,
    Audio,
}

/// What segments are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Media {
    #[default]
    Ts,
    Fragments,
    Packed,
}

/// How segments are said to be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    /// AES-128; the IV is written out, or is the sequence number.
    Aes {
        iv: bool,
    },
    SampleAes,
    Drm,
}

/// What becomes of `Range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    Kept,
    Ignored,
}

/// What `EXT-X-MEDIA-SEQUENCE` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sequence {
    #[default]
    True,
    Zero,
    Falling,
}

/// How the list ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Never,
    At(i64),
    Frozen(i64),
    Vod,
}

/// How playlists are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Told,
    Untold,
}

/// How a playlist refers to what it lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reference {
    /// `12.ts`
    #[default]
    Relative,
    /// `http://host/origin/.../12.ts`
    Absolute,
    /// `//host/origin/.../12.ts`
    Network,
    /// `/origin/.../12.ts`
    Rooted,
    /// `../1017/./12.ts`
    Dots,
    /// `?file=12.ts`
    Query,
    /// `segment 12.ts`
    Spaces,
    /// `12.ts#t=0`
    Fragment,
    /// `{$base}12.ts`
    Variable,
}

impl FromStr for Quirks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut quirks = Self::default();
        for quirk in text.split(',') {
            quirks.add(quirk)?;
        }
        Ok(quirks)
    }
}

impl Quirks {
    fn add(&mut self, quirk: &str) -> Result<(), String> {
        let (name, argument) = quirk.split_once(':').unwrap_or((quirk, ""));
        match name {
            "disc" => self.discontinuity = Some(every(name, argument)?),
            "gap" => self.gap = Some(every(name, argument)?),
            "expiring" => self.expiring = Some(every(name, argument)?),
            "end" => self.end = End::At(time(name, argument)?),
            "frozen" => self.end = End::Frozen(time(name, argument)?),
            "nth" => {
                let (number, fault) = argument.split_once(':').ok_or("quirk nth needs N:FAULT")?;
                self.nth = Some((every(name, number)?, fault.parse()?));
            }
            _ if quirk.contains(':') => return Err(format!("quirk {name} takes no number")),
            _ => self.simple(name)?,
        }
        Ok(())
    }

    fn simple(&mut self, name: &str) -> Result<(), String> {
        match name {
            "plain" => {}
            "master" => self.master = Some(Master::Bandwidths),
            "audio" => self.master = Some(Master::Audio),
            "fmp4" => self.media = Media::Fragments,
            "packed" => self.media = Media::Packed,
            "aes" => self.cipher = Some(Cipher::Aes { iv: false }),
            "aes-iv" => self.cipher = Some(Cipher::Aes { iv: true }),
            "sample-aes" => self.cipher = Some(Cipher::SampleAes),
            "drm" => self.cipher = Some(Cipher::Drm),
            "range" => self.ranges = Some(Ranges::Kept),
            "range-ignored" => self.ranges = Some(Ranges::Ignored),
            "zero" => self.sequence = Sequence::Zero,
            "falling" => self.sequence = Sequence::Falling,
            "counting" => self.counting = true,
            "id3" => self.id3 = true,
            "ll" => self.low_latency = true,
            "pdt" => self.dates = true,
            "rotating" => self.rotating = true,
            "cookie" => self.cookie = true,
            "vod" => self.end = End::Vod,
            "gzip" => self.packing = Some(Packing::Told),
            "gzip-untold" => self.packing = Some(Packing::Untold),
            "crlf" => self.crlf = true,
            "bom" => self.bom = true,
            "loose" => self.loose = true,
            "comments" => self.comments = true,
            "new" => self.unknown = true,
            "absolute" => self.reference = Reference::Absolute,
            "network" => self.reference = Reference::Network,
            "rooted" => self.reference = Reference::Rooted,
            "dots" => self.reference = Reference::Dots,
            "query" => self.reference = Reference::Query,
            "spaces" => self.reference = Reference::Spaces,
            "fragment" => self.reference = Reference::Fragment,
            "define" => self.reference = Reference::Variable,
            _ => return Err(format!("unknown quirk {name:?}")),
        }
        Ok(())
    }

    /// Whether a segment is a gap.
    pub(crate) fn is_gap(&self, number: u64) -> bool {
        self.gap.is_some_and(|every| number.is_multiple_of(every))
    }

    /// What goes wrong with a segment, always.
    pub(crate) fn fault(&self, number: u64) -> Option<Fault> {
        self.nth.filter(|(every, _)| number.is_multiple_of(*every)).map(|(_, fault)| fault)
    }
}

fn every(name: &str, argument: &str) -> Result<u64, String> {
    match argument.parse() {
        Ok(number @ 1..=1_000_000) => Ok(number),
        _ => Err(format!("quirk {name} needs a number from 1 to 1000000, not {argument:?}")),
    }
}

fn time(name: &str, argument: &str) -> Result<i64, String> {
    argument.parse().map_err(|_| format!("quirk {name} needs seconds since 1970, not {argument:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirks_are_read_in_any_combination() {
        let quirks: Quirks = "master,aes-iv,gap:5,nth:7:cut:1000,end:1760000000,gzip,dots".parse().unwrap();
        let expected = Quirks {
            master: Some(Master::Bandwidths),
            cipher: Some(Cipher::Aes { iv: true }),
            gap: Some(5),
            nth: Some((7, Fault::Cut(1000))),
            end: End::At(1_760_000_000),
            packing: Some(Packing::Told),
            reference: Reference::Dots,
            ..Quirks::default()
        };
        assert_eq!(quirks, expected);
        assert!(quirks.is_gap(10) && !quirks.is_gap(11));
        assert_eq!((quirks.fault(14), quirks.fault(15)), (Some(Fault::Cut(1000)), None));
        assert_eq!("plain".parse(), Ok(Quirks::default()));
    }

    #[test]
    fn every_spelling_is_understood() {
        for (spelling, _) in SPELLINGS {
            for quirk in spelling.split(", ") {
                let quirk = quirk.replace("FAULT", "slow:5").replace(":N", ":3").replace(":S", ":3");
                assert!(quirk.replace(":TIME", ":3").parse::<Quirks>().is_ok(), "{quirk}");
            }
        }
    }

    #[test]
    fn what_is_no_quirk_is_named() {
        for text in
            ["", "sulk", "gap", "gap:0", "gap:x", "plain:1", "nth:5", "nth:5:sulk", "end:soon", "aes,"]
        {
            assert!(text.parse::<Quirks>().is_err(), "{text}");
        }
    }
}
