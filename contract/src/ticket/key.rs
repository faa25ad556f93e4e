//! `secret.key`: what an installation signs with.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// The block of SHA-256, in bytes.
const BLOCK: usize = 64;

/// The secret of an installation. Everything that is signed with it holds until the file is removed.
#[derive(Clone)]
pub struct Key([u8; 32]);

// SECURITY: what types print of themselves ends up in logs.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Key {
    /// A key that dies with the process.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// A key that everybody may know: nothing that it signs is a secret.
    pub const fn known(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key in the file at `path`, which is made on first start, for its owner's eyes only. Of several programs that
    /// start at once one makes it, and all get that one.
    ///
    /// # Errors
    /// The disk refuses, or what is there is no key.
    pub fn load(path: &Path) -> io::Result<Self> {
        if let Some(key) = Self::read(path)? {
            return Ok(key);
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::with_prefix_in(crate::disk::REPLACING, folder)?; // mode 0600
        let hex: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(file, "{hex}")?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(path) {
            Ok(_) => crate::disk::sync_folder(folder)?,
            Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(failed) => return Err(failed.error),
        }
        Self::read(path)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn read(path: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let digits = text.trim().as_bytes();
        let key = (digits.len() == 64 && digits.iter().all(u8::is_ascii_hexdigit)).then(|| {
            let pair = |at: usize| std::str::from_utf8(&digits[2 * at..2 * at + 2]).expect("ASCII digits");
            std::array::from_fn(|at| u8::from_str_radix(pair(at), 16).expect("hexadecimal digits"))
        });
        let damaged = "expected 64 hexadecimal digits: remove the file, and a new one is made";
        key.map(|key| Some(Self(key))).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, damaged))
    }

    /// HMAC-SHA-256 (RFC 2104) of `parts` for one `purpose`. Each part counts with its length, so that what is signed
    /// for one thing is never the signature of another.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        hmac(&self.0, &message)
    }
}

/// Whether two signatures are the same, in a time that does not tell where they differ.
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

/// With a key of at most a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad =
        |with: u8| -> [u8; BLOCK] { std::array::from_fn(|at| key.get(at).copied().unwrap_or(0) ^ with) };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5C)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn hex(bytes: [u8; 32]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_signature_is_the_one_of_rfc_4231() {
        for (key, message, expected) in [
            (
                &[0x0B; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xAA; 20], &[0xDD; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        ] {
            assert_eq!(hex(hmac(key, message)), expected);
        }
    }

    #[test]
    fn what_is_signed_for_one_thing_is_not_signed_for_another() {
        let key = Key::random();
        let mac = key.mac("a", &[b"bc", b"d"]);
        assert_eq!(mac, key.mac("a", &[b"bc", b"d"]));
        for other in [
            key.mac("a", &[b"b", b"cd"]),
            key.mac("ab", &[b"c", b"d"]),
            key.mac("a", &[b"bcd"]),
            Key::random().mac("a", &[b"bc", b"d"]),
        ] {
            assert_ne!(mac, other);
            assert!(!same(&mac, &other));
        }
        assert!(same(&mac, &mac) && !same(&mac, &mac[..16]));
    }

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_a_damaged_one_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/secret.key");
        let at_once: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || Key::load(&path).unwrap().0)
            })
            .collect();
        let keys: Vec<_> = at_once.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0]) && keys[0] != [0; 32]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(format!("{:?}", Key(keys[0])), "***");
        fs::File::create(&path).unwrap().write_all(b"short").unwrap();
        assert!(Key::load(&path).unwrap_err().to_string().contains("64 hexadecimal digits"));
    }
}
