//! Films that are in no line-up, from where somebody says that they are.

use std::fs;

use contract::bundle::Kind;
use download::engine::outlet::Outlet;

use crate::house::{House, SIZE, eventually};

/// Queues what lies at an address of the provider, as a film of this title.
fn add(house: &House, address: &str, title: &str) -> i64 {
    house.told(&["add", "--url", address, "--title", title])["added"][0].as_i64().unwrap()
}

/// Where the provider has a film, with a name and a password in it.
async fn film(house: &House) -> (String, u32, Vec<u8>) {
    let (there, original) = house.original(house.ids(Kind::Movie)[0]).await;
    (house.station.stream_url("movie", there, "mp4"), there, original)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_leads_into_our_own_house_is_not_asked_for() {
    let house = House::with_target("").await;
    let (address, ..) = film(&house).await;
    let asked = house.station.counts().requests("film");
    let _worker = house.run();
    let job = add(&house, &address, "Film (2020)");
    let failed = house.until(job, "failed").await;
    assert_eq!(
        (&failed["cause"], &failed["error"]),
        (&"gone".into(), &"its address leads into a private network".into())
    );
    assert_eq!(house.station.counts().requests("film"), asked, "nobody has asked");
    for refused in ["ftp://h.example/film.mkv", "/etc/passwd", "file:///etc/passwd"] {
        assert!(!house.ask(&["add", "--url", refused, "--title", "Film"]).status.success(), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_had_from_its_address_and_nobody_is_told_the_address() {
    let house = House::with_target("private_addresses = true").await;
    let (address, there, original) = film(&house).await;
    let worker = house.run();
    let job = add(&house, &address, "Film That Nobody Lists (2020) 1080p");
    let done = house.until(job, "completed").await;
    let place = done["final_path"].as_str().unwrap();
    assert!(place.starts_with("Movies/Film That Nobody Lists (2020)/"), "{place}");
    assert!(fs::read(house.nas.join(place)).unwrap() == original, "byte for byte");
    assert_eq!(house.station.counts().channel(there).requests, 1);
    let again = house.told(&["add", "--url", &address, "--title", "Another Name (2021)"]);
    assert_eq!(again["there"][0], job, "it is known by its address");
    assert!(worker.stop());
    let said = [house.told(&["status", "--all"]), house.told(&["log"])].map(|told| told.to_string()).concat();
    for secret in ["station/station", "127.0.0.1"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    let log = fs::read_dir(house.data.downloads().join("log")).unwrap().next().unwrap().unwrap().path();
    assert!(!fs::read_to_string(log).unwrap().contains("station/station"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_queued_from_its_own_addresses_as_far_as_the_line_up_has_it_not() {
    let house = House::with_target("private_addresses = true").await;
    let (address, _, original) = film(&house).await;
    let list = house.nas.with_file_name("list.m3u");
    let text = format!("#EXTM3U\n#EXTINF:-1 group-title=\"Films\",Rare Film (1999) 720p\n{address}\n");
    contract::disk::replace(&list, text.as_bytes(), contract::disk::Access::Owner).unwrap();
    let queued = house.told(&["diff", list.to_str().unwrap(), "--queue"]);
    let job = queued["added"][0].as_i64().unwrap();
    let _worker = house.run();
    let done = house.until(job, "completed").await;
    assert_eq!(done["title"], "Rare Film");
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_for_another_program_and_waits_until_there_is_one() {
    let house = House::with_target("private_addresses = true\nyt_dlp = '/nowhere/yt-dlp'").await;
    let worker = house.run();
    let list = house.station.url().to_string() + "/films/7/index.m3u8";
    let job = add(&house, &list, "Stream (2021)");
    let waits = || house.job(job)["waits_for"] == "engine";
    eventually(waits).await.unwrap_or_else(|()| panic!("{:#}", house.job(job)));
    assert!(house.job(job)["why"].as_str().unwrap().contains("is not installed"));
    assert!(worker.stop());

    // As the real one does, it puts its own extension behind the name that it is told, and says where that is.
    let (_, _, original) = film(&house).await;
    let brought = house.nas.with_file_name("brought");
    contract::disk::replace(&brought, &original, contract::disk::Access::Owner).unwrap();
    let script = format!(
        "while [ \"$1\" != -o ]; do shift; done; out=$(dirname \"$2\")/$(basename \"$2\" '.%(ext)s').mp4\n\
         cp '{}' \"$out\"; echo 'P {{\"status\":\"finished\",\"downloaded_bytes\":{SIZE}}}'; printf 'F \"%s\"\\n' \"$out\"",
        brought.display()
    );
    let program = house.script("yt-dlp", &script);
    let with = House::with_target(&format!("private_addresses = true\nyt_dlp = {program:?}")).await;
    let _worker = with.run();
    // A list, and a page: what it is shows when it is asked for.
    with.station.publish("/watch", "<!doctype html><html>a page</html>", "text/html", None);
    for (path, title) in [("/films/7/index.m3u8", "Stream (2021)"), ("/watch", "Page (2022)")] {
        with.told(&["target", "set", "nas", "--limit", "10000"]);
        let job = add(&with, &(with.station.url().to_string() + path), title);
        with.until(job, "transferring").await;
        // What is here no more is had as it was the first time, whatever it was.
        with.told(&["pause", &job.to_string()]);
        with.parts().iter().for_each(|part| fs::remove_file(part).unwrap());
        with.told(&["target", "set", "nas", "--limit", "0"]);
        with.told(&["resume", &job.to_string()]);
        let done = with.until(job, "completed").await;
        let place = done["final_path"].as_str().unwrap();
        assert!(place.ends_with(".mp4"), "{place}");
        assert!(fs::read(with.nas.join(place)).unwrap() == original, "{title}");
    }
    eventually(|| with.parts().is_empty()).await.expect("nothing of it stays here");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_gets_through_an_outlet_to_where_it_leads_and_nowhere_else() {
    let house = House::with(station::Settings::default(), "").await;
    let ask = async |outlet: &Outlet, url: String| {
        let client = reqwest::Client::builder().proxy(reqwest::Proxy::all(outlet.proxy()).unwrap());
        let answer = client.build().unwrap().get(url).send().await;
        answer.map(|answer| answer.status().as_u16())
    };
    let url = format!("{}/player_api.php?username=station&password=station", house.station.url());
    let before = house.station.counts().requests("account");
    let open = Outlet::open(|_| true).await.unwrap();
    assert_eq!(ask(&open, url.clone()).await.unwrap(), 200);
    assert!(!open.has_refused());
    assert_eq!(house.station.counts().requests("account"), before + 1);

    let guarded = Outlet::open(contract::reach::is_public).await.unwrap();
    let port = url.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    for host in ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let refused = ask(&guarded, format!("http://{host}:{port}/player_api.php")).await.unwrap();
        assert_eq!(refused, 403, "{host}");
        // Over TLS it is asked for a tunnel.
        assert!(ask(&guarded, format!("https://{host}:{port}/")).await.is_err(), "{host}");
    }
    assert!(guarded.has_refused());
    assert_eq!(house.station.counts().requests("account"), before + 1, "nobody got there");
    let proxy = guarded.proxy();
    drop(guarded);
    let is_shut = || std::net::TcpStream::connect(proxy.trim_start_matches("http://")).is_err();
    eventually(is_shut).await.expect("it is open as long as it is kept");
}
