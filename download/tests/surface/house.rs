//! A data folder with users and jobs, and the service over it.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use contract::bundle::Kind;
use contract::disk::Data;
use contract::secret::SharedKey;
use contract::user::{Downloads, PasswordHash, Token, User, Users};
use download::Settings;
use download::job::Wish;
use download::list::Limits;
use download::queue::Rules;
use download::store::{By, Store, now};
use download::surface::{Access, Service};
use download::target::{self, Record};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "an-operators-own-key";
/// Small, so that it is quickly too much.
const LISTS: Limits = Limits { bytes: 4 << 20, entries: 1000 };
pub(crate) const RULES: Rules = Rules { high_years: 2, low_years: 5, age_days: 7 };

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Shows(pub(crate) Vec<(&'static str, String)>);

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

/// A service that runs; it ends with the test's runtime.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) data: Data,
    pub(crate) store: Store,
    pub(crate) service: Arc<Service>,
    pub(crate) client: reqwest::Client,
    tokens: Vec<(&'static str, String)>,
    _folder: TempDir,
}

impl House {
    /// One with a user of each right and a target `nas`.
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    /// The same, with other settings.
    pub(crate) async fn with(settings: Settings) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default(); // reqwest wants one, for http as well
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path().join("data"));
        let users = Arc::new(Users::new(data.clone()));
        let tokens = people(&users);
        let access = Access {
            admin_key: Some(SharedKey::new(KEY).unwrap()),
            login_failures: 10,
            trusted_proxies: vec![contract::network::Network::parse("127.0.0.1").unwrap()],
        };
        let store = Store::open(&data).unwrap();
        let base = folder.path().join("nas");
        std::fs::create_dir(&base).unwrap();
        let nas = folder_named("nas", base.to_str().unwrap());
        store.add_target(&nas, &By::command(), now()).unwrap();
        let service = Arc::new(Service::new(&data, users, settings, access).unwrap().with_lists_of(LISTS));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = service.clone();
        let answer = move |request, peer| {
            let service = answering.clone();
            async move { service.answer(request, peer).await }
        };
        tokio::spawn(httpd::serve(listener, httpd::Settings::default(), answer, std::future::pending()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { address, data, store, service, client, tokens, _folder: folder }
    }

    /// Whoever has logged in as the user of this name, by the cookie of the page.
    pub(crate) fn login(&self, name: &str) -> Shows {
        Shows(vec![("Cookie", format!("a=b; coax_page={}", self.token(name)))])
    }

    /// Whoever shows the token that is called so.
    pub(crate) fn bearer(&self, name: &str) -> Shows {
        Shows(vec![("Authorization", format!("Bearer {}", self.token(name)))])
    }

    pub(crate) fn key(&self) -> Shows {
        Shows(vec![("Authorization", format!("Bearer {KEY}"))])
    }

    fn token(&self, name: &str) -> &str {
        &self.tokens.iter().find(|(called, _)| *called == name).unwrap().1
    }

    pub(crate) async fn ask(&self, who: &Shows, method: &str, path: &str, document: Option<Value>) -> Answer {
        let method: Method = method.parse().unwrap();
        let mut ask = self.client.request(method, format!("http://{}{path}", self.address));
        for (name, value) in &who.0 {
            ask = ask.header(*name, value);
        }
        if let Some(document) = document {
            ask = ask.header("Content-Type", "application/json").body(document.to_string());
        }
        let answer = ask.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, who: &Shows, path: &str) -> Answer {
        self.ask(who, "GET", path, None).await
    }

    /// Films of these ids are wished for by Ann.
    pub(crate) fn films(&self, ids: std::ops::RangeInclusive<u32>) -> Vec<i64> {
        self.wish(&ids.map(film).collect::<Vec<_>>())
    }

    /// Ann wishes for these.
    pub(crate) fn wish(&self, wishes: &[Wish]) -> Vec<i64> {
        let added =
            self.store.add(wishes, &By { user: "ann".into(), ..By::default() }, &RULES, now()).unwrap();
        added.into_iter().map(|added| added.id()).collect()
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    /// The document of an answer that is a good one.
    pub(crate) fn good(self) -> Value {
        assert!(StatusCode::from_u16(self.status).unwrap().is_success(), "{} {}", self.status, self.text);
        self.json()
    }
}

/// Users, each with a login that is called as he is; tokens of other kinds.
fn people(users: &Users) -> Vec<(&'static str, String)> {
    static SECRET: OnceLock<PasswordHash> = OnceLock::new();
    let secret = SECRET.get_or_init(|| PasswordHash::new("secret"));
    let now = now().unsigned_abs();
    let mut texts = Vec::new();
    let mut all = Vec::new();
    for (name, downloads, admin) in [
        ("nobody", Downloads::No, false),
        ("viewer", Downloads::Viewer, false),
        ("operator", Downloads::Operator, false),
        ("boss", Downloads::No, true),
        ("old", Downloads::No, true),
        ("barred", Downloads::Operator, false),
    ] {
        let mut user = User { downloads, admin, ..User::new(name, secret.clone(), 1) };
        // Who has logged in more than twelve hours ago.
        let since = if name == "old" { now - 13 * 3600 } else { now - 60 };
        let (login, text) = Token::new(&format!("{}Firefox, abcd", Token::BROWSER), false, since);
        user.give(login).unwrap();
        texts.push((name, text));
        if name == "boss" {
            let (television, text) = Token::new("tv", false, now);
            user.give(television).unwrap();
            texts.push(("boss's television", text));
            let (script, text) = Token::new("script", true, now);
            user.give(script).unwrap();
            texts.push(("boss's script", text));
        }
        if name == "operator" {
            let (script, text) = Token::new("script", false, now);
            user.give(script).unwrap();
            texts.push(("operator's script", text));
        }
        if name == "barred" {
            user.state = contract::user::State::Banned;
        }
        all.push(user);
    }
    users.edit(|kept| *kept = all).unwrap();
    texts
}

pub(crate) fn film(id: u32) -> Wish {
    Wish {
        identity: format!("movie|film {id}|-"),
        quality: Some(1080),
        account: "acme".into(),
        stream_id: id,
        ext: "mkv".into(),
        user: "ann".into(),
        ..Wish::new(Kind::Movie, format!("Film {id}"), 1)
    }
}

pub(crate) fn folder_named(name: &str, base: &str) -> Record {
    Record { name: name.into(), base: base.into(), ..Record::new(target::Kind::Dir) }
}
