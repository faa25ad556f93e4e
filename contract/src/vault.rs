//! The vault: what must not stand in the addresses of a bundle.
//!
//! Playlists and pages list addresses with names, passwords and tokens in them. The bundle has `{secret:7}` in their
//! place, and `vault.json` (mode 0600) says for each source what 7 is: ingest writes it before it publishes a release,
//! the relay looks into it when it dials. A number follows from the secret and the installation's [`Key`], so it never
//! stands for another secret, even when the vault was lost or is an older copy: an older release either plays or is told
//! that the vault does not have what it needs. SECURITY: without the key nobody can try secrets until the number fits.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::disk::{Access, replace};
use crate::ticket::Key;

/// The most secrets of one source. Those that were not asked for longest make room for new ones.
const MOST: usize = 100_000;
/// Of them, how many at least are forgotten at once, so that it is not one search for each.
const ROOM: usize = MOST / 10;
/// Savings after which a secret that was not asked for any more is forgotten, if no more releases are kept.
const FORGOTTEN: usize = 50;

/// With what the place of a secret begins in an address.
pub const OPENING: &str = "{secret:";

/// All secrets, by source.
pub struct Vault {
    path: PathBuf,
    key: Key,
    sources: BTreeMap<String, Shelf>,
    /// By source, the numbers of this run's values.
    numbers: HashMap<String, HashMap<String, u64>>,
    /// Something is in it that the file does not have.
    fresh: bool,
    /// How often there was no room.
    refused: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Shelf {
    secrets: BTreeMap<u64, Kept>,
    /// All of them were asked for since the file was read.
    #[serde(skip)]
    full: bool,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    value: String,
    /// Savings since it was last asked for.
    #[serde(default)]
    unused: u32,
}

// SECURITY: what types print of themselves ends up in logs.
impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vault({} sources)", self.sources.len())
    }
}

impl Vault {
    /// Reads the vault; a file that does not exist is an empty one.
    ///
    /// # Errors
    /// It is there and cannot be read, or is damaged.
    pub fn load(path: &Path) -> io::Result<Self> {
        let sources: BTreeMap<String, Shelf> = match std::fs::read(path) {
            // The cause would quote what is in it.
            Ok(text) => serde_json::from_slice(&text).map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, "vault.json is damaged: remove it and run ingest")
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let mut numbers: HashMap<String, HashMap<String, u64>> = HashMap::new();
        for (source, shelf) in &sources {
            let of_source = numbers.entry(source.clone()).or_default();
            of_source.extend(shelf.secrets.iter().map(|(number, kept)| (kept.value.clone(), *number)));
        }
        Ok(Self { path: path.to_owned(), key: Key::random(), sources, numbers, fresh: false, refused: 0 })
    }

    /// With the key that numbers follow from. Those that the vault has already stay as they are; without a key, new ones
    /// fit nothing but this vault.
    pub fn with_key(self, key: Key) -> Self {
        Self { key, ..self }
    }

    /// What stands in an address in place of a secret of `source`; `None` if there are too many.
    pub fn placeholder(&mut self, source: &str, secret: &str) -> Option<String> {
        let shelf = self.sources.entry(source.to_owned()).or_default();
        let numbers = self.numbers.entry(source.to_owned()).or_default();
        let number = match numbers.get(secret) {
            Some(number) => *number,
            None => {
                let number = number(&self.key, source, secret);
                // That two secrets share a number happens once in a hundred million full vaults.
                if !shelf.make_room(numbers) || shelf.secrets.contains_key(&number) {
                    self.refused += 1;
                    return None;
                }
                self.fresh = true;
                numbers.insert(secret.to_owned(), number);
                number
            }
        };
        let kept =
            shelf.secrets.entry(number).or_insert_with(|| Kept { value: secret.to_owned(), unused: 0 });
        kept.unused = 0;
        Some(format!("{OPENING}{number}}}"))
    }

    /// `address` with the secrets of `source` in their places; `None` if one is not there.
    pub fn reveal(&self, source: &str, address: &str) -> Option<String> {
        let mut revealed = String::with_capacity(address.len() + 16);
        let mut rest = address;
        while let Some((before, after)) = rest.split_once(OPENING) {
            let (number, after) = after.split_once('}')?;
            let kept = self.sources.get(source)?.secrets.get(&number.parse().ok()?)?;
            revealed.push_str(before);
            revealed.push_str(&kept.value);
            rest = after;
        }
        revealed.push_str(rest);
        Some(revealed)
    }

    /// Whether something is in it that the file does not have.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// How many secrets had no room.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Writes the vault, and forgets what no release needs: it was not asked for in the last times, as many as `releases`
    /// are kept or more.
    ///
    /// # Errors
    /// The disk refuses; the vault on it is then the one before.
    pub fn save(&mut self, releases: usize) -> io::Result<()> {
        if self.sources.is_empty() {
            return Ok(());
        }
        for (source, shelf) in &mut self.sources {
            let numbers = self.numbers.entry(source.clone()).or_default();
            shelf.secrets.retain(|_, kept| {
                kept.unused = kept.unused.saturating_add(1);
                let stays = kept.unused as usize <= FORGOTTEN.max(releases);
                if !stays {
                    numbers.remove(&kept.value);
                }
                stays
            });
        }
        replace(&self.path, &serde_json::to_vec(&self.sources)?, Access::Owner)?;
        self.fresh = false;
        Ok(())
    }
}

impl Shelf {
    /// Whether there is room, which is made if need be: what is wanted now goes before what only older releases want.
    fn make_room(&mut self, numbers: &mut HashMap<String, u64>) -> bool {
        if self.secrets.len() < MOST || self.full {
            return !self.full;
        }
        let unused = self.secrets.iter().filter(|(_, kept)| kept.unused > 0);
        let mut order: Vec<(u32, u64)> = unused.map(|(number, kept)| (kept.unused, *number)).collect();
        order.sort_unstable_by_key(|(unused, number)| (u32::MAX - unused, *number));
        for (_, number) in order.iter().take(ROOM) {
            if let Some(kept) = self.secrets.remove(number) {
                numbers.remove(&kept.value);
            }
        }
        self.full = order.is_empty();
        !self.full
    }
}

/// The number of a secret: 63 bits, which no count of an older vault reaches.
fn number(key: &Key, source: &str, secret: &str) -> u64 {
    let mac = key.mac("vault", &[source.as_bytes(), secret.as_bytes()]);
    let (first, _) = mac.split_first_chunk().expect("a signature has 32 bytes");
    u64::from_be_bytes(*first) >> 1
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_keeps_its_number_and_is_found_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let mut vault = Vault::load(&path).unwrap();
        let token = vault.placeholder("a", "t0ken").unwrap();
        assert!(token.starts_with(OPENING) && token.ends_with('}'), "{token}");
        assert_eq!(vault.placeholder("a", "t0ken").unwrap(), token);
        let other = vault.placeholder("a", "other").unwrap();
        assert_ne!(other, token);
        assert_ne!(vault.placeholder("b", "t0ken").unwrap(), token);
        assert!(vault.is_fresh());
        vault.save(10).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!format!("{vault:?}").contains("t0ken"));

        let mut vault = Vault::load(&path).unwrap();
        assert_eq!(vault.placeholder("a", "t0ken").unwrap(), token, "whatever the key is now");
        assert!(!vault.is_fresh());
        let reveal = |address: &str| vault.reveal("a", address);
        assert_eq!(reveal(&format!("http://h/{token}/{other}?x")).unwrap(), "http://h/t0ken/other?x");
        assert_eq!(reveal("http://h/").unwrap(), "http://h/");
        for lost in ["{secret:9}", "{secret:x}", &token[..token.len() - 1]] {
            assert_eq!(reveal(lost), None);
        }
        assert_eq!(vault.reveal("c", &token), None);
    }

    #[test]
    fn a_vault_that_was_lost_or_is_an_older_copy_gives_no_number_to_another_secret() {
        let folder = tempfile::tempdir().unwrap();
        let vault =
            |name: &str, key: &Key| Vault::load(&folder.path().join(name)).unwrap().with_key(key.clone());
        let key = Key::random();
        let mut first = vault("first.json", &key);
        let [gone, listed] = ["gone", "listed"].map(|it| first.placeholder("a", it).unwrap());
        for key in [key.clone(), Key::random()] {
            let mut second = vault("second.json", &key);
            for secret in ["new", "listed"] {
                assert_ne!(second.placeholder("a", secret).unwrap(), gone);
            }
            assert_eq!(second.reveal("a", &gone), None, "nothing rather than something else");
        }
        let mut second = vault("second.json", &key);
        assert_eq!(second.placeholder("a", "listed").unwrap(), listed, "what is still listed is found again");
    }

    #[test]
    fn a_vault_that_counted_keeps_its_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let counted = br#"{"a":{"next":2,"secrets":{"1":{"value":"one","unused":3},"2":{"value":"two"}}}}"#;
        replace(&path, counted, Access::Owner).unwrap();
        let mut vault = Vault::load(&path).unwrap();
        assert_eq!(vault.placeholder("a", "one").unwrap(), "{secret:1}");
        assert_ne!(vault.placeholder("a", "three").unwrap(), "{secret:3}");
        assert_eq!(vault.reveal("a", "{secret:2}").unwrap(), "two");
    }

    #[test]
    fn what_is_not_asked_for_any_more_is_forgotten_and_its_number_stands_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let mut old = String::new();
        for run in 0..=FORGOTTEN {
            let mut vault = Vault::load(&path).unwrap();
            if run == 0 {
                old = vault.placeholder("a", "old").unwrap();
            }
            vault.placeholder("a", "new").unwrap();
            vault.save(FORGOTTEN + 10).unwrap();
        }
        let mut vault = Vault::load(&path).unwrap();
        assert!(vault.reveal("a", &old).is_some(), "a release that is kept may need it");
        vault.placeholder("a", "new").unwrap();
        vault.save(10).unwrap();
        let mut vault = Vault::load(&path).unwrap();
        assert_eq!(vault.reveal("a", &old), None);
        assert_ne!(vault.placeholder("a", "third").unwrap(), old);
        // The same within one run.
        let mut vault = Vault::load(&folder.path().join("other.json")).unwrap();
        vault.placeholder("a", "old").unwrap();
        (0..=FORGOTTEN).for_each(|_| vault.save(10).unwrap());
        assert!(!vault.is_fresh());
        vault.placeholder("a", "old").unwrap();
        assert!(vault.is_fresh(), "the file does not have it any more");
    }

    #[test]
    fn a_full_vault_forgets_what_older_releases_want_and_never_what_is_wanted_now() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::load(&folder.path().join("vault.json")).unwrap();
        let mut given = Vec::new();
        for run in 0..3 {
            for at in 0..MOST / 2 {
                given.push(vault.placeholder("a", &format!("{run}/{at}")).unwrap());
            }
            vault.save(10).unwrap();
        }
        let left = given.iter().filter(|it| vault.reveal("a", it).is_some()).count();
        assert!((MOST - ROOM..=MOST).contains(&left) && vault.refused() == 0, "{left}");
        assert!(given[MOST / 2..].iter().all(|it| vault.reveal("a", it).is_some()), "the oldest go first");
        for at in 0..=MOST {
            assert_eq!(vault.placeholder("a", &format!("now/{at}")).is_some(), at < MOST, "{at}");
        }
        assert_eq!(vault.refused(), 1);
        assert!(vault.placeholder("b", "x").is_some(), "each source has its own room");
    }
}
