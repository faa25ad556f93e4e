//! What is there besides television.

use std::sync::Arc;

use contract::hdhomerun::Device;
use contract::source::BaseUrl;
use contract::user::{PasswordHash, User};
use serve::Settings;

use crate::client::Ask;
use crate::house::{ANN, House};
use crate::line_up::LineUp;

/// 24
#[tokio::test]
async fn before_the_first_release_lists_say_later_and_the_account_answers() {
    let house = House::with(Settings::default(), None, None).await;
    for target in [
        "/player_api.php?action=get_live_streams&",
        "/player_api.php?action=get_short_epg&",
        "/get.php?",
        "/xmltv.php?",
    ] {
        let answer = house.get(&format!("{target}{ANN}")).await;
        assert_eq!(answer.status, 503, "{target}");
        assert!(answer.header("retry-after").unwrap().parse::<u32>().unwrap() > 0);
    }
    assert_eq!(house.api("").await.json()["user_info"]["auth"], 1);
    assert_eq!(house.get("/health").await.status, 503);

    house.publish(&LineUp::usual());
    assert_eq!(house.api("action=get_live_streams").await.status, 200);
    let health = house.get("/health").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json(), serde_json::json!({"status": "ok", "release": "000001", "age": 60}));
}

#[tokio::test]
async fn the_front_page_says_what_this_is() {
    let house = House::new().await;
    let page = house.get("/").await;
    assert!(page.status == 200 && page.text().contains("Xtream"));
    assert_eq!(house.get("/favicon.ico").await.status, 404);
}

#[tokio::test]
async fn apart_from_relays_viewers_are_sent_to_the_one_that_has_the_channel() {
    let relays = ["http://r1.example:8080", "http://r2.example/x"].map(|url| BaseUrl::new(url).unwrap());
    let settings = Settings { relays: relays.into(), ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let mut seen = std::collections::BTreeSet::new();
    for id in 1..=20 {
        let targets = ["live/u/p", "u/p"].map(|path| format!("//{path}/{id}.ts?a=b"));
        let [typed, untyped] = [house.get(&targets[0]).await, house.get(&targets[1]).await];
        assert_eq!((typed.status, typed.header("cache-control")), (302, Some("no-store")));
        let (typed, untyped) = (typed.header("location").unwrap(), untyped.header("location").unwrap());
        let relay = typed.strip_suffix(&format!("/live/u/p/{id}.ts?a=b")).unwrap();
        assert_eq!(untyped, format!("{relay}/u/p/{id}.ts?a=b"));
        seen.insert(relay.to_owned());
    }
    assert_eq!(seen.len(), 2, "both have some");
    let without = House::new().await;
    assert_eq!(Ask::new("GET", "/live/u/p/101.ts").send(without.address).await.status, 404);
}

/// 76
#[tokio::test]
async fn viewers_are_sent_on_for_this_time_only_and_under_the_scheme_they_came_by() {
    let relays = ["http://r1.example:8080", "https://r1.example"].map(|url| BaseUrl::new(url).unwrap());
    let trusted_proxies = vec![serve::Network::parse("127.0.0.1").unwrap()];
    let settings = Settings { relays: relays.into(), trusted_proxies, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    for path in [
        "/live/u/p/1.ts",
        "/live/u/p/1.m3u8",
        "/u/p/1",
        "/movie/u/p/2.mp4",
        "/series/u/p/3.mkv",
        "/timeshift/u/p/60/2025-10-09:08-00/1.ts",
        "/live/u/p/1.ts?utc=1759990000&lutc=1759997400",
        "/streaming/timeshift.php?username=u&password=p&stream=1&start=2025-10-09:08-00&duration=60",
        "/tv/live/u/p/1.ts",
    ] {
        for method in ["GET", "HEAD"] {
            for (proto, relay) in [("http", "http://r1.example:8080"), ("https", "https://r1.example")] {
                let ask = Ask::new(method, path).header("X-Forwarded-Proto", proto);
                let answer = ask.send(house.address).await;
                assert_eq!(
                    (answer.status, answer.header("cache-control")),
                    (302, Some("no-store")),
                    "{path}"
                );
                let there = format!("{relay}{}", path.trim_start_matches("/tv"));
                assert_eq!(answer.header("location"), Some(&*there));
                assert_eq!(answer.body, b"");
            }
        }
    }
}

#[tokio::test]
async fn at_home_a_channel_of_a_device_is_at_a_relay_by_the_devices_name() {
    let device = |name: &str| Device { name: name.into(), user: "ann".into(), groups: None, tuners: 0 };
    let relays = ["http://r1.example:8080", "https://r1.example"].map(|url| BaseUrl::new(url).unwrap());
    let hdhomerun = vec![device("Coax"), device("Upstairs & more")];
    let settings = Settings { relays: relays.into(), hdhomerun, ..Settings::default() };
    // Who is at home comes as he comes, whatever is public.
    let house = House::with(settings, Some("https://tv.example"), Some(LineUp::usual())).await;
    let ids = contract::hdhomerun::Devices::new(
        vec![device("Upstairs & more")],
        contract::ticket::Key::load(&house.data.key()).unwrap(),
    );
    let find = |_: &str| Some(Arc::new(User::new("ann", PasswordHash::new("x"), 1)));
    let id = ids.all(&house.follower.release().unwrap(), find)[0].id;
    for (path, device) in
        [("/auto/v1".to_owned(), "Coax"), (format!("/hdhomerun/{id}/auto/v1"), "Upstairs+%26+more")]
    {
        let answer = house.get(&path).await;
        let there = format!("http://r1.example:8080/auto/v1?device={device}");
        assert_eq!((answer.status, answer.header("location")), (302, Some(&*there)), "{path}");
    }
}

/// 25
#[tokio::test]
async fn while_releases_are_published_every_answer_is_of_one_of_them() {
    let house = House::new().await;
    let (few, many) = (LineUp::usual(), LineUp::long());
    let publishing = async {
        for at in 0..10 {
            house.publish(if at % 2 == 0 { &many } else { &few });
            tokio::task::yield_now().await;
        }
    };
    let reading = async {
        for _ in 0..30 {
            let list = house.api("action=get_live_streams").await.json();
            let playlist = house.get(&format!("/get.php?{ANN}&key=live,radio_streams")).await;
            let counts = (list.as_array().unwrap().len(), playlist.text().matches("#EXTINF").count());
            assert!([4, 204].contains(&counts.0) && [4, 204].contains(&counts.1), "{counts:?}");
        }
    };
    tokio::join!(publishing, reading);
}
