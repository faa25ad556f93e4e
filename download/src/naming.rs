//! What a job is called at its target.

use contract::bundle::Kind;
use contract::library::{Places, Style, Title, part};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::job::{Airing, Wish};

/// The folder of all recordings.
const RECORDINGS: &str = "Recordings";
/// Bytes of a programme's title, and of a channel's name, in a name.
const TITLE: usize = 120;
const CHANNEL: usize = 60;

/// Names for what `wish` brings, below the base of a target, the best one first: the ones behind it are for when that is taken.
/// A film or an episode of the line-up has the same place in every library that is spelt alike, whenever it comes; `job` is the
/// number by which anything else is told from others in the end.
pub fn names(wish: &Wish, job: i64, style: Style) -> Vec<String> {
    let title = Title {
        name: wish.title.clone(),
        year: wish.year.clone(),
        tmdb: wish.tmdb.clone(),
        tags: wish.tags.clone(),
    };
    // What is in no line-up has no number but that of its job.
    let id = if wish.address.is_some() { u32::try_from(job).unwrap_or(u32::MAX) } else { wish.stream_id };
    // Each asks for a place that those before it have not.
    let mut places = Places::new(style);
    let mut names: Vec<String> = match (&wish.airing, wish.kind, wish.episode) {
        (Some(airing), ..) => recording(&wish.title, airing, job, &TimeZone::system()).into(),
        (None, Kind::Episode, Some(number)) => {
            let mut show = places.series(title, if wish.series > 0 { wish.series } else { id });
            (0..2).map(|_| show.episode((wish.season, number), &wish.ep_title, id)).collect()
        }
        _ => (0..3).map(|_| places.film(&title, id)).collect(),
    };
    names.dedup();
    names.into_iter().map(|name| format!("{name}.{}", wish.ext)).collect()
}

/// Recordings of one title lie together; when it was on, by the clock of this machine, and where tell them apart.
fn recording(title: &str, airing: &Airing, job: i64, zone: &TimeZone) -> [String; 2] {
    let title = match part(title, TITLE) {
        title if title.is_empty() => format!("id-{job}"),
        title => title,
    };
    let starts = Timestamp::from_second(airing.starts).unwrap_or(Timestamp::UNIX_EPOCH);
    let when = starts.to_zoned(zone.clone()).strftime("%Y-%m-%d %H-%M");
    let mut name = format!("{RECORDINGS}/{title}/{title} - {when}");
    match part(&airing.channel, CHANNEL) {
        channel if channel.is_empty() || channel == title => {}
        channel => name += &format!(" - {channel}"),
    }
    let other = format!("{name} - {job}");
    [name, other]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::film;

    #[test]
    fn films_and_episodes_have_the_names_that_media_servers_know() {
        let tags = vec!["FR".to_owned(), "4K".to_owned()];
        let (title, year, tmdb) = ("Alien: Romulus".into(), "2024".into(), "945961".into());
        let alien = Wish { title, year, tmdb, tags, ..film(7) };
        assert_eq!(
            names(&alien, 1, Style::Jellyfin),
            [
                "Movies/Alien - Romulus (2024) [tmdbid-945961]/Alien - Romulus (2024) [tmdbid-945961].mkv",
                "Movies/Alien - Romulus (2024) [tmdbid-945961]/Alien - Romulus (2024) [tmdbid-945961] - FR 4K.mkv",
                "Movies/Alien - Romulus (2024) [tmdbid-945961]/Alien - Romulus (2024) [tmdbid-945961] - 7.mkv",
            ]
        );
        let (season, episode, ep_title) = (Some(1), Some(2), "Name".into());
        let kind = Kind::Episode;
        let show =
            Wish { kind, season, episode, ep_title, title: "Show".into(), year: "2019".into(), ..film(12) };
        assert_eq!(
            names(&show, 1, Style::Plex),
            [
                "Shows/Show (2019)/Season 01/Show (2019) - s01e02 - Name.mkv",
                "Shows/Show (2019)/Season 01/Show (2019) - s01e02 - Name - 12.mkv",
            ]
        );
    }

    #[test]
    fn a_recording_says_what_when_and_where() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let airing = Airing {
            channel: "ZDF/neo HD".into(),
            starts: 1_795_807_800,
            stops: 1_795_811_400,
            lead: 60,
            tail: 300,
        };
        assert_eq!(
            recording("Tatort: Das Ende?", &airing, 7, &zone),
            [
                "Recordings/Tatort - Das Ende/Tatort - Das Ende - 2026-11-27 20-30 - ZDF-neo HD",
                "Recordings/Tatort - Das Ende/Tatort - Das Ende - 2026-11-27 20-30 - ZDF-neo HD - 7",
            ]
        );
        let [plain, _] = recording("ZDF/neo HD", &airing, 7, &zone);
        assert_eq!(plain, "Recordings/ZDF-neo HD/ZDF-neo HD - 2026-11-27 20-30", "once is enough");
        let wish = Wish { airing: Some(airing), ext: "ts".into(), title: "../..".into(), ..film(7) };
        assert!(names(&wish, 7, Style::Plex)[0].starts_with("Recordings/-/- - 2026-11-27 "));
        assert!(names(&wish, 7, Style::Plex)[0].ends_with(" - ZDF-neo HD.ts"));
    }

    #[test]
    fn no_title_leads_out_of_the_target() {
        let wish = Wish { title: "../../etc/passwd".into(), ..film(7) };
        for name in names(&wish, 1, Style::Kodi) {
            assert!(
                name.starts_with("Movies/") && name.split('/').all(|part| !part.starts_with('.')),
                "{name}"
            );
        }
    }
}
