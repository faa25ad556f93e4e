//! A session at the engine: whoever has had it last, it is stopped once.

use reqwest::Client;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::timeout;

use super::answer::Started;
use super::api::{STOP, document, with};

/// A session at the engine. Dropping it stops it, once, in the background.
pub(super) struct Session {
    pub(super) started: Started,
    http: Client,
    runtime: Handle,
    live: watch::Sender<Vec<String>>,
    stopped: bool,
}

impl Session {
    pub(super) fn new(
        started: Started,
        http: Client,
        runtime: Handle,
        live: watch::Sender<Vec<String>>,
    ) -> Self {
        live.send_modify(|live| live.push(name(&started)));
        Self { started, http, runtime, live, stopped: false }
    }

    /// Stops it and waits for that.
    pub(super) async fn stop(mut self) {
        if let Some(stop) = self.stopping() {
            let _ = self.runtime.spawn(stop).await; // which goes on if nobody waits
        }
    }

    /// What stops it; nothing the second time.
    fn stopping(&mut self) -> Option<impl Future<Output = ()> + Send + 'static> {
        if std::mem::replace(&mut self.stopped, true) {
            return None;
        }
        let url = with(&self.started.command, "method=stop");
        let (http, live, name) = (self.http.clone(), self.live.clone(), name(&self.started));
        Some(async move {
            // Whatever the answer: that there is no such session any more is as good.
            let _ = timeout(STOP, document(&http, url)).await;
            live.send_modify(|live| {
                if let Some(place) = live.iter().position(|known| *known == name) {
                    live.swap_remove(place);
                }
            });
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(stop) = self.stopping() {
            self.runtime.spawn(stop);
        }
    }
}

/// What broadcast a session is of, or else what it alone is called.
fn name(started: &Started) -> String {
    started.infohash.as_ref().map_or_else(|| started.command.path().to_owned(), |id| id.hex().to_owned())
}
