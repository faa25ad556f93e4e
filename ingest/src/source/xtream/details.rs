//! `get_series_info`: the episodes of a series, in the shapes that panels give them.

use std::collections::HashSet;

use contract::details::EpisodeInfo;
use contract::source::Source;
use serde::Deserialize;
use serde_json::Value;

use super::entries::rating;
use super::panel::{Failure, Panel, Question};
use crate::json::{Oddity, Scalar, readable};
use crate::tidy;

/// The largest document that is read; the longest-running series need about 5 MB. A hostile one becomes a hundred times
/// as large when it is parsed.
const LARGEST: usize = 8 << 20;
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
    let patience = panel.patience();
    let question = Question { page: "player_api.php", parameters: &parameters, patience };
    let body = async { panel.ask(question).await?.whole(LARGEST).await };
    match body.await {
        Ok(body) => read(&body, source),
        Err(Failure::Status(status, _)) if status.as_u16() == 404 => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Reads the document; `None` if it has no episode.
///
/// # Errors
/// It is none, in words.
pub(crate) fn read(body: &[u8], source: &Source) -> Result<Option<Episodes>, Failure> {
    let json = body.iter().position(|byte| matches!(byte, b'{' | b'[')).ok_or(Oddity::Words)?;
    // Warnings of PHP may follow as well as precede, so only the first value counts.
    let document = readable(&body[json..], |text| {
        let mut values = serde_json::Deserializer::from_str(text);
        Value::deserialize(&mut values)
    })
    .map_err(|_| if body.trim_ascii().starts_with(b"<") { Oddity::Page } else { Oddity::Truncated })?;
    if document.get("user_info").is_some() {
        return Err(Failure::Refused("the panel answers with the account instead of a series".into()));
    }
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
    Ok((!episodes.is_empty()).then_some(Episodes { seasons, episodes }))
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

fn field<'a>(value: &'a Value, names: &[&str]) -> Scalar<'a> {
    let mut found = names.iter().filter_map(|name| value.get(name)).filter(|value| !value.is_null());
    found.next().and_then(|value| Scalar::deserialize(value).ok()).unwrap_or_default()
}

fn small(scalar: &Scalar<'_>) -> Option<u32> {
    scalar.int().and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= 100_000)
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
    let picture = |names: &[&str]| tidy::picture(&field(info, names).text(), source);
    let image = picture(&["movie_image", "cover_big"]);
    let cover = picture(&["cover_big", "movie_image"]);
    let date = field(info, &["releasedate", "release_date", "air_date"]).date();
    let secs = small(&field(info, &["duration_secs"])).unwrap_or(0);
    Some(Episode {
        id,
        season,
        number: small(&field(raw, &["episode_num"])).unwrap_or(0),
        title: tidy::text(&field(raw, &["title"]).text(), source),
        container: tidy::container(&field(raw, &["container_extension"]).text()),
        added: field(raw, &["added"]).epoch(),
        info: EpisodeInfo {
            movie_image: image,
            cover_big: cover,
            plot: tidy::text(&field(info, &["plot"]).text(), source),
            releasedate: date.clone(),
            release_date: date.clone(),
            air_date: date,
            duration: format!("{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60),
            duration_secs: secs,
            bitrate: small(&field(info, &["bitrate"])).unwrap_or(0),
            rating: contract::bundle::rating(rating(&field(info, &["rating"]), &Scalar::Nothing)).0,
            season,
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
    let cover = ["cover_big", "cover", "cover_tmdb"]
        .iter()
        .map(|name| tidy::picture(&field(raw, &[name]).text(), source))
        .find(|cover| !cover.is_empty());
    let overview = tidy::text(&field(raw, &["overview"]).text(), source);
    Some(SeasonFacts {
        number: small(&field(raw, &["season_number", "season"]))?,
        name: tidy::text(&field(raw, &["name"]).text(), source),
        air_date: field(raw, &["air_date", "releaseDate"]).date(),
        // Some panels put the address of the cover here.
        overview: if overview.contains("://") { String::new() } else { overview },
        cover: cover.unwrap_or_default(),
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
        let episodes = read(body.as_bytes(), &source()).unwrap().unwrap_or_default().episodes;
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
            "info":{"duration_secs":"3661","rating":7.25,"video":[],"releasedate":"2020"},"added":""}]}}"#;
        let Episodes { seasons, episodes } = read(body.as_bytes(), &source()).unwrap().unwrap();
        let expected = SeasonFacts { number: 1, name: "One".into(), ..SeasonFacts::default() };
        assert_eq!(seasons, [expected]);
        let episode = &episodes[0];
        assert_eq!((episode.title.as_str(), episode.container.as_str()), ("Episode 1", "mkv"));
        assert_eq!((episode.info.duration.as_str(), episode.info.rating.as_str()), ("01:01:01", "7.3"));
        assert_eq!(episode.info.release_date, "");
        for refused in ["blocked", "<html>{}x", r#"{"user_info":{"auth":1}}"#, r#"{"episodes":["#] {
            assert!(read(refused.as_bytes(), &source()).is_err() || refused.contains("html"), "{refused}");
        }
    }
}
