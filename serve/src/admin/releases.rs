//! Releases, what made them, and what is in them.

use anyhow::Context;
use contract::bundle::{Category, List};
use contract::release::{Change, Releases, SourceFact};
use contract::run::LastRun;
use contract::source::Added;
use http::StatusCode;
use httpd::Response;
use httpd::api::Refusal;
use serde::Serialize;
use std::collections::BTreeMap;

use super::answer::{done, json};
use crate::Server;

#[derive(Serialize)]
struct Group {
    list: List,
    id: u32,
    name: String,
    entries: usize,
}

#[derive(Serialize)]
struct Sources {
    /// `null` before the first.
    run: Option<LastRun>,
    /// What the release in force has of each.
    release: Vec<SourceFact>,
    /// The names of those that were added beside the configuration.
    added: Vec<String>,
}

#[derive(Serialize)]
struct Kept {
    number: u32,
    /// The one in force.
    current: bool,
    /// Unix time, in seconds.
    created: u64,
    /// Bytes of all its files.
    size: u64,
    changes: BTreeMap<String, Change>,
}

/// `GET /api/admin/groups`.
pub(super) async fn groups(server: &Server) -> Result<Response, Refusal> {
    let release = server.release().ok_or_else(|| Refusal::Unavailable("there is no release yet".into()))?;
    let counting = tokio::task::spawn_blocking(move || {
        let of = |list: List| {
            let release = &release;
            release.index.entries(list.categories()).iter().filter_map(move |entry| {
                let category = release.find(list.categories(), entry.id)?;
                let name = serde_json::from_slice::<Category>(&category).ok()?.category_name;
                Some(Group {
                    list,
                    id: entry.id,
                    name,
                    entries: release.index.count(list.entries(), entry.id),
                })
            })
        };
        List::ALL.into_iter().flat_map(of).collect::<Vec<_>>()
    });
    Ok(json(StatusCode::OK, &counting.await.context("counting groups")?))
}

/// `GET /api/admin/sources`.
pub(super) async fn sources(server: &Server) -> Result<Response, Refusal> {
    let (data, release) = (server.data.clone(), server.release());
    let reading = tokio::task::spawn_blocking(move || (LastRun::load(&data), Added::all(&data)));
    let (run, added) = reading.await.context("reading run.json")?;
    let run = run.context("run.json cannot be read")?;
    let added = added.context("sources.json cannot be read")?.into_iter().map(|one| one.name).collect();
    let release = release.map(|release| release.manifest.sources.clone()).unwrap_or_default();
    Ok(json(StatusCode::OK, &Sources { run, release, added }))
}

/// `GET /api/admin/releases`.
pub(super) async fn list(server: &Server) -> Result<Response, Refusal> {
    let releases = Releases::new(server.data.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let current = releases.current();
        let kept = |number: u32| {
            // What cannot be read is not told of; rolling back to it would fail.
            let manifest = releases.manifest(number).ok()?;
            let size = manifest.files.iter().map(|file| file.size).sum();
            let (created, changes) = (manifest.created, manifest.changes);
            Some(Kept { number, current: current == Some(number), created, size, changes })
        };
        let numbers = releases.list().context("the releases cannot be listed")?;
        anyhow::Ok(numbers.into_iter().rev().filter_map(kept).collect::<Vec<_>>())
    });
    Ok(json(StatusCode::OK, &reading.await.context("listing releases")??))
}

/// `POST /api/admin/releases/{number}/rollback`.
pub(super) async fn roll_back(server: &Server, number: &str) -> Result<Response, Refusal> {
    // `parse` alone would take a plus.
    let digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = number.parse().ok().filter(|_| digits).ok_or(Refusal::Unknown)?;
    let releases = Releases::new(server.data.clone());
    let turning = tokio::task::spawn_blocking(move || {
        if !releases.list().context("the releases cannot be listed")?.contains(&number) {
            return Err(Refusal::Unknown);
        }
        releases.verify(number).map_err(|_| Refusal::Conflict("this release is damaged".into()))?;
        let lock = releases.lock().context("the data folder cannot be written")?;
        let lock =
            lock.ok_or_else(|| Refusal::Conflict("a run is going on; wait until it is over".into()))?;
        releases.rollback(&lock, Some(number)).context("the release cannot be put in force")?;
        tracing::info!(release = number, "an operator has put this release in force");
        Ok(done())
    });
    turning.await.context("rolling back")?
}
