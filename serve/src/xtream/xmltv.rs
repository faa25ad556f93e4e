//! `xmltv.php`: the guide, as it lies in the release, or a part of it.

mod window;

use bytes::Bytes;
use contract::release::{GUIDE, GUIDE_GZ, View};
use futures_util::stream;
use http::StatusCode;
use httpd::{Body, Coding, Entity, Response};

use self::window::Window;
use crate::Server;
use crate::pace::Kind;
use crate::packed::Press;
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
    let login = server.viewer(asked, Kind::Lists).await?;
    let prepared = server.seen_by(&login).await?;
    let file = |gzip: &str| matches!(gzip.trim(), "1" | "true" | "yes" | "gz");
    let form = match asked.params.get("gzip").is_some_and(file) {
        true => Form::File,
        false if Coding::preferred(&asked.headers, &[Coding::Gzip]) == Coding::Gzip => Form::Coded,
        false => Form::Plain,
    };
    let window = Window::asked(&asked.params, server.now());
    let Some(window) = window.or_else(|| (!prepared.view.is_whole()).then(Window::default)) else {
        return Ok(whole(&prepared, form, asked).reply(&asked.headers));
    };
    let (form, press) = match form {
        _ if asked.is_head() => (form, None),
        Form::Plain => (form, None),
        Form::File => (form, Some(server.presses.wait().await)),
        Form::Coded => match server.presses.free() {
            Some(press) => (form, Some(press)),
            None => (Form::Plain, None),
        },
    };
    part(server, &prepared, form, press, window, asked).await
}

fn whole(prepared: &Prepared, form: Form, asked: &Asked) -> Entity {
    let release = &prepared.release;
    let (bytes, hash) = match form {
        Form::Plain => (&release.guide, release.hash(GUIDE)),
        Form::Coded | Form::File => (&release.guide_gz, release.hash(GUIDE_GZ)),
    };
    entity(form, vec![bytes.clone()], hash.get(..32).unwrap_or(hash).to_owned(), asked)
}

/// The guide of those channels that are seen.
pub(crate) fn seen(view: &View) -> Vec<Bytes> {
    Window::default().cut(view)
}

/// Cut out for the one who asks, and compressed while it is sent, so that no number of different parts fills the memory.
async fn part(
    server: &Server,
    prepared: &Prepared,
    form: Form,
    press: Option<Press>,
    window: Window,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let hash = prepared.release.hash(GUIDE);
    let coding = if form == Form::Plain { "" } else { "-gz" };
    let (hash, mark) = (hash.get(..16).unwrap_or(hash), prepared.view.mark());
    let etag = format!("{hash}{mark}-{}{coding}", window.name());
    let chunks = match asked.is_head() {
        true => Vec::new(),
        false => {
            let view = prepared.view.clone();
            server.read(move || window.cut(&view)).await?
        }
    };
    let made = asked.is_head() || form != Form::Plain;
    let sent = if made { Vec::new() } else { chunks.clone() };
    let mut response = Entity { ranges: !made, ..entity(form, sent, etag, asked) }.reply(&asked.headers);
    if made && response.status() == StatusCode::OK {
        *response.body_mut() = match press {
            None => Body::stream(stream::empty()),
            Some(press) => Body::stream(press.gzip(chunks.into_iter())),
        };
    }
    Ok(response)
}

fn entity(form: Form, chunks: Vec<Bytes>, etag: String, asked: &Asked) -> Entity {
    Entity {
        chunks,
        content_type: if form == Form::File { "application/gzip" } else { "application/xml; charset=utf-8" },
        etag,
        coding: if form == Form::Coded { Coding::Gzip } else { Coding::Identity },
        cache: asked.shared(),
        ranges: true,
    }
}
