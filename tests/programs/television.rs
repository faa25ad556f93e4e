//! One command and there is television: the demo, watched with ffmpeg.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::operator::{first_list, of_environment};
use crate::program::{Program, ffmpeg, text};

/// The id of a live channel, from the list an app would read.
fn first_channel(url: &str) -> u64 {
    let list = get(&format!("{url}/player_api.php?username=demo&password=demo&action=get_live_streams"));
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    list[0]["stream_id"].as_u64().unwrap()
}

fn get(url: &str) -> String {
    text(&ffmpeg("curl", &["-sS", "--fail", url]).stdout)
}

/// A viewer who has the first bytes.
fn open(url: &str) -> TcpStream {
    let (address, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    socket.read_exact(&mut [0; 4096]).unwrap();
    socket
}

fn live(program: &Program) -> String {
    format!("{}/live/demo/demo/{}.ts", program.url, first_channel(&program.url))
}

#[test]
fn ffprobe_names_picture_and_sound() {
    let demo = Program::demo(&[]);
    let probe = ffmpeg(
        "ffprobe",
        &["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", &live(&demo)],
    );
    let codecs = text(&probe.stdout);
    assert!(codecs.contains("h264") && codecs.contains("aac"), "{codecs} {}", text(&probe.stderr));
}

#[test]
fn the_first_viewer_and_one_who_joins_later_decode_without_a_word() {
    let demo = Program::demo(&[]);
    let url = live(&demo);
    let watch = |url: String| {
        thread::spawn(move || ffmpeg("ffmpeg", &["-v", "error", "-i", &url, "-t", "5", "-f", "null", "-"]))
    };
    let first = watch(url.clone());
    let stays = watch(url.clone()); // so that the late one joins a running channel
    thread::sleep(Duration::from_secs(4));
    let late = watch(url);
    for viewer in [first, stays, late] {
        let output = viewer.join().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    }
}

#[test]
fn a_film_and_an_episode_play_from_any_place() {
    let demo = Program::demo(&[]);
    let api = format!("{}/player_api.php?username=demo&password=demo&action=", demo.url);
    let json =
        |action: &str| serde_json::from_str::<serde_json::Value>(&get(&format!("{api}{action}"))).unwrap();
    let film = &json("get_vod_streams")[0];
    let container = film["container_extension"].as_str().unwrap();
    let series = json("get_series")[0]["series_id"].clone();
    let seasons = json(&format!("get_series_info&series_id={series}"))["episodes"].clone();
    let episode = &seasons.as_object().unwrap().values().next().unwrap()[0];
    let urls = [
        format!("{}/movie/demo/demo/{}.{container}", demo.url, film["stream_id"]),
        format!(
            "{}/series/demo/demo/{}.{}",
            demo.url,
            episode["id"].as_str().unwrap(),
            episode["container_extension"].as_str().unwrap()
        ),
    ];
    for url in urls {
        let output = ffmpeg("ffmpeg", &["-v", "error", "-ss", "2", "-i", &url, "-t", "1", "-f", "null", "-"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{url}: {}", text(&output.stderr));
    }
}

#[test]
fn the_past_plays_as_a_file_and_minute_by_minute_without_a_word() {
    let demo = Program::demo(&[]);
    let list =
        get(&format!("{}/player_api.php?username=demo&password=demo&action=get_live_streams", demo.url));
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let channel = list.iter().find(|channel| channel["tv_archive"] == 1).unwrap()["stream_id"].clone();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for extension in ["ts", "m3u8"] {
        let url = format!("{}/timeshift/demo/demo/3/{}/{channel}.{extension}", demo.url, now - 7200);
        let output = ffmpeg("ffmpeg", &["-v", "error", "-i", &url, "-t", "150", "-f", "null", "-"]);
        assert!(output.status.success() && output.stderr.is_empty(), "{extension}: {}", text(&output.stderr));
    }
}

#[test]
fn every_format_that_is_advertised_plays_and_counts_as_one_viewer() {
    let demo = Program::demo(&[]);
    let account = || {
        let text = get(&format!("{}/player_api.php?username=demo&password=demo", demo.url));
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["user_info"].clone()
    };
    let formats = account()["allowed_output_formats"].clone();
    let formats: Vec<_> = formats.as_array().unwrap().iter().map(|format| format.as_str().unwrap()).collect();
    assert!(formats.contains(&"ts"));
    let channel = first_channel(&demo.url);
    for format in formats {
        let url = format!("{}/live/demo/demo/{channel}.{format}", demo.url);
        let watched = ffmpeg("ffmpeg", &["-v", "error", "-i", &url, "-t", "3", "-f", "null", "-"]);
        assert!(watched.status.success() && watched.stderr.is_empty(), "{format}: {}", text(&watched.stderr));
    }
    // HLS has no connection that could close: its viewer stays counted for a while. A connection counts while it is.
    let before: u32 = account()["active_cons"].as_str().unwrap().parse().unwrap();
    let viewer = open(&live(&demo));
    assert_eq!(account()["active_cons"], (before + 1).to_string());
    drop(viewer);
    let left = (0..50).any(|_| {
        thread::sleep(Duration::from_millis(100));
        account()["active_cons"].as_str().unwrap().parse::<u32>().unwrap() <= before
    });
    assert!(left, "the viewer who left is still counted");
}

#[test]
fn the_guide_is_valid_xmltv() {
    let folder = tempfile::tempdir().unwrap();
    let demo =
        Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", folder.path().to_str().unwrap()], &[]);
    let guide = folder.path().join("guide.xml");
    let url = format!("{}/xmltv.php?username=demo&password=demo", demo.url);
    ffmpeg("curl", &["-sS", "--fail", "-o", guide.to_str().unwrap(), &url]);
    assert_eq!(
        std::fs::read(&guide).unwrap(),
        std::fs::read(folder.path().join("current/guide.xml")).unwrap()
    );
    let validated = std::process::Command::new("tv_validate_file")
        .env("XMLTV_SUPPLEMENT", "/usr/share/xmltv") // the DTD of the package, not of the network
        .arg(&guide)
        .output()
        .expect("tv_validate_file (Debian package xmltv-util) is needed for this test");
    assert!(validated.status.success(), "{}{}", text(&validated.stdout), text(&validated.stderr));
}

#[test]
fn it_stops_when_asked_while_somebody_watches() {
    let demo = Program::demo(&[]);
    let url = live(&demo);
    let viewers: Vec<_> = (0..3).map(|_| open(&url)).collect();
    let ended = demo.terminate();
    assert!(ended.status.success(), "{:?} {}", ended.status, ended.logged);
    assert!(ended.took < Duration::from_secs(5), "took {:?}", ended.took);
    drop(viewers);
}

#[test]
fn wrong_passwords_for_lists_and_for_streams_are_counted_together() {
    let demo = Program::demo(&[]);
    let status = |path: &str| {
        text(
            &ffmpeg(
                "curl",
                &["-sS", "-o", "/dev/null", "-w", "%{http_code} ", &format!("{}{path}", demo.url)],
            )
            .stdout,
        )
    };
    let lists = status("/get.php?username=demo&password=wrong[1-5]");
    let streams = status("/live/demo/other[1-5]/1.ts");
    assert_eq!((lists, streams), ("403 ".repeat(5), "403 ".repeat(5)));
    assert_eq!(
        (&*status("/get.php?username=demo&password=wrong"), &*status("/live/demo/wrong/1.ts")),
        ("429 ", "429 ")
    );
}

#[test]
fn no_log_line_holds_a_credential() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let demo = Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", data], &[("RUST_LOG", "trace")]);
    // The demo's own login is no secret; this viewer's is.
    let add = ["user", "--data", data, "add", "viewer-name", "--password-stdin", "--max-connections", "0"];
    assert!(crate::program::run(&add, "viewer-password", folder.path()).status.success());
    thread::sleep(Duration::from_millis(1500)); // until the new user is noticed
    let login = "username=viewer-name&password=viewer-password";
    for path in [
        format!("/player_api.php?{login}"),
        format!("/player_api.php?{login}&action=get_live_streams"),
        format!("/player_api.php?{login}&action=get_series"),
        format!("/get.php?{login}"),
        format!("/xmltv.php?{login}"),
        "/live/viewer-name/viewer-password/999999.ts".into(),
        "/movie/viewer-name/viewer-password/999999.mp4".into(),
        "/player_api.php?username=viewer-name&password=viewer-password-wrong".into(),
    ] {
        ffmpeg("curl", &["-sS", "-o", "/dev/null", &format!("{}{path}", demo.url)]);
    }
    let channel = first_channel(&demo.url);
    let url = format!("{}/live/viewer-name/viewer-password/{channel}.ts", demo.url);
    ffmpeg("curl", &["-sS", "-o", "/dev/null", "--max-time", "2", &url]);
    let ended = demo.terminate();
    assert!(ended.logged.lines().count() > 20, "a run at this level logs more than that:\n{}", ended.logged);
    for secret in ["viewer-password", "viewer-name", "provider-user", "provider-password"] {
        let found = ended.logged.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret}");
    }
}

#[test]
fn a_film_that_a_panel_has_as_hls_plays_at_the_address_that_the_api_and_the_playlist_tell() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let provider =
        station::Settings { segmented_films: true, films: 1, live: 1, ..station::Settings::default() };
    let station = runtime.block_on(station::Station::start(provider)).unwrap();
    let program = of_environment(folder.path(), &station, &[]);
    let films = first_list(&program, "get_vod_streams");
    let (id, container) = (&films[0]["stream_id"], films[0]["container_extension"].as_str().unwrap());
    let url = format!("{}/movie/ann/hunter2/{id}.{container}", program.url);
    let playlist =
        get(&format!("{}/get.php?username=ann&password=hunter2&type=m3u_plus&key=movie", program.url));
    assert!(playlist.contains(&url), "{playlist}");
    let entries =
        ["-v", "error", "-show_entries", "format=format_name:stream=codec_name", "-of", "csv=p=0", &url];
    let told = text(&ffmpeg("ffprobe", &entries).stdout);
    assert!(["mpegts", "h264", "aac"].iter().all(|word| told.contains(word)), "{told}");
    let mpv = ffmpeg("mpv", &["--no-config", "--vo=null", "--ao=null", "--untimed", "--length=2", &url]);
    assert!(mpv.status.success(), "{} {}", text(&mpv.stdout), text(&mpv.stderr));
}
