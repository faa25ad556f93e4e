//! The words that names are made of. All channels, films and people are invented.

/// How a country's channels are called.
pub(super) struct Country {
    pub(super) code: &'static str,
    pub(super) tld: &'static str,
    /// Between the code and the name of a channel.
    pub(super) mark: &'static str,
    /// A group's title and the channels in it.
    pub(super) groups: &'static [(&'static str, &'static [&'static str])],
}

pub(super) const COUNTRIES: &[Country] = &[
    Country {
        code: "UK",
        tld: "uk",
        mark: ": ",
        groups: &[
            (
                "Entertainment",
                &[
                    "One",
                    "Two",
                    "Drama & Comedy",
                    "Gold",
                    "The \"Best\" Of",
                    "Crime + Mystery",
                    "Dave's Place",
                ],
            ),
            ("Sports", &["Sport 1", "Main Event", "Racing, Live", "Golf", "Cricket", "Football Extra"]),
            ("News", &["News 24", "Business & Markets", "Parliament", "Weather <Live>"]),
            ("Kids", &["Cartoons", "Tiny Tots", "Pop & Play", "Science Max"]),
        ],
    },
    Country {
        code: "DE",
        tld: "de",
        mark: " | ",
        groups: &[
            (
                "Vollprogramm",
                &["Das Zweite", "Süd TV", "Köln Eins", "Österreich 1", "Straße der Stars", "Nord & West"],
            ),
            ("Fußball ⚽", &["Sport 1", "Bundesliga-Konferenz", "Fußball Total", "Motor, Rad & Ski"]),
            ("Filme", &["Kino Premiere", "Action", "Krimi \"Spezial\"", "Heimatkanal"]),
            ("Kinder", &["Kika Nova", "Märchen TV", "Die Mäusebande"]),
        ],
    },
    Country {
        code: "FR",
        tld: "fr",
        mark: "| ",
        groups: &[
            ("Généralistes", &["Première", "L'Hexagone", "Région Île-de-France", "Canal Ouest", "Été"]),
            ("Cinéma & Séries", &["Cinéma Premier", "Séries Club", "Frisson", "Émotion"]),
            ("Sport", &["Sport 1", "Pétanque TV", "Foot+ , Multiplex"]),
        ],
    },
    Country {
        code: "RU",
        tld: "ru",
        mark: ": ",
        groups: &[
            ("Общие", &["Первая программа", "Культура плюс", "Звёздный", "Наше радио и ТВ"]),
            ("Спорт", &["Матч дня", "Футбол 1", "Хоккей & Биатлон"]),
            ("Кино", &["Кинохит", "Киносерия", "Родное \"кино\""]),
        ],
    },
    Country {
        code: "TR",
        tld: "tr",
        mark: " ★ ",
        groups: &[
            ("Ulusal", &["Birinci", "Şehir TV", "Güneş", "İstanbul 34", "Çağ"]),
            ("Spor", &["Spor 1", "Futbol Özel", "Tribün"]),
        ],
    },
    Country {
        code: "ES",
        tld: "es",
        mark: ": ",
        groups: &[
            ("Nacionales", &["La Primera", "Ñandú TV", "Televisión Sur", "24 Horas"]),
            ("Deportes", &["Deportes 1", "Liga Máxima", "Pádel & Tenis"]),
        ],
    },
    Country {
        code: "IT",
        tld: "it",
        mark: " - ",
        groups: &[
            ("Generalisti", &["Uno", "Città", "Telesud", "L'Altra"]),
            ("Calcio", &["Calcio 1", "Serie Oro", "Diretta Gol"]),
        ],
    },
    Country {
        code: "🇵🇱 PL",
        tld: "pl",
        mark: " ",
        groups: &[
            ("Ogólne", &["Jedynka", "Łódź TV", "Świat", "Żagiel"]),
            ("Filmy i seriale", &["Kino Łowca", "Seriale+", "Kryminał"]),
        ],
    },
    Country {
        code: "GR",
        tld: "gr",
        mark: ": ",
        groups: &[("Εθνικά", &["Πρώτο", "Αιγαίο", "Ειδήσεις 24"]), ("Αθλητικά", &["Σπορ 1", "Γήπεδο"])],
    },
    Country {
        code: "AR",
        tld: "ae",
        mark: ": ",
        groups: &[("عام", &["الأولى", "القمر", "أخبار"]), ("رياضة", &["رياضة 1", "ملاعب"])],
    },
    Country {
        code: "24/7",
        tld: "stream",
        mark: " 🔥 ",
        groups: &[(
            "Classics",
            &["Sitcom \"Neighbours' Cat\"", "Detective & Son", "Westerns", "Fireplace 🪵", "Aquarium"],
        )],
    },
];

/// Appended to the group when the countries have been gone through.
pub(super) const TIERS: &[&str] = &["", " VIP", " 4K", " RAW", " Backup", " ᴴᴰ", " PPV", " Low"];
/// Appended to the channel.
pub(super) const QUALITIES: &[&str] = &[" HD", "", " FHD", " SD", " HEVC", " ᵁᴴᴰ", " HD", " 4K"];

pub(super) const RADIO: &[&str] =
    &["Radio Jazz & Soul", "Rádio Süd", "Classic FM \"Nacht\"", "Радио Волна", "Pop Hits 📻"];

pub(super) const FILM_GROUPS: &[&str] = &[
    "EN | Action & Adventure",
    "DE | Komödie",
    "FR | Comédie",
    "EN | \"Classics\"",
    "RU | Драма",
    "ES | Suspense, Terror",
    "IT | Fantascienza",
    "4K UHD 🎬",
];

pub(super) const SERIES_GROUPS: &[&str] = &[
    "EN | Drama",
    "DE | Krimi & Thriller",
    "TR | Diziler",
    "Anime ア",
    "EN | Reality, Shows",
    "RU | Сериалы",
];

pub(super) const ADJECTIVES: &[&str] = &[
    "Silent",
    "Last",
    "Crimson",
    "Hidden",
    "Broken",
    "Golden",
    "Lost",
    "Eternal",
    "Paper",
    "Northern",
    "Distant",
    "Wild",
    "Schöne",
    "Grüne",
    "Étrange",
    "Тихий",
    "Fallen",
    "Second",
    "Hollow",
    "Electric",
];

pub(super) const NOUNS: &[&str] = &[
    "Harbour",
    "Winter",
    "Kingdom",
    "Letters",
    "Garden",
    "Witness",
    "River & Sea",
    "Promise",
    "Orchestra",
    "Station",
    "Island",
    "Mirror",
    "Straße",
    "Château",
    "Город",
    "Lighthouse",
    "Detective's Wife",
    "\"Raven\"",
    "Voyage",
    "Heir",
];

pub(super) const PEOPLE: &[&str] = &[
    "Anna Bergström",
    "John O'Hara",
    "Łukasz Nowicki",
    "Marie-Ève Dupont",
    "Иван Морозов",
    "Jürgen Groß",
    "Sofía Núñez",
    "Elif Yıldız",
    "Tom Carver",
    "Giulia D'Amico",
];

pub(super) const GENRES: &[&str] =
    &["Drama", "Action / Adventure", "Comedy", "Sci-Fi & Fantasy", "Crime", "Documentary"];

pub(super) const PROGRAMMES: &[&str] = &[
    "News at the Hour",
    "Breakfast Live",
    "The Long Way Home",
    "Tagesschau am Abend",
    "Cooking with Fire & Salt",
    "Match of the Day",
    "Fußball: Die Konferenz",
    "Le Journal",
    "Поле чудес",
    "Weather",
    "Antiques Revisited",
    "Crime Scene: Harbour",
    "Film: Silent Winter",
    "Quiz \"Night & Day\"",
    "Nature's Wonders",
    "Haber Bülteni",
    "Science <Explained>",
    "Kinderstunde",
    "Sportschau kompakt",
    "World Business",
    "Motorsport: Qualifying",
    "Late Night, Live",
    "Новости",
    "Gardens of Europe",
    "Teleshopping",
    "Documentary: The Deep",
    "The Detectives",
    "Cartoon Club",
    "La Grande Émission",
    "Tennis: Final",
    "Travel Tales",
    "Repeat: Best of the Week",
];

pub(super) const SENTENCES: &[&str] = &[
    "The latest headlines from home and abroad.",
    "An old friend returns & nothing stays as it was.",
    "Die Ermittler stehen vor einem Rätsel.",
    "With guests, music and plenty of surprises in the studio.",
    "Two brothers, one house and a letter that was never meant to be read.",
    "En direct et en public.",
    "Season 3, episode 7.",
    "A storm closes the only road to the village; the night is long.",
    "Комедийный сериал о большой семье.",
    "Highlights, interviews and the full table.",
    "He says \"never again\" – and packs his bags.",
    "Repeat.",
    "How glaciers shaped the valleys of northern Europe, seen from the air.",
    "Ein Fall für die Küstenwache: In der Nordsee treibt ein leeres Boot.",
    "Subtitles for the hard of hearing.",
    "The semi-final from the Olympic stadium, with expert commentary.",
];
