//! Asking a provider for a stream: the only place where its address and the account's credentials meet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use contract::bundle::Upstream;
use contract::reach;
use contract::source::{Source, USER_AGENT};
use contract::vault::OPENING;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};
use url::Url;

use super::ace::Engine;
use super::address::{self, PublicOnly};
use super::cookies::Cookies;
use super::secrets::Secrets;
use crate::refusal::Failure;
use crate::settings::Settings;

/// Redirects that are followed for one stream. Real panels have one or two.
const REDIRECTS: usize = 5;

/// Who we are for providers that refuse the player most of them allow.
const OTHER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A provider that wants to be left alone for longer than this is asked again all the same.
const LONGEST_WISH: Duration = Duration::from_secs(600);

/// What needs no escaping in a path segment (RFC 3986, 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Dials the configured sources.
pub(crate) struct Dialler {
    /// For what is configured.
    direct: Client,
    /// For where public sources redirect to.
    guarded: Client,
    sources: HashMap<String, Dialled>,
    pub(super) secrets: Secrets,
    pub(super) settings: Settings,
    /// What channels of Ace Stream are received through.
    pub(crate) engine: Arc<Engine>,
}

/// A source, and which of its addresses answered last.
struct Dialled {
    source: Source,
    reached: AtomicUsize,
    /// It was asked as [`OTHER_AGENT`], which it let in, or is being asked so.
    disguised: AtomicBool,
}

impl Dialler {
    pub(crate) fn new(settings: &Settings, sources: Vec<Source>, secrets: Secrets) -> reqwest::Result<Self> {
        let dialled =
            |source| Dialled { source, reached: AtomicUsize::new(0), disguised: AtomicBool::new(false) };
        let sources = sources.into_iter().map(|source| (source.name.as_str().to_owned(), dialled(source)));
        Ok(Self {
            direct: client(settings).build()?,
            guarded: client(settings).dns_resolver(PublicOnly).build()?,
            sources: sources.collect(),
            secrets,
            settings: settings.clone(),
            engine: Engine::new(settings)?,
        })
    }

    /// The source that `account` names.
    pub(crate) fn source(&self, account: &str) -> Option<&Source> {
        self.sources.get(account).map(|dialled| &dialled.source)
    }

    /// Which of the addresses of `account` answered last.
    pub(super) fn reached(&self, account: &str) -> usize {
        self.sources.get(account).map_or(0, |dialled| dialled.reached.load(Ordering::Relaxed))
    }

    /// Whether the source is asked as the other kind of player.
    pub(crate) fn is_disguised(&self, account: &str) -> bool {
        self.sources.get(account).is_some_and(|dialled| dialled.disguised.load(Ordering::Relaxed))
    }

    /// From now on the source is asked as the one or the other of two kinds of player: some providers refuse the one, some
    /// the other. Whether that is worth a try: an agent that the operator has chosen stays.
    pub(crate) fn disguise(&self, account: &str, disguised: bool) -> bool {
        let Some(dialled) = self.sources.get(account) else { return false };
        let free = dialled.source.transport.user_agent == USER_AGENT;
        if free {
            dialled.disguised.store(disguised, Ordering::Relaxed);
        }
        free
    }

    /// Asks for `upstream` with one of its account's logins, for a part of it if there is a `range`, and follows where the
    /// provider sends us: always anew from the configured address, since what it redirects to is good for one use.
    ///
    /// # Errors
    /// Nobody answers, or the way does not end. A refusal is an answer.
    pub(crate) async fn get(
        &self,
        upstream: &Upstream,
        login: usize,
        range: Option<&str>,
    ) -> Result<Response, Failure> {
        Ok(self.ask(upstream, login, range).await?.response)
    }

    /// The same, for an answer that names further addresses. Where the source has several addresses, the one that
    /// answered last is asked first, and the others when it cannot be reached.
    ///
    /// # Errors
    /// As of [`Dialler::get`].
    pub(crate) async fn ask(
        &self,
        upstream: &Upstream,
        login: usize,
        range: Option<&str>,
    ) -> Result<Answer, Failure> {
        let Dialled { source, reached, disguised } =
            self.sources.get(&upstream.account).ok_or(Failure::NoSource)?;
        let private = private(upstream);
        let upstream = &self.secrets.reveal(upstream)?;
        let headers = headers(source, upstream, disguised.load(Ordering::Relaxed));
        // SECURITY: who lists addresses may list those of our own house; what is configured is dialled as it is.
        let guarded = source.xtream().is_none() && !source.transport.private_addresses;
        let bases = source.xtream().map_or(1, |panel| panel.urls.len());
        let first = reached.load(Ordering::Relaxed);
        let mut answer = Err(Failure::NoSource);
        for base in (0..bases).map(|turn| (first + turn) % bases) {
            let url = url(source, base, login, &upstream.path);
            let url = url.ok_or(Failure::Dead("its address is no URL"))?;
            let (headers, private, cookies) = (headers.clone(), private.clone(), Cookies::default());
            let trail = Trail { url: url.clone(), headers, private, guarded, cookies };
            answer = self.follow(&trail, url, range).await;
            if !matches!(answer, Err(Failure::Dead(_))) {
                reached.store(base, Ordering::Relaxed);
                break;
            }
        }
        answer
    }

    /// Asks for `url`, which what came along `trail` names.
    ///
    /// # Errors
    /// As of [`Dialler::get`], and for an address in a private network that somebody outside names.
    pub(crate) async fn follow(
        &self,
        trail: &Trail,
        url: Url,
        range: Option<&str>,
    ) -> Result<Answer, Failure> {
        let mut trail = trail.clone();
        trail.turn(url)?;
        trail.headers.remove(header::RANGE);
        if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
            trail.headers.insert(header::RANGE, range);
        }
        for _ in 0..=REDIRECTS {
            let client = if trail.guarded { &self.guarded } else { &self.direct };
            let request =
                client.get(trail.url.clone()).headers(trail.cookies.added(&trail.url, trail.headers.clone()));
            let response = request.send().await.map_err(|error| failure(&error))?;
            trail.guarded |= reach::came_from_outside(response.remote_addr());
            trail.cookies.keep(&trail.url, response.headers());
            match target(&response, &trail.url)? {
                Some(next) => trail.turn(next)?,
                None => return Ok(Answer { response, trail }),
            }
        }
        Err(Failure::Redirect("there are too many"))
    }
}

/// An answer, and the way to it.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) trail: Trail,
}

/// The way to an answer. What the answer names is asked for with the same headers and under the same suspicion.
#[derive(Clone)]
pub(crate) struct Trail {
    /// Where the answer came from in the end: relative references are resolved against it (RFC 3986, 5.1.3).
    pub(crate) url: Url,
    headers: HeaderMap,
    /// Headers that go to no other host.
    private: Vec<HeaderName>,
    /// Somebody outside has chosen where this leads.
    guarded: bool,
    cookies: Cookies,
}

impl Trail {
    fn turn(&mut self, next: Url) -> Result<(), Failure> {
        if self.guarded && address::is_private_literal(&next) {
            return Err(Failure::Redirect("it leads into a private network"));
        }
        if next.host() != self.url.host() {
            // SECURITY: meant for the host that was configured, as credentials in its address are.
            self.private.iter().for_each(|name| drop(self.headers.remove(name)));
        }
        self.url = next;
        Ok(())
    }
}

pub(crate) fn client(settings: &Settings) -> reqwest::ClientBuilder {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = roots.filter_map(|root| Certificate::from_der(root).ok());
    Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .http1_only()
        // Providers' servers are what they are. With `ICY 200 OK` the head arrives as part of the body.
        .http09_responses()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        // A connection that is kept open counts against the account.
        .pool_max_idle_per_host(0)
        .connect_timeout(settings.connect_timeout)
        .read_timeout(settings.first_byte)
        // Containers without certificates of their own exist.
        .tls_certs_merge(roots)
}

pub(super) fn headers(source: &Source, upstream: &Upstream, disguised: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let asked = upstream.headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    let agent = if disguised { OTHER_AGENT } else { &source.transport.user_agent };
    if let Ok(agent) = HeaderValue::try_from(agent) {
        headers.insert(header::USER_AGENT, agent);
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.extend(asked);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers
}

/// Headers that only the host which was listed may see: those whose values lie in the vault, and what is a credential
/// by its name.
pub(super) fn private(sealed: &Upstream) -> Vec<HeaderName> {
    let in_vault = sealed.headers.iter().filter(|(_, value)| value.contains(OPENING));
    let names = in_vault.filter_map(|(name, _)| HeaderName::try_from(name).ok());
    names.chain([header::AUTHORIZATION, header::COOKIE]).collect()
}

/// The address of `path` at one of the source's addresses, with the credentials of one of its logins. Never logged, never
/// part of an error.
pub(super) fn url(source: &Source, base: usize, login: usize, path: &str) -> Option<Url> {
    let Some(panel) = source.xtream() else {
        return Url::parse(path).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    };
    let account = panel.accounts.get(login)?;
    let escaped = |secret: &str| utf8_percent_encode(secret, ESCAPED).to_string();
    let path = path
        .replace("{username}", &escaped(account.username.reveal()))
        .replace("{password}", &escaped(account.password.reveal()));
    Url::parse(&format!("{}/{}", panel.urls.get(base)?, path.trim_start_matches('/'))).ok()
}

/// Where the response sends us; `None` if it is the answer itself.
pub(crate) fn target(response: &Response, from: &Url) -> Result<Option<Url>, Failure> {
    let redirects = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    );
    if !redirects {
        return Ok(None);
    }
    let location = response.headers().get(header::LOCATION).ok_or(Failure::Redirect("it leads nowhere"))?;
    let location = String::from_utf8_lossy(location.as_bytes());
    match from.join(&location) {
        Ok(next) if matches!(next.scheme(), "http" | "https") && next.has_host() => Ok(Some(next)),
        _ => Err(Failure::Redirect("it leads nowhere")),
    }
}

/// What an answer without a picture means.
pub(crate) fn refused(response: &Response) -> Failure {
    let status = response.status().as_u16();
    let wish = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    match wish.and_then(|seconds| seconds.trim().parse().ok()) {
        Some(seconds) if status == 429 => Failure::Busy(Duration::from_secs(seconds).min(LONGEST_WISH)),
        _ if status == 429 => Failure::Busy(Duration::ZERO),
        _ => Failure::Refused(status),
    }
}

/// What went wrong, in words that hold no address: reqwest's own would show credentials.
pub(crate) fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::Dead("no connection")
    } else if error.is_timeout() {
        Failure::Silent
    } else if error.is_decode() || error.is_body() {
        Failure::Dead("the connection broke")
    } else {
        Failure::Dead("no answer that is HTTP")
    }
}

#[cfg(test)]
mod tests {
    use contract::secret::Secret;
    use contract::source::{BaseUrl, Login, Name};

    use super::*;

    fn source(url: &str) -> Source {
        let (username, password) = (Secret::new("a b/c"), Secret::new("p?ss#w%rd"));
        let account = Login { username, password, max_connections: None };
        Source::panel(Name::new("acme").unwrap(), BaseUrl::new(url).unwrap(), account)
    }

    #[test]
    fn another_host_sees_no_header_that_lies_in_the_vault() {
        let headers = [("X-Token", "{secret:1}"), ("Referer", "http://h/"), ("bad name", "{secret:2}")];
        let sealed = Upstream {
            account: "list".into(),
            path: "http://h/".into(),
            protocol: contract::bundle::Protocol::Ts,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            archive: 0,
            past: None,
        };
        let private: Vec<String> = private(&sealed).iter().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(private, ["x-token", "authorization", "cookie"]);
    }

    #[test]
    fn credentials_are_escaped_into_the_path() {
        let url = url(&source("http://h:1/tv"), 0, 0, "live/{username}/{password}/7.ts").unwrap();
        assert_eq!(url.as_str(), "http://h:1/tv/live/a%20b%2Fc/p%3Fss%23w%25rd/7.ts");
    }

    #[test]
    fn what_somebody_outside_names_never_leads_into_our_house() {
        let url = |text: &str| Url::parse(text).unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, "a=b".parse().unwrap())]);
        let (private, cookies) = (vec![header::COOKIE], Cookies::default());
        let trail = Trail { url: url("http://8.8.8.8/list"), headers, private, guarded: true, cookies };
        for inside in
            ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://0x7f.1/"]
        {
            assert!(trail.clone().turn(url(inside)).is_err(), "{inside}");
            assert!(Trail { guarded: false, ..trail.clone() }.turn(url(inside)).is_ok(), "{inside}");
        }
        let mut beside = trail.clone();
        beside.turn(url("http://8.8.8.8/segment")).unwrap();
        assert!(beside.headers.contains_key(header::COOKIE));
        beside.turn(url("http://8.8.4.4/segment")).unwrap();
        assert!(!beside.headers.contains_key(header::COOKIE), "meant for the other host");
    }
}
