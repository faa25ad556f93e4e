//! What the doctor says of downloads: their queue, where they go, and what they need.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use contract::disk::Data;
use download::job::Wish;
use download::store::{By, Lock, Store};
use download::target::{Kind as TargetKind, Record};

use super::House;

/// A film that somebody wishes for.
fn film(id: u32) -> Wish {
    Wish {
        identity: format!("movie|film {id}|-"),
        quality: Some(1080),
        account: "acme".into(),
        stream_id: id,
        ext: "mkv".into(),
        user: "ann".into(),
        ..Wish::new(contract::bundle::Kind::Movie, format!("Film {id}"), 1)
    }
}

#[test]
fn what_is_wrong_with_downloads_is_named() {
    let mut house = House::new();
    let with = |house: &mut House, settings: &str| {
        house.top = format!("listen = \"127.0.0.1:0\"\n[download]\n{settings}\n");
        house.ask(&[])
    };
    with(&mut house, "enabled = true").has("warn", "downloads", "nowhere to deliver to");
    let data = Data::new(house.path("data"));
    let store = Store::open(&data).unwrap();
    let (nas, base) = (house.path("nas"), house.path("nas").display().to_string());
    fs::create_dir(&nas).unwrap();
    let put = |name: &str, kind: TargetKind, url: &str, secret: Option<&str>| {
        let (name, url, secret) = (name.into(), url.into(), secret.map(str::to_owned));
        let record = Record { name, url, secret, base: base.clone(), ..Record::new(kind) };
        store.add_target(&record, &By::command(), 1).unwrap()
    };
    put("nas", TargetKind::Dir, "", None);
    let said = with(&mut house, "");
    said.has("ok", "downloads", "nothing is queued");
    said.has("fail", "target nas", "has no .download-target");
    house.write("nas/.download-target", "");
    with(&mut house, "").has("ok", "target nas", "it takes files");

    house.write("password", "hunter2");
    let secret = format!("file:{}", house.path("password").display());
    fs::set_permissions(house.path("password"), fs::Permissions::from_mode(0o644)).unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    put("seen", TargetKind::Sftp, &format!("sftp://ann@{closed}"), Some(&secret));
    put("away", TargetKind::Sftp, &format!("sftp://ann@{closed}"), None);
    put("told", TargetKind::Smb, &format!("smb://ann@{closed}/films"), Some("env:COAX_TEST_NO_SUCH"));
    let by_rsync = put("box", TargetKind::Rsync, &format!("rsync://{closed}/disk"), None);
    let resting = Record {
        id: by_rsync,
        name: "box".into(),
        maintenance: true,
        ..store.target(by_rsync).unwrap().unwrap()
    };
    store.set_target(&resting, &By::command(), 1).unwrap();
    let said = with(&mut house, "reserve = 1000000000000000000");
    for (level, what, words) in [
        ("fail", "target nas", "`reserve` leaves"),
        ("fail", "target seen", "everybody may read it, and it holds a secret"),
        ("fail", "target away", ""),
        ("warn", "target told", "COAX_TEST_NO_SUCH is not set here"),
        ("warn", "target box", "in maintenance"),
        ("warn", "downloads", "they wait"),
    ] {
        said.has(level, what, words);
    }

    let rules = download::queue::Rules { high_years: 2, low_years: 5, age_days: 7 };
    let added = store.add(&[film(1), film(2)], &By::command(), &rules, 1).unwrap();
    let said = with(&mut house, "reserve = 1000000000000000000");
    said.has("fail", "downloads", "2 queued, and no worker is at work");
    said.has("fail", "downloads", "they wait");
    let worker = Lock::take(&data).unwrap();
    with(&mut house, "").has("ok", "downloads", "2 queued; a worker is at work");
    drop(worker);
    assert_eq!(added.len(), 2);
    let said = house.ask(&["env", "PATH=/nowhere"]);
    for words in ["rsync is not installed", "ffprobe is not installed", "yt-dlp is not installed"] {
        let level = if words.starts_with("rsync") { "fail" } else { "warn" };
        said.has(level, "downloads", words);
    }
    drop(store);
    house.write(
        "data/downloads/jobs.db",
        "this is no database, and was one a moment ago, before somebody wrote over it with an editor",
    );
    with(&mut house, "").has("fail", "downloads", "downloads/jobs.db");
}

#[test]
fn at_a_queue_is_only_looked_and_one_of_an_older_program_is_warned_of() {
    let mut house = House::new();
    house.top = "listen = \"127.0.0.1:0\"\n[download]\nenabled = true\n".to_owned();
    let data = Data::new(house.path("data"));
    let store = Store::open(&data).unwrap();
    let base = house.path("nas").display().to_string();
    let nas = Record { name: "nas".into(), base, ..Record::new(TargetKind::Dir) };
    store.add_target(&nas, &By::command(), 1).unwrap();
    drop(store);
    let path = data.downloads().join("jobs.db");
    let before = fs::read(&path).unwrap();
    house.ask(&[]).has("ok", "downloads", "nothing is queued");
    assert!(fs::read(&path).unwrap() == before, "it is only looked at");

    // As an older program has left it: its version is the number at 60 (SQLite file format, section 1.3).
    let older = [&before[..60], &1_u32.to_be_bytes(), &before[64..]].concat();
    assert_ne!(older, before);
    contract::disk::put(&path, &older).unwrap();
    let said = house.ask(&[]);
    said.has("warn", "downloads", "jobs.db is of version 1, and this program knows");
    assert!(fs::read(&path).unwrap() == older, "whoever uses it next brings it up to date");
    // One of a program to come is none of ours.
    let newer = [&before[..60], &9999_u32.to_be_bytes(), &before[64..]].concat();
    contract::disk::put(&path, &newer).unwrap();
    house.ask(&[]).has("fail", "downloads", "9999");
    assert!(fs::read(&path).unwrap() == newer);
}
