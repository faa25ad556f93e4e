//! Answers that come late, or never.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ace::Ended;

/// How often a waiting answer looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(20);

/// Goes with an answer whose head, too, is to come late.
#[derive(Clone)]
pub(crate) struct Late {
    /// `None` is never.
    pub(crate) until: Option<Instant>,
    /// When this session ends, the answer comes at once.
    pub(crate) unless: Option<Arc<Ended>>,
}

impl Late {
    /// Ends at that time.
    pub(crate) async fn wait(&self) {
        let ended = || self.unless.as_ref().is_some_and(|session| session.get().is_some());
        while !ended() {
            let left = match self.until {
                Some(until) => until.saturating_duration_since(Instant::now()),
                None => LOOK,
            };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }
}
