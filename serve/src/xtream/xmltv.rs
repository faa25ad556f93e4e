//! `xmltv.php`: the guide, as it lies in the release, or a part of it.

mod window;

use anyhow::Context;
use bytes::Bytes;
use contract::release::{GUIDE, GUIDE_GZ};
use futures_util::stream;
use http::StatusCode;
use httpd::{Body, Entity, Response, accepts_gzip};

use self::window::Window;
use crate::Server;
use crate::gzip::compressed;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// In which form the guide is sent. Never in both of the compressed ones at once: a file is a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    /// Compressed on the way, for clients that take it.
    Coded,
    /// A compressed file, for those who ask for one.
    File,
}

/// Answers `xmltv.php`.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    server.viewer(asked).await?;
    let prepared = server.prepared()?;
    let file = |gzip: &str| matches!(gzip.trim(), "1" | "true" | "yes" | "gz");
    let form = match asked.params.get("gzip").is_some_and(file) {
        true => Form::File,
        false if accepts_gzip(&asked.headers) => Form::Coded,
        false => Form::Plain,
    };
    match Window::asked(&asked.params, server.now()) {
        None => Ok(whole(&prepared, form).reply(&asked.headers)),
        Some(window) => part(&prepared, form, window, asked).await,
    }
}

fn whole(prepared: &Prepared, form: Form) -> Entity {
    let release = &prepared.release;
    let (bytes, hash) = match form {
        Form::Plain => (&release.guide, release.hash(GUIDE)),
        Form::Coded | Form::File => (&release.guide_gz, release.hash(GUIDE_GZ)),
    };
    entity(form, vec![bytes.clone()], hash.get(..32).unwrap_or(hash).to_owned())
}

/// Cut out for the one who asks, and compressed while it is sent, so that no number of different parts fills the memory.
async fn part(prepared: &Prepared, form: Form, window: Window, asked: &Asked) -> Result<Response, Refusal> {
    let hash = prepared.release.hash(GUIDE);
    let coding = if form == Form::Plain { "" } else { "-gz" };
    let etag = format!("{}-{}{coding}", hash.get(..16).unwrap_or(hash), window.name());
    let chunks = match asked.is_head() {
        true => Vec::new(),
        false => {
            let release = prepared.release.clone();
            let cutting = tokio::task::spawn_blocking(move || window.cut(&release));
            cutting.await.context("cutting the guide")?
        }
    };
    let made = asked.is_head() || form != Form::Plain;
    let sent = if made { Vec::new() } else { chunks.clone() };
    let mut response = Entity { ranges: !made, ..entity(form, sent, etag) }.reply(&asked.headers);
    if made && response.status() == StatusCode::OK {
        *response.body_mut() = match asked.is_head() {
            true => Body::stream(stream::empty()),
            false => Body::stream(compressed(chunks)),
        };
    }
    Ok(response)
}

fn entity(form: Form, chunks: Vec<Bytes>, etag: String) -> Entity {
    Entity {
        chunks,
        content_type: if form == Form::File { "application/gzip" } else { "application/xml; charset=utf-8" },
        etag,
        gzip: form == Form::Coded,
        cache: "private, max-age=60",
        ranges: true,
    }
}
