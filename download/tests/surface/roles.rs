//! Who may ask what.

use download::surface::{ENDPOINTS, Endpoint, Role};
use serde_json::{Value, json};

use crate::house::{House, Shows};

/// An address of an endpoint at which there is nothing, so that nobody's asking changes what the next one finds.
fn path_of(endpoint: &Endpoint) -> String {
    endpoint.path.replace("{id}", "77")
}

/// What cannot be understood, so that likewise nothing is done.
fn nonsense(endpoint: &Endpoint) -> Option<Value> {
    matches!(endpoint.method.word(), "POST" | "PUT").then(|| json!({ "no such thing": true }))
}

/// What whoever shows this is told at an endpoint.
async fn told(house: &House, who: &Shows, endpoint: &Endpoint) -> u16 {
    if endpoint.path == "/api/events" && endpoint.method.word() == "GET" {
        return house.ask(who, "HEAD", endpoint.path, None).await.status; // it never ends
    }
    house.ask(who, endpoint.method.word(), &path_of(endpoint), nonsense(endpoint)).await.status
}

#[tokio::test]
async fn every_endpoint_opens_for_those_whom_the_table_names_and_for_nobody_else() {
    let house = House::new().await;
    let roles = [
        (house.login("viewer"), Some(Role::Viewer)),
        (house.login("operator"), Some(Role::Operator)),
        (house.login("boss"), Some(Role::Admin)),
        (house.login("old"), Some(Role::Operator)),
        (house.login("nobody"), None),
        (house.bearer("viewer"), Some(Role::Viewer)),
        (house.bearer("operator's script"), Some(Role::Operator)),
        (house.bearer("boss's script"), Some(Role::Admin)),
        (house.bearer("boss's television"), None),
        (house.bearer("boss"), None),
        (house.key(), Some(Role::Admin)),
    ];
    for endpoint in ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.path != "/api/limits" || endpoint.method.word() != "DELETE")
    {
        for (who, role) in &roles {
            let status = told(&house, who, endpoint).await;
            let (method, path) = (endpoint.method.word(), endpoint.path);
            let may = endpoint.role.is_none() || *role >= endpoint.role;
            let expected: &[u16] = if may { &[200, 400, 404] } else { &[403] };
            assert!(expected.contains(&status), "{method} {path} as {role:?}: {status}");
        }
    }
}

#[tokio::test]
async fn nobody_is_let_in_who_is_not_known() {
    let house = House::new().await;
    let token = house.login("operator").0[0].1.clone();
    for (at, endpoint) in ENDPOINTS.iter().enumerate() {
        let strangers = [
            vec![],
            vec![("Authorization", "Bearer no-such-token".to_owned())],
            vec![("Authorization", "Basic Ym9zczpzZWNyZXQ=".to_owned())],
            vec![("Cookie", "coax_page=".to_owned())],
            vec![("Cookie", "coax_page=no-such-token".to_owned())],
            vec![("Cookie", format!("coax_page={}", token.split('=').next_back().unwrap().to_uppercase()))],
            house.login("barred").0,
            house.bearer("barred").0,
            // The token of a script is no login because it stands in a cookie.
            vec![("Cookie", house.bearer("operator's script").0[0].1.replace("Bearer ", "coax_page="))],
        ];
        for (nth, mut shown) in strangers.into_iter().enumerate() {
            // From an address of its own, so that what is wrong is told and not that it was wrong too often.
            shown.push(("X-Forwarded-For", format!("198.51.{at}.{nth}")));
            assert_eq!(told(&house, &Shows(shown), endpoint).await, 401, "{} {nth}", endpoint.path);
        }
    }
    let nobody = Shows(vec![]);
    assert_eq!(
        house.get(&nobody, "/api/downloads/nonsense/more").await.status,
        401,
        "nor is it told what there is"
    );
    assert_eq!(house.get(&house.key(), "/api/downloads/nonsense/more").await.status, 404);
    let answer = house.ask(&house.key(), "PATCH", "/api/downloads/7", Some(json!({}))).await;
    assert_eq!((answer.status, &answer.headers["allow"]), (405, &"GET, PUT, DELETE".parse().unwrap()));
}

#[tokio::test]
async fn a_page_of_another_site_asks_nothing_in_the_name_of_who_has_logged_in() {
    let house = House::new().await;
    for endpoint in ENDPOINTS {
        for foreign in [
            ("Origin", "http://evil.example"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let mut who = house.login("boss");
            who.0.push((foreign.0, foreign.1.to_owned()));
            assert_eq!(told(&house, &who, endpoint).await, 403, "{} {foreign:?}", endpoint.path);
        }
    }
    let mut who = house.login("boss");
    who.0.push(("Sec-Fetch-Site", "same-origin".into()));
    let answer = house.get(&who, "/api/role").await;
    assert_eq!(answer.headers.get("access-control-allow-origin"), None);
    assert_eq!(answer.headers["cross-origin-resource-policy"], "same-origin");
    assert_eq!(answer.good(), json!({ "name": "boss", "role": "admin", "stale": false, "searches": false }));
}

#[tokio::test]
async fn whoever_guesses_waits_and_who_logged_in_long_ago_is_told_to_do_so_again() {
    let house = House::new().await;
    let shown = async |key: &str, from: &str| {
        let who =
            Shows(vec![("Authorization", format!("Bearer {key}")), ("X-Forwarded-For", from.to_owned())]);
        house.get(&who, "/api/role").await.status
    };
    for guess in 0..10 {
        assert_eq!(shown(&format!("guess-{guess}"), "198.51.100.1").await, 401);
    }
    assert_eq!(shown(crate::house::KEY, "198.51.100.1").await, 429, "nor is he told that he is right");
    assert_eq!(shown(crate::house::KEY, "198.51.100.2").await, 200);
    let answer = house.get(&house.login("old"), "/api/log").await;
    assert!(
        answer.status == 403 && answer.json()["detail"].as_str().unwrap().contains("log out and in again")
    );
    assert_eq!(house.get(&house.login("old"), "/api/role").await.good()["stale"], true);
}
