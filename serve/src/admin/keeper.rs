//! Who may administer: who shows the key of the configuration, a token for that, or the cookie of a login.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::user::{PasswordHash, Refused, Right, Standing, User};
use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};
use httpd::api::Refusal;
use httpd::{Request, Response};
use serde::Deserialize;
use serde_json::json;

use super::{Operator, answer};
use crate::Server;

/// What the cookie is called.
const COOKIE: &str = "coax_admin";
/// What is said to whoever shows nothing that opens anything.
const WHO: &str = "who administers shows a key, a token or the cookie of a login";

/// How long a login holds, and how long one that is not used.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
const IDLE: Duration = Duration::from_secs(2 * 3600);

/// Logins that hold at a time; the one that was not used for longest makes room for the next.
const MOST: usize = 256;

/// The logins that hold. They end with the process, and not before, if a server that begins anew in it is given the same
/// keeper.
#[derive(Clone, Default)]
pub struct Keeper {
    /// By the digest of what the cookie holds: what is compared is never what was sent.
    logins: Arc<Mutex<HashMap<[u8; 32], Login>>>,
    right: Right,
}

struct Login {
    user: String,
    /// As it was then: who changes a password ends what was opened by the old one.
    password: PasswordHash,
    began: Instant,
    used: Instant,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    username: String,
    password: String,
}

impl Keeper {
    /// A login of `user`, by what its cookie holds.
    fn begin(&self, user: &User) -> String {
        let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let now = Instant::now();
        let mut logins = self.logins();
        logins.retain(|_, login| !login.is_over(now));
        if logins.len() >= MOST
            && let Some(oldest) = logins.iter().min_by_key(|(_, login)| login.used).map(|(key, _)| *key)
        {
            logins.remove(&oldest);
        }
        let login = Login { user: user.name.clone(), password: user.password.clone(), began: now, used: now };
        logins.insert(digest(&secret), login);
        secret
    }

    /// Who has logged in with this cookie, and which password he had.
    fn find(&self, secret: &str, now: Instant) -> Option<(String, PasswordHash)> {
        let mut logins = self.logins();
        let login = logins.get_mut(&digest(secret)).filter(|login| !login.is_over(now))?;
        login.used = now;
        Some((login.user.clone(), login.password.clone()))
    }

    fn end(&self, secret: &str) {
        self.logins().remove(&digest(secret));
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<[u8; 32], Login>> {
        self.logins.lock().expect("nobody panics while holding this lock")
    }
}

impl Login {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.began) >= LIFETIME
            || now.saturating_duration_since(self.used) >= IDLE
    }
}

/// Lets an operator in.
pub(super) fn admit(server: &Server, request: &Request, client: IpAddr) -> Result<Operator, Refusal> {
    let headers = request.headers();
    if let Some(shown) = httpd::bearer(headers) {
        return by_token(server, shown, client);
    }
    let secret = cookie(headers).ok_or(Refusal::Unauthorized(WHO))?;
    // SECURITY: a browser sends the cookie with whatever makes it ask. `SameSite` keeps it from doing so for pages of other
    // sites, and who they are is looked at as well.
    if !httpd::api::is_safe(request.method()) && httpd::is_from_another_page(headers) {
        return Err(Refusal::Foreign);
    }
    let (name, password) = server.keeper.find(secret, Instant::now()).ok_or(Refusal::Unauthorized(WHO))?;
    let user = server.users.find(&name).filter(|user| user.password == password && is_operator(server, user));
    let user = user.ok_or(Refusal::Unauthorized(WHO))?;
    Ok(Operator { user: Some(user) })
}

fn by_token(server: &Server, shown: &str, client: IpAddr) -> Result<Operator, Refusal> {
    let from = (client, server.settings.login_failures);
    let admitted = server.keeper.right.admit(shown, from, &server.users, || {
        let by_key = server.settings.admin_key.as_ref().is_some_and(|key| key.is(shown));
        let user = server.users.administrator(shown).filter(|user| !by_key && is_operator(server, user));
        (by_key || user.is_some()).then_some(Operator { user })
    });
    admitted.map_err(|why| match why {
        Refused::Unknown => Refusal::Unauthorized(WHO),
        Refused::TooMany(seconds) => Refusal::TooMany(seconds),
    })
}

/// Why nobody is known by what was shown.
fn refused(why: crate::refusal::Refusal) -> Refusal {
    match why {
        crate::refusal::Refusal::TooMany(seconds) => Refusal::TooMany(seconds),
        crate::refusal::Refusal::Failed(error) => Refusal::Failed(error),
        _ => Refusal::Unauthorized(WHO),
    }
}

fn is_operator(server: &Server, user: &User) -> bool {
    user.admin && user.standing(server.now()) == Standing::Active
}

/// `POST /api/admin/login`.
pub(super) async fn log_in(
    server: &Server,
    request: Request,
    peer: SocketAddr,
    client: IpAddr,
) -> Result<Response, Refusal> {
    if httpd::is_from_another_page(request.headers()) {
        return Err(Refusal::Foreign);
    }
    let base = server.base(&request, peer);
    let pair: Pair = answer::sent(request).await?;
    let user = server.logins.user(&pair.username, &pair.password, client).await.map_err(refused)?;
    // SECURITY: the token of a television opens no administration, whoever it was given to.
    if user.device.is_some() || !is_operator(server, &user) {
        return Err(Refusal::Unauthorized(WHO));
    }
    let (path, secure) =
        base.map_or_else(|| (String::new(), false), |base| (base.path().to_owned(), base.is_tls()));
    let cookie = begin(server, &user, &path, secure).ok_or(Refusal::Unauthorized(WHO))?;
    let mut response = who(&Operator { user: Some(user) });
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// The cookie of a login, for `user` who has just shown his password; nothing if he may not administer. `path` is the
/// sub-path below which a browser sees us, `secure` whether it does so by HTTPS.
pub(crate) fn begin(server: &Server, user: &User, path: &str, secure: bool) -> Option<HeaderValue> {
    let secret = is_operator(server, user).then(|| server.keeper.begin(user))?;
    Some(set(&secret, path, secure, LIFETIME))
}

/// `POST /api/admin/logout`.
pub(super) fn log_out(server: &Server, request: &Request, peer: SocketAddr) -> Response {
    cookie(request.headers()).iter().for_each(|secret| server.keeper.end(secret));
    let base = server.base(request, peer);
    let (path, secure) =
        base.map_or_else(|| (String::new(), false), |base| (base.path().to_owned(), base.is_tls()));
    let mut response = answer::done();
    response.headers_mut().insert(header::SET_COOKIE, set("", &path, secure, Duration::ZERO));
    response
}

/// `GET /api/admin/session`.
pub(super) fn who(operator: &Operator) -> Response {
    let name = operator.user.as_ref().map(|user| &user.name);
    answer::json(StatusCode::OK, &json!({ "name": name }))
}

/// RFC 6265. No script reads it, no other site makes it be sent, and nothing but the administration gets it.
fn set(secret: &str, path: &str, secure: bool, lifetime: Duration) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let seconds = lifetime.as_secs();
    let cookie = format!(
        "{COOKIE}={secret}; Path={path}/api/admin; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    HeaderValue::try_from(cookie).expect("base64, and a path that was checked")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    httpd::cookie(headers, COOKIE)
}

fn digest(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User::new(name, PasswordHash::new("x"), 1)
    }

    #[test]
    fn a_login_ends_by_itself_and_makes_room() {
        let (keeper, ann, now) = (Keeper::default(), user("ann"), Instant::now());
        let first = keeper.begin(&ann);
        let found = |secret: &str, later: Duration| keeper.find(secret, now + later).is_some();
        assert_eq!(keeper.find(&first, now).unwrap().0, "ann");
        assert!(!found("", Duration::ZERO) && !found(&first[1..], Duration::ZERO));
        let mut later = Duration::ZERO;
        while later + IDLE < LIFETIME {
            later += IDLE / 2;
            assert!(found(&first, later), "whoever uses it keeps it");
        }
        assert!(!found(&first, LIFETIME + IDLE), "but not for ever");
        keeper.end(&first);
        let all: Vec<String> = (0..=MOST).map(|_| keeper.begin(&ann)).collect();
        let kept = keeper.logins().len();
        assert_eq!((kept, found(&all[0], Duration::ZERO)), (MOST, false));
        keeper.end(&all[MOST]);
        assert!(!found(&all[MOST], Duration::ZERO) && found(&all[1], Duration::ZERO));
    }

    #[test]
    fn a_cookie_is_for_the_administration_alone() {
        let set = set("s", "/tv", true, LIFETIME);
        assert_eq!(set, "coax_admin=s; Path=/tv/api/admin; Max-Age=43200; HttpOnly; SameSite=Strict; Secure");
    }
}
