//! Films and series.

use std::time::{Duration, SystemTime};

use contract::details::{Details, Head, MovieFacts, Stored, Subject};
use contract::wanted::Wanted;
use serde_json::{Value, json};

use crate::fields::{is_date, nulls};
use crate::house::{House, NOW};
use crate::line_up::stored;

fn texts(object: &Value, keys: &[&str]) {
    keys.iter().for_each(|key| assert!(object[key].is_string(), "{key} is {}", object[key]));
}

fn numbers(object: &Value, keys: &[&str]) {
    keys.iter().for_each(|key| assert!(object[key].is_u64(), "{key} is {}", object[key]));
}

/// 28, 36
#[tokio::test]
async fn a_film_has_every_field_whether_details_are_stored_or_not() {
    let house = House::new().await;
    for (id, plot) in [(9001, "Told in full."), (9002, "")] {
        let answer = house.api(&format!("action=get_vod_info&vod_id={id}")).await;
        let film = answer.json();
        assert_eq!((answer.status, nulls(&film, "").len()), (200, 0));
        let info = &film["info"];
        texts(
            info,
            &["tmdb_id", "name", "o_name", "cover_big", "movie_image", "youtube_trailer", "director"],
        );
        texts(info, &["actors", "cast", "genre", "country", "age", "mpaa_rating", "description", "rating"]);
        texts(info, &["kinopoisk_url", "duration", "releasedate", "release_date"]);
        numbers(info, &["bitrate", "duration_secs", "episode_run_time", "runtime", "rating_count_kinopoisk"]);
        assert!(
            is_date(info["releasedate"].as_str().unwrap()) && is_date(info["release_date"].as_str().unwrap())
        );
        assert!(info["backdrop_path"].is_array() && info["subtitles"] == json!([]));
        assert!(
            info.get("video").is_none_or(Value::is_object) && info.get("audio").is_none_or(Value::is_object)
        );
        assert_eq!(info["plot"], plot);
        let data = &film["movie_data"];
        assert_eq!((&data["stream_id"], &data["container_extension"]), (&json!(id), &json!("mkv")));
        assert_eq!((&data["direct_source"], &data["custom_sid"]), (&json!(""), &json!("")));
        texts(data, &["name", "title", "year", "added", "category_id"]);
        assert!(data["category_ids"].is_array());
    }
}

/// 29
#[tokio::test]
async fn an_unknown_film_is_told_as_panels_tell_it() {
    let house = House::new().await;
    let gone = stored(1, json!({"name": "Gone"}));
    Details::new(&house.data).put(Subject::Movie(5), &gone).unwrap();
    for query in ["&vod_id=1", "&vod_id=101", "", "&vod_id=", "&vod_id=x", "&vod_id=-1", "&vod_id=5"] {
        let answer = house.api(&format!("action=get_vod_info{query}")).await;
        assert_eq!((answer.status, answer.text()), (200, r#"{"info":[]}"#), "{query}");
    }
}

/// 30-34
#[tokio::test]
async fn a_series_has_its_seasons_and_episodes_by_number() {
    let house = House::new().await;
    let show = house.api("action=get_series_info&series_id=77").await.json();
    assert_eq!(nulls(&show, "").len(), 0);
    assert_eq!((&show["info"]["name"], &show["info"]["series_id"]), (&json!("Show"), &json!(77)));
    let episodes = show["episodes"].as_object().unwrap();
    assert_eq!(episodes.keys().collect::<Vec<_>>(), ["0", "1"]);
    let seasons = show["seasons"].as_array().unwrap();
    assert_eq!(seasons.len(), episodes.len());
    for season in seasons {
        let listed = episodes[&season["season_number"].to_string()].as_array().unwrap();
        assert_eq!(season["id"], season["season_number"]);
        assert_eq!(season["episode_count"], listed.len());
        texts(season, &["name", "overview", "cover", "cover_big", "cover_tmdb"]);
        assert!(is_date(season["air_date"].as_str().unwrap()) && season["vote_average"].is_number());
        for episode in listed {
            assert_eq!(episode["season"], season["season_number"]);
            assert!(episode["id"].as_str().unwrap().parse::<u32>().is_ok());
            assert!(episode["added"].as_str().unwrap().parse::<u32>().is_ok());
            assert!(episode["info"].is_object() && episode["subtitles"] == json!([]));
            assert!(!episode["container_extension"].as_str().unwrap().is_empty());
            numbers(episode, &["episode_num", "season"]);
        }
    }
}

/// 30, 36
#[tokio::test]
async fn a_series_without_stored_details_has_what_its_list_knows_and_no_episodes() {
    let house = House::new().await;
    let answer = house.api("action=get_series_info&series_id=78").await;
    let unseen = answer.json();
    assert_eq!((&unseen["seasons"], &unseen["episodes"]), (&json!([]), &json!({})));
    assert_eq!((&unseen["info"]["name"], &unseen["info"]["plot"]), (&json!("Unseen"), &json!("A plot.")));
    assert_eq!(nulls(&unseen, "").len(), 0);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "in a moment there is more");
    let wishes: Vec<Subject> = wishes(&house);
    assert_eq!(wishes, [Subject::Series(78)], "it was wished for, and what nobody knows was not");
}

fn wishes(house: &House) -> Vec<Subject> {
    Wanted::new(&house.data).list().unwrap().into_iter().map(|(subject, _)| subject).collect()
}

/// 36
#[tokio::test]
async fn details_that_come_while_an_app_waits_are_its_answer() {
    let house = House::new().await;
    let details = Details::new(&house.data);
    let waiting = house.api("action=get_vod_info&vod_id=9002");
    let fulfilling = async {
        while wishes(&house).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let facts = MovieFacts { plot: "Just told.".into(), rating: "6.5".into(), ..MovieFacts::default() };
        details.put(Subject::Movie(9002), &stored(1, facts)).unwrap();
        Wanted::new(&house.data).done(Subject::Movie(9002)).unwrap();
    };
    let (answer, ()) = tokio::join!(waiting, fulfilling);
    let film = answer.json();
    assert_eq!((&film["info"]["plot"], &film["info"]["rating"]), (&json!("Just told."), &json!("6.5")));
    assert!(!film["info"]["name"].as_str().unwrap().is_empty(), "from the list");
}

#[tokio::test]
async fn what_is_old_is_answered_at_once_and_wished_for() {
    let house = House::new().await;
    let mut old = stored(1, MovieFacts { plot: "Old.".into(), ..MovieFacts::default() });
    let details = Details::new(&house.data);
    details.put(Subject::Movie(9002), &old).unwrap();
    let film = house.api("action=get_vod_info&vod_id=9002").await.json();
    assert_eq!((&film["info"]["plot"], wishes(&house)), (&json!("Old."), vec![Subject::Movie(9002)]));
    Wanted::new(&house.data).done(Subject::Movie(9002)).unwrap();
    old.head.restless = true;
    details.put(Subject::Movie(9002), &old).unwrap();
    house.api("action=get_vod_info&vod_id=9002").await;
    assert!(wishes(&house).is_empty(), "its time says nothing");
}

#[tokio::test]
async fn what_the_provider_knows_nothing_of_is_not_wished_for_until_tomorrow() {
    let house = House::new().await;
    let details = Details::new(&house.data);
    for (age, wished) in [(3600, 0), (90_000, 1)] {
        let head = Head { source: "acme".into(), fetched: NOW - age, ..Head::default() };
        let nothing = Stored::<()> { head, episodes: Vec::new(), answer: None };
        details.put(Subject::Series(78), &nothing).unwrap();
        let answer = house.api("action=get_series_info&series_id=78").await.json();
        assert_eq!((&answer["info"]["name"], wishes(&house).len()), (&json!("Unseen"), wished));
    }
}

#[tokio::test]
async fn nobody_waits_when_nobody_fulfils_wishes() {
    let house = House::new().await;
    Wanted::new(&house.data).ask(Subject::Series(5)).unwrap();
    let marker = std::fs::File::options().write(true).open(house.data.wanted().join("series-5")).unwrap();
    marker.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    let answer = house.api("action=get_series_info&series_id=78");
    // An app that waits needs 5 s.
    let answer = tokio::time::timeout(Duration::from_secs(4), answer).await.unwrap().json();
    assert_eq!(answer["info"]["name"], "Unseen");
    assert_eq!(wishes(&house), [Subject::Series(5), Subject::Series(78)]);
}

/// 37
#[tokio::test]
async fn an_unknown_series_has_no_name() {
    let house = House::new().await;
    for query in ["&series_id=1", "", "&series_id=x"] {
        let answer = house.api(&format!("action=get_series_info{query}")).await;
        let nothing = answer.json();
        assert_eq!((answer.status, nulls(&nothing, "")), (200, vec!["/info/name".to_owned()]), "{query}");
        assert_eq!((&nothing["seasons"], &nothing["episodes"]), (&json!([]), &json!({})));
        assert_eq!(nothing["info"].as_object().unwrap().len(), 22, "every key of a series");
    }
}
