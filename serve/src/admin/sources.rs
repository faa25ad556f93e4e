//! Sources that are added from elsewhere, beside those of the configuration.

use anyhow::Context;
use contract::source::{Added, NotAdded};
use http::StatusCode;
use httpd::api::Refusal;
use httpd::{Request, Response};

use super::answer::{self, done, json};
use crate::Server;

/// `POST /api/admin/sources/test`: asks it how it is. Nothing is kept.
pub(super) async fn test(server: &Server, request: Request) -> Result<Response, Refusal> {
    let added: Added = answer::sent(request).await?;
    let source = added.source().map_err(Refusal::Wrong)?;
    let asking = (server.programs.probe)(source);
    let asking = asking.ok_or_else(|| Refusal::Unavailable("ingest does not run in this process".into()))?;
    Ok(json(StatusCode::OK, &asking.await))
}

/// `POST /api/admin/sources`.
pub(super) async fn add(server: &Server, request: Request) -> Result<Response, Refusal> {
    let added: Added = answer::sent(request).await?;
    let data = server.data.clone();
    let adding = tokio::task::spawn_blocking(move || added.keep(&data));
    adding.await.context("adding a source")?.map_err(|why| match why {
        NotAdded::Wrong(words) => Refusal::Wrong(words),
        NotAdded::Known | NotAdded::TooMany => Refusal::Conflict(why.to_string()),
        NotAdded::Disk(_) => Refusal::Failed(why.into()),
    })?;
    (server.programs.anew)();
    Ok(done())
}

/// `DELETE /api/admin/sources/{name}`.
pub(super) async fn remove(server: &Server, name: &str) -> Result<Response, Refusal> {
    let (data, name) = (server.data.clone(), name.to_owned());
    let removing = tokio::task::spawn_blocking(move || Added::remove(&name, &data));
    let removed = removing.await.context("removing a source")?.context("sources.json cannot be used")?;
    if !removed {
        return Err(Refusal::Unknown);
    }
    (server.programs.anew)();
    Ok(done())
}
