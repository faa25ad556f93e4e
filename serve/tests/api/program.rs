//! The program itself: how it starts, what it logs, how it ends.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Ask;
use crate::house::House;

/// Starts the program over the data of `house`, behind a proxy on this machine, and waits until it says where it listens.
async fn start(house: &House) -> (Child, std::net::SocketAddr) {
    let config = house.data.path().join("coax.toml");
    let settings = b"[serve]\ntrusted_proxies = [\"127.0.0.1\"]\n";
    contract::disk::replace(&config, settings, contract::disk::Access::Owner).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_serve"))
        .arg("--config")
        .arg(&config)
        .args(["--listen", "127.0.0.1:0"])
        .env("COAX_DATA", house.data.path())
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(program.stdout.as_mut().unwrap()).read_line(&mut line).await.unwrap();
    let address = line.trim().strip_prefix("ready http://").expect("the line that scripts wait for");
    (program, address.parse().unwrap())
}

/// 12
#[tokio::test]
async fn it_says_when_it_is_ready_ends_when_asked_and_logs_who_was_refused_and_no_credentials() {
    let house = House::new().await;
    let (mut program, address) = start(&house).await;
    let pairs =
        ["username=ann&password=secret", "username=ann&password=hunter2", "username=mallory&password=secret"];
    for pair in pairs {
        for path in ["player_api.php", "get.php", "xmltv.php", "nothing"] {
            let ask = Ask::new("GET", &format!("/{path}?{pair}"));
            ask.header("X-Forwarded-For", "192.0.2.7").send(address).await;
        }
        Ask::new("POST", "/player_api.php").body(pair).send(address).await;
        Ask::new("GET", "/live/ann/secret/1.ts").send(address).await;
    }
    let health = Ask::new("GET", "/health").send(address).await;
    assert_eq!(health.status, 200);

    let id = program.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    let mut log = String::new();
    program.stderr.take().unwrap().read_to_string(&mut log).await.unwrap();
    assert!(program.wait().await.unwrap().success());
    assert!(
        log.contains("route=\"player_api\"") || log.contains("player_api"),
        "something was logged: {log}"
    );
    let refused: Vec<&str> =
        log.lines().filter(|line| line.contains("xmltv") && line.contains("refused")).collect();
    assert!(refused.len() == 2 && refused.iter().all(|line| line.contains("client=192.0.2.7")), "{log}");
    for secret in ["secret", "hunter2", "mallory", "username="] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test]
async fn a_wrong_configuration_is_named_and_ends_it_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("coax.toml");
    let wrong = b"[serve]\ntrusted_proxys = []\n";
    contract::disk::replace(&file, wrong, contract::disk::Access::Everybody).unwrap();
    let program =
        Command::new(env!("CARGO_BIN_EXE_serve")).arg("--config").arg(&file).output().await.unwrap();
    assert_eq!(program.status.code(), Some(2));
    let error = String::from_utf8(program.stderr).unwrap();
    assert!(
        error.contains("coax.toml:2: unknown key `trusted_proxys`; did you mean `trusted_proxies`?"),
        "{error}"
    );
}
