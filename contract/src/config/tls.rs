//! `[tls]`: https of our own.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// Let's Encrypt.
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Where https is listened for besides http, and whose certificate is shown. Off unless there are files or names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Where to listen for https.
    pub listen: String,
    /// The certificate and those between it and the root, PEM. Looked at once a second; a new one is taken when the key fits.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Names for which an authority gives a certificate, in place of files. They lead here: their port 443 to `listen`.
    pub domains: Vec<String>,
    /// Where the authority reaches a person, such as `mailto:you@example.com`. May be empty.
    pub contact: String,
    /// The authority, by its directory (RFC 8555 section 7.1.1).
    pub directory: String,
    /// Its root, PEM, where it is one of your own. Empty: one of the world's.
    pub authority: PathBuf,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            listen: "0.0.0.0:8443".into(),
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            domains: Vec::new(),
            contact: String::new(),
            directory: DIRECTORY.into(),
            authority: PathBuf::new(),
        }
    }
}

impl Tls {
    /// Whether https is wanted.
    pub fn is_on(&self) -> bool {
        !self.certificate.as_os_str().is_empty() || !self.domains.is_empty()
    }

    /// What is wrong with it, if anything.
    pub(super) fn check(&self) -> Result<(), String> {
        let (certificate, key) = (self.certificate.as_os_str(), self.key.as_os_str());
        if certificate.is_empty() != key.is_empty() {
            return Err("[tls] has only one of `certificate` and `key`; give both".into());
        }
        if !certificate.is_empty() && !self.domains.is_empty() {
            return Err("[tls] has files and `domains`; leave one of them out".into());
        }
        if self.listen.parse::<SocketAddr>().is_err() {
            let what = "expected an address and a port such as 0.0.0.0:8443";
            return Err(format!("`listen` in [tls] is {:?}; {what}", self.listen));
        }
        if let Some(name) = self.domains.iter().find(|name| !is_name(name)) {
            return Err(format!("`domains` in [tls]: {name:?} is no name such as tv.example.com"));
        }
        if !self.contact.is_empty() && !self.contact.starts_with("mailto:") {
            return Err("`contact` in [tls] begins with mailto:, as in mailto:you@example.com".into());
        }
        Ok(())
    }
}

/// Of one host: who looks whether it is ours comes to it, so that `*.example.com` is none.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.len() <= 63 && label.bytes().all(fits)
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_pairs_and_names_alone() {
        let check = |tls: Tls| tls.check();
        let files = Tls { certificate: "a".into(), key: "b".into(), ..Tls::default() };
        assert!(!Tls::default().is_on() && check(Tls::default()).is_ok());
        assert!(files.is_on() && check(files.clone()).is_ok());
        assert!(check(Tls { key: PathBuf::new(), ..files.clone() }).unwrap_err().contains("give both"));
        let named = |name: &str| Tls { domains: vec![name.into()], ..Tls::default() };
        assert!(named("tv.example.com").is_on() && check(named("tv.example.com")).is_ok());
        assert!(check(Tls { domains: vec!["a.example".into()], ..files }).unwrap_err().contains("leave one"));
        for wrong in ["*.example.com", "localhost", "tv..example", "tv.example.com/x", ""] {
            assert!(check(named(wrong)).is_err(), "{wrong}");
        }
        assert!(check(Tls { listen: "8443".into(), ..Tls::default() }).is_err());
        assert!(check(Tls { contact: "you@example.com".into(), ..Tls::default() }).is_err());
    }
}
