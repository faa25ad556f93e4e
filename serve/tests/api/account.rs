//! Logging in.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use serve::{Network, Settings};

use crate::client::Ask;
use crate::house::{ANN, House, NOW};
use crate::line_up::LineUp;
use crate::page::log_in;

const FORM: &str = "application/x-www-form-urlencoded";

/// 1
#[tokio::test]
async fn parameters_count_wherever_an_app_puts_them_and_the_query_wins() {
    let house = House::new().await;
    let expected = house.api("action=get_live_streams").await;
    assert_eq!(expected.status, 200);
    let query = format!("/player_api.php?{ANN}&action=get_live_streams");
    let all = format!("{ANN}&action=get_live_streams");
    let multipart = ["username\"\r\n\r\nann", "password\"\r\n\r\nsecret", "action\"\r\n\r\nget_live_streams"]
        .map(|field| format!("--b\r\nContent-Disposition: form-data; name=\"{field}\r\n"))
        .concat()
        + "--b--\r\n";
    let post = |target: &str| Ask::new("POST", target);
    for asked in [
        post("/player_api.php").header("Content-Type", FORM).body(&all),
        post("/player_api.php").body(&all),
        post("/player_api.php").header("Content-Type", "multipart/form-data; boundary=b").body(&multipart),
        post(&query).body("{}"),
        post(&query).body(""),
        post(&query).header("Content-Type", FORM).body("username=nobody&action=get_series"),
        post("/player_api.php?action=get_live_streams").header("Content-Type", FORM).body(ANN),
    ] {
        let answer = asked.send(house.address).await;
        assert_eq!((answer.status, answer.text()), (200, expected.text()));
    }
}

/// 2
#[tokio::test]
async fn the_path_may_be_written_carelessly_and_lie_below_a_sub_path() {
    let public = Some("https://tv.example/tv");
    let house = House::with(Settings::default(), public, Some(LineUp::usual())).await;
    let expected = house.api("").await;
    for path in
        ["/player_api", "//player_api.php", "/player_api.php/", "/tv/player_api.php", "/tv//player_api"]
    {
        assert_eq!(house.get(&format!("{path}?{ANN}&")).await.text(), expected.text(), "{path}");
    }
    let info = &expected.json()["server_info"];
    assert_eq!((&info["url"], &info["server_protocol"]), (&json!("tv.example"), &json!("https")));
    assert_eq!((&info["port"], &info["https_port"]), (&json!("443"), &json!("443")));
    let playlist = house.get(&format!("/get.php?{ANN}")).await;
    assert!(playlist.text().contains("\nhttps://tv.example/tv/live/ann/secret/101.ts\n"));
    assert!(
        playlist.text().contains("url-tvg=\"https://tv.example/tv/xmltv.php?username=ann&password=secret\"")
    );
}

/// 2, 7
#[tokio::test]
async fn behind_a_proxy_that_is_trusted_everything_names_the_address_that_was_typed() {
    let trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    let settings = Settings { trusted_proxies, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let asked = async |page: &str| {
        let ask = Ask::new("GET", &format!("/{page}.php?{ANN}"))
            .header("X-Forwarded-Host", "tv.example, inner.example")
            .header("X-Forwarded-Proto", "https")
            .header("X-Forwarded-Port", "8443")
            .header("X-Forwarded-Prefix", "/my/tv/");
        ask.send(house.address).await
    };
    let info = asked("player_api").await.json()["server_info"].clone();
    assert_eq!((&info["url"], &info["server_protocol"]), (&json!("tv.example"), &json!("https")));
    assert_eq!((&info["port"], &info["https_port"]), (&json!("8443"), &json!("8443")));
    // Some proxies leave in the path what they have put before it.
    assert_eq!(asked("my/tv/player_api").await.json()["server_info"], info);
    assert_eq!(asked("my/tvx/player_api").await.status, 404);
    let playlist = asked("get").await;
    let base = "https://tv.example:8443/my/tv/";
    assert!(playlist.text().lines().filter(|line| !line.starts_with('#')).all(|url| url.starts_with(base)));
    assert!(playlist.text().starts_with(&format!("#EXTM3U url-tvg=\"{base}xmltv.php?")));
}

/// 1, 2: forms of newer panels.
#[tokio::test]
async fn parameters_may_stand_in_the_path() {
    let house = House::new().await;
    for (path, usual) in [
        ("/player_api/ann/secret", "/player_api.php?"),
        ("/player_api/ann/secret/get_series", "/player_api.php?action=get_series&"),
        ("/tv//player_api/ann/secret/202/?category_id=1", "/player_api.php?action=202&category_id=1&"),
        ("/panel_api/ann/secret", "/panel_api.php?"),
        ("/playlist/ann/secret/m3u", "/get.php?type=m3u&"),
        ("/playlist/ann/secret/m3u_plus/m3u8", "/get.php?type=m3u_plus&output=m3u8&"),
        ("/epg/ann/secret", "/xmltv.php?"),
        ("/epg/ann/secret/gz", "/xmltv.php?gzip=1&"),
    ] {
        let (answer, expected) = (house.get(path).await, house.get(&format!("{usual}{ANN}")).await);
        assert_eq!((answer.status, expected.status), (200, 200), "{path}");
        assert_eq!(answer.body, expected.body, "{path}");
    }
    let playlist = house.get(&format!("/playlist?{ANN}")).await;
    assert_eq!(playlist.body, house.get(&format!("/get.php?{ANN}")).await.body);
    assert_eq!(house.get("/player_api/ann/wrong").await.text(), r#"{"user_info":{"auth":0}}"#);
    assert_eq!(house.get("/playlist/ann/wrong/m3u").await.status, 403);
}

/// 3
#[tokio::test]
async fn what_is_no_action_is_answered_with_the_account() {
    let house = House::new().await;
    let expected = house.api("").await;
    assert_eq!(expected.json()["user_info"]["auth"], 1);
    for action in ["", "get_profile", "get_server_info", "get_user_info", "get_account_info", "nonsense"] {
        let answer = house.api(&format!("action={action}")).await;
        assert_eq!((answer.status, answer.text()), (200, expected.text()), "{action}");
    }
}

/// 4
#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_the_same_and_nothing_else() {
    let house = House::new().await;
    for pair in ["username=ann&password=wrong", "username=nobody&password=secret", "username=ann", ""] {
        let account = house.get(&format!("/player_api.php?{pair}")).await;
        assert_eq!((account.status, account.text()), (200, r#"{"user_info":{"auth":0}}"#), "{pair}");
        assert_eq!(account.header("content-type"), Some("application/json; charset=utf-8"));
        for target in ["/player_api.php?action=get_live_streams&", "/get.php?", "/xmltv.php?"] {
            let answer = house.get(&format!("{target}{pair}")).await;
            assert_eq!(
                (answer.status, answer.text()),
                (403, r#"{"user_info":{"auth":0}}"#),
                "{target}{pair}"
            );
        }
    }
}

/// 4, 5
#[tokio::test]
async fn for_apps_that_take_403_for_an_outage_lists_are_refused_with_200() {
    let settings = Settings { classic_refusals: true, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    for (pair, expected) in [
        ("username=ann&password=wrong", json!({"user_info": {"auth": 0}})),
        ("username=late&password=secret", json!({"user_info": {"auth": 1, "status": "Expired"}})),
    ] {
        let answer = house.get(&format!("/player_api.php?action=get_live_streams&{pair}")).await;
        assert_eq!((answer.status, answer.json()), (200, expected));
        assert_eq!(house.get(&format!("/get.php?{pair}")).await.status, 403, "that is no document");
    }
    assert!(house.api("action=get_live_streams").await.json().is_array());
}

#[tokio::test]
async fn a_user_asks_no_faster_than_the_operator_lets_him() {
    let settings = Settings { lists_per_second: 1, listings_per_second: 2, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let [lists, listings] = ["get_live_categories", "get_short_epg&stream_id=101"];
    let page = log_in(&house, "ann", "secret").await;
    let guide = async || {
        let ask = Ask::new("GET", "/page/api/guide?ids=101").header("Cookie", &page);
        ask.send(house.address).await.status
    };
    assert_eq!(guide().await, 200);
    for (action, allowed) in [(lists, 10), (listings, 20)] {
        let mut last = house.api(&format!("action={action}")).await;
        // A machine that is busy takes its time, in which more is allowed.
        for _ in 1..10 * allowed {
            if last.status == 429 {
                break;
            }
            last = house.api(&format!("action={action}")).await;
        }
        assert_eq!((last.status, last.header("retry-after")), (429, Some("1")), "{action}");
    }
    let mut refused = false;
    for _ in 0..200 {
        refused = refused || guide().await == 429;
    }
    assert!(refused, "the page's guide is made of listings as well");
    assert_eq!(house.api("").await.json()["user_info"]["auth"], 1, "the account is told at any time");
    let bob = house.get(&format!("/player_api.php?username=bob&password=secret&action={lists}")).await;
    assert_eq!(bob.status, 200, "each for himself");
}

/// 5
#[tokio::test]
async fn those_who_may_not_watch_are_told_why_and_get_nothing() {
    let house = House::new().await;
    for (name, status) in [("late", "Expired"), ("off", "Disabled"), ("out", "Banned")] {
        let pair = format!("username={name}&password=secret");
        let account = house.get(&format!("/player_api.php?{pair}")).await;
        let user = &account.json()["user_info"];
        assert_eq!((account.status, &user["auth"], &user["status"]), (200, &json!(1), &json!(status)));
        for target in ["/player_api.php?action=get_live_streams&", "/get.php?", "/xmltv.php?"] {
            assert_eq!(house.get(&format!("{target}{pair}")).await.status, 403, "{target}");
        }
    }
}

/// 6, 8
#[tokio::test]
async fn every_field_of_the_account_has_the_type_that_apps_read() {
    let house = House::new().await;
    let document = house.api("").await.json();
    assert_eq!(
        document["user_info"],
        json!({"username": "ann", "password": "secret", "message": "", "auth": 1, "status": "Active",
               "exp_date": "2145916800", "is_trial": "0", "active_cons": "0", "created_at": "1700000000",
               "max_connections": "2", "allowed_output_formats": ["ts", "m3u8"]})
    );
    assert_eq!(
        document["server_info"],
        json!({"url": "127.0.0.1", "port": house.address.port().to_string(), "https_port": "",
               "server_protocol": "http", "rtmp_port": "0", "timezone": "UTC", "timestamp_now": NOW,
               "time_now": "2025-10-09 08:10:00", "process": true})
    );
    let bob = house.get("/player_api.php?username=bob&password=secret").await.json();
    assert_eq!(bob["user_info"]["max_connections"], "1000", "without a limit, and not busy with none");
    assert_eq!(bob["user_info"]["exp_date"], (NOW + 1).to_string());
}

/// 7
#[tokio::test]
async fn the_server_describes_the_address_it_was_asked_at() {
    let info = |answer: Value| answer["server_info"].clone();
    let forwarded = |house: &House| {
        Ask::new("GET", &format!("/player_api.php?{ANN}"))
            .header("Host", "tv.example:8080")
            .header("X-Forwarded-Host", "public.example")
            .header("X-Forwarded-Proto", "https")
            .send(house.address)
    };
    let house = House::new().await;
    let direct = info(forwarded(&house).await.json());
    assert_eq!((&direct["url"], &direct["port"]), (&json!("tv.example"), &json!("8080")));
    assert_eq!(direct["server_protocol"], "http");

    let trusted_proxies = vec![Network::parse("127.0.0.0/8").unwrap()];
    let settings = Settings { trusted_proxies, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let behind = info(forwarded(&house).await.json());
    assert_eq!((&behind["url"], &behind["port"]), (&json!("public.example"), &json!("443")));
    assert_eq!((&behind["server_protocol"], &behind["https_port"]), (&json!("https"), &json!("443")));

    let odd = Ask::new("GET", &format!("/get.php?{ANN}")).header("Host", "a\"b").send(house.address).await;
    assert_eq!(odd.status, 400);
}

/// 10
#[tokio::test]
async fn active_connections_are_the_streams_that_are_open() {
    let house = House::new().await;
    for open in [0, 1, 0] {
        house.viewers.store(open, Ordering::Relaxed);
        assert_eq!(house.api("").await.json()["user_info"]["active_cons"], open.to_string());
    }
}

/// 11
#[tokio::test]
async fn answers_are_json_for_everybody_and_nothing_keeps_the_account() {
    let house = House::new().await;
    let account = house.api("").await;
    assert_eq!(account.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(account.header("access-control-allow-origin"), Some("*"));
    assert_eq!(account.header("cache-control"), Some("no-store"));
    assert!(account.body.starts_with(b"{") && account.header("content-encoding").is_none());
    let preflight = Ask::new("OPTIONS", "/player_api.php").send(house.address).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")));
    let put = Ask::new("PUT", "/player_api.php").send(house.address).await;
    assert_eq!((put.status, put.header("allow")), (405, Some("GET, HEAD, POST, OPTIONS")));
}

/// 12
#[tokio::test]
async fn blanks_around_a_pair_do_not_count_and_its_case_does() {
    let house = House::new().await;
    let auth =
        async |pair: &str| house.get(&format!("/player_api.php?{pair}")).await.json()["user_info"].clone();
    assert_eq!(auth("username=ann%20&password=+secret%0a").await["password"], "secret");
    assert_eq!(auth("username=Ann&password=secret").await, json!({"auth": 0}));
    assert_eq!(auth("username=ann&password=Secret").await, json!({"auth": 0}));
}

/// 13
#[tokio::test]
async fn ten_wrong_logins_a_minute_are_all_that_an_address_has() {
    let trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    let settings = Settings { trusted_proxies, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    let asked = async |client: &str, pair: &str| {
        let ask = Ask::new("GET", &format!("/player_api.php?{pair}"));
        ask.header("X-Forwarded-For", client).send(house.address).await
    };
    let (guesser, neighbour) = ("192.0.2.1", "192.0.2.2");
    assert_eq!(asked(guesser, ANN).await.json()["user_info"]["auth"], 1);
    // Half a pair is no guess.
    for pair in ["", "username=ann", "password=secret"].repeat(5) {
        assert_eq!(asked(guesser, pair).await.status, 200);
    }
    let guess = |n: usize| async move { asked(guesser, &format!("username=ann&password=guess{n}")).await };
    let at_once = futures_util::future::join_all((0..15).map(guess)).await;
    let refused = at_once.iter().filter(|answer| answer.status == 429).count();
    assert_eq!(refused, 5, "however many come at the same time");
    let later = guess(16).await;
    assert_eq!((later.status, later.text()), (429, r#"{"user_info":{"auth":0}}"#));
    assert!((1..=60).contains(&later.header("retry-after").unwrap().parse().unwrap()));

    assert_eq!(asked(guesser, ANN).await.json()["user_info"]["auth"], 1, "who was right before goes on");
    assert_eq!(
        asked(guesser, "username=bob&password=secret").await.status,
        429,
        "who was not may be guessing"
    );
    assert_eq!(asked(neighbour, "username=bob&password=secret").await.json()["user_info"]["auth"], 1);
    assert_eq!(
        asked(neighbour, "username=ann&password=wrong").await.json(),
        json!({"user_info": {"auth": 0}})
    );
}

/// 13
#[tokio::test]
async fn without_a_limit_and_by_proxies_nobody_knows_nothing_changes() {
    let settings = Settings { login_failures: 0, ..Settings::default() };
    let house = House::with(settings, None, Some(LineUp::usual())).await;
    for n in 0..12 {
        let wrong = house.get(&format!("/player_api.php?username=ann&password=guess{n}")).await;
        assert_eq!(wrong.status, 200);
    }
    let house = House::with(Settings { login_failures: 1, ..Settings::default() }, None, None).await;
    let from = |client: &str| {
        Ask::new("GET", "/player_api.php?username=ann&password=wrong")
            .header("X-Forwarded-For", client)
            .send(house.address)
    };
    assert_eq!((from("192.0.2.1").await.status, from("192.0.2.2").await.status), (200, 429));
}
