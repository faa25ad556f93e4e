//! Playlists of a provider with credentials, read and written as the pump does, and what must hold of whatever he sends.

use std::sync::Arc;
use std::time::Instant;

use contract::ticket::Key;
use percent_encoding::percent_decode_str;

use super::attribute::attributes;
use super::guard::Guard;
use super::page::{Copy, Page};
use super::reference::References;
use super::rewrite::{Given, read};
use super::variable::Variables;

const ADDRESS: &str = "http://provider.example:8080/live/someone/hunter22/index.m3u8?token=0123456789abcdef";
/// What must never come out.
const SECRETS: [&str; 4] = ["provider.example", "someone", "hunter22", "0123456789abcdef"];

/// Passes `playlists` on, one after the other, as states of one.
///
/// # Panics
/// A viewer would see an address or a secret, or could not read on.
pub(crate) fn passed<'a>(playlists: impl Iterator<Item = &'a [u8]>) {
    let base = ADDRESS.parse().expect("it is an address");
    let mut guard = Guard::new(["someone", "hunter22"]);
    guard.hide_address(&base);
    let mut references = References::new(Key::random(), "acme");
    let mut page = Page::new(base.clone(), Instant::now());
    let mut variables = Variables::default();
    for playlist in playlists {
        let text = String::from_utf8_lossy(playlist);
        let given = Given { guard: &guard, variables: &variables, shifted: page.shifted };
        let Ok(mut reading) = read(&text, &base, &given) else { continue };
        let before = page.shifted;
        page.shift(&reading);
        if before != page.shifted {
            reading = read(&text, &base, &Given { shifted: page.shifted, ..given })
                .expect("the same text is read again");
        }
        let now = Instant::now();
        let Ok(listed) = references.list(&reading.links, &page.before(), reading.lasts, now) else {
            continue;
        };
        assert_eq!(listed.len(), reading.links.len());
        let target = page.copy.as_ref().map_or(0, |copy| copy.target).max(reading.target);
        variables = reading.variables.clone();
        let copy = Copy { reading: Arc::new(reading), listed: listed.into(), read: now, target };
        assert_harmless(&copy.text("../"));
        page.put(copy, now);
        page.ahead();
    }
}

/// Every line is a tag or a reference of ours, and no secret is in it.
fn assert_harmless(text: &str) {
    let plain = text.to_lowercase();
    let decoded = percent_decode_str(text).decode_utf8_lossy().to_lowercase();
    for secret in SECRETS {
        assert!(!plain.contains(secret) && !decoded.contains(secret), "{secret} in {text}");
    }
    for line in text.split(['\n', '\r']).filter(|line| !line.is_empty()) {
        let Some(tag) = line.strip_prefix('#') else {
            assert!(is_ours(line), "{line}");
            continue;
        };
        let list = attributes(tag.split_once(':').map_or("", |(_, list)| list));
        for attribute in list.iter().filter(|attribute| attribute.names_an_address()) {
            let value = attribute.text();
            let scheme = value.trim().split(':').next().unwrap_or("").to_ascii_lowercase();
            assert!(is_ours(value) || scheme == "data" || scheme == "skd", "{line}");
        }
    }
}

/// `../s/REFERENCE.ts` and its like.
fn is_ours(text: &str) -> bool {
    let plain = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    ["../p/", "../s/", "../k/"].iter().any(|kind| text.strip_prefix(kind).is_some_and(plain))
}
