//! One broadcast that is being received: one session after another at the engine, one reader, whoever watches.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use contract::ace::{AceId, Kind};
use futures_util::FutureExt;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, sleep_until, timeout};
use tracing::{debug, info};

use super::answer::Stat;
use super::api::Form;
use super::events;
use super::media::Media;
use super::pipe::{Pipe, Source};
use super::poller::Poller;
use super::session::Session;
use super::vigil::{Budget, Restarts, State, Vigil};
use super::{Engine, Found, Received};
use crate::refusal::{Ace, Failure};

/// When media end, the engine may say why so much later.
const PARTING: Duration = Duration::from_millis(300);

/// A broadcast on the air. Dropping it stops its session.
pub(super) struct Channel {
    pub(super) shared: Arc<Shared>,
    task: AbortHandle,
}

/// What the task tells others.
pub(super) struct Shared {
    pub(super) source: Source,
    snapshot: Mutex<Snapshot>,
    /// A session of the same broadcast that somebody else has started, which has superseded ours.
    taken_over: Mutex<Option<Session>>,
    taking_over: Notify,
}

/// How a channel of Ace Stream is doing, as of one moment. Reading it asks the engine nothing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    /// Forty hexadecimal digits, once the engine has told.
    pub(crate) infohash: Option<String>,
    /// What the engine said last.
    #[serde(flatten)]
    pub(crate) stat: Stat,
    /// Seconds since it said so.
    pub(crate) age_s: Option<f64>,
    /// It has not said anything for a while.
    pub(crate) stats_stale: bool,
    /// It gives bytes.
    pub(crate) alive: bool,
    /// Sessions after the first.
    pub(crate) restarts: u32,
    /// From the start to the first byte, in milliseconds.
    pub(crate) ttfb_ms: Option<u64>,
    #[serde(skip)]
    pub(super) asked: Option<Instant>,
}

/// The task.
struct Receiver {
    engine: Arc<Engine>,
    id: AceId,
    shared: Arc<Shared>,
    /// What the next session is to give.
    form: Form,
    restarts: Restarts,
    /// Since when there is nothing.
    lost: Instant,
    began: Instant,
}

/// Why a session is left.
enum Left {
    Lost(Ace),
    /// There is a newer one.
    TakenOver(Box<Session>),
}

impl Channel {
    /// Begins to receive.
    pub(super) fn start(engine: Arc<Engine>, id: AceId) -> Arc<Self> {
        let snapshot = Snapshot {
            state: State::Starting,
            infohash: None,
            stat: Stat::default(),
            age_s: None,
            stats_stale: false,
            alive: false,
            restarts: 0,
            ttfb_ms: None,
            asked: None,
        };
        let shared = Arc::new(Shared {
            source: Source::default(),
            snapshot: Mutex::new(snapshot),
            taken_over: Mutex::default(),
            taking_over: Notify::new(),
        });
        let now = Instant::now();
        let receiver = Receiver {
            engine,
            id,
            shared: shared.clone(),
            form: Form::Stream,
            restarts: Restarts::default(),
            lost: now,
            began: now,
        };
        let task = tokio::spawn(receiver.run()).abort_handle();
        Arc::new(Self { shared, task })
    }

    pub(super) fn pipe(&self) -> Arc<Pipe> {
        self.shared.source.pipe()
    }

    pub(super) fn ended(&self) -> bool {
        self.shared.source.ended()
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let mut snapshot = self.shared.snapshot().clone();
        snapshot.age_s = snapshot.asked.map(|asked| asked.elapsed().as_secs_f64());
        snapshot.alive = snapshot.state == State::Streaming && snapshot.stat.is_alive();
        snapshot
    }

    /// Goes on with `session`, which is of the same broadcast.
    pub(super) fn take_over(&self, session: Session) {
        // One that nobody has looked at yet is stopped, and this one with it; which is found out soon.
        *self.shared.taken_over.lock().expect("nobody panics while holding this lock") = Some(session);
        self.shared.taking_over.notify_one();
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    pub(super) fn snapshot(&self) -> MutexGuard<'_, Snapshot> {
        self.snapshot.lock().expect("nobody panics while holding this lock")
    }

    fn state(&self, state: State) {
        self.snapshot().state = state;
    }

    /// A session that somebody else has started.
    async fn successor(&self) -> Session {
        loop {
            let notified = self.taking_over.notified();
            let session = self.taken_over.lock().expect("nobody panics while holding this lock").take();
            match session {
                Some(session) => return session,
                None => notified.await,
            }
        }
    }
}

impl Drop for Receiver {
    /// However the task ends, nobody waits for it for ever.
    fn drop(&mut self) {
        self.shared.source.end(&Failure::Closing);
    }
}

impl Receiver {
    async fn run(mut self) {
        // Who has gone on with our session has said himself why that ended.
        let Some(why) = self.receive().await else { return };
        info!(%why, "Ace Stream ended");
        self.engine.failed(&self.id, &why);
        self.shared.source.end(&Failure::Ace(why));
    }

    /// One session after another; why that had to end. `None` when another channel has gone on with one, and has ended.
    async fn receive(&mut self) -> Option<Ace> {
        loop {
            let why = match self.start().await {
                Ok(Some(session)) => self.watch(session).await,
                Ok(None) => return None,
                Err(why) => why,
            };
            if why == Ace::Segmented && self.form == Form::Stream {
                self.form = Form::Segments;
                continue;
            }
            self.form = Form::Stream; // the engine is asked for segments when it gives nothing else, every time
            let given_up = self.lost.elapsed() > self.engine.settings.give_up;
            let hopeless = why.is_refusal() || matches!(why, Ace::Unreachable | Ace::Answer(_));
            let Some(wait) = self.restarts.next(Instant::now()).filter(|_| !given_up && !hopeless) else {
                return Some(why);
            };
            if why == Ace::Silent && self.shared.snapshot().ttfb_ms.is_none() {
                return Some(why); // it has had its time
            }
            debug!(%why, "Ace Stream is started anew");
            {
                let mut snapshot = self.shared.snapshot();
                snapshot.state = State::Restarting;
                snapshot.restarts += 1;
            }
            self.shared.source.splice();
            sleep(wait.mul_f64(rand::random_range(0.8..1.2))).await;
        }
    }

    /// Starts a session, by the kind of id that worked last, else by what the list says it is, and then once by the
    /// other. `None` when another channel of ours is the same broadcast, has gone on with this session, and has ended.
    async fn start(&mut self) -> Result<Option<Session>, Ace> {
        self.shared.state(State::Starting);
        self.engine.stopped(&self.id).await;
        let unknown = self.engine.starting(&self.id); // until it is known, and whoever it concerns has been told
        let mut kinds = self.engine.kinds(&self.id).into_iter();
        let mut first = None;
        let (kind, session) = loop {
            let Some(kind) = kinds.next() else { return Err(first.unwrap_or(Ace::Unknown)) };
            match self.engine.api.start(kind, self.id.hex(), self.form).await {
                Ok(session) => break (kind, session),
                Err(Ace::Unknown) => first = first.or(Some(Ace::Unknown)),
                Err(why) => return Err(why),
            }
        };
        let infohash = session.started.infohash.clone();
        self.shared.snapshot().infohash = infohash.as_ref().map(|id| id.hex().to_owned());
        match self.engine.started(&self.id, kind, infohash, &self.shared) {
            Found::First => Ok(Some(session)),
            Found::Running(other) => {
                let pipe = other.pipe();
                other.take_over(session);
                drop(unknown);
                self.forward(&other, &pipe).await;
                Ok(None)
            }
        }
    }

    /// Passes on what another channel, which is the same broadcast, receives.
    async fn forward(&self, other: &Channel, pipe: &Pipe) {
        loop {
            match pipe.next().await {
                Ok(Received::Bytes(bytes)) => self.shared.source.bytes(&bytes),
                Ok(Received::Splice) => self.shared.source.splice(),
                Err(why) => return self.shared.source.end(&why),
            }
            let now = other.snapshot();
            *self.shared.snapshot() = now;
        }
    }

    /// Reads a session, and those of the same broadcast that were started beside it, until none gives anything. All of
    /// them are stopped then, and not before: a stop of one ends the others.
    async fn watch(&mut self, session: Session) -> Ace {
        let (mut session, mut others, mut dead) = (session, Vec::new(), Vec::new());
        let why = loop {
            match self.read(&session).await {
                Left::TakenOver(newer) => others.push(std::mem::replace(&mut session, *newer)),
                Left::Lost(why @ (Ace::Superseded | Ace::Gone)) => {
                    // Which of two is the newer, their answers do not tell.
                    let other = match others.pop() {
                        Some(other) => other,
                        None => match self.successor_soon().await {
                            Some(newer) => newer,
                            None => break why,
                        },
                    };
                    dead.push(std::mem::replace(&mut session, other));
                }
                Left::Lost(why) => break why,
            }
            self.shared.source.splice();
        };
        let all = others.into_iter().chain(dead).chain([session]);
        futures_util::future::join_all(all.map(Session::stop)).await;
        why
    }

    /// The session that has superseded ours, if it was another channel of ours that has started it and does not know yet
    /// what it is.
    async fn successor_soon(&self) -> Option<Session> {
        tokio::select! {
            biased;
            newer = self.shared.successor() => Some(newer),
            () = self.engine.starts_known() => self.shared.successor().now_or_never(),
        }
    }

    async fn read(&mut self, session: &Session) -> Left {
        let shared = self.shared.clone();
        tokio::select! {
            biased;
            newer = shared.successor() => Left::TakenOver(newer.into()),
            why = self.stream(session) => Left::Lost(why),
        }
    }

    /// Asks for the media and passes them on, under the eye of the statistics.
    async fn stream(&mut self, session: &Session) -> Ace {
        self.shared.state(State::Warming);
        let mut vigil = Vigil::new(Budget::of(&self.engine.settings), Instant::now());
        let mut poller = Poller::start(&self.engine, session, self.shared.clone());
        let engine = self.engine.clone();
        let mut opening = std::pin::pin!(Media::open(&engine, &session.started));
        let mut stopped = std::pin::pin!(events::stopped(&engine.api, &session.started));
        let mut media: Option<Media> = None;
        loop {
            let now = Instant::now();
            if let Some(why) = vigil.verdict(now) {
                return why;
            }
            self.shared.state(vigil.state(now));
            tokio::select! {
                biased;
                opened = &mut opening, if media.is_none() => match opened {
                    Ok(opened) => media = Some(opened),
                    Err(why) => return why,
                },
                next = next(&mut media), if media.is_some() => match next {
                    Ok(Some(Received::Splice)) => self.shared.source.splice(),
                    Ok(Some(Received::Bytes(bytes))) => {
                        self.lost = Instant::now();
                        self.first_byte();
                        vigil.received(self.lost);
                        poller.slow_down();
                        self.shared.source.bytes(&bytes);
                    }
                    // Superseded, stopped or expired: only asking again tells, or an event in the same moment.
                    Ok(None) if session.started.event.is_some() => {
                        return timeout(PARTING, stopped).await.unwrap_or(Ace::Gone);
                    }
                    Ok(None) => return Ace::Gone,
                    Err(why) => return why,
                },
                polled = poller.next() => match polled {
                    Ok(stat) => vigil.polled(&stat, Instant::now()),
                    Err(why) => return why,
                },
                why = &mut stopped => return why,
                () = sleep_until(vigil.next(now).into()) => {}
            }
        }
    }

    fn first_byte(&self) {
        let mut snapshot = self.shared.snapshot();
        let since = self.began.elapsed().as_millis();
        snapshot.ttfb_ms.get_or_insert(u64::try_from(since).unwrap_or(u64::MAX));
    }
}

async fn next(media: &mut Option<Media>) -> Result<Option<Received>, Ace> {
    match media {
        Some(media) => media.next().await,
        None => std::future::pending().await,
    }
}

/// The kinds in the order in which they are tried: what worked last, else what was said, and then the other. What is said
/// to be an infohash is one.
pub(super) fn kinds(said: Kind, worked: Option<Kind>) -> Vec<Kind> {
    let first = worked.unwrap_or(said);
    match first {
        Kind::ContentId => vec![Kind::ContentId, Kind::Infohash],
        Kind::Infohash if said == Kind::ContentId => vec![Kind::Infohash, Kind::ContentId],
        Kind::Infohash => vec![Kind::Infohash],
    }
}
