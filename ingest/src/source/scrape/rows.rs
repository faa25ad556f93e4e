//! What lists of channels come to, whatever they are written in: rows, each broadcast once.
//!
//! Pages name the same broadcast several times (a picture and a name, two qualities of a table, two pages), so rows are
//! kept by what they lead to, and the best of every fact stays.

use contract::ace::{AceId, Fault, Kind};
use rustc_hash::FxHashMap;
use url::Url;

use crate::tidy;

/// The most rows that are kept of all pages of a source.
pub(crate) const MOST_ROWS: usize = 100_000;
/// The most characters of a name, group or guide id.
const LONGEST_TEXT: usize = 300;
/// The most bytes of an address; longer ones are pictures written into the address.
const LONGEST_ADDRESS: usize = 2_000;

/// What a row leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// To a broadcast of Ace Stream.
    Ace(AceId),
    /// To a stream at an `http://` or `https://` address, which may hold credentials.
    Web(String),
}

impl Leads {
    /// What `written` leads to: an id in any form, or an address.
    ///
    /// # Errors
    /// Why it is neither. An engine's address that names two ids is no plain address.
    pub(crate) fn to(written: &str) -> Result<Self, Fault> {
        let written = written.trim();
        match AceId::parse(written) {
            Ok(id) => Ok(Self::Ace(id)),
            Err(Fault::NotAnId) if is_web(written) => Ok(Self::Web(written.to_owned())),
            Err(fault) => Err(fault),
        }
    }

    /// What does not change when the list moves or is sorted anew: the id's digits, else the address.
    fn key(&self) -> &str {
        match self {
            Self::Ace(id) => id.hex(),
            Self::Web(address) => address,
        }
    }
}

/// Whether a text is an address of the web that can be published.
fn is_web(text: &str) -> bool {
    text.len() <= LONGEST_ADDRESS && tidy::is_web(text) && !text.contains('\\') && Url::parse(text).is_ok()
}

/// How much a name is worth, the best first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// It stands where the name belongs.
    Said,
    /// It was written to describe the link: a title, the text of a picture.
    Described,
    /// It stands nearby.
    Near,
    /// There is none.
    #[default]
    Nothing,
}

/// A channel of a list. Texts are as people read them, and empty when the list does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) leads: Leads,
    pub(crate) name: String,
    pub(crate) category: String,
    /// A whole `http://` or `https://` address.
    pub(crate) logo: String,
    /// The guide channel, as the list spells it.
    pub(crate) guide: String,
    worth: Worth,
}

/// What a reader found of a row, before it is tidied.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found<'a> {
    pub(crate) name: &'a str,
    pub(crate) worth: Worth,
    pub(crate) category: &'a str,
    pub(crate) logo: &'a str,
    pub(crate) guide: &'a str,
}

/// Rows in the order in which they were first named, and what was not taken.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    rows: Vec<Row>,
    places: FxHashMap<String, usize>,
    /// Elements whose id is none, and why the first one is none.
    invalid: u64,
    first_fault: Option<Fault>,
    /// Named again.
    repeated: u64,
    /// More than [`MOST_ROWS`].
    dropped: u64,
}

impl Rows {
    /// Takes a row; `page` is the address of its page, for pictures that are named from there.
    pub(crate) fn add(&mut self, leads: Leads, found: &Found<'_>, page: Option<&Url>) {
        let name = text(found.name);
        let worth = if name.is_empty() { Worth::Nothing } else { found.worth };
        let (category, guide) = (text(found.category), text(found.guide));
        let row = Row { name, worth, category, guide, logo: picture(found.logo, page), leads };
        if let Some(place) = self.places.get(row.leads.key()) {
            self.repeated += 1;
            self.rows[*place].improve(row);
        } else if self.rows.len() < MOST_ROWS {
            self.places.insert(row.leads.key().to_owned(), self.rows.len());
            self.rows.push(row);
        } else {
            self.dropped += 1;
        }
    }

    /// Counts an element that has the place of an id, but none in it.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        self.invalid += 1;
        self.first_fault.get_or_insert(fault);
    }

    /// Elements that were looked at.
    pub(crate) fn seen(&self) -> u64 {
        self.taken() + self.invalid
    }

    /// Elements that named a channel, whether a new one or not.
    pub(crate) fn taken(&self) -> u64 {
        self.rows.len() as u64 + self.repeated + self.dropped
    }

    /// Why the first element that was not taken was not.
    pub(crate) fn first_fault(&self) -> Option<Fault> {
        self.first_fault
    }

    /// The rows, and what people should know of what is not among them.
    pub(crate) fn finish(self) -> (Vec<Row>, Vec<String>) {
        let mut notes = Vec::new();
        if let Some(fault) = self.first_fault {
            notes.push(format!("{} entries left out, the first because: {fault}", self.invalid));
        }
        if self.repeated > 0 {
            notes.push(format!("{} entries name a channel that was named before", self.repeated));
        }
        if self.dropped > 0 {
            notes.push(format!("{} entries left out: more than {MOST_ROWS} channels", self.dropped));
        }
        (self.rows, notes)
    }
}

impl Row {
    /// Takes over what another row for the same broadcast says better.
    fn improve(&mut self, other: Self) {
        if other.worth < self.worth {
            (self.name, self.worth) = (other.name, other.worth);
        }
        for (mine, others) in [
            (&mut self.category, other.category),
            (&mut self.logo, other.logo),
            (&mut self.guide, other.guide),
        ] {
            if mine.is_empty() {
                *mine = others;
            }
        }
        // Bare digits say nothing of their kind; whoever writes `infohash` knows.
        if let Leads::Ace(id) = &other.leads
            && id.kind() == Kind::Infohash
        {
            self.leads = other.leads;
        }
    }
}

/// Text as people read it, cut to a length that people read.
fn text(raw: &str) -> String {
    let mut tidy = tidy::words(raw).into_owned();
    if let Some((end, _)) = tidy.char_indices().nth(LONGEST_TEXT) {
        tidy.truncate(end);
        tidy.truncate(tidy.trim_end().len());
    }
    tidy
}

/// A picture's whole address, or nothing.
///
/// SECURITY: it is published, and the page's own address may hold credentials: before the host, in the path or in the
/// query. So only scheme, host and port are ever taken over from it, and a picture that is named from the page's own
/// folder is left out.
fn picture(raw: &str, page: Option<&Url>) -> String {
    let raw = raw.trim();
    if is_web(raw) {
        return raw.to_owned();
    }
    let Some(page) = page.filter(|_| raw.starts_with('/') && raw.len() <= LONGEST_ADDRESS) else {
        return String::new();
    };
    let host = page.origin().ascii_serialization();
    let whole = Url::parse(&host).and_then(|host| host.join(raw)).map(String::from);
    whole.ok().filter(|whole| is_web(whole)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(40)
    }

    #[test]
    fn a_broadcast_is_one_row_with_the_best_of_every_fact() {
        let mut rows = Rows::default();
        let near = Found {
            name: "nearby",
            worth: Worth::Near,
            logo: "data:image/png;base64,AA",
            ..Found::default()
        };
        let said = Found { name: " One  HD\n", worth: Worth::Said, category: "UK", ..Found::default() };
        let late =
            Found { name: "Two", worth: Worth::Said, logo: "/l/1.png", category: "x", ..Found::default() };
        let page = Url::parse("http://u:hunter2@h:81/token/list.html?key=hunter2").unwrap();
        for (written, found) in [
            (hex('a'), &near),
            (format!("acestream:?infohash={}", hex('A')), &said),
            (format!("acestream://{}", hex('a')), &late),
            (hex('b'), &Found::default()),
        ] {
            rows.add(Leads::to(&written).unwrap(), found, Some(&page));
        }
        rows.refuse(Fault::NotHex);
        assert_eq!((rows.seen(), rows.taken()), (5, 4));
        let (rows, notes) = rows.finish();
        assert_eq!(rows.len(), 2);
        let first = &rows[0];
        assert_eq!((first.name.as_str(), first.category.as_str()), ("One HD", "UK"));
        assert_eq!(first.logo, "http://h:81/l/1.png");
        assert_eq!(first.leads, Leads::Ace(AceId::new(Kind::Infohash, &hex('a')).unwrap()));
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn pictures_take_nothing_secret_from_the_pages_address() {
        let page = Url::parse("https://u:hunter2@h/hunter2/x?hunter2").unwrap();
        for (raw, expected) in [
            ("https://cdn/x.png?a=b", "https://cdn/x.png?a=b"),
            ("/x y.png", "https://h/x%20y.png"),
            ("//cdn/x.png", "https://cdn/x.png"),
            ("x.png", ""),
            ("?x", ""),
            ("javascript:alert(1)", ""),
            ("http://h/\"onload", ""),
        ] {
            assert_eq!(picture(raw, Some(&page)), expected, "{raw}");
        }
        assert_eq!(picture("/x.png", None), "");
    }

    #[test]
    fn what_is_too_long_or_too_much_is_cut() {
        assert_eq!(text(&"é ".repeat(1000)).chars().count(), LONGEST_TEXT - 1);
        let mut rows = Rows::default();
        for number in 0..MOST_ROWS + 3 {
            let leads = Leads::to(&format!("{number:040x}")).unwrap();
            rows.add(leads, &Found::default(), None);
        }
        let (rows, notes) = rows.finish();
        assert_eq!(rows.len(), MOST_ROWS);
        assert!(notes[0].starts_with("3 entries left out"), "{notes:?}");
    }
}
