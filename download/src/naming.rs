//! What a job is called at its target.

use contract::bundle::Kind;
use contract::library::{Places, Style, Title};

use crate::job::Wish;

/// Names for what `wish` brings, below the base of a target, the best one first: the ones behind it are for when that is taken.
/// A film or an episode has the same place in every library that is spelt alike, whenever it comes.
pub fn names(wish: &Wish, style: Style) -> Vec<String> {
    let title = Title {
        name: wish.title.clone(),
        year: wish.year.clone(),
        tmdb: wish.tmdb.clone(),
        tags: wish.tags.clone(),
    };
    // Each asks for a place that those before it have not.
    let mut places = Places::new(style);
    let mut names: Vec<String> = match (wish.kind, wish.season, wish.episode) {
        (Kind::Episode, season, Some(number)) => {
            let mut show = places.series(title, wish.series);
            (0..2).map(|_| show.episode((season, number), &wish.ep_title, wish.stream_id)).collect()
        }
        _ => (0..3).map(|_| places.film(&title, wish.stream_id)).collect(),
    };
    names.dedup();
    names.into_iter().map(|name| format!("{name}.{}", wish.ext)).collect()
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
            names(&alien, Style::Jellyfin),
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
            names(&show, Style::Plex),
            [
                "Shows/Show (2019)/Season 01/Show (2019) - s01e02 - Name.mkv",
                "Shows/Show (2019)/Season 01/Show (2019) - s01e02 - Name - 12.mkv",
            ]
        );
    }

    #[test]
    fn no_title_leads_out_of_the_target() {
        let wish = Wish { title: "../../etc/passwd".into(), ..film(7) };
        for name in names(&wish, Style::Kodi) {
            assert!(
                name.starts_with("Movies/") && name.split('/').all(|part| !part.starts_with('.')),
                "{name}"
            );
        }
    }
}
