//! Pairs of name and password that were right a moment ago.

use std::collections::HashMap;
use std::sync::Mutex;

use super::PasswordHash;

/// How many pairs are remembered; when it is full, all are forgotten and verified again.
const CAPACITY: usize = 4096;

/// Digests of verified pairs, each with the hash that it was verified against: a changed password forgets by itself.
pub(super) struct Remembered {
    key: [u8; 32],
    pairs: Mutex<HashMap<[u8; 32], PasswordHash>>,
}

impl Remembered {
    pub(super) fn new() -> Self {
        Self { key: rand::random(), pairs: Mutex::new(HashMap::new()) }
    }

    pub(super) fn knows(&self, name: &str, password: &str, hash: &PasswordHash) -> bool {
        let pairs = self.pairs.lock().expect("nobody panics while holding this lock");
        // The digest is keyed, so a lookup that is not constant in time tells nothing about the password.
        pairs.get(&self.digest(name, password)).is_some_and(|verified| verified == hash)
    }

    pub(super) fn add(&self, name: &str, password: &str, hash: PasswordHash) {
        let digest = self.digest(name, password);
        let mut pairs = self.pairs.lock().expect("nobody panics while holding this lock");
        if pairs.len() >= CAPACITY {
            pairs.clear();
        }
        pairs.insert(digest, hash);
    }

    fn digest(&self, name: &str, password: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes()).update(password.as_bytes());
        *hasher.finalize().as_bytes()
    }
}
