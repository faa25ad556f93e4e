//! Asking a provider for a stream: the only place where its address and the account's credentials meet.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use contract::bundle::{Protocol, Upstream};
use contract::source::{Source, Transport};
use http::StatusCode;
use http::header::{self, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Response;
use url::Url;

use super::ace::Engine;
use super::address::Internet;
use super::clients::Clients;
use super::cookies::Cookies;
use super::headers::Headers;
use super::secrets::Secrets;
use crate::refusal::Failure;
use crate::settings::Settings;

/// Redirects that are followed for one stream. Real panels have one or two.
const REDIRECTS: usize = 5;

/// Hosts of one source of which it is remembered in which form they give channels; when it is full, all are forgotten.
const HOSTS: usize = 1024;

/// A provider that wants to be left alone for longer than this is asked again all the same.
const LONGEST_WISH: Duration = Duration::from_secs(600);

/// What needs no escaping in a path segment (RFC 3986, 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Dials the configured sources.
pub(crate) struct Dialler {
    sources: HashMap<String, Dialled>,
    pub(super) secrets: Secrets,
    pub(super) settings: Settings,
    /// What channels of Ace Stream are received through.
    pub(crate) engine: Arc<Engine>,
}

/// A source, and which of its addresses answered last.
struct Dialled {
    source: Source,
    clients: Clients,
    reached: AtomicUsize,
    /// It was asked as another kind of player, which it let in, or is being asked so.
    disguised: AtomicBool,
    /// In which form its hosts give channels, where they have refused the other one: those of a list are none of each
    /// other's business.
    forms: Mutex<HashMap<String, Protocol>>,
}

impl Dialler {
    /// # Errors
    /// The system gives no TLS, or the `proxy` of a source is no address.
    pub(crate) fn new(settings: &Settings, sources: Vec<Source>, secrets: Secrets) -> anyhow::Result<Self> {
        let usual = Clients::new(settings, &Transport::default())?;
        let mut dialled = HashMap::new();
        for source in sources {
            let name = source.name.as_str().to_owned();
            let clients = match Clients::is_usual(&source.transport) {
                true => usual.clone(),
                false => {
                    Clients::new(settings, &source.transport).with_context(|| format!("source {name}"))?
                }
            };
            let (reached, disguised, forms) = Default::default();
            dialled.insert(name, Dialled { source, clients, reached, disguised, forms });
        }
        Ok(Self { sources: dialled, secrets, settings: settings.clone(), engine: Engine::new(settings)? })
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

    /// A channel's upstream in the form in which its host gives channels.
    pub(super) fn allowed(&self, upstream: &Upstream) -> Upstream {
        let forms = self.forms(&upstream.account);
        let form = forms.and_then(|forms| forms.get(host(&upstream.path)).copied());
        let other = form.and_then(|form| other_form(upstream).filter(|other| other.protocol == form));
        other.unwrap_or_else(|| upstream.clone())
    }

    /// A channel was refused in one form, and given in this one.
    pub(super) fn allows(&self, upstream: &Upstream) {
        let Some(mut forms) = self.forms(&upstream.account) else { return };
        if forms.len() >= HOSTS {
            forms.clear();
        }
        forms.insert(host(&upstream.path).to_owned(), upstream.protocol);
    }

    fn forms(&self, account: &str) -> Option<MutexGuard<'_, HashMap<String, Protocol>>> {
        let dialled = self.sources.get(account)?;
        Some(dialled.forms.lock().expect("nobody panics while holding this lock"))
    }

    /// From now on the source is asked as the one or the other of two kinds of player: some providers refuse the one, some
    /// the other. Whether that is worth a try: an agent that the operator has chosen stays.
    pub(crate) fn disguise(&self, account: &str, disguised: bool) -> bool {
        let Some(dialled) = self.sources.get(account) else { return false };
        let free = Headers::may_be_disguised(&dialled.source);
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
        let Dialled { source, clients, reached, disguised, .. } =
            self.sources.get(&upstream.account).ok_or(Failure::NoSource)?;
        let open = self.secrets.reveal(upstream).await?;
        let disguised = disguised.load(Ordering::Relaxed);
        // SECURITY: who lists addresses may list those of our own house; what is configured is dialled as it is.
        let free = source.transport.private_addresses;
        let guarded = source.xtream().is_none() && !free;
        let bases = source.xtream().map_or(1, |panel| panel.urls.len());
        let first = reached.load(Ordering::Relaxed);
        let mut answer = Err(Failure::NoSource);
        for base in (0..bases).map(|turn| (first + turn) % bases) {
            let url = url(source, base, login, &open.path);
            let url = url.ok_or(Failure::Dead("its address is no URL"))?;
            let headers = Headers::new(source, upstream, &open, &url, disguised);
            let (clients, cookies) = (clients.clone(), Cookies::default());
            let trail = Trail { url: url.clone(), headers, clients, guarded, free, cookies };
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
        let range = range.and_then(|range| HeaderValue::try_from(range).ok());
        for _ in 0..=REDIRECTS {
            let mut headers = trail.cookies.added(&trail.url, trail.headers.all.clone());
            headers.remove(header::RANGE); // nobody but we knows which part is wanted
            headers.extend(range.clone().map(|range| (header::RANGE, range)));
            let request = trail.clients.of(trail.guarded).get(trail.url.clone()).headers(headers);
            let response = request.send().await.map_err(|error| failure(&error))?;
            trail.guarded |= !trail.free && trail.clients.came_from_outside(&response);
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
    headers: Headers,
    clients: Clients,
    /// Somebody outside has chosen where this leads.
    guarded: bool,
    /// Nobody minds.
    free: bool,
    cookies: Cookies,
}

impl Trail {
    fn turn(&mut self, next: Url) -> Result<(), Failure> {
        if self.guarded && Internet::default().leads_inside(&next) {
            return Err(Failure::Redirect("it leads into a private network"));
        }
        self.headers.turn(&self.url, &next);
        self.url = next;
        Ok(())
    }
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

/// An address up to its path; nothing of one below a panel.
fn host(path: &str) -> &str {
    let Some(authority) = path.find("://").map(|at| at + 3) else { return "" };
    let end = path[authority..].find(['/', '?', '#']).map_or(path.len(), |at| authority + at);
    &path[..end]
}

/// A channel by the other of the extensions by which panels give it, which say in what form it comes.
pub(super) fn other_form(upstream: &Upstream) -> Option<Upstream> {
    let (path, query) = upstream.path.split_at(upstream.path.find('?').unwrap_or(upstream.path.len()));
    let (path, protocol) = match (path.strip_suffix(".ts"), path.strip_suffix(".m3u8")) {
        (Some(path), _) => (format!("{path}.m3u8{query}"), Protocol::Hls),
        (_, Some(path)) => (format!("{path}.ts{query}"), Protocol::Ts),
        _ => return None,
    };
    Some(Upstream { path, protocol, ..upstream.clone() })
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
    use contract::config::{Config, Skip};
    use contract::secret::Secret;
    use contract::source::{BaseUrl, Login, Name};

    use super::*;

    fn source(url: &str) -> Source {
        let (username, password) = (Secret::new("a b/c"), Secret::new("p?ss#w%rd"));
        let account = Login { username, password, max_connections: None };
        Source::panel(Name::new("acme").unwrap(), BaseUrl::new(url).unwrap(), account)
    }

    #[test]
    fn a_channel_has_two_forms_and_a_film_one() {
        let other = |path: &str| {
            let (account, path) = ("acme".into(), path.into());
            let upstream = Upstream {
                account,
                path,
                protocol: Protocol::Ts,
                headers: Default::default(),
                archive: 0,
                past: None,
            };
            other_form(&upstream).map(|other| (other.path, other.protocol))
        };
        assert_eq!(other("live/{username}/7.ts"), Some(("live/{username}/7.m3u8".into(), Protocol::Hls)));
        assert_eq!(other("http://h/7.m3u8?a=.ts"), Some(("http://h/7.ts?a=.ts".into(), Protocol::Ts)));
        assert_eq!(other("movie/7.mp4"), None);
        assert_eq!(other("http://h/7?file=x.ts"), None);
    }

    #[tokio::test]
    async fn in_which_form_one_host_gives_channels_says_nothing_of_another_one_in_the_same_list() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let text = "[[source]]\nname='list'\nkind='m3u'\nurl='http://h/list'\n\
                    [[source]]\nname='acme'\nurl='http://p'\nusername='u'\npassword='p'";
        let sources = Config::<Skip, Skip, Skip>::parse(text, "coax.toml").unwrap().source;
        let dialler = Dialler::new(&Settings::default(), sources, Secrets::new("vault.json".into())).unwrap();
        let upstream = |account: &str, path: &str| {
            let (account, path) = (account.into(), path.into());
            let headers = Default::default();
            Upstream { account, path, protocol: Protocol::Ts, headers, archive: 0, past: None }
        };
        for (account, path) in [("list", "http://one/7.ts"), ("acme", "live/{username}/7.ts")] {
            dialler.allows(&other_form(&upstream(account, path)).unwrap());
        }
        for (account, path, allowed) in [
            ("list", "http://one/8.ts?a=b", "http://one/8.m3u8?a=b"),
            ("list", "http://two/7.ts", "http://two/7.ts"),
            ("list", "http://one:81/7.ts", "http://one:81/7.ts"),
            ("acme", "live/{username}/8.ts", "live/{username}/8.m3u8"),
            ("acme", "http://one/8.ts", "http://one/8.ts"),
        ] {
            assert_eq!(dialler.allowed(&upstream(account, path)).path, allowed, "{account} {path}");
        }
    }

    #[test]
    fn a_redirect_may_change_the_scheme_but_not_leave_the_web() {
        let from = Url::parse("http://h:8080/live/a.ts").unwrap();
        let target = |status: u16, location: &str, from: &Url| {
            let answer =
                http::Response::builder().status(status).header("Location", location).body("").unwrap();
            target(&Response::from(answer), from).map(|next| next.map(String::from))
        };
        let secure = Url::parse("https://h/live/a.ts").unwrap();
        for (status, location, from, next) in [
            (302, "https://cdn/b.ts?t=1", &from, "https://cdn/b.ts?t=1"),
            (301, "http://cdn/b.ts", &secure, "http://cdn/b.ts"),
            (303, "//cdn/b.ts", &secure, "https://cdn/b.ts"),
            (307, "/b.ts", &from, "http://h:8080/b.ts"),
            (308, "b.ts?x", &from, "http://h:8080/live/b.ts?x"),
        ] {
            assert_eq!(target(status, location, from), Ok(Some(next.to_owned())), "{location}");
        }
        for elsewhere in ["ftp://h/", "file:///etc/passwd", "data:,x", "http://", "rtsp://h/"] {
            assert!(target(302, elsewhere, &from).is_err(), "{elsewhere}");
        }
        assert_eq!(target(200, "http://cdn/", &from), Ok(None));
        assert_eq!(target(304, "http://cdn/", &from), Ok(None));
    }

    #[test]
    fn credentials_are_escaped_into_the_path() {
        let url = url(&source("http://h:1/tv"), 0, 0, "live/{username}/{password}/7.ts").unwrap();
        assert_eq!(url.as_str(), "http://h:1/tv/live/a%20b%2Fc/p%3Fss%23w%25rd/7.ts");
    }

    #[test]
    fn what_somebody_outside_names_never_leads_into_our_house() {
        let url = |text: &str| Url::parse(text).unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clients = Clients::new(&Settings::default(), &Transport::default()).unwrap();
        let (headers, cookies) = Default::default();
        let trail =
            Trail { url: url("http://8.8.8.8/list"), headers, clients, guarded: true, free: false, cookies };
        for inside in
            ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::ffff:10.0.0.1]/", "http://0x7f.1/"]
        {
            assert!(trail.clone().turn(url(inside)).is_err(), "{inside}");
            assert!(Trail { guarded: false, ..trail.clone() }.turn(url(inside)).is_ok(), "{inside}");
        }
    }
}
