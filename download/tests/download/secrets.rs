//! Passwords: of providers and of targets. They are in no log, no answer, and nothing that is kept of downloads.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use contract::bundle::Kind;
use station::{Account, Fault, Settings};

use crate::house::{House, Running, eventually};
use crate::machine::{Machine, PASSWORD, Speech};

const PROVIDERS: &str = "sesame-of-the-provider";

/// All files below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|it| it == word.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_written_or_told_of_downloads_has_a_password_in_it() {
    let account = Account { password: PROVIDERS.into(), ..Account::default() };
    let provider = Settings { films: 4, accounts: vec![account], ..Settings::default() };
    let house = House::with(provider, "probe_every = 1").await;
    let machine = Machine::new(Speech::Smb);
    let record = machine.record();
    let address = format!("{}/{}", record.url, record.base);
    let password = record.secret.as_deref().unwrap();
    house.told(&["target", "add", "nas", &address, "--secret", password]);

    let log = house.data.path().join("log");
    let mut command = house.command(&["run"]);
    command.env("RUST_LOG", "trace").stderr(Stdio::from(fs::File::create(&log).unwrap()));
    let (worker, _) = Running::started(&mut command);
    let mut films = Vec::new();
    for film in house.ids(Kind::Movie) {
        films.push((film, house.original(film).await.0));
    }
    // One that arrives, one that is refused, one that is a page with the address in it, one that is redirected about.
    let faults = [None, Some(Fault::Status(404)), Some(Fault::Html), Some(Fault::Redirect(99))];
    let mut jobs = Vec::new();
    for ((film, there), fault) in films.into_iter().zip(faults) {
        fault.into_iter().for_each(|fault| house.station.set_fault(there, fault));
        jobs.push(house.add(film));
    }
    house.until(jobs[0], "completed").await;
    house.until(jobs[1], "failed").await;
    house.until(jobs[2], "failed").await;
    eventually(|| house.job(jobs[3])["error"].is_string()).await.expect("it is told why");
    // A password that is wrong, and a server that is gone.
    machine.write("wrong", "sesame-that-is-wrong");
    house.told(&["target", "set", "nas", "--secret", &format!("file:{}", machine.path("wrong").display())]);
    house.ask(&["target", "test", "nas"]);
    drop(machine);
    house.ask(&["target", "test", "nas"]);
    let backup = house.data.downloads().join("all.db.gz");
    house.told(&["backup", backup.to_str().unwrap()]);
    assert!(worker.stop());

    let mut looked = 0;
    for path in below(&house.data.downloads()).into_iter().chain([log]) {
        let bytes = fs::read(&path).unwrap();
        looked += bytes.len();
        for word in [PROVIDERS, PASSWORD, "sesame-that-is-wrong"] {
            assert!(!has(&bytes, word), "{word} is in {}", path.display());
        }
    }
    assert!(looked > 100_000, "there is a queue, a log of it and one of the program: {looked}");
    for asked in [&["status"][..], &["log"], &["stats"], &["target", "list"], &["limits"]] {
        let output = house.ask(asked);
        for bytes in [output.stdout, output.stderr] {
            assert!(!has(&bytes, PROVIDERS) && !has(&bytes, PASSWORD), "{asked:?}");
        }
    }
}
