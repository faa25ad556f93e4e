//! What a person should know of the certificate, looked at on the disk: whether it can be used, for whom it is, how long it
//! holds.

use std::ops::Range;

use anyhow::Context;
use contract::config::Tls;
use contract::disk::Data;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use crate::authority::kept;
use crate::client::roots;
use crate::files::Files;
use crate::validity;

/// A certificate that can be shown: its key fits.
#[derive(Debug)]
pub struct Seen {
    certified: CertifiedKey,
    /// From when to when it holds, in seconds since 1970; `None` if that cannot be read.
    pub holds: Option<Range<u64>>,
}

/// The certificate that a program with these settings would show if it began now; `None` if an authority has given none yet.
/// Nobody is asked.
///
/// # Errors
/// What is wrong with which file.
pub fn look(settings: &Tls, data: &Data) -> anyhow::Result<Option<Seen>> {
    let certified = if settings.domains.is_empty() {
        Some(Files::new(settings.certificate.clone(), settings.key.clone()).read()?)
    } else {
        roots(&settings.authority).context("the root of the authority")?;
        kept(&data.tls())
    };
    Ok(certified.map(|certified| Seen { holds: validity::of_shown(&certified), certified }))
}

impl Seen {
    /// Whether somebody who came for `host`, a name or an address, takes it for that one's (RFC 9525 section 6).
    pub fn is_for(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let Some(certificate) = self.certified.cert.first() else { return false };
        let (Ok(certificate), Ok(name)) =
            (ParsedCertificate::try_from(certificate), ServerName::try_from(bare))
        else {
            return false;
        };
        verify_server_name(&certificate, &name).is_ok()
    }

    /// When it should have been renewed, in seconds since 1970, whoever does it.
    pub fn renewal(&self) -> Option<u64> {
        self.holds.as_ref().map(validity::renewal)
    }

    /// Whether, at `now`, so little of its time is left that nobody seems to renew it.
    pub fn ends_soon(&self, now: u64) -> bool {
        self.holds.as_ref().is_some_and(|holds| validity::ends_soon(holds, now))
    }
}
