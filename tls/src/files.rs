//! A certificate in files that somebody else renews.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use tokio::time::sleep;
use tracing::{info, warn};

use crate::shown::Shown;
use crate::validity;

/// The time from one look to the next. File events are not trusted: folders of secrets may be shared, or mounted.
const EVERY: Duration = Duration::from_secs(1);

/// Two PEM files.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// By what a file is known to be another: when it, its owner or its mode was changed, how long it is, which one it is.
type Mark = Option<(i64, i64, u64, u64)>;

impl Files {
    pub(crate) fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key }
    }

    /// What they hold.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub(crate) fn read(&self) -> anyhow::Result<CertifiedKey> {
        let named = |path: &Path| path.display().to_string();
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| format!("{} cannot be read as certificates in PEM", named(&self.certificate)))?;
        if chain.is_empty() {
            bail!("{} holds no certificate; expected one in PEM", named(&self.certificate));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("{} cannot be read as a key in PEM", named(&self.key)))?;
        fitting(chain, key).with_context(|| {
            format!("{} and {} do not belong together", named(&self.certificate), named(&self.key))
        })
    }

    /// Shows what they come to hold, for ever.
    pub(crate) async fn follow(self, shown: Arc<Shown>) {
        let mut taken = self.marks();
        let mut before = taken;
        loop {
            sleep(EVERY).await;
            let marks = self.marks();
            // Whoever replaces two files replaces one after the other: they are looked at when they have come to rest.
            let at_rest = std::mem::replace(&mut before, marks) == marks;
            if marks == taken || !at_rest {
                continue;
            }
            taken = marks;
            match self.read() {
                Ok(certificate) => {
                    tell(&certificate);
                    shown.show(certificate);
                }
                Err(error) => warn!(why = format!("{error:#}"), "the certificate of before is shown on"),
            }
        }
    }

    fn marks(&self) -> [Mark; 2] {
        [&self.certificate, &self.key].map(|path| mark(path).ok())
    }
}

fn mark(path: &Path) -> io::Result<(i64, i64, u64, u64)> {
    let file = std::fs::metadata(path)?;
    Ok((file.ctime(), file.ctime_nsec(), file.len(), file.ino()))
}

/// A certificate with its key, if they fit.
pub(crate) fn fitting(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> anyhow::Result<CertifiedKey> {
    let certified = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider())?;
    Ok(certified)
}

/// Says that there is another certificate, and how long it holds.
pub(crate) fn tell(certificate: &CertifiedKey) {
    let (holds, now) = (validity::of_shown(certificate), validity::now());
    let days = holds.as_ref().map(|holds| holds.end.saturating_sub(now) / 86_400);
    match holds {
        Some(holds) if validity::ends_soon(&holds, now) => {
            warn!(days, "another certificate is shown; it ends soon");
        }
        _ => info!(days, "another certificate is shown"),
    }
}
