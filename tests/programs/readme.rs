//! The README is the map: what it lists exists, and what exists is listed.

use crate::program::{Program, ffmpeg, text};
use httpd::Opens;
use serve::admin::{ENDPOINTS, Endpoint};

const README: &str = include_str!("../../README.md");

/// The first cell of each table row that begins with a path.
fn endpoints() -> Vec<String> {
    let cells = README.lines().filter_map(|line| line.strip_prefix("| `/")?.split_once('`'));
    cells.map(|(path, _)| format!("/{path}")).collect()
}

#[test]
fn every_endpoint_in_the_readme_answers() {
    let demo = Program::demo(&[]);
    let get = |path: &str| {
        let url = format!("{}{path}", demo.url);
        text(
            &ffmpeg("curl", &["-sS", "--max-time", "3", "-o", "/dev/null", "-w", "%{http_code}", &url])
                .stdout,
        )
    };
    let list = |action: &str| {
        let url = format!("{}/player_api.php?username=demo&password=demo&action={action}", demo.url);
        serde_json::from_slice::<Vec<serde_json::Value>>(&ffmpeg("curl", &["-sS", &url]).stdout).unwrap()
    };
    let channels = list("get_live_streams");
    let channel = channels.iter().find(|channel| channel["tv_archive"] == 1).unwrap();
    let sealed = channel["stream_icon"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let channel = channel["stream_id"].to_string();
    let film = list("get_vod_streams")[0]["stream_id"].to_string();
    let series = list("get_series")[0]["series_id"].to_string();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let info = format!(
        "{}/player_api.php?username=demo&password=demo&action=get_series_info&series_id={series}",
        demo.url
    );
    let info: serde_json::Value = serde_json::from_slice(&ffmpeg("curl", &["-sS", &info]).stdout).unwrap();
    let episode =
        info["episodes"].as_object().unwrap().values().next().unwrap()[0]["id"].as_str().unwrap().to_owned();
    let endpoints = endpoints();
    assert!(endpoints.len() >= 15, "the README lists its endpoints in a table: {endpoints:?}");
    for endpoint in endpoints {
        let path = endpoint
            .replace("USER", "demo")
            .replace("PASS", "demo")
            .replace("CHANNEL", &channel)
            .replace("START", &(now - 7200).to_string())
            .replace("FILM", &film)
            .replace("SERIES", &series)
            .replace("EPISODE", &episode)
            .replace("SEALED", &sealed);
        let status = get(&path);
        assert!(matches!(status.as_str(), "200" | "206" | "302"), "{endpoint}: {status}");
    }
}

/// As far as it is the same for all.
#[test]
fn every_kind_of_address_is_in_the_readme() {
    // What players, media servers and our own page are led to, and nobody types.
    const LED_TO: [&str; 4] = ["/lineup.post", "/api/streams/proxy/c", "/relay", "/page"];
    let doors = serve::DOORS.iter().chain(relay::DOORS).filter(|door| door.opens != Opens::Nobody);
    for path in doors.filter_map(|door| door.at.first()) {
        let path = path.split('?').next().unwrap_or("");
        let is_fixed = |word: &&str| {
            !word.contains(char::is_uppercase) && !word.starts_with(|it: char| it.is_ascii_digit())
        };
        let known: Vec<&str> = path.split('/').take_while(is_fixed).collect();
        let known = known.join("/");
        let led_to = LED_TO.iter().any(|path| known.starts_with(path));
        assert!(led_to || README.contains(&known), "{path}");
        assert!(known.len() > 1 || path == "/", "{path}");
    }
}

#[test]
fn what_the_readme_says_to_post_to_is_for_this_machine_alone() {
    let paths: Vec<&str> =
        README.lines().filter_map(|line| Some(line.strip_prefix("| `POST ")?.split_once('`')?.0)).collect();
    assert_eq!(paths, ["/ingest/run"]);
    let demo = Program::demo(&[]);
    let ask = |arguments: &[&str]| {
        let url = format!("{}{}", demo.url, paths[0]);
        let usual = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", &url];
        text(&ffmpeg("curl", &[&usual[..], arguments].concat()).stdout)
    };
    assert_eq!(ask(&[]), "405");
    for elsewhere in ["x-forwarded-for: 127.0.0.1", "via: 1.1 proxy", "origin: http://127.0.0.1:1"] {
        assert_eq!(ask(&["-X", "POST", "-H", elsewhere]), "404", "{elsewhere}");
    }
    let first = ask(&["-X", "POST"]);
    let second = ask(&["-X", "POST"]);
    assert!(first == "202" && (second == "202" || second == "409"), "{first} {second}");
}

#[test]
fn what_is_asked_of_downloads_is_in_the_readme_with_the_role_that_it_takes() {
    let lines: Vec<&str> = README.lines().filter(|line| line.starts_with('|')).collect();
    for endpoint in download::surface::ENDPOINTS {
        let told = format!("`{} {}`", endpoint.method.word(), endpoint.path);
        let line = lines.iter().find(|line| line.contains(&told)).unwrap_or_else(|| panic!("{told}"));
        let role = endpoint.role.map_or("any user", |role| role.word());
        assert!(
            line.trim_end_matches([' ', '|']).rsplit('|').next().unwrap().contains(role),
            "{told}: {role}"
        );
    }
}

#[test]
fn what_operators_ask_for_is_in_the_readme_and_answers_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let key = "an-operators-own-key";
    let data = folder.path().to_str().unwrap();
    let demo =
        Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", data], &[("COAX_ADMIN_KEY", key)]);
    let ask = |endpoint: &Endpoint, headers: &[&str]| {
        let path = endpoint.path.replace("{name}", "nobody").replace("{device}", "tv");
        let url = format!("{}{}", demo.url, path.replace("{number}", "0").replace("{id}", "0"));
        let usual = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", endpoint.method.word(), &url];
        let json = ["-H", "content-type: application/json", "-d", "{}"];
        text(&ffmpeg("curl", &[&usual[..], &json, headers].concat()).stdout)
    };
    let bearer = format!("authorization: Bearer {key}");
    for endpoint in ENDPOINTS {
        let told = format!("`{} {}`", endpoint.method.word(), endpoint.path);
        assert!(endpoint.path == "/api/openapi.json" || README.contains(&told), "{told}");
        let expected = if endpoint.path.ends_with(".json") { "200" } else { "401" };
        let expected = if endpoint.path.ends_with("/login") { "400" } else { expected };
        assert_eq!(ask(endpoint, &[]), expected, "{told}");
        let opened = ask(endpoint, &["-H", &bearer]);
        assert!(matches!(opened.as_str(), "200" | "202" | "204" | "400" | "404"), "{told}: {opened}");
    }
}

#[test]
fn every_command_is_in_the_readme() {
    let help = |arguments: &[&str]| {
        let output = ffmpeg(env!("CARGO_BIN_EXE_coax"), arguments);
        let text = text(&output.stdout);
        let (_, commands) = text.split_once("Commands:\n").unwrap();
        let names = commands
            .lines()
            .take_while(|line| line.starts_with("  "))
            .filter_map(|line| line.split_whitespace().next());
        names.filter(|name| *name != "help").map(str::to_owned).collect::<Vec<_>>()
    };
    for command in help(&["--help"]).iter().filter(|name| *name != "user") {
        assert!(README.contains(&format!("`coax {command}")), "coax {command}");
    }
    for command in help(&["user", "--help"]) {
        assert!(README.contains(&format!("`coax user {command}")), "coax user {command}");
    }
}

#[test]
fn every_folder_at_the_top_is_on_the_map() {
    for entry in std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() && !name.starts_with('.') && name != "target" {
            assert!(README.contains(&format!("{name}/")), "{name}/");
        }
    }
}
