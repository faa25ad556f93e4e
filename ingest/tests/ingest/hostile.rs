//! A panel that means harm: answers without an end, and credentials where nobody would look for them.

use std::time::Duration;

use ingest::Verdict;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::{Bench, with_account};

const USERNAME: &str = "householder77";
const PASSWORD: &str = "open+sesame/99";

/// The answer to an action: its beginning, what is repeated until the connection is closed, and how often.
type Answer = (&'static str, &'static str, usize);

/// A panel that says what `answer` says; it goes when the test does.
async fn panel(answer: fn(&str) -> Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answer));
        }
    });
    url
}

async fn serve(stream: TcpStream, answer: fn(&str) -> Answer) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let target = head.split(' ').nth(1).unwrap_or_default();
    let action = match target.split_once("action=") {
        Some((_, action)) => action.split('&').next().unwrap_or_default(),
        None if target.starts_with("/xmltv.php") => "xmltv",
        None => "account",
    };
    let (beginning, repeated, times) = answer(action);
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let piece = repeated.repeat(1000.min(times));
    let mut written = stream.write_all([head, beginning].concat().as_bytes()).await;
    let mut left = times;
    while written.is_ok() && left > 0 {
        written = stream.write_all(piece.as_bytes()).await;
        left = left.saturating_sub(1000);
    }
    let _ = stream.shutdown().await;
}

const ACCOUNT: Answer = (r#"{"user_info":{"auth":1,"status":"Active"}}"#, "", 0);
const ENDLESS: usize = usize::MAX;

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_never_ends_is_refused_long_before_the_patience_is() {
    let mut bench = Bench::new();
    bench.settings.request_timeout = Duration::from_secs(600);
    for (answer, reason) in [
        (
            (|action| match action {
                "account" => ACCOUNT,
                _ => ("[", r#"{"category_id":"1","category_name":"a"},"#, ENDLESS),
            }) as fn(&str) -> Answer,
            "live categories: there are more than 20000",
        ),
        (|_| ("{", r#""a":1,"#, ENDLESS), "account: the answer is larger than 1048576 bytes"),
        (
            |action| if action == "account" { ACCOUNT } else { ("[{\"a\":\"", "x", ENDLESS) },
            "live categories: the answer has an entry of over 1 MiB",
        ),
        (
            |action| if action == "account" { ACCOUNT } else { ("", " ", ENDLESS) },
            "live categories: the answer is text and no JSON",
        ),
    ] {
        let url = panel(answer).await;
        let report = bench.run(&[with_account("acme", &url, USERNAME, PASSWORD)]).await;
        assert_eq!(report.verdict, Verdict::Refused);
        assert_eq!(report.sources[0].notes, [reason]);
    }
}

/// Every text and every picture has them, in every spelling.
fn telling(action: &str) -> Answer {
    match action {
        "account" => ACCOUNT,
        "get_live_categories" => {
            (r#"[{"category_id":1,"category_name":"For open+sesame\/99"},{"category_id":2}]"#, "", 0)
        }
        "get_live_streams" => (
            r#"[{"stream_id":1,"name":"open+sesame/99!","epg_channel_id":"one","category_id":1,
            "stream_icon":"http:\/\/h\/open%2Bsesame%2F99\/1.png"},
            {"stream_id":2,"name":"http://h/live/householder77/x","stream_icon":"http://h/open+sesame/99/1.png"}]"#,
            "",
            0,
        ),
        "get_vod_streams" => (
            r#"[{"stream_id":3,"name":"open&#43;sesame/99","title":"http://h?u=householder77",
            "trailer":"http://h/x?v=householder77"}]"#,
            "",
            0,
        ),
        "get_series" => (
            r#"[{"series_id":1,"name":"s","plot":"see http://h/householder77/open+sesame/99/1.ts",
            "cast":"open+sesame/99","genre":"open+sesame/99","director":"open+sesame/99"}]"#,
            "",
            0,
        ),
        "get_series_info" => (
            r#"{"seasons":[{"season_number":1,"name":"open+sesame/99","overview":"open+sesame/99"}],
            "episodes":{"1":[{"id":9,"title":"open+sesame/99","info":{"plot":"open+sesame/99"}}]}}"#,
            "",
            0,
        ),
        "get_vod_info" => (
            r#"{"info":{"name":"open+sesame/99","plot":"see http://h/householder77/open+sesame/99/3.mp4",
            "cover_big":"http://h/open+sesame/99/3.jpg","backdrop_path":"http://h/?u=householder77",
            "video":{"codec_name":"open+sesame/99","tags":{"language":"open+sesame/99"}}}}"#,
            "",
            0,
        ),
        "xmltv" => (r#"<tv><programme channel="one" start="20990101000000"/></tv>"#, "", 0),
        _ => (r#"{"error":"householder77 may not open+sesame/99"}"#, "", 0),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_a_panel_repeats_are_neither_published_nor_kept() {
    let bench = Bench::new();
    let sources = [with_account("acme", &panel(telling).await, USERNAME, PASSWORD)];
    let refused = bench.run(&sources).await;
    assert_eq!(refused.sources[0].notes, ["movies categories: the panel answers with an error"]);
    let url =
        panel(|action| if action.ends_with("_categories") { ("[]", "", 0) } else { telling(action) }).await;
    let report = bench.run(&[with_account("acme", &url, USERNAME, PASSWORD)]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    let filled = bench.fill(&[with_account("acme", &url, USERNAME, PASSWORD)]).await;
    assert_eq!((filled.asked, filled.answered), (2, 2));
    let mut folders = vec![bench.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
            for secret in [USERNAME, PASSWORD, "sesame"] {
                let line = text.lines().find(|line| line.contains(secret));
                assert!(line.is_none(), "{:?}: {line:?}", entry.path());
            }
        }
    }
}
