//! Who is let in where: every address that the relay has, from its own table.

use std::time::{SystemTime, UNIX_EPOCH};

use contract::hdhomerun::Device;
use contract::secret::SharedKey;
use httpd::Opens;
use relay::DOORS;

use crate::stage::{EPISODE, FILM, LIVE, Plan, Stage};
use crate::viewer::Viewer;

const KEY: &str = "0123456789abcdef-monitor";
/// A channel that has a past.
const CHANNEL: u32 = LIVE + 5;
const OF_NOBODY: &str = "0123456789abcdef0123456789abcdef01234567";

/// One where everything is switched on that can be.
async fn stage() -> Stage {
    let mut plan = Plan::default();
    plan.relay.ace_open = true;
    plan.relay.key = Some(SharedKey::new(KEY).unwrap());
    plan.relay.hdhomerun = vec![Device { name: "Coax".into(), user: "ann".into(), groups: None, tuners: 0 }];
    Stage::with(plan).await
}

/// An address out of the table, as somebody asks who shows this pair.
fn address(stage: &Stage, at: &str, (name, password): (&str, &str)) -> String {
    let earlier = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 7200;
    at.replace("USER", name)
        .replace("PASS", password)
        .replace("CHANNEL", &CHANNEL.to_string())
        .replace("FILM", &FILM.to_string())
        .replace("EPISODE", &EPISODE.to_string())
        .replace("START", &earlier.to_string())
        .replace("ACE", &stage.station.listed_id(0))
        .replace("SESSION", OF_NOBODY)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_answers_without_credentials() {
    let stage = stage().await;
    let wrong = [("", ""), ("ann", "guess"), ("mallory", "secret"), ("ann", "abcdefghjkmnpqrstuvw")];
    for door in DOORS {
        assert_ne!(door.opens, Opens::Anybody, "{}: nothing of a relay is public", door.name);
        for (at, pair) in door.at.iter().flat_map(|at| wrong.map(|pair| (at, pair))) {
            let path = address(&stage, at, pair);
            for method in ["GET", "HEAD", "POST"] {
                // From outside the house, and with a key that opens nothing.
                let headers = "X-Forwarded-For: 198.51.100.7\r\nAuthorization: Bearer abc\r\n";
                let answer = Viewer::ask(&stage, method, &path, headers).await;
                let expected: &[u16] = match door.opens {
                    _ if method == "POST" => &[401, 403, 404, 405],
                    // Whatever else may be wrong: first it is asked who it is.
                    Opens::Users if !pair.0.is_empty() => &[403],
                    Opens::Operators => &[401],
                    _ => &[403, 404, 405],
                };
                assert!(expected.contains(&answer.status()), "{method} {path}: {}", answer.head);
            }
        }
    }
    assert_eq!((stage.station.counts().open, stage.station.counts().ace.starts), (0, 0));
}

/// Else what is refused above might as well be refused because there is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn every_address_answers_those_for_whom_it_is() {
    let stage = stage().await;
    for door in DOORS {
        for at in door.at {
            let path = address(&stage, at, ("ann", "secret"));
            let method = if path.contains("/start/") || path.contains("/stop/") { "POST" } else { "HEAD" };
            let answer =
                Viewer::ask(&stage, method, &path, &format!("Authorization: Bearer {KEY}\r\n")).await;
            let expected: &[u16] = match door.opens {
                // Nothing is watched with that ticket.
                Opens::Users if at.contains("/hls/") || at.contains("/any/") => &[404],
                Opens::Holders => &[404],
                // Nobody watches that one.
                Opens::Home if at.contains("status?") => &[404],
                Opens::Home => &[200, 201],
                _ => &[200],
            };
            assert!(expected.contains(&answer.status()), "{method} {path}: {}", answer.head);
        }
    }
}
