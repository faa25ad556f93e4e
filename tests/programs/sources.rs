//! A source that an operator adds while everything runs.

use std::time::{Duration, Instant};

use crate::program::{Program, ffmpeg, text};
use serde_json::{Value, json};

const KEY: &str = "an-operators-own-key";
const PATIENCE: Duration = Duration::from_secs(60);

/// What the administration answers: a status and a document, or nothing while everything begins anew.
fn administration(demo: &Program, method: &str, path: &str, document: &Value) -> (String, Value) {
    let (url, document) = (format!("{}/api/admin{path}", demo.url), document.to_string());
    let bearer = format!("Authorization: Bearer {KEY}");
    let output = ffmpeg(
        "curl",
        &[
            "-sS",
            "--max-time",
            "20",
            "-X",
            method,
            "-H",
            &bearer,
            "-H",
            "Content-Type: application/json",
            "--data",
            &document,
            "-w",
            "\n%{http_code}",
            &url,
        ],
    );
    let answer = text(&output.stdout);
    let (body, status) = answer.rsplit_once('\n').unwrap_or(("", ""));
    (status.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

fn eventually(what: &str, mut happened: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !happened() {
        assert!(begin.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn everything_begins_anew_with_a_source_that_is_added_and_reads_it() {
    let demo = Program::demo(&[("COAX_ADMIN_KEY", KEY)]);
    let list = json!({ "name": "more", "kind": "m3u", "url": "http://127.0.0.1:1/list.m3u" });
    let add = |source: &Value| administration(&demo, "POST", "/sources", source).0;
    assert_eq!(add(&list), "204");
    eventually("it was read", || {
        let (_, sources) = administration(&demo, "GET", "/sources", &json!({}));
        let read = sources["run"]["sources"].as_array().into_iter().flatten();
        sources["added"] == json!(["more"]) && read.into_iter().any(|source| source["name"] == "more")
    });
    assert_eq!(add(&list), "409", "the name is taken");
    let remove = || administration(&demo, "DELETE", "/sources/more", &json!({})).0;
    assert_eq!(remove(), "204");
    // He is stopped while he begins anew.
    assert!(demo.terminate().status.success());
}
