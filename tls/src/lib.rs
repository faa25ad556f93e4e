//! https of our own: whose certificate is shown, and how it is kept young.
//!
//! ```text
//!  two files ──looked at once a second──▶ Shown ◀──asked for, renewed in time── authority (ACME)
//!                                           ▲
//!                        every handshake of httpd::Secure
//! ```
//!
//! A certificate is replaced under a running program: who is connected stays, who comes next sees the new one. What cannot be
//! taken never replaces what can.
//!
//! What does *not* belong here: how TLS is spoken, which is `httpd`'s.

mod authority;
mod client;
mod files;
mod look;
mod shown;
mod validity;

use std::io;
use std::sync::Arc;

use anyhow::Context;
use contract::config::Tls;
use contract::disk::Data;
use httpd::Secure;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;
use tracing::info;

use authority::Authority;
use files::Files;
pub use look::{Seen, look};
use shown::Shown;

/// https, for as long as it is held: where it is listened for, and a certificate that is kept young.
#[derive(Debug)]
pub struct Https {
    listener: std::net::TcpListener,
    shown: Arc<Shown>,
    _keeping: AbortOnDropHandle<()>,
}

/// Listens for https, if that is wanted. What an authority gave is kept in `data`.
///
/// With files there is a certificate from the start; with names the first one may take a while, and until it is there
/// handshakes fail, as they do for a name that is not ours.
///
/// # Errors
/// The address is taken, or the files hold no certificate with its key.
pub async fn listen(settings: &Tls, data: &Data) -> anyhow::Result<Option<Https>> {
    if !settings.is_on() {
        return Ok(None);
    }
    let shown = Arc::new(Shown::default());
    let address = &settings.listen;
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("cannot listen on {address} for https"))?;
    let keeping = if settings.domains.is_empty() {
        let files = Files::new(settings.certificate.clone(), settings.key.clone());
        shown.show(files.read().context("[tls]")?);
        tokio::spawn(files.follow(shown.clone()))
    } else {
        let authority = Authority::new(settings, data).context("[tls]")?;
        if let Some(kept) = authority.kept() {
            shown.show(kept);
        }
        tokio::spawn(authority.follow(shown.clone()))
    };
    info!(address = %listener.local_addr()?, "https");
    let listener = listener.into_std().context("[tls]")?;
    Ok(Some(Https { listener, shown, _keeping: AbortOnDropHandle::new(keeping) }))
}

impl Https {
    /// What [`httpd::serve`] takes. As often as it is wanted: programs begin anew on the same port.
    ///
    /// # Errors
    /// The system has no more files.
    pub fn secure(&self) -> io::Result<Secure> {
        let listener = TcpListener::from_std(self.listener.try_clone()?)?;
        Ok(Secure::new(listener, self.shown.clone()))
    }
}
