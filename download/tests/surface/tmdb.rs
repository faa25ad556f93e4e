//! Which number a title stands for at themoviedb.org: searched for and picked, with the station's database.

use contract::secret::Secret;
use contract::source::BaseUrl;
use download::Settings;
use download::tmdb::{Question, Subject, Tmdb};
use serde_json::{Value, json};
use station::{Dialect, Station, TMDB_TOKEN};

use crate::house::House;

fn settings(station: &Station, token: &str) -> Settings {
    let url = BaseUrl::new(&format!("{}/tmdb/3", station.url())).unwrap();
    let tmdb = download::tmdb::Settings { token: Secret::new(token), url, ..Default::default() };
    Settings { tmdb, ..Settings::default() }
}

/// The films of the station's panel: title, year, number.
async fn films(house: &House, station: &Station) -> Vec<(String, String, u32)> {
    let list = "player_api.php?username=station&password=station&action=get_vod_streams";
    let list = house.client.get(format!("{}/{list}", station.url())).send().await.unwrap();
    let list: Vec<Value> = serde_json::from_slice(&list.bytes().await.unwrap()).unwrap();
    let text = |film: &Value, key: &str| film[key].as_str().unwrap().to_owned();
    list.iter()
        .map(|film| (text(film, "title"), text(film, "year"), text(film, "tmdb").parse().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_title_is_searched_for_and_what_is_picked_of_it_holds() {
    let station = station::Settings { films: 20, dialect: Dialect::Xui, ..station::Settings::default() };
    let station = Station::start(station).await.unwrap();
    let house = House::with(settings(&station, TMDB_TOKEN)).await;
    let operator = house.login("operator");
    let films = films(&house, &station).await;
    let (title, year, id) = &films[3];
    let asked: String = url_of(title, year);
    let found = house.get(&operator, &asked).await.good();
    let first = found["found"].as_array().unwrap().iter().find(|it| it["tmdb"] == *id).unwrap();
    assert_eq!(first["year"].to_string(), *year, "{found}");
    for wrong in
        ["/api/tmdb/search", "/api/tmdb/search?text=x&kind=song", "/api/tmdb/search?text=x&year=9999"]
    {
        assert_eq!(house.get(&operator, wrong).await.status, 400, "{wrong}");
    }

    // Somebody knows better, and then that it is none of them.
    let (year, other) = (year.parse::<u16>().unwrap(), films[4].2);
    let pick = async |number: Value| {
        let picked = json!({ "kind": "film", "title": title, "year": year, "tmdb": number });
        house.ask(&operator, "PUT", "/api/tmdb/pick", Some(picked)).await.status
    };
    let tmdb = Tmdb::new(settings(&station, TMDB_TOKEN).tmdb).unwrap();
    let question = Question { subject: Subject::Film, title, year };
    let known = async || tmdb.find(&house.store, question).await.unwrap().map(|it| it.id);
    assert_eq!(pick(json!(other)).await, 204);
    assert_eq!(known().await, Some(other));
    assert_eq!(pick(json!(4_000_000_000_u32)).await, 404, "nothing has this number");
    assert_eq!(known().await, Some(other));
    assert_eq!(pick(Value::Null).await, 204);
    assert_eq!(known().await, None);
    // What is wished for by that title tells of it.
    let (id, unpicked) = (house.films(7..=7)[0], house.films(8..=8)[0]);
    let told = async || {
        house.get(&operator, &format!("/api/downloads/{id}")).await.good()["download"]["picked"].clone()
    };
    assert_eq!(told().await, Value::Null);
    for (number, known) in [(json!(other), films[4].0.as_str()), (Value::Null, "")] {
        let picked = json!({ "kind": "film", "title": "Film 7", "tmdb": number });
        assert_eq!(house.ask(&operator, "PUT", "/api/tmdb/pick", Some(picked)).await.status, 204);
        let told = told().await;
        assert_eq!((&told["tmdb"], &told["title"]), (&number, &json!(known)));
        let all = house.get(&operator, "/api/downloads").await.good()["downloads"].clone();
        let of =
            |id: i64| all.as_array().unwrap().iter().find(|job| job["id"] == id).unwrap()["picked"].clone();
        assert_eq!((of(id), of(unpicked)), (told, Value::Null), "in the list as well");
    }
    let unsaid = json!({ "kind": "film", "title": title });
    assert_eq!(house.ask(&operator, "PUT", "/api/tmdb/pick", Some(unsaid)).await.status, 400);
}

#[tokio::test]
async fn without_a_token_or_with_a_wrong_one_it_is_told_what_to_do() {
    let station = Station::start(station::Settings::default()).await.unwrap();
    let off = House::with(settings(&station, "")).await;
    let answer = off.get(&off.login("operator"), "/api/tmdb/search?text=Heat").await;
    assert!(answer.status == 409 && answer.text.contains("`token` in [download.tmdb]"), "{}", answer.text);
    let wrong = House::with(settings(&station, "wrong-token")).await;
    let answer = wrong.get(&wrong.login("operator"), "/api/tmdb/search?text=Heat").await;
    assert!(answer.status == 503 && !answer.text.contains("wrong-token"), "{}", answer.text);
}

/// What is asked, with nothing in it that an address has not.
fn url_of(title: &str, year: &str) -> String {
    let bytes = title.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    format!("/api/tmdb/search?text={bytes}&year={year}")
}
