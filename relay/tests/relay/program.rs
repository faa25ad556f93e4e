//! The program itself: what it prints, what it logs, how it ends.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use contract::disk::Data;
use contract::user::Users;
use station::{Account, Fault, Station};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::stage::{publish, user};
use crate::viewer::Viewer;

#[tokio::test(flavor = "multi_thread")]
async fn the_program_says_when_it_is_ready_tells_no_secret_and_ends_quickly_with_viewers_connected() {
    let account = Account { username: "provname".into(), password: "provpass".into(), ..Account::default() };
    let settings = station::Settings { accounts: vec![account], redirects: 1, ..Default::default() };
    let station = Station::start(settings).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    publish(&data, &station, (&[4], "UTC"), &[]);
    Users::new(data).edit(|users| users.push(user("ann", 0))).unwrap();
    let config = folder.path().join("coax.toml");
    let text = format!(
        "data = {:?}\nlisten = \"127.0.0.1:0\"\n[[source]]\nname = \"station\"\nurl = \"{}\"\n\
         username = \"provname\"\npassword = \"provpass\"\n",
        folder.path(),
        station.url()
    );
    contract::disk::replace(&config, text.as_bytes(), contract::disk::Access::Owner).unwrap();

    let mut program = Command::new(env!("CARGO_BIN_EXE_relay"))
        .arg("--config")
        .arg(&config)
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = program.stderr.take().unwrap();
    let logged = tokio::spawn(async move {
        let mut text = String::new();
        log.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut ready = BufReader::new(program.stdout.take().unwrap()).lines();
    let line = ready.next_line().await.unwrap().unwrap();
    let address: SocketAddr = line.strip_prefix("ready http://").unwrap().parse().unwrap();

    let (live, film) = (station.catalogue().live_id(1), station.catalogue().film_id(0));
    station.set_fault(live, Fault::Status(403));
    station.set_fault(film, Fault::Html);
    let mut viewer = Viewer::at(address, "/live/ann/secret/1.ts").await;
    assert_eq!(viewer.status(), 200);
    viewer.read(10_000).await;
    for path in ["/live/ann/secret/2.ts", "/movie/ann/secret/9001.mp4", "/live/ann/secret/702.ts"] {
        assert_eq!(Viewer::at(address, path).await.status(), 502);
    }

    let asked = Instant::now();
    let id = program.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let status = program.wait().await.unwrap();
    assert!(status.success() && asked.elapsed() < Duration::from_secs(5), "{status}");
    let log = logged.await.unwrap();
    assert!(log.contains("following") && log.contains("no picture"), "{log}");
    for secret in ["provname", "provpass", "secret"] {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
}
