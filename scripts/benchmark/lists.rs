//! What `serve` answers against the same bytes from nginx, and how soon it does, and in how much memory.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::load::{Asked, Load, fetch, requests, told};
use super::nginx::Nginx;
use super::process::{Memory, Process};
use super::runs::document;
use super::table::{median, row};

const ROUNDS: usize = 3;
/// How long each server is asked in a round.
const SPAN: Duration = Duration::from_millis(1500);
/// Connections that ask at the same time.
const CONNECTIONS: [usize; 2] = [2, 200];
/// Groups of channels that are wanted in these sizes, and what they are called.
const GROUPS: [(&str, usize); 2] = [("Forty", 40), ("Two hundred", 200)];

/// What is asked for: what it is called and where it is.
struct Case {
    name: &'static str,
    path: String,
}

/// A source with groups of channels of [`GROUPS`].
pub(crate) fn groups(folder: &Path) -> String {
    let mut text = String::from("#EXTM3U\n");
    for (group, size) in GROUPS {
        for at in 0..size {
            text += &format!(
                "#EXTINF:-1 tvg-logo=\"http://pictures.example/{at}.png\" group-title=\"{group}\",{group} {at}\n\
                 http://provider.example/{}/{at}.ts\n",
                group.replace(' ', "")
            );
        }
    }
    let path = folder.join("groups.m3u");
    fs::write(&path, text).unwrap();
    document("groups", "m3u", path.to_str().unwrap())
}

/// What `config` has published, asked for again and again.
pub(crate) fn against_nginx(folder: &Path, config: &Path) {
    let runtime = Runtime::new().unwrap();
    starts(&runtime, config);
    let serve = start(config);
    let nginx = Nginx::start(&folder.join("nginx"));
    let mut most = Memory::default();
    for case in cases(&runtime, &serve) {
        let get = |coding| runtime.block_on(fetch(serve.address, &case.path, coding));
        let (plain, packed) = (get("identity"), get("gzip"));
        let file = case.name.replace(' ', "-");
        nginx.put(&file, &plain);
        if packed.starts_with(&[0x1f, 0x8b]) {
            nginx.put(&format!("{file}.gz"), &packed);
        }
        for (coding, size) in [("identity", plain.len()), ("gzip", packed.len())] {
            if coding == "gzip" && size == plain.len() {
                continue; // too short to be compressed
            }
            for connections in CONNECTIONS {
                let ours = Asked { path: &case.path, coding, connections, span: SPAN };
                let theirs = Asked { path: &format!("/{file}"), ..ours };
                let rounds: Vec<(Load, Load)> = (0..ROUNDS)
                    .map(|_| {
                        let round = requests(&runtime, &serve, ours);
                        most = most.max(serve.memory());
                        (round, requests(&runtime, &nginx.process, theirs))
                    })
                    .collect();
                let coding = if coding == "gzip" { " of gzip" } else { "" };
                told(&format!("{}, {}{coding}, {connections} connections", case.name, spelt(size)), &rounds);
            }
        }
    }
    let own = format!("{:.0} MB, and {:.0} MB of files that are mapped", most.own, most.mapped);
    row("memory of serve during all that, at most", &own, "64 MB", "");
}

fn cases(runtime: &Runtime, serve: &Process) -> Vec<Case> {
    let user = "username=bench&password=bench";
    let api = |query: &str| format!("/player_api.php?{user}{query}");
    let get = |path: &str| -> serde_json::Value {
        serde_json::from_slice(&runtime.block_on(fetch(serve.address, path, "identity"))).unwrap()
    };
    let categories = get(&api("&action=get_live_categories"));
    let category = |name: &str| {
        let all = categories.as_array().unwrap();
        let found = all.iter().find(|category| category["category_name"] == name).unwrap();
        api(&format!("&action=get_live_streams&category_id={}", found["category_id"].as_str().unwrap()))
    };
    let channels = get(&api("&action=get_live_streams"));
    let channel =
        channels.as_array().unwrap().iter().find(|channel| channel["epg_channel_id"] != "").unwrap();
    let case = |name, path| Case { name, path };
    vec![
        case("account", api("")),
        case("categories", api("&action=get_live_categories")),
        case("category of 40", category(GROUPS[0].0)),
        case("category of 200", category(GROUPS[1].0)),
        case("short EPG", api(&format!("&action=get_short_epg&stream_id={}", channel["stream_id"]))),
        case("live list", api("&action=get_live_streams")),
        case("film list", api("&action=get_vod_streams")),
        case("playlist", format!("/get.php?{user}&type=m3u_plus")),
        case("guide", format!("/xmltv.php?{user}")),
    ]
}

/// From nothing to the first list.
fn starts(runtime: &Runtime, config: &Path) {
    let list = "/player_api.php?username=bench&password=bench&action=get_live_categories";
    let (mut ready, mut listed) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let begin = Instant::now();
        let serve = start(config);
        ready.push(begin.elapsed().as_secs_f64() * 1e3);
        runtime.block_on(fetch(serve.address, list, "identity"));
        listed.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let [ready, listed] = [ready, listed].map(|figures| median(figures.into_iter()));
    row(
        "start of serve until it is ready; until a list",
        &format!("{ready:.0} ms; {listed:.0} ms"),
        "300 ms",
        "",
    );
}

fn start(config: &Path) -> Process {
    Process::start("serve", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"])
}

fn spelt(bytes: usize) -> String {
    match bytes {
        0..10_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        10_000..1_000_000 => format!("{:.0} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
