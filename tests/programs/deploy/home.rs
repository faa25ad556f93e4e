//! A provider, and a folder with a configuration for it.

use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use station::Station;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::program::{Program, built, coax, ffmpeg, ours, run, text};

/// Long enough for anything that happens at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What the provider knows us by.
pub(crate) const NAME: &str = "household";
pub(crate) const PASSWORD: &str = "hush-hush-4711";

/// A household that has the user `ann` with the password `watching`.
pub(crate) struct Home {
    pub(crate) station: Station,
    _runtime: Runtime,
    folder: TempDir,
}

impl Home {
    /// With `more` in its coax.toml.
    pub(crate) fn new(more: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let (username, password) = (NAME.to_owned(), PASSWORD.to_owned());
        let account = station::Account { username, password, max_connections: 10, ..Default::default() };
        let settings =
            station::Settings { live: 6, films: 2, series: 1, accounts: vec![account], ..Default::default() };
        let station = runtime.block_on(Station::start(settings)).unwrap();
        let home = Self { station, _runtime: runtime, folder: tempfile::tempdir().unwrap() };
        home.configure(more);
        let added = ["user", "add", "ann", "--password-stdin", "--max-connections", "0"];
        assert!(run(&added, "watching", home.folder.path()).status.success());
        home
    }

    /// Writes coax.toml anew.
    pub(crate) fn configure(&self, more: &str) {
        let source = format!(
            "[[source]]\nname = \"panel\"\nurl = \"{}\"\nusername = \"{NAME}\"\npassword = \"{PASSWORD}\"\n",
            self.station.url()
        );
        write(&self.path("coax.toml"), &format!("listen = \"127.0.0.1:0\"\n{source}{more}"));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `coax up`, with its first line-up.
    pub(crate) fn up(&self) -> Program {
        let mut command = coax(&[("RUST_LOG", "debug")]);
        command.arg("up").current_dir(self.folder.path());
        let program = Program::launch(command);
        eventually("a line-up", || (get(&format!("{}/health", program.url), &[]).0 == 200).then_some(()));
        program
    }

    /// One of the programs of which `coax up` is made, on the same folder.
    pub(crate) fn part(&self, name: &str) -> Program {
        let mut command = ours(&built(name, name), &[]);
        command.current_dir(self.folder.path());
        Program::launch(command)
    }
}

/// The question for a list, or without an action for the account.
pub(crate) fn question(url: &str, action: &str) -> String {
    format!("{url}/player_api.php?username=ann&password=watching&action={action}")
}

/// Status and body, as curl has them; 0 when there is no answer.
pub(crate) fn get(url: &str, arguments: &[&str]) -> (u16, String) {
    let usual = ["-sS", "--max-time", "20", "-w", "\n%{http_code}", url];
    let output = text(&ffmpeg("curl", &[&usual[..], arguments].concat()).stdout);
    let (body, status) = output.rsplit_once('\n').unwrap_or(("", "0"));
    (status.parse().unwrap(), body.to_owned())
}

pub(crate) fn json(url: &str, arguments: &[&str]) -> Value {
    let (status, body) = get(url, arguments);
    serde_json::from_str(&body).unwrap_or_else(|_| panic!("{status}: {body}"))
}

/// A port that nobody has. Another may take it before us, which is as likely as that a test fails for other reasons.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn write(path: &Path, content: &str) {
    File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}

pub(crate) fn eventually<T>(what: &str, mut happened: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(it) = happened() {
            return it;
        }
        assert!(Instant::now() < deadline, "{what}");
        sleep(Duration::from_millis(50));
    }
}

/// A certificate for `names`, signed by itself, and its key, as files.
pub(crate) fn certificate(folder: &Path, file: &str, names: &[&str]) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join(format!("{file}.pem")), folder.join(format!("{file}.key")));
    let kind = |name: &&str| if name.parse::<std::net::IpAddr>().is_ok() { "IP" } else { "DNS" };
    let names: Vec<String> = names.iter().map(|name| format!("{}:{name}", kind(name))).collect();
    let made = ffmpeg(
        "openssl",
        &[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "30",
            "-subj",
            &format!("/CN={file}"),
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            &format!("subjectAltName={}", names.join(",")),
            "-keyout",
            key.to_str().unwrap(),
            "-out",
            certificate.to_str().unwrap(),
        ],
    );
    assert!(made.status.success(), "{}", text(&made.stderr));
    (certificate, key)
}

/// Answers every question for a name with 127.0.0.1, until its socket is dropped.
pub(crate) fn names_that_lead_here() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut asked = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut asked) {
            // RFC 1035: the header of 12 bytes, the question, and behind it one answer that refers to its name. Whoever asks for
            // something else than an IPv4 address (type 1) learns that there is none.
            let question = asked[12..length].iter().position(|byte| *byte == 0).unwrap() + 12 + 5;
            let wants_ipv4 = asked[question - 4..question - 2] == [0, 1];
            let mut answer = asked[..question].to_vec();
            answer[2..12].copy_from_slice(&[0x84, 0, 0, 1, 0, u8::from(wants_ipv4), 0, 0, 0, 0]);
            if wants_ipv4 {
                answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    port
}
