//! An export, served by a web server that knows nothing of us.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::program::{Program, ffmpeg, run, text};
use flate2::read::GzDecoder;
use serde_json::Value;

/// Debian's nginx with the configuration that the export brings.
struct Nginx {
    child: Child,
    url: String,
}

impl Nginx {
    fn start(folder: &Path, export: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = fs::read_to_string(export.join("nginx.conf")).unwrap();
        let config = config.replace("listen 8080;", &format!("listen 127.0.0.1:{port};"));
        let here = folder.display();
        let whole = format!(
            "daemon off; master_process off; pid {here}/nginx.pid; error_log {here}/nginx.log;\n\
             events {{ }}\nhttp {{ access_log off;\n\
             client_body_temp_path {here}/t1; proxy_temp_path {here}/t2; fastcgi_temp_path {here}/t3;\n\
             uwsgi_temp_path {here}/t4; scgi_temp_path {here}/t5;\n{config}}}\n"
        );
        let path = folder.join("whole.conf");
        File::create(&path).unwrap().write_all(whole.as_bytes()).unwrap();
        let child = Command::new("nginx")
            .arg("-c")
            .arg(&path)
            .stderr(File::create(folder.join("said")).unwrap())
            .spawn();
        let mut child =
            child.unwrap_or_else(|error| panic!("nginx is needed (scripts/check installs it): {error}"));
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(folder.join("said")).unwrap_or_default();
            assert!(child.try_wait().unwrap().is_none(), "nginx does not take it: {}", log());
            assert!(begin.elapsed() < Duration::from_secs(30), "{}", log());
            sleep(Duration::from_millis(20));
        }
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status, head and body.
fn ask(url: &str, more: &[&str]) -> (String, String, Vec<u8>) {
    let answer = ffmpeg("curl", &[&["-sS", "-i", "--max-time", "30", url], more].concat()).stdout;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let head = text(&answer[..end]);
    (head.split(' ').nth(1).unwrap().to_owned(), head.to_ascii_lowercase(), answer[end..].to_vec())
}

fn body(url: &str) -> Vec<u8> {
    let (status, head, body) = ask(url, &[]);
    assert_eq!(status, "200", "{url}: {head}");
    body
}

fn export(folder: &Path, demo: &Program) -> String {
    let data = folder.join("data");
    let arguments = ["--data", data.to_str().unwrap(), "--url", "http://tv.example", "--streams", &demo.url];
    let site = folder.join("site");
    let site = ["export", site.to_str().unwrap(), "--user", "demo"];
    let output = run(&[&site[..], &arguments].concat(), "demo\n", folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stderr)
}

/// Every answer that is the same for everybody, asked for in the ways that apps have.
fn queries(base: &str) -> Vec<String> {
    let list = |action: &str| -> Vec<Value> {
        let url = format!("{base}/player_api.php?username=demo&password=demo&action={action}");
        serde_json::from_slice(&body(&url)).unwrap()
    };
    let mut queries = Vec::new();
    for (of, action) in [
        ("get_live_categories", "get_live_streams"),
        ("get_vod_categories", "get_vod_streams"),
        ("get_series_categories", "get_series"),
    ] {
        queries.push(format!("&action={of}"));
        for filter in ["", "&category_id=", "&category_id=0", "&category_id=*", "&category_id=all"] {
            queries.push(format!("&action={action}{filter}"));
        }
        for category in list(of) {
            queries
                .push(format!("&action={action}&category_id={}", category["category_id"].as_str().unwrap()));
        }
        queries.push(format!("&action={action}&category_id=4294967"));
        queries.push(format!("&action={action}&category_id=..%2f..%2fall"));
    }
    queries.extend(
        [
            "&action=202",
            "&action=209&vod_id=0",
            "&action=get_vod_info",
            "&action=get_series_info&series_id=x",
        ]
        .map(Into::into),
    );
    queries.push("&action=get_short_epg&stream_id=4294967".into());
    queries
}

#[test]
fn plain_nginx_serves_an_export_as_coax_would() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Program::start(&["demo", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap()], &[]);
    let told = export(folder.path(), &demo);
    assert!(told.contains("get_live_streams") && told.contains("exported 0000"), "{told}");
    let nginx = Nginx::start(folder.path(), &folder.path().join("site"));
    let user = "username=demo&password=demo";
    for query in queries(&demo.url) {
        let [ours, theirs] = [&demo.url, &nginx.url].map(|base| {
            let (status, head, body) = ask(&format!("{base}/player_api.php?{user}{query}"), &[]);
            let kind = head.split_once("content-type: ").unwrap().1.split_once("\r\n").unwrap().0.to_owned();
            (status, kind, text(&body))
        });
        assert_eq!(ours, theirs, "{query}");
    }

    let packed = format!("{}/player_api.php?{user}&action=get_vod_streams", nginx.url);
    let (_, head, bytes) = ask(&packed, &["-H", "Accept-Encoding: gzip"]);
    assert!(head.contains("content-encoding: gzip"), "{head}");
    let mut unpacked = Vec::new();
    GzDecoder::new(&*bytes).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, body(&packed));

    // What tells the time tells that of the export.
    let account: Value =
        serde_json::from_slice(&body(&format!("{}/player_api.php?{user}", nginx.url))).unwrap();
    assert_eq!(
        (&account["user_info"]["auth"], &account["server_info"]["url"]),
        (&1.into(), &"tv.example".into())
    );
    let channels: Vec<Value> =
        serde_json::from_slice(&body(&format!("{}/player_api.php?{user}&action=202", nginx.url))).unwrap();
    let channel =
        channels.iter().find(|channel| channel["epg_channel_id"] != "").unwrap()["stream_id"].to_string();
    let ids = |base: &str| {
        let url = format!("{base}/player_api.php?{user}&action=get_simple_data_table&stream_id={channel}");
        let table: Value = serde_json::from_slice(&body(&url)).unwrap();
        let listings = table["epg_listings"].as_array().unwrap().iter();
        listings.map(|listing| listing["id"].clone()).collect::<Vec<_>>()
    };
    assert!(ids(&demo.url).len() > 10 && ids(&demo.url) == ids(&nginx.url));

    // The guide and the playlist, whose streams are where they were said to be.
    for query in ["", "&gzip=1"] {
        let [ours, theirs] =
            [&demo.url, &nginx.url].map(|base| body(&format!("{base}/xmltv.php?{user}{query}")));
        assert!(ours == theirs, "{query}");
    }
    for query in ["", "&output=hls", "&type=m3u"] {
        let [ours, theirs] =
            [&demo.url, &nginx.url].map(|base| text(&body(&format!("{base}/get.php?{user}{query}"))));
        let place = |base: &str| format!("\"{base}/xmltv.php");
        assert_eq!(ours.replace(&place(&demo.url), &place("http://tv.example")), theirs, "{query}");
    }
    let (status, head, _) = ask(&format!("{}/live/demo/demo/{channel}.ts?utc=1", nginx.url), &[]);
    let there = format!("location: {}/live/demo/demo/{channel}.ts?utc=1\r\n", demo.url);
    assert!(status == "302" && head.contains(&there), "{head}");

    refuses(&nginx);
    again(folder.path(), &demo);
    limited(folder.path(), &demo);
}

/// Files for somebody who may not see everything hold nothing else either.
fn limited(folder: &Path, demo: &Program) {
    let data = folder.join("data");
    let data = ["--data", data.to_str().unwrap()];
    let add = ["user", "add", "kid", "--password-stdin", "--list", "movies"];
    assert!(run(&[&add[..], &data].concat(), "kid", folder).status.success());
    let site = folder.join("other");
    let arguments = ["export", site.to_str().unwrap(), "--url", "http://tv.example", "--user", "kid"];
    let output = run(&[&arguments[..], &data].concat(), "kid", folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let file = |name: &str| fs::read(site.join("current").join(name)).unwrap();
    for (action, is_empty) in [("get_live_streams", true), ("get_vod_streams", false), ("get_series", true)] {
        let live = body(&format!("{}/player_api.php?username=kid&password=kid&action={action}", demo.url));
        let list = file(&format!("player_api/{action}/all.json"));
        assert!(list == live && (list == b"[]") == is_empty, "{action}");
    }
    let details = fs::read_dir(site.join("current/player_api/get_series_info")).unwrap();
    assert_eq!(details.count(), 1, "what is said of none");
    assert!(!text(&file("guide.xml")).contains("<channel"));
    assert!(fs::exists(site.join("current/guide.xml.gz")).unwrap());
    let wrong = run(&[&arguments[..], &data].concat(), "not his", folder);
    assert!(!wrong.status.success() && !text(&wrong.stderr).contains("not his"));
}

/// Strangers, and those who would read files.
fn refuses(nginx: &Nginx) {
    for (query, expected) in [
        ("username=demo&password=wrong", "200"),
        ("username=demo&password=wrong&action=get_live_streams", "403"),
        ("action=get_live_streams", "403"),
    ] {
        let (status, _, body) = ask(&format!("{}/player_api.php?{query}", nginx.url), &[]);
        assert_eq!(
            (status.as_str(), text(&body).as_str()),
            (expected, r#"{"user_info":{"auth":0}}"#),
            "{query}"
        );
    }
    for path in ["/get.php?username=demo&password=x", "/xmltv.php"] {
        assert_eq!(ask(&format!("{}{path}", nginx.url), &[]).0, "403", "{path}");
    }
    for path in [
        "/guide.xml",
        "/guide.xml.gz",
        "/user/",
        "/player_api/get_series/all.json",
        "/../nginx.conf",
        "/a%0d%0aX-Own:%20header/b/1",
        "/live/%0d%0aX-Own:%20header/1.ts",
    ] {
        assert_eq!(
            ask(&format!("{}{path}", nginx.url), &["--path-as-is"]).0.chars().next(),
            Some('4'),
            "{path}"
        );
    }
}

/// The next export takes over what is the same, as the very files.
fn again(folder: &Path, demo: &Program) {
    let list = folder.join("site/current/player_api/get_vod_streams/all.json.zst");
    let (before, first) =
        (fs::metadata(&list).unwrap().ino(), fs::read_link(folder.join("site/current")).unwrap());
    let foreign = folder.join("site/exports/by-hand");
    fs::create_dir(&foreign).unwrap();
    let told = export(folder, demo);
    let line = told.lines().find(|line| line.starts_with("get_vod_streams ")).unwrap();
    assert!(line.ends_with(" 0 written"), "{line}");
    assert_eq!(fs::metadata(&list).unwrap().ino(), before);
    assert_ne!(fs::read_link(folder.join("site/current")).unwrap(), first);
    export(folder, demo);
    let mode = |path: &str| fs::metadata(folder.join(path)).unwrap().mode() & 0o777;
    assert!(foreign.exists(), "what somebody else put there stays");
    assert_eq!(fs::read_dir(folder.join("site/exports")).unwrap().count(), 3, "older ones are gone");
    assert_eq!((mode("site/nginx.conf"), mode("site/current/user")), (0o600, 0o711));
}
