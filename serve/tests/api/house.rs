//! A data folder with a release and users, and a server over it.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use contract::disk::Data;
use contract::release::{ARTEFACTS, Follower, Manifest, Releases};
use contract::source::BaseUrl;
use contract::user::{PasswordHash, State, User, Users};
use serve::{Server, Settings};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::client::{Answer, Ask};
use crate::line_up::LineUp;

/// When the tests take place: 2025-10-09 08:10:00 UTC.
pub(crate) const NOW: u64 = 1_759_997_400;

/// The pair of most tests.
pub(crate) const ANN: &str = "username=ann&password=secret";

/// A user who may not see everything.
pub(crate) const KID: &str = "username=kid&password=secret";
const SEEN: &str = r#"{"groups":["deutsch*","Drama"]}"#;

/// A running server; it ends with the test's runtime.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) data: Data,
    pub(crate) follower: Arc<Follower>,
    pub(crate) server: Arc<Server>,
    /// Streams that everybody has open.
    pub(crate) viewers: Arc<AtomicU32>,
    _folder: TempDir,
}

impl House {
    /// A server over the usual line-up.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default(), None, Some(LineUp::usual())).await
    }

    pub(crate) async fn with(settings: Settings, public: Option<&str>, line_up: Option<LineUp>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let users = Arc::new(Users::new(data.clone()));
        users.edit(|all| *all = people()).unwrap();
        if let Some(line_up) = line_up {
            line_up.details(&data);
            publish(&data, &line_up);
        }
        let follower = Arc::new(Follower::new(data.clone()));
        follower.refresh().unwrap();
        let viewers = Arc::new(AtomicU32::new(0));
        let counted = viewers.clone();
        let public = public.map(|url| BaseUrl::new(url).unwrap());
        let open = move |_: &str| counted.load(Ordering::Relaxed);
        let server = Server::new(settings, public, follower.clone(), users, &data, open).with_clock(|| NOW);
        let server = server.with_programs(crate::admin::programs());
        let server = Arc::new(server);
        let ours = server.clone();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = move |mut request, peer| {
            let server = server.clone();
            server.strip(&mut request, peer);
            async move { server.answer(request, peer).await }
        };
        let settings = httpd::Settings { prefix: "/tv".into(), ..httpd::Settings::default() };
        tokio::spawn(httpd::serve(listener, settings, answer, std::future::pending()));
        Self { address, data, follower, viewers, server: ours, _folder: folder }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        Ask::new("GET", target).send(self.address).await
    }

    /// `player_api.php` as Ann.
    pub(crate) async fn api(&self, query: &str) -> Answer {
        self.get(&format!("/player_api.php?{ANN}&{query}")).await
    }

    /// Makes `line_up` the newest release.
    pub(crate) fn publish(&self, line_up: &LineUp) {
        publish(&self.data, line_up);
        assert!(self.follower.refresh().unwrap());
    }
}

fn publish(data: &Data, line_up: &LineUp) {
    let releases = Releases::new(data.clone());
    let lock = releases.lock().unwrap().unwrap();
    let draft = releases.draft(&lock).unwrap();
    let files = ARTEFACTS.into_iter().zip(line_up.artefacts()).map(|(name, bytes)| {
        let mut artefact = draft.artefact(name).unwrap();
        artefact.write_all(&bytes).unwrap();
        artefact.finish().unwrap()
    });
    let files = files.collect();
    let manifest = Manifest { schema: Manifest::SCHEMA, created: NOW - 60, files, ..Manifest::default() };
    releases.publish(draft, &manifest, 10).unwrap();
}

fn people() -> Vec<User> {
    static SECRET: OnceLock<PasswordHash> = OnceLock::new();
    let secret = SECRET.get_or_init(|| PasswordHash::new("secret"));
    let user = |name: &str, expires, state| User {
        max_connections: if name == "bob" { 0 } else { 2 },
        expires,
        state,
        ..User::new(name, secret.clone(), 1_700_000_000)
    };
    vec![
        user("ann", None, State::Active),
        user("bob", Some(NOW + 1), State::Active),
        user("late", Some(NOW), State::Active),
        user("off", None, State::Disabled),
        user("out", None, State::Banned),
        User { sees: serde_json::from_str(SEEN).unwrap(), ..user("kid", None, State::Active) },
        User { admin: true, ..user("boss", None, State::Active) },
    ]
}
