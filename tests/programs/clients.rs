//! Clients and parsers that others wrote, over the demo: what they make of it must be what it says, and play.
//!
//! `scripts/clients/install`, of which `scripts/check` makes use, puts them into `target/clients`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::program::{Program, ffmpeg, text};
use serde::Deserialize;
use serde_json::Value;

/// An id and a name, or a time and a title.
type Pair = (String, String);

/// What a client made of the server; the scripts in `scripts/clients` write it.
#[derive(Deserialize)]
struct Told {
    categories: Vec<String>,
    channels: Vec<Pair>,
    films: Vec<Pair>,
    series: Vec<Pair>,
    /// How many of the three it put into a category that is listed.
    grouped: usize,
    film: Pair,
    /// Of the first series.
    episodes: Vec<Pair>,
    /// The first channel with a guide.
    channel: String,
    on: Vec<Pair>,
    all: Vec<Pair>,
    /// Addresses that it made of a channel, a film and an episode.
    play: [String; 3],
}

/// What a parser made of a playlist: name, address, `tvg-id`, `tvg-name`, `tvg-logo`, `group-title`.
#[derive(Debug, Deserialize, PartialEq)]
struct Parsed {
    guide: String,
    entries: Vec<[String; 6]>,
}

fn python(script: &str) -> Command {
    let mut command = Command::new(installed("python/bin/python"));
    command.arg(scripts(script));
    command
}

fn node(script: &str) -> Command {
    let modules = installed("node/node_modules").with_file_name("");
    let mut command = Command::new("node");
    command.arg(scripts(script)).arg(modules).env("TZ", "UTC"); // one client takes times for local ones
    command
}

fn scripts(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/clients").join(script)
}

fn installed(what: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("clients").join(what);
    assert!(
        path.exists(),
        "{what} is needed for this test: run scripts/clients/install, as scripts/check does"
    );
    path
}

/// What a script printed, given `input`.
fn told<T: for<'de> Deserialize<'de>>(command: &mut Command, input: &str) -> T {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = piped.unwrap_or_else(|error| panic!("scripts/check installs what is needed: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

/// The same questions, asked by nobody's library.
struct Said(String);

impl Said {
    fn document(&self, action: &str) -> Value {
        let url = format!("{}/player_api.php?username=demo&password=demo&action={action}", self.0);
        serde_json::from_str(&text(&ffmpeg("curl", &["-sS", "--fail", &url]).stdout)).unwrap()
    }

    fn list(&self, action: &str) -> Vec<Value> {
        self.document(action).as_array().unwrap().clone()
    }

    /// Id and name of each entry, by these keys.
    fn pairs(&self, action: &str, id: &str, name: &str) -> Vec<Pair> {
        let pair = |entry: &Value| (entry[id].to_string(), entry[name].as_str().unwrap().to_owned());
        self.list(action).iter().map(pair).collect()
    }

    fn categories(&self) -> Vec<String> {
        let all = ["get_live_categories", "get_vod_categories", "get_series_categories"];
        let all = all.iter().flat_map(|action| self.list(action));
        let mut names: Vec<_> = all.map(|each| each["category_name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    /// The episodes of a series, in order.
    fn episodes(&self, series: &str) -> Vec<Pair> {
        let seasons = self.document(&format!("get_series_info&series_id={series}"))["episodes"].clone();
        let all = seasons.as_object().unwrap().values().flat_map(|season| season.as_array().unwrap());
        let text = |episode: &Value, key: &str| episode[key].as_str().unwrap().to_owned();
        all.map(|episode| (text(episode, "id"), text(episode, "title"))).collect()
    }

    /// When the programmes of a channel begin.
    fn starts(&self, channel: &str) -> Vec<String> {
        let table = self.document(&format!("get_simple_data_table&stream_id={channel}"));
        let listings = table["epg_listings"].as_array().unwrap().iter();
        listings.map(|each| each["start_timestamp"].as_str().unwrap().to_owned()).collect()
    }
}

/// What a client made of the demo is what the demo says; films and series are called by the key `name`.
fn agrees(told: &Told, said: &Said, name: &str) {
    let mut categories = told.categories.clone();
    categories.sort();
    assert_eq!(categories, said.categories());
    assert_eq!(told.channels, said.pairs("get_live_streams", "stream_id", "name"));
    assert_eq!(told.films, said.pairs("get_vod_streams", "stream_id", name));
    assert_eq!(told.series, said.pairs("get_series", "series_id", name));
    assert!(!told.channels.is_empty() && !told.films.is_empty() && !told.series.is_empty());
    assert_eq!(told.grouped, told.channels.len() + told.films.len() + told.series.len());
    assert_eq!(told.film.0, told.films[0].0);
    assert!(!told.film.1.is_empty());
    assert!(!told.episodes.is_empty());
    assert_eq!(told.episodes, said.episodes(&told.series[0].0));

    let starts: Vec<_> = told.all.iter().map(|(start, _)| start.clone()).collect();
    assert!(starts.len() > 10, "{} programmes", starts.len());
    assert_eq!(starts, said.starts(&told.channel));
    assert_eq!(told.on.len(), 4);
    assert!(told.on.iter().all(|on| told.all.contains(on)), "{:?}", told.on);
}

/// What a client would show plays: a second of each decodes without a word.
fn plays(told: &Told) {
    thread::scope(|scope| {
        for url in &told.play {
            scope.spawn(move || {
                let output = ffmpeg("ffmpeg", &["-v", "error", "-i", url, "-t", "1", "-f", "null", "-"]);
                let said = text(&output.stderr);
                assert!(output.status.success() && said.is_empty(), "{url}: {said}");
            });
        }
    });
}

#[test]
fn pyxtream_takes_all_that_there_is_and_plays_of_every_kind() {
    let demo = Program::demo(&[]);
    let found = told(python("panel.py").args([&*demo.url, "demo", "demo"]), "");
    agrees(&found, &Said(demo.url.clone()), "name");
    plays(&found);
}

#[test]
fn xtream_api_takes_all_that_there_is_and_plays_of_every_kind() {
    let demo = Program::demo(&[]);
    let found = told(node("panel.mjs").args([&*demo.url, "demo", "demo"]), "");
    agrees(&found, &Said(demo.url.clone()), "title");
    plays(&found);
}

#[test]
fn two_parsers_find_in_a_playlist_what_the_lists_say() {
    let demo = Program::demo(&[]);
    let said = Said(demo.url.clone());
    let url = format!(
        "{}/get.php?username=demo&password=demo&type=m3u_plus&output=ts&key=live,radio_streams,movie",
        demo.url
    );
    let playlist = text(&ffmpeg("curl", &["-sS", "--fail", &url]).stdout);
    let parsed: Parsed = told(&mut python("playlist.py"), &playlist);
    assert_eq!(parsed, told(&mut node("playlist.mjs"), &playlist));

    assert_eq!(parsed.guide, format!("{}/xmltv.php?username=demo&password=demo", demo.url));
    let groups = [said.list("get_live_categories"), said.list("get_vod_categories")].concat();
    let group = |id: &Value| {
        let found = groups.iter().find(|group| group["category_id"] == *id).unwrap();
        found["category_name"].as_str().unwrap().to_owned()
    };
    let field = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
    let line = |entry: &Value| {
        let (kind, extension) = match &*field(entry, "stream_type") {
            "movie" => ("movie", field(entry, "container_extension")),
            _ => ("live", "ts".into()),
        };
        // A playlist has no way to write this one, so it is written as the other.
        let (name, id) = (field(entry, "name").replace('"', "'"), &entry["stream_id"]);
        let address = format!("{}/{kind}/demo/demo/{id}.{extension}", demo.url);
        let logo = field(entry, "stream_icon");
        [name.clone(), address, field(entry, "epg_channel_id"), name, logo, group(&entry["category_id"])]
    };
    let lists = [said.list("get_live_streams"), said.list("get_vod_streams")].concat();
    assert_eq!(parsed.entries.len(), lists.len());
    for (found, entry) in parsed.entries.iter().zip(&lists) {
        assert_eq!(*found, line(entry));
    }
}
