//! Passwords: of providers, of targets, of databases, in addresses that lists name. They are in no log, no answer, no
//! argument of a program, and nothing that is kept of downloads; but the addresses of lists are in the queue, which asks for
//! them.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::bundle::Kind;
use download::surface::ENDPOINTS;
use serde_json::{Value, json};
use station::{Account, Fault, Settings, TMDB_TOKEN};

use crate::house::{House, Running, below, eventually};
use crate::machine::{Machine, PASSWORD, Speech};

const PROVIDERS: &str = "sesame-of-the-provider";
const LISTS: &str = "sesame-of-a-list";
const WRONG: &str = "sesame-that-is-wrong";
const KEY: &str = "sesame-of-the-operator";

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|it| it == word.as_bytes())
}

/// What stands in no place.
struct Secrets(Vec<String>);

impl Secrets {
    fn of(machines: &[&Machine]) -> Self {
        // Of a private key, a line that is no other key's.
        let key = |machine: &&Machine| {
            let key = fs::read_to_string(machine.path("key")).ok()?;
            key.lines().rev().nth(2).map(str::to_owned)
        };
        let words = [PROVIDERS, PASSWORD, WRONG, KEY, TMDB_TOKEN].map(str::to_owned);
        Self(machines.iter().filter_map(key).chain(words).collect())
    }

    fn check(&self, bytes: &[u8], place: &str) {
        let found = self.0.iter().find(|word| has(bytes, word));
        assert_eq!(found, None, "in {place}");
    }
}

/// Looks at the arguments of all programs of this machine until it is over; how many of them were called for `port`.
fn watch(secrets: &Secrets, port: u16, over: &AtomicBool) -> usize {
    let (mut seen, port) = (0, port.to_string());
    while !over.load(Ordering::Relaxed) {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(arguments) = fs::read(process.path().join("cmdline")) else { continue };
            secrets.check(&arguments, "the arguments of a program");
            assert!(!has(&arguments, "PRIVATE KEY"));
            seen += usize::from(has(&arguments, &port) && has(&arguments, "--server"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    seen
}

/// Asks at every endpoint, rightly and wrongly, as the operator of the house, and looks at what is told.
async fn told_at_every_endpoint(base: &str, secrets: &Secrets) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |method: &str, path: &str, sent: Option<Value>| {
        let ask = client.request(method.parse().unwrap(), format!("{base}{path}")).bearer_auth(KEY);
        let ask = match sent {
            Some(sent) => ask.header("Content-Type", "application/json").body(sent.to_string()),
            None => ask,
        };
        let answer = ask.send().await.unwrap();
        let head = format!("{} {:?}", answer.status(), answer.headers());
        let told = format!("{head} {}", answer.text().await.unwrap());
        secrets.check(told.as_bytes(), &format!("{method} {path}"));
        assert!(!has(told.as_bytes(), LISTS), "{method} {path}: {told}");
        told
    };
    let list =
        format!("#EXTM3U\n#EXTINF:-1,Rare (2001)\nhttp://user:{LISTS}@panel.example/movie/u/{LISTS}/7.mkv\n");
    let upload = client.post(format!("{base}/api/lists?name=list.m3u")).bearer_auth(KEY);
    let upload = upload.header("Content-Type", "application/x-mpegurl").body(list).send().await.unwrap();
    let kept: Value = serde_json::from_str(&upload.text().await.unwrap()).unwrap();
    let list = kept["id"].to_string();
    let select = format!("/api/lists/{list}/select");
    let chosen = ask("POST", &select, Some(json!({ "classes": ["new"], "server": 1 }))).await;
    assert!(chosen.contains(r#""added":["#) && !chosen.contains("[]"), "{chosen}");
    let mut asked = 0;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.path != "/api/events") {
        let paths: Vec<String> = match endpoint.path.contains("/lists/") {
            true => vec![endpoint.path.replace("{id}", &list)],
            false => (1..=9).map(|id| endpoint.path.replace("{id}", &id.to_string())).collect(),
        };
        for path in paths.into_iter().take(if endpoint.path.contains("{id}") { 9 } else { 1 }) {
            match endpoint.method.word() {
                "GET" => {
                    let told = ask("GET", &path, None).await;
                    asked += usize::from(told.starts_with("200"));
                }
                "DELETE" => continue, // they are needed still
                method => {
                    drop(ask(method, &path, Some(json!({ "url": format!("smb://root:{WRONG}@h/s") }))).await)
                }
            }
        }
    }
    assert!(asked > 20, "{asked} have told something");
    let told = ask("GET", "/api/servers", None).await;
    assert!(told.contains("file:") && told.contains("127.0.0.1"), "where a secret is kept is told: {told}");
    let events = client.get(format!("{base}/api/events")).bearer_auth(KEY).header("Last-Event-ID", "0");
    let mut events = events.send().await.unwrap();
    let first = [events.chunk().await.unwrap().unwrap(), events.chunk().await.unwrap().unwrap()].concat();
    secrets.check(&first, "events");
    assert!(has(&first, "event: event") && !has(&first, LISTS), "{}", String::from_utf8_lossy(&first));
}

/// Makes a target of a machine, which has a secret.
fn add_target(house: &House, name: &str, machine: &Machine) {
    let record = machine.record();
    let address = format!("{}/{}", record.url, record.base.trim_start_matches('/'));
    let mut arguments = vec!["target", "add", name, &address, "--limit", "3000000", "--secret"];
    arguments.push(record.secret.as_deref().unwrap());
    arguments.extend(record.host_key.iter().flat_map(|key| ["--host-key", key.trim()]));
    house.told(&arguments);
}

/// Fetches films, of which some are refused, and waits until it is told of each what became of it.
async fn fetch_what_goes_well_and_what_does_not(house: &House) {
    let mut films = Vec::new();
    for film in house.ids(Kind::Movie) {
        films.push((film, house.original(film).await.0));
    }
    // One that arrives, one that is refused, one that is a page with the address in it, one that is redirected about.
    let faults = [None, Some(Fault::Status(404)), Some(Fault::Html), Some(Fault::Redirect(99))];
    let mut jobs = Vec::new();
    for ((film, there), fault) in films.iter().zip(faults) {
        fault.into_iter().for_each(|fault| house.station.set_fault(*there, fault));
        let added = house.told(&["add", &film.to_string(), "--target", "nas"]);
        jobs.push(added["added"][0].as_i64().unwrap());
    }
    let to_box =
        house.told(&["add", &films[4].0.to_string(), "--target", "box"])["added"][0].as_i64().unwrap();
    // One of a stranger's list, whose host does not know the password in it.
    let address = format!("{}/movie/ann/{LISTS}/{}.mp4", house.station.url(), films[5].1);
    let add = ["add", "--url", &address, "--title", "Rare (2000)", "--target", "nas"];
    let of_list = house.told(&add)["added"][0].as_i64().unwrap();
    house.until(jobs[0], "completed").await;
    house.until(to_box, "completed").await;
    house.until(jobs[1], "failed").await;
    house.until(jobs[2], "failed").await;
    for job in [jobs[3], of_list] {
        eventually(|| house.job(job)["error"].is_string()).await.expect("it is told why");
    }
}

/// Looks at all that lies on the disk, and at the program's own log.
fn look_at_what_is_kept(house: &House, log: &Path, secrets: &Secrets) {
    let (mut looked, mut copies) = (0, 0);
    let lists = house.data.downloads().join("lists");
    for path in below(&house.data.downloads()).into_iter().chain([log.to_owned()]) {
        let bytes = fs::read(&path).unwrap();
        looked += bytes.len();
        if path.extension().is_some_and(|it| it == "toml") {
            // A copy of the configuration, which is where its secrets are.
            assert_eq!(bytes, house.configuration().as_bytes(), "{}", path.display());
            copies += 1;
            continue;
        }
        secrets.check(&bytes, &path.display().to_string());
        // The queue asks for it, and a list is what was handed in.
        let may =
            path.file_name().unwrap().to_string_lossy().starts_with("jobs.db") || path.starts_with(&lists);
        assert!(may || !has(&bytes, LISTS), "{}", path.display());
    }
    assert_eq!(copies, 1);
    assert!(looked > 100_000, "there is a queue, a log of it and one of the program: {looked}");
}

fn look_at_what_commands_tell(house: &House, secrets: &Secrets) {
    for asked in
        [&["status"][..], &["status", "--all"], &["log"], &["stats"], &["target", "list"], &["limits"]]
    {
        let output = house.ask(asked);
        for bytes in [output.stdout, output.stderr] {
            secrets.check(&bytes, &format!("{asked:?}"));
            assert!(!has(&bytes, LISTS), "{asked:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_or_told_of_downloads_has_a_password_in_it() {
    let account = Account { password: PROVIDERS.into(), ..Account::default() };
    let provider = Settings { films: 6, accounts: vec![account], ..Settings::default() };
    let house = House::with(provider, "probe_every = 1\nprivate_addresses = true").await;
    house.configure(&format!(
        "[download.tmdb]\nurl = '{}/tmdb/3'\ntoken = '{TMDB_TOKEN}'\n",
        house.station.url()
    ));
    let (smb, ssh) = (Machine::new(Speech::Smb), Machine::new(Speech::RsyncOverSsh));
    let secrets = Arc::new(Secrets::of(&[&smb, &ssh]));
    assert_eq!(secrets.0.len(), 6, "one of them is a key");
    add_target(&house, "nas", &smb);
    add_target(&house, "box", &ssh);
    assert!(ssh.record().url.starts_with("ssh"));

    let log = house.data.path().join("log");
    let mut command = house.command(&["run", "--listen", "127.0.0.1:0"]);
    command.env("COAX_ADMIN_KEY", KEY);
    command.env("RUST_LOG", "trace").stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let over = Arc::new(AtomicBool::new(false));
    let watching = tokio::task::spawn_blocking({
        let (over, secrets, port) = (over.clone(), secrets.clone(), ssh.port);
        move || watch(&secrets, port, &over)
    });
    let (worker, said) = Running::started(&mut command);
    let base = said.strip_prefix("ready ").unwrap().trim();
    fetch_what_goes_well_and_what_does_not(&house).await;
    over.store(true, Ordering::Relaxed);
    assert!(watching.await.unwrap() > 0, "a program was called");
    told_at_every_endpoint(base, &secrets).await;
    // A password that is wrong, and a server that is gone.
    smb.write("wrong", WRONG);
    house.told(&["target", "set", "nas", "--secret", &format!("file:{}", smb.path("wrong").display())]);
    house.ask(&["target", "test", "nas"]);
    drop(smb);
    house.ask(&["target", "test", "nas"]);
    let backup = house.data.downloads().join("all.db.gz");
    house.told(&["backup", backup.to_str().unwrap()]);
    assert!(worker.stop());

    look_at_what_is_kept(&house, &log, &secrets);
    look_at_what_commands_tell(&house, &secrets);
}
