//! The hosted form, as render.yaml says: its variables and no others, one port, one folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::home::{Home, NAME, PASSWORD, eventually, free_port, get, json, question};
use crate::program::{Program, text};

const RENDER: &str = include_str!("../../../render.yaml");
const DOCKERFILE: &str = include_str!("../../../deploy/Dockerfile");

/// What render.yaml says of its first service. It is YAML of lines: what it holds besides is a comment.
struct Service {
    /// Of each variable what it is set to, if it is written there.
    variables: BTreeMap<String, Option<String>>,
    lines: Vec<String>,
}

impl Service {
    fn read() -> Self {
        let lines = RENDER.lines().filter(|line| !line.trim_start().starts_with('#'));
        let lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
        let mut variables = BTreeMap::new();
        for pair in lines.windows(2) {
            if let Some(name) = pair[0].strip_prefix("- key: ") {
                let value = pair[1].strip_prefix("value: ").map(str::to_owned);
                assert!(
                    value.is_some() || matches!(&*pair[1], "sync: false" | "generateValue: true"),
                    "{pair:?}"
                );
                variables.insert(name.to_owned(), value);
            }
        }
        Self { variables, lines }
    }

    fn says(&self, key: &str) -> &str {
        let found = self.lines.iter().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        found.unwrap_or_else(|| panic!("render.yaml says no {key}"))
    }

    /// The variables of an installation: what the file says, what its operator and the platform set. `disk` stands where
    /// the file mounts it.
    fn environment(&self, operator: &[(&str, &str)], disk: &Path) -> Vec<(String, String)> {
        let set = self.variables.iter().map(|(name, value)| {
            let value = match value.as_deref() {
                Some(value) if value == self.says("mountPath") => disk.to_str().unwrap(),
                Some(value) => value,
                None => {
                    operator.iter().find(|(it, _)| it == name).unwrap_or_else(|| panic!("{name} is new")).1
                }
            };
            (name.clone(), value.to_owned())
        });
        set.collect()
    }
}

/// The Dockerfile's command in an empty folder, with these variables and nothing else.
fn command(arguments: &[&str], variables: &[(String, String)], folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coax"));
    command.args(arguments).env_clear().envs(variables.iter().cloned()).current_dir(folder);
    command.stdin(Stdio::null());
    command
}

#[test]
fn what_render_yaml_says_is_enough_and_a_restart_keeps_users_numbers_and_releases() {
    let service = Service::read();
    assert_eq!(service.says("mountPath"), service.variables["COAX_DATA"].as_deref().unwrap());
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(service.says("dockerfilePath")).is_file());
    assert!(DOCKERFILE.contains("\nCMD [\"coax\", \"up\"]\n"));

    let home = Home::new("");
    let (disk, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = free_port();
    let public = format!("http://127.0.0.1:{port}");
    let operator = [
        ("XTREAM_BASE_URL", &*home.station.url()),
        ("XTREAM_USERNAME", NAME),
        ("XTREAM_PASSWORD", PASSWORD),
        ("PUBLIC_BASE_URL", &public),
        ("COAX_USER", "ann"),
        ("COAX_PASSWORD", "watching"),
        ("COAX_ADMIN_KEY", "an-admins-key-of-the-platform"),
        ("COAX_MONITOR_KEY", "a-monitors-key-of-the-platform"),
        ("COAX_RELAY_KEY", ""),
    ];
    let mut variables = service.environment(&operator, disk.path());
    variables.push(("PORT".into(), port.to_string()));
    let start = || Program::launch(command(&["up"], &variables, elsewhere.path()));

    let first = start();
    assert!(first.url.ends_with(&format!(":{port}")), "{}", first.url);
    // Alive at once, whether there is a line-up or not.
    assert_eq!(get(&format!("{public}{}", service.says("healthCheckPath")), &[]).0, 200);
    eventually("a line-up", || (get(&format!("{public}/health"), &[]).0 == 200).then_some(()));
    let channels = json(&question(&public, "get_live_streams"), &[]);
    let release = fs::read_link(disk.path().join("current")).unwrap();
    // In the shell of the service.
    let added = command(&["user", "add", "bob"], &variables, elsewhere.path()).output().unwrap();
    let password =
        text(&added.stdout).lines().find_map(|line| line.strip_prefix("password ").map(str::to_owned));
    let bob = format!("{public}/player_api.php?username=bob&password={}", password.unwrap());
    eventually("bob", || (json(&bob, &[])["user_info"]["auth"] == 1).then_some(()));
    let key = "authorization: Bearer a-monitors-key-of-the-platform";
    let through_the_platform = ["-H", "x-forwarded-for: 198.51.100.7"];
    assert_ne!(get(&format!("{public}/metrics"), &through_the_platform).0, 200);
    assert_eq!(get(&format!("{public}/metrics"), &[&through_the_platform[..], &["-H", key]].concat()).0, 200);

    // Somebody watches as it is stopped.
    let channel = channels[0]["stream_id"].as_u64().unwrap();
    let watched = format!("{public}/live/ann/watching/{channel}.ts");
    let mut viewer = Command::new("curl").args(["-sN", "-o", "/dev/null", &watched]).spawn().unwrap();
    let sessions = format!("{public}/api/admin/sessions");
    let admin = ["-H", "authorization: Bearer an-admins-key-of-the-platform"];
    eventually("a viewer", || json(&sessions, &admin).to_string().contains("ann").then_some(()));
    let ended = first.terminate();
    assert!(viewer.wait().is_ok());
    assert!(ended.status.success(), "{}", ended.logged);
    let limit: u64 = service.says("maxShutdownDelaySeconds").parse().unwrap();
    assert!(ended.took < Duration::from_secs(limit), "{:?}", ended.took);
    for line in ended.logged.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "no JSON: {line}");
    }
    let host = home.station.address().to_string();
    for secret in ["watching", "an-admins-key", "a-monitors-key", NAME, PASSWORD, &host] {
        assert!(
            !ended.logged.contains(secret) && !ended.said.contains(secret),
            "{}{}",
            ended.logged,
            ended.said
        );
    }

    let again = start();
    eventually("the line-up of before", || (get(&format!("{public}/health"), &[]).0 == 200).then_some(()));
    assert_eq!(json(&question(&public, "get_live_streams"), &[]), channels);
    assert_eq!(json(&bob, &[])["user_info"]["auth"], 1);
    assert_eq!(fs::read_link(disk.path().join("current")).unwrap(), release);
    assert!(again.terminate().status.success());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "it writes into its folder alone");
}

#[test]
fn a_hosted_installation_without_a_provider_is_alive() {
    let service = Service::read();
    let disk = tempfile::tempdir().unwrap();
    let operator: Vec<(&str, &str)> = service.variables.keys().map(|name| (&**name, "")).collect();
    let mut variables = service.environment(&operator, disk.path());
    let port = free_port();
    variables.push(("PORT".into(), port.to_string()));
    let program = Program::launch(command(&["up"], &variables, disk.path()));
    let at = |path: &str| get(&format!("http://127.0.0.1:{port}{path}"), &[]).0;
    assert_eq!((at(service.says("healthCheckPath")), at("/health")), (200, 503));
    assert!(program.terminate().status.success());
}
