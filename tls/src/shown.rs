//! What is shown to whoever shakes hands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// A certificate that may change at any time, and what authorities come to see.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    certificate: Mutex<Option<Arc<CertifiedKey>>>,
    /// By name, while it is being looked whether that is ours.
    proofs: Mutex<HashMap<String, Arc<CertifiedKey>>>,
}

impl Shown {
    /// Shows `certificate` to whoever comes next.
    pub(crate) fn show(&self, certificate: CertifiedKey) {
        *self.certificate.lock().expect("nobody panics while holding this lock") =
            Some(Arc::new(certificate));
    }

    /// Shows `proof` to an authority that comes to look at `name`.
    pub(crate) fn prove(&self, name: &str, proof: CertifiedKey) {
        let mut proofs = self.proofs.lock().expect("nobody panics while holding this lock");
        proofs.insert(name.to_ascii_lowercase(), Arc::new(proof));
    }

    /// Nobody is expected any more.
    pub(crate) fn proven(&self) {
        self.proofs.lock().expect("nobody panics while holding this lock").clear();
    }
}

impl ResolvesServerCert for Shown {
    /// One certificate, whatever name is asked for, or none: players on old boxes name nobody.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut spoken = hello.alpn().into_iter().flatten();
        if spoken.any(|protocol| protocol == httpd::ACME) {
            let proofs = self.proofs.lock().expect("nobody panics while holding this lock");
            return proofs.get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        self.certificate.lock().expect("nobody panics while holding this lock").clone()
    }
}
