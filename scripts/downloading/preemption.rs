//! Viewers who need the connection of a download.

use std::path::Path;
use std::time::{Duration, Instant};

use download::engine::http::{Client, fetch};
use download::engine::{Ended, Report};
use download::job::Wait;
use station::{Account, AccountCounts, Fault, Limit, Settings, Station};
use tokio::time::sleep;

use super::fetching;
use super::process::Process;
use super::runs::{channels, configure, path, run};
use super::table::row;

const VIEWERS: usize = 100;
const SIZE: u64 = 50_000_000;

pub(crate) async fn measure(folder: &Path) {
    let station = provider().await;
    let film = station.catalogue().film_id(0);
    station.set_fault(film, Fault::Dribble { bytes: 50_000, millis: 2 });
    let source = format!(
        "[[source]]\nname = 'station'\nurl = '{}'\nusername = 'provider-user'\npassword = 'provider-password'\n\
         requests = {{ parallel = 4, per_second = 1000, per_hour = 1000000 }}\n\
         [relay]\nlinger = 0\ndownload_rest = 0\nrelease_delay = 0\nstarts_per_minute = 0\n",
        station.url()
    );
    let config = configure(folder, "preemption", &source);
    run(&config);
    let data = config.with_extension("");
    let [channel, ours] = channels(&config)[..] else { panic!("there is one of each") };
    let relay = Process::start("relay", &["--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    let watch = format!("http://{}{}", relay.address, path(channel, "ts"));

    let (client, part) = (Client::new().unwrap(), folder.join(".preempted.part"));
    let (mut free, mut pictures, mut total) = (Vec::new(), Vec::new(), None);
    while free.len() < VIEWERS {
        let url = format!("http://{}{}", relay.address, fetching::path(&data, ours));
        let order = fetching::order(&url, &part, total);
        let client = client.clone();
        let (began, begun) = tokio::sync::oneshot::channel();
        let download = tokio::spawn(async move {
            let mut began = Some(began);
            let mut tell = |report| {
                if let Report::Began { total, .. } = report {
                    began.take().into_iter().for_each(|began| began.send(total).unwrap());
                }
                assert!(!matches!(report, Report::Anew { .. }), "it is the same film");
            };
            fetch(&client, &order, &mut tell).await
        });
        let Ok(size) = begun.await else {
            let ended = download.await.unwrap();
            assert!(matches!(ended, Ended::Waits { wait: Wait::Slot, .. }), "{ended:?}");
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        total = size;
        sleep(Duration::from_millis(rand::random_range(5..40))).await;
        let asked = Instant::now();
        let viewer = tokio::spawn(reqwest::get(watch.clone()));
        while station.counts().channel(film).open > 0 {
            assert!(asked.elapsed() < Duration::from_secs(10));
            sleep(Duration::from_millis(1)).await;
        }
        free.push(asked.elapsed().as_secs_f64() * 1e3);
        let mut viewer = viewer.await.unwrap().unwrap();
        assert_eq!(viewer.status(), 200);
        viewer.chunk().await.unwrap().unwrap();
        pictures.push(asked.elapsed().as_secs_f64() * 1e3);
        match download.await.unwrap() {
            Ended::Waits { wait: Wait::Slot, progress: true, .. } => {}
            Ended::Done { .. } => {
                std::fs::remove_file(&part).unwrap();
                total = None;
            }
            other => panic!("{other:?}"),
        }
        drop(viewer);
        while station.counts().open > 0 {
            sleep(Duration::from_millis(1)).await;
        }
    }
    tell(free, pictures, station.counts().accounts["provider-user"]);
}

/// One of one connection, which counts every answer.
async fn provider() -> Station {
    let account = Account {
        username: "provider-user".into(),
        password: "provider-password".into(),
        max_connections: 1,
        ..Account::default()
    };
    let settings = Settings {
        accounts: vec![account],
        limit: Limit::Refuse(551),
        each_body: true,
        film_bytes: SIZE,
        live: 1,
        films: 1,
        series: 0,
        ..Settings::default()
    };
    Station::start(settings).await.unwrap()
}

/// Milliseconds until the connection was free, and until there was a picture.
fn tell(mut free: Vec<f64>, mut pictures: Vec<f64>, account: AccountCounts) {
    let at = |times: &mut Vec<f64>, part: f64| {
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * part).round() as usize]
    };
    let (half, most) = (at(&mut free, 0.5), at(&mut free, 0.99));
    let (picture, slowest) = (at(&mut pictures, 0.5), at(&mut pictures, 0.99));
    row(
        &format!("{VIEWERS} viewers take the connection of a download: ms until it is free, median and p99"),
        &format!("{half:.0}; {most:.0}"),
        "at most 500",
        "",
    );
    row(
        "the same: ms until they have a picture; most bodies at the provider, which allows 1; refused",
        &format!("{picture:.0}; {slowest:.0}; {}; {}", account.bodies_peak, account.refused),
        "1; 0",
        "",
    );
    assert!(account.bodies_peak == 1 && account.refused == 0);
}
