//! What a channel's display name says.
//!
//! ```text
//!  "UK| BBC One ᴴᴰ (Wales)" ──fold──▶ ASCII ──lex──▶ pieces ──read──▶ base bbc1, HD, GB, region wales
//! ```
//!
//! Lists write the same channel in a hundred ways; what must agree for two names to mean one channel is the base name
//! with its numbers, the shift, the region, and the country where both say one. Quality, decoration and the provider's
//! notes are told apart from it. All of it is pure and total: any text has a meaning, an empty one if need be.
//!
//! What does *not* belong here: which channel of a guide is meant (`matching`), and how names are shown.

mod brackets;
mod country;
mod fold;
mod lex;
mod read;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeSet;

pub use country::{Area, Country};

/// How fine the picture is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quality {
    /// `SD`, up to 576 lines.
    Sd,
    /// `HD`, 720 lines.
    Hd,
    /// `FHD`, 1080 lines.
    Fhd,
    /// `UHD`, `4K`.
    Uhd,
    /// `8K`.
    Uhd8k,
}

impl Quality {
    /// As it is usually written: `FHD`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sd => "SD",
            Self::Hd => "HD",
            Self::Fhd => "FHD",
            Self::Uhd => "UHD",
            Self::Uhd8k => "8K",
        }
    }
}

/// A codec that a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// `H264`.
    Avc,
    /// `HEVC`, `H265`.
    Hevc,
    /// `AV1`.
    Av1,
}

/// What a name says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Name {
    /// The name itself as folded words in order, numbers as digits: `["bbc", "1"]`. Without everything below.
    pub words: Vec<String>,
    /// What stood beside it in brackets, as folded words: `["sky"]` in `Nicktoons (Sky)`. More often a remark than a part
    /// of the name.
    pub aside: Vec<String>,
    /// The finest quality that it says.
    pub quality: Option<Quality>,
    /// The codec that it says.
    pub codec: Option<Codec>,
    /// Hours that the channel is behind: `+1`, `+24`.
    pub shift: u32,
    /// The country that it is for.
    pub country: Option<Country>,
    /// What stands in place of a country: `AR:`, `LATINO|`.
    pub area: Option<Area>,
    /// Words of the region, folded, in one spelling each: `wales`, `east`.
    pub regions: BTreeSet<&'static str>,
    /// Whether the last word is the name of the country, as in `MTV Deutschland`.
    pub ends_with_country: bool,
}

/// A `+` that may be a part of the name or an and: `Canal + Sport`, `Crime + Investigation`.
const AND: &str = "+";

impl Name {
    /// Reads a display name, such as `UK: Sky Sports F1 FHD` or `|DE| RTL ZWEI ᴴᴰ`. At most 200 letters are read.
    pub fn parse(raw: &str) -> Self {
        read::display(raw)
    }

    /// Reads a guide's id, such as `BBCOne.uk`, `bbc1.uk@HD` or `C4.1234.schedulesdirect`: the name that it was made of.
    pub fn of_id(id: &str) -> Self {
        read::id(id)
    }

    /// The words without blanks: `bbc1`. Equal for every way to write one name.
    pub fn base(&self) -> String {
        let words = self.words.iter().chain(&self.aside).map(String::as_str);
        words.map(|word| if word == AND { "plus" } else { word }).collect()
    }

    /// The numbers of the name, smallest first. They must agree: `Sky Sport` is neither `Sky Sport 1` nor `2`.
    pub fn numbers(&self) -> Vec<&str> {
        let digits = |word: &&String| word.bytes().all(|byte| byte.is_ascii_digit());
        let mut numbers: Vec<&str> = self.words.iter().filter(digits).map(String::as_str).collect();
        numbers.sort_unstable();
        numbers
    }

    /// The base without what one list writes and the next leaves out: `TV`, `Channel`, remarks in brackets, the country at
    /// the end, plurals, short forms. Two when a `+` may be a word or an and; none when what is left is too little to be
    /// a name, such as `sport` or `4`.
    pub fn cores(&self) -> Vec<String> {
        read::cores(self)
    }

    /// The words that [`Name::cores`] is made of, without numbers.
    pub fn telling_words(&self) -> Vec<String> {
        read::core_words(self)
            .filter(|word| *word != AND && !word.bytes().all(|byte| byte.is_ascii_digit()))
            .map(str::to_owned)
            .collect()
    }

    /// By which channels are the same for merging: base, quality, country, shift and region, as
    /// `bbc1|HD|GB|+0|wales`. Empty when the name says nothing.
    ///
    /// Two names with equal keys are one channel in one quality. For one channel in any quality see
    /// [`Name::key_of_any_quality`].
    pub fn key(&self) -> String {
        self.keyed(self.quality.map_or("", Quality::word))
    }

    /// [`Name::key`] without the quality, which `*` stands for.
    pub fn key_of_any_quality(&self) -> String {
        self.keyed("*")
    }

    fn keyed(&self, quality: &str) -> String {
        if self.words.is_empty() {
            return String::new();
        }
        let country = self.country.map_or("", Country::code);
        let regions: Vec<&str> = self.regions.iter().copied().collect();
        format!("{}|{quality}|{country}|+{}|{}", self.base(), self.shift, regions.join(","))
    }
}

/// The country that a group's name says: `UK | Sports`, `GERMANY`, `🇫🇷 Cinéma`, `EU| Turkish`.
pub fn country_of_group(group: &str) -> Option<Country> {
    read::group(group)
}
