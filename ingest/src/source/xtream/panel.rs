//! Asking a panel: requests, patience, redirects, and what went wrong in words without an address.

use std::future::Future;
use std::time::Duration;

use contract::source::Source;
use reqwest::{Client, Response, StatusCode, header, redirect};
use tokio::time::{Instant, timeout, timeout_at};

use crate::Settings;
use crate::json::Oddity;

/// Redirects that are followed. By hand, because the library logs where it is sent, and that has credentials in it.
const REDIRECTS: usize = 5;

/// A panel and the account to ask it with.
pub(crate) struct Panel<'a> {
    source: &'a Source,
    settings: &'a Settings,
    client: Client,
}

/// What a panel is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The page.
    pub(crate) page: &'static str,
    /// Parameters besides the credentials.
    pub(crate) parameters: &'a [(&'a str, &'a str)],
    /// How long the whole answer may take.
    pub(crate) patience: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// Nothing came, or not everything.
    #[error("no answer within {0} s")]
    Slow(u64),
    /// Another status than 2xx.
    #[error("the panel answered {0}{hint}", hint = hint(*.0))]
    Status(StatusCode),
    /// An answer that is not what was asked for.
    #[error("{0}")]
    Odd(#[from] Oddity),
    /// The same, in the panel's way of saying no.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// Whether asking again, or asking for less at once, may help.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connection(_) | Self::Slow(_) | Self::Odd(Oddity::Truncated | Oddity::Empty) => true,
            Self::Status(status) => status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS,
            Self::Odd(_) | Self::Refused(_) => false,
        }
    }
}

fn hint(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 | 404 | 456 | 884 => ": the account or this address is rejected or blocked",
        429 => ": too many requests",
        _ => "",
    }
}

impl<'a> Panel<'a> {
    /// Prepares to ask. No connection is made.
    ///
    /// # Errors
    /// The TLS machinery cannot be set up.
    pub(crate) fn new(source: &'a Source, settings: &'a Settings) -> Result<Self, Failure> {
        Ok(Self { source, settings, client: client(source, settings)? })
    }

    /// Makes an `attempt`, and makes it again after a rest while the failure is one that may pass.
    pub(crate) async fn insist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut pause = self.settings.retry_pause;
        for _ in 0..self.settings.retries {
            match attempt().await {
                Err(failure) if failure.may_pass() => {
                    tracing::debug!(source = %self.source.name, %failure, "asking again");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                settled => return settled,
            }
        }
        attempt().await
    }

    /// Asks once. The answer has the question's patience, counted from now.
    ///
    /// # Errors
    /// [`Failure`]
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Answer, Failure> {
        let ends = Instant::now() + question.patience;
        let response = timeout_at(ends, self.begin(question)).await;
        let response = response.unwrap_or(Err(Failure::Slow(question.patience.as_secs())))?;
        if !response.status().is_success() {
            return Err(Failure::Status(response.status()));
        }
        let expected = response.content_length();
        Ok(Answer { response, expected, received: 0, ends, patience: question.patience })
    }

    /// Up to the first byte of the body, behind all redirects.
    async fn begin(&self, question: Question<'_>) -> Result<Response, Failure> {
        let panel = self.source.xtream().expect("only panels are asked here");
        let (base, account) = (&panel.urls[0], &panel.accounts[0]);
        let base = format!("{base}/{}", question.page);
        let mut url = url::Url::parse(&base)
            .map_err(|error| Failure::Connection(format!("the address cannot be used: {error}")))?;
        url.query_pairs_mut()
            .append_pair("username", account.username.reveal())
            .append_pair("password", account.password.reveal())
            .extend_pairs(question.parameters);
        for _ in 0..=REDIRECTS {
            let patience = self.settings.first_byte_timeout;
            let response = timeout(patience, self.client.get(url.clone()).send())
                .await
                .map_err(|_| Failure::Slow(patience.as_secs()))?
                .map_err(connection)?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = response.headers().get(header::LOCATION);
            let next = location.and_then(|location| url.join(location.to_str().ok()?).ok());
            url = match next.filter(|url| matches!(url.scheme(), "http" | "https")) {
                Some(next) => next,
                None => return Err(Failure::Refused("the panel redirects to nowhere".into())),
            };
        }
        Err(Failure::Refused(format!("the panel redirects more than {REDIRECTS} times")))
    }
}

fn client(source: &Source, settings: &Settings) -> Result<Client, Failure> {
    // The first to install a provider wins; that there is one is all that matters.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| reqwest::Certificate::from_der(root).ok());
    Client::builder()
        .user_agent(&source.transport.user_agent)
        .connect_timeout(settings.connect_timeout)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .tls_certs_merge(roots)
        .http1_only()
        .http1_title_case_headers()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .build()
        .map_err(connection)
}

/// An answer whose body is still to come.
pub(crate) struct Answer {
    response: Response,
    expected: Option<u64>,
    received: u64,
    /// When the patience is at its end.
    ends: Instant,
    patience: Duration,
}

impl Answer {
    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<bytes::Bytes>, Failure> {
        let chunk = timeout_at(self.ends, self.response.chunk()).await;
        let chunk = chunk.map_err(|_| Failure::Slow(self.patience.as_secs()))?.map_err(connection)?;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }

    /// How much of the body has come, in bytes.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// How much of the body has come, in percent, where its size is known.
    pub(crate) fn percent(&self) -> Option<u64> {
        self.expected.filter(|expected| *expected > 0).map(|expected| self.received * 100 / expected)
    }

    /// The whole body of a small document.
    pub(crate) async fn whole(mut self, largest: usize) -> Result<Vec<u8>, Failure> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > largest {
                return Err(Failure::Refused(format!("the answer is larger than {largest} bytes")));
            }
        }
        Ok(body)
    }
}

/// The causes of a failure without the address, which has the credentials in it.
fn connection(error: reqwest::Error) -> Failure {
    let error = error.without_url();
    let mut causes = vec![error.to_string()];
    let mut cause = std::error::Error::source(&error);
    while let Some(deeper) = cause {
        causes.push(deeper.to_string());
        cause = deeper.source();
    }
    causes.dedup();
    Failure::Connection(causes.join(": "))
}
