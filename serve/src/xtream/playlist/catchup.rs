//! How a playlist tells players that the past of a channel can be watched, and how they are to ask for it.

use contract::playlist::{BASE, PASSWORD, USERNAME};
use serde::Deserialize;

/// The attributes that say so. Players take different ones, and contradictory ones are taken in different ways, so a
/// playlist has those of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Catchup {
    /// `catchup="shift"`: players add `?utc=START&lutc=NOW` to the channel's address. No time zones, any address.
    #[default]
    Shift,
    /// `catchup="default"` with an address to be filled in: bounded, for players that know `{duration:60}`.
    Default,
    /// `catchup="xc"`: players make the address that Xtream apps use, of addresses without `.ts` and in the time zone
    /// of the device.
    Xc,
    /// `timeshift` alone, as panels write it.
    Panel,
}

impl Catchup {
    /// The kind of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "shift" => Self::Shift,
            "default" => Self::Default,
            "xc" => Self::Xc,
            "panel" => Self::Panel,
            _ => return None,
        })
    }

    /// Gives the attributes of a channel whose past is kept for `days`; `file` is how its address ends.
    pub(super) fn attributes(self, days: &[u8], file: &[u8], give: &mut impl FnMut(&[u8])) {
        let mut all = |pieces: &[&[u8]]| pieces.iter().for_each(|piece| give(piece));
        match self {
            Self::Shift => all(&[br#" catchup="shift" catchup-days=""#, days, br#"" tvg-rec=""#, days]),
            Self::Default => {
                let there = format!("{BASE}/timeshift/{USERNAME}/{PASSWORD}/{{duration:60}}/{{utc}}/");
                let until = br#" catchup="default" catchup-days=""#;
                all(&[until, days, br#"" catchup-source=""#, there.as_bytes(), file]);
            }
            Self::Xc => all(&[br#" catchup="xc" catchup-days=""#, days]),
            Self::Panel => all(&[br#" timeshift=""#, days]),
        }
        all(&[b"\""]);
    }
}
