//! The administration.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use contract::secret::SharedKey;
use contract::session::Session;
use contract::user::{Token, Users};
use serde_json::{Value, json};
use serve::admin::{ENDPOINTS, Endpoint, Programs, Wished};
use serve::{Network, Settings};

use crate::client::{Answer, Ask};
use crate::house::{House, NOW};
use crate::line_up::LineUp;

const KEY: &str = "an-operators-own-key";

/// A house that can be administered, with a stream that Ann has open.
async fn house() -> House {
    let admin_key = Some(SharedKey::new(KEY).unwrap());
    let trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    House::with(Settings { admin_key, trusted_proxies, ..Settings::default() }, None, Some(LineUp::usual()))
        .await
}

/// What stands in for relay and ingest: whoever composes the programs hands such values over.
pub(crate) fn programs() -> Programs {
    let open = Arc::new(Mutex::new(vec![Session {
        id: 7,
        user: "ann".into(),
        device: None,
        address: "192.0.2.1".parse().unwrap(),
        agent: "VLC".into(),
        watches: 12001,
        file: true,
        since: NOW,
    }]));
    let (listed, running) = (open.clone(), AtomicBool::new(false));
    Programs {
        sessions: Box::new(move || listed.lock().unwrap().clone()),
        kick: Box::new(move |id| {
            let mut open = open.lock().unwrap();
            let before = open.len();
            open.retain(|session| session.id != id);
            open.len() < before
        }),
        status: Box::new(|| json!({ "seats": 1 })),
        run: Box::new(move || match running.swap(true, Ordering::Relaxed) {
            false => Wished::Begins,
            true => Wished::Running,
        }),
        probe: Box::new(|_| Some(Box::pin(async { json!({ "good": true, "ahead": null, "parts": [] }) }))),
        anew: Box::new(|| {}),
        matches: Box::new(|| Ok(json!([]))),
        settings: "[serve]".into(),
        described: json!({ "paths": { "/api/more": {} } }),
        progress: Box::new(
            || json!([{ "source": "acme", "step": "live", "found": { "live": 7 }, "done": false }]),
        ),
    }
}

fn ask(method: &'static str, path: &str) -> Ask {
    Ask::new(method, &format!("/api/admin{path}")).header("Authorization", &format!("Bearer {KEY}"))
}

async fn sent(house: &House, method: &'static str, path: &str, document: &Value) -> Answer {
    let ask = ask(method, path).header("Content-Type", "application/json");
    ask.body(&document.to_string()).send(house.address).await
}

async fn log_in(house: &House, name: &str, password: &str) -> Answer {
    let ask = Ask::new("POST", "/api/admin/login").header("Content-Type", "application/json");
    let pair = json!({ "username": name, "password": password });
    ask.body(&pair.to_string()).send(house.address).await
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

fn path_of(endpoint: &Endpoint) -> String {
    let path = endpoint.path.replace("{name}", "ann").replace("{device}", "tv");
    path.replace("{number}", "1").replace("{id}", "7")
}

#[tokio::test]
async fn nothing_but_what_is_public_answers_without_credentials() {
    let house = house().await;
    let viewer = log_in(&house, "ann", "secret").await;
    assert_eq!((viewer.status, viewer.header("set-cookie")), (401, None), "a viewer administers nothing");
    let (play, admin) = (Token::new("tv", false, 1), Token::new("script", true, 1));
    Users::new(house.data.clone())
        .edit(|all| {
            all.iter_mut()
                .filter(|user| user.name == "ann")
                .for_each(|ann| ann.tokens = vec![play.0.clone(), admin.0.clone()])
        })
        .unwrap();
    for (at, endpoint) in ENDPOINTS.iter().enumerate().filter(|(_, endpoint)| !endpoint.public) {
        let path = path_of(endpoint);
        for (nth, (name, value)) in [
            ("X-Nothing", String::new()),
            ("Authorization", format!("Bearer {}", &KEY[1..])),
            ("Authorization", format!("Bearer {}", play.1)),
            ("Authorization", format!("Bearer {}", admin.1)), // of one who is no administrator
            ("Authorization", "Basic Ym9zczpzZWNyZXQ=".into()),
            ("Cookie", "coax_admin=AAAA".into()),
        ]
        .into_iter()
        .enumerate()
        {
            // From an address of its own, so that what is wrong is told and not that it was wrong too often.
            let from = format!("198.51.{at}.{nth}");
            let ask =
                Ask::new(endpoint.method.word(), &path).header(name, &value).header("X-Forwarded-For", &from);
            let answer = ask.header("Content-Type", "application/json").body("{}").send(house.address).await;
            assert_eq!((answer.status, answer.json()["status"].as_u64()), (401, Some(401)), "{path} {name}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(house.get("/api/admin/nonsense").await.status, 401, "nor is it told what there is");
    assert_eq!(ask("GET", "/nonsense").send(house.address).await.status, 404);
    assert_eq!(ask("PUT", "/users").send(house.address).await.header("allow"), Some("GET, POST"));
}

#[tokio::test]
async fn whoever_guesses_keys_is_not_told_when_he_is_right_and_keeps_nobody_out() {
    let house = house().await;
    let shown = async |key: &str, from: &str| {
        let ask = Ask::new("GET", "/api/admin/session").header("X-Forwarded-For", from);
        ask.header("Authorization", &format!("Bearer {key}")).send(house.address).await.status
    };
    let (guesser, neighbour) = ("198.51.100.1", "198.51.100.2");
    for guess in 0..10 {
        assert_eq!(shown(&format!("guess-{guess}"), guesser).await, 401);
    }
    assert_eq!((shown("guess", guesser).await, shown(KEY, guesser).await), (429, 429));
    assert_eq!(shown(KEY, neighbour).await, 200);
    assert_eq!(shown(KEY, guesser).await, 200, "who was right before goes on");
}

#[tokio::test]
async fn a_login_gives_a_cookie_that_opens_until_it_is_given_back() {
    let house = house().await;
    let answer = log_in(&house, "boss", "secret").await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "name": "boss" })));
    let set = answer.header("set-cookie").unwrap();
    for part in ["; Path=/api/admin;", "; HttpOnly", "; SameSite=Strict"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "over HTTP it would never come back");
    let cookie = cookie(&answer);
    let asked = async |method, path: &str, header: (&str, &str)| {
        let ask = Ask::new(method, &format!("/api/admin{path}")).header("Cookie", &cookie);
        ask.header(header.0, header.1).send(house.address).await.status
    };
    let none = ("X-Nothing", "");
    assert_eq!((asked("GET", "/users", none).await, asked("POST", "/run", none).await), (200, 202));
    // A page of another site, in the browser of whoever has the cookie.
    for foreign in
        [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site")]
    {
        assert_eq!(asked("DELETE", "/users/ann", foreign).await, 403, "{foreign:?}");
        assert_eq!(asked("POST", "/logout", foreign).await, 403);
    }
    let form =
        Ask::new("POST", "/api/admin/users").header("Cookie", &cookie).header("Content-Type", "text/plain");
    assert_eq!(form.body(r#"{"name":"eve"}"#).send(house.address).await.status, 400);
    assert_eq!((asked("POST", "/logout", none).await, asked("GET", "/users", none).await), (204, 401));
    let secure = Ask::new("POST", "/api/admin/login").header("Content-Type", "application/json");
    let secure = secure.header("X-Forwarded-Proto", "https").header("X-Forwarded-Prefix", "/my");
    let answer = secure.body(r#"{"username":"boss","password":"secret"}"#).send(house.address).await;
    let set = answer.header("set-cookie").unwrap();
    assert!(set.contains("; Path=/my/api/admin;") && set.ends_with("; Secure"), "{set}");
}

#[tokio::test]
async fn who_may_not_administer_any_more_is_out_at_once() {
    let house = house().await;
    let boss = |change: &str| {
        let change: contract::user::Change = serde_json::from_str(change).unwrap();
        let hash = change.check().unwrap();
        let users = Users::new(house.data.clone());
        users
            .edit(|all| {
                all.iter_mut()
                    .filter(|user| user.name == "boss")
                    .for_each(|it| change.make(it, hash.as_ref()))
            })
            .unwrap();
    };
    for (change, back) in [
        (r#"{"admin":false}"#, r#"{"admin":true}"#),
        (r#"{"state":"disabled"}"#, r#"{"state":"active"}"#),
        (r#"{"expires":1}"#, r#"{"expires":null}"#),
        (r#"{"password":"other"}"#, "{}"),
    ] {
        let cookie = cookie(&log_in(&house, "boss", "secret").await);
        let status = async || {
            Ask::new("GET", "/api/admin/session").header("Cookie", &cookie).send(house.address).await.status
        };
        assert_eq!(status().await, 200);
        boss(change);
        let mut refused = false;
        for _ in 0..20 {
            refused = refused || status().await == 401;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert!(refused, "{change}");
        boss(back);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn wrong_logins_are_counted_whatever_they_are() {
    let house = house().await;
    let with_key = async || ask("GET", "/users").send(house.address).await.status;
    assert_eq!(with_key().await, 200);
    let mut statuses = Vec::new();
    for at in 0..12 {
        let from = if at % 2 == 0 {
            log_in(&house, "boss", &format!("wrong{at}")).await
        } else {
            Ask::new("GET", "/api/admin/users")
                .header("Authorization", &format!("Bearer wrong{at}"))
                .send(house.address)
                .await
        };
        statuses.push(from.status);
    }
    assert_eq!(statuses, [[401; 10].as_slice(), &[429, 429]].concat());
    assert_eq!(with_key().await, 200, "who has shown the key before is not kept waiting");
    assert_eq!(house.api("").await.status, 429, "the same count as of viewers, whose pair is not known yet");
}

#[tokio::test]
async fn users_are_added_changed_and_removed() {
    let house = house().await;
    let added = sent(
        &house,
        "POST",
        "/users",
        &json!({"name": "eve", "max_connections": 3, "sees": {"groups": ["UK"]}}),
    )
    .await;
    assert_eq!(added.status, 201);
    fits("AddedUser", &added);
    let password = added.json()["password"].as_str().unwrap().to_owned();
    let eve = format!("username=eve&password={password}");
    let list = house.get(&format!("/player_api.php?{eve}&action=get_live_streams")).await;
    assert_eq!(list.json().as_array().unwrap().len(), 2);
    assert_eq!(sent(&house, "POST", "/users", &json!({"name": "eve"})).await.status, 409);
    let change = json!({"state": "disabled", "notes": "owes us", "expires": null});
    let changed = sent(&house, "PATCH", "/users/eve", &change).await;
    fits("User", &changed);
    assert_eq!(
        (changed.json()["status"].as_str(), changed.json()["max_connections"].as_u64()),
        (Some("Disabled"), Some(3))
    );
    assert_eq!(house.get(&format!("/get.php?{eve}")).await.status, 403, "at once");
    let users = ask("GET", "/users").send(house.address).await;
    fits("Users", &users);
    assert!(!users.text().contains("argon2") && users.text().contains("owes us"));
    assert_eq!(ask("DELETE", "/users/eve").send(house.address).await.status, 204);
    for (method, path) in [("GET", "/users/eve"), ("DELETE", "/users/eve"), ("GET", "/users/no%2Fbody")] {
        let gone = ask(method, path).send(house.address).await;
        assert_eq!(gone.status, 404);
        fits("Problem", &gone);
    }
}

#[tokio::test]
async fn a_device_gets_a_token_that_opens_until_it_is_revoked() {
    let house = house().await;
    let given = sent(&house, "POST", "/users/ann/tokens", &json!({"device": "living room"})).await;
    assert_eq!(given.status, 201);
    fits("AddedToken", &given);
    let token = given.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(
        sent(&house, "POST", "/users/ann/tokens", &json!({"device": "living room"})).await.status,
        409
    );
    assert_eq!(
        sent(&house, "POST", "/users/ann/tokens", &json!({"device": "x", "admin": true})).await.status,
        409
    );
    let targets = [
        format!("/player_api.php?token={token}&action=get_live_streams"),
        format!("/player_api.php?username=ann&password={token}&action=get_live_streams"),
        format!("/get.php?token={token}"),
        format!("/xmltv.php?token={token}"),
    ];
    for target in &targets {
        assert_eq!(house.get(target).await.status, 200, "{target}");
    }
    let account = house.get(&format!("/player_api.php?token={token}")).await.json();
    assert_eq!(
        (&account["user_info"]["username"], &account["user_info"]["password"]),
        (&json!("ann"), &json!(token))
    );
    let playlist = house.get(&targets[2]).await;
    assert!(playlist.text().contains(&format!("/live/ann/{token}/101.ts\n")), "it stands in every address");
    assert_eq!(ask("DELETE", "/users/ann/tokens/living%20room").send(house.address).await.status, 204);
    for target in &targets {
        assert_eq!(house.get(target).await.status, 403, "{target}");
    }
    assert_eq!(house.api("").await.json()["user_info"]["auth"], 1, "and nothing else");
    assert_eq!(ask("DELETE", "/users/ann/tokens/living%20room").send(house.address).await.status, 404);
    let television = sent(&house, "POST", "/users/boss/tokens", &json!({"device": "tv"})).await.json();
    let shown = log_in(&house, "boss", television["token"].as_str().unwrap()).await;
    assert_eq!(shown.status, 401, "a token to watch with administers nothing");
    let script =
        sent(&house, "POST", "/users/boss/tokens", &json!({"device": "script", "admin": true})).await;
    let bearer = format!("Bearer {}", script.json()["token"].as_str().unwrap());
    let who =
        Ask::new("GET", "/api/admin/session").header("Authorization", &bearer).send(house.address).await;
    assert_eq!(who.json(), json!({ "name": "boss" }));
}

#[tokio::test]
async fn releases_are_listed_and_gone_back_to() {
    let house = house().await;
    house.publish(&LineUp::long());
    let releases = async || ask("GET", "/releases").send(house.address).await;
    fits("Releases", &releases().await);
    let current = async || {
        let list = releases().await.json();
        let current: Vec<_> =
            list.as_array().unwrap().iter().filter(|it| it["current"] == true).cloned().collect();
        (current.len(), current[0]["number"].as_u64().unwrap())
    };
    assert_eq!(current().await, (1, 2));
    for (number, status) in [("1", 204), ("9", 404), ("x", 404), ("+1", 404)] {
        let path = format!("/releases/{number}/rollback");
        assert_eq!(ask("POST", &path).send(house.address).await.status, status, "{number}");
    }
    assert_eq!(current().await, (1, 1));
    let releases = contract::release::Releases::new(house.data.clone());
    let _running = releases.lock().unwrap().unwrap();
    let busy = ask("POST", "/releases/2/rollback").send(house.address).await;
    assert!(busy.status == 409 && busy.text().contains("a run is going on"));
}

#[tokio::test]
async fn what_is_going_on_is_told() {
    let house = house().await;
    for (path, schema) in
        [("/groups", "Groups"), ("/sources", "Sources"), ("/sessions", "Sessions"), ("/status", "Anything")]
    {
        let answer = ask("GET", path).send(house.address).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{path}");
        fits(schema, &answer);
    }
    let sessions = async || ask("GET", "/sessions").send(house.address).await.json()["sessions"].clone();
    assert_eq!(sessions().await[0]["name"], "Show", "an episode is called by its series");
    for status in [204, 404] {
        assert_eq!(ask("DELETE", "/sessions/7").send(house.address).await.status, status);
    }
    assert_eq!(sessions().await, json!([]));
    for (name, status) in [("ann", 204), ("mallory", 404)] {
        assert_eq!(
            ask("DELETE", &format!("/users/{name}/sessions")).send(house.address).await.status,
            status
        );
    }
    for status in [202, 409] {
        assert_eq!(ask("POST", "/run").send(house.address).await.status, status);
    }
    let groups = ask("GET", "/groups").send(house.address).await.json();
    assert_eq!(groups[1], json!({"list": "live", "id": 2, "name": "Deutschland", "entries": 2}));
}

#[tokio::test]
async fn what_is_sent_wrong_is_told_without_repeating_it() {
    let house = house().await;
    for (method, path, body) in [
        ("POST", "/users", r#"{"name":"eve","password":"hunter2","max_conections":1}"#),
        ("POST", "/users", r#"{"name":"eve","password":"hunter2 x"}"#),
        ("POST", "/users", r#"{"name":"live","password":"hunter2"}"#),
        ("POST", "/users", r#"{"password":"hunter2"}"#),
        ("POST", "/users", r#"["hunter2"]"#),
        ("POST", "/users", r#"{"name":"eve","password":{"env":"hunter2"}}"#),
        ("PATCH", "/users/ann", r#"{"password":["hunter2"]}"#),
        ("PATCH", "/users/ann", r#"{"catchup_zone":"hunter2"}"#),
        ("PATCH", "/users/ann", "hunter2"),
        ("POST", "/users/ann/tokens", r#"{"device":"hunter2/"}"#),
    ] {
        let ask = ask(method, path).header("Content-Type", "application/json").body(body);
        let answer = ask.send(house.address).await;
        assert_eq!(answer.status, 400, "{body}");
        fits("Problem", &answer);
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
    let long = json!({ "notes": "x".repeat(300_000) });
    assert_eq!(sent(&house, "PATCH", "/users/ann", &long).await.status, 400);
}

/// Checks an answer against what the document says of it.
fn fits(schema: &str, answer: &Answer) {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    let document = DOCUMENT.get_or_init(serve::admin::document);
    let schema = &document["components"]["schemas"][schema];
    if let Err(why) = check(document, schema, &answer.json()) {
        panic!("{why}: {}", answer.text());
    }
}

/// As much of JSON Schema as the document uses of answers.
fn check(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let there = document.pointer(reference.trim_start_matches('#')).ok_or("a reference to nothing")?;
        return check(document, there, value);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_u64() || number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        Value::Null => vec![json!(kind)],
        kind => vec![kind.clone()],
    };
    if !kinds.contains(&json!(kind)) {
        return Err(format!("{kind} in place of {kinds:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        return Err(format!("{value} is none of {}", schema["enum"]));
    }
    for item in value.as_array().into_iter().flatten() {
        check(document, &schema["items"], item)?;
    }
    let Some(members) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str().unwrap();
        members.get(name).ok_or_else(|| format!("{name} is missing"))?;
    }
    for (name, member) in members {
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => return Err(format!("{name} is not in the document")),
            (Value::Null, Value::Null) => {}
            (Value::Null, other) => check(document, other, member)?,
            (own, _) => check(document, own, member).map_err(|why| format!("{name}: {why}"))?,
        }
    }
    Ok(())
}
