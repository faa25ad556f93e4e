//! A thousand films looked up in the station's database, whose films have doubles of other years and other titles, and of which
//! some are not there.

use std::path::Path;

use contract::disk::Data;
use contract::secret::Secret;
use contract::source::BaseUrl;
use download::store::Store;
use download::tmdb::{Question, Settings, Subject, Tmdb};
use station::{Dialect, Station, TMDB_TOKEN};

use super::table::row;

const FILMS: u32 = 1000;
/// Of those that are found, how many are the one: the bar.
const PRECISION: f64 = 0.99;

pub(crate) async fn measure(folder: &Path) {
    let settings = station::Settings { films: FILMS, dialect: Dialect::Xui, ..station::Settings::default() };
    let station = Station::start(settings).await.unwrap();
    let store = Store::open(&Data::new(folder.join("tmdb"))).unwrap();
    let tmdb = Tmdb::new(Settings {
        token: Secret::new(TMDB_TOKEN),
        per_second: 100_000,
        url: BaseUrl::new(&format!("{}/tmdb/3", station.url())).unwrap(),
        ..Settings::default()
    })
    .unwrap();
    let list =
        format!("{}/player_api.php?username=station&password=station&action=get_vod_streams", station.url());
    let list = reqwest::get(list).await.unwrap().bytes().await.unwrap();
    let films: Vec<serde_json::Value> = serde_json::from_slice(&list).unwrap();
    let mut told = Vec::new();
    for _ in ["cold", "warm"] {
        let (before, mut found, mut right) = (station.counts().requests("tmdb"), 0, 0);
        for film in &films {
            let text = |name: &str| film[name].as_str().unwrap();
            let year = text("year").parse().unwrap();
            let question = Question { subject: Subject::Film, title: text("title"), year };
            let Some(candidate) = tmdb.find(&store, question).await.unwrap() else { continue };
            found += 1;
            right += u32::from(candidate.id.to_string() == text("tmdb"));
        }
        told.push((found, right, station.counts().requests("tmdb") - before));
    }
    let [(found, right, cold), (_, _, warm)] = told[..] else { unreachable!() };
    let precision = f64::from(right) / f64::from(found);
    row(
        &format!("{FILMS} films looked up: found; of those right; questions, and a second time"),
        &format!("{found}; {:.1} %; {cold}; {warm}", precision * 100.0),
        &format!("{:.0} % right; none the second time", PRECISION * 100.0),
        &format!("{:.2}", precision / PRECISION),
    );
}
