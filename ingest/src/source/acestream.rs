//! Ace Stream channels that somebody listed by hand: in the configuration, or in a file.
//!
//! A file has a channel on each line, its id in any form and then its name; or columns under a heading:
//!
//! ```text
//! # comment                                   id;name;group;logo;guide
//! acestream://0123… One HD                    0123…;"One; HD";Sports;https://…;one.uk
//! 4567… Two
//! ```
//!
//! Lines that cannot be understood are told with their number, and the others are taken.

use std::path::PathBuf;

use contract::ace::AceId;
use contract::source::{Acestream, Format, Location, Paths, Scrape, Selectors, Source};

use super::scrape::listing;
use super::scrape::receive;
use super::scrape::rows::{Found, Leads, Rows, Worth};
use super::scrape::{LARGEST, Page, Reading};
use crate::gather::{Gathering, Taken};
use crate::harvest::Head;
use crate::progress::Bar;

/// Lines of which it is told one by one what is wrong.
const MOST_FAULTS: usize = 20;

/// Reads what is listed, judged against `last`.
///
/// # Errors
/// What is refused and why.
pub(crate) async fn gather(
    run: &Gathering<'_>,
    source: &Source,
    list: &Acestream,
    last: Option<&Head>,
    bar: &Bar,
) -> Result<Taken, String> {
    let mut rows = Rows::default();
    for channel in &list.channels {
        let found = Found {
            name: &channel.name,
            worth: Worth::Said,
            category: &channel.group,
            logo: &channel.logo,
            guide: &channel.guide,
        };
        rows.add(Leads::Ace(channel.id.clone()), &found, None);
    }
    let mut notes = Vec::new();
    if let Some(location) = &list.from {
        let place = location.to_string();
        let received =
            receive::receive(run, source, location).await.map_err(|why| format!("{place}: {why}"))?;
        notes = lines(&received.bytes, &place, &mut rows)?;
    }
    let (rows, more) = rows.finish();
    notes.extend(more);
    let mut taken = listing::harvested(run, source, &rows, last, bar)?;
    taken.notes.splice(0..0, notes);
    Ok(taken)
}

/// Reads a file into `rows`; `place` is what it is called. What could not be understood, as `place:line: why`.
///
/// # Errors
/// It is too large, or nothing could be understood.
fn lines(bytes: &[u8], place: &str, rows: &mut Rows) -> Result<Vec<String>, String> {
    if bytes.len() > LARGEST {
        return Err(format!("{place}: larger than {} MB", LARGEST >> 20));
    }
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    if text.trim_start().get(..7).is_some_and(|mark| mark.eq_ignore_ascii_case("#EXTM3U")) {
        return playlist(bytes, place, rows);
    }
    let before = rows.taken();
    let mut faults = Vec::new();
    let mut wrong = 0;
    let mut columns = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || line.starts_with("//") {
            continue;
        }
        let first = rows.taken() == before && wrong == 0 && columns.is_none();
        if first && let Some(heading) = Columns::of(line) {
            columns = Some(heading);
            continue;
        }
        let taken = match &columns {
            Some(columns) => columns.take(line, rows),
            None => plain(line, rows),
        };
        if let Err(why) = taken {
            wrong += 1;
            if faults.len() < MOST_FAULTS {
                faults.push(format!("{place}:{number}: {why}"));
            }
        }
    }
    if wrong > MOST_FAULTS {
        faults.push(format!("{place}: {} further lines cannot be understood", wrong - MOST_FAULTS));
    }
    if rows.taken() == before {
        faults.truncate(3);
        faults.insert(0, format!("{place}: no line names a channel: expected an id and a name on each"));
        return Err(faults.join("; "));
    }
    Ok(faults)
}

/// A playlist is read as those of pages are.
fn playlist(bytes: &[u8], place: &str, rows: &mut Rows) -> Result<Vec<String>, String> {
    let settings = Scrape {
        pages: vec![Location::File(PathBuf::new())],
        format: Format::M3u,
        json: Paths::default(),
        html: Selectors::default(),
    };
    let reading = Reading::new(&settings).map_err(|why| why.to_string())?;
    let page = Page { bytes, content_type: "", address: None };
    reading.read(&page, rows).map_err(|why| format!("{place}: {why}"))?;
    Ok(Vec::new())
}

/// Takes `id name`.
fn plain(line: &str, rows: &mut Rows) -> Result<(), String> {
    let (id, name) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let id = AceId::parse(id).map_err(|fault| fault.to_string())?;
    let name = name.trim_start_matches(|letter: char| letter.is_whitespace() || "-–—|,;:".contains(letter));
    rows.add(Leads::Ace(id), &Found { name, worth: Worth::Said, ..Found::default() }, None);
    Ok(())
}

/// Which column is what.
struct Columns {
    separator: char,
    count: usize,
    id: usize,
    name: Option<usize>,
    group: Option<usize>,
    logo: Option<usize>,
    guide: Option<usize>,
}

impl Columns {
    /// Understands a heading; `None` if the line is none.
    fn of(line: &str) -> Option<Self> {
        let separator = ['\t', ';', ','].into_iter().find(|separator| line.contains(*separator))?;
        let titles = fields(line, separator).ok()?;
        let titles: Vec<String> = titles.iter().map(|title| title.to_ascii_lowercase()).collect();
        let at = |names: &[&str]| titles.iter().position(|title| names.contains(&title.as_str()));
        Some(Self {
            separator,
            count: titles.len(),
            id: at(&["id", "ace_id", "aceid", "content_id", "hash", "infohash", "url", "link"])?,
            name: at(&["name", "title", "channel"]),
            group: at(&["group", "category", "group-title"]),
            logo: at(&["logo", "icon", "tvg-logo", "image"]),
            guide: at(&["guide", "tvg-id", "tvg_id", "epg_id", "epg"]),
        })
    }

    fn take(&self, line: &str, rows: &mut Rows) -> Result<(), String> {
        let fields = fields(line, self.separator)?;
        if fields.len() > self.count {
            return Err(format!(
                "{} fields under {} titles: quote what has a separator",
                fields.len(),
                self.count
            ));
        }
        let field = |at: Option<usize>| at.and_then(|at| fields.get(at)).map_or("", String::as_str);
        let id = AceId::parse(field(Some(self.id))).map_err(|fault| fault.to_string())?;
        let found = Found {
            name: field(self.name),
            worth: Worth::Said,
            category: field(self.group),
            logo: field(self.logo),
            guide: field(self.guide),
        };
        rows.add(Leads::Ace(id), &found, None);
        Ok(())
    }
}

/// The fields of a line of RFC 4180, which here ends with its line.
fn fields(line: &str, separator: char) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                quoted = true;
            }
            letter if letter == separator && !quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    if quoted {
        return Err("a quote is not closed on its line".into());
    }
    fields.push(field);
    Ok(fields.into_iter().map(|field| field.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::scrape::rows::Row;
    use super::*;

    fn listed(text: &str) -> Result<(Vec<Row>, Vec<String>), String> {
        let mut rows = Rows::default();
        let notes = lines(text.as_bytes(), "ids.txt", &mut rows)?;
        Ok((rows.finish().0, notes))
    }

    fn shown(rows: &[Row]) -> Vec<String> {
        let show = |row: &Row| format!("{}|{}|{}|{}", row.name, row.category, row.logo, row.guide);
        rows.iter().map(show).collect()
    }

    #[test]
    fn a_line_is_an_id_and_a_name() {
        let (a, b, c) = ("a".repeat(40), "b".repeat(40), "c".repeat(40));
        let text =
            format!("\u{feff}# mine\r\n{a} One HD\r\n\r\nacestream://{b}\t- Two\nnonsense\n{c}\n{a}0 Long\n");
        let (rows, notes) = listed(&text).unwrap();
        assert_eq!(shown(&rows), ["One HD|||", "Two|||", "|||"]);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("ids.txt:5: not an Ace Stream id"), "{notes:?}");
        assert!(notes[1].starts_with("ids.txt:7: "), "{notes:?}");
    }

    #[test]
    fn columns_stand_under_their_titles() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!(
            "Name;ID;Group;Logo;tvg-id\n\"One; \"\"1\"\"\";{a};Sports;https://h/1.png;one.uk\nTwo;acestream://{b}\n\
             \"open;{a}\nx;{a};;;;more\n"
        );
        let (rows, notes) = listed(&text).unwrap();
        assert_eq!(shown(&rows), ["One; \"1\"|Sports|https://h/1.png|one.uk", "Two|||"]);
        assert_eq!(notes[0], "ids.txt:4: a quote is not closed on its line");
        assert!(notes[1].starts_with("ids.txt:5: 6 fields under 5 titles"), "{notes:?}");
    }

    #[test]
    fn a_file_without_channels_is_refused_with_its_first_lines() {
        let told = listed("# nothing\nOne HD\n").unwrap_err();
        assert!(told.contains("no line names a channel") && told.contains("ids.txt:2:"), "{told}");
        assert!(listed("").is_err() && listed("id,name\n").is_err());
    }
}
