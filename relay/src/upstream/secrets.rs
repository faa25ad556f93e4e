//! What the vault has for addresses that name it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use contract::bundle::Upstream;
use contract::vault::{OPENING, Vault};

use crate::refusal::Failure;

/// The vault, read again when its file changes.
pub(crate) struct Secrets {
    path: PathBuf,
    read: Mutex<Option<(SystemTime, Arc<Vault>)>>,
}

impl Secrets {
    /// What the file at `path` has, which need not be there.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, read: Mutex::new(None) }
    }

    /// `upstream` with everything in it that dialling needs.
    ///
    /// # Errors
    /// The vault does not have it.
    pub(crate) fn reveal(&self, upstream: &Upstream) -> Result<Upstream, Failure> {
        let sealed = |text: &String| text.contains(OPENING);
        if !sealed(&upstream.path) && !upstream.headers.values().any(sealed) {
            return Ok(upstream.clone());
        }
        let vault = self.vault().ok_or(LOST)?;
        let revealed = |text: &str| vault.reveal(&upstream.account, text).ok_or(LOST);
        let mut open = upstream.clone();
        open.path = revealed(&upstream.path)?;
        for value in open.headers.values_mut() {
            *value = revealed(value)?;
        }
        Ok(open)
    }

    fn vault(&self) -> Option<Arc<Vault>> {
        let changed = std::fs::metadata(&self.path).and_then(|it| it.modified()).ok()?;
        let mut read = self.read.lock().expect("nobody panics with it");
        if let Some((seen, vault)) = &*read
            && *seen == changed
        {
            return Some(vault.clone());
        }
        let vault = Vault::load(&self.path).inspect_err(|error| tracing::warn!(%error, "no vault")).ok()?;
        let vault = Arc::new(vault);
        *read = Some((changed, vault.clone()));
        Some(vault)
    }
}

const LOST: Failure = Failure::Dead("the vault does not have what its address needs: run ingest");

#[cfg(test)]
mod tests {
    use contract::bundle::Protocol;

    use super::*;

    #[test]
    fn an_address_is_completed_from_the_vault_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.json");
        let secrets = Secrets::new(path.clone());
        let mut vault = Vault::load(&path).unwrap();
        let token = vault.placeholder("a", "t0ken").unwrap();
        let upstream = |path: &str| Upstream {
            account: "a".into(),
            path: path.into(),
            protocol: Protocol::Ts,
            headers: [("Cookie".to_owned(), token.clone())].into(),
            archive: 0,
            past: None,
        };
        assert!(secrets.reveal(&upstream("http://h/")).is_err());
        vault.save(10).unwrap();
        let open = secrets.reveal(&upstream(&format!("http://h/{token}"))).unwrap();
        assert_eq!((open.path.as_str(), open.headers["Cookie"].as_str()), ("http://h/t0ken", "t0ken"));
        assert!(secrets.reveal(&upstream("http://h/{secret:2}")).is_err());
    }
}
