//! What monitors get: one page for all programs, and a dashboard and alert rules that name nothing that is not in it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::program::{Program, ffmpeg, text};

const DASHBOARD: &str = include_str!("../../deploy/monitoring/dashboard.json");
const ALERTS: &str = include_str!("../../deploy/monitoring/alerts.yml");

/// The names that samples of a page may have.
fn samples(page: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "gauge" => &[""],
            other => panic!("{other}"),
        };
        for suffix in suffixes {
            assert!(names.insert(format!("{name}{suffix}")), "{name} is there twice");
        }
    }
    names
}

/// The metrics that an expression, or several, are about.
fn named(expressions: &[String]) -> BTreeSet<String> {
    let words =
        expressions.iter().flat_map(|text| text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_')));
    words
        .filter(|word| word.starts_with("coax_") || word.starts_with("process_"))
        .map(str::to_owned)
        .collect()
}

/// Every `expr` of the dashboard.
fn charts(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            found.extend(map.get("expr").and_then(|expr| expr.as_str()).map(str::to_owned));
            map.values().for_each(|value| charts(value, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| charts(value, found)),
        _ => {}
    }
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_is_told() {
    let demo = Program::demo(&[]);
    let get = |path: &str, more: &[&str]| {
        let url = format!("{}{path}", demo.url);
        text(&ffmpeg("curl", &[&["-sS", "--max-time", "5", &url], more].concat()).stdout)
    };
    get("/player_api.php?username=demo&password=wrong", &[]);
    let list = get("/player_api.php?username=demo&password=demo&action=get_live_streams", &[]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let channel = format!("/live/demo/demo/{}.ts", list[0]["stream_id"]);
    get(&channel, &["-o", "/dev/null", "--max-filesize", "100000"]);

    let page = get("/metrics", &[]);
    assert!(page.ends_with("# EOF\n") && page.matches("# EOF").count() == 1, "{page}");
    let told = samples(&page);
    let mut charts_found = Vec::new();
    charts(&serde_json::from_str(DASHBOARD).unwrap(), &mut charts_found);
    let rules: Vec<String> =
        ALERTS.lines().filter_map(|line| Some(line.trim().strip_prefix("expr: ")?.to_owned())).collect();
    assert!(charts_found.len() > 20 && rules.len() > 10);
    for name in named(&charts_found).union(&named(&rules)) {
        assert!(told.contains(name), "{name} is not told: {told:?}");
    }
    for sample in [
        "coax_serve_answers_total{route=\"player_api\",status=\"2xx\"} ",
        "coax_serve_answer_seconds_count{route=\"player_api\"} ",
        "coax_release_number 2\n",
        "coax_release_entries{list=\"live\"} 12\n",
        "coax_ingest_last_run_verdict{verdict=\"failed\"} 0\n",
        "coax_ingest_source_taken{source=\"station\"} 1\n",
        "coax_users{status=\"active\"} 1\n",
        "coax_relay_first_byte_seconds_count 1\n",
    ] {
        assert!(page.contains(sample), "{sample}: {page}");
    }
    for secret in ["demo/", "username", "provider-user", "127.0.0.1"] {
        assert!(!page.contains(secret), "{secret}");
    }
    // Whoever comes through a proxy comes from elsewhere.
    let elsewhere =
        get("/metrics", &["-H", "x-forwarded-for: 127.0.0.1", "-o", "/dev/null", "-w", "%{http_code}"]);
    assert_eq!(elsewhere, "404");
}

#[test]
fn prometheus_understands_the_alert_rules_which_say_what_they_should_of_a_day_that_went_wrong() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/monitoring");
    for (what, file) in [("check", "alerts.yml"), ("test", "alerts_test.yml")] {
        let file = folder.join(file);
        let ran = Command::new("promtool").args([what, "rules"]).arg(&file).output();
        let ran = ran.expect("promtool is needed for this test (scripts/check installs it)");
        assert!(ran.status.success(), "{}{}", text(&ran.stdout), text(&ran.stderr));
    }
}

#[test]
fn a_log_for_machines_is_an_object_on_each_line() {
    let demo = Program::demo(&[("COAX_LOG_FORMAT", "json")]);
    let ended = demo.terminate();
    assert!(ended.logged.lines().count() > 2, "{}", ended.logged);
    for line in ended.logged.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(
            line["level"].is_string() && line["message"].is_string() && line["timestamp"].is_string(),
            "{line}"
        );
    }
}
