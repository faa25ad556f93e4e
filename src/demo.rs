//! `coax demo`: a synthetic provider, a first ingest, and then what `coax up` does. No accounts, no network, and
//! television within seconds.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use contract::hdhomerun::Device;
use contract::secret::Secret;
use contract::source::{BaseUrl, Budget, Login as SourceLogin, Name, Source};
use contract::user::{User, Users};
use station::Station;
use tokio::net::TcpListener;

use crate::announce::Login;
use crate::cli::Settings;
use crate::up;
use crate::user::new_user;

/// The demo's user; no secret.
const LOGIN: &str = "demo";

pub(crate) async fn run(data: Option<PathBuf>, listen: Option<SocketAddr>) -> anyhow::Result<()> {
    let temporary = match data {
        Some(_) => None,
        None => Some(tempfile::Builder::new().prefix("coax-demo-").tempdir()?),
    };
    let data = data.unwrap_or_else(|| temporary.as_ref().expect("one of the two").path().to_owned());
    let account = station::Account {
        username: "provider-user".into(),
        password: "provider-password".into(),
        max_connections: 4,
        ..station::Account::default()
    };
    let provider = station::Settings {
        accounts: vec![account.clone()],
        burst: Duration::from_secs(6), // players look at five seconds before they show a picture
        film_bytes: 8 << 20,           // so that it is seen how a download comes on
        ..station::Settings::default()
    };
    let station = Station::start(provider).await.context("cannot start the built-in provider")?;
    let mut settings = Settings { data, source: vec![source(&station, account)], ..Settings::default() };
    settings.ingest.details_pause = Duration::ZERO; // this provider does not mind
    settings.serve.environment()?;
    let device = Device { name: "Coax demo".into(), user: LOGIN.into(), groups: None, tuners: 0 };
    settings.hdhomerun = vec![device];
    settings.download.enabled = true;
    settings.serve.discovery = false; // nobody's media server is to find a demo

    let listener = listener(listen).await?;
    let address = listener.local_addr()?;
    let users = Arc::new(Users::new(settings.data()));
    users.edit(|all| {
        if all.iter().all(|user| user.name != LOGIN) {
            // SECURITY: everybody knows the password, so he administers only where nobody else comes.
            all.push(User { admin: address.ip().is_loopback(), ..new_user(LOGIN, LOGIN, 0) });
        }
    })?;
    if !address.ip().is_unspecified() {
        settings.ingest.logos = BaseUrl::new(&format!("http://{address}")).ok();
    }
    // Twice, since the second release has the episodes of the series that the first one lists.
    for _ in 0..2 {
        let (data, progress) = (settings.data(), ingest::Progress::log());
        let report = ingest::run(&data, &settings.source, &settings.ingest, &progress).await?;
        anyhow::ensure!(report.is_success(), "the built-in provider was refused:\n{report}");
        ingest::fill(&data, &settings.source, &settings.ingest, &progress).await?;
    }
    let login = || Ok(Some(Login { name: LOGIN.into(), password: Some(LOGIN) }));
    let plain = settings.clone();
    let sources = || {
        let mut settings = plain.clone();
        settings.add_sources()?;
        Ok(settings.source)
    };
    settings.source = sources()?;
    up::until_stopped(listener, settings, &users, login, sources).await
}

fn source(station: &Station, account: station::Account) -> Source {
    let (username, password) = (Secret::new(account.username), Secret::new(account.password));
    let url = BaseUrl::new(&station.url()).expect("a station has an address");
    let login = SourceLogin { username, password, max_connections: None };
    let mut source = Source::panel(Name::new("station").expect("fits the rule"), url, login);
    // It is our own, and somebody waits for the first picture.
    source.transport.requests = Budget { parallel: 4, per_second: 1000.0, per_hour: 1_000_000 };
    source
}

async fn listener(listen: Option<SocketAddr>) -> anyhow::Result<TcpListener> {
    if let Some(address) = listen {
        return TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"));
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, 8080)).await {
        Ok(listener) => Ok(listener),
        Err(_) => Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
    }
}
