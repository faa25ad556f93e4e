//! The round trip of catch-up: what the guide says of a programme is what the provider is asked for, by its own clock.

use std::net::SocketAddr;
use std::sync::Arc;

use contract::config::{Config, Skip};
use contract::disk::Data;
use contract::release::Follower;
use contract::user::{PasswordHash, User, Users};
use httpd::Request;
use ingest::Progress;
use relay::Relay;
use serde_json::Value;
use serve::Server;
use station::Station;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// 2026-01-15 and 2026-07-15, 18:00 UTC.
const WINTER: i64 = 1_768_500_000;
const SUMMER: i64 = 1_784_138_400;

/// Everything, as in one process, at another time.
struct House {
    station: Station,
    url: String,
    server: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl House {
    async fn at(now: i64, zone: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = station::Settings { zone: zone.into(), now: Some(now), ..Default::default() };
        let station = Station::start(settings).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path());
        let source = format!(
            "[[source]]\nname = 'acme'\nurl = '{}'\nusername = 'station'\npassword = 'station'\n\
             requests = {{ parallel = 4, per_second = 1000, per_hour = 1000000 }}",
            station.url()
        );
        let sources = Config::<Skip, Skip, Skip>::parse(&source, "coax.toml").unwrap().source;
        let settings = ingest::Settings::default();
        ingest::run_at(&data, &sources, &settings, &Progress::log(), now as u64).await.unwrap();
        let users = Arc::new(Users::new(data.clone()));
        users.edit(|users| users.push(user())).unwrap();
        let follower = Follower::start(data.clone());
        let clock = move || now as u64;
        let relay =
            Relay::with_clock(relay::Settings::default(), sources, follower.clone(), users.clone(), clock)
                .unwrap();
        let server = Server::new(serve::Settings::default(), None, follower, users, &data, |_| 0);
        let server = Arc::new(server.with_clock(clock));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = move |request: Request, peer: SocketAddr| {
            let (relay, server) = (relay.clone(), server.clone());
            async move {
                match Relay::takes(request.uri().path()) {
                    true => relay.answer(request, peer).await,
                    false => server.answer(request, peer).await,
                }
            }
        };
        let server = httpd::serve(listener, httpd::Settings::default(), answer, std::future::pending());
        Self { station, url, server: tokio::spawn(server), _folder: folder }
    }

    /// A document of our API for `ann`.
    async fn api(&self, action: &str) -> Value {
        json(&format!("{}/player_api.php?username=ann&password=secret&action={action}", self.url)).await
    }

    /// How the provider is asked when we are asked for `path`.
    async fn asked(&self, path: &str) -> String {
        self.station.reset();
        let answer = client().get(format!("{}{path}", self.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let asked = self.station.counts().pasts;
        assert_eq!(asked.len(), 1, "{path}");
        asked[0].clone()
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn user() -> User {
    User { max_connections: 0, ..User::new("ann", PasswordHash::new("secret"), 1) }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn json(url: &str) -> Value {
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
}

/// `2026-07-15 16:00:00` as it stands in a path.
fn in_path(start: &str) -> String {
    format!("{}:{}", &start[..10], start[11..16].replace(':', "-"))
}

/// The listings of the table that can be watched.
fn archived(table: &Value) -> Vec<Value> {
    let all = table["epg_listings"].as_array().unwrap().iter();
    all.filter(|listing| listing["has_archive"] == 1).cloned().collect()
}

async fn round_trip(now: i64, zone: &str) {
    let house = House::at(now, zone).await;
    let live = house.api("get_live_streams").await;
    let channel = live.as_array().unwrap().iter().find(|channel| channel["tv_archive"] == 1).unwrap();
    let id = &channel["stream_id"];
    let table = house.api(&format!("get_simple_data_table&stream_id={id}")).await;
    let ours = archived(&table);
    assert!(ours.len() > 10, "{zone}: {}", ours.len());
    // The provider's own id and its own listings, which tell times by its clock.
    let catalogue = house.station.catalogue();
    let place = (0..catalogue.live()).find(|place| catalogue.archive_days(*place) > 0).unwrap();
    let there = catalogue.live_id(place);
    let theirs = json(&house.station.api_url(&format!("get_simple_data_table&stream_id={there}"))).await;
    let theirs = archived(&theirs);
    for listing in [&ours[0], &ours[ours.len() / 2], &ours[ours.len() - 1]] {
        let number = |key: &str| listing[key].as_str().unwrap().parse::<i64>().unwrap();
        let (start, stop) = (number("start_timestamp"), number("stop_timestamp"));
        let same =
            |other: &&Value| other["start_timestamp"].to_string().trim_matches('"') == start.to_string();
        let same = theirs.iter().find(same).expect("our guide is the provider's");
        let minutes = (stop - start) / 60;
        let expected = format!("path {} {}", in_path(same["start"].as_str().unwrap()), minutes + 5);
        let spelt = listing["start"].as_str().unwrap();
        let query = format!(
            "/streaming/timeshift.php?username=ann&password=secret&stream={id}&start={}&duration={minutes}",
            spelt.replace(' ', "%20")
        );
        assert_eq!(house.asked(&query).await, expected, "{zone}: {spelt}");
        let path = format!("/timeshift/ann/secret/{minutes}/{}/{id}.ts", in_path(spelt));
        assert_eq!(house.asked(&path).await, expected, "{zone}: {spelt}");
        let shift = format!("/live/ann/secret/{id}.ts?utc={start}&lutc={stop}");
        assert_eq!(house.asked(&shift).await, expected, "{zone}: {spelt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_is_asked_for_when_it_was_on_the_air_in_london_in_winter_and_in_summer() {
    round_trip(WINTER, "Europe/London").await;
    round_trip(SUMMER, "Europe/London").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_is_asked_for_when_it_was_on_the_air_in_sao_paulo_and_in_kolkata() {
    round_trip(SUMMER, "America/Sao_Paulo").await;
    round_trip(WINTER, "America/Sao_Paulo").await;
    round_trip(WINTER, "Asia/Kolkata").await;
}
