//! By which keys a machine is known. Whoever answers with another is not talked to.

use russh::keys::{Algorithm, HashAlg, PublicKey, ssh_key::Fingerprint};

use super::Trouble;

/// The keys of a machine, one of which it has to show.
#[derive(Clone, Debug, Default)]
pub(super) struct HostKeys {
    keys: Vec<PublicKey>,
    prints: Vec<Fingerprint>,
}

impl HostKeys {
    /// Reads what is written down: lines of `known_hosts` or of a `.pub`, or fingerprints (`SHA256:...`), or nothing.
    ///
    /// # Errors
    /// [`Trouble::Refused`].
    pub(super) fn new(text: Option<&str>) -> Result<Self, Trouble> {
        let mut all = Self::default();
        for line in text.unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty()) {
            let wrong = |why: &str| {
                let expected = "expected a line of known_hosts, or a fingerprint such as ssh-keygen -l shows it (SHA256:...)";
                Trouble::Refused(format!("the host key of the target {why}: {expected}"))
            };
            let words: Vec<&str> = line.split_whitespace().collect();
            if line.starts_with('@') {
                return Err(wrong("is of an authority, or a revoked one"));
            }
            let kind = words.iter().position(|word| word.starts_with("ssh-") || word.starts_with("ecdsa-"));
            match (words.iter().find(|word| word.starts_with("SHA256:")), kind) {
                (Some(print), _) => all.prints.push(print.parse().map_err(|_| wrong("is no fingerprint"))?),
                (None, Some(at)) => {
                    let key = words[at..].iter().take(2).copied().collect::<Vec<_>>().join(" ");
                    all.keys.push(PublicKey::from_openssh(&key).map_err(|_| wrong("is damaged"))?);
                }
                (None, None) => return Err(wrong("cannot be read")),
            }
        }
        Ok(all)
    }

    /// Whether `shown` is one of them.
    pub(super) fn has(&self, shown: &PublicKey) -> bool {
        let print = shown.fingerprint(HashAlg::Sha256);
        self.prints.contains(&print) || self.keys.iter().any(|key| key.key_data() == shown.key_data())
    }

    /// Which kinds of key to ask for, the first one first: a machine has several keys, and shows the one that it is asked for.
    pub(super) fn kinds(&self) -> Vec<Algorithm> {
        use russh::keys::EcdsaCurve::{NistP256, NistP384, NistP521};
        if self.prints.is_empty() && !self.keys.is_empty() {
            return self.keys.iter().map(PublicKey::algorithm).collect();
        }
        let curves = [NistP256, NistP384, NistP521].map(|curve| Algorithm::Ecdsa { curve });
        [Algorithm::Ed25519].into_iter().chain(curves).collect()
    }
}

/// What is said where a machine shows a key that it is not known by.
pub(super) fn stranger(shown: &PublicKey, known: &HostKeys) -> Trouble {
    let print = shown.fingerprint(HashAlg::Sha256);
    let kind = shown.algorithm();
    let look = "compare that with what `ssh-keygen -lf` says there of /etc/ssh/ssh_host_*_key.pub";
    Trouble::Denied(if known.keys.is_empty() && known.prints.is_empty() {
        format!(
            "nobody has said by which host key the machine is known. It shows {print} ({kind}): {look}, and give it as the target's host key"
        )
    } else {
        format!(
            "the machine shows another host key than it is known by: {print} ({kind}). Either it is another machine, or it has new keys: {look}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ";
    const PRINT: &str = "SHA256:ldyiXa1JQakitNU5tErauu8DvWQ1dZ7aXu+rm7KQuog";

    #[test]
    fn a_machine_is_known_by_a_line_of_known_hosts_or_by_a_fingerprint() {
        let shown = PublicKey::from_openssh(KEY).unwrap();
        assert!(!HostKeys::new(None).unwrap().has(&shown));
        for text in [
            KEY.to_owned(),
            format!("nas {KEY}"),
            format!("[nas]:2222,[192.0.2.7]:2222 {KEY} comment"),
            format!("|1|c2FsdA==|aGFzaA== {KEY}"),
            shown.fingerprint(HashAlg::Sha256).to_string(),
            format!("256 {} root@nas (ED25519)", shown.fingerprint(HashAlg::Sha256)),
            format!("{PRINT}\nnas {KEY}\n"),
        ] {
            assert!(HostKeys::new(Some(&text)).unwrap().has(&shown), "{text}");
        }
        assert!(!HostKeys::new(Some(PRINT)).unwrap().has(&shown));
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_would_be() {
        for text in
            ["nas", "SHA256:short", "nas ssh-ed25519 AAAA", &format!("@revoked nas {KEY}"), "MD5:00:11"]
        {
            let error = HostKeys::new(Some(text)).unwrap_err().to_string();
            assert!(error.contains("SHA256:..."), "{text}: {error}");
        }
    }
}
