//! Live television as other encoders and networks make it, in one grammar: words joined by commas, as [`SPELLINGS`] has
//! them.

use std::str::FromStr;
use std::time::Duration;

use crate::television::{Broadcast, Make, Picture, Sound};

/// Every variant: how it is spelt, and what is different.
pub(crate) const SPELLINGS: &[(&str, &str)] = &[
    ("plain", "nothing"),
    ("hevc, mpeg2", "another picture codec"),
    (
        "recovery",
        "H.264 without IDR pictures: recovery points announce where to begin (no decoder can show it)",
    ),
    ("no-aud", "H.264 without access unit delimiters"),
    ("latm, mp2, ac3", "another sound codec"),
    ("sound, silent", "no picture; no sound"),
    ("rai-always, rai-never", "the random access indicator on every picture; on none"),
    ("wrap:S", "PCR, PTS and DTS begin again at 0 after so many seconds"),
    ("lossy:N", "every Nth packet of the picture is missing, which shows in the continuity counter"),
    ("twice:N", "every Nth packet of the picture comes twice"),
    ("scrambled", "media packets are scrambled and say so"),
    ("192, 204", "packets with 4 bytes of time in front; with 16 bytes of checksum behind"),
    ("long-pmt", "the PMT's section is longer than a packet"),
    ("pointer", "sections of the PMT begin in the middle of packets"),
    ("pmt:S", "after so many seconds the PMT has a new version, and media other PIDs"),
    ("tick:MS", "what is written every so many milliseconds is sent every so many"),
];

/// What is different about a live stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    picture: Option<Picture>,
    sound: Option<Sound>,
    without: Option<Without>,
    pub(super) random_access: Option<RandomAccess>,
    /// Seconds until the clocks begin again.
    pub(super) wrap: Option<u64>,
    pub(super) lossy: Option<u64>,
    pub(super) twice: Option<u64>,
    pub(super) scrambled: bool,
    pub(super) size: Size,
    pub(super) pmt: Pmt,
    /// Seconds until PIDs change.
    pub(super) change: Option<u64>,
    pub(crate) tick: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Picture,
    Sound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RandomAccess {
    Always,
    Never,
}

/// What is around a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Size {
    #[default]
    Bare,
    /// 192
    Timed,
    /// 204
    Checked,
}

/// How the PMT is packetised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pmt {
    #[default]
    Short,
    Long,
    Chained,
}

impl FromStr for Variant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut variant = Self::default();
        for word in text.split(',') {
            variant.add(word)?;
        }
        Ok(variant)
    }
}

impl Variant {
    fn add(&mut self, word: &str) -> Result<(), String> {
        let (name, argument) = word.split_once(':').unwrap_or((word, ""));
        let number = || match argument.parse::<u64>() {
            Ok(number @ 1..=1_000_000) => Ok(number),
            _ => Err(format!("variant {name} needs a number from 1 to 1000000, not {argument:?}")),
        };
        match name {
            "wrap" => self.wrap = Some(number()?),
            "lossy" => self.lossy = Some(number()?),
            "twice" => self.twice = Some(number()?),
            "pmt" => self.change = Some(number()?),
            "tick" => self.tick = Some(Duration::from_millis(number()?)),
            _ if word.contains(':') => return Err(format!("variant {name} takes no number")),
            "plain" => {}
            "hevc" => self.picture = Some(Picture::Hevc),
            "mpeg2" => self.picture = Some(Picture::Mpeg2),
            "recovery" => self.picture = Some(Picture::RecoveryPoints),
            "no-aud" => self.picture = Some(Picture::NoDelimiters),
            "latm" => self.sound = Some(Sound::Latm),
            "mp2" => self.sound = Some(Sound::Mp2),
            "ac3" => self.sound = Some(Sound::Ac3),
            "sound" => self.without = Some(Without::Picture),
            "silent" => self.without = Some(Without::Sound),
            "rai-always" => self.random_access = Some(RandomAccess::Always),
            "rai-never" => self.random_access = Some(RandomAccess::Never),
            "scrambled" => self.scrambled = true,
            "192" => self.size = Size::Timed,
            "204" => self.size = Size::Checked,
            "long-pmt" => self.pmt = Pmt::Long,
            "pointer" => self.pmt = Pmt::Chained,
            _ => return Err(format!("unknown variant {word:?}")),
        }
        Ok(())
    }

    /// What a channel consists of then.
    pub(crate) fn make(&self, usual: Make) -> Make {
        let picture = usual.picture.map(|usual| self.picture.unwrap_or(usual));
        let sound = usual.sound.map(|usual| self.sound.unwrap_or(usual));
        match self.without {
            Some(Without::Picture) => Make { picture: None, sound },
            Some(Without::Sound) => Make { picture, sound: None },
            None => Make { picture, sound },
        }
    }

    /// The broadcast for a viewer who begins at a packet.
    pub(crate) fn begin(&self, broadcast: Broadcast, packet: u64) -> Broadcast {
        match self.wrap {
            Some(seconds) => broadcast.wrapping(packet, seconds * 1_000_000),
            None => broadcast,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_understood_and_others_are_named() {
        for (spelling, _) in SPELLINGS {
            for word in spelling.split(", ") {
                let word = word.replace("MS", "5").replace(":S", ":5").replace(":N", ":5");
                assert!(word.parse::<Variant>().is_ok(), "{word}");
            }
        }
        for text in ["", "sulk", "wrap", "wrap:0", "hevc:1", "plain,"] {
            assert!(text.parse::<Variant>().is_err(), "{text}");
        }
    }
}
