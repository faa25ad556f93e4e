//! `get_vod_info`: what a panel knows of a film beyond its list entry. Any field may be missing, null, a number, a text or
//! an empty list; a film that nobody described has `"info":[]`.

use contract::bundle;
use contract::details::MovieFacts;
use contract::source::Source;
use serde_json::Value;

use super::document::{self, field, length, picture, small, stream, texts, words};
use super::entries::rating;
use super::panel::{Failure, Panel};
use crate::json::Scalar;
use crate::tidy;

/// Asks for the details of the film that the panel calls `id`; `None` if it does not know it, or nothing of it.
///
/// # Errors
/// [`Failure`]
pub(crate) async fn movie(
    panel: &Panel<'_>,
    source: &Source,
    id: &str,
) -> Result<Option<MovieFacts>, Failure> {
    let parameters = [("action", "get_vod_info"), ("vod_id", id)];
    let document = document::ask(panel, &parameters).await?;
    Ok(document.and_then(|document| read(&document, source)))
}

pub(crate) fn read(document: &Value, source: &Source) -> Option<MovieFacts> {
    let info = document.get("info").filter(|info| info.as_object().is_some_and(|info| !info.is_empty()))?;
    let words = |names: &[&str]| words(info, names, source);
    let cover = picture(info, &["cover_big", "movie_image", "cover"], source);
    let date = ["release_date", "releasedate", "releaseDate"].map(|name| field(info, &[name]).date());
    let date = date.into_iter().find(|date| !date.is_empty()).unwrap_or_default();
    let (duration_secs, duration) = length(info);
    let minutes = ["episode_run_time", "runtime"].map(|name| small(&field(info, &[name])).unwrap_or(0));
    let minutes = minutes.into_iter().find(|minutes| *minutes > 0).unwrap_or(duration_secs / 60);
    let plot = words(&["plot", "description"]);
    let cast = words(&["cast", "actors"]);
    let backdrops = texts(info, "backdrop_path").into_iter().map(|raw| tidy::picture(raw, source));
    let tmdb = field(info, &["tmdb_id", "tmdb"]).id().filter(|id| *id > 0);
    let facts = MovieFacts {
        kinopoisk_url: picture(info, &["kinopoisk_url"], source),
        tmdb_id: tmdb.map(|id| id.to_string()).unwrap_or_default(),
        name: words(&["name", "o_name"]),
        o_name: words(&["o_name", "name"]),
        movie_image: cover.clone(),
        cover_big: cover,
        releasedate: date.clone(),
        release_date: date,
        episode_run_time: minutes,
        runtime: minutes,
        youtube_trailer: tidy::video_id(&words(&["youtube_trailer", "trailer"])),
        director: words(&["director"]),
        actors: cast.clone(),
        cast,
        description: plot.clone(),
        plot,
        age: words(&["age"]),
        mpaa_rating: words(&["mpaa_rating"]),
        rating_count_kinopoisk: small(&field(info, &["rating_count_kinopoisk"])).unwrap_or(0),
        country: words(&["country"]),
        genre: words(&["genre"]),
        backdrop_path: backdrops.filter(|picture| !picture.is_empty()).collect(),
        duration_secs,
        duration,
        bitrate: small(&field(info, &["bitrate"])).unwrap_or(0),
        rating: bundle::rating(rating(&field(info, &["rating"]), &Scalar::Nothing)).0,
        video: stream(info, "video", source),
        audio: stream(info, "audio", source),
        subtitles: [],
    };
    Some(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str) -> Option<MovieFacts> {
        let source =
            toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='open+sesame/99'")
                .unwrap();
        read(&document::read(body.as_bytes()).unwrap(), &source)
    }

    #[test]
    fn a_film_that_is_unknown_or_not_described_has_no_facts() {
        for body in ["[]", "{}", r#"{"info":[]}"#, r#"{"info":null}"#, r#"{"info":{}}"#, r#"{"info":"x"}"#] {
            assert!(found(body).is_none(), "{body}");
        }
        assert!(found(r#"{"info":[],"movie_data":{"stream_id":7,"container_extension":"mkv"}}"#).is_none());
    }

    #[test]
    fn every_field_is_understood_in_all_its_spellings() {
        let written = [
            r#"{"info":{"tmdb_id":603,"name":"Film","cover_big":"http://h/1.jpg","releasedate":"2020-05-06",
            "episode_run_time":"100","youtube_trailer":"https://www.youtube.com/watch?v=abc123def45",
            "actors":"Ann","description":"A plot.","backdrop_path":"http://h/2.jpg","duration_secs":"6000",
            "bitrate":"330","rating":7.3,"video":{"codec_name":"h264","width":640,"tags":[],"profile":null},
            "audio":[],"country":null}}"#,
            r#"Notice: x {"info":{"tmdb_id":"603","o_name":"Film","movie_image":"http:\/\/h\/1.jpg",
            "release_date":"2020-05-06","releasedate":"2020","runtime":100,"youtube_trailer":"abc123def45",
            "cast":"Ann","plot":"A plot.","description":"","backdrop_path":["http://h/2.jpg",null,""],
            "duration":"01:40:00","bitrate":330,"rating":"7.3","video":{"codec_name":"h264","width":640},
            "audio":null},"movie_data":[]}"#,
        ];
        let [one, two] = written.map(|body| found(body).unwrap());
        assert_eq!(one, two);
        assert_eq!(
            (one.tmdb_id.as_str(), one.duration_secs, one.duration.as_str()),
            ("603", 6000, "01:40:00")
        );
        assert_eq!((one.bitrate, one.rating.as_str(), one.runtime), (330, "7.3", 100));
        assert_eq!((one.plot.as_str(), &one.plot), ("A plot.", &one.description));
        assert_eq!((one.backdrop_path.len(), one.audio.is_none()), (1, true));
        let video = serde_json::to_string(&one.video).unwrap();
        assert_eq!(video, r#"{"codec_name":"h264","disposition":{},"tags":{},"width":640}"#);
    }

    #[test]
    fn what_says_nothing_is_empty() {
        let facts = found(
            r#"{"info":{"tmdb_id":"tt0133093","releasedate":"0000-00-00","backdrop_path":"","duration":"1:99:00",
            "rating":"N/A","plot":null,"video":{"codec_name":null},"bitrate":-1,"cover_big":"n/a",
            "genre":"by open+sesame/99"}}"#,
        )
        .unwrap();
        let nothing = MovieFacts { duration: "00:00:00".into(), rating: "0".into(), ..MovieFacts::default() };
        assert!(!facts.genre.contains("sesame"), "{}", facts.genre);
        assert_eq!(MovieFacts { genre: String::new(), ..facts }, nothing);
    }
}
