//! The relay: every address has its answer here.

mod admission;
mod hls;
mod lesser;
mod past;
mod tuned;
mod unlisted;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use contract::address::{ArchiveAddress, Form, StreamAddress};
use contract::bundle::{Kind, Playable};
use contract::details::Episodes;
use contract::hdhomerun::Devices;
use contract::release::{Follower, Release};
use contract::session::Session;
use contract::source::Source;
use contract::stock::Stock;
use contract::ticket::Key;
use contract::ticket::pass::Obstacle;
use contract::user::{User, Users};
use http::{HeaderMap, Method};
use httpc::Internet;
use httpd::metrics::Page;
use httpd::{Params, Request, Response, reply};
use tokio::sync::Semaphore;
use tracing::warn;

use crate::headend::Headend;
use crate::mirror::Mirror;
use crate::output::ace::Unlisted;
use crate::output::api::{self, Watches};
use crate::output::catchup::CatchUp;
use crate::output::hls::Sessions;
use crate::proxy::Proxies;
use crate::refusal::{Failure, Refusal};
use crate::route::Route;
use crate::seat::{Client, What};
use crate::settings::Settings;
use crate::subscriber::Subscriber;
use crate::upstream::{Dialler, Secrets};
use crate::{output, status};

/// How often it is looked whether those who watch still may.
const INSPECTION: Duration = Duration::from_millis(500);
/// How long a program that ends waits for others.
const FAREWELL: Duration = Duration::from_secs(3);

/// Tells Unix time, in seconds.
type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

/// Answers the addresses of streams.
pub struct Relay {
    pub(crate) headend: Arc<Headend>,
    sessions: Arc<Sessions>,
    proxies: Arc<Proxies>,
    unlisted: Unlisted,
    watches: Watches,
    catch_up: CatchUp,
    clock: Clock,
    devices: Devices,
    follower: Arc<Follower>,
    /// Those that are not in the release yet.
    episodes: Episodes,
    /// What needs no provider any more.
    stock: Stock,
    users: Arc<Users>,
    /// From where the release and the users are, if the disk is elsewhere.
    mirror: Option<Arc<Mirror>>,
    verifying: Arc<Semaphore>,
    /// What passes are signed with.
    key: Key,
}

impl Relay {
    /// A relay of what the releases that `follower` finds list, received from `sources`, for `users`. Must be called
    /// within a tokio runtime; everything is received there.
    ///
    /// # Errors
    /// The system gives no TLS.
    pub fn new(
        settings: Settings,
        sources: Vec<Source>,
        follower: Arc<Follower>,
        users: Arc<Users>,
    ) -> anyhow::Result<Arc<Self>> {
        Self::with_clock(settings, sources, follower, users, unix_time)
    }

    /// A relay of what `mirror` copies, likewise.
    ///
    /// # Errors
    /// As of [`Relay::new`].
    pub fn following(settings: Settings, sources: Vec<Source>, mirror: Mirror) -> anyhow::Result<Arc<Self>> {
        let mirror = Arc::new(mirror);
        let data = mirror.data().clone();
        let (follower, users) = (Follower::start(data.clone()), Arc::new(Users::copied(data)));
        mirror.start(follower.clone(), users.clone());
        let relay =
            Self::build(settings, sources, follower, users, Some(mirror.clone()), Box::new(unix_time))?;
        mirror.tell_seats(&relay.headend);
        Ok(relay)
    }

    /// The same relay living by another clock, which tells Unix time in seconds.
    ///
    /// # Errors
    /// As of [`Relay::new`].
    pub fn with_clock(
        settings: Settings,
        sources: Vec<Source>,
        follower: Arc<Follower>,
        users: Arc<Users>,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> anyhow::Result<Arc<Self>> {
        Self::build(settings, sources, follower, users, None, Box::new(clock))
    }

    fn build(
        settings: Settings,
        mut sources: Vec<Source>,
        follower: Arc<Follower>,
        users: Arc<Users>,
        mirror: Option<Arc<Mirror>>,
        clock: Clock,
    ) -> anyhow::Result<Arc<Self>> {
        if settings.ace_open {
            Unlisted::source(&mut sources);
        }
        let secrets = Secrets::new(follower.data().vault());
        let dialler = Arc::new(Dialler::new(&settings, sources, secrets)?);
        let memory = settings.hls_bytes;
        let headend = Headend::new(settings, dialler, follower.clone());
        let key = Key::load(&follower.data().key()).unwrap_or_else(|error| {
            warn!(%error, "no secret.key: players of HLS must begin anew when the relay is started again");
            Key::random()
        });
        let proxies = Arc::new(Proxies::new(key.clone(), memory, Internet::default()));
        let devices = Devices::new(headend.settings.hdhomerun.clone(), key.clone());
        let relay = Arc::new(Self {
            headend,
            sessions: Arc::new(Sessions::new(key.clone(), proxies.clone())),
            proxies,
            unlisted: Unlisted::new(),
            watches: Watches::default(),
            devices,
            catch_up: CatchUp::new(key.clone()),
            key,
            clock,
            episodes: Episodes::new(follower.data()),
            stock: Stock::new(follower.data()),
            follower,
            users,
            mirror,
            verifying: Arc::new(Semaphore::new(1)),
        });
        let inspected = Arc::downgrade(&relay);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(INSPECTION).await;
                let Some(relay) = inspected.upgrade() else { break };
                relay.inspect();
            }
        });
        Ok(relay)
    }

    /// Whether `path` is one of the relay's addresses.
    pub fn takes(path: &str) -> bool {
        Route::decode(path).is_some()
    }

    /// Takes from a path what a trusted proxy has put before it and says so. To be done once, before anybody answers.
    pub fn strip(&self, request: &mut Request, peer: SocketAddr) {
        if self.headend.settings.trusts(peer.ip()) {
            httpd::strip_forwarded(request);
        }
    }

    /// Answers one request that came from `peer`.
    pub async fn answer(self: &Arc<Self>, request: Request, peer: SocketAddr) -> Response {
        let route = Route::decode(request.uri().path());
        let id = match &route {
            Some(Route::Stream(stream)) => Some(stream.id),
            Some(Route::Past(past)) => Some(past.channel.id),
            _ => None,
        };
        let client = self.client(request.headers(), peer);
        let answer = match *request.method() {
            Method::OPTIONS => return reply::preflight(request.headers()),
            Method::GET | Method::HEAD | Method::POST if route == Some(Route::PastInQuery) => {
                self.past_in_query(request, peer).await
            }
            Method::POST if matches!(&route, Some(Route::Api(api)) if api.is_posted()) => {
                self.route(route.clone(), &request, peer).await
            }
            Method::GET | Method::HEAD => self.route(route.clone(), &request, peer).await,
            _ => Err(Refusal::Method),
        };
        let answer = answer.inspect_err(|refusal| self.headend.tally.refused(refusal));
        let answer = answer.unwrap_or_else(|refusal| match route {
            Some(Route::Api(_)) => api::refused(refusal, client),
            Some(Route::Tune(_)) => tuned::explain(refusal.answer(id, client)),
            _ => refusal.answer(id, client),
        });
        if matches!(route, Some(Route::Status | Route::Metrics)) { answer } else { reply::cors(answer) }
    }

    /// Streams that the user of this name has open.
    pub fn viewers(&self, user: &str) -> u32 {
        self.headend.seats.of(user).try_into().unwrap_or(u32::MAX)
    }

    /// The streams that users have open.
    pub fn sessions(&self) -> Vec<Session> {
        self.headend.seats.sessions()
    }

    /// Cuts the stream of this id; `false` if there is none. Whoever has it may begin anew.
    pub fn kick(&self, id: u64) -> bool {
        self.headend.seats.kick(id)
    }

    /// The accounts that their providers refuse now, so that they are not dialled, and what the providers did.
    pub fn refused(&self) -> BTreeMap<String, String> {
        self.headend.refused()
    }

    /// What `/status.json` tells.
    pub fn status(&self) -> serde_json::Value {
        let (release, mirror) = (self.follower.release(), self.mirror.as_deref());
        let (headend, sessions, proxies) = (&self.headend, &self.sessions, &self.proxies);
        let snapshot = status::snapshot(headend, sessions, proxies, release.as_deref(), mirror);
        serde_json::to_value(snapshot).expect("plain fields become JSON")
    }

    /// What `/metrics` tells, for whoever puts more to it.
    ///
    /// # Errors
    /// The answer to somebody who may not know it.
    pub fn metrics(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Page, Box<Response>> {
        let page = self.page(headers, peer).inspect_err(|refusal| self.headend.tally.refused(refusal));
        page.map_err(|refusal| Box::new(refusal.answer(None, self.client(headers, peer))))
    }

    fn page(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Page, Refusal> {
        status::admit(&self.headend, headers, peer)?;
        Ok(status::metrics(&self.headend, &self.sessions, &self.proxies, self.mirror.as_deref()))
    }

    /// Ends every stream and begins no more, so that connections can finish.
    pub fn close(&self) {
        self.headend.close();
    }

    /// Waits, after [`Relay::close`] and for a few seconds at most, until whoever keeps sessions for us has been told that
    /// they are over.
    pub async fn closed(&self) {
        let _ = tokio::time::timeout(FAREWELL, self.headend.dialler.engine.stopped_all()).await;
    }

    async fn route(
        &self,
        route: Option<Route>,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        match route {
            Some(Route::Stream(stream)) => self.stream(stream, request, peer).await,
            Some(Route::Hls { ticket, part }) => self.hls(&ticket, part, request, peer).await,
            Some(Route::Within { user, password, path }) => {
                let user = self.user((&user, &password), request.headers(), peer).await?;
                self.within(&user, &path, request, peer).await
            }
            Some(Route::Past(past)) => {
                self.past(past, request.method(), request.headers(), request.uri().path(), peer).await
            }
            Some(Route::PastSegment { ticket, start, number }) => {
                self.past_segment(&ticket, start, number, request, peer).await
            }
            Some(Route::PastInQuery) => Err(Refusal::Unknown), // has been answered
            Some(Route::Tune(address)) => self.tuned(address, request, peer).await,
            Some(Route::Ace(asked)) => self.ace(asked, request, peer).await,
            Some(Route::Api(asked)) => self.api(asked, request, peer).await,
            Some(Route::Status) => {
                status::admit(&self.headend, request.headers(), peer)?;
                let (release, mirror) = (self.follower.release(), self.mirror.as_deref());
                let (headend, sessions, proxies) = (&self.headend, &self.sessions, &self.proxies);
                Ok(status::status(headend, sessions, proxies, release.as_deref(), mirror))
            }
            Some(Route::Metrics) => Ok(self.page(request.headers(), peer)?.answer()),
            None => Err(Refusal::Unknown),
        }
    }

    async fn stream(
        &self,
        asked: StreamAddress,
        request: &Request,
        peer: SocketAddr,
    ) -> Result<Response, Refusal> {
        let params = Params::from_query(request.uri().query());
        if let Some(past) = ArchiveAddress::shifted(&asked, |name| params.get(name), self.now()) {
            return self.past(past, request.method(), request.headers(), request.uri().path(), peer).await;
        }
        if let Some(pass) = self.pass(&asked) {
            return Ok(self.lesser(pass.class, &asked, request).await);
        }
        let user = self.user((&asked.user, &asked.password), request.headers(), peer).await?;
        let playable = self.playable(&asked, &user).await?;
        let client = self.device(request.headers(), peer);
        match playable.kind {
            Kind::Live if request.method() == Method::HEAD => Ok(match &*asked.extension {
                "m3u8" => output::hls::head(),
                _ => output::ts::head(),
            }),
            Kind::Live if asked.extension == "m3u8" => {
                let (ticket, form) = self.sessions.watch(&self.headend, playable, &user, &client).await?;
                form.index(&hls::above(request, &ticket), request.headers()).await
            }
            Kind::Live => self.live(playable, &user, &client).await,
            Kind::Movie | Kind::Episode => {
                let (headend, headers, method) = (&self.headend, request.headers(), request.method());
                let (who, what) = ((&*user, &client), (method, headers));
                match output::stock::answer(headend, &self.stock, &playable, who, what).await? {
                    Some(answer) => Ok(answer),
                    None => output::file::answer(headend, playable, &user, &client, method, headers).await,
                }
            }
        }
    }

    async fn live(&self, channel: Playable, user: &User, client: &Client) -> Result<Response, Refusal> {
        if self.proxies.takes(channel.id) {
            return Err(Failure::Unsupported(Obstacle::Other).into());
        }
        let asked = Instant::now();
        let seats = &self.headend.seats;
        let (seat, replaced) = seats.take(user, client, What::Channel(channel.id)).ok_or(Refusal::Seats)?;
        drop(replaced); // first, so that its connection is free for this one
        let budget = self.headend.start_budget(&channel);
        let viewing = self.headend.tune(channel, seat.asking())?;
        let running = viewing.feed().started();
        let subscriber = Subscriber::new(viewing, seat);
        tokio::time::timeout(budget, subscriber.started()).await.map_err(|_| Failure::Silent)??;
        self.headend.tally.zapped(running, asked.elapsed());
        Ok(output::ts::stream(subscriber))
    }

    /// What is asked for, if it is what the address says and `user` may see it: what he may not is as unknown as what there
    /// is not.
    async fn playable(&self, asked: &StreamAddress, user: &User) -> Result<Playable, Refusal> {
        self.found(asked, |release, it| user.sees.plays(release, it)).await
    }

    /// What is asked for, if it is what the address says and `may` be had.
    async fn found(
        &self,
        asked: &StreamAddress,
        may: impl FnOnce(&Release, &Playable) -> bool,
    ) -> Result<Playable, Refusal> {
        let release = self.follower.release().ok_or(Refusal::NotReady)?;
        let pinned = release.clone();
        let playable = match release.playable(asked.id) {
            Some(playable) => Some(playable),
            None => {
                if let Some(mirror) = &self.mirror {
                    mirror.look_for(asked.id).await;
                }
                let (episodes, id) = (self.episodes.clone(), asked.id);
                let looked = tokio::task::spawn_blocking(move || episodes.playable(&release, id));
                looked.await.ok().flatten()
            }
        };
        let playable = playable.filter(|it| may(&pinned, it)).ok_or(Refusal::Unknown)?;
        let fits = match asked.form {
            Form::Live => playable.kind == Kind::Live,
            Form::File => playable.kind != Kind::Live,
            Form::Short => true,
        };
        let fits = fits && (playable.kind == Kind::Live || asked.extension != "m3u8");
        if fits { Ok(playable) } else { Err(Refusal::Unknown) }
    }

    /// Unix time, in seconds.
    fn now(&self) -> i64 {
        i64::try_from((self.clock)()).unwrap_or(i64::MAX)
    }
}

/// In seconds.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
