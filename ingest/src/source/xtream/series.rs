//! `get_series_info`: the episodes of a series, in the shapes that panels give them.

use std::collections::HashSet;

use contract::details::EpisodeInfo;
use contract::source::Source;
use serde_json::Value;

use super::document::{self, field, length, picture, small, stream, words};
use super::entries::rating;
use super::panel::{Failure, Panel};
use crate::json::Scalar;
use crate::tidy;

/// The most episodes of a series; the longest-running has 16 000.
const MOST: usize = 30_000;

/// What a panel knows of a series beyond its list entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Episodes {
    /// Names and pictures of seasons; a season need not have any.
    pub(crate) seasons: Vec<SeasonFacts>,
    /// By season and number.
    pub(crate) episodes: Vec<Episode>,
}

/// A season as the panel describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SeasonFacts {
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) air_date: String,
    pub(crate) overview: String,
    pub(crate) cover: String,
    pub(crate) rating: f64,
}

/// An episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Episode {
    /// The panel's id.
    pub(crate) id: String,
    pub(crate) season: u32,
    pub(crate) number: u32,
    pub(crate) title: String,
    pub(crate) container: String,
    pub(crate) added: Option<u64>,
    pub(crate) info: EpisodeInfo,
}

/// Asks for the details of the series that the panel calls `id`; `None` if it does not know them.
///
/// # Errors
/// [`Failure`]
pub(crate) async fn series(
    panel: &Panel<'_>,
    source: &Source,
    id: &str,
) -> Result<Option<Episodes>, Failure> {
    let parameters = [("action", "get_series_info"), ("series_id", id)];
    let document = document::ask(panel, &parameters).await?;
    Ok(document.and_then(|document| read(&document, source)))
}

/// Reads the document; `None` if it has no episode.
pub(crate) fn read(document: &Value, source: &Source) -> Option<Episodes> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut seen = HashSet::new();
    for (place, raw) in document.get("episodes").map(scattered).unwrap_or_default() {
        let Some(episode) = episode(&place, raw, source) else { continue };
        if episodes.len() < MOST && seen.insert(episode.id.clone()) {
            episodes.push(episode);
        }
    }
    number(&mut episodes);
    let seasons = document.get("seasons").map(members).unwrap_or_default();
    let seasons: Vec<SeasonFacts> = seasons.into_iter().filter_map(|raw| season(raw, source)).collect();
    (!episodes.is_empty()).then_some(Episodes { seasons, episodes })
}

/// Where an episode stood.
enum Place {
    /// Under a season's number.
    Key(u32),
    /// In an array of arrays, which PHP makes of seasons that have no gap; the index is a season only perhaps.
    Index(u32),
    /// Among all the others.
    Nowhere,
}

/// The episodes, wherever they are: under seasons, in lists of lists, or in one list.
fn scattered(episodes: &Value) -> Vec<(Place, &Value)> {
    let mut found = Vec::new();
    match episodes {
        Value::Object(seasons) => {
            for (key, members_of) in seasons {
                let key: Option<u32> = key.trim().parse().ok();
                found.extend(
                    members(members_of).into_iter().map(|raw| (key.map_or(Place::Nowhere, Place::Key), raw)),
                );
            }
        }
        Value::Array(list) => {
            for (index, member) in list.iter().enumerate() {
                if member.get("id").is_some() {
                    found.push((Place::Nowhere, member));
                } else {
                    found.extend(members(member).into_iter().map(|raw| (Place::Index(index as u32), raw)));
                }
            }
        }
        _ => {}
    }
    found
}

/// A list, or the values of an object, or the one object itself.
fn members(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) if object.contains_key("id") || object.contains_key("season_number") => {
            vec![value]
        }
        Value::Object(object) => object.values().collect(),
        _ => Vec::new(),
    }
}

fn episode(place: &Place, raw: &Value, source: &Source) -> Option<Episode> {
    let id = field(raw, &["id"]).id()?.to_string();
    let own = small(&field(raw, &["season"]));
    let season = match (own, place) {
        (Some(own), Place::Index(_) | Place::Nowhere) => own,
        (Some(own), Place::Key(_)) if own > 0 => own,
        (_, Place::Key(key)) => *key,
        (None, Place::Index(index)) => *index,
        (None, Place::Nowhere) => 1,
    };
    let nothing = Value::Null;
    let info = raw.get("info").unwrap_or(&nothing);
    let date = field(info, &["releasedate", "release_date", "air_date"]).date();
    let (duration_secs, duration) = length(info);
    Some(Episode {
        id,
        season,
        number: small(&field(raw, &["episode_num"])).unwrap_or(0),
        title: words(raw, &["title"], source),
        container: tidy::container(&field(raw, &["container_extension"]).text()),
        added: field(raw, &["added"]).epoch(),
        info: EpisodeInfo {
            movie_image: picture(info, &["movie_image", "cover_big"], source),
            cover_big: picture(info, &["cover_big", "movie_image"], source),
            plot: words(info, &["plot"], source),
            releasedate: date.clone(),
            release_date: date.clone(),
            air_date: date,
            duration,
            duration_secs,
            bitrate: small(&field(info, &["bitrate"])).unwrap_or(0),
            rating: contract::bundle::rating(rating(&field(info, &["rating"]), &Scalar::Nothing)).0,
            season,
            video: stream(info, "video", source),
            audio: stream(info, "audio", source),
        },
    })
}

/// Puts episodes in order, and gives a number and a title to those that have none.
fn number(episodes: &mut [Episode]) {
    episodes
        .sort_by_key(|episode| (episode.season, if episode.number == 0 { u32::MAX } else { episode.number }));
    let mut before = (0, 0);
    for episode in episodes {
        if episode.number == 0 {
            episode.number = if before.0 == episode.season { before.1 + 1 } else { 1 };
        }
        before = (episode.season, episode.number);
        if episode.title.is_empty() {
            episode.title = format!("Episode {}", episode.number);
        }
    }
}

fn season(raw: &Value, source: &Source) -> Option<SeasonFacts> {
    let overview = words(raw, &["overview"], source);
    Some(SeasonFacts {
        number: small(&field(raw, &["season_number", "season"]))?,
        name: words(raw, &["name"], source),
        air_date: field(raw, &["air_date", "releaseDate"]).date(),
        // Some panels put the address of the cover here.
        overview: if overview.contains("://") { String::new() } else { overview },
        cover: picture(raw, &["cover_big", "cover", "cover_tmdb"], source),
        rating: rating(&field(raw, &["vote_average"]), &Scalar::Nothing),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='hidden'").unwrap()
    }

    /// `season/number/id` of each episode.
    fn found(body: &str) -> Vec<String> {
        let document = document::read(body.as_bytes()).unwrap();
        let episodes = read(&document, &source()).unwrap_or_default().episodes;
        episodes.iter().map(|it| format!("{}/{}/{}", it.season, it.number, it.id)).collect()
    }

    #[test]
    fn episodes_are_found_in_all_their_shapes() {
        for (episodes, expected) in [
            (
                r#"{"1":[{"id":"5","episode_num":1}],"0":[{"id":6,"episode_num":"1-2"}]}"#,
                &["0/1/6", "1/1/5"][..],
            ),
            (r#"[[{"id":"5","season":1}],[{"id":"6"},{"id":"7","season":0}]]"#, &["0/1/7", "1/1/5", "1/2/6"]),
            (r#"[{"id":5,"season":2,"episode_num":3},{"id":6}]"#, &["1/1/6", "2/3/5"]),
            ("null", &[]),
            ("[]", &[]),
            ("{}", &[]),
            (r#"{"2":{"1":{"id":5},"7":{"id":6}}}"#, &["2/1/5", "2/2/6"]),
            (r#"{"2":{"id":5}}"#, &["2/1/5"]),
            (
                r#"{"3":[{"id":5,"season":2},{"id":6,"season":0},{"id":7,"season":null},{"id":7}]}"#,
                &["2/1/5", "3/1/6", "3/2/7"],
            ),
            (r#"{"1":[{"title":"no id"},{"id":"x"},null,7]}"#, &[]),
        ] {
            assert_eq!(
                found(&format!(r#"{{"seasons":[],"info":[],"episodes":{episodes}}}"#)),
                expected,
                "{episodes}"
            );
        }
        assert!(found(r#"{"info":{}}"#).is_empty());
        assert!(found("[]").is_empty());
    }

    #[test]
    fn odd_details_do_no_harm() {
        let body = r#"<b>Warning</b>: x
            {"seasons":{"1":{"season_number":"1","name":"One","overview":"http://h/x.jpg","air_date":"0000-00-00"},
            "x":null},"info":null,"episodes":{"1":[{"id":1,"title":null,"container_extension":".MKV",
            "info":{"duration_secs":"3661","rating":7.25,"video":[],"audio":{"codec_name":"aac","level":null},
            "releasedate":"2020"},"added":""}]}}"#;
        let Episodes { seasons, episodes } =
            read(&document::read(body.as_bytes()).unwrap(), &source()).unwrap();
        let expected = SeasonFacts { number: 1, name: "One".into(), ..SeasonFacts::default() };
        assert_eq!(seasons, [expected]);
        let episode = &episodes[0];
        assert_eq!((episode.title.as_str(), episode.container.as_str()), ("Episode 1", "mkv"));
        assert_eq!((episode.info.duration.as_str(), episode.info.rating.as_str()), ("01:01:01", "7.3"));
        assert_eq!((episode.info.release_date.as_str(), &episode.info.video), ("", &None));
        let audio = serde_json::to_string(&episode.info.audio).unwrap();
        assert_eq!(audio, r#"{"codec_name":"aac","disposition":{},"tags":{}}"#);
        for refused in ["blocked", "<html>{}x", r#"{"user_info":{"auth":1}}"#, r#"{"episodes":["#] {
            assert!(document::read(refused.as_bytes()).is_err() || refused.contains("html"), "{refused}");
        }
    }
}
