//! Films and episodes: files with ranges, passed through. Whatever the provider answers, the viewer gets clean HTTP.

use std::sync::Arc;

use contract::bundle::{Playable, Protocol, Upstream};
use contract::ticket::pass::{Class, MADE};
use contract::user::User;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response};
use httpd::Body;

use super::asked::Asked;
use super::clean::{self, Rangeless};
use super::ways::Ways;
use crate::headend::Headend;
use crate::play::Key;
use crate::refusal::{Failure, Refusal};
use crate::seat::Client;
use crate::sizes::Title;
use crate::slot::Holder;
use crate::upstream::file::{Ask, File, Open, Way};

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
        let size = size(headend, &film).await;
        return Ok(head(headend, &film, size));
    }
    let key = Key::new(user, client, film.id);
    let request = headend.play(key, user)?;
    if let Some(failure) = headend.recent_failure(film.id) {
        return Err(refusal(failure));
    }
    let mut asked = Asked::of(headers);
    let mut ways = Ways::new(&request, film.id, &film.upstreams);
    while let Some(way) = ways.next().await {
        match open(headend, Some(Title::film(film.id)), (&way, false), &mut asked).await {
            Ok(open) => {
                let media_type = media_type(if open.is_made { "ts" } else { &film.container });
                return clean::answer(&asked, way, open, request, media_type, Rangeless::Refused);
            }
            Err(Refusal::Upstream(why)) => {
                headend.tally.failed(&why);
                ways.refused(&way, why).await;
            }
            Err(refusal) => return Err(refusal),
        }
    }
    let why = ways.why();
    if !matches!(why, Failure::Full | Failure::Closing) {
        headend.failed(film.id, why.clone());
    }
    Err(refusal(why))
}

/// Answers a request of somebody who does not watch: from the first of its upstreams that has it, each asked once, and only
/// where there is a connection to spare. When somebody needs that, the body ends early, and a trailer says why. What is not
/// under the ending that is listed (`is_listed`) may be another file than the one that viewers have.
pub(crate) async fn lesser(
    headend: &Arc<Headend>,
    (film, is_listed): (Playable, bool),
    class: Class,
    headers: &HeaderMap,
) -> Result<httpd::Response, Refusal> {
    let request = headend.fetch(class)?;
    let title = is_listed.then(|| Title::film(film.id));
    let mut asked = Asked::of(headers);
    let mut ways = Ways::new(&request, film.id, &film.upstreams);
    while let Some(way) = ways.next().await {
        let opening = async { Ok(open(headend, title, (&way, true), &mut asked).await) };
        match request.dial(opening).await? {
            Ok(open) => {
                let made = open.is_made.then_some("ts");
                let media_type = media_type(made.unwrap_or(&film.container));
                let mut response = clean::answer(&asked, way, open, request, media_type, Rangeless::Whole)?;
                let made = made.map(|made| (HeaderName::from_static(MADE), HeaderValue::from_static(made)));
                response.headers_mut().extend(made);
                return Ok(response);
            }
            Err(Refusal::Upstream(why)) => {
                headend.tally.failed(&why);
                ways.refused(&way, why).await;
            }
            Err(refusal) => return Err(refusal),
        }
    }
    Err(refusal(ways.why()))
}

/// What is said to whoever wants a film that cannot be had.
fn refusal(why: Failure) -> Refusal {
    match why {
        Failure::Unsupported(obstacle) => Refusal::Unmade(obstacle),
        why => why.into(),
    }
}

/// Whether what `upstream` has is no file before we have made it one, as far as is known by now.
fn is_made(headend: &Headend, upstream: &Upstream) -> bool {
    upstream.protocol == Protocol::Hls || headend.segmented.holds(upstream)
}

/// Opens a file for a request, of somebody who watches it or keeps it; its size is known from then on, if it is the file of
/// `title`.
async fn open(
    headend: &Headend,
    title: Option<Title>,
    (way, is_kept): (&Way, bool),
    asked: &mut Asked,
) -> Result<Open, Refusal> {
    if is_made(headend, &way.upstream) {
        return made(headend, way, is_kept).await;
    }
    let mut known = title.and_then(|title| headend.sizes.get(title));
    if known.is_none() && asked.is_suffix() {
        known = learn(headend, title, way).await?;
    }
    let file = match is_made(headend, &way.upstream) {
        true => File::List,
        false => File::open(&headend.dialler, way, &asked.ask(known)?).await?,
    };
    if matches!(file, File::List) {
        headend.segmented.put(&way.upstream);
        return made(headend, way, is_kept).await;
    }
    settled(headend, title, way, asked, file).await
}

/// Opens what is HLS, from its beginning.
async fn made(headend: &Headend, way: &Way, is_kept: bool) -> Result<Open, Refusal> {
    let made = Open::made(&headend.dialler, way, is_kept).await;
    if matches!(made, Err(Failure::Foreign(_))) {
        headend.segmented.forget(&way.upstream); // perhaps it is a file by now
    }
    Ok(made?)
}

/// The file that is to be sent, where `file` is what the provider gave at first.
///
/// # Errors
/// The range lies behind the end; or the provider refuses.
pub(super) async fn settled(
    headend: &Headend,
    title: Option<Title>,
    way: &Way,
    asked: &mut Asked,
    mut file: File,
) -> Result<Open, Refusal> {
    if let File::Open(open) = &file
        && asked.is_outdated_by(open)
    {
        asked.want_all();
        if open.from > 0 || open.ranges {
            drop(file);
            file = File::open(&headend.dialler, way, &Ask::default()).await?;
        }
    }
    match file {
        File::Open(open) => {
            title.zip(open.size).iter().for_each(|(title, size)| headend.sizes.put(*title, *size));
            Ok(open)
        }
        File::Behind { size } => {
            let known = || title.and_then(|title| headend.sizes.get(title));
            Err(Refusal::Range(size.or_else(known).unwrap_or(0)))
        }
        File::List => Err(Failure::Foreign("a playlist").into()),
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
    let upstream = film.upstreams.first().filter(|upstream| !is_made(headend, upstream))?;
    let slot = headend.spare(&upstream.account, Holder::Probe)?;
    let way = Way { upstream: upstream.clone(), login: slot.login() };
    learn(headend, Some(title), &way).await.unwrap_or_else(|why| {
        headend.failed(film.id, why);
        None
    })
}

/// Asks for two bytes, because panels do not answer `HEAD`.
async fn learn(headend: &Headend, title: Option<Title>, way: &Way) -> Result<Option<u64>, Failure> {
    let ask = Ask { part: Some((0, Some(2))), if_range: None };
    let size = match File::open(&headend.dialler, way, &ask).await? {
        File::Open(open) => open.size,
        File::Behind { .. } => None,
        File::List => {
            headend.segmented.put(&way.upstream);
            None
        }
    };
    title.zip(size).iter().for_each(|(title, size)| headend.sizes.put(*title, *size));
    Ok(size)
}

fn head(headend: &Headend, film: &Playable, size: Option<u64>) -> httpd::Response {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    if film.upstreams.first().is_some_and(|upstream| is_made(headend, upstream)) {
        headers.insert(header::CONTENT_TYPE, media_type("ts"));
        return response;
    }
    headers.insert(header::CONTENT_TYPE, media_type(&film.container));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(size) = size {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    }
    response
}

/// What a container is called in HTTP, whatever the address says.
pub(super) fn media_type(container: &str) -> HeaderValue {
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
