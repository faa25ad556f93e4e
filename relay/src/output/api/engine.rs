//! How the Ace Stream engine is: `/api/health`.

use std::time::{Duration, Instant};

use http::StatusCode;
use httpd::reply;
use serde_json::json;

use super::Watches;
use crate::headend::Headend;
use crate::refusal::Failure;

/// For how long it is known how the engine is.
const FRESH: Duration = Duration::from_secs(5);

/// How the engine was a moment ago.
#[derive(Clone)]
pub(super) struct Engine {
    asked: Instant,
    took: Duration,
    pub(super) version: Result<String, Failure>,
}

impl Watches {
    /// How the engine is. It is asked at most once in [`FRESH`], however many want to know.
    pub(crate) async fn health(&self, headend: &Headend) -> httpd::Response {
        let engine = self.engine(headend).await;
        let (status, word) = match &engine.version {
            Ok(_) => (StatusCode::OK, "healthy"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "degraded"),
        };
        let document = json!({
            "status": word,
            "timestamp": jiff::Timestamp::now(),
            "services": { "aceStream": {
                "status": word,
                "version": engine.version.as_ref().ok(),
                "response_time": u64::try_from(engine.took.as_millis()).unwrap_or(u64::MAX),
                "error": engine.version.as_ref().err().map(Failure::kind),
            } },
        });
        reply::json(status, document.to_string())
    }

    pub(super) async fn engine(&self, headend: &Headend) -> Engine {
        let mut known = self.engine.lock().await;
        if let Some(engine) = known.as_ref().filter(|engine| engine.asked.elapsed() < FRESH) {
            return engine.clone();
        }
        let asked = Instant::now();
        let version = headend.dialler.engine.version().await;
        let engine = Engine { asked, took: asked.elapsed(), version };
        *known = Some(engine.clone());
        engine
    }
}
