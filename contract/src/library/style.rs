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
        let plain = dated(&title.name, &title.year, id, TITLE);
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

    /// An episode without the ending of its file; `name` may be empty. What is numbered through, without seasons, is in the
    /// first, and has hundreds of episodes.
    pub fn episode(self, show: &Title, id: u32, (season, number): At, name: &str) -> String {
        // A media server takes the first number that it finds.
        let own = numbered(&show.name).map_or(&*show.name, |start| &show.name[..start]);
        let show = dated(own.trim_end_matches([' ', '-']), &show.year, id, SHOW);
        let digits = if season.is_some() { 2 } else { 3 };
        let season = season.unwrap_or(1);
        let number = match self {
            Self::Plex => format!("s{season:02}e{number:0digits$}"),
            Self::Jellyfin | Self::Kodi | Self::Emby => format!("S{season:02}E{number:0digits$}"),
        };
        match part(name, SHOW) {
            name if name.is_empty() || goes_on(&name) => format!("{show} - {number}"),
            name => format!("{show} - {number} - {name}"),
        }
    }
}

/// What is written of a title: nothing at its end that a media server would take for a year or an id of ours.
pub(super) fn written(name: &str, year: &str, most: usize) -> String {
    let mut name = part(name, most);
    while let Some(rest) = undated(&name, year) {
        name = part(rest, most);
    }
    name
}

/// What stands before an id in brackets, or before a year in them if there is no other behind it.
fn undated<'a>(name: &'a str, year: &str) -> Option<&'a str> {
    let open = name.rfind(['(', '[', '{']).filter(|open| *open > 0)?;
    let inner = name[open + 1..].strip_suffix([')', ']', '}'])?;
    let is_year = year.is_empty() && inner.len() == 4 && inner.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = inner.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("tmdb"));
    (is_year || is_id).then(|| &name[..open])
}

/// Season and number of an episode. `None` is of what is numbered through, without seasons.
pub type At = (Option<u32>, u32);

/// Where a media server would find `S01E02` in a text.
fn numbered(text: &str) -> Option<usize> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let season = |(start, letter): (usize, char)| {
        let most = matches!(letter, 's' | 'S').then(|| digits(start + 1)).filter(|most| *most > 0)?;
        let between = text[start + 1 + most..].trim_start_matches([' ', '.', '_', '-']);
        let has_episode = between.starts_with(['e', 'E']) && digits(text.len() - between.len() + 1) > 0;
        has_episode.then_some(start)
    };
    text.char_indices().find_map(season)
}

/// Whether a media server would take what stands behind the number of an episode for that of another, the last of several.
fn goes_on(name: &str) -> bool {
    name.strip_prefix(['e', 'E', 'x', 'X'])
        .is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_digit()))
}

/// Title and year.
fn dated(name: &str, year: &str, id: u32, most: usize) -> String {
    let name = match written(name, year, most) {
        name if name.is_empty() => format!("id-{id}"),
        name => name,
    };
    if year.is_empty() { name } else { format!("{name} ({year})") }
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
        assert_eq!(
            Style::Jellyfin.episode(&show, 7, (Some(1), 2), "A: Name?"),
            "Show (2019) - S01E02 - A - Name"
        );
        assert_eq!(Style::Plex.episode(&show, 7, (Some(0), 112), ""), "Show (2019) - s00e112");
        assert_eq!(Style::Kodi.season(0), "Season 00");
        assert_eq!(Style::Kodi.episode(&show, 7, (None, 12), ""), "Show (2019) - S01E012", "of a telenovela");
        let odd = Title { name: "The S1E5 - Show".into(), ..show };
        assert_eq!(Style::Emby.episode(&odd, 7, (Some(2), 3), "E9"), "The (2019) - S02E03");
    }
}
