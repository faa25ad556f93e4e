//! A picture's address as others may see it.
//!
//! What is sealed is enciphered under its own signature (the scheme of RFC 5297, SIV, with BLAKE3 for both parts): the same
//! becomes the same, nothing can be told from it but how long it is, and nothing that was changed can be opened.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::ticket::Key;

/// Bytes of a signature.
const SIGNATURE: usize = 16;
/// The longest address that is sealed, in bytes: longer ones are passed over, and so the longest that are opened.
const LONGEST: usize = 1024;

/// Where a picture is.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// The name of the source that told of it: it is asked for as that source is.
    pub source: String,
    /// `http://…` or `https://…`.
    pub address: String,
}

// SECURITY: addresses hold hosts of providers, and some hold tokens.
impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture of {}", self.source)
    }
}

/// Seals and opens.
#[derive(Clone)]
pub struct Sealer {
    signing: [u8; 32],
    hiding: [u8; 32],
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// With the installation's key.
    pub fn new(key: &Key) -> Self {
        Self { signing: key.mac("logo signature", &[]), hiding: key.mac("logo hiding", &[]) }
    }

    /// What stands for a picture in an address: letters, digits, `-` and `_`. `None` for an address that is too long.
    pub fn seal(&self, source: &str, address: &str) -> Option<String> {
        let mut text = format!("{source}\n{address}").into_bytes();
        if text.len() > LONGEST {
            return None;
        }
        let signature = self.signature(&text);
        self.hide(&signature, &mut text);
        Some(URL_SAFE_NO_PAD.encode([&signature[..], &text].concat()))
    }

    /// What was sealed with the same key; `None` for anything else.
    pub fn open(&self, sealed: &str) -> Option<Picture> {
        if sealed.len() > (SIGNATURE + LONGEST) * 4 / 3 + 2 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (signature, hidden) = bytes.split_first_chunk::<SIGNATURE>()?;
        let mut text = hidden.to_vec();
        self.hide(signature, &mut text);
        // Whole hashes are compared in a time that does not tell where they differ.
        if blake3::hash(&self.signature(&text)) != blake3::hash(signature) {
            return None;
        }
        let text = String::from_utf8(text).ok()?;
        let (source, address) = text.split_once('\n')?;
        Some(Picture { source: source.to_owned(), address: address.to_owned() })
    }

    fn signature(&self, text: &[u8]) -> [u8; SIGNATURE] {
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&blake3::keyed_hash(&self.signing, text).as_bytes()[..SIGNATURE]);
        signature
    }

    /// Hides what is open, and opens what is hidden.
    fn hide(&self, signature: &[u8; SIGNATURE], text: &mut [u8]) {
        let mut stream = vec![0; text.len()];
        blake3::Hasher::new_keyed(&self.hiding).update(signature).finalize_xof().fill(&mut stream);
        text.iter_mut().zip(stream).for_each(|(byte, with)| *byte ^= with);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_shows_nothing() {
        let sealer = Sealer::new(&Key::random());
        let sealed = sealer.seal("acme", "http://panel.example/logo/1.png?token=x").unwrap();
        assert_eq!(sealed, sealer.seal("acme", "http://panel.example/logo/1.png?token=x").unwrap());
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let opened = sealer.open(&sealed).unwrap();
        assert_eq!((&*opened.source, &*opened.address), ("acme", "http://panel.example/logo/1.png?token=x"));
        assert!(!format!("{opened:?} {sealer:?}").contains("panel.example"));
        assert!(Sealer::new(&Key::random()).open(&sealed).is_none());
        assert_ne!(
            sealed[20..40],
            sealer.seal("acme", "http://panel.example/logo/2.png?token=x").unwrap()[20..40]
        );
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let sealer = Sealer::new(&Key::random());
        let sealed = sealer.seal("acme", "http://h/1.png").unwrap();
        for at in 0..sealed.len() - 1 {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(sealer.open(std::str::from_utf8(&changed).unwrap()).is_none(), "{at}");
        }
        for wrong in ["", "AAAA", "ä", &"A".repeat(9000), &sealed[..sealed.len() - 4]] {
            assert!(sealer.open(wrong).is_none());
        }
        assert!(sealer.seal("acme", &format!("http://h/{}", "x".repeat(2000))).is_none());
    }
}
