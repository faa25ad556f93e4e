//! The station through its front door.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod ace;
mod faults;
mod limits;
mod origins;
mod panel;
mod streams;
mod variants;

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::Value;
use station::{Settings, Station};

/// Television that is not waited for.
fn fast() -> Settings {
    Settings { speed: f64::INFINITY, ..Settings::default() }
}

async fn start(settings: Settings) -> Station {
    Station::start(settings).await.unwrap()
}

fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::limited(10)).no_proxy().build().unwrap()
}

async fn get(url: &str) -> Response {
    client().get(url).send().await.unwrap()
}

/// A client that stays where it is sent.
fn staying() -> Client {
    client();
    Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

async fn text(url: &str) -> String {
    get(url).await.text().await.unwrap()
}

async fn json(url: &str) -> Value {
    serde_json::from_str(&text(url).await).unwrap()
}

/// At least `size` bytes of an endless answer.
async fn read(answer: &mut Response, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < size {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes
}

async fn eventually(what: impl Fn() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it did not happen within ten seconds");
}
