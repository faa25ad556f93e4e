//! What the vault has for addresses that name it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use contract::bundle::Upstream;
use contract::vault::{OPENING, Vault};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::refusal::Failure;

/// The vault, read again when its file changes.
pub(crate) struct Secrets {
    path: PathBuf,
    /// Who needs what is being read waits for it.
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
    pub(crate) async fn reveal(&self, upstream: &Upstream) -> Result<Upstream, Failure> {
        let sealed = |text: &String| text.contains(OPENING);
        if !sealed(&upstream.path) && !upstream.headers.values().any(sealed) {
            return Ok(upstream.clone());
        }
        let vault = self.vault().await.ok_or(LOST)?;
        let revealed = |text: &str| vault.reveal(&upstream.account, text).ok_or(LOST);
        let mut open = upstream.clone();
        open.path = revealed(&upstream.path)?;
        for value in open.headers.values_mut() {
            *value = revealed(value)?;
        }
        Ok(open)
    }

    /// The vault as it is now. It may be large, so that it is read where nobody is held up.
    async fn vault(&self) -> Option<Arc<Vault>> {
        let mut read = self.read.lock().await;
        let (path, known) = (self.path.clone(), read.as_ref().map(|(seen, _)| *seen));
        let reading = spawn_blocking(move || {
            let changed = std::fs::metadata(&path)?.modified()?;
            let vault = (known != Some(changed)).then(|| Vault::load(&path)).transpose()?;
            Ok::<_, std::io::Error>((changed, vault))
        });
        let (changed, fresh) =
            reading.await.ok()?.inspect_err(|error| tracing::warn!(%error, "no vault")).ok()?;
        if let Some(vault) = fresh {
            *read = Some((changed, Arc::new(vault)));
        }
        read.as_ref().map(|(_, vault)| vault.clone())
    }
}

const LOST: Failure = Failure::Dead("the vault does not have what its address needs: run ingest");

#[cfg(test)]
mod tests {
    use contract::bundle::Protocol;

    use super::*;

    #[tokio::test]
    async fn an_address_is_completed_from_the_vault_as_it_is_now() {
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
        assert!(secrets.reveal(&upstream("http://h/")).await.is_err());
        vault.save(10).unwrap();
        let open = secrets.reveal(&upstream(&format!("http://h/{token}"))).await.unwrap();
        assert_eq!((open.path.as_str(), open.headers["Cookie"].as_str()), ("http://h/t0ken", "t0ken"));
        assert!(secrets.reveal(&upstream("http://h/{secret:2}")).await.is_err());
    }
}
