//! Downloads through the whole: an engine, a relay that gives viewers what they need, and a provider that counts.

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use contract::disk::Data;
use contract::ticket::Key;
use contract::ticket::pass::{Class, Pass};
use download::engine::http::{Client, OVERLAP, fetch};
use download::engine::{Ended, Known, Order, Reach, Report};
use download::job::Wait;
use station::{Account, Fault, Limit, Settings, Station};
use tempfile::TempDir;

use crate::program::{Program, ffmpeg, run};

const SIZE: u64 = 5_000_000;

/// A provider of one connection, and Coax.
struct House {
    station: Station,
    program: Program,
    folder: TempDir,
    film: u64,
    channel: u64,
}

impl House {
    async fn new() -> Self {
        let account = Account { max_connections: 1, ..Account::default() };
        let settings = Settings {
            accounts: vec![account],
            limit: Limit::Refuse(551),
            each_body: true,
            film_bytes: SIZE,
            ..Settings::default()
        };
        let station = Station::start(settings).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap().to_owned();
        let config = folder.path().join("coax.toml");
        let text = format!(
            "data = {data:?}\nlisten = '127.0.0.1:0'\n\
             [[source]]\nname = 'acme'\nurl = '{}'\nusername = 'station'\npassword = 'station'\n\
             requests = {{ parallel = 4, per_second = 1000, per_hour = 1000000 }}\n\
             [relay]\ndownload_rest = 0\nlinger = 0\n",
            station.url()
        );
        contract::disk::put(&config, text.as_bytes()).unwrap();
        let config = config.to_str().unwrap();
        let add = ["user", "--config", config, "add", "ann", "--password-stdin", "--max-connections", "0"];
        assert!(run(&add, "hunter2", folder.path()).status.success());
        let program = Program::start(&["up", "--config", config], &[]);
        let first = |action: &str| {
            let list =
                format!("{}/player_api.php?username=ann&password=hunter2&action={action}", program.url);
            let list = ffmpeg("curl", &["-sS", "--fail", "--retry", "40", "--retry-delay", "1", &list]);
            let list: serde_json::Value = serde_json::from_slice(&list.stdout).unwrap();
            list[0]["stream_id"].as_u64().unwrap()
        };
        let (film, channel) = (first("get_vod_streams"), first("get_live_streams"));
        Self { station, program, folder, film, channel }
    }

    fn order(&self) -> Order {
        let key = Key::load(&Data::new(self.folder.path()).key()).unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let pass = Pass::new(Class::Background, now).sign(&key);
        Order {
            url: format!("{}/movie/{pass}/{}.mp4", self.program.url, self.film),
            headers: Vec::new(),
            reach: Reach::Anywhere,
            part: self.part(),
            known: Known::default(),
            paces: Vec::new(),
            patience: Duration::from_secs(20),
        }
    }

    fn part(&self) -> PathBuf {
        self.folder.path().join(".1.part")
    }

    /// The requests for the film that the provider has seen.
    fn requests(&self) -> u64 {
        self.station.counts().requests("film")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_interrupts_a_download_which_goes_on_when_he_has_left() {
    let house = House::new().await;
    let (client, mut order) = (Client::new().unwrap(), house.order());
    let slowly = Fault::Dribble { bytes: 40_000, millis: 5 };
    house.station.set_fault(station::Target::EveryStream, slowly);
    let mut interruptions = 0;
    let mut watching = None::<reqwest::Response>;
    loop {
        let (mut began, mut total) = (0, None);
        let mut tell = |report| match report {
            Report::Began { have, total: size, .. } => (began, total) = (have, size),
            Report::Anew { why } => panic!("it is the same film: {why}"),
            _ => {}
        };
        let before = std::fs::metadata(&order.part).map_or(0, |part| part.len());
        let attempt = fetch(&client, &order, &mut tell);
        let ended = if interruptions < 3 && watching.is_none() {
            let zaps = async {
                while std::fs::metadata(house.part()).map_or(0, |part| part.len()) < before + 2 * OVERLAP {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                let asked = Instant::now();
                let url = format!("{}/live/ann/hunter2/{}.ts", house.program.url, house.channel);
                let answer = reqwest::get(url).await.unwrap();
                assert_eq!(answer.status(), 200, "whoever watches comes first");
                (answer, asked.elapsed())
            };
            let (ended, (viewer, waited)) = tokio::join!(attempt, zaps);
            println!("the viewer waited for {waited:?}");
            (watching, interruptions) = (Some(viewer), interruptions + 1);
            ended
        } else {
            attempt.await
        };
        if let Some(size) = total {
            assert_eq!(began, before, "all that is here is gone on with");
            order.known.total = Some(size);
        }
        match ended {
            Ended::Done { total } => break assert_eq!(total, SIZE),
            Ended::Waits { wait: Wait::Slot, .. } => {}
            other => panic!("{other:?}"),
        }
        // As long as he watches it waits; it costs the provider nothing to ask.
        if let Some(viewer) = watching.take() {
            let asked = house.requests();
            let ended = fetch(&client, &order, &mut |_| {}).await;
            assert!(matches!(ended, Ended::Waits { wait: Wait::Slot, .. }), "{ended:?}");
            assert_eq!(house.requests(), asked);
            drop(viewer);
            while house.station.counts().open > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            tokio::time::sleep(Duration::from_millis(600)).await; // the relay's `release_delay`
        }
    }
    assert_eq!((interruptions, house.requests()), (3, 4), "one request for each attempt");
    let account = house.station.counts().accounts["station"];
    assert_eq!((account.refused, account.bodies_peak), (0, 1), "never two at once");
    house.station.reset();
    let url = house.station.stream_url("movie", house.station.catalogue().film_id(0), "mp4");
    let original = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    assert!(std::fs::read(house.part()).unwrap() == original);
}

/// Asks the API of a demo, as its operator.
async fn ask(
    demo: &Program,
    method: reqwest::Method,
    path: &str,
    sent: serde_json::Value,
) -> serde_json::Value {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asking = client.request(method, format!("{}{path}", demo.url)).bearer_auth(KEY);
    let asking = if sent.is_null() { asking } else { asking.body(sent.to_string()) };
    let answer = asking.header("content-type", "application/json").send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap_or_default()
}

const KEY: &str = "an-operators-own-key";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wished_for_goes_to_the_server_that_is_for_it() {
    use reqwest::Method;
    use serde_json::{Value, json};
    let demo = Program::demo(&[("COAX_ADMIN_KEY", KEY)]);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for (folder, name) in folders.iter().zip(["movie", "episode"]) {
        let server = json!({ "name": name, "base": folder.path(), "types": [name], "maintenance": false });
        ask(&demo, Method::POST, "/api/servers", server).await;
    }
    let line_up = ask(&demo, Method::GET, "/api/lists/0/diff?most=500", Value::Null).await;
    let places = |kind: &str| {
        let all = line_up["entries"].as_array().unwrap().iter();
        all.filter(|it| it["kind"] == kind && it["available"] == true)
            .take(2)
            .map(|it| it["place"].clone())
            .collect::<Vec<_>>()
    };
    let chosen = [places("movie"), places("series")].concat();
    assert_eq!(chosen.len(), 4, "{line_up}");
    let added = ask(&demo, Method::POST, "/api/lists/0/select", json!({ "places": chosen })).await;
    assert_eq!((added["added"].as_array().unwrap().len(), &added["unserved"]), (4, &json!(0)));
    let again = ask(&demo, Method::POST, "/api/lists/0/select", json!({ "places": chosen })).await;
    assert_eq!(again["there"], 4, "and nothing is had twice");
    let queued = ask(&demo, Method::GET, "/api/downloads", Value::Null).await;
    let servers = ask(&demo, Method::GET, "/api/servers", Value::Null).await;
    for job in queued["downloads"].as_array().unwrap() {
        let server =
            servers["servers"].as_array().unwrap().iter().find(|it| it["id"] == job["target"]).unwrap();
        assert_eq!(server["name"], job["kind"]);
    }
    assert!(demo.terminate().status.success());
}
