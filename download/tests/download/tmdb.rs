//! Numbers of films at themoviedb.org, asked of the station's database.

use contract::bundle::Kind;
use contract::disk::Data;
use contract::secret::Secret;
use contract::source::BaseUrl;
use download::store::Store;
use download::tmdb::{Question, Settings, Subject, Tmdb, TmdbError};
use station::{Dialect, Fault, Station, TMDB_TOKEN, Target};
use tempfile::TempDir;

use crate::house::House;

/// A provider that has a database as well, and a store.
struct Stage {
    station: Station,
    store: Store,
    _folder: TempDir,
}

/// A film as the panel tells of it.
struct Film {
    title: String,
    year: u16,
    id: u32,
}

impl Stage {
    async fn new(films: u32) -> Self {
        let settings = station::Settings { films, dialect: Dialect::Xui, ..station::Settings::default() };
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(folder.path())).unwrap();
        Self { station: Station::start(settings).await.unwrap(), store, _folder: folder }
    }

    fn tmdb(&self, token: &str) -> Tmdb {
        let url = BaseUrl::new(&format!("{}/tmdb/3", self.station.url())).unwrap();
        let settings = Settings {
            token: Secret::new(token),
            language: "pt-BR".into(),
            per_second: 100_000,
            url,
            ..Settings::default()
        };
        Tmdb::new(settings).unwrap()
    }

    async fn films(&self) -> Vec<Film> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!(
            "{}/player_api.php?username=station&password=station&action=get_vod_streams",
            self.station.url()
        );
        let list = client.get(url).send().await.unwrap().bytes().await.unwrap();
        let list: Vec<serde_json::Value> = serde_json::from_slice(&list).unwrap();
        let number = |value: &serde_json::Value| value.as_str().unwrap().parse::<u32>().unwrap();
        let film = |film: &serde_json::Value| Film {
            title: film["title"].as_str().unwrap().into(),
            year: number(&film["year"]).try_into().unwrap(),
            id: number(&film["tmdb"]),
        };
        list.iter().map(film).collect()
    }

    fn asked(&self) -> u64 {
        self.station.counts().requests("tmdb")
    }
}

impl Film {
    fn question(&self) -> Question<'_> {
        Question { subject: Subject::Film, title: &self.title, year: self.year }
    }
}

#[tokio::test]
async fn what_is_found_is_the_one_and_is_asked_for_once() {
    let stage = Stage::new(110).await;
    let (tmdb, films) = (stage.tmdb(TMDB_TOKEN), stage.films().await);
    let (mut right, mut wrong) = (0, Vec::new());
    for film in &films {
        match tmdb.find(&stage.store, film.question()).await.unwrap() {
            Some(found) if found.id == film.id => right += 1,
            Some(found) => wrong.push((&film.title, film.year, found.title)),
            None => {}
        }
    }
    // Ten are not in it; of two of the same title and year neither is taken.
    assert!(wrong.is_empty() && (95..=100).contains(&right), "{right} of {}: {wrong:?}", films.len());
    let asked = stage.asked();
    assert!(asked >= films.len() as u64);
    for film in &films {
        let again = tmdb.find(&stage.store, film.question()).await.unwrap();
        assert!(again.is_none_or(|again| again.id == film.id));
    }
    assert_eq!(stage.asked(), asked, "what is remembered, that there is none as well, is not asked again");
}

#[tokio::test]
async fn who_asks_too_often_waits_and_who_has_no_token_asks_once() {
    let stage = Stage::new(3).await;
    let films = stage.films().await;
    stage.station.set_fault_times(Target::Action("tmdb".into()), Fault::Busy(0), 2);
    let found = stage.tmdb(TMDB_TOKEN).find(&stage.store, films[0].question()).await.unwrap();
    assert_eq!(found.map(|found| found.id), Some(films[0].id));

    let (tmdb, asked) = (stage.tmdb("wrong"), stage.asked());
    for film in &films[1..] {
        assert_eq!(tmdb.find(&stage.store, film.question()).await, Err(TmdbError::Refused));
    }
    assert_eq!(stage.asked(), asked + 1);
    let off = Tmdb::new(Settings::default()).unwrap();
    assert_eq!(off.find(&stage.store, films[1].question()).await, Err(TmdbError::Off));
    assert!(off.find(&stage.store, films[0].question()).await.is_err(), "another language remembers nothing");

    stage.station.set_fault_times(Target::Action("tmdb".into()), Fault::Html, 1);
    let broken = stage.tmdb(TMDB_TOKEN).find(&stage.store, films[1].question()).await.unwrap_err();
    assert!(matches!(broken, TmdbError::Silent(_)) && !broken.to_string().contains("127.0.0.1"), "{broken}");
}

#[tokio::test]
async fn what_somebody_picks_sticks() {
    let stage = Stage::new(3).await;
    let (tmdb, films) = (stage.tmdb(TMDB_TOKEN), stage.films().await);
    let question = films[0].question();
    let found = tmdb.search(Question { year: 0, ..question }).await.unwrap();
    let other = found.iter().find(|found| found.id != films[0].id).unwrap().id;
    assert_eq!(tmdb.pick(&stage.store, question, Some(4_294_967)).await, Err(TmdbError::Unknown));
    tmdb.pick(&stage.store, question, Some(other)).await.unwrap();
    let asked = stage.asked();
    for _ in 0..2 {
        assert_eq!(tmdb.find(&stage.store, question).await.unwrap().map(|found| found.id), Some(other));
    }
    tmdb.pick(&stage.store, question, None).await.unwrap();
    assert_eq!(tmdb.find(&stage.store, question).await, Ok(None));
    assert_eq!(stage.asked(), asked, "nobody is asked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_which_the_panel_tells_no_number_is_searched_for_and_arrives_whatever_is_answered() {
    let delivered = async |token: &str, fault: Option<Fault>| {
        let house = House::with_target("").await;
        let url = house.station.url();
        house.configure(&format!("[download.tmdb]\ntoken = '{token}'\nurl = '{url}/tmdb/3'\n"));
        fault.into_iter().for_each(|fault| house.station.set_fault(Target::Action("tmdb".into()), fault));
        let _worker = house.run();
        let job = house.add(house.ids(Kind::Movie)[0]);
        let done = house.until(job, "completed").await;
        assert_eq!(done["no_progress"], 0);
        assert!(house.station.counts().requests("tmdb") > 0, "it was asked");
        done["final_path"].as_str().unwrap().contains("[tmdbid-")
    };
    let all = tokio::join!(
        delivered(TMDB_TOKEN, None),
        delivered("wrong", None),
        delivered(TMDB_TOKEN, Some(Fault::Busy(3600))),
        delivered(TMDB_TOKEN, Some(Fault::Html))
    );
    assert_eq!(all, (true, false, false, false));
}
