//! `/page/api/picture/live/5001`: the picture of an entry from here, wherever lists say that it is. A browser is not to ask
//! elsewhere: its policy forbids it, and whoever is asked would learn who watches what.

use contract::bundle::List;
use contract::logo::Owner;
use contract::user::User;
use http::header::{self, HeaderMap, HeaderValue};
use httpd::Response;
use serde::Deserialize;

use crate::Server;
use crate::logo;
use crate::refusal::Refusal;

/// Where an entry says that its picture is.
#[derive(Deserialize)]
struct Pictured {
    #[serde(default, alias = "cover")]
    stream_icon: String,
}

/// Answers a user.
pub(super) async fn answer(
    server: &Server,
    user: &User,
    owner: Owner,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let prepared = server.prepared()?.seen(&user.sees).await?;
    let entry = prepared.view.find(owner.list.entries(), owner.id).ok_or(Refusal::Unknown)?;
    let address = serde_json::from_slice::<Pictured>(&entry).map_or(String::new(), |it| it.stream_icon);
    // It is asked for as the source that told of it. Of a series nothing says which that was: any will do, since where
    // pictures are nobody's credentials are sent.
    let playable = match owner.list {
        List::Series => None,
        List::Live | List::Movies => prepared.release.playable(owner.id),
    };
    let source = playable.and_then(|it| it.upstreams.into_iter().next()).map(|upstream| upstream.account);
    let source = source.or_else(|| prepared.release.manifest.sources.first().map(|it| it.name.clone()));
    let mut response = logo::of_entry(server, owner, &source.unwrap_or_default(), &address, headers).await?;
    // For the one who may see the entry.
    let kept = response.headers().get(header::CACHE_CONTROL).and_then(|kept| kept.to_str().ok());
    let kept = kept.unwrap_or("").replace("public", "private");
    let kept = HeaderValue::try_from(kept).unwrap_or(HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    Ok(response)
}
