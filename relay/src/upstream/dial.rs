//! Asking a provider for a stream: the only place where its address and the account's credentials meet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use contract::bundle::Upstream;
use contract::source::{Source, Transport};
use http::header;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Response;
use url::Url;

use super::ace::Engine;
use super::clients::Clients;
use super::forms::Forms;
use super::headers::Headers;
use super::secrets::Secrets;
use super::trail::{Answer, Trail};
use crate::refusal::Failure;
use crate::settings::Settings;

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
    forms: Forms,
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
        let forms = self.sources.get(&upstream.account).map(|dialled| &dialled.forms);
        forms.and_then(|forms| forms.of(upstream)).unwrap_or_else(|| upstream.clone())
    }

    /// A channel was refused in one form, and given in this one.
    pub(super) fn allows(&self, upstream: &Upstream) {
        if let Some(dialled) = self.sources.get(&upstream.account) {
            dialled.forms.add(upstream);
        }
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
            let trail = Trail::new(url.clone(), headers, clients.clone(), guarded, free);
            answer = trail.follow(url, range).await;
            if !matches!(answer, Err(Failure::Dead(_))) {
                reached.store(base, Ordering::Relaxed);
                break;
            }
        }
        answer
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
    use contract::bundle::Protocol;
    use contract::config::{Config, Skip};
    use contract::secret::Secret;
    use contract::source::{BaseUrl, Login, Name};

    use super::*;
    use crate::upstream::forms::other_form;

    fn source(url: &str) -> Source {
        let (username, password) = (Secret::new("a b/c"), Secret::new("p?ss#w%rd"));
        let account = Login { username, password, max_connections: None };
        Source::panel(Name::new("acme").unwrap(), BaseUrl::new(url).unwrap(), account)
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
    fn credentials_are_escaped_into_the_path() {
        let url = url(&source("http://h:1/tv"), 0, 0, "live/{username}/{password}/7.ts").unwrap();
        assert_eq!(url.as_str(), "http://h:1/tv/live/a%20b%2Fc/p%3Fss%23w%25rd/7.ts");
    }
}
