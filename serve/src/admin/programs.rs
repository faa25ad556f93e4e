//! The other programs, where they run in this process.

use contract::session::Session;
use serde_json::Value;

/// What the administration needs of relay and ingest. The programs do not know each other: who composes them hands it over.
pub struct Programs {
    /// The streams that users have open.
    pub sessions: Box<dyn Fn() -> Vec<Session> + Send + Sync>,
    /// Cuts the stream of this id; `false` if there is none.
    pub kick: Box<dyn Fn(u64) -> bool + Send + Sync>,
    /// What the relay is doing.
    pub status: Box<dyn Fn() -> Value + Send + Sync>,
    /// Asks for a run of ingest.
    pub run: Box<dyn Fn() -> Wished + Send + Sync>,
}

/// What became of the wish for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wished {
    /// A run begins.
    Begins,
    /// One is going on.
    Running,
    /// Nobody is there who would run.
    Nobody,
}

impl Programs {
    /// None of them runs here.
    pub fn elsewhere() -> Self {
        Self {
            sessions: Box::new(Vec::new),
            kick: Box::new(|_| false),
            status: Box::new(|| Value::Null),
            run: Box::new(|| Wished::Nobody),
        }
    }
}
