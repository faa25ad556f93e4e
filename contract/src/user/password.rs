//! Password hashes: Argon2id (RFC 9106) in the PHC string form. Hashes of other parameters and of bcrypt, which other
//! programs make, are verified as well.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use argon2::password_hash::PasswordHasher;
use serde::{Deserialize, Serialize};

use super::cost::Cost;

/// A password that can be compared with and not read back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

/// That of nobody, which is compared with and never verified.
pub(super) static NONE: PasswordHash = PasswordHash(String::new());

impl PasswordHash {
    /// Hashes `password` with a fresh salt. Takes about 20 ms and 7 MiB.
    pub fn new(password: &str) -> Self {
        let hasher = Cost::OURS.hasher().expect("these parameters are within what RFC 9106 allows");
        let hash = hasher.hash_password(password.as_bytes());
        Self(hash.expect("the parameters are valid and the system gives salts").to_string())
    }

    /// Whether `password` is the one. Takes as long as [`PasswordHash::new`], and so does a hash that is no hash; one that
    /// another program made takes what it takes.
    pub fn verify(&self, password: &str) -> bool {
        match self.cost() {
            Some(cost) => cost.verifies(password, &self.0),
            None => {
                Cost::OURS.spend(password);
                false
            }
        }
    }

    /// Takes a hash that was made before, here or by another program: Argon2 in the PHC string form, or bcrypt (`$2b$`,
    /// `$2a$`, `$2y$`), if to verify it takes no more than about a second.
    ///
    /// # Errors
    /// It is neither, in words that do not repeat it.
    pub fn of_text(text: &str) -> Result<Self, &'static str> {
        let hash = Self(text.trim().to_owned());
        hash.cost().is_some().then_some(hash).ok_or(
            "expected a hash of Argon2 (`$argon2id$...`, at most 64 MiB, and 1 GiB in all passes) or of bcrypt \
             (`$2b$12$...`, at most `$2b$14$`)",
        )
    }

    /// [`PasswordHash::verify`], taking as long for everybody while there are hashes of these other costs than ours: neither
    /// who has one nor who does not exist is told by the time that it takes.
    pub(super) fn verify_among(&self, password: &str, foreign_costs: &BTreeSet<Cost>) -> bool {
        let own = self.cost().unwrap_or(Cost::OURS);
        let others = foreign_costs.iter().copied().chain([Cost::OURS]).filter(|cost| *cost != own);
        others.for_each(|cost| cost.spend(password));
        self.verify(password)
    }

    /// Whether it is of another cost than those that are made here.
    pub fn is_foreign(&self) -> bool {
        self.foreign_cost().is_some()
    }

    /// What it takes to verify it, if that is not what ours take.
    pub(super) fn foreign_cost(&self) -> Option<Cost> {
        self.cost().filter(|cost| *cost != Cost::OURS)
    }

    fn cost(&self) -> Option<Cost> {
        Cost::of(&self.0)
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
