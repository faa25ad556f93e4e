//! The proxies of deploy/, as they are but for names, ports and certificates, before Coax.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::home::{Home, certificate, eventually, free_port, get, json, question, write};

const NGINX: &str = include_str!("../../../deploy/nginx.conf");
const CADDY: &str = include_str!("../../../deploy/Caddyfile");
const NAME: &str = "tv.example.com";

/// A running proxy, at two ports of 127.0.0.1, in a folder of its own.
struct Proxy {
    child: Child,
    https: u16,
    http: u16,
    authority: String,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Proxy {
    fn nginx(folder: &Path, coax: &str) -> Self {
        let (https, http) = (free_port(), free_port());
        let (certificate, key) = certificate(folder, "proxy", &[NAME]);
        let site = replaced(
            NGINX,
            &[
                ("127.0.0.1:8080", coax),
                ("listen 443 ssl;", &format!("listen 127.0.0.1:{https} ssl;")),
                ("listen 80;", &format!("listen 127.0.0.1:{http};")),
                ("/etc/letsencrypt/live/tv.example.com/fullchain.pem", certificate.to_str().unwrap()),
                ("/etc/letsencrypt/live/tv.example.com/privkey.pem", key.to_str().unwrap()),
            ],
        );
        let here = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|at| format!("{at}_temp_path {here}/{at};"));
        write(
            &folder.join("nginx.conf"),
            &format!(
                "daemon off; pid {here}/pid; error_log {here}/nginx.log;\nevents {{ }}\nhttp {{\n{}\n{site}\n}}\n",
                temporary.concat()
            ),
        );
        let mut command = Command::new("nginx");
        command.arg("-c").arg(folder.join("nginx.conf"));
        Self::start(command, https, http, &certificate)
    }

    fn caddy(folder: &Path, coax: &str) -> Self {
        let (https, http) = (free_port(), free_port());
        let (certificate, key) = certificate(folder, "proxy", &[NAME]);
        let site = replaced(
            CADDY,
            &[
                ("127.0.0.1:8080", coax),
                (
                    "\ntv.example.com {\n",
                    &format!(
                        "\nhttps://{NAME}:{https} {{\n\tbind 127.0.0.1\n\ttls {} {}\n",
                        certificate.display(),
                        key.display()
                    ),
                ),
                ("\nhttp://tv.example.com {\n", &format!("\nhttp://{NAME}:{http} {{\n\tbind 127.0.0.1\n")),
            ],
        );
        let global = "{\n\tadmin off\n\tauto_https off\n}\n";
        write(&folder.join("Caddyfile"), &format!("{global}{site}"));
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
        Self::start(command, https, http, &certificate)
    }

    fn start(mut command: Command, https: u16, http: u16, authority: &Path) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("{name} is needed for this test (scripts/check installs it): {error}")
        });
        let proxy = Self { child, https, http, authority: authority.display().to_string() };
        eventually(&name, || (proxy.get(&format!("{}/health", proxy.secure())).0 == 200).then_some(()));
        proxy
    }

    fn secure(&self) -> String {
        format!("https://{NAME}:{}", self.https)
    }

    fn plain(&self) -> String {
        format!("http://{NAME}:{}", self.http)
    }

    /// What leads curl here, and from an address that is not the proxy's.
    fn through(&self) -> Vec<String> {
        let here =
            [self.https, self.http].map(|port| ["--resolve".into(), format!("{NAME}:{port}:127.0.0.1")]);
        let mut through = here.concat();
        through.extend(["--cacert", &self.authority, "--interface", "127.0.0.2"].map(str::to_owned));
        through
    }

    fn get(&self, url: &str) -> (u16, String) {
        let through = self.through();
        get(url, &through.iter().map(String::as_str).collect::<Vec<_>>())
    }
}

/// With each of these replaced, all of which are there.
fn replaced(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not there any more");
        text.replace(from, to)
    })
}

/// What holds behind every proxy.
fn everything_works_behind(proxy: &Proxy, coax: &str) {
    // Lists name the address that was asked, whichever that was.
    for (base, protocol, port) in [
        (proxy.secure(), "https", proxy.https),
        (proxy.plain(), "http", proxy.http),
        (format!("{}/tv", proxy.plain()), "http", proxy.http),
    ] {
        let account: serde_json::Value = serde_json::from_str(&proxy.get(&question(&base, "")).1).unwrap();
        let server = &account["server_info"];
        assert_eq!((&server["server_protocol"], &server["url"]), (&protocol.into(), &NAME.into()), "{base}");
        let told = if protocol == "https" { &server["https_port"] } else { &server["port"] };
        assert_eq!(told, &port.to_string(), "{base}");
        let (status, playlist) =
            proxy.get(&format!("{base}/get.php?username=ann&password=watching&type=m3u_plus&output=ts"));
        let address = playlist.lines().find(|line| line.starts_with("http")).unwrap().to_owned();
        assert!(status == 200 && address.starts_with(&format!("{base}/live/ann/watching/")), "{address}");

        // A channel flows, though it has no end.
        let mut arguments: Vec<String> = proxy.through();
        arguments.extend(["-sN", "--max-time", "50", &address].map(str::to_owned));
        let mut viewer = Command::new("curl").args(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut watched = vec![0; 200_000];
        let came = viewer.stdout.take().unwrap().read_exact(&mut watched);
        viewer.kill().unwrap();
        viewer.wait().unwrap();
        assert!(came.is_ok() && watched[0] == 0x47, "{base}: {came:?}");
        // Its playlist of HLS leads to segments, here.
        let (status, playlist) = proxy.get(&address.replace(".ts", ".m3u8"));
        assert!(status == 200 && playlist.starts_with("#EXTM3U"), "{base}: {status} {playlist}");
    }

    // Whoever comes through it is not taken for this machine, and is known by his own address.
    assert_ne!(proxy.get(&format!("{}/status.json", proxy.secure())).0, 200);
    assert_eq!(get(&format!("{coax}/status.json"), &[]).0, 200);
    let channel = json(&question(coax, "get_live_streams"), &[])[1]["stream_id"].clone();
    let mut arguments = proxy.through();
    arguments.extend(["-sN", "-o", "/dev/null", "--max-time", "20"].map(str::to_owned));
    arguments.push(format!("{}/live/ann/watching/{channel}.ts", proxy.secure()));
    let mut viewer = Command::new("curl").args(&arguments).spawn().unwrap();
    let admin = ["-H", "authorization: Bearer a-key-of-the-house"];
    let watches = || {
        let sessions = json(&format!("{coax}/api/admin/sessions"), &admin);
        let found = sessions["sessions"].as_array().unwrap().iter().find(|it| it["watches"] == channel);
        found.map(|it| it["address"].as_str().unwrap().to_owned())
    };
    assert_eq!(eventually("a viewer", watches), "127.0.0.2");
    viewer.kill().unwrap();
    viewer.wait().unwrap();
    // When he leaves, Coax learns it.
    eventually("nobody", || watches().is_none().then_some(()));
}

#[test]
fn behind_the_proxies_of_deploy_everything_works_at_a_name_and_below_a_path() {
    let home = Home::new("[serve]\ntrusted_proxies = [\"127.0.0.1\"]\nadmin_key = \"a-key-of-the-house\"\n");
    let coax = home.up();
    let address = coax.url.trim_start_matches("http://");
    for proxy in [Proxy::nginx, Proxy::caddy] {
        let folder = tempfile::tempdir().unwrap();
        let proxy = proxy(folder.path(), address);
        everything_works_behind(&proxy, &coax.url);
    }
}
