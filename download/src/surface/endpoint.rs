//! What can be asked for.

use httpd::api::Verb;

use super::Role;
use super::schema::{Parameter, Schema};

/// What can be asked for at one address in one way.
pub struct Endpoint {
    /// How.
    pub method: Verb,
    /// Where, with `{names}` in the places of what differs.
    pub path: &'static str,
    /// What it takes; `None`: anybody who is known may ask.
    pub role: Option<Role>,
    pub(super) does: Does,
    /// In a few words.
    pub summary: &'static str,
    /// What may stand in the query.
    pub(super) query: &'static [Parameter],
    /// What must be sent.
    pub(super) body: Option<Schema>,
    /// What comes back when it is done: the status, and what.
    pub(super) answer: (u16, Option<Schema>),
    /// What else may come back than 401, 403, 429 and, where something is sent or stands in the query, 400.
    pub(super) refusals: &'static [u16],
}

/// What an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    ShowRole,
    ListDownloads,
    /// By ids of the line-up.
    AddDownloads,
    ChangeDownloads,
    ShowDownload,
    ChangeDownload,
    CancelDownload,
    ListLists,
    AddList,
    ChangeList,
    RemoveList,
    ShowDifference,
    SelectFromList,
    ListServers,
    AddServer,
    /// Which take something, the best one first.
    SuggestServers,
    ShowServer,
    ChangeServer,
    RemoveServer,
    TestServer,
    ShowLimits,
    ChangeLimits,
    /// As configured.
    ResetLimits,
    ShowStats,
    ShowDownloadStats,
    ShowServerStats,
    ShowUserStats,
    ShowAccountStats,
    /// What themoviedb.org finds.
    SearchTmdb,
    /// Which of that is meant.
    PickTmdb,
    /// What happens, as it happens.
    Follow,
    ShowLog,
}
