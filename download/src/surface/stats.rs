//! Figures.

use std::collections::BTreeMap;

use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Response, api};
use serde_json::{Value, json};

use super::Service;
use super::access::Asker;
use crate::store::{Stats, Store, now};

/// `GET /api/stats`.
pub(super) async fn all(service: &Service, asker: &Asker) -> Result<Response, Refusal> {
    let (stats, targets) = service.aside(|store| Ok((store.stats()?, store.targets()?))).await?;
    let named: BTreeMap<&str, u64> = targets
        .iter()
        .map(|target| (target.name.as_str(), stats.targets.get(&target.id).copied().unwrap_or(0)))
        .collect();
    let mut told = of_downloads(&stats);
    told["servers"] = json!(named);
    told["users"] = if asker.is_admin() { json!(stats.users) } else { Value::Null };
    Ok(api::told(StatusCode::OK, &told))
}

/// `GET /api/stats/downloads`.
pub(super) async fn downloads(service: &Service) -> Result<Response, Refusal> {
    let stats = service.aside(Store::stats).await?;
    Ok(api::told(StatusCode::OK, &of_downloads(&stats)))
}

/// `GET /api/stats/servers`.
pub(super) async fn servers(service: &Service) -> Result<Response, Refusal> {
    let (stats, targets) = service.aside(|store| Ok((store.stats()?, store.targets()?))).await?;
    let servers: Vec<Value> = targets
        .iter()
        .map(|target| {
            let bytes = stats.targets.get(&target.id).copied().unwrap_or(0);
            let status = if target.maintenance { "maintenance" } else { target.health.status.word() };
            json!({ "id": target.id, "name": target.name, "bytes": bytes, "status": status })
        })
        .collect();
    Ok(api::told(StatusCode::OK, &json!({ "servers": servers })))
}

/// `GET /api/stats/users`.
pub(super) async fn users(service: &Service) -> Result<Response, Refusal> {
    let stats = service.aside(Store::stats).await?;
    Ok(api::told(StatusCode::OK, &json!({ "users": stats.users })))
}

/// `GET /api/stats/accounts`.
pub(super) async fn accounts(service: &Service) -> Result<Response, Refusal> {
    let accounts = service.aside(|store| store.slot_waits(now())).await?;
    Ok(api::told(StatusCode::OK, &json!({ "accounts": accounts })))
}

fn of_downloads(stats: &Stats) -> Value {
    let Stats { states, bytes, days, throughput, failures, .. } = stats;
    json!({ "states": states, "bytes": bytes, "days": days, "throughput": throughput, "failures": failures })
}
