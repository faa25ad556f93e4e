//! What the operator sees: the status, and the text that monitors read.

use std::collections::{BTreeMap, BTreeSet};

use contract::secret::SharedKey;
use serde_json::Value;
use station::Fault;

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

const KEY: &str = "0123456789abcdef-monitor";

async fn status(stage: &Stage) -> Value {
    let mut answer = Viewer::get(stage, "/status.json").await;
    assert_eq!((answer.status(), answer.header("cache-control")), (200, Some("no-store")));
    serde_json::from_slice(&answer.rest().await).unwrap()
}

pub(crate) async fn metrics(stage: &Stage) -> Metrics {
    let mut answer = Viewer::get(stage, "/metrics").await;
    let media_type = answer.header("content-type").unwrap();
    assert_eq!(media_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    Metrics::parse(&String::from_utf8(answer.rest().await).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_for_this_machine_and_for_whoever_has_the_key() {
    let stage = Stage::new().await;
    for path in ["/status.json", "/metrics"] {
        assert_eq!(Viewer::get(&stage, path).await.status(), 200);
        assert_eq!(Viewer::get(&stage, path).await.header("access-control-allow-origin"), None);
        for elsewhere in ["X-Forwarded-For: 8.8.8.8", "Via: 1.1 proxy", "Origin: http://site.example"] {
            let answer = Viewer::ask(&stage, "GET", path, &format!("{elsewhere}\r\n")).await;
            assert_eq!(answer.status(), 404, "{elsewhere}");
        }
        let shown = format!("Via: 1.1 proxy\r\nAuthorization: Bearer {KEY}\r\n");
        let answer = Viewer::ask(&stage, "GET", path, &shown).await;
        assert_eq!(answer.status(), 404, "there is no key");
    }

    let mut plan = Plan::default();
    plan.relay.key = Some(SharedKey::new(KEY).unwrap());
    let stage = Stage::with(plan).await;
    for path in ["/status.json", "/metrics"] {
        let ask = async |shown: &str| {
            let headers = format!("Via: 1.1 proxy\r\n{shown}Connection: close\r\n");
            let mut answer = Viewer::ask(&stage, "GET", path, &headers).await;
            (answer.status(), String::from_utf8(answer.rest().await).unwrap())
        };
        assert_eq!(ask(&format!("Authorization: Bearer {KEY}\r\n")).await.0, 200);
        assert_eq!(ask("").await.0, 404);
        let (refused, words) = ask("Authorization: Bearer another\r\n").await;
        assert!(refused == 401 && words.contains("[relay] key") && !words.contains(KEY), "{words}");
        assert_eq!(Viewer::get(&stage, path).await.status(), 200, "this machine needs none");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_is_one_picture_of_what_is_running() {
    let mut plan = Plan::default();
    plan.station.bitrate = 4_000_000;
    let stage = Stage::with(plan).await;
    let nothing = status(&stage).await;
    assert_eq!((&nothing["totals"]["channels"], &nothing["seats"]), (&0.into(), &0.into()));
    assert_eq!(nothing["release"], "000001");

    let mut one = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let mut two = Viewer::ask(&stage, "GET", &Stage::path(LIVE), "User-Agent: another\r\n").await;
    let mut other = Viewer::get(&stage, "/live/bob/secret/2.m3u8").await;
    assert_eq!(other.status(), 200);
    other.read(10).await;
    one.read(1_500_000).await;
    two.read(100_000).await;
    let seen = status(&stage).await;
    let [first, second] = [0, 1].map(|place| &seen["channels"][place]);
    for (field, expected) in [
        ("id", Value::from(LIVE)),
        ("name", "One".into()),
        ("state", "on_air".into()),
        ("viewers", 2.into()),
        ("hls_sessions", 0.into()),
        ("account", "station".into()),
        ("protocol", "ts".into()),
        ("restarts", 0.into()),
        ("lost_packets", 0.into()),
        ("video_codec", "h264".into()),
        ("audio_codecs", vec!["aac"].into()),
        ("browser_playable", "yes".into()),
    ] {
        assert_eq!(first[field], expected, "{field}: {first}");
    }
    assert!(first["width"].as_u64() > Some(100) && first["height"].as_u64() > Some(100), "{first}");
    let bitrate = first["bitrate_kbps"].as_u64().unwrap();
    assert!((3_000..5_000).contains(&bitrate), "{first}");
    assert!(first["buffer_seconds"].as_f64() > Some(1.0) && first["ttfb_ms"].is_u64(), "{first}");
    assert!(first["bytes_in"].as_u64() > Some(1_000_000) && first["bytes_out"].as_u64() > Some(1_500_000));
    assert_eq!((&second["viewers"], &second["hls_sessions"]), (&1.into(), &1.into()));
    let totals = &seen["totals"];
    assert_eq!(
        (&totals["channels"], &totals["viewers"], &totals["hls_sessions"]),
        (&2.into(), &3.into(), &1.into())
    );
    assert_eq!(
        seen["slots"],
        serde_json::json!([{ "account": "station", "login": 1, "used": 2, "limit": 8 }])
    );
    assert_eq!(seen["seats"], 3);
    let text = seen.to_string();
    for secret in ["\"ann", "\"bob", "secret", "http:", "127.0.0.1", "{username}"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }

    drop((one, two));
    eventually("the channel is let go", || stage.station.counts().open == 1).await;
    let after = status(&stage).await;
    assert_eq!((&after["totals"]["viewers"], &after["seats"]), (&1.into(), &1.into()));
    assert!(after["totals"]["bytes_out"].as_u64() >= totals["bytes_out"].as_u64(), "counters only rise");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_lost_is_seen_to_be_after_it() {
    let stage = Stage::new().await;
    let there = stage.there(LIVE);
    stage.station.set_fault_times(there, Fault::Cut(600_000), 1);
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(100_000).await;
    stage.station.set_fault(there, Fault::Slow(60_000));
    let mut seen = Value::Null;
    for _ in 0..500 {
        seen = status(&stage).await;
        if seen["channels"][0]["state"] == "recovering" && seen["channels"][0]["stalls"] == 1 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(seen["channels"][0]["state"], "recovering", "{seen}");
    assert_eq!((&seen["channels"][0]["restarts"], &seen["channels"][0]["stalls"]), (&1.into(), &1.into()));
    let metrics = metrics(&stage).await;
    assert_eq!(metrics.value("coax_relay_channels", "state=\"recovering\""), 1.0);
    assert_eq!(metrics.value("coax_relay_stalls_total", ""), 1.0);
    let errors: f64 = metrics.of("coax_relay_upstream_errors_total").values().sum();
    assert!(errors >= 1.0, "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn monitors_read_text_that_keeps_the_rules_and_names_nobody() {
    let stage = Stage::new().await;
    let before = metrics(&stage).await;
    assert_eq!(before.value("coax_relay_zap_seconds_count", "channel=\"tuned\""), 0.0);
    for (path, size) in [
        (Stage::path(LIVE), 400_000),
        (Stage::path(LIVE), 1000),
        ("/movie/ann/secret/9001.mp4".into(), 50_000),
    ] {
        let mut viewer = Viewer::get(&stage, &path).await;
        viewer.read(size).await;
        if path.ends_with("mp4") {
            continue;
        }
        // Stays until the next one has come.
        std::mem::forget(viewer);
    }
    assert_eq!(Viewer::get(&stage, "/live/ann/wrong/1.ts").await.status(), 403);
    let after = metrics(&stage).await;
    for (name, labels, expected) in [
        ("coax_relay_viewers", "", 2.0),
        ("coax_relay_channels", "state=\"on_air\"", 1.0),
        ("coax_relay_zap_seconds_count", "channel=\"tuned\"", 1.0),
        ("coax_relay_zap_seconds_count", "channel=\"on_air\"", 1.0),
        ("coax_relay_first_byte_seconds_count", "", 1.0),
        ("coax_relay_refusals_total", "kind=\"credentials\"", 1.0),
        ("coax_relay_slots_limit", "account=\"station\"", 8.0),
        ("coax_relay_hls_sessions", "", 0.0),
        ("coax_relay_laggard_jumps_total", "", 0.0),
    ] {
        assert_eq!(after.value(name, labels), expected, "{name}{{{labels}}}");
    }
    for name in ["coax_relay_received_bytes_total", "coax_relay_sent_bytes_total"] {
        for kind in ["kind=\"live\"", "kind=\"film\""] {
            assert!(after.value(name, kind) >= 50_000.0, "{name} {kind}");
        }
    }
    for (name, values) in &before.samples {
        let counts = name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_bucket");
        for (labels, value) in values.iter().filter(|_| counts) {
            assert!(after.samples[name][labels] >= *value, "{name} {labels} only rises");
        }
    }
    for secret in ["\"ann", "secret", "http", "127.0.0.1"] {
        assert!(!after.text.contains(secret), "{secret}: {}", after.text);
    }
}

/// A page of OpenMetrics 1.0, read as strictly as its grammar is.
pub(crate) struct Metrics {
    text: String,
    /// By name, by labels as they are written.
    samples: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Metrics {
    fn parse(text: &str) -> Self {
        let body = text.strip_suffix("# EOF\n").expect("ends with EOF");
        let mut samples: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        let (mut families, mut family) = (BTreeSet::new(), ("", ""));
        for line in body.lines() {
            if let Some(described) = line.strip_prefix("# TYPE ") {
                family = described.split_once(' ').unwrap();
                assert!(is_name(family.0) && ["gauge", "counter", "histogram"].contains(&family.1), "{line}");
                assert!(families.insert(family.0), "the lines of a family stand together: {line}");
                continue;
            }
            if let Some(help) = line.strip_prefix("# HELP ") {
                assert_eq!(help.split_once(' ').unwrap().0, family.0);
                continue;
            }
            let (name, labels, value) = sample(line);
            let suffix = name.strip_prefix(family.0).unwrap_or_else(|| panic!("{line} is of no family"));
            let suffixes: &[&str] = match family.1 {
                "gauge" => &[""],
                "counter" => &["_total"],
                _ => &["_bucket", "_count", "_sum"],
            };
            assert!(suffixes.contains(&suffix), "{line} is no {}", family.1);
            assert!(value >= 0.0 && value.is_finite(), "{line}");
            let before = samples.entry(name.into()).or_default().insert(labels.into(), value);
            assert_eq!(before, None, "{line} comes once");
        }
        let page = Self { text: text.into(), samples };
        families
            .iter()
            .filter(|name| page.samples.contains_key(&format!("{name}_bucket")))
            .for_each(|name| page.check(name));
        page
    }

    /// The classes of a histogram add up, and the last one holds everything.
    fn check(&self, name: &str) {
        for (labels, count) in self.of(&format!("{name}_count")) {
            let mut buckets: Vec<(f64, f64)> = self
                .of(&format!("{name}_bucket"))
                .iter()
                .filter_map(|(of, value)| {
                    let (others, bound) = of.rsplit_once("le=\"").unwrap();
                    let bound = bound.trim_end_matches('"').replace("+Inf", "inf").parse().unwrap();
                    (others.trim_end_matches(',') == labels).then_some((bound, *value))
                })
                .collect();
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{name}");
        }
    }

    fn of(&self, name: &str) -> &BTreeMap<String, f64> {
        self.samples.get(name).unwrap_or_else(|| panic!("there is no {name}:\n{}", self.text))
    }

    pub(crate) fn value(&self, name: &str, labels: &str) -> f64 {
        *self.of(name).get(labels).unwrap_or_else(|| panic!("{name} has no {labels}:\n{}", self.text))
    }
}

/// Name, labels and value.
fn sample(line: &str) -> (&str, &str, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, labels.strip_suffix('}').expect("closed")),
        None => (series, ""),
    };
    assert!(is_name(name), "{line}");
    for pair in labels.split("\",").filter(|pair| !pair.is_empty()) {
        let (label, text) = pair.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        assert!(is_name(label) && !text.trim_end_matches('"').contains(['"', '\\', '\n']), "{line}");
    }
    (name, labels, value.parse().unwrap_or_else(|_| panic!("{line}")))
}

fn is_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(fits) && text.starts_with(|first: char| first.is_ascii_alphabetic())
}
