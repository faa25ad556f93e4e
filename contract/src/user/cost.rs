//! What it takes to verify a password: by that time a stranger could tell who exists.

use std::hint::black_box;
use std::sync::Mutex;

use argon2::password_hash::phc::{self, Output};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The highest cost of bcrypt that is worth waiting for: about a second.
const COSTLIEST: u32 = 14;

/// The most memory of Argon2 in KiB that a hash of another program may want: it is kept from the first verification on.
const LARGEST: u32 = 64 << 10;
/// The most that may be filled in all passes together, in KiB: about a second, too.
const LONGEST: u64 = 1 << 20;

/// What it takes to verify a hash. Two hashes of the same cost take the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// Of bcrypt: each takes twice as long as the one before.
    Bcrypt(u32),
    /// Of Argon2 (RFC 9106).
    Argon2 {
        algorithm: Algorithm,
        version: Version,
        /// In KiB.
        memory: u32,
        passes: u32,
        lanes: u32,
    },
}

impl Cost {
    /// What hashes take that are made here: 7 MiB and five passes. As hard to guess against as 19 MiB and two passes, which
    /// take as long, and easier on a small box.
    pub(super) const OURS: Self = Self::Argon2 {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        memory: 7 << 10,
        passes: 5,
        lanes: 1,
    };

    /// What a hash takes; `None` for what is no hash, or takes more than is worth waiting for.
    pub(super) fn of(text: &str) -> Option<Self> {
        match ["$2b$", "$2a$", "$2y$"].iter().find_map(|kind| text.strip_prefix(kind)) {
            Some(rest) => Self::of_bcrypt(text, rest),
            None => Self::of_argon2(&phc::PasswordHash::new(text).ok()?),
        }
    }

    fn of_bcrypt(text: &str, rest: &str) -> Option<Self> {
        let (cost, _) = rest.split_once('$')?;
        let cost = cost.parse().ok().filter(|cost| (4..=COSTLIEST).contains(cost))?;
        let fits = text.bytes().skip(7).all(|it| it.is_ascii_alphanumeric() || b"./".contains(&it));
        (fits && text.len() == 60).then_some(Self::Bcrypt(cost))
    }

    fn of_argon2(hash: &phc::PasswordHash) -> Option<Self> {
        let (Some(_), Some(_)) = (&hash.salt, &hash.hash) else { return None };
        let params = Params::try_from(hash).ok()?;
        let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
        let fits = memory <= LARGEST && u64::from(memory) * u64::from(passes) <= LONGEST;
        fits.then_some(Self::Argon2 { algorithm, version, memory, passes, lanes })
    }

    /// Takes as long as verifying `password` against a hash of this cost.
    pub(super) fn spend(self, password: &str) {
        match self {
            // `bcrypt::bcrypt` would panic for what is empty or has more than 72 bytes.
            Self::Bcrypt(cost) => {
                let _ = black_box(bcrypt::hash_with_salt(password, cost, [0; 16]));
            }
            Self::Argon2 { .. } => {
                let _ = black_box(self.argon2(password, &[0; 16], &mut [0; 32]));
            }
        }
    }

    /// How hashes of Argon2 of this cost are made; of bcrypt there is none.
    pub(super) fn hasher(self) -> Option<Argon2<'static>> {
        let Self::Argon2 { algorithm, version, memory, passes, lanes } = self else { return None };
        let params = Params::new(memory, passes, lanes, None).ok()?;
        Some(Argon2::new(algorithm, version, params))
    }

    /// Fills `computed` with Argon2 of this cost, in memory that is kept; `None` if it cannot be. Allocated anew for each
    /// password, it would be taken from the heap of whichever thread verifies, and heaps of threads hardly shrink: a relay
    /// that 700 viewers joined held 50 MB more than it used.
    fn argon2(self, password: &str, salt: &[u8], computed: &mut [u8]) -> Option<()> {
        static MEMORY: Mutex<Vec<Block>> = Mutex::new(Vec::new());
        let hasher = self.hasher()?;
        let mut memory = MEMORY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let most = memory.len().max(hasher.params().block_count());
        memory.resize(most, Block::default());
        hasher.hash_password_into_with_memory(password.as_bytes(), salt, computed, &mut memory[..]).ok()
    }

    /// Whether `password` is the one of a hash of this cost.
    pub(super) fn verifies(self, password: &str, text: &str) -> bool {
        if let Self::Bcrypt(_) = self {
            return bcrypt::verify(password, text).unwrap_or(false);
        }
        let Ok(hash) = phc::PasswordHash::new(text) else { return false };
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return false };
        let mut computed = [0; Output::MAX_LENGTH];
        let computed = &mut computed[..expected.len()];
        let same = |computed: &[u8]| Output::new(computed).is_ok_and(|it| it == *expected); // in constant time
        self.argon2(password, salt, computed).is_some() && same(computed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_is_no_hash() {
        let argon2 = |parameters: &str| {
            format!(
                "$argon2id$v=19${parameters}$c2FsdHNhbHRzYWx0$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
            )
        };
        for usual in ["m=7168,t=5,p=1", "m=19456,t=2,p=1", "m=65536,t=4,p=1", "m=65536,t=16,p=4"] {
            assert!(Cost::of(&argon2(usual)).is_some(), "{usual}");
        }
        for endless in ["m=65537,t=1,p=1", "m=65536,t=17,p=1", "m=7168,t=4000000000,p=1", "m=4194304,t=1,p=1"]
        {
            assert_eq!(Cost::of(&argon2(endless)), None, "{endless}");
        }
        assert_eq!(Cost::of(&argon2("m=7168,t=5,p=1")), Some(Cost::OURS));
        let bcrypt =
            |cost: u32| format!("$2b${cost:02}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
        assert_eq!((Cost::of(&bcrypt(14)), Cost::of(&bcrypt(15))), (Some(Cost::Bcrypt(14)), None));
    }
}
