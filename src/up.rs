//! Everything in one process on one port: what a home wants, since apps build stream URLs from the address that was
//! typed, and what a hosting platform with one disk allows.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use contract::config::Place;
use contract::disk::Data;
use contract::release::Follower;
use contract::source::Source;
use contract::user::{Users, check_name, check_password};
use download::Worker;
use http::{Method, StatusCode};
use httpd::{Listeners, Request, Response, reply};
use ingest::RunNow;
use relay::Relay;
use serde_json::Value;
use serve::admin::{Keeper, Programs, Wished};
use serve::{Announcing, Server};
use tls::Https;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::{error, warn};

use crate::announce::{self, Login};
use crate::cli::{self, Settings};
use crate::run_now;
use crate::trial;
use crate::user::new_user;

/// `coax up`: runs until the operator stops it.
pub(crate) async fn run(place: &Place) -> anyhow::Result<()> {
    let settings = cli::load(place)?;
    let users = Arc::new(Users::new(settings.data()));
    let named = user_of_the_environment(&users)?;
    let address: SocketAddr = settings.listen.parse().context("`listen` was checked")?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let login = || {
        let first = users.list()?.into_iter().next().map(|user| user.name);
        Ok(named.clone().or(first).map(|name| Login { name, password: None }))
    };
    let sources = || Ok(cli::load(place)?.source);
    until_stopped(listener, settings, &users, login, sources).await
}

/// Runs everything until the operator stops it. When he adds a source on the page, all of it begins anew with what `sources`
/// gives, on the same port: who comes meanwhile waits a moment. `login` is who is told of each time.
///
/// # Errors
/// Those of [`everything`], and the system's.
pub(crate) async fn until_stopped(
    listener: TcpListener,
    mut settings: Settings,
    users: &Arc<Users>,
    login: impl Fn() -> anyhow::Result<Option<Login>>,
    sources: impl Fn() -> anyhow::Result<Vec<Source>>,
) -> anyhow::Result<()> {
    let listener = listener.into_std()?;
    let https = tls::listen(&settings.tls, &settings.data()).await?;
    let keeper = Keeper::default();
    // Listened for all the time: who is stopped while he begins anew is not to go on.
    let (terminated, stopped) = (httpd::terminated(), CancellationToken::new());
    let stop = stopped.clone();
    let _listening = AbortOnDropHandle::new(tokio::spawn(async move {
        terminated.await;
        stop.cancel();
    }));
    loop {
        if settings.source.is_empty() {
            warn!("no source is configured; what was published before is served");
        }
        let plain = TcpListener::from_std(listener.try_clone()?)?;
        let secure = https.as_ref().map(Https::secure).transpose()?;
        let house = House { settings: settings.clone(), users: users.clone(), keeper: keeper.clone() };
        let listeners = Listeners { plain, secure };
        if everything(listeners, house, login()?, &stopped).await? == Ended::Stopped {
            return Ok(());
        }
        match sources() {
            Ok(sources) => settings.source = sources,
            // A slip in a file that somebody is editing is no reason to end.
            Err(error) => error!(%error, "the sources stay as they were; others come with the next start"),
        }
    }
}

/// What everything is run with.
struct House {
    settings: Settings,
    users: Arc<Users>,
    /// The logins of operators, which hold on.
    keeper: Keeper,
}

/// Why everything has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The operator stopped it.
    Stopped,
    /// There are other sources.
    Anew,
}

/// Ingest on schedule, and answers on `listeners`, until `stopped`, or until the operator changes what is read.
///
/// # Errors
/// The schedule cannot be understood, or the system gives no TLS.
async fn everything(
    listeners: Listeners,
    house: House,
    login: Option<Login>,
    stopped: &CancellationToken,
) -> anyhow::Result<Ended> {
    let settings = &house.settings;
    // Whichever ends first ends the other: no television without ingest that nobody notices, and no ingest whose
    // thread keeps a program from ending that could not begin.
    let stopping = CancellationToken::new();
    let _stop = stopping.clone().drop_guard();
    let (data, sources, schedule) = (settings.data(), settings.source.clone(), settings.ingest.clone());
    let (stop, ended) = (stopping.clone(), stopping.clone().drop_guard());
    let run_now = RunNow::default();
    let wishes = run_now.clone();
    // On a thread of its own: parsing hundreds of megabytes must not keep a worker from answering.
    let ingest = tokio::task::spawn_blocking(move || {
        let _ended = ended;
        Handle::current().block_on(ingest::schedule(&data, &sources, &schedule, &wishes, stop.cancelled()))
    });
    let anew = CancellationToken::new();
    let mut ended = Ended::Stopped;
    let closing = CancellationToken::new();
    let downloads = downloads(settings, listeners.plain.local_addr()?, closing.clone());
    let shutdown = async {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = stopping.cancelled() => {}
            () = anew.cancelled() => ended = Ended::Anew,
        }
        closing.cancel(); // before their streams end, so that nothing of it counts as an interruption
    };
    let served = serve(listeners, house, login, (&run_now, &anew), shutdown).await;
    stopping.cancel();
    closing.cancel();
    if let Some(downloads) = downloads {
        downloads.await.context("the worker of downloads ended unexpectedly")?;
    }
    // Whatever came of the other: a runtime that ends first leaves ingest waiting for ever for what it would have been told.
    let ingested = ingest.await.context("ingest stopped unexpectedly")?;
    served.and(ingested)?;
    Ok(ended)
}

/// Fetches and delivers what is queued, until `stopped`, if it is configured. Television goes on without it.
fn downloads(settings: &Settings, address: SocketAddr, stopped: CancellationToken) -> Option<JoinHandle<()>> {
    if !settings.download.enabled {
        return None;
    }
    let (data, downloads) = (settings.data(), settings.download.clone());
    let worker = match downloads.relay.clone().map_or_else(|| download::here(address), Ok) {
        Ok(relay) => Worker::new(&data, downloads, relay, settings.file.clone()),
        Err(error) => Err(error),
    };
    match worker {
        // It waits for disks, which must not keep anybody from being answered.
        Ok(worker) => Some(tokio::task::spawn_blocking(move || {
            Handle::current().block_on(worker.run(stopped.cancelled_owned()));
        })),
        Err(error) => {
            error!("nothing is downloaded: {error:#}");
            None
        }
    }
}

/// Answers on `listeners` until `shutdown`, then drains.
///
/// # Errors
/// The system gives no TLS.
async fn serve(
    listeners: Listeners,
    house: House,
    login: Option<Login>,
    (run_now, anew): (&RunNow, &CancellationToken),
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let House { settings, users, keeper } = house;
    let (data, known) = (settings.data(), settings.clone());
    // Where relays are listed, viewers are sent to them.
    let elsewhere = !settings.serve.relays.is_empty();
    let follower = Follower::start(data.clone());
    let public = settings.public_base_url;
    let relay = Relay::new(streams(&known), settings.source, follower.clone(), users.clone())?;
    let viewers = {
        let relay = relay.clone();
        move |user: &str| relay.viewers(user)
    };
    let downloads = crate::downloads::service(&known, &users)?;
    let answers = serve::Settings { hdhomerun: settings.hdhomerun, ..settings.serve };
    let server = Server::new(answers, public.clone(), follower.clone(), users, &data, viewers);
    let server = server.with_programs(programs(&relay, run_now, anew, &known)).with_keeper(keeper);
    let server = Arc::new(server);
    let address = listeners.plain.local_addr().expect("a bound listener has an address");
    let announcing = Announcing { server: server.clone(), port: address.port() };
    let announcing = AbortOnDropHandle::new(tokio::spawn(serve::announce(announcing)));
    let refused = relay.clone();
    let telling = ingest::notify(data.clone(), settings.ingest, move || refused.refused());
    let _telling = AbortOnDropHandle::new(tokio::spawn(telling));
    announce::ready(
        address,
        public.as_ref().map(contract::source::BaseUrl::as_str),
        login.as_ref(),
        follower.release().as_deref(),
        server.setup_code(),
    );
    let plumbing = httpd::Settings {
        prefix: public.as_ref().map_or_else(String::new, |public| public.path().to_owned()),
        ..httpd::Settings::default()
    };
    let answer = {
        let (relay, run_now, downloads) = (relay.clone(), run_now.clone(), downloads.clone());
        move |mut request: Request, peer: SocketAddr| {
            server.strip(&mut request, peer); // before it is told whose it is
            let (relay, server, run_now) = (relay.clone(), server.clone(), run_now.clone());
            let all = downloads.clone();
            let downloads =
                downloads.clone().filter(|_| download::surface::Service::takes(request.uri().path()));
            async move {
                if run_now::takes(request.uri().path()) {
                    run_now::answer(&run_now, &request, peer)
                } else if let Some(downloads) = downloads {
                    downloads.answer(request, peer).await
                } else if is_metrics(&request) {
                    metrics(&relay, &server, all, &request, peer).await
                } else if elsewhere && is_stream(request.uri().path()) {
                    server.answer(request, peer).await
                } else if Relay::takes(request.uri().path()) {
                    relay.answer(request, peer).await
                } else {
                    server.answer(request, peer).await
                }
            }
        }
    };
    let closing = async {
        shutdown.await;
        downloads.iter().for_each(|downloads| downloads.close());
        relay.close(); // endless streams end, so that the drain finds only answers that finish by themselves
    };
    httpd::serve(listeners, plumbing, answer, closing).await;
    drop(announcing);
    relay.closed().await;
    Ok(())
}

/// What the relay is run with: some of it is said once for all.
fn streams(settings: &Settings) -> relay::Settings {
    relay::Settings {
        public: settings.public_base_url.clone(),
        hdhomerun: settings.hdhomerun.clone(),
        trusted_proxies: settings.serve.trusted_proxies.clone(),
        login_failures: settings.serve.login_failures,
        ..settings.relay.clone()
    }
}

/// Whether monitors ask.
fn is_metrics(request: &Request) -> bool {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    is_read && serve::Route::decode(request.uri().path()) == serve::Route::Metrics
}

/// `/metrics`: what all programs of this process count.
async fn metrics(
    relay: &Relay,
    server: &Server,
    downloads: Option<Arc<download::surface::Service>>,
    request: &Request,
    peer: SocketAddr,
) -> Response {
    let page = match relay.metrics(request.headers(), peer) {
        Ok(page) => page,
        Err(refused) => return *refused,
    };
    match server.render(crate::downloads::render(downloads, page).await).await {
        Ok(page) => page.answer(),
        Err(error) => {
            warn!(%error, "nothing can be told to a monitor");
            reply::text(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.\n")
        }
    }
}

/// What the administration needs of the others.
fn programs(relay: &Arc<Relay>, run_now: &RunNow, anew: &CancellationToken, settings: &Settings) -> Programs {
    let [listed, kicked, told] = [relay, relay, relay].map(Arc::clone);
    let (run_now, watched, anew) = (run_now.clone(), run_now.clone(), anew.clone());
    let (data, sources, ingest) = (settings.data(), settings.source.clone(), settings.ingest.clone());
    let probing = data.clone();
    Programs {
        sessions: Box::new(move || listed.sessions()),
        kick: Box::new(move |id| kicked.kick(id)),
        status: Box::new(move || told.status()),
        run: Box::new(move || match run_now.ask() {
            ingest::Asked::Begins => Wished::Begins,
            ingest::Asked::Running => Wished::Running,
            ingest::Asked::Stopped => Wished::Nobody,
        }),
        progress: Box::new(move || serde_json::to_value(watched.watch()).unwrap_or_default()),
        probe: Box::new(move |source| Some(trial::of(probing.clone(), source))),
        anew: Box::new(move || anew.cancel()),
        matches: Box::new(move || matches(&data, &sources, &ingest)),
        settings: shown(settings),
        described: if settings.download.enabled { download::surface::described() } else { Value::Null },
    }
}

/// What all run with, as text.
///
/// SECURITY: sources are told of by their names elsewhere, and their hosts nowhere; what is handed to a program may be a key.
fn shown(settings: &Settings) -> String {
    let mut shown = settings.clone();
    shown.source.clear();
    shown.ingest.command.truncate(1);
    format!("{shown:#?}")
}

/// Which guide each channel has.
fn matches(data: &Data, sources: &[Source], settings: &ingest::Settings) -> Result<Value, String> {
    let review = ingest::review(data, sources, settings).map_err(|error| format!("{error:#}"))?;
    serde_json::to_value(review).map_err(|error| error.to_string())
}

/// Whether a relay elsewhere may answer as well.
fn is_stream(path: &str) -> bool {
    matches!(serve::Route::decode(path), serve::Route::Stream(_) | serve::Route::Past)
}

/// A hosted installation has no shell at first: `COAX_USER` and `COAX_PASSWORD` make or renew one user.
fn user_of_the_environment(users: &Users) -> anyhow::Result<Option<String>> {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (name, password) = match (get("COAX_USER"), get("COAX_PASSWORD")) {
        (Some(name), Some(password)) => (name, password),
        (None, None) => return Ok(None),
        _ => {
            warn!("only one of COAX_USER and COAX_PASSWORD is set, so nobody is made of them");
            return Ok(None);
        }
    };
    check_name(&name).map_err(|why| anyhow::anyhow!("COAX_USER: {why}"))?;
    check_password(&password).map_err(|why| anyhow::anyhow!("COAX_PASSWORD: {why}"))?;
    if users.check(&name, &password).is_some() {
        return Ok(Some(name));
    }
    let user = new_user(&name, &password, 0);
    users.edit(|all| match all.iter_mut().find(|known| known.name == name) {
        Some(known) => known.password = user.password,
        None => all.push(user),
    })?;
    Ok(Some(name))
}
