//! The ids of devices.

use std::fmt;

use crate::ticket::Key;

/// What the checksum makes of every second digit, from the maker's library (`hdhomerun_discover_validate_device_id`).
const TURNED: [u8; 16] = [0xA, 0x5, 0xF, 0x6, 0x7, 0xC, 0x1, 0xB, 0x9, 0x2, 0x8, 0xD, 0x4, 0x3, 0xE, 0x0];

/// The id of a device: eight hexadecimal digits, the last of which makes their checksum right. Media servers know a device
/// by it, and what they have recorded from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceId(u32);

impl DeviceId {
    /// The id of a part of the device of this name, in the installation that signs with `key`: the same after every start,
    /// and another one next door.
    pub fn of(key: &Key, name: &str, part: u32) -> Self {
        let mac = key.mac("hdhomerun", &[name.as_bytes(), &part.to_be_bytes()]);
        let chosen = u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]]);
        // Those of the maker begin so; the libraries of some clients look.
        let digits = 0x1000_0000 | (chosen & 0x0FFF_FFF0);
        Self(digits | u32::from(checksum(digits)))
    }

    /// Reads eight hexadecimal digits; `None` for others, and if their checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = hex.then(|| u32::from_str_radix(text, 16).ok())??;
        (checksum(id) == 0).then_some(Self(id))
    }

    /// As it is sent.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08X}", self.0)
    }
}

/// 0 for an id; for one whose last digit is 0, what it is to be.
fn checksum(id: u32) -> u8 {
    let digit = |shift: u32| (id >> shift & 0xF) as u8;
    let pair = |sum: u8, shift: u32| sum ^ TURNED[usize::from(digit(shift))] ^ digit(shift - 4);
    [28, 20, 12, 4].into_iter().fold(0, pair)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_of_real_devices_are_ids() {
        for real in ["10439EFD", "1010CC54"] {
            assert!(DeviceId::parse(real).is_some(), "{real}, which the maker's documentation shows");
        }
        for wrong in ["10439EFC", "0439EFD", "+0439EFD", "", "10439EFD0"] {
            assert_eq!(DeviceId::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn ours_are_ids_and_stay_what_they_are(key: [u8; 32], name in "[A-Za-z ]{1,20}", part in 0_u32..100) {
            let id = DeviceId::of(&Key::known(key), &name, part);
            prop_assert_eq!(DeviceId::parse(&id.to_string()), Some(id));
            prop_assert_eq!(DeviceId::of(&Key::known(key), &name, part), id);
        }
    }
}
