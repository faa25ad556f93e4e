//! The page for browsers: what it is made of, its login, and what it asks for besides the API of the apps.

use std::time::{Duration, Instant};

use contract::user::{Token, Users};
use serde_json::{Value, json};
use serve::Settings;

use crate::client::{Answer, Ask};
use crate::house::{House, NOW};
use crate::line_up::LineUp;

async fn post(house: &House, path: &str, document: &Value) -> Answer {
    let ask = Ask::new("POST", path).header("Content-Type", "application/json");
    ask.body(&document.to_string()).send(house.address).await
}

async fn eventually(what: &str, happened: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !happened().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The cookies of an answer, as a browser sends them back.
fn cookies(answer: &Answer) -> String {
    let set = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    set.map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

/// The cookie of a visitor who has logged in.
pub(crate) async fn log_in(house: &House, name: &str, password: &str) -> String {
    let answer = post(house, "/page/api/login", &json!({ "username": name, "password": password })).await;
    assert_eq!(answer.status, 200, "{}", answer.head);
    cookies(&answer)
}

async fn as_browser(house: &House, path: &str, cookie: &str) -> Answer {
    Ask::new("GET", path).header("Cookie", cookie).send(house.address).await
}

#[tokio::test]
async fn a_browser_gets_the_page_and_what_it_is_made_of_for_ever() {
    let house = House::new().await;
    let html = ("Accept", "text/html,*/*;q=0.8");
    let page = Ask::new("GET", "/").header(html.0, html.1).send(house.address).await;
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let policy = page.header("content-security-policy").unwrap();
    for part in
        ["default-src 'none'", "script-src 'self';", "worker-src 'self' blob:", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(
        (page.header("cache-control"), page.header("referrer-policy")),
        (Some("no-cache"), Some("no-referrer"))
    );
    let etag = page.header("etag").unwrap();
    let again =
        Ask::new("GET", "/").header(html.0, html.1).header("If-None-Match", etag).send(house.address).await;
    assert_eq!(again.status, 304);

    let text = page.text();
    let names = text.split('"').filter_map(|part| part.strip_prefix("./page/")).collect::<Vec<_>>();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let path = format!("/page/{name}");
        let plain = house.get(&path).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{name}");
        assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(plain.header("access-control-allow-origin"), None);
        for coding in ["gzip", "zstd"] {
            let packed = Ask::new("GET", &path).header("Accept-Encoding", coding).send(house.address).await;
            let unpacked = match packed.header("content-encoding") {
                Some("gzip") => {
                    let mut text = Vec::new();
                    std::io::Read::read_to_end(
                        &mut flate2::read::GzDecoder::new(&packed.body[..]),
                        &mut text,
                    )
                    .unwrap();
                    text
                }
                Some("zstd") => zstd::decode_all(&packed.body[..]).unwrap(),
                _ => packed.body.clone(),
            };
            assert!(unpacked == plain.body && packed.body.len() <= plain.body.len(), "{name} {coding}");
        }
    }
    assert_eq!(house.get("/page/app.js").await.status, 404);
    let below = Ask::new("GET", "/").header(html.0, html.1).header("X-Forwarded-Prefix", "/x");
    assert!(
        below.send(house.address).await.text().contains("<base href=\"/\""),
        "nobody is believed by default"
    );
}

#[tokio::test]
async fn a_login_is_a_device_of_the_user_until_it_is_given_back() {
    let house = House::new().await;
    for (name, password) in [("ann", "wrong"), ("late", "secret"), ("out", "secret")] {
        let answer =
            post(&house, "/page/api/login", &json!({ "username": name, "password": password })).await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, None), "{name}");
    }
    let cookie = log_in(&house, "ann", "secret").await;
    assert!(
        cookie.starts_with("coax_page=") && !cookie.contains("coax_admin"),
        "a viewer administers nothing"
    );
    let session = as_browser(&house, "/page/api/session", &cookie).await.json();
    let token = session["token"].as_str().unwrap();
    assert_eq!(
        (&session["name"], &session["admin"], &session["max_connections"]),
        (&json!("ann"), &json!(false), &json!(2))
    );
    let account = house.get(&format!("/player_api.php?token={token}")).await.json();
    assert_eq!(account["user_info"]["username"], "ann", "what stands in addresses opens what apps ask for");
    let users = Users::new(house.data.clone());
    let tokens =
        |name: &str| users.list().unwrap().into_iter().find(|user| user.name == name).unwrap().tokens;
    assert!(tokens("ann")[0].device.starts_with("Browser: "));
    // The token of a device opens no browser.
    let answer = post(&house, "/page/api/login", &json!({ "username": "ann", "password": token })).await;
    assert_eq!(answer.status, 403);

    for foreign in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        let ask = Ask::new("GET", "/page/api/session").header("Cookie", &cookie).header(foreign.0, foreign.1);
        let answer = ask.send(house.address).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (403, None), "{foreign:?}");
    }
    let form = Ask::new("POST", "/page/api/login").header("Content-Type", "text/plain");
    let form = form.body(r#"{"username":"ann","password":"secret"}"#).send(house.address).await;
    assert_eq!(form.status, 400);

    let out = Ask::new("POST", "/page/api/logout").header("Cookie", &cookie).send(house.address).await;
    assert!(out.status == 204 && out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert!(tokens("ann").is_empty());
    assert_eq!(as_browser(&house, "/page/api/session", &cookie).await.status, 403);

    let old = log_in(&house, "ann", "secret").await;
    let television = Token::new("tv", false, NOW);
    users
        .edit(|all| {
            let ann = all.iter_mut().find(|user| user.name == "ann").unwrap();
            ann.tokens[0].created -= 90 * 86_400;
            ann.give(television.0)
        })
        .unwrap()
        .unwrap();
    let refused = async || as_browser(&house, "/page/api/session", &old).await.status == 403;
    eventually("a login ends after ninety days", refused).await;
    let cookie = format!("coax_page={}", television.1);
    assert_eq!(
        as_browser(&house, "/page/api/session", &cookie).await.status,
        403,
        "what was given to a television is no login"
    );

    let boss = log_in(&house, "boss", "secret").await;
    assert_eq!(
        as_browser(&house, "/api/admin/users", &boss).await.status,
        200,
        "an administrator is in there as well"
    );
}

#[tokio::test]
async fn the_page_is_told_what_its_user_may_see_and_no_more() {
    let house = House::new().await;
    let (ann, kid) = (log_in(&house, "ann", "secret").await, log_in(&house, "kid", "secret").await);
    let path = format!("/page/api/guide?ids=101,102,999&from={}&until={}", NOW, NOW + 6 * 3600);
    let guide = as_browser(&house, &path, &ann).await.json();
    let apps = house.api("action=get_short_epg&stream_id=101&limit=1").await.json();
    let first = &apps["epg_listings"][0];
    assert_eq!(guide["101"][0][0].to_string(), first["start_timestamp"].as_str().unwrap());
    assert!(guide["101"][0][0].as_u64().unwrap() <= NOW && guide["101"][0][1].as_u64().unwrap() > NOW);
    assert_eq!(guide["999"], json!([]));
    let seen = as_browser(&house, "/player_api.php?username=kid&password=secret&action=get_live_streams", "")
        .await
        .json();
    let seen: Vec<u64> =
        seen.as_array().unwrap().iter().map(|it| it["stream_id"].as_u64().unwrap()).collect();
    for id in [101, 102, 103, 104] {
        let expected = if seen.contains(&id) { 200 } else { 404 };
        for path in [format!("/page/api/channel/{id}"), format!("/page/api/picture/live/{id}")] {
            assert_eq!(as_browser(&house, &path, &kid).await.status, expected, "{path}");
        }
    }
    let picture = as_browser(&house, "/page/api/picture/live/101", &ann).await;
    assert!(picture.header("content-type").unwrap().starts_with("image/"));
    assert!(picture.header("cache-control").unwrap().starts_with("private"));
    assert_eq!(
        as_browser(&house, "/page/api/channel/101", &ann).await.json(),
        json!({}),
        "nothing is received here"
    );
}

#[tokio::test]
async fn an_installation_that_nobody_administers_is_set_up_by_whoever_has_the_code() {
    let house = House::with(Settings::default(), None, Some(LineUp::usual())).await;
    let open = async || house.get("/page/api/setup").await.json()["open"].as_bool().unwrap();
    assert!(!open().await && house.server.setup_code().is_none(), "somebody administers");
    let code = {
        let users = Users::new(house.data.clone());
        users.edit(|all| all.retain(|user| !user.admin)).unwrap();
        eventually("the set-up is open", async || house.server.setup_code().is_some()).await;
        house.server.setup_code().unwrap().to_owned()
    };
    assert!(open().await && code.len() == 12);
    let begin = async |document: Value| post(&house, "/page/api/setup", &document).await;
    assert_eq!(
        begin(json!({ "code": "abcdefghjkmn", "name": "eve", "password": "password" })).await.status,
        403
    );
    assert_eq!(begin(json!({ "code": code })).await.status, 200, "it is the one");
    for (name, password) in
        [("ann", "television"), ("a b", "television"), ("boss", "short"), ("live", "television")]
    {
        let answer = begin(json!({ "code": code, "name": name, "password": password })).await;
        assert!(answer.status == 400 && answer.json()["detail"].is_string(), "{name} {password}");
    }
    let made = begin(json!({ "code": code, "name": "boss", "password": "television" })).await;
    assert_eq!((made.status, &made.json()["admin"]), (200, &json!(true)));
    assert_eq!(as_browser(&house, "/api/admin/users", &cookies(&made)).await.status, 200);
    assert!(!open().await);
    assert_eq!(
        begin(json!({ "code": code, "name": "eve", "password": "television" })).await.status,
        404,
        "once"
    );
}

#[tokio::test]
async fn the_catalogue_is_read_by_users_and_kept_by_administrators() {
    let house = House::new().await;
    let id = "0123456789abcdef0123456789abcdef01234567";
    let ask = async |method: &'static str, path: &str, who: &str, document: &Value| {
        let path = format!(
            "/api/channels{path}{}username={who}&password=secret",
            if path.contains('?') { '&' } else { '?' }
        );
        let ask = Ask::new(method, &path).header("Content-Type", "application/json");
        ask.body(&document.to_string()).send(house.address).await
    };
    let one = json!({ "name": "One", "ace_stream_id": id, "category": "Sport" });
    assert_eq!(ask("POST", "", "ann", &one).await.status, 403);
    let added = ask("POST", "", "boss", &one).await;
    assert_eq!((added.status, &added.json()["channel"]["is_active"]), (201, &json!(true)));
    let path = format!("/{}", added.json()["channel"]["id"].as_str().unwrap());
    assert_eq!(ask("PUT", &path, "boss", &json!({ "quality": "HD" })).await.json()["channel"]["name"], "One");
    let wrong = ask("POST", "", "boss", &json!({ "name": "x", "ace_stream_id": "12" })).await;
    assert_eq!((wrong.status, &wrong.json()["code"]), (400, &json!("VALIDATION_FAILED")));
    let found = ask("GET", "/search?q=sport&fields=category&limit=5", "ann", &json!(null)).await.json();
    assert_eq!(
        (&found["total"], &found["limit"], &found["channels"][0]["quality"]),
        (&json!(1), &json!(5), &json!("HD"))
    );
    assert_eq!(ask("GET", "/search?q=sport&fields=name", "ann", &json!(null)).await.json()["total"], 0);
    assert_eq!(ask("DELETE", &path, "ann", &json!(null)).await.status, 403);
    assert_eq!(ask("DELETE", &path, "boss", &json!(null)).await.status, 200);
    assert_eq!(ask("GET", &path, "ann", &json!(null)).await.status, 404);
    let (token, text) = Token::new("tv", false, NOW);
    let users = Users::new(house.data.clone());
    users
        .edit(|all| all.iter_mut().find(|user| user.name == "boss").map(|boss| boss.give(token)))
        .unwrap()
        .unwrap()
        .unwrap();
    let shown = async |method: &'static str| {
        let ask = Ask::new(method, &format!("/api/channels?token={text}"));
        ask.header("Content-Type", "application/json").body(&one.to_string()).send(house.address).await.status
    };
    eventually("a television reads it", async || shown("GET").await == 200).await;
    assert_eq!(shown("POST").await, 403, "and changes nothing");
    let stranger = ask("GET", "", "nobody", &json!(null)).await;
    assert_eq!((stranger.status, &stranger.json()["success"]), (403, &json!(false)));
}
