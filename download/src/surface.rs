//! The service over HTTP: jobs, targets, lists and figures as JSON under `/api`.
//!
//! ```text
//!  request ─▶ Endpoint (one table) ─▶ Asker (who asks, and what he may) ─▶ one function per endpoint
//!                    │                                                             │ Store, Target, lists
//!                    └─▶ the paths of /api/openapi.json                            └ nobody else
//! ```
//!
//! Everything follows from [`table`]: what is decoded, who may ask, and what the document says. SECURITY: who may ask is
//! decided before anything else is looked at, so that an endpoint cannot forget to.
//!
//! The worker is not asked anything here: both change rows of the store, and each notices what the other has changed.

mod access;
mod answer;
mod comparing;
mod endpoint;
mod events;
mod jobs;
mod lists;
mod openapi;
mod recording;
mod schema;
mod servers;
mod speed;
mod stats;
mod table;
mod tmdb;
mod upload;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Context;
use contract::disk::Data;
use contract::user::{Right, Users};
use httpd::api::Refusal;
use httpd::metrics::Page;
use httpd::{Request, Response, api};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::access::{Access, Role};
pub use self::endpoint::Endpoint;
pub use self::openapi::described;
pub use self::table::ENDPOINTS;

use self::comparing::Comparing;
use self::endpoint::Does;
use crate::Settings;
use crate::list::Limits;
use crate::shelf::Shelf;
use crate::store::{Store, StoreError};
use crate::tmdb::Tmdb;

/// How many may be told at a time what happens.
const LISTENERS: usize = 64;

/// Answers what is asked about downloads.
pub struct Service {
    data: Data,
    store: Arc<Store>,
    shelf: Arc<Shelf>,
    users: Arc<Users>,
    settings: Settings,
    access: Access,
    right: Right,
    tmdb: Tmdb,
    listeners: Arc<Semaphore>,
    /// One list arrives at a time.
    uploading: Semaphore,
    comparing: Comparing,
    lists: Limits,
    closing: CancellationToken,
}

impl Service {
    /// One over the jobs of `data`, for those of `users` that `access` lets in.
    ///
    /// # Errors
    /// The store cannot be opened, or the system gives no TLS.
    pub fn new(data: &Data, users: Arc<Users>, settings: Settings, access: Access) -> anyhow::Result<Self> {
        Ok(Self {
            data: data.clone(),
            store: Arc::new(Store::open(data)?),
            shelf: Arc::new(Shelf::new(data)),
            tmdb: Tmdb::new(settings.tmdb.clone()).context("the system gives no TLS")?,
            users,
            settings,
            access,
            right: Right::default(),
            listeners: Arc::new(Semaphore::new(LISTENERS)),
            uploading: Semaphore::new(1),
            comparing: Comparing::new(),
            lists: Limits::default(),
            closing: CancellationToken::new(),
        })
    }

    /// The same service, for lists of at most such a size.
    #[must_use]
    pub fn with_lists_of(self, limits: Limits) -> Self {
        Self { lists: limits, ..self }
    }

    /// Its lines among those that monitors read; asks the disk.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn render(&self, page: &mut Page) -> Result<(), StoreError> {
        crate::front::render(&self.store, page)
    }

    /// Whether a path is answered here.
    pub fn takes(path: &str) -> bool {
        let segments = httpd::segments(path);
        let second = |path: &str| path.split('/').nth(2).map(str::to_owned);
        let ours = |of: &String| ENDPOINTS.iter().any(|endpoint| second(endpoint.path).as_ref() == Some(of));
        segments.first().is_some_and(|first| first == "api") && segments.get(1).is_some_and(ours)
    }

    /// Ends what would not end by itself, so that connections can be closed.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Answers one request that came from `peer`.
    pub async fn answer(&self, request: Request, peer: SocketAddr) -> Response {
        let client = self.access.client(request.headers(), peer.ip());
        let method = request.method().clone();
        // SECURITY: for the log, which is told no names.
        let path =
            table::find(&method, &httpd::segments(request.uri().path())).map_or("unknown", |it| it.0.path);
        match self.found(request, client).await {
            Ok(response) => api::closed(response),
            Err(refusal) => api::closed(refusal.answer("downloads", &method, path, client)),
        }
    }

    async fn found(&self, request: Request, client: std::net::IpAddr) -> Result<Response, Refusal> {
        let found = table::find(request.method(), &httpd::segments(request.uri().path()));
        let asker = access::admit(self, &request, client)?;
        let (endpoint, named) = found?;
        asker.may(endpoint.role)?;
        let id = || named.first().and_then(|id| id.parse().ok()).ok_or(Refusal::Unknown);
        match endpoint.does {
            Does::ShowRole => Ok(asker.shown(self.tmdb.is_on())),
            Does::ListDownloads => jobs::list(self, &request).await,
            Does::AddDownloads => lists::add_ids(self, &asker, request).await,
            Does::ChangeDownloads => jobs::change_all(self, &asker, request).await,
            Does::ShowDownload => jobs::one(self, id()?).await,
            Does::ChangeDownload => jobs::change(self, &asker, id()?, request).await,
            Does::CancelDownload => jobs::cancel(self, &asker, id()?).await,
            Does::ListLists => lists::list(self).await,
            Does::AddList => lists::add(self, &asker, request).await,
            Does::ChangeList => lists::change(self, id()?, request).await,
            Does::RemoveList => lists::remove(self, id()?).await,
            Does::ShowDifference => lists::difference(self, id()?, &request).await,
            Does::SelectFromList => lists::select(self, &asker, id()?, request).await,
            Does::ListServers => servers::list(self, &asker).await,
            Does::AddServer => servers::add(self, &asker, request).await,
            Does::SuggestServers => servers::suggest(self, &request).await,
            Does::ShowServer => servers::one(self, &asker, id()?).await,
            Does::ChangeServer => servers::change(self, &asker, id()?, request).await,
            Does::RemoveServer => servers::remove(self, &asker, id()?).await,
            Does::TestServer => servers::test(self, &asker, id()?).await,
            Does::ShowLimits => jobs::limits(self).await,
            Does::ChangeLimits => jobs::set_limits(self, &asker, request).await,
            Does::ResetLimits => jobs::reset_limits(self, &asker).await,
            Does::ShowStats => stats::all(self, &asker).await,
            Does::ShowDownloadStats => stats::downloads(self).await,
            Does::ShowServerStats => stats::servers(self).await,
            Does::ShowUserStats => stats::users(self).await,
            Does::ShowAccountStats => stats::accounts(self).await,
            Does::SearchTmdb => tmdb::search(self, &request).await,
            Does::PickTmdb => tmdb::pick(self, request).await,
            Does::Follow => events::follow(self, &asker, &request).await,
            Does::ShowLog => events::log(self, &request).await,
        }
    }

    /// Asks or changes the store, which takes the disk, off the async threads.
    async fn aside<T: Send + 'static>(
        &self,
        does: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store = self.store.clone();
        let done = tokio::task::spawn_blocking(move || does(&store)).await.context("asking the store")?;
        Ok(done?)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(why) => Self::Conflict(why),
            error => Self::Failed(error.into()),
        }
    }
}

/// Unix time, in seconds.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
