//! Countries as lists write them: `UK:`, `|DE|`, `(IT)`, `.fr`, `GERMANY`, a flag.
//!
//! Only the countries that channel lists are sorted by; a code that is not here is an ordinary word. `AR` in a name is
//! more often Arabic than Argentina, `EN` is a language: such areas are recognised, so that they are no part of the
//! name, and say nothing about the country.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A country by its ISO 3166-1 alpha-2 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(&'static str);

impl Country {
    /// The code in capitals, `GB`.
    pub const fn code(self) -> &'static str {
        self.0
    }

    /// Of a code or a name, in any case: `uk`, `GBR`, `Deutschland`. For what a source says in a field of its own.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        match WORDS.get(text.as_str()) {
            Some(Place::Country(country, _)) => Some(*country),
            Some(Place::Area(_)) | None => domain(&text),
        }
    }

    /// Of the two letters of a flag.
    pub(super) fn of_flag(letters: [u8; 2]) -> Option<Self> {
        let code = letters.map(|letter| letter.to_ascii_lowercase() as char);
        domain(&code.iter().collect::<String>())
    }
}

/// Where a channel is for, if not one country: a language, a part of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area(&'static [&'static str]);

impl Area {
    /// Whether it may mean `country`.
    pub fn includes(self, country: Country) -> bool {
        self.0.is_empty() || self.0.contains(&country.0)
    }
}

/// How sure a word is to mean a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sure {
    /// A code that means it even without a separator, at the beginning of a name: `UK BBC One`.
    Bare,
    /// A code that means it with a separator, in brackets or at the end.
    Code,
    /// A code that is a word too: with a separator or in brackets.
    Doubtful,
    /// A name, which may be a part of the channel's: `Radio Italia`.
    Name,
    /// An adjective, which in a channel's name is its language: `i24 News French`.
    Adjective,
}

/// What a word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A country.
    Country(Country, Sure),
    /// A language, or a part of the world.
    Area(Area),
}

/// What the folded `word` means as a place, if it does.
pub(super) fn place(word: &str) -> Option<Place> {
    WORDS.get(word).copied()
}

/// The country of a top-level domain, such as the end of `BBCOne.uk`.
pub(super) fn domain(text: &str) -> Option<Country> {
    match text {
        "ar" => Some(Country("AR")),
        _ if text.len() == 2 => match WORDS.get(text)? {
            Place::Country(country, _) => Some(*country),
            Place::Area(_) => None,
        },
        _ => None,
    }
}

/// Languages and parts of the world that stand where a country would, and the countries they may mean; none listed,
/// any. `la` is here because it is Latin America more often than Laos.
const AREAS: &[(&str, &[&str])] = &[
    ("ar arb arab arabic mena", &["AE", "DZ", "EG", "IQ", "LB", "MA", "QA", "SA", "SY", "TN"]),
    ("en eng english", &["AU", "CA", "GB", "IE", "IN", "NZ", "US", "ZA"]),
    (
        "lat latam latin latino la",
        &["AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "HN", "MX", "PE", "PR", "PY", "US", "UY", "VE"],
    ),
    (
        "spanish",
        &[
            "AR", "BO", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "HN", "MX", "PE", "PR", "PY", "US", "UY",
            "VE",
        ],
    ),
    ("exyu yu balkan balkans", &["AL", "BA", "BG", "HR", "ME", "MK", "RS", "SI", "XK"]),
    ("scan sca scandinavia nordic", &["DK", "FI", "IS", "NO", "SE"]),
    ("afr africa african", &["DZ", "EG", "MA", "NG", "TN", "ZA"]),
    ("kurd kurdish kd", &["IQ", "IR", "SY", "TR"]),
    ("eu euro europe asia asian ww world int intl carib caribbean", &[]),
];

/// Code; codes as they are written; names; adjectives.
const COUNTRIES: &[(&str, &str, &str, &str)] = &[
    ("AE", "ae uae", "emirates", ""),
    ("AF", "af afg", "afghanistan", "afghan"),
    ("AL", "al alb", "albania shqiperia", "albanian shqip"),
    ("AM", "am arm", "armenia", "armenian"),
    ("AR", "arg", "argentina", ""),
    ("AT", "at aut", "austria osterreich oesterreich avusturya", ""),
    ("AU", "au aus", "australia", ""),
    ("AZ", "az aze", "azerbaijan azerbaycan", ""),
    ("BA", "ba bih", "bosnia", ""),
    ("BD", "bd ban", "bangladesh", "bangla"),
    ("BE", "be bel", "belgium belgique belgie belcika", ""),
    ("BG", "bg bul bgr", "bulgaria", "bulgarian"),
    ("BO", "bo bol", "bolivia", ""),
    ("BR", "br bra", "brazil brasil", ""),
    ("BY", "by blr", "belarus", ""),
    ("CA", "ca can", "canada", "canadian"),
    ("CH", "ch sui che", "switzerland schweiz suisse svizzera", "swiss"),
    ("CL", "cl chl", "chile", ""),
    ("CN", "cn chn", "china", ""),
    ("CO", "co col", "colombia", ""),
    ("CR", "cr cri", "costarica", ""),
    ("CU", "cu cub", "cuba", ""),
    ("CY", "cy cyp", "cyprus", ""),
    ("CZ", "cz cze", "czech czechia cesko ceska", ""),
    ("DE", "de ger deu", "germany deutschland allemagne alemania almanya", "german"),
    ("DK", "dk den dnk", "denmark danmark danimarka", "danish"),
    ("DO", "do dom", "dominicana", ""),
    ("DZ", "dz dza", "algeria algerie", ""),
    ("EC", "ec ecu", "ecuador", ""),
    ("EE", "ee est", "estonia eesti", ""),
    ("EG", "eg egy", "egypt", ""),
    ("ES", "es esp spa", "spain espana espanha ispanya", ""),
    ("FI", "fi fin", "finland suomi", "finnish"),
    ("FR", "fr fra", "france fransa", "french"),
    ("GB", "gb uk gbr", "england britain ingiltere", "british"),
    ("GE", "ge geo", "georgia", ""),
    ("GR", "gr gre grc", "greece hellas", "greek"),
    ("HK", "hk hkg", "hongkong", ""),
    ("HN", "hn hnd", "honduras", ""),
    ("HR", "hr cro hrv", "croatia hrvatska", ""),
    ("HU", "hu hun", "hungary magyarorszag", "magyar"),
    ("ID", "id idn", "indonesia", ""),
    ("IE", "ie irl", "ireland", "irish"),
    ("IL", "il isr", "israel", ""),
    ("IN", "in ind", "india", "indian"),
    ("IQ", "iq irq", "iraq", ""),
    ("IR", "ir irn", "iran", "persian farsi"),
    ("IS", "is isl", "iceland", ""),
    ("IT", "it ita", "italy italia italien italie italya", "italian"),
    ("JP", "jp jpn", "japan", ""),
    ("KR", "kr kor", "korea", ""),
    ("KZ", "kz kaz", "kazakhstan", ""),
    ("LB", "lb lbn", "lebanon", ""),
    ("LT", "lt ltu", "lithuania lietuva", ""),
    ("LU", "lu lux", "luxembourg", ""),
    ("LV", "lv lva", "latvia latvija", ""),
    ("MA", "ma mar", "morocco maroc", ""),
    ("MD", "md mda", "moldova", ""),
    ("ME", "me mne", "montenegro", ""),
    ("MK", "mk mkd", "macedonia", ""),
    ("MT", "mt mlt", "malta", ""),
    ("MX", "mx mex", "mexico", ""),
    ("MY", "my mys", "malaysia", ""),
    ("NG", "ng nga", "nigeria", ""),
    ("NL", "nl ned nld", "netherlands netherland nederland holland hollanda", "dutch"),
    ("NO", "no nor", "norway norge", "norwegian"),
    ("NZ", "nz nzl", "newzealand", ""),
    ("PE", "pe per", "peru", ""),
    ("PH", "ph phl", "philippines", ""),
    ("PK", "pk pak", "pakistan", ""),
    ("PL", "pl pol", "poland polska polen", "polish"),
    ("PR", "pr pri", "puertorico", ""),
    ("PT", "pt por prt", "portugal", ""),
    ("PY", "py pry", "paraguay", ""),
    ("QA", "qa qat", "qatar", ""),
    ("RO", "ro rom rou", "romania romanya", "romanian"),
    ("RS", "rs srb", "serbia srbija", ""),
    ("RU", "ru rus", "russia rossiya", "russian"),
    ("SA", "sa ksa", "saudi", ""),
    ("SE", "se swe", "sweden sverige isvec", "swedish"),
    ("SG", "sg sgp", "singapore", ""),
    ("SI", "si slo svn", "slovenia slovenija", ""),
    ("SK", "sk svk", "slovakia slovensko", ""),
    ("SY", "sy syr", "syria", ""),
    ("TH", "th tha", "thailand", ""),
    ("TN", "tn tun", "tunisia", ""),
    ("TR", "tr tur", "turkey turkiye turkei", "turkish"),
    ("TW", "tw twn", "taiwan", ""),
    ("UA", "ua ukr", "ukraine", ""),
    ("US", "us usa", "america", "american"),
    ("UY", "uy ury", "uruguay", ""),
    ("VE", "ve ven", "venezuela", ""),
    ("VN", "vn vnm", "vietnam", ""),
    ("XK", "xk kos", "kosovo", ""),
    ("ZA", "za rsa", "southafrica", ""),
];

/// Codes that are hardly ever anything else at the beginning of a name.
const BARE: &[&str] = &[
    "uk", "usa", "de", "fr", "pl", "tr", "nl", "pt", "es", "gr", "ro", "bg", "hu", "cz", "sk", "rs", "al",
    "dk", "swe", "ger", "ita", "esp", "pol", "tur",
];

/// Codes that are words as well, which at the end of a name say nothing: `Sports IN`, `Discovery ID`.
const DOUBTFUL: &[&str] = &[
    "in", "it", "no", "me", "is", "at", "be", "my", "id", "by", "do", "am", "per", "can", "den", "dom",
    "ban", "sui", "mar", "pr", "ma", "ind", "fin", "nor", "bel", "geo", "kos", "bol", "col", "est", "slo",
    "por", "spa", "bul", "cro", "arm", "hr", "br", "sr", "th", "si", "sa", "co", "al",
];

static WORDS: LazyLock<HashMap<&'static str, Place>> = LazyLock::new(|| {
    let mut words = HashMap::new();
    for (code, codes, names, adjectives) in COUNTRIES {
        let country = |sure| Place::Country(Country(code), sure);
        for word in codes.split(' ') {
            let sure = match word {
                _ if BARE.contains(&word) => Sure::Bare,
                _ if DOUBTFUL.contains(&word) => Sure::Doubtful,
                _ => Sure::Code,
            };
            words.insert(word, country(sure));
        }
        words.extend(names.split_whitespace().map(|word| (word, country(Sure::Name))));
        words.extend(adjectives.split_whitespace().map(|word| (word, country(Sure::Adjective))));
    }
    for (names, countries) in AREAS {
        words.extend(names.split(' ').map(|word| (word, Place::Area(Area(countries)))));
    }
    words
});
