//! The server: every route has its answer here.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use contract::address::ArchiveAddress;
use contract::details::Details;
use contract::disk::Data;
use contract::hdhomerun::{Devices, Tuned};
use contract::mirror::{Part, SEATS};
use contract::release::{Follower, Release, View};
use contract::source::BaseUrl;
use contract::ticket::Key;
use contract::user::{Standing, User, Users};
use contract::wanted::Wanted;
use http::{HeaderMap, Method, StatusCode};
use httpd::metrics::Page;
use httpd::{Params, Request, Response, reply};
use tokio::sync::Semaphore;

use crate::admin::{Keeper, Programs};
use crate::base::Base;
use crate::elsewhere::Elsewhere;
use crate::login::{Login, Logins};
use crate::logo::{self, Gallery};
use crate::mirror::Mirror;
use crate::pace::{Kind, Pace};
use crate::packed::{Presses, Room};
use crate::page::Setup;
use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::tally::{self, Tally};
use crate::{Route, Settings, admin, catalogue, front, hdhomerun, page, relays, xtream};

/// Readings at once.
const READERS: usize = 8;

/// Answers requests from the newest release.
pub struct Server {
    pub(crate) settings: Settings,
    pub(crate) details: Details,
    pub(crate) wanted: Wanted,
    pub(crate) gallery: Gallery,
    pub(crate) data: Data,
    pub(crate) users: Arc<Users>,
    pub(crate) logins: Logins,
    pace: Pace,
    pub(crate) keeper: Keeper,
    pub(crate) setup: Setup,
    pub(crate) catalogue: catalogue::Turn,
    pub(crate) programs: Arc<Programs>,
    pub(crate) elsewhere: Elsewhere,
    tally: Tally,
    mirror: Mirror,
    pub(crate) public: Option<Base>,
    pub(crate) devices: Devices,
    follower: Arc<Follower>,
    viewers: Box<dyn Fn(&str) -> u32 + Send + Sync>,
    clock: Box<dyn Fn() -> u64 + Send + Sync>,
    /// For compressed lists.
    room: Room,
    pub(crate) presses: Presses,
    /// Whoever reads much, or from the disk, does so in a thread of the pool. There are no more of those than this, since
    /// each keeps some memory for itself.
    readers: Arc<Semaphore>,
    /// The newest release that a request has seen.
    prepared: Mutex<Option<Arc<Prepared>>>,
}

/// A request with what every answer needs of it.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) params: Params,
    /// From where it came, as far as it is told.
    client: IpAddr,
    /// Where it came to, as far as it is told.
    base: Option<Base>,
}

impl Server {
    /// A server over the releases that `follower` finds and the details in `data`. `public_base_url` overrides the
    /// addresses that requests name. `viewers` says how many streams the user of a name has open here now.
    pub fn new(
        settings: Settings,
        public_base_url: Option<BaseUrl>,
        follower: Arc<Follower>,
        users: Arc<Users>,
        data: &Data,
        viewers: impl Fn(&str) -> u32 + Send + Sync + 'static,
    ) -> Self {
        let list = settings.hdhomerun.clone();
        let key = if list.is_empty() { Key::known([0; 32]) } else { hdhomerun::key(data) };
        Self {
            devices: Devices::new(list, key),
            room: Room::new(settings.packed_lists),
            presses: Presses::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            data: data.clone(),
            logins: Logins::new(users.clone(), settings.login_failures),
            pace: Pace::new(settings.lists_per_second, settings.listings_per_second),
            users,
            keeper: Keeper::default(),
            setup: Setup::default(),
            catalogue: catalogue::Turn::default(),
            programs: Arc::new(Programs::elsewhere()),
            settings,
            details: Details::new(data),
            wanted: Wanted::new(data),
            gallery: Gallery::new(data),
            mirror: Mirror::new(data),
            elsewhere: Elsewhere::default(),
            tally: Tally::default(),
            public: public_base_url.as_ref().map(Base::configured),
            follower,
            viewers: Box::new(viewers),
            clock: Box::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())),
            prepared: Mutex::new(None),
        }
    }

    /// The same server living by another clock, which tells Unix time in seconds.
    pub fn with_clock(self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// The same server, beside programs whose operators ask here.
    pub fn with_programs(self, programs: Programs) -> Self {
        Self { programs: Arc::new(programs), ..self }
    }

    /// The same server, where logins hold that `keeper` knows.
    pub fn with_keeper(self, keeper: Keeper) -> Self {
        Self { keeper, ..self }
    }

    /// Takes from a path what a trusted proxy has put before it and says so. To be done once, before anybody answers.
    pub fn strip(&self, request: &mut Request, peer: SocketAddr) {
        if self.settings.trusts(peer.ip()) {
            httpd::strip_forwarded(request);
        }
    }

    /// Answers one request that came from `peer`.
    pub async fn answer(&self, request: Request, peer: SocketAddr) -> Response {
        let (route, began) = (Route::decode(request.uri().path()), Instant::now());
        let answer = match route {
            Route::Admin => admin::answer(self, request, peer).await,
            Route::Catalogue => catalogue::answer(self, request, peer).await,
            _ => self.answer_to(route, request, peer).await,
        };
        self.tally.answered(route, answer.status(), began.elapsed());
        answer
    }

    async fn answer_to(&self, route: Route, request: Request, peer: SocketAddr) -> Response {
        let client = self.client(request.headers(), peer);
        let answer = match *request.method() {
            Method::OPTIONS => return reply::preflight(request.headers()),
            Method::GET | Method::HEAD | Method::POST => self.route(route, request, peer).await,
            _ => Err(Refusal::Method),
        };
        let answer = answer.unwrap_or_else(|refusal| {
            let classic = self.settings.classic_refusals && route == Route::PlayerApi;
            if classic { refusal.classic(route, client) } else { refusal.answer(route, client) }
        });
        // What is for our own pages is for no others.
        let ours = matches!(route, Route::Mirror(_) | Route::Metrics | Route::Front | Route::Page(_));
        if ours { answer } else { reply::cors(answer) }
    }

    async fn route(&self, route: Route, request: Request, peer: SocketAddr) -> Result<Response, Refusal> {
        match route {
            Route::PlayerApi => xtream::answer(self, &self.asked(request, peer).await).await,
            Route::PanelApi => xtream::panel::answer(self, &self.asked(request, peer).await).await,
            Route::Playlist => xtream::playlist::answer(self, &self.asked(request, peer).await).await,
            Route::Guide => xtream::xmltv::answer(self, &self.asked(request, peer).await).await,
            Route::HdHomeRun(address) => hdhomerun::answer(self, address, &request, peer),
            Route::Health => Ok(front::health(self)),
            Route::Metrics => self.metrics(request.headers(), peer).await,
            Route::Front => Ok(page::front(self, &self.asked(request, peer).await).await),
            Route::Page(page) => page::answer(self, page, request, peer).await,
            Route::Stream(id) => self.relayed(id, &request, peer),
            Route::Past => {
                let params = Params::from_query(request.uri().query());
                let asked = ArchiveAddress::from_query(|name| params.get(name)).ok_or(Refusal::Unknown)?;
                self.relayed(asked.channel.id, &request, peer)
            }
            Route::Mirror(part) => self.mirrored(part, request).await,
            Route::Logo(_) => logo::answer(self, request.uri().path(), request.headers()).await,
            Route::Admin | Route::Catalogue | Route::Unknown => Err(Refusal::Unknown), // the former are answered above
        }
    }

    /// What is counted, for the operator: whoever asks from this machine itself, or shows the key. For everybody else
    /// there is nothing here.
    async fn metrics(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<Response, Refusal> {
        match (&self.settings.key, httpd::bearer(headers)) {
            (Some(key), Some(shown)) if key.is(shown) => {}
            (Some(_), Some(_)) => return Err(Refusal::Key),
            _ if httpd::is_from_this_machine(headers, peer) => {}
            _ => return Err(Refusal::Unknown),
        }
        let mut page = Page::default();
        page.gauge("coax_build", "The program that answers.")
            .with(&[("version", env!("CARGO_PKG_VERSION"))], 1);
        page.process();
        Ok(self.render(page).await?.answer())
    }

    /// Puts what is counted here, and what is known of releases, runs and users, to `page`.
    ///
    /// # Errors
    /// The disk could not be asked.
    pub async fn render(&self, mut page: Page) -> anyhow::Result<Page> {
        self.tally.render(&mut page);
        tally::release(&mut page, self.release().as_deref());
        let (data, users, now) = (self.data.clone(), self.users.clone(), self.now());
        self.read(move || {
            // What cannot be read is said by those who need it.
            tally::users(&mut page, &users.list().unwrap_or_default(), now);
            tally::disk(&mut page, &data);
            page
        })
        .await
    }

    /// What a relay copies or tells, if it is one of ours.
    async fn mirrored(&self, part: Part, request: Request) -> Result<Response, Refusal> {
        let key = self.settings.relay_key.as_ref().ok_or(Refusal::Unknown)?;
        if !httpd::bearer(request.headers()).is_some_and(|shown| key.is(shown)) {
            return Err(Refusal::Key);
        }
        if part == Part::Seats && request.method() == Method::POST {
            let heard = self.elsewhere.told(&Params::read_up_to(SEATS, request).await);
            return Ok(reply::empty(if heard { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST }));
        }
        self.mirror.answer(part, &self.follower, &self.elsewhere, request.headers()).await
    }

    /// Where the stream is.
    fn relayed(&self, id: u32, request: &Request, peer: SocketAddr) -> Result<Response, Refusal> {
        let secure = self.base(request, peer).is_some_and(|base| base.is_tls());
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        relays::answer(&self.settings.relays, id, path, secure)
    }

    /// The address under which the client reached us.
    pub(crate) fn base(&self, request: &Request, peer: SocketAddr) -> Option<Base> {
        let trusted = self.settings.trusts(peer.ip());
        let authority = request.uri().authority().map(|authority| authority.as_str());
        let scheme = httpd::scheme(request);
        self.public.clone().or_else(|| Base::requested(request.headers(), authority, scheme, trusted))
    }

    /// From where a request came, as far as it is told.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: SocketAddr) -> IpAddr {
        httpd::client(headers, peer.ip(), |address| self.settings.trusts(address))
    }

    async fn asked(&self, request: Request, peer: SocketAddr) -> Asked {
        let base = self.base(&request, peer);
        let client = self.client(request.headers(), peer);
        let in_path = Route::parameters(request.uri().path());
        let (parts, body) = request.into_parts();
        let params = Params::of(&parts, body).await.after(in_path);
        Asked { method: parts.method, headers: parts.headers, params, client, base }
    }

    /// Who asks, if the pair is known.
    pub(crate) async fn login(&self, asked: &Asked) -> Result<Login, Refusal> {
        self.logins.verify(&asked.params, asked.client).await
    }

    /// Who asks for something of this kind, if he may watch, and may ask so often.
    pub(crate) async fn viewer(&self, asked: &Asked, kind: Kind) -> Result<Login, Refusal> {
        let login = self.login(asked).await?.active(self.now())?;
        self.paced(&login.name, kind)?;
        Ok(login)
    }

    /// Whether the user of this name may ask for something of this kind so often.
    pub(crate) fn paced(&self, user: &str, kind: Kind) -> Result<(), Refusal> {
        self.pace.admit(user, kind, Instant::now())
    }

    /// What `login` may see of the newest release, to be held until the answer is complete.
    pub(crate) async fn seen_by(&self, login: &Login) -> Result<Arc<Prepared>, Refusal> {
        Ok(self.prepared()?.seen(&login.user.sees).await?)
    }

    /// The newest release, to be held until the answer is complete.
    pub(crate) fn prepared(&self) -> Result<Arc<Prepared>, Refusal> {
        let mut newest = self.prepared.lock().expect("nobody panics while holding this lock");
        let release = self.follower.release().ok_or(Refusal::NotReady)?;
        match &*newest {
            Some(prepared) if Arc::ptr_eq(&prepared.release, &release) => Ok(prepared.clone()),
            _ => {
                let prepared = Arc::new(Prepared::new(View::whole(release), self.room.clone()));
                *newest = Some(prepared.clone());
                Ok(prepared)
            }
        }
    }

    /// The newest release, if there is one.
    pub(crate) fn release(&self) -> Option<Arc<Release>> {
        self.follower.release()
    }

    /// The devices for media servers, with what the newest release has for them.
    pub(crate) fn tuned(&self) -> Vec<Tuned> {
        let release = self.follower.release();
        release.map_or_else(Vec::new, |release| self.devices.all(&release, |name| self.watcher(name)))
    }

    /// The user of this name, if he may watch now.
    pub(crate) fn watcher(&self, name: &str) -> Option<Arc<User>> {
        let user = self.users.find(name)?;
        (user.standing(self.now()) == Standing::Active).then_some(user)
    }

    /// Reads something that takes a while, when it is its turn.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce() -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let turn = self.readers.clone().acquire_owned().await.context("waiting to read")?;
        // A client that leaves does not end it, so the turn is over when it is.
        let reading = move || {
            let _turn = turn;
            reading()
        };
        tokio::task::spawn_blocking(reading).await.context("reading")
    }

    /// Streams the user of this name has open, here and at relays elsewhere.
    pub(crate) fn viewers(&self, name: &str) -> u32 {
        (self.viewers)(name).saturating_add(self.elsewhere.of(name))
    }

    /// Unix time, in seconds.
    pub(crate) fn now(&self) -> u64 {
        (self.clock)()
    }
}

impl Asked {
    /// The address under which the client reached us.
    pub(crate) fn base(&self) -> Result<&Base, Refusal> {
        self.base.as_ref().ok_or(Refusal::Host)
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// `Cache-Control` of what is the same for everybody who may have it. Name and password stand in the address, so a
    /// cache between us and the client gives it to nobody else; by POST they do not.
    pub(crate) fn shared(&self) -> &'static str {
        if self.method == Method::POST { "private, max-age=60" } else { "public, max-age=60" }
    }
}
