//! Tickets: signed permission for one user to watch one channel, for addresses that must not carry credentials.
//!
//! Players, proxies and cast receivers keep the addresses of segments. A ticket in them says who may watch what until
//! when; it opens nothing else, and whoever holds the [`Key`] can tell that it is genuine without having kept it. So
//! players go on when the server was started anew.
//!
//! ```text
//! base64url(version 1 | key 1 | expires 4 | channel 4 | nonce 8 | user 8) "." base64url(HMAC-SHA-256, first 16 bytes)
//! ```
//!
//! There is no name in it: `user` is a keyed digest of name and password hash, or of name and the token that he showed. A
//! changed password and a token that was taken back take the tickets back that were given for them.
//!
//! A [`pass`] is the same for programs of the installation that take what viewers do not need.

mod key;
pub mod pass;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::user::User;

pub use key::Key;

/// How long a ticket holds, in seconds.
pub const LIFETIME: u32 = 12 * 3600;

const VERSION: u8 = 1;
/// Which key signed; there is one so far.
const KEY: u8 = 0;
const PAYLOAD: usize = 26;
const SIGNATURE: usize = 16;

/// Permission to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Our id of the channel.
    pub channel: u32,
    /// Unix time in seconds from which on it is worth nothing.
    pub expires: u32,
    /// Tells two tickets of one user for one channel apart.
    pub nonce: u64,
    user: [u8; 8],
}

/// Why a ticket is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// Not even the form of one.
    #[error("this is no ticket")]
    Malformed,
    /// Signed by nobody we know, or for somebody else.
    #[error("this ticket is forged")]
    Forged,
    /// It was one.
    #[error("this ticket has expired")]
    Expired,
}

impl Ticket {
    /// A ticket for `user` to watch `channel`, given at `now` (Unix time in seconds).
    pub fn new(key: &Key, user: &User, channel: u32, now: u64) -> Self {
        let expires = u32::try_from(now).unwrap_or(u32::MAX).saturating_add(LIFETIME);
        Self { channel, expires, nonce: rand::random(), user: digest(key, user) }
    }

    /// As it stands in an address.
    pub fn sign(&self, key: &Key) -> String {
        signed(key, "ticket", &self.payload())
    }

    /// Reads a ticket out of an address, at `now` (Unix time in seconds).
    ///
    /// # Errors
    /// [`TicketError`].
    pub fn read(key: &Key, text: &str, now: u64) -> Result<Self, TicketError> {
        let payload: [u8; PAYLOAD] = verified(key, "ticket", text)?;
        let four = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().expect("four bytes"));
        let eight = |at: usize| <[u8; 8]>::try_from(&payload[at..at + 8]).expect("eight bytes");
        let nonce = u64::from_be_bytes(eight(10));
        let ticket = Self { expires: four(2), channel: four(6), nonce, user: eight(18) };
        match payload[..2] == [VERSION, KEY] {
            false => Err(TicketError::Forged),
            true if u64::from(ticket.expires) <= now => Err(TicketError::Expired),
            true => Ok(ticket),
        }
    }

    /// Whether it was given to `user`, as he is now.
    pub fn is_for(&self, key: &Key, user: &User) -> bool {
        key::same(&self.user, &digest(key, user))
    }

    fn payload(&self) -> [u8; PAYLOAD] {
        let mut payload = [0; PAYLOAD];
        payload[..2].copy_from_slice(&[VERSION, KEY]);
        payload[2..6].copy_from_slice(&self.expires.to_be_bytes());
        payload[6..10].copy_from_slice(&self.channel.to_be_bytes());
        payload[10..18].copy_from_slice(&self.nonce.to_be_bytes());
        payload[18..].copy_from_slice(&self.user);
        payload
    }
}

/// What stands in an address: `payload`, signed for one `purpose`.
fn signed(key: &Key, purpose: &str, payload: &[u8]) -> String {
    let signature = &key.mac(purpose, &[payload])[..SIGNATURE];
    format!("{}.{}", URL_SAFE_NO_PAD.encode(payload), URL_SAFE_NO_PAD.encode(signature))
}

/// The payload out of an address, if it was signed for this `purpose`.
fn verified<const PAYLOAD: usize>(
    key: &Key,
    purpose: &str,
    text: &str,
) -> Result<[u8; PAYLOAD], TicketError> {
    let (payload, signature) = text.split_once('.').ok_or(TicketError::Malformed)?;
    let decode = |text| URL_SAFE_NO_PAD.decode(text).map_err(|_| TicketError::Malformed);
    let payload: [u8; PAYLOAD] = decode(payload)?.try_into().map_err(|_| TicketError::Malformed)?;
    let signature: [u8; SIGNATURE] = decode(signature)?.try_into().map_err(|_| TicketError::Malformed)?;
    let is_ours = key::same(&signature, &key.mac(purpose, &[&payload])[..SIGNATURE]);
    if is_ours { Ok(payload) } else { Err(TicketError::Forged) }
}

fn digest(key: &Key, user: &User) -> [u8; 8] {
    let mac = key.mac("user", &[user.name.as_bytes(), user.shown()]);
    mac[..8].try_into().expect("eight bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, password: &str) -> User {
        User::new(name, serde_json::from_value(password.into()).unwrap(), 1)
    }

    #[test]
    fn a_ticket_is_read_as_it_was_given_and_names_nobody() {
        let (key, ann) = (Key::random(), user("ann", "hash"));
        let ticket = Ticket::new(&key, &ann, 5001, 1000);
        let text = ticket.sign(&key);
        assert_eq!(Ticket::read(&key, &text, 1001), Ok(ticket));
        assert_eq!((ticket.channel, ticket.expires, text.len()), (5001, 1000 + LIFETIME, 58));
        assert!(ticket.is_for(&key, &ann));
        assert!(!ticket.is_for(&key, &user("bob", "hash")) && !ticket.is_for(&key, &user("ann", "other")));
        let payload = URL_SAFE_NO_PAD.decode(text.split_once('.').unwrap().0).unwrap();
        assert!(!payload.windows(3).any(|window| window == b"ann"));
    }

    #[test]
    fn what_is_forged_expired_or_no_ticket_is_told_apart() {
        let key = Key::random();
        let ticket = Ticket::new(&key, &user("ann", "hash"), 7, 1000);
        let text = ticket.sign(&key);
        let read = |text: &str, now| Ticket::read(&key, text, now);
        assert_eq!(read(&text, 1000 + u64::from(LIFETIME)), Err(TicketError::Expired));
        assert_eq!(Ticket::read(&Key::random(), &text, 1000), Err(TicketError::Forged));
        let other = Ticket { channel: 8, ..ticket }.sign(&Key::random());
        let (signature, payload) = (text.split_once('.').unwrap().1, other.split_once('.').unwrap().0);
        assert_eq!(read(&format!("{payload}.{signature}"), 1000), Err(TicketError::Forged));
        for none in
            ["", ".", "x", "x.y", &text[..20], &text[1..], &format!("{text}a"), &text.replace('.', "")]
        {
            assert_eq!(read(none, 1000), Err(TicketError::Malformed), "{none}");
        }
    }
}
