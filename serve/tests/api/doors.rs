//! Who is let in where: every address that the server has, from its own table.

use contract::hdhomerun::Device;
use contract::secret::SharedKey;
use contract::source::BaseUrl;
use httpd::{Door, Opens};
use serve::admin::ENDPOINTS;
use serve::{DOORS, Settings};

use crate::client::{Answer, Ask};
use crate::house::House;
use crate::line_up::LineUp;

/// What anybody may ask for. A door that is added to these is one that somebody has thought about.
const PUBLIC: [&str; 6] = ["health", "front", "page_asset", "page_login", "page_logout", "page_setup"];

const KEY: &str = "0123456789abcdef-of-relays";
const ELSEWHERE: &str = "http://relay.example:8080";

/// What is shown in place of name and password: nothing, the password of somebody else, one of nobody, a token of nobody.
const PAIRS: [(&str, &str); 4] =
    [("", ""), ("ann", "guess"), ("mallory", "secret"), ("ann", "abcdefghjkmnpqrstuvw")];

/// A house where everything is switched on that can be.
async fn house() -> House {
    let key = || Some(SharedKey::new(KEY).unwrap());
    let device = Device { name: "Coax".into(), user: "ann".into(), groups: None, tuners: 0 };
    let settings = Settings {
        relay_key: key(),
        admin_key: key(),
        hdhomerun: vec![device],
        relays: vec![BaseUrl::new(ELSEWHERE).unwrap()],
        ..Settings::default()
    };
    House::with(settings, None, Some(LineUp::usual())).await
}

/// The addresses of `door`, as somebody asks who shows this pair.
fn addresses(door: &Door, (name, password): (&str, &str)) -> Vec<String> {
    let actions =
        |at: &&&str| if at.contains("player_api.php?") { serve::actions().collect() } else { Vec::new() };
    let all = door.at.iter().flat_map(|at| {
        let more = actions(&at).into_iter().map(move |action| format!("{at}&action={action}"));
        std::iter::once((*at).to_owned()).chain(more)
    });
    all.map(|at| at.replace("USER", name).replace("PASS", password)).collect()
}

/// Whether an answer gives nothing away: it refuses, or says in the account's own document that there is none, or sends on.
fn is_closed(door: &Door, answer: &Answer, method: &str) -> bool {
    const REJECTED: &str = r#"{"user_info":{"auth":0}}"#;
    match answer.status {
        401 | 403 | 404 | 405 | 429 => true,
        200 if door.opens == Opens::Users && method == "HEAD" => {
            answer.header("content-length") == Some(&*REJECTED.len().to_string())
        }
        200 => door.opens == Opens::Users && answer.text() == REJECTED,
        302 => door.opens == Opens::Elsewhere && answer.body.is_empty(),
        _ => false,
    }
}

#[tokio::test]
async fn no_address_outside_the_public_list_answers_without_credentials() {
    let house = house().await;
    let public = DOORS.iter().filter(|door| door.opens == Opens::Anybody);
    assert_eq!(public.map(|door| door.name).collect::<Vec<_>>(), PUBLIC);
    for door in DOORS.iter().filter(|door| door.opens != Opens::Anybody) {
        for pair in PAIRS {
            for at in addresses(door, pair) {
                for method in ["GET", "HEAD", "POST", "DELETE"] {
                    // From outside the house, and with a key and a cookie that open nothing.
                    let ask = Ask::new(method, &at).header("X-Forwarded-For", "198.51.100.7");
                    let ask = ask
                        .header("Authorization", "Bearer abc")
                        .header("Cookie", "coax_admin=AAAA; coax_page=AAAA");
                    let answer = ask.send(house.address).await;
                    assert!(is_closed(door, &answer, method), "{method} {at}: {}", answer.head);
                    let text = String::from_utf8_lossy(&answer.body);
                    let told =
                        ["UK", "one.uk", "Film", "argon2", "000001"].iter().any(|it| text.contains(it));
                    assert!(!told, "{method} {at}: {text}");
                }
            }
        }
    }
    // The administration has a table of its own, which `admin` goes through.
    let public = ENDPOINTS.iter().filter(|endpoint| endpoint.public).map(|endpoint| endpoint.path);
    assert_eq!(public.collect::<Vec<_>>(), ["/api/openapi.json", "/api/admin/login"]);
}

/// Else what is refused above might as well be refused because there is nothing.
#[tokio::test]
async fn every_address_answers_those_for_whom_it_is() {
    let house = house().await;
    let visitor = crate::page::log_in(&house, "ann", "secret").await;
    for door in DOORS {
        for at in addresses(door, ("ann", "secret")) {
            let method = if at.contains("post") { "POST" } else { "GET" };
            let answer = Ask::new(method, &at).header("Authorization", &format!("Bearer {KEY}"));
            let answer = answer.header("Cookie", &visitor);
            let answer = answer.send(house.address).await;
            let expected: &[u16] = match door.opens {
                // There may be nothing there, but that is told.
                Opens::Operators | Opens::Relays => &[200, 404, 405],
                Opens::Elsewhere => &[302],
                // The way to a channel of a device is one to a relay.
                Opens::Home if at.contains("/auto/") => &[302],
                // Nobody makes up what is sealed.
                Opens::Holders | Opens::Nobody => &[404],
                Opens::Anybody | Opens::Users | Opens::Visitors | Opens::Home => &[200],
            };
            assert!(expected.contains(&answer.status), "{at}: {}", answer.head);
            if answer.status == 302 {
                assert!(answer.header("location").unwrap().starts_with(ELSEWHERE), "{at}");
            }
        }
    }
}
