//! How the Ace Stream engine is: `/api/health`, and `/api/health/acestream` without anything else.

use std::time::{Duration, Instant};

use http::StatusCode;
use httpd::reply;
use serde_json::{Value, json};

use super::Watches;
use crate::headend::Headend;
use crate::refusal::Failure;

/// For how long it is known how the engine is.
const FRESH: Duration = Duration::from_secs(5);

/// How the engine was a moment ago.
#[derive(Clone)]
pub(super) struct Engine {
    asked: Instant,
    at: jiff::Timestamp,
    took: Duration,
    pub(super) version: Result<String, Failure>,
}

impl Watches {
    /// How everything is that this API needs, which is the engine.
    pub(crate) async fn health(&self, headend: &Headend) -> httpd::Response {
        let engine = self.engine(headend).await;
        let (status, word) = engine.condition();
        let document = json!({
            "status": word,
            "timestamp": jiff::Timestamp::now(),
            "services": { "aceStream": engine.document() },
        });
        reply::json(status, document.to_string())
    }

    /// How the engine is.
    pub(crate) async fn engine_health(&self, headend: &Headend) -> httpd::Response {
        let engine = self.engine(headend).await;
        reply::json(engine.condition().0, engine.document().to_string())
    }

    /// How the engine is. It is asked at most once in [`FRESH`], however many want to know.
    pub(super) async fn engine(&self, headend: &Headend) -> Engine {
        let mut known = self.engine.lock().await;
        if let Some(engine) = known.as_ref().filter(|engine| engine.asked.elapsed() < FRESH) {
            return engine.clone();
        }
        let (asked, at) = (Instant::now(), jiff::Timestamp::now());
        let version = headend.dialler.engine.version().await;
        let engine = Engine { asked, at, took: asked.elapsed(), version };
        *known = Some(engine.clone());
        engine
    }
}

impl Engine {
    fn condition(&self) -> (StatusCode, &'static str) {
        match &self.version {
            Ok(_) => (StatusCode::OK, "healthy"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "degraded"),
        }
    }

    fn document(&self) -> Value {
        let version = self.version.as_deref().ok();
        json!({
            "status": self.condition().1,
            "version": version,
            "version_code": version.and_then(code),
            "response_time": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
            "last_check": self.at,
            "error": self.version.as_ref().err().map(Failure::kind),
        })
    }
}

/// A version as a number that grows, as the engine itself counts: two digits for each further part, and two more.
fn code(version: &str) -> Option<u64> {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    let mut part = || parts.next().unwrap_or(Some(0));
    let (major, minor, patch) = (part()?, part()?, part()?);
    major
        .checked_mul(1_000_000)?
        .checked_add(minor.checked_mul(10_000)?)?
        .checked_add(patch.checked_mul(100)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_the_number_that_the_engine_gives_it() {
        assert_eq!(code("3.2.3"), Some(3_020_300));
        assert_eq!(code("3.1.74"), Some(3_017_400));
        assert_eq!(code("3"), Some(3_000_000));
        assert_eq!((code("three"), code("99999999999999999999.1")), (None, None));
    }
}
