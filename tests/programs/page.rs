//! The page for browsers, in one: Debian's Chromium does what people do.

use std::path::PathBuf;
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
    let station = runtime.block_on(station::Station::start(station::Settings::default())).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/browser/page.mjs");
    let mut node = Command::new("node");
    node.arg(script).arg(modules).arg(env!("CARGO_BIN_EXE_coax")).arg(station.url()).args(parts);
    node.env("ENGINE", station.engine_url()).env("CONTENT", station.content_id(0));
    let output = node.output().expect("scripts/check installs node");
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

#[test]
fn people_watch_in_a_browser() {
    browse(&["watch", "guide", "films", "leave"]);
}

#[test]
fn operators_run_it_in_a_browser() {
    browse(&["run", "catalogue", "ace"]);
}

#[test]
fn a_newcomer_sets_it_up_in_a_browser() {
    browse(&["wizard"]);
}
