//! In which spelling a media server finds the id of a film or a series in a name.

use clap::ValueEnum;

use super::Title;
use super::part::part;

/// How the names of a library are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Style {
    /// `Film (2020) [tmdbid-603]`
    #[default]
    Jellyfin,
    /// `Film (2020) {tmdb=603}`
    Kodi,
    /// `Film (2020) {tmdb-603}`
    Plex,
    /// `Film (2020) [tmdbid=603]`
    Emby,
}

/// Bytes of a title in the name of its folder: with year, id and the mark of a version, a file's name stays below
/// [`super::MOST`].
const TITLE: usize = 150;
/// Bytes of a series' title in the name of an episode, which has one of its own.
const SHOW: usize = 95;

impl Style {
    /// The folder of a film or of a series; `id` stands in for a title that has nothing that can be written.
    pub fn folder(self, title: &Title, id: u32) -> String {
        let plain = dated(title, id, TITLE);
        match (self, &*title.tmdb) {
            (_, "") => plain,
            (Self::Jellyfin, tmdb) => format!("{plain} [tmdbid-{tmdb}]"),
            (Self::Kodi, tmdb) => format!("{plain} {{tmdb={tmdb}}}"),
            (Self::Plex, tmdb) => format!("{plain} {{tmdb-{tmdb}}}"),
            (Self::Emby, tmdb) => format!("{plain} [tmdbid={tmdb}]"),
        }
    }

    /// The folder of a season; 0 holds the specials.
    pub fn season(self, number: u32) -> String {
        format!("Season {number:02}")
    }

    /// An episode without the ending of its file; `name` may be empty.
    pub fn episode(self, show: &Title, id: u32, (season, number): (u32, u32), name: &str) -> String {
        let show = dated(show, id, SHOW);
        let number = match self {
            Self::Plex => format!("s{season:02}e{number:02}"),
            Self::Jellyfin | Self::Kodi | Self::Emby => format!("S{season:02}E{number:02}"),
        };
        match part(name, SHOW) {
            name if name.is_empty() => format!("{show} - {number}"),
            name => format!("{show} - {number} - {name}"),
        }
    }
}

/// Title and year.
fn dated(title: &Title, id: u32, most: usize) -> String {
    let name = match part(&title.name, most) {
        name if name.is_empty() => format!("id-{id}"),
        name => name,
    };
    if title.year.is_empty() { name } else { format!("{name} ({})", title.year) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_media_server_finds_the_id_where_it_looks_for_it() {
        let film = Title::read("Alien: Romulus (2024)", "", "945961");
        for (style, expected) in [
            (Style::Jellyfin, "Alien - Romulus (2024) [tmdbid-945961]"),
            (Style::Kodi, "Alien - Romulus (2024) {tmdb=945961}"),
            (Style::Plex, "Alien - Romulus (2024) {tmdb-945961}"),
            (Style::Emby, "Alien - Romulus (2024) [tmdbid=945961]"),
        ] {
            assert_eq!(style.folder(&film, 7), expected);
        }
        assert_eq!(Style::Plex.folder(&Title::read("???", "", ""), 7), "id-7");
        assert_eq!(Style::Plex.folder(&Title::read("CON", "", ""), 7), "CON_");
    }

    #[test]
    fn episodes_say_their_season_and_number() {
        let show = Title::read("Show", "2019", "77");
        assert_eq!(Style::Jellyfin.episode(&show, 7, (1, 2), "A: Name?"), "Show (2019) - S01E02 - A - Name");
        assert_eq!(Style::Plex.episode(&show, 7, (0, 112), ""), "Show (2019) - s00e112");
        assert_eq!(Style::Kodi.season(0), "Season 00");
    }
}
