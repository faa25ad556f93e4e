//! The page at `/`: for people who watch in a browser, and for those who run the house.
//!
//! ```text
//!  /                    index.html, for whoever asks for HTML; a few words for everybody else
//!  /page/app-3f9c.js    what it is made of: never changes under its name, so it is kept for a year
//!  /page/api/...        what it needs besides the API of the apps: a login, what is on, pictures
//! ```
//!
//! The sources are in `serve/web/`, what is built of them in `serve/web/dist/`; compiling takes the latter, so Coax needs no
//! tools of the web. What the page shows of television it asks for as any app does, with a token that its login gives it;
//! what it shows to operators comes from `/api/admin`.
//!
//! SECURITY: the page gets nothing from elsewhere and sends nothing there, which its policy holds it to. What a provider
//! calls a channel is text to it, never HTML.

mod assets;
mod channel;
mod door;
mod guide;
mod picture;
mod setup;

use std::net::SocketAddr;

use contract::bundle::List;
use contract::logo::Owner;
use contract::source::BaseUrl;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use httpd::{Request, Response, reply};

use crate::Server;
use crate::base::Base;
use crate::refusal::Refusal;
use crate::service::Asked;

use self::assets::Asset;

pub(crate) use self::setup::Setup;

/// What of the page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// `/page/app-3f9c.js`: a file that it is made of, by its place among them.
    Asset(usize),
    /// `POST /page/api/login`: name and password for a cookie.
    LogIn,
    /// `POST /page/api/logout`: the cookie back.
    LogOut,
    /// `/page/api/session`: who has logged in.
    Session,
    /// `/page/api/setup`: the first administrator; posted to be made.
    Setup,
    /// `/page/api/guide`: programmes of some channels.
    Guide,
    /// `/page/api/channel/5001`: what a channel that is being received is made of.
    Channel(u32),
    /// `/page/api/picture/live/5001`: the picture of an entry.
    Picture(Owner),
}

impl Page {
    /// Reads the segments of a path.
    pub(crate) fn read(segments: &[&str]) -> Option<Self> {
        match *segments {
            ["page", "api", ref rest @ ..] => Self::read_api(rest),
            ["page", name] => assets::find(name).map(Self::Asset),
            _ => None,
        }
    }

    fn read_api(segments: &[&str]) -> Option<Self> {
        Some(match *segments {
            ["login"] => Self::LogIn,
            ["logout"] => Self::LogOut,
            ["session"] => Self::Session,
            ["setup"] => Self::Setup,
            ["guide"] => Self::Guide,
            ["channel", id] => Self::Channel(digits(id)?),
            ["picture", list, id] => {
                let list = List::ALL.into_iter().find(|known| known.word() == list)?;
                Self::Picture(Owner { list, id: digits(id)? })
            }
            _ => return None,
        })
    }

    /// Whether it can be asked in this way: what changes something is posted.
    fn is_asked_by(self, method: &Method) -> bool {
        match self {
            Self::LogIn | Self::LogOut => method == Method::POST,
            Self::Setup => true,
            _ => method != Method::POST,
        }
    }
}

/// A number of digits: `parse` alone would take a plus.
fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `/`: the page for whoever asks for HTML, which browsers do and nobody else.
pub(crate) async fn front(server: &Server, asked: &Asked) -> Response {
    if !takes_html(&asked.headers) {
        let mut response = crate::front::page();
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
        return reply::cors(response);
    }
    let prefix = asked.base().map_or("", Base::path);
    let mut response = guarded(assets::index(prefix).reply(&asked.headers));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(&server.settings.relays));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    response
}

/// Answers what belongs to the page.
pub(crate) async fn answer(
    server: &Server,
    page: Page,
    request: Request,
    peer: SocketAddr,
) -> Result<Response, Refusal> {
    if !page.is_asked_by(request.method()) {
        return Err(Refusal::Method);
    }
    let headers = request.headers();
    let response = match page {
        Page::Asset(at) => asset(at, headers).await?,
        // SECURITY: a browser sends a cookie with whatever makes it ask. A page of another site gets nothing by it.
        _ if httpd::is_from_another_page(headers) => return Err(Refusal::Forbidden),
        Page::LogIn => door::log_in(server, request, peer).await?,
        Page::LogOut => door::log_out(server, &request, peer).await?,
        Page::Session => door::session(server, &request, peer)?,
        Page::Setup if request.method() == Method::POST => setup::begin(server, request, peer).await?,
        Page::Setup => setup::state(server),
        Page::Guide => guide::answer(server, &*door::visitor(server, headers)?, &request).await?,
        Page::Channel(id) => channel::answer(server, &*door::visitor(server, headers)?, id).await?,
        Page::Picture(owner) => {
            picture::answer(server, &*door::visitor(server, headers)?, owner, headers).await?
        }
    };
    Ok(guarded(response))
}

async fn asset(at: usize, headers: &HeaderMap) -> Result<Response, Refusal> {
    let asset: &'static Asset = assets::at(at);
    Ok(asset.entity(headers).await?.reply(headers))
}

/// A document for the one who asked.
fn told(document: &impl serde::Serialize) -> Response {
    let document = serde_json::to_vec(document).expect("plain fields become JSON");
    let mut response = reply::json(StatusCode::OK, document);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// No other site puts it into a frame, reads it, or learns of the addresses in it, which open streams.
fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}

/// RFC 9110 section 12.5.1, as far as it matters: a browser names the type, and what takes anything is none.
fn takes_html(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = values.flat_map(|value| value.split(',')).map(|it| it.split(';').next().unwrap_or(""));
    types.any(|it| it.trim().eq_ignore_ascii_case("text/html"))
}

/// Content Security Policy (level 3): everything from here, and streams from the relays that viewers are sent to. Players
/// of the page decode in workers that they make themselves (`blob:`), and so is what they hand to the video.
fn policy(relays: &[BaseUrl]) -> HeaderValue {
    let origin = |relay: &BaseUrl| {
        let base = Base::configured(relay);
        format!(" {}://{}:{}", base.scheme, base.host(), base.port())
    };
    let relays: String = relays.iter().map(origin).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         font-src 'self'; connect-src 'self'{relays}; media-src 'self' blob:{relays}; worker-src 'self' blob:; \
         manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_of_the_page_is_known() {
        for (path, expected) in [
            ("page/api/login", Some(Page::LogIn)),
            ("page/api/channel/7", Some(Page::Channel(7))),
            ("page/api/picture/movies/9", Some(Page::Picture(Owner { list: List::Movies, id: 9 }))),
            ("page/api/picture/radio/9", None),
            ("page/api/channel/+7", None),
            ("page/nothing.js", None),
            ("page/index.html", None),
            ("page", None),
        ] {
            assert_eq!(Page::read(&path.split('/').collect::<Vec<_>>()), expected, "{path}");
        }
    }

    #[test]
    fn a_browser_gets_the_page_and_streams_may_come_from_relays_alone() {
        let accepts =
            |value: &str| takes_html(&HeaderMap::from_iter([(header::ACCEPT, value.parse().unwrap())]));
        assert!(accepts("text/html,application/xhtml+xml,*/*;q=0.8") && accepts("Text/HTML;q=0.9"));
        assert!(!accepts("*/*") && !accepts("application/json") && !takes_html(&HeaderMap::new()));
        let policy = policy(&[BaseUrl::new("https://r1.example/x").unwrap()]);
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("connect-src 'self' https://r1.example:443;"), "{policy}");
        assert!(!policy.contains("unsafe"));
    }
}
