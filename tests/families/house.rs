//! A server over what a synthetic provider has, with the details of everything.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::release::Follower;
use contract::user::{PasswordHash, User, Users};
use ingest::Progress;
use serde_json::Value;
use serve::Server;
use station::Station;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A running server; it ends with the test's runtime.
pub(crate) struct House {
    url: String,
    client: reqwest::Client,
    _station: Station,
    _folder: TempDir,
}

impl House {
    /// So many channels, films and series.
    pub(crate) async fn of(live: u32, films: u32, series: u32) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let provider = station::Settings { live, films, series, ..Default::default() };
        let station = Station::start(provider).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        ingest_all(&data, &station).await;

        let users = Arc::new(Users::new(data.clone()));
        let user = User { max_connections: 0, ..User::new("ann", PasswordHash::new("secret"), 1) };
        users.edit(|all| all.push(user)).unwrap();
        let follower = Follower::start(data.clone());
        let server = Arc::new(Server::new(serve::Settings::default(), None, follower, users, &data, |_| 0));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = move |request, peer| {
            let server = server.clone();
            async move { server.answer(request, peer).await }
        };
        tokio::spawn(httpd::serve(listener, httpd::Settings::default(), answer, std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, client, _station: station, _folder: folder }
    }

    /// The answer to an action, or to the call without one; `panel` is the other page.
    pub(crate) async fn ask(&self, question: &str) -> Bytes {
        let login = "username=ann&password=secret";
        let url = match question {
            "panel" => format!("{}/panel_api.php?{login}", self.url),
            action => format!("{}/player_api.php?{login}&action={action}", self.url),
        };
        let answer = self.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{question}");
        answer.bytes().await.unwrap()
    }

    pub(crate) async fn list(&self, action: &str) -> Vec<Value> {
        serde_json::from_slice(&self.ask(action).await).unwrap()
    }
}

/// Two runs, since the second has the episodes of the series that the first one lists, and the details of everything.
async fn ingest_all(data: &Data, station: &Station) {
    let source = format!(
        "[[source]]\nname = 'acme'\nurl = '{}'\nusername = 'station'\npassword = 'station'\n\
         requests = {{ parallel = 4, per_second = 1000, per_hour = 100000000 }}",
        station.url()
    );
    let sources = Config::<Skip, Skip, Skip>::parse(&source, "coax.toml").unwrap().source;
    let settings = ingest::Settings {
        details_per_run: usize::MAX,
        details_pause: Duration::ZERO,
        ..ingest::Settings::default()
    };
    for _ in 0..2 {
        let report = ingest::run(data, &sources, &settings, &Progress::log()).await.unwrap();
        assert!(report.is_success(), "{report}");
        ingest::fill(data, &sources, &settings, &Progress::log()).await.unwrap();
    }
}
