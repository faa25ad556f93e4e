//! Films and episodes: files with ranges, passed through. Whatever the provider answers, the viewer gets clean HTTP.

use std::sync::Arc;

use contract::bundle::{Playable, Upstream};
use contract::user::User;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Response};
use httpd::Body;

use super::asked::Asked;
use super::clean::{self, Rangeless};
use crate::headend::Headend;
use crate::play::Key;
use crate::refusal::{Failure, Refusal};
use crate::seat::Client;
use crate::sizes::Title;
use crate::slot::Holder;
use crate::upstream::Dialler;
use crate::upstream::file::{Ask, File, Open};

/// Answers a request for `film`: from the first of its upstreams that has it.
pub(crate) async fn answer(
    headend: &Arc<Headend>,
    film: Playable,
    user: &User,
    client: &Client,
    method: &Method,
    headers: &HeaderMap,
) -> Result<httpd::Response, Refusal> {
    if method == Method::HEAD {
        return Ok(head(&film, size(headend, &film).await));
    }
    let key = Key { user: user.name.clone(), client: client.clone(), film: film.id };
    let request = headend.play(key, user)?;
    if let Some(failure) = headend.recent_failure(film.id) {
        return Err(failure.into());
    }
    let mut asked = Asked::of(headers);
    let mut refused = None;
    for upstream in &film.upstreams {
        let opened = async {
            request.claim(&upstream.account).await?;
            open(headend, Title::film(film.id), upstream, &mut asked).await
        };
        match opened.await {
            Ok(open) => {
                let media_type = media_type(&film.container);
                return clean::answer(&asked, upstream, open, request, media_type, Rangeless::Refused);
            }
            Err(Refusal::Upstream(why)) => refused = refused.or(Some(why)),
            Err(refusal) => return Err(refusal),
        }
    }
    let why = refused.unwrap_or(Failure::NoSource);
    headend.tally.failed(&why);
    headend.failed(film.id, why.clone());
    Err(why.into())
}

/// Opens a file for a request; its size is known from then on.
async fn open(
    headend: &Headend,
    title: Title,
    upstream: &Upstream,
    asked: &mut Asked,
) -> Result<Open, Refusal> {
    let mut known = headend.sizes.get(title);
    if known.is_none() && asked.is_suffix() {
        known = learn(headend, title, upstream).await?;
    }
    let file = File::open(&headend.dialler, upstream, &asked.ask(known)?).await?;
    settled(headend, title, upstream, asked, file).await
}

/// The file that is to be sent, where `file` is what the provider gave at first.
///
/// # Errors
/// The range lies behind the end; or the provider refuses.
pub(super) async fn settled(
    headend: &Headend,
    title: Title,
    upstream: &Upstream,
    asked: &mut Asked,
    mut file: File,
) -> Result<Open, Refusal> {
    if let File::Open(open) = &file
        && asked.is_outdated_by(open)
    {
        asked.want_all();
        if open.from > 0 || open.ranges {
            drop(file);
            file = File::open(&headend.dialler, upstream, &Ask::default()).await?;
        }
    }
    match file {
        File::Open(open) => {
            open.size.iter().for_each(|size| headend.sizes.put(title, *size));
            Ok(open)
        }
        File::Behind { size } => Err(Refusal::Range(size.or(headend.sizes.get(title)).unwrap_or(0))),
    }
}

/// The size, for `HEAD`: known already, or learnt by a short probe if there is a connection to spare.
async fn size(headend: &Headend, film: &Playable) -> Option<u64> {
    let title = Title::film(film.id);
    let known = || headend.sizes.get(title);
    if let Some(size) = known() {
        return Some(size);
    }
    // Who asks meanwhile finds it known.
    let _turn = headend.sizes.turn().await?;
    if known().is_some() || headend.recent_failure(film.id).is_some() {
        return known();
    }
    let upstream = film.upstreams.first()?;
    let _slot = headend.spare(&upstream.account, Holder::Film(0))?;
    learn(headend, title, upstream).await.unwrap_or_else(|why| {
        headend.failed(film.id, why);
        None
    })
}

/// Asks for two bytes, because panels do not answer `HEAD`.
async fn learn(headend: &Headend, title: Title, upstream: &Upstream) -> Result<Option<u64>, Failure> {
    let size = size_of(&headend.dialler, upstream).await?;
    size.iter().for_each(|size| headend.sizes.put(title, *size));
    Ok(size)
}

async fn size_of(dialler: &Dialler, upstream: &Upstream) -> Result<Option<u64>, Failure> {
    let ask = Ask { part: Some((0, Some(2))), if_range: None };
    match File::open(dialler, upstream, &ask).await? {
        File::Open(open) => Ok(open.size),
        File::Behind { .. } => Ok(None),
    }
}

fn head(film: &Playable, size: Option<u64>) -> httpd::Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type(&film.container));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    response
}

/// What a container is called in HTTP, whatever the address says.
fn media_type(container: &str) -> HeaderValue {
    HeaderValue::from_static(match container {
        "mp4" | "m4v" => "video/mp4",
        "mkv" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "ts" => "video/mp2t",
        "mov" => "video/quicktime",
        "flv" => "video/x-flv",
        "wmv" => "video/x-ms-wmv",
        "3gp" => "video/3gpp",
        "mpg" | "mpeg" => "video/mpeg",
        "webm" => "video/webm",
        _ => "application/octet-stream",
    })
}
