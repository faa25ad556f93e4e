//! What answers where downloads run by themselves.

use contract::bundle::Kind;

use crate::house::{House, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_runs_by_himself_says_how_he_is_and_is_asked_like_the_whole() {
    let house = House::with_target("").await;
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
