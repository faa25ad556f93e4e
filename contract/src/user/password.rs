//! Password hashes: Argon2id (RFC 9106), 19 MiB and two passes, in the PHC string form.

use std::fmt;
use std::sync::OnceLock;

use argon2::Argon2;
use argon2::password_hash::phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

/// A password that can be compared with and not read back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes `password` with a fresh salt. Takes about 20 ms and 19 MiB.
    pub fn new(password: &str) -> Self {
        let hash = Argon2::default().hash_password(password.as_bytes());
        Self(hash.expect("the default parameters are valid and the system gives salts").to_string())
    }

    /// Whether `password` is the one. Takes as long as [`PasswordHash::new`], and so does a hash that is no hash.
    pub fn verify(&self, password: &str) -> bool {
        match phc::PasswordHash::new(&self.0) {
            Ok(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
            Err(_) => {
                Self::nobody().verify(password);
                false
            }
        }
    }

    /// For digests over the hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The hash of a password that nobody has: comparing with it costs an unknown user what a known one costs, so
    /// that time does not tell which names exist.
    pub(super) fn nobody() -> &'static Self {
        static NOBODY: OnceLock<PasswordHash> = OnceLock::new();
        NOBODY.get_or_init(|| Self::new(&rand::random::<u128>().to_string()))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
