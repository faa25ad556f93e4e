//! Whoever may not watch, or not any more, and what he gets from the whole of it: nothing.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::program::{Program, ffmpeg, text};
use contract::disk::Data;
use contract::user::{State, Token, User, Users};
use httpd::{Door, Opens};
use serde_json::Value;

/// What `curl` says of an open stream that did not end.
const WENT_ON: i32 = 28;

struct House {
    demo: Program,
    users: Users,
    folder: tempfile::TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let demo = Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", path], &[]);
        // Another process edits the file.
        let users = Users::new(Data::new(folder.path()));
        Self { demo, users, folder }
    }

    fn get(&self, path: &str) -> String {
        let url = format!("{}{path}", self.demo.url);
        text(&ffmpeg("curl", &["-sS", "--max-time", "20", &url]).stdout)
    }

    fn json(&self, action: &str) -> Value {
        let path = format!("/player_api.php?username=demo&password=demo&action={action}");
        serde_json::from_str(&self.get(&path)).unwrap()
    }

    /// The statuses of these addresses, which are asked for one after the other.
    fn statuses(&self, paths: &[String], cookie: &str) -> Vec<u16> {
        let mut arguments = vec!["-sS", "--max-time", "20", "-I", "-b", cookie, "-w", "%{http_code}\n"];
        let urls: Vec<String> = paths.iter().map(|path| format!("{}{path}", self.demo.url)).collect();
        arguments.extend(urls.iter().flat_map(|url| ["-o", "/dev/null", url]));
        text(&ffmpeg("curl", &arguments).stdout).lines().map(|status| status.parse().unwrap()).collect()
    }

    /// Somebody who watches.
    fn watch(&self, channel: &Value) -> Child {
        let url = format!("{}/live/demo/demo/{channel}.ts", self.demo.url);
        let mut curl = Command::new("curl");
        curl.args(["-sS", "--max-time", "15", "-o", "/dev/null", &url]);
        curl.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The cookies of a login to the administration, and of one at the page.
    fn log_in(&self) -> String {
        let jar = self.folder.path().join("cookies");
        let jar = jar.to_str().unwrap();
        for place in ["api/admin", "page/api"] {
            let url = format!("{}/{place}/login", self.demo.url);
            let pair = r#"{"username":"demo","password":"demo"}"#;
            let json = ["-H", "content-type: application/json", "-d", pair];
            let login = ffmpeg("curl", &[&["-sS", "--fail", "-b", jar, "-c", jar, &url][..], &json].concat());
            assert!(login.status.success(), "{place}: {}", text(&login.stderr));
        }
        jar.to_owned()
    }

    fn change(&self, change: impl FnOnce(&mut User)) {
        self.users.edit(|all| change(&mut all[0])).unwrap();
        sleep(Duration::from_secs(1));
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Everything that is some user's, and addresses that he was given while he might watch.
fn addresses(house: &House, token: &str) -> Vec<String> {
    let channels = house.json("get_live_streams");
    let channel = channels.as_array().unwrap().iter().find(|channel| channel["tv_archive"] == 1).unwrap();
    let channel = &channel["stream_id"];
    let (films, series) = (house.json("get_vod_streams"), house.json("get_series"));
    let (film, series) = (&films[0]["stream_id"], &series[0]["series_id"]);
    let info = house.json(&format!("get_series_info&series_id={series}"));
    let episode = info["episodes"].as_object().unwrap().values().next().unwrap()[0]["id"].as_str().unwrap();
    let api = |query: String| format!("/player_api.php?username=demo&password=demo&action={query}");
    let past = format!("/timeshift/demo/demo/60/{}/{channel}", now() - 7200);
    let list = house.get(&format!("/live/demo/demo/{channel}.m3u8"));
    let segment = list.lines().find(|line| !line.starts_with('#')).unwrap_or_else(|| panic!("{list}"));
    let (_, ticket) = segment.split_once("hls/").unwrap();
    let minutes = house.get(&format!("{past}.m3u8"));
    let minute = minutes.lines().find(|line| !line.starts_with('#')).unwrap();
    let (_, minute) = minute.rsplit_once("timeshift/").unwrap();
    let mut all = vec![
        format!("/player_api.php?token={token}&action=get_live_streams"),
        "/get.php?username=demo&password=demo".into(),
        format!("/get.php?token={token}"),
        "/xmltv.php?username=demo&password=demo".into(),
        "/xmltv.php?username=demo&password=demo&days=1".into(),
        format!("/live/demo/demo/{channel}.ts"),
        format!("/live/{token}/{channel}.ts"),
        format!("/live/demo/demo/{channel}.m3u8"),
        format!("/movie/demo/demo/{film}.mp4"),
        format!("/series/demo/demo/{episode}.mp4"),
        format!("{past}.ts"),
        format!("{past}.m3u8"),
        "/discover.json".into(),
        "/lineup.json".into(),
        "/auto/v1".into(),
        "/api/admin/session".into(),
        "/page/api/session".into(),
        format!("/page/api/guide?ids={channel}"),
        format!("/page/api/channel/{channel}"),
        "/api/channels?username=demo&password=demo".into(),
        format!("/hls/{ticket}"),
        format!("/timeshift/{minute}"),
    ];
    all.extend(
        serve::actions()
            .map(|action| api(format!("{action}&stream_id={channel}&vod_id={film}&series_id={series}"))),
    );
    all
}

#[test]
fn whoever_is_disabled_or_over_is_refused_within_a_second_everywhere() {
    let house = House::new();
    let (token, text) = Token::new("tv", false, 1);
    house.change(|demo| (demo.tokens, demo.admin) = (vec![token], true));
    let (cookie, all) = (house.log_in(), addresses(&house, &text));
    let answered = |what: &str| {
        for (path, status) in all.iter().zip(house.statuses(&all, &cookie)) {
            assert_eq!(status, 200, "{what}: {path}");
        }
    };
    let refused = |what: &str| {
        for (path, status) in all.iter().zip(house.statuses(&all, &cookie)) {
            assert!(matches!(status, 401 | 403 | 404), "{what}: {path}: {status}");
        }
    };
    answered("before");
    let channel = &house.json("get_live_streams")[0]["stream_id"];
    let mut watching = house.watch(channel);
    sleep(Duration::from_millis(500));
    assert!(watching.try_wait().unwrap().is_none(), "he watches");
    house.change(|demo| demo.state = State::Disabled);
    refused("disabled");
    assert_ne!(watching.wait().unwrap().code(), Some(WENT_ON), "what was open is cut");
    house.change(|demo| (demo.state, demo.expires) = (State::Active, Some(now() + 3600)));
    assert_eq!(house.statuses(&all[..6], &cookie), [200; 6], "for an hour");
    house.change(|demo| demo.expires = Some(now()));
    refused("over");
    house.users.edit(|all| all.clear()).unwrap();
    sleep(Duration::from_secs(1));
    refused("removed");
}

/// In one process one program might answer for another.
#[test]
fn no_address_of_the_whole_answers_whoever_is_nobody() {
    const REJECTED: &str = r#"{"user_info":{"auth":0}}"#;
    let house = House::new();
    let doors = || serve::DOORS.iter().chain(relay::DOORS);
    let at = |door: &Door| {
        let fill = |at: &&str| at.replace("USER", "demo").replace("PASS", "guess").replace("CHANNEL", "1");
        door.at.iter().map(fill).collect::<Vec<_>>()
    };
    for door in doors() {
        for path in at(door) {
            let url = format!("{}{path}", house.demo.url);
            let from = "X-Forwarded-For: 198.51.100.7";
            let told = text(&ffmpeg("curl", &["-sS", "-w", "\n%{http_code}", "-H", from, &url]).stdout);
            let (body, status) = told.rsplit_once('\n').unwrap();
            match (door.opens, status) {
                (Opens::Anybody, "200") | (_, "401" | "403" | "404" | "405" | "429") => {}
                (Opens::Users, "200") => assert_eq!(body, REJECTED, "{path}"),
                _ => panic!("{path}: {told}"),
            }
        }
    }
    let public = doors().filter(|door| door.opens == Opens::Anybody).map(|door| door.name);
    assert!(public.count() < doors().count() / 4, "the table says who is let in");
}
