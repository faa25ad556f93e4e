//! Asking a panel: its pages, its credentials, and which of its addresses and accounts it is asked with.

use std::future::Future;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use contract::source::{BaseUrl, Login, Source, Xtream};
use url::Url;

pub(crate) use crate::fetch::{Answer, Failure};
use crate::fetch::{Ask, Document, Fetcher, Place, Urgency};

/// A panel. The first of its addresses that answers properly is kept until the panel is dropped.
pub(crate) struct Panel<'a> {
    fetcher: Fetcher<'a>,
    urls: &'a [BaseUrl],
    accounts: &'a [Login],
    urgency: Urgency,
    url: OnceLock<usize>,
    account: OnceLock<usize>,
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

impl<'a> Panel<'a> {
    /// Prepares to ask. No connection is made.
    pub(crate) fn new(fetcher: Fetcher<'a>, panel: &'a Xtream) -> Self {
        let Xtream { urls, accounts } = panel;
        Self {
            fetcher,
            urls,
            accounts,
            urgency: Urgency::Now,
            url: OnceLock::new(),
            account: OnceLock::new(),
        }
    }

    /// The same panel, asked with another urgency.
    pub(crate) fn with(self, urgency: Urgency) -> Self {
        Self { urgency, ..self }
    }

    /// The source that it is.
    pub(crate) const fn source(&self) -> &'a Source {
        self.fetcher.source()
    }

    /// Its accounts, by number.
    pub(crate) const fn accounts(&self) -> &'a [Login] {
        self.accounts
    }

    /// Where the document called `name` is kept.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.fetcher.place(name)
    }

    /// By how many seconds its clock is ahead of ours, once it has answered.
    pub(crate) fn ahead(&self) -> Option<i64> {
        self.fetcher.ahead()
    }

    /// How long an answer may take.
    pub(crate) fn patience(&self) -> Duration {
        self.fetcher.patience()
    }

    /// How long the guide may take.
    pub(crate) fn guide_patience(&self) -> Duration {
        self.fetcher.guide_patience()
    }

    /// Makes an `attempt`, and makes it again after a rest while the failure is one that may pass.
    ///
    /// # Errors
    /// That of the last attempt.
    pub(crate) async fn insist<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        self.fetcher.insist(attempt).await
    }

    /// Asks once, with the account that was accepted. The answer has the question's patience, counted from now.
    ///
    /// # Errors
    /// [`Failure`]
    pub(crate) async fn ask(&self, question: Question<'_>) -> Result<Answer, Failure> {
        let account = self.account.get().copied().unwrap_or(0);
        self.anywhere(account, |url| self.ask_at(url, account, question)).await
    }

    /// Asks once, with the account that was accepted, for a document that is kept as `name`.
    ///
    /// # Errors
    /// [`Failure`]
    pub(crate) async fn document(&self, question: Question<'_>, name: &str) -> Result<Document, Failure> {
        let account = self.account.get().copied().unwrap_or(0);
        let at = |url| async move {
            let url = self.url(url, account, question)?;
            self.fetcher.document(self.request(&url, account, question), name).await
        };
        self.anywhere(account, at).await
    }

    /// The same for a list of at most `largest` bytes, of which only what was said is kept. Every attempt is inspected by
    /// what `inspector` makes.
    ///
    /// # Errors
    /// [`Failure`]
    pub(crate) async fn list<I>(
        &self,
        question: Question<'_>,
        (name, largest): (&str, u64),
        inspector: impl Fn() -> I,
    ) -> Result<Document, Failure>
    where
        I: FnMut(Option<&[u8]>) -> Result<(), Failure>,
    {
        let account = self.account.get().copied().unwrap_or(0);
        let inspector = &inspector;
        let at = |url| async move {
            let url = self.url(url, account, question)?;
            let ask = Ask { largest, bare: true, ..self.request(&url, account, question) };
            self.fetcher.inspected(ask, name, inspector()).await
        };
        self.anywhere(account, at).await
    }

    /// Asks `account` at every address until one gives an answer that `read` takes, or refuses in the panel's words.
    /// That address, and the first account that is taken there, are kept.
    ///
    /// # Errors
    /// That of the address where asking again may help, else that of the first.
    pub(crate) async fn check<T>(
        &self,
        account: usize,
        question: Question<'_>,
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let read = &read;
        let at = |url| async move {
            let answer = self.ask_at(url, account, question).await?;
            read(&answer.whole(1 << 20).await?)
        };
        let found = self.anywhere(account, at).await?;
        let _ = self.account.set(account); // the first one stays
        Ok(found)
    }

    /// Tries the addresses in order, until one is known to answer.
    async fn anywhere<T, F>(&self, account: usize, at: impl Fn(usize) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        if let Some(url) = self.url.get() {
            return at(*url).await;
        }
        let mut worst: Option<Failure> = None;
        for url in 0..self.urls.len() {
            let failure = match at(url).await {
                Ok(found) => {
                    let _ = self.url.set(url);
                    return Ok(found);
                }
                // Who says in a panel's words that it does not like the account is a panel.
                Err(failure @ (Failure::Refused(_) | Failure::Account(_) | Failure::Disk(_))) => {
                    return Err(failure);
                }
                Err(failure) if failure.is_unasked() => return Err(failure),
                Err(failure) => failure,
            };
            if self.urls.len() > 1 {
                let source = &self.fetcher.source().name;
                tracing::info!(%source, url, account, %failure, "this address does not answer");
            }
            if worst.as_ref().is_none_or(|worst| failure.may_pass() && !worst.may_pass()) {
                worst = Some(failure);
            }
        }
        Err(worst.unwrap_or_else(|| Failure::Refused("the source has no address".into())))
    }

    async fn ask_at(&self, url: usize, account: usize, question: Question<'_>) -> Result<Answer, Failure> {
        let url = self.url(url, account, question)?;
        self.fetcher.get(self.request(&url, account, question)).await
    }

    fn request<'u>(&self, url: &'u Url, account: usize, question: Question<'_>) -> Ask<'u> {
        Ask { urgency: self.urgency, account, ..Ask::new(Place::Configured(url), question.patience) }
    }

    fn url(&self, url: usize, account: usize, question: Question<'_>) -> Result<Url, Failure> {
        let login = &self.accounts[account];
        let mut url = Url::parse(&format!("{}/{}", self.urls[url], question.page))
            .map_err(|error| Failure::Refused(format!("the address cannot be used: {error}")))?;
        url.query_pairs_mut()
            .append_pair("username", login.username.reveal())
            .append_pair("password", login.password.reveal())
            .extend_pairs(question.parameters);
        Ok(url)
    }
}
