//! The other programs, where they run in this process.

use std::pin::Pin;

use contract::session::Session;
use contract::source::Source;
use serde_json::Value;

/// What becomes of asking a source how it is.
pub type Probing = Pin<Box<dyn Future<Output = Value> + Send>>;

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
    /// What the sources of the run that is going on are doing, as an array; null while there is none.
    pub progress: Box<dyn Fn() -> Value + Send + Sync>,
    /// Asks a source how it is; `None` if ingest is not here.
    pub probe: Box<dyn Fn(Source) -> Option<Probing> + Send + Sync>,
    /// Which guide each channel has, how it was found and what else was considered, as an array, or why that cannot be told;
    /// reads much, so it is asked off the async threads.
    pub matches: Box<dyn Fn() -> Result<Value, String> + Send + Sync>,
    /// What all run with, as text. Secrets are not in it.
    pub settings: String,
    /// Begins everything anew, with other sources, once what is being answered is answered.
    pub anew: Box<dyn Fn() + Send + Sync>,
    /// What others answer below `/api` on this port, as the `paths` and `components` of an OpenAPI document; null if nothing.
    pub described: Value,
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
            progress: Box::new(|| Value::Null),
            probe: Box::new(|_| None),
            anew: Box::new(|| {}),
            matches: Box::new(|| Err("ingest does not run in this process".into())),
            settings: String::new(),
            described: Value::Null,
        }
    }
}
