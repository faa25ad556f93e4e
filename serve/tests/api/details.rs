//! Films and series.

use contract::details::{Details, Stored, Subject};
use serde_json::{Value, json};

use crate::house::House;
use crate::lists::{is_date, nulls};

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
    let gone = Stored { last_modified: 1, episodes: Vec::new(), answer: json!({"info": {"name": "Gone"}}) };
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
    let unseen = house.api("action=get_series_info&series_id=78").await.json();
    assert_eq!((&unseen["seasons"], &unseen["episodes"]), (&json!([]), &json!({})));
    assert_eq!((&unseen["info"]["name"], &unseen["info"]["plot"]), (&json!("Unseen"), &json!("A plot.")));
    assert_eq!(nulls(&unseen, "").len(), 0);
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
