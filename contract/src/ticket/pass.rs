//! Passes: signed permission to take what viewers do not need, for programs of this installation.
//!
//! Somebody who records or downloads asks a relay as everybody does, with a pass in the place of a token:
//! `/movie/PASS/9001.mkv`. It names no user, takes nobody's seat, and sees everything; what it cannot have is a connection
//! that somebody needs who watches.
//!
//! ```text
//! base64url(version 1 | key 1 | class 1 | expires 4 | nonce 8) "." base64url(HMAC-SHA-256, first 16 bytes)
//! ```
//!
//! A relay tells whoever shows one why it gets nothing, or no more: [`Why`], in the header [`WHY`] of a refusal and in
//! the trailer of that name (RFC 9110, 6.5) behind a body that ends early. What it has made into something else than was asked
//! for, it says in [`MADE`]. That has no length, and proxies may take trailers away and end what broke off as if it were
//! whole: so [`Why::Whole`] stands behind all of it, and without that it is not all.

use std::fmt;
use std::str::FromStr;

use super::{KEY, Key, TicketError, signed, verified};

/// How long a pass holds, in seconds. It is looked at when a stream begins; whoever begins another one makes another.
pub const LIFETIME: u32 = 3600;
/// The header, and the trailer, that holds a [`Why`].
pub const WHY: &str = "coax-why";
/// The header that says what container a relay has made of something that its provider has in another form.
pub const MADE: &str = "coax-made";

const VERSION: u8 = 1;
const PAYLOAD: usize = 15;

/// Who has to give a connection up for whom: the lesser for the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Fetches what can be fetched at any time.
    Background,
    /// Records what is sent only now.
    Record,
    /// Watches. Needs no pass.
    Viewer,
}

impl Class {
    /// All of them, the greatest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Record, Self::Background];

    /// Its name in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Record => "record",
            Self::Viewer => "viewer",
        }
    }
}

/// Permission to take what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// What it is used for; never [`Class::Viewer`].
    pub class: Class,
    /// Unix time in seconds from which on it is worth nothing.
    pub expires: u32,
    nonce: u64,
}

impl Pass {
    /// A pass of the lesser of `class` and [`Class::Record`], given at `now` (Unix time in seconds).
    pub fn new(class: Class, now: u64) -> Self {
        let expires = u32::try_from(now).unwrap_or(u32::MAX).saturating_add(LIFETIME);
        Self { class: class.min(Class::Record), expires, nonce: rand::random() }
    }

    /// As it stands in an address.
    pub fn sign(&self, key: &Key) -> String {
        signed(key, "pass", &self.payload())
    }

    /// Reads a pass out of an address, at `now` (Unix time in seconds).
    ///
    /// # Errors
    /// [`TicketError`].
    pub fn read(key: &Key, text: &str, now: u64) -> Result<Self, TicketError> {
        let payload: [u8; PAYLOAD] = verified(key, "pass", text)?;
        let class = match payload[..3] {
            [VERSION, KEY, 0] => Class::Background,
            [VERSION, KEY, 1] => Class::Record,
            _ => return Err(TicketError::Forged),
        };
        let expires = u32::from_be_bytes(payload[3..7].try_into().expect("four bytes"));
        let nonce = u64::from_be_bytes(payload[7..].try_into().expect("eight bytes"));
        match u64::from(expires) <= now {
            true => Err(TicketError::Expired),
            false => Ok(Self { class, expires, nonce }),
        }
    }

    fn payload(&self) -> [u8; PAYLOAD] {
        let mut payload = [0; PAYLOAD];
        payload[..3].copy_from_slice(&[VERSION, KEY, u8::from(self.class == Class::Record)]);
        payload[3..7].copy_from_slice(&self.expires.to_be_bytes());
        payload[7..].copy_from_slice(&self.nonce.to_be_bytes());
        payload
    }
}

/// Why somebody who shows a pass gets nothing, or no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody watches who needs the connection, or there is none to spare.
    Slot,
    /// The provider has refused, with this status.
    Status(u16),
    /// The provider gives something that is no video.
    Foreign,
    /// The provider does not have the whole of it: a part is missing, or has changed meanwhile.
    Incomplete,
    /// The provider has it as HLS that cannot be made one file.
    Unsupported(Obstacle),
    /// Anything else: nobody answers, the connection broke.
    Broken,
    /// There is no more: that was all. Behind a body only.
    Whole,
}

/// What keeps HLS (RFC 8216) from becoming one transport stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its segments are fragmented MP4.
    Fragments,
    /// Its sound has a playlist of its own.
    Sound,
    /// Its segments are sound in no container.
    Bare,
    /// It is under digital rights management.
    Rights,
    /// Something else.
    Other,
}

impl Obstacle {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fragments, Self::Sound, Self::Bare, Self::Rights, Self::Other];

    /// Its name between programs.
    const fn word(self) -> &'static str {
        match self {
            Self::Fragments => "fragments",
            Self::Sound => "sound",
            Self::Bare => "bare",
            Self::Rights => "rights",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Obstacle {
    /// For people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fragments => "HLS in fragmented MP4",
            Self::Sound => "HLS whose sound has a playlist of its own",
            Self::Bare => "HLS in packed audio",
            Self::Rights => "HLS under digital rights management",
            Self::Other => "HLS of another kind",
        })
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slot => f.write_str("slot"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Foreign => f.write_str("foreign"),
            Self::Incomplete => f.write_str("incomplete"),
            Self::Unsupported(obstacle) => write!(f, "unsupported {}", obstacle.word()),
            Self::Broken => f.write_str("broken"),
            Self::Whole => f.write_str("whole"),
        }
    }
}

impl FromStr for Why {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.trim() {
            "slot" => Ok(Self::Slot),
            "foreign" => Ok(Self::Foreign),
            "incomplete" => Ok(Self::Incomplete),
            "broken" => Ok(Self::Broken),
            "whole" => Ok(Self::Whole),
            text => match text.split_once(' ') {
                Some(("status", status)) => status.parse().map(Self::Status).map_err(drop),
                Some(("unsupported", word)) => {
                    let obstacle = Obstacle::ALL.into_iter().find(|obstacle| obstacle.word() == word);
                    Ok(Self::Unsupported(obstacle.unwrap_or(Obstacle::Other)))
                }
                _ => Err(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::ticket::Ticket;
    use crate::user::User;

    #[test]
    fn a_pass_says_its_class_until_it_expires_and_never_that_somebody_watches() {
        let key = Key::random();
        for (class, given) in [
            (Class::Background, Class::Background),
            (Class::Record, Class::Record),
            (Class::Viewer, Class::Record),
        ] {
            let pass = Pass::new(class, 1000);
            let text = pass.sign(&key);
            assert_eq!(Pass::read(&key, &text, 1001), Ok(pass));
            assert_eq!((pass.class, pass.expires), (given, 1000 + LIFETIME));
            assert_eq!(Pass::read(&key, &text, 1000 + u64::from(LIFETIME)), Err(TicketError::Expired));
            assert_eq!(Pass::read(&Key::random(), &text, 1001), Err(TicketError::Forged));
        }
    }

    #[test]
    fn neither_a_ticket_nor_a_token_nor_a_pass_with_another_class_is_one() {
        let key = Key::random();
        let ann = User::new("ann", serde_json::from_value("hash".into()).unwrap(), 1);
        let ticket = Ticket::new(&key, &ann, 7, 1000).sign(&key);
        let pass = Pass::new(Class::Background, 1000);
        let text = pass.sign(&key);
        let better = Pass { class: Class::Record, ..pass }.payload();
        let signature = text.split_once('.').unwrap().1;
        let better = format!("{}.{signature}", URL_SAFE_NO_PAD.encode(better));
        for none in [&ticket, &better, "", "hunter2", "a.b", &text[1..], &format!("{text}a")] {
            assert!(Pass::read(&key, none, 1001).is_err(), "{none}");
        }
        assert!(Ticket::read(&key, &text, 1001).is_err());
    }

    #[test]
    fn every_why_is_read_as_it_was_written() {
        for why in [Why::Slot, Why::Status(551), Why::Foreign, Why::Incomplete, Why::Broken, Why::Whole] {
            assert_eq!(why.to_string().parse(), Ok(why));
        }
        for obstacle in Obstacle::ALL {
            let why = Why::Unsupported(obstacle);
            assert_eq!(why.to_string().parse(), Ok(why));
        }
        assert_eq!("unsupported since later".parse(), Ok(Why::Unsupported(Obstacle::Other)));
        for none in ["", "status", "status x", "slots", "unsupported"] {
            assert_eq!(none.parse::<Why>(), Err(()), "{none}");
        }
    }

    #[test]
    fn whoever_watches_is_the_greatest() {
        assert!(Class::ALL.is_sorted_by(|one, other| one > other));
        assert_eq!(Class::ALL.map(Class::word), ["viewer", "record", "background"]);
    }
}
