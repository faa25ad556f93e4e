//! How good a picture is, and which are wanted.

use std::fmt;
use std::str::FromStr;

/// The classes of pictures, in lines.
pub const LADDER: [u16; 8] = [240, 360, 480, 576, 720, 1080, 2160, 4320];

/// What is known of a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quality {
    /// Its class, one of [`LADDER`]; unknown is unknown, not bad.
    pub lines: Option<u16>,
    /// Whether it was filmed off a screen.
    pub cam: bool,
}

impl Quality {
    /// The class of a picture of so many pixels: what is broad counts by its width, so that a film of 1920 times 800 is of
    /// 1080 lines. Nothing for no picture.
    pub fn of_pixels(width: u32, height: u32) -> Option<u16> {
        let lines = height.max((u64::from(width) * 9 / 16).min(u64::from(u32::MAX)) as u32);
        (lines > 0).then(|| rounded(lines))
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lines, self.cam) {
            (Some(lines), false) => write!(f, "{lines}p"),
            (Some(lines), true) => write!(f, "cam {lines}p"),
            (None, true) => f.write_str("cam"),
            (None, false) => f.write_str("unknown"),
        }
    }
}

/// The nearest class, as ratios go.
fn rounded(lines: u32) -> u16 {
    let apart = |class: u16| {
        let (class, lines) = (f64::from(class), f64::from(lines));
        (class / lines).max(lines / class)
    };
    LADDER.into_iter().min_by(|a, b| apart(*a).total_cmp(&apart(*b))).expect("the ladder is not empty")
}

/// Which pictures are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// No worse than this class.
    pub min: u16,
    /// No better than this class, which would only take more room.
    pub max: u16,
    /// Whether those of which nothing is known are wanted.
    pub unknown: bool,
    /// Whether those are wanted that were filmed off a screen.
    pub cam: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { min: 480, max: 1080, unknown: true, cam: false }
    }
}

/// Why a picture is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unwanted {
    /// It is worse than the least.
    Worse(u16),
    /// It is better than the most.
    Better(u16),
    /// Nothing is known of it.
    Unknown,
    /// It was filmed off a screen.
    Cam,
}

impl fmt::Display for Unwanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Worse(lines) => write!(f, "{lines}p is worse than what is wanted"),
            Self::Better(lines) => write!(f, "{lines}p is better than what is wanted"),
            Self::Unknown => f.write_str("nothing is known of its quality"),
            Self::Cam => f.write_str("it was filmed off a screen"),
        }
    }
}

impl Wanted {
    /// Why `quality` is not wanted, if it is not.
    pub fn refuses(&self, quality: Quality) -> Option<Unwanted> {
        match quality {
            Quality { cam: true, .. } if !self.cam => Some(Unwanted::Cam),
            Quality { lines: Some(lines), .. } if lines < self.min => Some(Unwanted::Worse(lines)),
            Quality { lines: Some(lines), .. } if lines > self.max => Some(Unwanted::Better(lines)),
            Quality { lines: None, .. } if !self.unknown => Some(Unwanted::Unknown),
            _ => None,
        }
    }
}

/// A class as somebody writes it: `720`, `720p`, `HD`, `4K`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(pub u16);

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_ascii_uppercase();
        let number = upper.strip_suffix('P').unwrap_or(&upper);
        let lines = match number {
            "SD" => 480,
            "HD" => 720,
            "FHD" => 1080,
            "UHD" | "4K" => 2160,
            "8K" => 4320,
            number => number.parse().unwrap_or(0),
        };
        let classes = LADDER.map(|lines| lines.to_string()).join(", ");
        if LADDER.contains(&lines) {
            Ok(Self(lines))
        } else {
            Err(format!("expected one of {classes}, SD, HD, FHD, 4K, 8K"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_class_of_its_larger_side() {
        for (width, height, lines) in [
            (1920, 1080, 1080),
            (1920, 800, 1080),
            (1280, 536, 720),
            (720, 576, 576),
            (640, 480, 480),
            (3840, 1600, 2160),
            (4096, 2160, 2160),
            (1440, 1080, 1080),
            (7680, 4320, 4320),
            (1, 1, 240),
        ] {
            assert_eq!(Quality::of_pixels(width, height), Some(lines), "{width}x{height}");
        }
        assert_eq!(Quality::of_pixels(0, 0), None);
        assert_eq!(Quality::of_pixels(u32::MAX, 0), Some(4320));
    }

    #[test]
    fn what_is_not_wanted_says_why() {
        let wanted = Wanted::default();
        let quality = |lines, cam| Quality { lines, cam };
        for (quality, why) in [
            (quality(Some(720), false), None),
            (quality(None, false), None),
            (quality(Some(360), false), Some(Unwanted::Worse(360))),
            (quality(Some(2160), false), Some(Unwanted::Better(2160))),
            (quality(Some(720), true), Some(Unwanted::Cam)),
            (quality(None, true), Some(Unwanted::Cam)),
        ] {
            assert_eq!(wanted.refuses(quality), why, "{quality}");
        }
        assert_eq!(Wanted { unknown: false, ..wanted }.refuses(Quality::default()), Some(Unwanted::Unknown));
        assert_eq!("4k".parse(), Ok(Class(2160)));
        assert_eq!("480p".parse(), Ok(Class(480)));
        assert!("481".parse::<Class>().unwrap_err().contains("480, 576"));
    }
}
