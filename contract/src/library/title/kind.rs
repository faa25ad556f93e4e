//! What an entry is: a film, a series, a novela, a channel.

use super::number::Strength;

/// What an entry is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A film.
    #[default]
    Film,
    /// An episode of a series, or a series.
    Series,
    /// An episode of a serial that is numbered through, without seasons.
    Novela,
    /// A channel.
    Live,
}

impl Kind {
    /// Its name in files and answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Film => "film",
            Self::Series => "series",
            Self::Novela => "novela",
            Self::Live => "live",
        }
    }

    /// The one that is called so.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Film, Self::Series, Self::Novela, Self::Live].into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it has seasons and episodes.
    pub const fn has_episodes(self) -> bool {
        matches!(self, Self::Series | Self::Novela)
    }
}

/// What is known of an entry's kind besides its title: its type in a panel, else what its address looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    #[default]
    Unknown,
    /// A panel has it among films, or its address says so.
    Film,
    /// A panel has it among series, or its address says so.
    Episode,
    /// A panel has it among channels, or its address says so.
    Live,
    /// The file of a video.
    File,
    /// A stream: a channel, more often than a film that is sent like one.
    Stream,
}

/// What the name of a group says of what is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) films: bool,
    pub(super) series: bool,
    pub(super) novelas: bool,
    pub(super) channels: bool,
}

const FILMS: &[&str] = &[
    "cine",
    "cinema",
    "film",
    "filme",
    "filmes",
    "filmler",
    "films",
    "filmy",
    "kino",
    "movie",
    "movies",
    "peliculas",
    "películas",
    "pelis",
    "spielfilme",
    "vod",
    "кино",
    "фильм",
    "фильмы",
    "أفلام",
    "افلام",
    "映画",
];
const SERIES: &[&str] = &[
    "anime",
    "animes",
    "dizi",
    "diziler",
    "dorama",
    "doramas",
    "episoden",
    "seriados",
    "serial",
    "seriale",
    "serials",
    "serie",
    "serien",
    "series",
    "shows",
    "série",
    "séries",
    "tvshows",
    "сериал",
    "сериалы",
    "مسلسل",
    "مسلسلات",
    "ドラマ",
    "アニメ",
];
const NOVELAS: &[&str] = &["novela", "novelas", "soap", "soaps", "telenovela", "telenovelas"];
const CHANNELS: &[&str] = &[
    "canais",
    "canal",
    "canales",
    "canali",
    "chaines",
    "chaînes",
    "channel",
    "channels",
    "kanallar",
    "kanäle",
    "live",
    "webtv",
    "каналы",
    "قنوات",
];

impl Group {
    /// What `name` says.
    pub(super) fn of(name: &str) -> Self {
        let mut group = Self::default();
        for word in name.split(|character: char| !character.is_alphanumeric()).filter(|word| word.len() > 2) {
            let lower = word.to_lowercase();
            let among = |words: &[&str]| words.contains(&&*lower);
            group.films |= among(FILMS);
            group.series |= among(SERIES);
            group.novelas |= among(NOVELAS);
            group.channels |= among(CHANNELS);
        }
        group
    }

    /// Whether it is what something is in, and not what something is called.
    pub(super) const fn is_sort(self) -> bool {
        self.films || self.series || self.novelas || self.channels
    }
}

/// What tells a kind, in the order in which it is believed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs {
    pub(super) form: Form,
    /// The strength of the marker of an episode, and whether it names a season.
    pub(super) marker: Option<(Strength, bool)>,
    pub(super) group: Group,
    /// Whether title or group give a year.
    pub(super) is_dated: bool,
    /// Whether the title has a quality or another mark that channels have as well.
    pub(super) is_marked: bool,
}

/// What an entry is that shows these signs.
pub(super) fn kind(signs: Signs) -> Kind {
    let Signs { form, marker, group, is_dated, is_marked } = signs;
    if form == Form::Live {
        return Kind::Live;
    }
    match marker {
        Some((_, false)) => return Kind::Novela,
        Some((_, true)) if group.novelas && !group.series => return Kind::Novela,
        Some((_, true)) => return Kind::Series,
        None => {}
    }
    let of_group = if group.novelas {
        Kind::Novela
    } else if group.series && !group.films {
        Kind::Series
    } else {
        Kind::Film
    };
    match form {
        Form::Film => Kind::Film,
        Form::Episode if group.novelas => Kind::Novela,
        Form::Episode => Kind::Series,
        Form::File | Form::Unknown => of_group,
        // A channel has no year; what else is among films and has no quality is none either.
        Form::Stream if is_dated => of_group,
        Form::Stream if group.films && !group.channels && !is_marked => Kind::Film,
        Form::Stream | Form::Live => Kind::Live,
    }
}

/// Whether a marker of this strength is to be believed in an entry of this form and group; `is_heading` says that the title
/// has a colon before it and `is_first` that nothing stands before it.
pub(super) fn is_believed(
    strength: Strength,
    form: Form,
    group: Group,
    is_heading: bool,
    is_first: bool,
) -> bool {
    match (strength, form) {
        (_, Form::Live) => false,
        (Strength::Strong, _) | (_, Form::Episode) => true,
        // `10x10` is a film; so are `Chapter 4` and `Episode 5` at the end of a title.
        (Strength::Usual, Form::Film) => !is_first,
        (Strength::Usual, _) => !is_first || !group.films,
        (Strength::Weak, Form::Film) => group.novelas || group.series,
        (Strength::Weak, _) => group.novelas || group.series || !(group.films || is_heading),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_says_what_is_in_it_by_whole_words() {
        assert!(Group::of("Filmes | Comedia").films);
        assert!(Group::of("SERIES-CRIMEN").series);
        assert!(Group::of("Canais | NOVELAS").channels && Group::of("Canais | NOVELAS").novelas);
        assert!(Group::of("ФИЛЬМЫ").films);
        assert_eq!(Group::of("Beverly Hills"), Group::default());
        assert_eq!(Group::of("Filmstudio"), Group::default());
    }

    #[test]
    fn kinds_have_words() {
        for kind in [Kind::Film, Kind::Series, Kind::Novela, Kind::Live] {
            assert_eq!(Kind::of_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::of_word("movie"), None);
    }
}
