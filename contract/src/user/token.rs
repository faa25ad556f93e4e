//! Tokens: what a device shows in place of name and password, and what can be taken back from it alone.

use rand::seq::IndexedRandom;
use serde::{Deserialize, Serialize};

/// A token that was given to a device. It is as long as that nobody guesses it, so a quick digest hides it well enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// What it was given to, for people: one of a user's tokens is told from the others by it.
    pub device: String,
    /// BLAKE3 of the token, hexadecimal.
    digest: String,
    /// Whether it opens the administration, and nothing else. Only a token of an administrator does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// Unix time, in seconds.
    pub created: u64,
}

/// Characters of a token: 99 bits, to be typed on a television where that must be.
const LENGTH: usize = 20;
/// Characters of a password that we make: 58 bits.
const PASSWORD: usize = 12;

impl Token {
    /// How many a user may have.
    pub const MOST: usize = 100;
    /// What the devices of those begin with that browsers got for a name and a password.
    pub const BROWSER: &str = "Browser: ";
    /// How long such a login holds, in seconds.
    pub const LOGIN: u64 = 90 * 86_400;
    /// What the cookie is called that holds it.
    pub const COOKIE: &str = "coax_page";

    /// A new token for `device`, and its text, which nobody can tell again.
    pub fn new(device: &str, admin: bool, created: u64) -> (Self, String) {
        let text = typeable(LENGTH);
        (Self { device: device.into(), digest: Self::digest_of(&text), admin, created }, text)
    }

    /// Whether a browser got it for a name and a password.
    pub fn is_login(&self) -> bool {
        self.device.starts_with(Self::BROWSER)
    }

    /// Whether, as a login, it has held at `now` (Unix time in seconds) for as long as one may.
    pub const fn is_over(&self, now: u64) -> bool {
        self.created.saturating_add(Self::LOGIN) <= now
    }

    /// By what it is found.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }

    pub(super) fn digest_of(text: &str) -> String {
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// Checks what a token is given to.
///
/// # Errors
/// What it may be called, in words.
pub fn check_device(device: &str) -> Result<(), &'static str> {
    let fits = (1..=64).contains(&device.chars().count()) && !device.chars().any(char::is_control);
    let fits = fits && device.trim() == device && !device.contains('/');
    fits.then_some(())
        .ok_or("a device is called by 1 to 64 characters, without slashes and blanks at its ends")
}

/// A new password, for somebody who has not chosen one.
pub fn made_password() -> String {
    typeable(PASSWORD)
}

/// Characters that can be told apart on a television and typed with its remote control: nearly 5 bits each.
pub fn typeable(length: usize) -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut random = rand::rng();
    (0..length).map(|_| *LETTERS.choose(&mut random).expect("there are letters") as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_where_a_password_goes_and_is_not_kept() {
        let (token, text) = Token::new("living room", false, 7);
        assert!(super::super::check_password(&text).is_ok() && text.len() == LENGTH);
        assert_eq!(token.digest(), Token::digest_of(&text));
        assert!(!serde_json::to_string(&token).unwrap().contains(&text));
        assert_ne!(text, Token::new("living room", false, 7).1);
        assert!(check_device("Küche 2").is_ok());
        for wrong in ["", " a", "a/b", "a\nb", &"x".repeat(65)] {
            assert!(check_device(wrong).is_err(), "{wrong}");
        }
    }
}
