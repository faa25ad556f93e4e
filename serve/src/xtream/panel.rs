//! `panel_api.php`: the account and all channels in one document, for set-top boxes and apps from before
//! `player_api.php`.

use bytes::Bytes;
use contract::bundle::Section;
use http::header::{self, HeaderValue};
use httpd::{Body, Response, reply};

use super::account;
use crate::Server;
use crate::prepared::Prepared;
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
    if login.active(server.now()).is_ok() {
        let prepared = server.prepared()?;
        chunks.extend(prepared.release.index.list(&prepared.release.bundle, Section::LiveCategories));
        chunks.push(Bytes::from_static(between));
        channels(&prepared, &mut chunks);
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
fn channels(prepared: &Prepared, chunks: &mut Vec<Bytes>) {
    let entries = prepared.release.index.entries(Section::LiveStreams);
    let (mut keys, mut ends) = (String::new(), Vec::with_capacity(entries.len()));
    for (at, entry) in entries.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        keys.push_str(&format!("{comma}\"{}\":", entry.id));
        ends.push(keys.len());
    }
    let (keys, mut start) = (Bytes::from(keys), 0);
    for (entry, end) in entries.iter().zip(ends) {
        let found = prepared.release.find(Section::LiveStreams, entry.id);
        chunks.push(keys.slice(start..end));
        chunks.push(found.expect("an id of the index is in it"));
        start = end;
    }
}
