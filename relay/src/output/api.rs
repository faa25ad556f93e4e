//! The session API of web players: `/api/streams/...`.
//!
//! A *watch* is one viewer of a channel of Ace Stream, whoever else watches it. It begins with a start, and ends with a
//! stop or when its player asks for nothing any more. Its id is random and opens its playlist and its segments, as a
//! ticket does; to whom it is not known, it is nothing.

mod address;
mod engine;
mod words;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::ace::AceId;
use contract::bundle::{Playable, Upstream};
use contract::user::User;
use http::{HeaderMap, StatusCode};
use httpd::reply;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::headend::Headend;
use crate::output::hls::Sessions;
use crate::play::Key;
use crate::refusal::{Failure, Refusal};
use crate::seat::Client;
use crate::status;
use engine::Engine;
use words::{describe, nothing, word};

pub use address::Api;
pub(crate) use words::refused;

/// Watches there may be at a time; the next is refused.
const MOST: usize = 1024;
/// How long a playlist is waited for, once.
const HOLD: Duration = Duration::from_secs(8);
/// A watch whose channel is not there yet ends when nobody has asked for so long; one that has failed, after it.
const IDLE: Duration = Duration::from_secs(30);
/// Segments of a generation are counted with so many digits.
const DIGITS: u32 = 8;

/// All watches.
#[derive(Default)]
pub(crate) struct Watches {
    /// By id.
    all: Mutex<HashMap<String, Watch>>,
    engine: tokio::sync::Mutex<Option<Engine>>,
}

/// One viewer.
struct Watch {
    ace: AceId,
    user: String,
    upstream: Upstream,
    channel: u32,
    began: jiff::Timestamp,
    asked: Instant,
    stage: watch::Receiver<Stage>,
    beginning: AbortHandle,
}

#[derive(Clone, Debug)]
enum Stage {
    Starting,
    /// Its session of HLS.
    Running(Key),
    Failed(Failure),
    /// The user has as many streams as he may.
    Full,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.beginning.abort();
    }
}

impl Watches {
    /// Begins a watch of `channel`, and returns its id before it is there.
    ///
    /// # Errors
    /// The engine does not answer, or there are too many.
    pub(crate) async fn begin(
        &self,
        headend: &Arc<Headend>,
        sessions: &Arc<Sessions>,
        ace: AceId,
        channel: Playable,
        user: &Arc<User>,
    ) -> Result<String, Refusal> {
        let upstream = channel.upstreams.first().cloned().ok_or(Failure::NoSource)?;
        if headend.dialler.engine.snapshot(&upstream).is_none() {
            self.engine(headend).await.version?;
        }
        let id = format!("{:032x}{:08x}", rand::random::<u128>(), rand::random::<u32>());
        let (told, stage) = watch::channel(Stage::Starting);
        let (headend, sessions, user) = (headend.clone(), sessions.clone(), user.clone());
        let (name, number, client) = (user.name.clone(), channel.id, Client::of_session(&id));
        let beginning = tokio::spawn(async move {
            let stage = match sessions.open(&headend, channel, &user, &client).await {
                Ok(key) => Stage::Running(key),
                Err(Refusal::Upstream(why)) => Stage::Failed(why),
                Err(_) => Stage::Full,
            };
            told.send_replace(stage);
        });
        let watch = Watch {
            ace,
            user: name,
            upstream,
            channel: number,
            began: jiff::Timestamp::now(),
            asked: Instant::now(),
            stage,
            beginning: beginning.abort_handle(),
        };
        let mut all = self.all();
        if all.len() >= MOST {
            return Err(Refusal::Seats);
        }
        all.insert(id.clone(), watch);
        Ok(id)
    }

    /// What who has begun a watch is told.
    pub(crate) fn begun(&self, headend: &Headend, id: &str) -> httpd::Response {
        let (all, public) = (self.all(), headend.settings.public.as_ref());
        let session = all.get(id).map(|watch| describe(id, watch, public));
        let document = json!({ "success": true, "session": session });
        reply::json(StatusCode::CREATED, document.to_string())
    }

    /// The playlist of a watch.
    ///
    /// # Errors
    /// There is no such watch, or its channel is not there, or not yet.
    pub(crate) async fn playlist(
        &self,
        sessions: &Sessions,
        id: &str,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let mut stage = self.asked(id)?;
        let begun = async {
            let begun = stage.wait_for(|stage| !matches!(stage, Stage::Starting)).await;
            begun.map(|stage| stage.clone()).map_err(|_| Refusal::Session)
        };
        let stage = tokio::time::timeout(HOLD, begun).await.map_err(|_| Refusal::Warming)??;
        match stage {
            Stage::Running(key) => {
                sessions.playlist_of(&key, &format!("../../proxy/c/{id}"), number, headers).await
            }
            Stage::Failed(why) => Err(why.into()),
            Stage::Starting | Stage::Full => Err(Refusal::Seats),
        }
    }

    /// A segment of a watch.
    ///
    /// # Errors
    /// There is no such watch or segment.
    pub(crate) fn segment(
        &self,
        sessions: &Sessions,
        id: &str,
        number: u64,
        headers: &HeaderMap,
    ) -> Result<httpd::Response, Refusal> {
        let stage = self.asked(id)?;
        let Stage::Running(key) = stage.borrow().clone() else { return Err(Refusal::Unknown) };
        let unit = 10_u64.pow(DIGITS);
        sessions.segment_of(&key, number / unit, number % unit, headers)
    }

    /// How the channel of a watch is doing. Whoever asks reads what is known: the engine is asked nothing.
    ///
    /// # Errors
    /// There is no such watch.
    pub(crate) fn status(
        &self,
        headend: &Headend,
        sessions: &Sessions,
        id: &str,
    ) -> Result<httpd::Response, Refusal> {
        let stage = self.asked(id)?;
        let (upstream, channel) = {
            let all = self.all();
            let watch = all.get(id).ok_or(Refusal::Session)?;
            (watch.upstream.clone(), watch.channel)
        };
        let mut stats = status::of(headend, sessions, channel).unwrap_or_else(|| json!({}));
        let engine = headend.dialler.engine.snapshot(&upstream);
        let engine = engine.and_then(|snapshot| serde_json::to_value(snapshot).ok());
        let stale = engine.is_none();
        if let (Value::Object(stats), Value::Object(mut engine)) =
            (&mut stats, engine.unwrap_or_else(nothing))
        {
            stats.remove("ace");
            // Where both have a word, ours is the one that players have seen the effect of.
            engine.retain(|name, _| !stats.contains_key(name));
            stats.extend(engine);
            stats.insert("session".into(), word(&stage.borrow()).into());
            stats.insert("stats_stale".into(), stale.into());
        }
        let document = json!({ "success": true, "stats": stats });
        Ok(reply::json(StatusCode::OK, document.to_string()))
    }

    /// Ends a watch, and no other.
    ///
    /// # Errors
    /// There is no such watch.
    pub(crate) fn stop(&self, sessions: &Sessions, id: &str) -> Result<httpd::Response, Refusal> {
        let watch = self.all().remove(id).ok_or(Refusal::Session)?;
        if let Stage::Running(key) = &*watch.stage.borrow() {
            sessions.end(key);
        }
        let document = json!({ "success": true, "message": "The session has ended." });
        Ok(reply::json(StatusCode::OK, document.to_string()))
    }

    /// The watches of a user.
    pub(crate) fn active(&self, headend: &Headend, user: &User) -> httpd::Response {
        let (all, public) = (self.all(), headend.settings.public.as_ref());
        let own = all.iter().filter(|(_, watch)| watch.user == user.name);
        let sessions: Vec<_> = own.map(|(id, watch)| describe(id, watch, public)).collect();
        let document = json!({ "success": true, "count": sessions.len(), "sessions": sessions });
        reply::json(StatusCode::OK, document.to_string())
    }

    /// Ends the watches of those who have gone; to be called every second or so.
    pub(crate) fn sweep(&self, sessions: &Sessions) {
        let gone: Vec<Watch> = {
            let stays = |watch: &Watch| match &*watch.stage.borrow() {
                Stage::Running(key) => sessions.runs(key),
                Stage::Starting | Stage::Failed(_) | Stage::Full => watch.asked.elapsed() < IDLE,
            };
            self.all().extract_if(|_, watch| !stays(watch)).map(|(_, gone)| gone).collect()
        };
        drop(gone);
    }

    /// The stage of a watch, whose player has asked for something.
    fn asked(&self, id: &str) -> Result<watch::Receiver<Stage>, Refusal> {
        let mut all = self.all();
        let watch = all.get_mut(id).ok_or(Refusal::Session)?;
        watch.asked = Instant::now();
        Ok(watch.stage.clone())
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Watch>> {
        self.all.lock().expect("nobody panics while holding this lock")
    }
}

/// One number for both that name a segment.
fn number(generation: u64, number: u64) -> u64 {
    generation * 10_u64.pow(DIGITS) + number
}
