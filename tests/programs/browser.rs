//! The page for browsers, in one: Debian's Chromium does what people do.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::text;

/// Where `scripts/page` puts what it builds with, and so playwright-core and axe-core.
fn modules() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target")).join("page")
}

/// Does `parts` of `scripts/browser/page.mjs`, with a provider of their own.
fn browse(parts: &[&str]) {
    let modules = modules();
    assert!(
        modules.join("node_modules").exists(),
        "scripts/check installs what this needs: scripts/page check"
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // Its clock is neither ours nor that of the browser.
    let settings = station::Settings { zone: "America/New_York".into(), ..station::Settings::default() };
    let station = runtime.block_on(station::Station::start(settings)).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/browser/page.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(modules).arg(env!("CARGO_BIN_EXE_coax")).arg(station.url()).args(parts);
    node.env("ENGINE", station.engine_url());
    let output = node.output().expect("scripts/check installs node");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn people_watch_in_a_browser() {
    browse(&["watch", "guide", "films", "leave"]);
}

#[test]
fn operators_run_it_in_a_browser() {
    browse(&["run", "catalogue", "downloads", "recordings", "pick", "ace"]);
}

#[test]
fn a_newcomer_sets_it_up_in_a_browser() {
    browse(&["wizard"]);
}

/// What the page has in other languages of what the server says is what the server says: a sentence that is worded anew there
/// would be shown in English without anybody noticing.
#[test]
fn what_the_page_translates_is_said_by_the_server() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = String::new();
    for folder in ["contract/src", "ingest/src", "serve/src"] {
        read(&root.join(folder), &mut said);
    }
    let italian = std::fs::read_to_string(root.join("serve/web/src/strings/it.ts")).unwrap();
    let (_, server) = italian.split_once("server: {\n").unwrap();
    let (server, _) = server.split_once("\n    },").unwrap();
    let sentences = server.lines().filter_map(|line| {
        let (sentence, _) = line.strip_prefix("      '")?.split_once("':")?;
        Some(sentence.replace("\\'", "'"))
    });
    let sentences: Vec<String> = sentences.collect();
    assert!(sentences.len() > 10, "{sentences:?}");
    for sentence in sentences {
        assert!(said.contains(&sentence), "nobody says: {sentence}");
    }
}

/// What happens to downloads is said in words of the page, in each of its languages.
#[test]
fn the_page_has_a_word_for_all_that_happens_to_downloads() {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("serve/web/src/downloads/words");
    for language in ["en.ts", "it.ts"] {
        let text = std::fs::read_to_string(words.join(language)).unwrap();
        let (_, actions) = text.split_once("const ACTIONS: Record<string, string> = {\n").unwrap();
        let (actions, _) = actions.split_once("\n};").unwrap();
        for action in download::store::Action::ALL {
            let word = format!("  {action}: '");
            assert!(
                actions.lines().any(|line| line.starts_with(&word)),
                "{language} has no word for {action}"
            );
        }
    }
}

/// All Rust below a folder.
fn read(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            into.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
