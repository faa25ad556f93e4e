//! Who is at the page: a login with name and password, and a cookie that remembers it.
//!
//! The cookie holds a token of the user's, like the one of any other device: it stands in `users.json`, operators see it
//! among his devices and can take it back, it outlives a restart, and relays elsewhere know it. The page needs it as well,
//! since the addresses of streams carry it.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use contract::user::{Token, User};
use http::header::{self, HeaderMap, HeaderValue};
use httpd::{Request, Response, reply};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::told;
use crate::Server;
use crate::admin;
use crate::login::Login;
use crate::refusal::Refusal;

/// Where browsers send the cookie: to what the page asks here, and to what it asks of downloads.
const BELOW: [&str; 2] = ["/page", "/api"];
/// Browsers a user may be logged in with at a time; the oldest login makes room for the next.
const MOST: usize = 20;
/// A longer document is no pair of name and password, in bytes.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    username: String,
    password: String,
}

/// What the page is told of whoever has logged in.
#[derive(Serialize)]
struct Session<'a> {
    name: &'a str,
    /// Stands for name and password in addresses.
    token: &'a str,
    /// Whether he may administer; whether he has shown his password for that lately, `/api/admin/session` tells.
    admin: bool,
    /// Unix time in seconds from which on nothing is served; `null` for never.
    expires: Option<u64>,
    /// Streams at once; 0 is unlimited.
    max_connections: u32,
    /// The address under which apps reach us.
    base: String,
    version: &'static str,
}

/// `POST /page/api/login`.
pub(super) async fn log_in(server: &Server, request: Request, peer: SocketAddr) -> Result<Response, Refusal> {
    let client = server.client(request.headers(), peer);
    let agent = device(request.headers());
    let place = place(server, &request, peer)?;
    let pair: Pair = sent(request, LONGEST).await?;
    let user = server.logins.user(&pair.username, &pair.password, client).await?;
    let login = Login { name: user.name.clone(), password: pair.password, user }.active(server.now())?;
    // SECURITY: the token of another device opens no browser, which could stay open when it is taken back.
    if login.user.device.is_some() {
        return Err(Refusal::Forbidden);
    }
    enter(server, &login.user, agent, place).await
}

/// Lets `user` in, who has just shown that he is it: here, and where operators go if he is one.
pub(super) async fn enter(
    server: &Server,
    user: &User,
    agent: &'static str,
    place: Place,
) -> Result<Response, Refusal> {
    let token = give(server, &user.name, agent).await?;
    let mut response = told(&session_of(user, &token, &place.base));
    let headers = response.headers_mut();
    for below in BELOW {
        headers.append(header::SET_COOKIE, set(&token, (&place.path, below), place.secure, Token::LOGIN));
    }
    if let Some(cookie) = admin::begin(server, user, &place.path, place.secure) {
        headers.append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// What was sent.
///
/// SECURITY: only as JSON, which a form on a page of another site cannot send without asking first.
pub(super) async fn sent<T: DeserializeOwned>(request: Request, most: usize) -> Result<T, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |it| it.as_bytes());
    if !content_type.starts_with(b"application/json") {
        return Err(Refusal::Wrong("send it as application/json".into()));
    }
    let content = httpd::content(request, most).await;
    let document = content.and_then(|content| serde_json::from_slice(&content).ok());
    document.ok_or_else(|| Refusal::Wrong("not the document that is expected".into()))
}

/// `POST /page/api/logout`.
pub(super) async fn log_out(
    server: &Server,
    request: &Request,
    peer: SocketAddr,
) -> Result<Response, Refusal> {
    let Place { path, secure, .. } = place(server, request, peer)?;
    if let Some((user, device)) = holder(server, request.headers()) {
        let (users, name) = (server.users.clone(), user.name.clone());
        let taking = tokio::task::spawn_blocking(move || {
            users.edit(|all| {
                let user = all.iter_mut().find(|user| user.name == name);
                user.map(|user| user.take_back(&device))
            })
        });
        taking.await.context("logging out")?.context("logging out")?;
    }
    let mut response = reply::empty(http::StatusCode::NO_CONTENT);
    for below in BELOW {
        response.headers_mut().append(header::SET_COOKIE, set("", (&path, below), secure, 0));
    }
    Ok(response)
}

/// `/page/api/session`.
pub(super) fn session(server: &Server, request: &Request, peer: SocketAddr) -> Result<Response, Refusal> {
    // Nobody has logged in: that is no news for the log.
    let token = cookie(request.headers()).ok_or(Refusal::Unknown)?;
    let user = visitor(server, request.headers())?;
    let place = place(server, request, peer)?;
    Ok(told(&session_of(&user, token, &place.base)))
}

/// Who has logged in and may watch.
pub(super) fn visitor(server: &Server, headers: &HeaderMap) -> Result<Arc<User>, Refusal> {
    let (user, _) = holder(server, headers).ok_or(Refusal::Forbidden)?;
    match user.standing(server.now()) {
        contract::user::Standing::Active => Ok(user),
        standing => Err(Refusal::Barred(standing)),
    }
}

/// Whose login the cookie is, as long as that holds, and the device that it was given to.
fn holder(server: &Server, headers: &HeaderMap) -> Option<(Arc<User>, Arc<str>)> {
    let user = server.users.visitor(cookie(headers)?, server.now())?;
    let device = user.device.clone()?;
    Some((user, device))
}

fn session_of<'a>(user: &'a User, token: &'a str, base: &str) -> Session<'a> {
    Session {
        name: &user.name,
        token,
        admin: user.admin,
        expires: user.expires,
        max_connections: user.max_connections,
        base: base.to_owned(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Where the browser sees us.
pub(super) struct Place {
    /// The sub-path.
    path: String,
    /// Whether it is TLS.
    secure: bool,
    /// The whole address.
    base: String,
}

pub(super) fn place(server: &Server, request: &Request, peer: SocketAddr) -> Result<Place, Refusal> {
    let base = server.base(request, peer).ok_or(Refusal::Host)?;
    Ok(Place { path: base.path().to_owned(), secure: base.is_tls(), base: base.url() })
}

/// A token for the browser that the user of this name has just logged in with.
async fn give(server: &Server, name: &str, agent: &'static str) -> Result<String, Refusal> {
    let now = server.now();
    let device = format!("{}{agent}, {}", Token::BROWSER, contract::user::typeable(4));
    let (token, text) = Token::new(&device, false, now);
    let (users, name) = (server.users.clone(), name.to_owned());
    let giving = tokio::task::spawn_blocking(move || {
        users.edit(|all| {
            let user = all.iter_mut().find(|user| user.name == name)?;
            make_room(user, now);
            user.give(token).ok()
        })
    });
    let given = giving.await.context("logging in")?.context("logging in")?;
    // Nobody is let in by throwing out what he gave to devices of other kinds.
    let full = || Refusal::Wrong("you have too many devices; whoever runs this can take some back".into());
    given.map(|()| text).ok_or_else(full)
}

/// Forgets logins that are over, and the oldest ones when there are too many.
fn make_room(user: &mut User, now: u64) {
    user.tokens.retain(|token| !token.is_login() || !token.is_over(now));
    while user.tokens.iter().filter(|token| token.is_login()).count() >= MOST {
        let oldest = user.tokens.iter().enumerate().filter(|(_, token)| token.is_login());
        let Some((at, _)) = oldest.min_by_key(|(_, token)| token.created) else { break };
        user.tokens.remove(at);
    }
}

/// What people call the browser that asks; those that say to be several are asked for first.
pub(super) fn device(headers: &HeaderMap) -> &'static str {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let known = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("Chrome", "Chrome"),
        ("CriOS", "Chrome"),
        ("Safari", "Safari"),
    ];
    known.iter().find(|(mark, _)| agent.contains(mark)).map_or("another", |(_, name)| name)
}

/// RFC 6265. No script reads it, no other site makes it be sent.
fn set(token: &str, (path, below): (&str, &str), secure: bool, lifetime: u64) -> HeaderValue {
    let (name, secure) = (Token::COOKIE, if secure { "; Secure" } else { "" });
    let cookie =
        format!("{name}={token}; Path={path}{below}; Max-Age={lifetime}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::try_from(cookie).expect("letters, and a path that was checked")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    httpd::cookie(headers, Token::COOKIE)
}

#[cfg(test)]
mod tests {
    use contract::user::PasswordHash;

    use super::*;

    #[test]
    fn old_logins_make_room_and_other_devices_do_not() {
        let mut ann = User::new("ann", PasswordHash::new("x"), 1);
        let mut give = |device: String, created| ann.give(Token::new(&device, false, created).0).unwrap();
        give("tv".into(), 1);
        (0..MOST as u64).for_each(|n| give(format!("{}Firefox, {n}", Token::BROWSER), 1000 + n));
        make_room(&mut ann, 2000);
        let has = |user: &User, device: &str| user.tokens.iter().any(|token| token.device == device);
        assert!(has(&ann, "tv") && !has(&ann, "Browser: Firefox, 0") && has(&ann, "Browser: Firefox, 1"));
        make_room(&mut ann, 2000 + Token::LOGIN);
        assert_eq!(ann.tokens.len(), 1, "those that are over are gone");
    }

    #[test]
    fn browsers_are_called_by_their_names() {
        let called =
            |agent: &str| device(&HeaderMap::from_iter([(header::USER_AGENT, agent.parse().unwrap())]));
        assert_eq!(called("Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"), "Chrome");
        assert_eq!(called("Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"), "Edge");
        assert_eq!(called("Mozilla/5.0 (iPhone) AppleWebKit/605 Version/18 Safari/604.1"), "Safari");
        assert_eq!(device(&HeaderMap::new()), "another");
        let set = set("t", ("/tv", "/page"), true, Token::LOGIN);
        assert_eq!(set, "coax_page=t; Path=/tv/page; Max-Age=7776000; HttpOnly; SameSite=Strict; Secure");
    }
}
