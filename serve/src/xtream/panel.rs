//! `panel_api.php`: the account and all channels in one document, for set-top boxes and apps from before
//! `player_api.php`.

use bytes::Bytes;
use contract::bundle::{List, Section};
use contract::release::View;
use http::header::{self, HeaderValue};
use httpd::{Body, Response, reply};

use super::account;
use crate::Server;
use crate::pace::Kind;
use crate::refusal::Refusal;
use crate::service::Asked;

/// Answers `panel_api.php`. Films and series are not in it: who knows this page asks for channels. Whoever may not watch
/// has none.
pub(crate) async fn answer(server: &Server, asked: &Asked) -> Result<Response, Refusal> {
    if !server.settings.panel_api {
        return Err(Refusal::Unknown);
    }
    let (login, mut account) = account::document(server, asked).await?;
    account.pop(); // the brace: there is more in this object
    account.extend_from_slice(br#","categories":{"live":"#);
    let mut chunks = vec![Bytes::from(account)];
    let (between, end) = (br#","movie":[],"series":[]},"available_channels":{"#, b"}}");
    if let Ok(login) = login.active(server.now()) {
        server.paced(&login.name, Kind::Lists)?;
        let prepared = server.seen_by(&login).await?;
        chunks.extend(prepared.view.list(Section::LiveCategories));
        chunks.push(Bytes::from_static(between));
        channels(&prepared.view, &mut chunks);
    } else {
        chunks.push(Bytes::from_static(b"[]"));
        chunks.push(Bytes::from_static(between));
    }
    chunks.push(Bytes::from_static(end));
    let mut response = Response::new(Body::chunks(chunks));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(reply::JSON));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Appends `"ID":ENTRY` for every channel. The entries are slices of the bundle, and the keys of one text.
fn channels(view: &View, chunks: &mut Vec<Bytes>) {
    let ids = view.ids(List::Live);
    let (mut keys, mut ends) = (String::new(), Vec::with_capacity(ids.len()));
    for (at, id) in ids.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        keys.push_str(&format!("{comma}\"{id}\":"));
        ends.push(keys.len());
    }
    let (keys, mut start) = (Bytes::from(keys), 0);
    for (id, end) in ids.into_iter().zip(ends) {
        let found = view.find(Section::LiveStreams, id);
        chunks.push(keys.slice(start..end));
        chunks.push(found.expect("an id of the list is in it"));
        start = end;
    }
}
