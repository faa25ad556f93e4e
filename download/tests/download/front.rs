//! What answers where downloads run by themselves.

use std::io::Write;

use contract::bundle::Kind;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::house::{House, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_by_himself_says_how_he_is_and_is_asked_like_the_whole() {
    let house = House::with_target("yt_dlp = '/nowhere/yt-dlp'").await;
    let (worker, said) =
        house.run_as(&["--listen", "127.0.0.1:0"], &[("COAX_ADMIN_KEY", "an-operators-own-key".to_owned())]);
    let base = said.strip_prefix("ready ").unwrap().trim().to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |path: &str, key: Option<&str>| {
        let asking = client.get(format!("{base}{path}"));
        let asking = match key {
            Some(key) => asking.bearer_auth(key),
            None => asking,
        };
        let answer = asking.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, health) = get("/health", None).await;
    let health: serde_json::Value = serde_json::from_str(&health).unwrap();
    assert_eq!((status, &health["status"], &health["targets"]), (200, &"ok".into(), &1.into()), "{health}");
    assert!(health["free"].as_u64().unwrap() > 0);
    assert_eq!(
        (&health["missing"], &health["bad_targets"]),
        (&serde_json::json!(["/nowhere/yt-dlp"]), &serde_json::json!([]))
    );
    house.told(&["target", "set", "nas", "--maintenance", "on"]);
    let (_, health) = get("/health", None).await;
    assert!(
        health.contains(r#""targets_online":0,"targets":1"#)
            && health.contains(r#""bad_targets":[{"name":"nas","status":"maintenance"}]"#),
        "{health}"
    );
    let asked = client.get(format!("{base}/health")).header("X-Forwarded-For", "203.0.113.9").send().await;
    let health = asked.unwrap().text().await.unwrap();
    assert!(health.contains("targets_online") && !health.contains("nas") && !health.contains("missing"));
    house.told(&["target", "set", "nas", "--maintenance", "off"]);
    house.until(house.add(house.ids(Kind::Movie)[0]), "completed").await;
    let (status, page) = get("/metrics", None).await;
    assert!(status == 200 && page.contains("coax_download_jobs{state=\"completed\"} 1\n"), "{page}");
    assert!(
        page.contains("coax_download_targets{status=\"online\"} 1\n") && page.ends_with("# EOF\n"),
        "{page}"
    );
    assert_eq!(get("/api/downloads", None).await.0, 401);
    let (status, all) = get("/api/downloads", Some("an-operators-own-key")).await;
    assert!(status == 200 && all.contains("\"total\":1"), "{all}");
    let post = async |document: serde_json::Value| {
        let asking = client.post(format!("{base}/api/downloads")).bearer_auth("an-operators-own-key");
        let asking = asking.header("Content-Type", "application/json").body(document.to_string());
        let answer = asking.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (channel, now) = (house.ids(Kind::Live)[0], download::store::now());
    let wished = |starts: i64, stops: i64| {
        let recording =
            serde_json::json!({ "channel": channel, "starts": starts, "stops": stops, "title": "News" });
        serde_json::json!({ "server": 1, "recording": recording })
    };
    let (status, added) = post(wished(now + 3600, now + 7200)).await;
    assert!(status == 200 && added.contains("\"added\":[2]"), "{added}");
    let job = house.job(2);
    assert_eq!((&job["title"], &job["airing"]["lead"]), (&"News".into(), &60.into()), "{job:#}");
    for (starts, stops, status) in
        [(now + 7200, now + 3600, 400), (now - 7200, now - 3600, 409), (now, now + 90_000, 400)]
    {
        assert_eq!(post(wished(starts, stops)).await.0, status);
    }
    assert_eq!(get("/live/ann/secret/1.ts", None).await.0, 404);
    assert!(worker.stop(), "it ends when it is asked to");
    let is_gone = || std::net::TcpStream::connect(base.trim_start_matches("http://")).is_err();
    eventually(is_gone).await.expect("nobody listens any more");
}

/// Memory that a process has had at most, in MB (proc(5): `VmHWM`).
fn most(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() >> 10
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_uploaded_costs_no_memory() {
    let house = House::with_target("").await;
    let (worker, said) =
        house.run_as(&["--listen", "127.0.0.1:0"], &[("COAX_ADMIN_KEY", "an-operators-own-key".to_owned())]);
    let base = said.strip_prefix("ready ").unwrap().trim().to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let upload = async |name: &str, body: reqwest::Body| {
        let ask = client.post(format!("{base}/api/lists?name={name}")).bearer_auth("an-operators-own-key");
        let answer = ask.header("Content-Type", "application/octet-stream").body(body).send().await;
        match answer {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap()),
            Err(_) => (400, "cut off".to_owned()), // who does not stop when he is refused
        }
    };
    assert_eq!(upload("a.m3u", "#EXTM3U\n#EXTINF:-1,Film\nhttp://h.example/1.mkv\n".into()).await.0, 201);
    let before = most(worker.0.id());
    // A line of a gigabyte, plain; the same, packed in two megabytes; and packed once more, which is nearly nothing.
    let line = (0..1024).map(|at| {
        let begin = if at == 0 { b"#EXTM3U\n".to_vec() } else { Vec::new() };
        Ok::<_, std::io::Error>([begin, vec![b'x'; 1 << 20]].concat())
    });
    let packed = |bytes: &[u8]| {
        let mut packing = GzEncoder::new(Vec::new(), Compression::best());
        packing.write_all(bytes).unwrap();
        packing.finish().unwrap()
    };
    // Members of a file of gzip follow each other (RFC 1952, 2.2).
    let bomb = [packed(b"#EXTM3U\n"), packed(&vec![b'x'; 1 << 20]).repeat(1024)].concat();
    let twice = packed(&bomb);
    assert!(bomb.len() < 2 << 20 && twice.len() < 64 << 10, "{} {}", bomb.len(), twice.len());
    let told = [
        upload("line.m3u", reqwest::Body::wrap_stream(futures_util::stream::iter(line))).await,
        upload("bomb.m3u.gz", bomb.into()).await,
        upload("twice.m3u.gz", twice.into()).await,
    ];
    for (status, why) in &told[1..] {
        assert!(*status == 400 && why.contains("line 2: it is longer than 64 KiB"), "{status} {why}");
    }
    assert_eq!(told[0].0, 400, "{}", told[0].1);
    let after = most(worker.0.id());
    assert!(after < before + 32, "{before} MB, then {after} MB");
    assert!(worker.stop());
}
