//! Debian's Kodi, with a screen that nobody sees, and its add-on for playlists (pvr.iptvsimple) over the demo.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Program, ffmpeg, text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// For so long something may take that Kodi does by and by.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running Kodi that has taken the playlist and the guide.
struct Kodi {
    screen: Child,
    /// The head of a group of processes.
    player: Child,
    control: String,
    folder: TempDir,
}

impl Kodi {
    fn watching(demo: &Program) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        settings(folder.path(), port, &demo.url);
        let mut screen = needed("Xvfb", "xvfb")
            .args(["-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut display = String::new();
        BufReader::new(screen.stdout.take().unwrap()).read_line(&mut display).unwrap();
        let player = needed("kodi", "kodi")
            .args(["--standalone", "--windowing=x11", "--audio-backend=alsa"])
            .env("HOME", folder.path())
            .env("DISPLAY", format!(":{}", display.trim()))
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .process_group(0)
            .spawn()
            .unwrap();
        let kodi = Self { screen, player, control: format!("http://127.0.0.1:{port}/jsonrpc"), folder };
        kodi.until("it answers", || kodi.ask("JSONRPC.Ping", &json!({})) == "pong");
        kodi.enable(true); // what is installed is not yet wanted
        kodi.until("channels are there", || {
            ["alltv", "allradio"].iter().all(|group| !kodi.channels(group).is_empty())
        });
        kodi
    }

    /// What it answers; null if it does not, or that something is wrong.
    fn ask(&self, method: &str, parameters: &Value) -> Value {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).to_string();
        let (url, kind) = (&*self.control, "Content-Type: application/json");
        let answer = ffmpeg("curl", &["-s", "--max-time", "30", "-H", kind, "-d", &question, url]);
        let answer: Value = serde_json::from_slice(&answer.stdout).unwrap_or_default();
        answer["result"].clone()
    }

    fn enable(&self, enabled: bool) {
        let add_on = json!({"addonid": "pvr.iptvsimple", "enabled": enabled});
        assert_eq!(self.ask("Addons.SetAddonEnabled", &add_on), "OK");
    }

    fn channels(&self, group: &str) -> Vec<Value> {
        let properties = ["channelnumber", "hasarchive", "icon"];
        let found = self.ask("PVR.GetChannels", &json!({"channelgroupid": group, "properties": properties}));
        found["channels"].as_array().cloned().unwrap_or_default()
    }

    fn broadcasts(&self, channel: &Value) -> Vec<Value> {
        let properties = ["title", "starttime", "endtime", "wasactive"];
        let asked = json!({"channelid": channel["channelid"], "properties": properties});
        self.ask("PVR.GetBroadcasts", &asked)["broadcasts"].as_array().cloned().unwrap_or_default()
    }

    /// Opens something and waits until there is a picture that moves.
    fn plays(&self, what: &Value) {
        assert_eq!(self.ask("Player.Open", &json!({"item": what})), "OK", "{what}");
        let state = || {
            let properties = ["time", "videostreams", "audiostreams", "speed"];
            self.ask("Player.GetProperties", &json!({"playerid": 1, "properties": properties}))
        };
        let mut first = Value::Null;
        self.until("it plays", || {
            let now = state();
            let is_playing = now["speed"] == 1
                && now["videostreams"][0]["codec"] == "h264"
                && now["audiostreams"][0]["codec"] == "aac";
            if is_playing && first.is_null() {
                first = now["time"].clone();
            }
            is_playing && second(&now["time"]) > second(&first) + 1
        });
        // Whoever asks for something else before this one has closed is told of this one.
        self.ask("Player.Stop", &json!({"playerid": 1}));
        self.until("it stops", || self.ask("Player.GetActivePlayers", &json!({})) == json!([]));
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join(".kodi/temp/kodi.log")).unwrap_or_default()
    }

    fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begin = Instant::now();
        while !holds() {
            if begin.elapsed() > PATIENCE {
                panic!("not in {PATIENCE:?}: {what}\n{}", self.log());
            }
            sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Kodi {
    fn drop(&mut self) {
        let group = format!("-{}", self.player.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.player.wait();
        let _ = self.screen.kill();
        let _ = self.screen.wait();
    }
}

/// A program that says nothing here; a machine without it fails and says so.
fn needed(program: &str, package: &str) -> Command {
    let found = Command::new("which").arg(program).output().unwrap();
    assert!(
        found.status.success(),
        "{program} (Debian package {package}) is needed: run scripts/clients/install, as scripts/check does"
    );
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What somebody would choose on the screen: the addresses, and that Kodi may be told what to do.
fn settings(home: &Path, port: u16, server: &str) {
    // Without a device for the sound Kodi waits ten seconds for one whenever something ends.
    let mut sound = File::create(home.join(".asoundrc")).unwrap();
    writeln!(sound, "pcm.!default {{ type null }}").unwrap();
    let user = home.join(".kodi/userdata");
    let add_on = user.join("addon_data/pvr.iptvsimple");
    fs::create_dir_all(&add_on).unwrap();
    let write = |path: &Path, settings: &[(&str, String)]| {
        let one = |(id, value): &(&str, String)| format!("<setting id=\"{id}\">{value}</setting>\n");
        let all: String = settings.iter().map(one).collect();
        let mut file = File::create(path).unwrap();
        write!(file, "<settings version=\"2\">\n{all}</settings>\n").unwrap();
    };
    write(
        &user.join("guisettings.xml"),
        &[
            ("services.webserver", "true".into()),
            ("services.webserverport", port.to_string()),
            ("services.webserverauthentication", "false".into()),
            ("services.esenabled", "false".into()),
            ("services.zeroconf", "false".into()),
            ("general.addonupdates", "2".into()), // never: nobody else is asked anything
            ("pvrmanager.usebackendchannelnumbers", "true".into()),
            ("pvrmanager.usebackendchannelnumbersalways", "true".into()),
            ("epg.pastdaystodisplay", "7".into()),
            ("epg.futuredaystodisplay", "7".into()),
        ],
    );
    let login = "username=demo&amp;password=demo";
    let playlist = format!(
        "{server}/get.php?{login}&amp;type=m3u_plus&amp;output=ts&amp;key=live,radio_streams&amp;catchup=default"
    );
    write(
        &add_on.join("settings.xml"),
        &[
            ("m3uPathType", "1".into()), // an address
            ("m3uUrl", playlist),
            ("m3uCache", "false".into()),
            ("epgPathType", "1".into()),
            ("epgUrl", format!("{server}/xmltv.php?{login}")),
            ("epgCache", "false".into()),
            ("catchupEnabled", "true".into()),
        ],
    );
}

/// Seconds of a time as Kodi tells it.
fn second(time: &Value) -> u64 {
    let part = |key: &str| time[key].as_u64().unwrap_or_default();
    part("hours") * 3600 + part("minutes") * 60 + part("seconds")
}

/// An answer of the demo.
fn said(demo: &Program, action: &str) -> Value {
    let url = format!("{}/player_api.php?username=demo&password=demo&action={action}", demo.url);
    serde_json::from_slice(&ffmpeg("curl", &["-sS", "--fail", &url]).stdout).unwrap()
}

#[test]
fn kodi_shows_channels_and_guide_and_plays_what_is_on_and_what_was() {
    let demo = Program::demo(&[]);
    let kodi = Kodi::watching(&demo);
    let list = said(&demo, "get_live_streams");
    let list = list.as_array().unwrap();
    for (group, kind) in [("alltv", "live"), ("allradio", "radio_streams")] {
        let listed: Vec<_> = list.iter().filter(|entry| entry["stream_type"] == kind).collect();
        let shown = kodi.channels(group);
        assert_eq!(shown.len(), listed.len());
        for (shown, entry) in shown.iter().zip(listed) {
            assert_eq!((&shown["channelnumber"], &shown["label"]), (&entry["num"], &entry["name"]));
            assert_eq!(shown["hasarchive"], entry["tv_archive"] == 1, "{entry}");
            // Without a logo it looks for a file of the channel's name.
            assert!(entry["stream_icon"] == "" || shown["icon"] == entry["stream_icon"], "{shown}");
        }
    }

    let channels = kodi.channels("alltv");
    let found = |name: &Value| channels.iter().find(|channel| channel["label"] == *name).unwrap();
    let has_past = |entry: &&Value| {
        entry["tv_archive"] == 1 && entry["epg_channel_id"] != "" && entry["stream_type"] == "live"
    };
    let entry = list.iter().find(has_past).unwrap();
    let channel = found(&entry["name"]);
    let table = said(&demo, &format!("get_simple_data_table&stream_id={}", entry["stream_id"]));
    let listings = table["epg_listings"].as_array().unwrap();
    kodi.until("the guide is there", || kodi.broadcasts(channel).len() >= listings.len());
    let shown = kodi.broadcasts(channel);
    assert_eq!(shown.len(), listings.len());
    for (shown, listing) in shown.iter().zip(listings) {
        let title = STANDARD.decode(listing["title"].as_str().unwrap()).unwrap();
        assert_eq!(shown["title"], text(&title));
        assert_eq!((&shown["starttime"], &shown["endtime"]), (&listing["start"], &listing["end"]));
    }

    let over = |listing: &&Value| listing["has_archive"] == 1;
    let start = &listings.iter().rfind(over).unwrap()["start"];
    // Programmes have numbers once they are in Kodi's books, which is at the end, or after a minute.
    kodi.enable(false);
    kodi.until("it is closed", || kodi.log().contains("PVR Manager: Stopped"));
    kodi.enable(true);
    let mut past = Value::Null;
    kodi.until("the past has a number", || {
        let shown = kodi.broadcasts(channel);
        let found = shown.iter().find(|shown| shown["starttime"] == *start);
        past = found.map_or(Value::Null, |shown| shown["broadcastid"].clone());
        past.is_u64()
    });
    kodi.plays(&json!({"broadcastid": past}));
    kodi.plays(&json!({"channelid": channel["channelid"]}));
}
