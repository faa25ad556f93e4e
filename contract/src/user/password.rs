//! Password hashes: Argon2id (RFC 9106), 7 MiB and five passes, in the PHC string form. As hard to guess against as 19 MiB
//! and two passes, which older hashes have and which take as long, and easier on a small box.
//!
//! Hashes of bcrypt, which other programs make, are verified as well.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, OnceLock};

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::{self, Output};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};

/// The highest cost of bcrypt that is worth waiting for: about a second.
pub(super) const COSTLIEST: u32 = 14;

/// The most memory of Argon2 in KiB that a hash of another program may want: it is kept from the first verification on.
const LARGEST: u32 = 64 << 10;

/// A password that can be compared with and not read back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes `password` with a fresh salt. Takes about 20 ms and 7 MiB.
    pub fn new(password: &str) -> Self {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters());
        let hash = argon2.hash_password(password.as_bytes());
        Self(hash.expect("the parameters are valid and the system gives salts").to_string())
    }

    /// Whether `password` is the one. Takes as long as [`PasswordHash::new`], and so does a hash that is no hash; one of
    /// bcrypt takes what it takes.
    pub fn verify(&self, password: &str) -> bool {
        if self.is_foreign() {
            return bcrypt::verify(password, &self.0).unwrap_or(false);
        }
        match phc::PasswordHash::new(&self.0) {
            Ok(hash) => verify(password, &hash).unwrap_or(false),
            Err(_) => {
                Self::nobody().verify(password);
                false
            }
        }
    }

    /// Takes a hash that was made before, here or by another program: Argon2 in the PHC string form, or bcrypt (`$2b$`,
    /// `$2a$`, `$2y$`) with a cost of at most [`COSTLIEST`]; the former with at most [`LARGEST`].
    ///
    /// # Errors
    /// It is neither, in words that do not repeat it.
    pub fn of_text(text: &str) -> Result<Self, &'static str> {
        let hash = Self(text.trim().to_owned());
        let known = match hash.foreign_cost() {
            Some(_) => {
                hash.0.len() == 60
                    && hash.0.bytes().skip(7).all(|it| it.is_ascii_alphanumeric() || b"./".contains(&it))
            }
            None => phc::PasswordHash::new(&hash.0)
                .is_ok_and(|hash| Params::try_from(&hash).is_ok_and(|params| params.m_cost() <= LARGEST)),
        };
        known.then_some(hash).ok_or(
            "expected a hash of Argon2 (`$argon2id$...`, at most 64 MiB) or of bcrypt (`$2b$12$...`, at most `$2b$14$`)",
        )
    }

    /// [`PasswordHash::verify`], taking as long for everybody while there are hashes of bcrypt of these costs: neither who
    /// has one nor who does not exist is told by the time that it takes.
    pub(super) fn verify_among(&self, password: &str, foreign_costs: &BTreeSet<u32>) -> bool {
        let own = self.foreign_cost();
        for cost in foreign_costs.iter().filter(|cost| Some(**cost) != own) {
            // `bcrypt::bcrypt` would panic for what is empty or has more than 72 bytes.
            let _ = std::hint::black_box(bcrypt::hash_with_salt(password, *cost, [0; 16]));
        }
        if own.is_some() {
            Self::nobody().verify(password);
        }
        self.verify(password)
    }

    /// Whether another program made it.
    pub fn is_foreign(&self) -> bool {
        self.foreign_cost().is_some()
    }

    /// The cost of a hash of bcrypt: each takes twice as long as the one before.
    pub(super) fn foreign_cost(&self) -> Option<u32> {
        let rest = ["$2b$", "$2a$", "$2y$"].iter().find_map(|kind| self.0.strip_prefix(kind))?;
        let (cost, _) = rest.split_once('$')?;
        cost.parse().ok().filter(|cost| (4..=COSTLIEST).contains(cost))
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

/// How new hashes are made.
fn parameters() -> Params {
    Params::new(7 << 10, 5, 1, None).expect("these are within what RFC 9106 allows")
}

/// Verifies in memory that is kept. Allocated anew for each password, it would be taken from the heap of whichever
/// thread verifies, and heaps of threads hardly shrink: a relay that 700 viewers joined held 50 MB more than it used.
fn verify(password: &str, hash: &phc::PasswordHash) -> argon2::password_hash::Result<bool> {
    static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
    let params = Params::try_from(hash)?;
    let mut memory = MEMORY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let most = memory.len().max(params.block_count());
    memory.resize(most, Block::default());
    let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
    let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let mut computed = [0; Output::MAX_LENGTH];
    let computed = &mut computed[..expected.len()];
    let argon2 = Argon2::new(algorithm, version, params);
    argon2.hash_password_into_with_memory(password.as_bytes(), salt, computed, &mut memory[..])?;
    Ok(Output::new(computed)? == *expected) // in constant time
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
