//! `coax doctor` names what is wrong: one thing after the other is planted, and asked for.

mod certificate;
mod downloads;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::program::{Program, text};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;
use station::{Account, Fault, Settings, Station, Status};
use tokio::runtime::Runtime;

/// An installation whose sources are stations.
struct House {
    runtime: Runtime,
    folder: tempfile::TempDir,
    /// What stands in the configuration before the sources.
    top: String,
    sources: String,
}

/// What the doctor said.
struct Said {
    code: i32,
    report: Value,
}

impl House {
    fn new() -> Self {
        let top = "listen = \"127.0.0.1:0\"\n".to_owned();
        let runtime = Runtime::new().unwrap();
        Self { runtime, folder: tempfile::tempdir().unwrap(), top, sources: String::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn station(&self, settings: Settings) -> Station {
        self.runtime.block_on(Station::start(settings)).unwrap()
    }

    /// A panel of the configuration.
    fn panel(&mut self, name: &str, url: &str, rest: &str) {
        self.sources += &format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nusername = \"station\"\npassword = \"station\"\n{rest}\n"
        );
    }

    fn write(&self, name: &str, content: &str) {
        File::create(self.path(name)).unwrap().write_all(content.as_bytes()).unwrap();
    }

    /// `coax doctor`, begun by `before` if that is anything: a program that runs another one.
    fn ask(&self, before: &[&str]) -> Said {
        self.write("coax.toml", &format!("{}{}", self.top, self.sources));
        fs::set_permissions(self.path("coax.toml"), fs::Permissions::from_mode(0o600)).unwrap();
        self.run(before)
    }

    fn run(&self, before: &[&str]) -> Said {
        let words = [before, &[env!("CARGO_BIN_EXE_coax"), "doctor", "--json", "--patience", "3"]].concat();
        let mut command = crate::program::ours(Path::new(words[0]), &[]);
        let output = command.args(&words[1..]).current_dir(self.folder.path()).output().unwrap();
        let said = text(&output.stdout);
        let report = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", text(&output.stderr)));
        for secret in ["hunter2", "station:station", "password=station"] {
            assert!(!said.contains(secret), "a secret is shown: {said}");
        }
        Said { code: output.status.code().unwrap(), report }
    }
}

impl Said {
    /// Whether there is a line about `what` of this level with these words, and a remedy if it is not fine.
    #[track_caller]
    fn has(&self, level: &str, what: &str, words: &str) {
        let findings = self.report["findings"].as_array().unwrap();
        let fits = |finding: &&Value| {
            let is = |key: &str, expected: &str| finding[key].as_str().unwrap().contains(expected);
            is("what", what) && is("found", words) && finding["level"] == level
        };
        let finding = findings.iter().find(fits);
        let finding =
            finding.unwrap_or_else(|| panic!("no {level} of {what} with {words:?}: {:#}", self.report));
        assert_eq!(level == "ok", finding["remedy"].is_null(), "{finding}");
        assert_eq!(self.code != 0, self.report["fail"] != 0);
    }
}

/// A server whose certificate nobody has signed.
fn unsigned() -> SocketAddr {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = &include_bytes!("../../relay/tests/fixtures/tls/certificate.der")[..];
    let key = &include_bytes!("../../relay/tests/fixtures/tls/key.der")[..];
    let config = ServerConfig::builder().with_no_client_auth();
    let key = PrivateKeyDer::try_from(key).unwrap();
    let config = Arc::new(config.with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten().take(4) {
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), socket);
            let _ = stream.read(&mut [0; 4096]);
        }
    });
    address
}

#[test]
fn an_installation_that_is_well_is_told_so() {
    let mut house = House::new();
    let station = house.station(Settings::default());
    house.panel("acme", &station.url(), "");
    let run = |arguments: &[&str]| {
        let output = crate::program::run(arguments, "", house.folder.path());
        assert!(output.status.success(), "{}", text(&output.stderr));
        output
    };
    house.ask(&[]).has("warn", "release", "nothing is published yet");
    run(&["user", "add", "ann"]);
    let data = house.path("data");
    let running = Program::launch({
        let mut command = crate::program::coax(&[]);
        command.arg("up").current_dir(house.folder.path());
        command
    });
    let published = || data.join("run.json").exists();
    for _ in 0..600 {
        if published() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    // The port that it was given.
    let port = running.url.rsplit(':').next().unwrap();
    house.top = format!("listen = \"127.0.0.1:{port}\"\n");
    let said = house.ask(&[]);
    for (what, words) in [
        ("configuration", "1 source"),
        ("open files", ""),
        ("port", "Coax runs there"),
        ("data folder", "can be written"),
        ("disk", "free"),
        ("secrets", "nobody else"),
        ("users", "1 may watch"),
        ("last run", "all is well"),
        ("release", "000001: 12 channels"),
        ("guide", "have programmes"),
        ("source acme", "0 of 1 connections in use"),
        ("source acme", "guide: it answers"),
        ("clock", "agrees"),
    ] {
        said.has("ok", what, words);
    }
    assert_eq!(
        (said.code, &said.report["fail"], &said.report["warn"]),
        (0, &0.into(), &0.into()),
        "{:#}",
        said.report
    );
    assert!(running.terminate().status.success());
    // For people, the same in lines.
    let lines = text(&run(&["doctor"]).stdout);
    assert!(lines.contains("\nok    source acme    guide: it answers\n"), "{lines}");
    assert!(lines.trim_end().ends_with(" ok, 0 to be looked at, 0 failed"), "{lines}");
}

#[test]
fn what_is_wrong_with_providers_is_named() {
    let mut house = House::new();
    let account = |name: &str, status, expires| Account {
        username: name.into(),
        password: "hunter2".into(),
        status,
        expires,
        ..Account::default()
    };
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let station = house.station(Settings {
        accounts: vec![
            Account::default(),
            account("late", Status::Active, Some(now - 3600)),
            account("soon", Status::Active, Some(now + 2 * 86_400 + 3600)),
            account("banned", Status::Banned, None),
            account("off", Status::Disabled, None),
        ],
        clock_ahead: 600,
        ..Settings::default()
    });
    let panel = |name: &str, password: &str| {
        let url = station.url();
        format!(
            "[[source]]\nname = \"{name}\"\nurl = \"{url}\"\nusername = \"{name}\"\npassword = \"{password}\"\n"
        )
    };
    house.sources = panel("wrong", "hunter2 ");
    for name in ["late", "soon", "banned", "off"] {
        house.sources += &panel(name, "hunter2");
    }
    // A panel without a guide, and documents that are not what they should be.
    let lame = house.station(Settings { clock_ahead: 600, ..Settings::default() });
    lame.set_fault(station::Target::Action("xmltv".into()), Fault::Status(404));
    lame.publish("/page.m3u", "<html>no</html>", "text/html", None);
    lame.publish("/blocked.m3u", "#EXTM3U", "text/plain", None);
    lame.set_fault(station::Target::Action("/blocked.m3u".into()), Fault::Status(403));
    house.panel("lame", &lame.url(), "");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap(); // and free again
    let mute = taken.local_addr().unwrap(); // takes connections, and says nothing
    let unsigned = unsigned();
    house.sources += &format!(
        "[[source]]\nname = \"page\"\nkind = \"m3u\"\nurl = \"{url}/page.m3u?password=hunter2\"\n\
         [[source]]\nname = \"blocked\"\nkind = \"m3u\"\nurl = \"{url}/blocked.m3u\"\n\
         [[source]]\nname = \"guide\"\nkind = \"xmltv\"\nurl = \"http://{nobody}/guide.xml\"\n\
         [[source]]\nname = \"unsigned\"\nkind = \"m3u\"\nurl = \"https://{unsigned}/list.m3u\"\n\
         [[source]]\nname = \"lost\"\nkind = \"m3u\"\nfile = \"nowhere.m3u\"\n\
         [[source]]\nname = \"mute\"\nkind = \"m3u\"\nurl = \"http://{mute}/list.m3u\"\n\
         [[source]]\nname = \"unknown\"\nkind = \"m3u\"\nurl = \"http://coax-doctor.invalid/list.m3u\"\n\
         [[source]]\nname = \"ace\"\nkind = \"acestream\"\nchannels = [{{ id = \"{id}\", name = \"One\" }}]\n\
         [[source]]\nname = \"lax\"\nkind = \"m3u\"\nfile = \"coax.toml\"\ninsecure_tls = true\n\
         [relay]\nace_engine = \"http://{nobody}\"\n",
        url = lame.url(),
        id = lame.content_id(0),
    );
    let said = house.ask(&[]);
    for (level, what, words) in [
        ("fail", "source wrong", "rejects the user name or the password"),
        ("fail", "source late", "the account is expired"),
        ("warn", "source soon", "ends in 2 days"),
        ("fail", "source banned", "the account is banned"),
        ("fail", "source off", "the account is disabled"),
        ("warn", "source lame", "guide: the server answered 404"),
        ("ok", "source lame", "account: 0 of 1 connections"),
        ("fail", "source page", "a web page and no playlist"),
        ("fail", "source blocked", "the server answered 403"),
        ("fail", "source guide", "guide: Connection refused"),
        ("fail", "source unsigned", "certificate"),
        ("fail", "source lost", "nowhere.m3u"),
        ("fail", "source mute", "no answer within 3 s"),
        ("fail", "source unknown", "the name of its host cannot be resolved"),
        ("warn", "source lax", "takes any certificate"),
        ("fail", "engine", "cannot be reached"),
        ("fail", "clock", "10 min behind that of"),
    ] {
        said.has(level, what, words);
    }
    assert_eq!(said.code, 1);
}

#[test]
fn an_account_whose_only_connection_another_viewer_has_is_named() {
    let mut house = House::new();
    let station = house.station(Settings::default());
    house.panel("full", &station.url(), "");
    let mut viewing = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", &station.live_url(0)])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut asked = house.ask(&[]);
    for _ in 0..20 {
        if asked.report.to_string().contains("1 of 1 connections") {
            break;
        }
        asked = house.ask(&[]);
    }
    viewing.kill().unwrap();
    viewing.wait().unwrap();
    asked.has("warn", "source full", "1 of 1 connections in use");
}

#[test]
fn what_is_wrong_with_the_machine_is_named() {
    let mut house = House::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in taken.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
        }
    });
    let https = TcpListener::bind("127.0.0.1:0").unwrap();
    let secure = https.local_addr().unwrap();
    house.top = format!("listen = \"{address}\"\npublic_base_url = \"http://{address}\"\n");
    house.sources =
        format!("[serve]\nrelays = [\"http://127.0.0.1:{}\"]\nadmin_key = \"hunter2hunter2hunter2\"\n", 1);
    house.sources +=
        &format!("[tls]\nlisten = \"{secure}\"\ncertificate = \"chain.pem\"\nkey = \"chain.key\"\n");
    house.write("chain.key", "");
    fs::set_permissions(house.path("chain.key"), fs::Permissions::from_mode(0o644)).unwrap();
    let data = house.path("data");
    fs::create_dir(&data).unwrap();
    house.write("data/users.json", "{ a slip");
    house.write("data/secret.key", "no key");
    fs::create_dir_all(data.join("releases/000007")).unwrap();
    std::os::unix::fs::symlink("releases/000007", data.join("current")).unwrap();
    for name in ["users.json", "secret.key"] {
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let gave = "[{\"name\":\"acme\",\"outcome\":\"kept\",\"notes\":[\"half a list\"],\"harvested\":1,\"counts\":{}}]";
    let old = format!(
        "{{\"began\":1,\"ended\":2,\"verdict\":\"unchanged\",\"release\":7,\"why\":\"\",\"sources\":{gave}}}"
    );
    house.write("data/run.json", &old);
    house.write("data/ingest.lock", "");
    let lock = File::open(data.join("ingest.lock")).unwrap();
    lock.lock().unwrap();
    let said = house.ask(&["prlimit", "--nofile=256:256"]);
    let https_port = format!("port {}", secure.port());
    for (level, what, words) in [
        ("warn", "configuration", "no source"),
        ("warn", "open files", "256 at most"),
        ("fail", "port", "taken by another program"),
        ("fail", "secrets", "secret.key can be read by everybody"),
        ("fail", "secrets", "users.json can be read by everybody"),
        ("fail", "secrets", "chain.key can be read by everybody"),
        ("fail", &https_port, "taken by another program: it is for https"),
        ("fail", "users", "users.json cannot be understood"),
        ("fail", "secret.key", "cannot be used"),
        ("fail", "ids", "ids.json is missing"),
        ("fail", "release", "000007 is damaged"),
        ("fail", "relay 1", "no connection"),
        ("warn", "last run", "there should be one every 6 h"),
        ("warn", "last run", "acme: half a list; what it gave"),
        ("ok", "run", "one is going on now"),
        ("warn", "public address", "is not Coax"),
    ] {
        said.has(level, what, words);
    }
    house.write("coax.toml", "lisen = 1\n");
    let said = house.run(&[]);
    said.has("fail", "configuration", "coax.toml:1: unknown key `lisen`; did you mean `listen`?");
    assert_eq!(said.code, 2);
}

#[test]
fn a_data_folder_that_cannot_be_used_is_named() {
    let mut house = House::new();
    let with = |house: &mut House, data: &str| {
        house.top = format!("listen = \"127.0.0.1:0\"\ndata = \"{data}\"\n");
        house.ask(&[])
    };
    house.write("file", "");
    with(&mut house, "file").has("fail", "data folder", "is a file, and should be a folder");
    with(&mut house, "/proc/coax/data").has("fail", "data folder", "cannot be made");
    fs::create_dir(house.path("photographs")).unwrap();
    house.write("photographs/holiday.jpg", "");
    with(&mut house, "photographs").has("fail", "data folder", "holds other things");

    // One that belongs to somebody else: whoever runs tests as root has to become somebody.
    let root = fs::metadata("/proc/self").map(|it| std::os::unix::fs::MetadataExt::uid(&it)).unwrap() == 0;
    fs::create_dir(house.path("closed")).unwrap();
    fs::set_permissions(house.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(house.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    house.top = "listen = \"127.0.0.1:0\"\ndata = \"closed\"\n".into();
    house.ask(&[]);
    fs::set_permissions(house.path("coax.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    let somebody: &[&str] = if root { &["setpriv", "--reuid=65534", "--clear-groups"] } else { &[] };
    house.run(somebody).has("fail", "data folder", "cannot be written: it belongs to user");

    // A full disk, and one that is read-only, in a house of mounts of its own.
    fs::create_dir(house.path("disk")).unwrap();
    house.top = "listen = \"127.0.0.1:0\"\ndata = \"disk\"\n".into();
    house.ask(&[]);
    let mounted = |prepare: &str| {
        let script = format!("mount -t tmpfs -o size=1m none disk && {prepare}; exec \"$@\"");
        house.run(&["unshare", "--mount", "--map-root-user", "sh", "-c", &script, "sh"])
    };
    mounted("head -c 2m /dev/zero >disk/filler 2>/dev/null; touch disk/ids.json; mkdir -p disk/state").has(
        "fail",
        "data folder",
        "is full",
    );
    mounted("mount -o remount,ro disk").has("fail", "data folder", "is read-only");
    mounted("true").has("fail", "disk", "the next run may not fit");
}
