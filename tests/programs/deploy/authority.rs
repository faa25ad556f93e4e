//! A certificate from an authority: pebble, which is Let's Encrypt's own for tests, on this machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::home::{Home, certificate, eventually, free_port, get, names_that_lead_here, write};
use crate::program::{ffmpeg, text};

const NAME: &str = "tv.example.com";

/// A running authority that gives certificates for a few seconds.
struct Pebble {
    child: Child,
    listen: u16,
    management: u16,
    root: PathBuf,
}

impl Pebble {
    /// It comes to look at `port`, wherever a name leads, which is here.
    fn start(folder: &Path, port: u16) -> Self {
        let (root, key) = certificate(folder, "pebble", &["127.0.0.1"]);
        let (listen, management) = (free_port(), free_port());
        let config = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{listen}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": root, "privateKey": key,
            "httpPort": 1, "tlsPort": port,
            "ocspResponderURL": "", "externalAccountBindingRequired": false,
            "certificateValidityPeriod": 9,
        }});
        write(&folder.join("pebble.json"), &config.to_string());
        Self::run(folder, listen, management)
    }

    /// Begins it, as one that knows nobody.
    fn run(folder: &Path, listen: u16, management: u16) -> Self {
        let names = format!("127.0.0.1:{}", names_that_lead_here());
        let child = Command::new("pebble")
            .arg("-config")
            .arg(folder.join("pebble.json"))
            .args(["-dnsserver", &names])
            // It answers and looks at once, and takes every word of ours for new: what it does to find clients that are careless
            // would make this test slow.
            .env("PEBBLE_VA_NOSLEEP", "1")
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .env("PEBBLE_AUTHZREUSE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("pebble is needed for this test (scripts/check installs it): {error}")
        });
        let pebble = Self { child, listen, management, root: folder.join("pebble.pem") };
        eventually("pebble", || (pebble.get(&pebble.directory()).0 == 200).then_some(()));
        pebble
    }

    fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.listen)
    }

    /// The root of what it gives, once it is in `file`.
    fn gives(&self, file: &Path) {
        let (status, root) = self.get(&format!("https://127.0.0.1:{}/roots/0", self.management));
        assert_eq!(status, 200);
        write(file, &root);
    }

    fn get(&self, url: &str) -> (u16, String) {
        get(url, &["--cacert", self.root.to_str().unwrap()])
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The serial number of what is shown to who asks for the name, if that is signed by `root`.
fn shown(port: u16, root: &Path) -> Option<String> {
    let connect = format!("127.0.0.1:{port}");
    let arguments = ["s_client", "-connect", &connect, "-servername", NAME, "-verify_hostname", NAME];
    let trust = ["-verify_return_error", "-CAfile", root.to_str().unwrap(), "-showcerts"];
    let said = text(&ffmpeg("openssl", &[&arguments[..], &trust].concat()).stdout);
    let begin =
        said.find("-----BEGIN CERTIFICATE-----").filter(|_| said.contains("Verify return code: 0"))?;
    Some(said[begin..].split("-----END").next().unwrap().to_owned())
}

#[test]
fn an_authority_gives_a_certificate_which_is_kept_and_renewed_whoever_it_knows() {
    let port = free_port();
    let authority = tempfile::tempdir().unwrap();
    let pebble = Pebble::start(authority.path(), port);
    let home = Home::new(&format!(
        "[tls]\nlisten = \"127.0.0.1:{port}\"\ndomains = [\"{NAME}\"]\ncontact = \"mailto:you@example.com\"\n\
         directory = \"{}\"\nauthority = \"{}\"\n",
        pebble.directory(),
        pebble.root.display()
    ));
    let coax = home.up();
    let root_file = authority.path().join("root.pem");
    pebble.gives(&root_file);
    let first = eventually("a certificate", || shown(port, &root_file));
    let resolve = format!("{NAME}:{port}:127.0.0.1");
    let trusting = ["--resolve", &resolve, "--cacert", root_file.to_str().unwrap()];
    // One ends while a machine that is busy looks at it.
    let health = format!("https://{NAME}:{port}/health");
    eventually("https", || (get(&health, &trusting).0 == 200).then_some(()));

    // It is ours alone, and there when the authority is not.
    for kept in ["account.json", "certificate.json"] {
        let mode = fs::metadata(home.path("data/tls").join(kept)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{kept}");
    }
    eventually("another certificate", || shown(port, &root_file).filter(|it| *it != first));
    let logged = coax.terminate().logged;
    assert!(logged.contains("another certificate is shown"), "{logged}");
    let (listen, management) = (pebble.listen, pebble.management);
    drop(pebble);
    let coax = home.up();
    assert_eq!(get(&health, &["-k", "--resolve", &resolve]).0, 200);
    drop(coax);
    // One that has forgotten us meanwhile.
    let pebble = Pebble::run(authority.path(), listen, management);
    let coax = home.up();
    pebble.gives(&root_file);
    eventually("a certificate for somebody new", || shown(port, &root_file));
    let logged = coax.terminate().logged;
    assert!(logged.contains("does not know the account any more"), "{logged}");
}
