//! Copies of the configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use contract::bundle::Kind;

use crate::house::{House, Running, below, eventually};

/// Copies that there are, in order.
fn copies(house: &House) -> Vec<PathBuf> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let is_copy = |path: &PathBuf| name(path).starts_with("coax-") && name(path).ends_with(".toml");
    below(&house.data.downloads().join("backup")).into_iter().filter(is_copy).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_has_become_another_is_copied_and_every_copy_is_kept() {
    let house = House::with_target("relay_key = 'key-of-the-relay-elsewhere'").await;
    let first = house.configuration();
    let worker = house.run();
    eventually(|| copies(&house).len() == 1).await.expect("there was none");
    assert!(worker.stop());

    let worker = house.run();
    // Meanwhile it looks several times.
    house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(copies(&house).len(), 1, "it is the same");
    house.configure("event_days = 30\n");
    eventually(|| copies(&house).len() == 2).await.expect("it is another while the program runs");
    let second = house.configuration();
    house.reconfigure("event_days = 30\n", "");
    eventually(|| copies(&house).len() == 3).await.expect("it is as it was, and was another in between");
    assert!(worker.stop());

    let contents: Vec<String> = copies(&house).iter().map(|it| fs::read_to_string(it).unwrap()).collect();
    assert_eq!(contents, [&first[..], &second, &first]);
    for path in copies(&house) {
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600, "{}", path.display());
    }
    let events = house.told(&["log"]);
    let told: Vec<&str> = events.as_array().unwrap().iter().filter_map(|it| it["details"].as_str()).collect();
    for path in copies(&house) {
        assert!(told.contains(&path.file_name().unwrap().to_str().unwrap()), "{told:?}");
    }
    assert!(!events.to_string().contains("key-of-the-relay-elsewhere"), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_only_the_environment_nothing_is_copied() {
    let house = House::with_target("").await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_download"));
    command.arg("run").env("COAX_DATA", house.data.path()).env_remove("COAX_CONFIG");
    command.current_dir(house.data.path()).stdout(Stdio::piped()).stderr(Stdio::null());
    let (_worker, said) = Running::started(&mut command);
    assert_eq!(said, "ready\n");
    let backups = || below(&house.data.downloads().join("backup")).len();
    eventually(|| backups() == 2).await.expect("the queue is backed up, and has its sum");
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(copies(&house), [] as [PathBuf; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_says_nothing_of_a_copy_keeps_no_download_waiting() {
    let house = House::with_target("").await;
    let backup = house.data.downloads().join("backup");
    fs::create_dir_all(&backup).unwrap();
    // Nobody will ever write into it, and it is the newest.
    let pipe = Command::new("mkfifo").arg(backup.join("coax-29991231T235959Z.toml")).status();
    assert!(pipe.unwrap().success());
    let _worker = house.run();
    tokio::time::sleep(Duration::from_secs(3)).await;
    house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
}
