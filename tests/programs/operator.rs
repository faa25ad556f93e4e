//! What an operator types: users, configurations, the environment.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use crate::program::{Program, built, ffmpeg, ours, run, text};

fn write(path: &Path, content: &str) {
    File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}

#[test]
fn a_wrong_configuration_names_file_line_key_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    for (content, expected) in [
        (
            "[[source]]\nname = \"a\"\nurl = \"http://h\"\nusernam = \"x\"\n",
            "coax.toml:4: unknown key `usernam`; did you mean `username`?",
        ),
        ("[relay]\nlingr = 3\n", "coax.toml:2: unknown key `lingr`; did you mean `linger`?"),
        ("[ingest]\nshedule = \"x\"\n", "coax.toml:2: unknown key `shedule`; did you mean `schedule`?"),
        (
            "[ingest]\nschedule = \"now and then\"\n",
            "coax.toml:2: `schedule` is \"now and then\"; expected a cron",
        ),
        ("listen = \"nowhere\"\n", "expected an address and a port"),
        ("data = \n", "coax.toml:1:"),
    ] {
        write(&folder.path().join("coax.toml"), content);
        let output = run(&["check-config"], "", folder.path());
        assert_eq!(output.status.code(), Some(2), "{content}");
        assert!(text(&output.stderr).contains(expected), "{}", text(&output.stderr));
        assert_eq!(run(&["up"], "", folder.path()).status.code(), Some(2));
    }
}

#[test]
fn the_commented_example_is_a_valid_configuration_in_both_readings() {
    let example = include_str!("../../coax.example.toml");
    let folder = tempfile::tempdir().unwrap();
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix("#") {
            Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    for content in [example, &uncommented] {
        write(&folder.path().join("coax.toml"), content);
        let output = run(&["check-config"], "", folder.path());
        assert!(output.status.success(), "{}\n{content}", text(&output.stderr));
    }
}

#[test]
fn users_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let user = |arguments: &[&str], input: &str| run(&[&["user"], arguments].concat(), input, folder.path());
    let added = text(&user(&["add", "ann", "--max-connections", "2", "--expires", "2037-12-31"], "").stdout);
    let password = added.lines().find_map(|line| line.strip_prefix("password ")).unwrap().to_owned();
    assert_eq!(password.len(), 12);
    assert!(
        user(&["add", "bob", "--password-stdin", "--max-connections", "0"], "hunter2\n").status.success()
    );
    let again = user(&["add", "bob"], "");
    assert!(!again.status.success() && text(&again.stderr).contains("coax user passwd bob"));
    assert!(!user(&["add", "live"], "").status.success(), "a name that begins one of our paths");
    assert!(!user(&["add", "eve", "--password-stdin"], "with blanks").status.success());

    let list = text(&user(&["list"], "").stdout);
    assert!(list.contains("ann") && list.contains("2037-12-31") && list.contains("unlimited"), "{list}");
    let json: serde_json::Value = serde_json::from_slice(&user(&["list", "--json"], "").stdout).unwrap();
    assert_eq!((json[0]["name"].as_str(), json[0]["max_connections"].as_u64()), (Some("ann"), Some(2)));
    let stored = std::fs::read_to_string(folder.path().join("data/users.json")).unwrap();
    assert!(!stored.contains(&password) && !stored.contains("hunter2"));

    assert!(text(&user(&["passwd", "bob"], "").stdout).contains("password "));
    let bcrypt = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";
    assert!(user(&["add", "old", "--hash-stdin"], bcrypt).status.success());
    assert!(!user(&["add", "older", "--hash-stdin"], "secret\n").status.success());
    assert!(user(&["remove", "bob"], "").status.success());
    assert!(!user(&["remove", "bob"], "").status.success());
}

#[test]
fn what_a_user_may_is_said_and_unsaid() {
    let folder = tempfile::tempdir().unwrap();
    let user = |arguments: &[&str]| run(&[&["user"], arguments].concat(), "", folder.path());
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = user(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let added = json(&["add", "ann", "--trial", "yes", "--group", "UK *", "--list", "live"]);
    assert_eq!((added["name"].as_str(), added["password"].as_str().unwrap().len()), (Some("ann"), 12));
    let ann = || json(&["show", "ann"]);
    assert_eq!(ann()["sees"], serde_json::json!({"lists": ["live"], "groups": ["UK *"]}));
    assert_eq!((ann()["trial"].as_bool(), ann()["admin"].as_bool()), (Some(true), Some(false)));
    json(&[
        "set",
        "ann",
        "--all-lists",
        "--not-group",
        "Adult",
        "--not-group",
        "*XXX*",
        "--notes",
        "owes us",
    ]);
    assert_eq!(ann()["sees"], serde_json::json!({"groups": ["UK *"], "not_groups": ["Adult", "*XXX*"]}));
    json(&["set", "ann", "--all-groups", "--no-not-groups", "--expires", "never", "--state", "disabled"]);
    assert_eq!((ann()["sees"].as_object().unwrap().len(), ann()["status"].as_str()), (0, Some("Disabled")));
    let shown = text(&user(&["show", "ann"]).stdout);
    assert!(shown.contains("owes us") && shown.contains("Disabled"), "{shown}");

    let given = json(&["token", "add", "ann", "living room"]);
    let token = given["token"].as_str().unwrap();
    assert_eq!((token.len(), given["device"].as_str()), (20, Some("living room")));
    assert!(!std::fs::read_to_string(folder.path().join("data/users.json")).unwrap().contains(token));
    assert!(!user(&["token", "add", "ann", "living room"]).status.success(), "it has one");
    let refused = user(&["token", "add", "ann", "script", "--admin"]);
    assert!(text(&refused.stderr).contains("coax user set ann --admin yes"), "{}", text(&refused.stderr));
    assert_eq!(json(&["token", "list", "ann"])[0]["device"], "living room");
    assert!(user(&["token", "revoke", "ann", "living room"]).status.success());
    assert!(!user(&["token", "revoke", "ann", "living room"]).status.success());
    for wrong in [
        &["set", "ann"][..],
        &["set", "bob", "--trial", "yes"],
        &["set", "ann", "--trial", "maybe"],
        &["set", "ann", "--list", "films"],
        &["set", "ann", "--expires", "soon"],
        &["set", "ann", "--group", "A", "--all-groups"],
    ] {
        assert!(!user(wrong).status.success(), "{wrong:?}");
    }
}

#[test]
fn damaged_users_are_said_and_end_the_program() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("coax.toml"), "data = \".\"\nlisten = \"127.0.0.1:0\"\n");
    write(&folder.path().join("users.json"), "{ a slip");
    for arguments in [&["up"][..], &["user", "list"], &["user", "add", "ann"]] {
        let output = run(arguments, "", folder.path());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = text(&output.stderr);
        assert_eq!(said.matches("users.json cannot be understood: key must be").count(), 1, "{said}");
        assert_eq!(said.matches("key must be").count(), 1, "said once: {said}");
    }
}

#[test]
fn without_a_command_the_configuration_that_the_environment_names_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("elsewhere.toml");
    write(&file, "lisen = 1\n");
    let output = crate::program::coax(&[("COAX_CONFIG", file.to_str().unwrap())]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("elsewhere.toml:1: unknown key `lisen`"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_variable_that_cannot_be_understood_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let variables =
        [("COAX_DATA", folder.path().to_str().unwrap()), ("COAX_TRUSTED_PROXIES", "10.0.0.0/8, proxy")];
    let output = crate::program::coax(&variables).arg("up").current_dir(folder.path()).output().unwrap();
    let said = text(&output.stderr);
    assert!(
        output.status.code() == Some(2) && said.contains("COAX_TRUSTED_PROXIES: expected an address"),
        "{said}"
    );
}

/// Coax with a user `ann`, whose password is `hunter2`, and a provider: all of it, and `more`, by the environment.
pub(crate) fn of_environment(data: &Path, station: &station::Station, more: &[(&str, &str)]) -> Program {
    let (url, account) = (station.url(), station::Account::default());
    let variables = [
        ("COAX_DATA", data.to_str().unwrap()),
        ("COAX_LISTEN", "127.0.0.1:0"),
        ("COAX_USER", "ann"),
        ("COAX_PASSWORD", "hunter2"),
        ("XTREAM_BASE_URL", &url),
        ("XTREAM_USERNAME", &account.username),
        ("XTREAM_PASSWORD", &account.password),
    ];
    Program::start(&["up"], &[&variables, more].concat())
}

/// What `ann` is told there first: until something is published, nothing is.
pub(crate) fn first_list(program: &Program, action: &str) -> serde_json::Value {
    let url = format!("{}/player_api.php?username=ann&password=hunter2&action={action}", program.url);
    let curl = ["-sS", "--fail", "--retry", "40", "--retry-delay", "1", "--retry-max-time", "40", &url];
    serde_json::from_slice(&ffmpeg("curl", &curl).stdout).unwrap()
}

#[test]
fn the_environment_alone_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let station = runtime.block_on(station::Station::start(station::Settings::default())).unwrap();
    let proxies = ("COAX_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8");
    let program = of_environment(folder.path(), &station, &[proxies]);
    let list = first_list(&program, "get_live_streams");
    assert!(!list.as_array().unwrap().is_empty());
    let account = format!("{}/player_api.php?username=ann&password=hunter2", program.url);
    let account = ffmpeg("curl", &["-sS", "-H", "X-Forwarded-Host: tv.example", &account]).stdout;
    let account: serde_json::Value = serde_json::from_slice(&account).unwrap();
    assert_eq!(account["server_info"]["url"], "tv.example");
    let ended = program.terminate();
    assert!(ended.status.success(), "{}", ended.logged);
    assert!(!ended.said.contains("hunter2") && !ended.logged.contains("hunter2"));
}

#[test]
fn a_reader_that_has_had_enough_is_no_error_of_ingest() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut listing = ours(&built("ingest", "ingest"), &[]);
    let output = listing.args(["list", "--json"]).current_dir(folder.path()).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}
