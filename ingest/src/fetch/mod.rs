//! Fetching: one way for every kind of source.
//!
//! ```text
//!          Ask ──▶ Fetcher ──▶ ledger: may it be asked now? ──▶ client ──▶ Answer ──▶ chunk, chunk, end
//!                   │ insist                                                 │
//!                   └─ retry: rest, ask again                               └▶ document: a file as received,
//!                                                                              kept when the caller says it is good
//! ```
//!
//! Whatever a source is asked goes through here, so its user agent, headers, proxy, patience, retries and budget hold
//! everywhere, and no failure shows an address. What an answer means is the caller's matter.

mod answer;
mod asked;
mod client;
mod document;
mod failure;
mod ledger;
mod retry;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use contract::disk::Data;
use contract::reach;
use contract::source::{Location, Source};
use reqwest::{Response, StatusCode, header};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

pub(crate) use answer::{Answer, Facts};
pub(crate) use document::{Document, Fresh, forget};
pub(crate) use failure::Failure;
pub use failure::Standing;
pub(crate) use ledger::{Ledgers, Urgency};

use crate::Settings;
use crate::tape::Tape;
use answer::Body;
use client::{Clients, leads_inside};
use document::Validators;
use ledger::Permit;
use retry::Backoff;

/// Redirects that are followed.
const REDIRECTS: usize = 5;

/// What all fetching of a run has in common.
#[derive(Clone, Copy)]
pub(crate) struct Fetching<'a> {
    /// Where documents and counts are kept.
    pub(crate) data: &'a Data,
    /// The patience of sources that do not say theirs.
    pub(crate) settings: &'a Settings,
    /// What providers were asked already.
    pub(crate) ledgers: &'a Ledgers,
    /// Whether answers are kept, or come from where they were kept.
    pub(crate) tape: Tape<'a>,
}

/// Asks one source.
pub(crate) struct Fetcher<'a> {
    source: &'a Source,
    fetching: Fetching<'a>,
    clients: Clients<'a>,
    /// `state/<source>/`.
    folder: PathBuf,
    /// What is configured was answered from outside, or from our own network: what it lists may lead where it is itself.
    outside: AtomicBool,
    inside: AtomicBool,
    /// By how many seconds the clock of the first who answered is ahead of ours.
    ahead: OnceLock<i64>,
}

/// Where a document is.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// In the web, as configured: dialled as it is.
    Configured(&'a Url),
    /// In the web, as a document of the source says: one from the internet may not lead into private networks.
    Listed(&'a Url),
    /// On this machine.
    File(&'a Path),
}

/// One request.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    /// For what.
    pub(crate) place: Place<'a>,
    /// How long the whole answer may take, once it is asked for.
    pub(crate) patience: Duration,
    /// Who waits for it.
    pub(crate) urgency: Urgency,
    /// The number of the account that is asked with.
    pub(crate) account: usize,
    /// The most bytes that are taken of a document.
    pub(crate) largest: u64,
    /// Whether only what was said of a good document is kept, and not the document: who asks has what it says elsewhere.
    pub(crate) bare: bool,
}

impl<'a> Ask<'a> {
    /// A list or a guide, asked for with the first account.
    pub(crate) const fn new(place: Place<'a>, patience: Duration) -> Self {
        Self { place, patience, urgency: Urgency::Now, account: 0, largest: document::LARGEST, bare: false }
    }
}

impl<'a> Fetcher<'a> {
    /// Prepares to ask `source`. No connection is made.
    ///
    /// # Errors
    /// The TLS machinery cannot be set up, or the proxy is no address.
    pub(crate) fn new(source: &'a Source, fetching: Fetching<'a>) -> Result<Self, Failure> {
        let connect_timeout = source.transport.connect_timeout.unwrap_or(fetching.settings.connect_timeout);
        Ok(Self {
            source,
            fetching,
            clients: Clients::new(source, connect_timeout)?,
            folder: fetching.data.state().join(source.name.as_str()),
            outside: AtomicBool::new(false),
            inside: AtomicBool::new(false),
            ahead: OnceLock::new(),
        })
    }

    /// Where the document called `name` is kept.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The source that is asked.
    pub(crate) const fn source(&self) -> &'a Source {
        self.source
    }

    /// By how many seconds the clock of who answered is ahead of ours; `None` before an answer, or where it has no `Date`.
    pub(crate) fn ahead(&self) -> Option<i64> {
        self.ahead.get().copied()
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        self.source.transport.request_timeout.unwrap_or(self.fetching.settings.request_timeout)
    }

    /// How long a guide may take.
    pub(crate) fn guide_patience(&self) -> Duration {
        self.source.transport.request_timeout.unwrap_or(self.fetching.settings.guide_timeout)
    }

    /// Makes an `attempt`, and makes it again after a rest while the failure is one that may pass.
    ///
    /// # Errors
    /// That of the last attempt.
    pub(crate) async fn insist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut backoff = Backoff::new(self.source.name.as_str(), self.fetching.settings.retry_pause);
        for _ in 0..self.source.transport.retries.unwrap_or(self.fetching.settings.retries) {
            match attempt().await {
                Err(failure) if failure.may_pass() => {
                    let Some(pause) = backoff.after(&failure) else { return Err(failure) };
                    tracing::debug!(source = %self.source.name, %failure, ?pause, "asking again");
                    if !self.fetching.tape.is_playing() {
                        tokio::time::sleep(pause).await;
                    }
                }
                settled => return settled,
            }
        }
        attempt().await
    }

    /// Asks once, when the ledger allows it. The answer has the ask's patience, counted from then.
    ///
    /// # Errors
    /// [`Failure`]; any status but those of success is one.
    pub(crate) async fn get(&self, ask: Ask<'_>) -> Result<Answer, Failure> {
        self.request(ask, None, None).await
    }

    /// Asks once; with `validators`, only for what is not as they say.
    /// With a tape, for everything: what is as it was is not on it.
    async fn request(
        &self,
        ask: Ask<'_>,
        name: Option<&str>,
        validators: Option<&Validators>,
    ) -> Result<Answer, Failure> {
        let source = self.source.name.as_str();
        match self.fetching.tape {
            Tape::None => self.send(ask, validators).await,
            Tape::Recording(tape) => {
                let asked = asked::words(self.source, ask.place, name);
                tape.keep((source, &asked), self.send(ask, None).await).await
            }
            Tape::Playing(tape) => {
                let asked = asked::words(self.source, ask.place, name);
                tape.answer(source, &asked, ask.patience).await
            }
        }
    }

    async fn send(&self, ask: Ask<'_>, validators: Option<&Validators>) -> Result<Answer, Failure> {
        let (Place::Configured(url) | Place::Listed(url)) = ask.place else {
            let Place::File(path) = ask.place else { unreachable!("the third kind of place") };
            return self.open(path, ask.patience, validators).await;
        };
        let ledger = self.fetching.ledgers.of(self.source);
        let mut permit = ledger.spend(ask.account, ask.urgency, ask.patience).await?;
        let ends = Instant::now() + ask.patience;
        let configured = matches!(ask.place, Place::Configured(_));
        let response =
            timeout_at(ends, self.follow(url, configured, ask.patience, validators, &mut permit)).await;
        let response = response.unwrap_or(Err(Failure::Slow(ask.patience.as_secs())))?;
        let status = response.status();
        match status {
            StatusCode::PARTIAL_CONTENT => Err(Failure::Refused("the server sends a part of it only".into())),
            StatusCode::NOT_MODIFIED if validators.is_some() => Ok(()),
            _ if status.is_success() => Ok(()),
            _ => {
                let told = retry::told(response.headers());
                if let Some(pause) = told {
                    permit.rest(pause.min(retry::LONGEST));
                }
                Err(Failure::Status(status, told))
            }
        }?;
        Ok(Answer::new(Facts::of(&response), Body::Web(response), ask.patience, ends, Some(permit)))
    }

    /// Up to the first byte of the body, behind all redirects.
    async fn follow(
        &self,
        url: &Url,
        configured: bool,
        patience: Duration,
        validators: Option<&Validators>,
        permit: &mut Permit,
    ) -> Result<Response, Failure> {
        let transport = &self.source.transport;
        let wait = transport.first_byte_timeout.unwrap_or(self.fetching.settings.first_byte_timeout);
        let home = configured.then_some(url);
        let mut guarded = !configured && self.guards();
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            if guarded && leads_inside(&url) {
                let words =
                    "it leads into a private network, which `private_addresses = true` of the source allows";
                return Err(Failure::Refused(words.into()));
            }
            let client = if guarded { self.clients.guarded()? } else { self.clients.open() };
            let mut request = client.get(url.clone()).headers(self.clients.headers(&url, home));
            if let Some(etag) = validators.and_then(|it| it.etag.as_ref()) {
                request = request.header(header::IF_NONE_MATCH, etag);
            }
            if let Some(modified) = validators.and_then(|it| it.modified.as_ref()) {
                request = request.header(header::IF_MODIFIED_SINCE, modified);
            }
            let response = timeout(wait, request.send()).await;
            let response =
                response.map_err(|_| Failure::Slow(wait.as_secs()))?.map_err(Failure::connection)?;
            permit.answered();
            if let Some(ahead) = retry::ahead(response.headers()) {
                let _ = self.ahead.set(ahead); // the first one stays
            }
            // Behind a proxy nobody can tell who answered.
            let outside = transport.proxy.is_some() || reach::came_from_outside(response.remote_addr());
            guarded |= outside && !transport.private_addresses;
            let Some(next) = httpc::redirect(&response, &url)
                .map_err(|_| Failure::Refused("the server redirects to nowhere".into()))?
            else {
                if configured {
                    let seen = if outside { &self.outside } else { &self.inside };
                    seen.store(true, Ordering::Relaxed);
                }
                return Ok(response);
            };
            url = next;
            drop(response);
            permit.again(patience).await?;
        }
        Err(Failure::Refused(format!("the server redirects more than {REDIRECTS} times")))
    }

    /// Whether what the source lists must not lead into private networks.
    fn guards(&self) -> bool {
        let outside = self.outside.load(Ordering::Relaxed) || !self.inside.load(Ordering::Relaxed);
        outside && !self.source.transport.private_addresses
    }

    /// A file answers like a server: its size and the time of its last change are its validator.
    async fn open(
        &self,
        path: &Path,
        patience: Duration,
        validators: Option<&Validators>,
    ) -> Result<Answer, Failure> {
        let refused = |error: std::io::Error| Failure::Disk(format!("{}: {error}", path.display()));
        let file = tokio::fs::File::open(path).await.map_err(refused)?;
        let metadata = file.metadata().await.map_err(refused)?;
        if metadata.is_dir() {
            return Err(Failure::Disk(format!("{}: expected a file, found a folder", path.display())));
        }
        self.inside.store(true, Ordering::Relaxed);
        let changed = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let etag = format!("\"{}-{}\"", metadata.len(), changed.unwrap_or_default().as_nanos());
        let same = validators.is_some_and(|validators| validators.etag.as_ref() == Some(&etag));
        let length = metadata.is_file().then_some(metadata.len());
        let facts = Facts { same, etag: Some(etag), modified: None, content_type: None, length };
        Ok(Answer::new(facts, Body::File(file), patience, Instant::now() + patience, None))
    }
}

/// A configured [`Location`] that can be asked for: its address is parsed once.
pub(crate) enum Target {
    /// In the web.
    Web(Url),
    /// On this machine.
    File(PathBuf),
}

impl Target {
    /// # Errors
    /// The address cannot be dialled.
    pub(crate) fn new(location: &Location) -> Result<Self, Failure> {
        match location {
            Location::Web(address) => Url::parse(address.reveal())
                .map(Self::Web)
                .map_err(|error| Failure::Refused(format!("the address cannot be used: {error}"))),
            Location::File(path) => Ok(Self::File(path.clone())),
        }
    }

    /// The place to ask.
    pub(crate) fn place(&self) -> Place<'_> {
        match self {
            Self::Web(url) => Place::Configured(url),
            Self::File(path) => Place::File(path),
        }
    }
}
