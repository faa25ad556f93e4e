//! Trying a source before it is used: how it is, as the page of an operator is told.

use std::time::Duration;

use contract::disk::Data;
use contract::source::Source;
use ingest::{Part, Probe, State};
use serde_json::{Value, json};
use serve::admin::Probing;

/// How long each answer may take: somebody looks on.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks `source` how it is. What was asked is counted in `data`.
pub(crate) fn of(data: Data, source: Source) -> Probing {
    Box::pin(async move {
        let probed = ingest::probe(&data, &source, PATIENCE).await;
        let parts: Vec<Value> = probed.probes.iter().map(told).collect();
        // A panel whose guide is missing is one all the same.
        let good = probed.probes.first().is_some_and(|first| first.outcome.is_ok());
        json!({ "good": good, "ahead": probed.ahead, "parts": parts })
    })
}

fn told(probe: &Probe) -> Value {
    let part = match probe.part {
        Part::Account(number) => format!("account {number}"),
        Part::Playlist => "playlist".into(),
        Part::Guide => "guide".into(),
        Part::Page(number) => format!("page {number}"),
    };
    let (words, account) = match &probe.outcome {
        Ok(State::Account { connections, active, expires }) => {
            let limit = if *connections == 0 { "no limit of".into() } else { connections.to_string() };
            let words = format!("accepted; {limit} connections at once, {active} open now");
            (words, Some((*connections, *active, *expires)))
        }
        Ok(State::There) => ("is there".into(), None),
        Err(trouble) => (trouble.words.clone(), None),
    };
    json!({
        "part": part,
        "good": probe.outcome.is_ok(),
        "words": words,
        "connections": account.map(|it| it.0),
        "active": account.map(|it| it.1),
        "expires": account.and_then(|it| it.2),
    })
}
