//! What a person and a monitor see.

use http::StatusCode;
use http::header::{self, HeaderValue};
use httpd::{Response, reply};
use serde::Serialize;

use crate::Server;

/// `/`: what this is. No names, no numbers: anybody can read it.
pub(crate) fn page() -> Response {
    reply::text(
        StatusCode::OK,
        "This is Coax, a television gateway.\n\n\
         Type the address of this page into an app that takes an Xtream account, with your user name and password.\n\
         Apps that want addresses instead: /get.php for the playlist and /xmltv.php for the guide, both with\n\
         ?username=...&password=... behind them.\n",
    )
}

#[derive(Serialize)]
struct Health<'a> {
    status: &'static str,
    /// The name of the release that is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<&'a str>,
    /// Seconds since it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u64>,
}

/// `/health`: 200 when there is a release to serve, else 503.
pub(crate) fn health(server: &Server) -> Response {
    let prepared = server.prepared().ok();
    let health = match &prepared {
        Some(prepared) => Health {
            status: "ok",
            release: Some(&prepared.release.name),
            age: Some(server.now().saturating_sub(prepared.release.manifest.created)),
        },
        None => Health { status: "no release yet", release: None, age: None },
    };
    let status = if prepared.is_some() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = serde_json::to_vec(&health).expect("plain fields become JSON");
    let mut response = reply::json(status, document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
