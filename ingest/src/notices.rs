//! Who is told when something happens that an operator should know of.
//!
//! ```text
//!  run.json, current, the disk, refusals ──watch──▶ events ──▶ a queue for each who is told ──▶ post, with retries
//! ```
//!
//! What happened is seen from the disk, so that it does not matter which program did it: the schedule here, a run by hand, a
//! rollback from elsewhere. What was told is remembered over a restart. What was so before anybody was ever told of anything is
//! nothing that happens, but for what still has to be done: room on the disk, an account that ends.
//!
//! Nothing that is told holds an address or a credential. Nobody who does not answer keeps anything waiting: queues are
//! short, and what does not fit is dropped and logged.

mod event;
mod memory;
mod post;
mod template;
mod watch;

use std::collections::BTreeMap;
use std::time::Duration;

use contract::config::seconds;
use contract::secret::Secret;
use reqwest::header::HeaderName;
use serde::Deserialize;
use serde::de::IgnoredAny;

use event::Event;
pub use event::Happening;
use post::once;
pub use watch::notify;

use crate::Settings;
use crate::hooks::webhook;
use crate::run::now;

/// `[[ingest.notify]]`: somebody who is told, and how.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// Where it is posted; a secret, since who knows the address of a chat's webhook may write there. Redirects are not
    /// followed, and the proxy of no source is used.
    #[serde(deserialize_with = "webhook::address")]
    pub url: Secret,
    /// In place of an address, a program and its arguments, which gets `body` on standard input.
    pub command: Vec<String>,
    /// Of what; of everything, if nothing is named.
    pub events: Vec<Happening>,
    /// Further request headers. Their values may be credentials.
    pub headers: BTreeMap<String, Secret>,
    /// What `body` is. In JSON and in forms what is filled in is escaped.
    pub content_type: String,
    /// What is sent, with places to fill in: `{title}`, `{text}`, `{event}`, `{source}`, `{release}`, `{at}`.
    pub body: String,
    /// How long one attempt may take, in seconds.
    #[serde(deserialize_with = "seconds")]
    pub timeout: Duration,
}

/// Tells everybody in `settings` that this is a trial, whatever events he is told of; one answer for each, in their order.
pub async fn try_notices(settings: &Settings) -> Vec<Result<(), String>> {
    let mut outcomes = Vec::new();
    for notify in &settings.notify {
        outcomes.push(once(notify, &Event::Trial, now()).await);
    }
    outcomes
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            url: Secret::default(),
            command: Vec::new(),
            events: Vec::new(),
            headers: BTreeMap::new(),
            content_type: "application/json".into(),
            body: concat!(
                r#"{"event": "{event}", "title": "{title}", "text": "{text}", "source": "{source}", "#,
                r#""release": "{release}", "at": {at}}"#
            )
            .into(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl Notify {
    /// # Errors
    /// What of it cannot be, in words without a value that may be secret.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.url.reveal().is_empty() == self.command.is_empty() {
            return Err("a [[ingest.notify]] needs `url` or `command`, and not both".into());
        }
        let odd = self.headers.keys().find(|name| HeaderName::try_from(name.as_str()).is_err());
        if let Some(name) = odd {
            return Err(format!("`{name}` is no name of a header"));
        }
        // Found out now, and not by whoever does not understand what he is told.
        let sample = Event::Rollback { release: 1, from: 2 };
        let body = template::filled(&self.body, &self.content_type, &sample, 0);
        if self.content_type.contains("json") && serde_json::from_str::<IgnoredAny>(&body).is_err() {
            return Err("`body` of a [[ingest.notify]] is no JSON, as `content_type` says".into());
        }
        Ok(())
    }

    fn wants(&self, event: &Event) -> bool {
        self.events.is_empty() || self.events.contains(&event.happening())
    }
}
