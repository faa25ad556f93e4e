//! What matching came to, for people, for programs, and as a start for the reviewed file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::{Candidate, Match, Method, Wish};

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub struct Row<'a> {
    /// Our id of the channel.
    pub id: &'a str,
    /// Its display name.
    pub name: &'a str,
    /// The id that its source gave.
    pub given: &'a str,
    /// The guide's name, or empty.
    pub guide: &'a str,
    /// The id of the guide's channel, or empty.
    pub guide_id: &'a str,
    /// How it was found.
    pub method: Option<Method>,
    /// How sure it is, 0 to 100.
    pub score: u8,
    /// Others that were considered.
    pub runners_up: &'a [Candidate],
    /// Why there is none.
    pub note: &'a str,
}

/// The report about `wishes`; `guides` are the names of the guides in their order.
pub fn rows<'a>(wishes: &'a [Wish], matches: &'a [Match], guides: &'a [String]) -> Vec<Row<'a>> {
    let row = |(wish, found): (&'a Wish, &'a Match)| {
        let chosen = found.chosen.as_ref();
        Row {
            id: &wish.id,
            name: &wish.name,
            given: &wish.guide_id,
            guide: chosen.and_then(|(candidate, _)| guides.get(candidate.guide)).map_or("", String::as_str),
            guide_id: chosen.map_or("", |(candidate, _)| &candidate.id),
            method: chosen.map(|(_, method)| *method),
            score: chosen.map_or(0, |(candidate, _)| candidate.score),
            runners_up: &found.runners_up,
            note: &found.note,
        }
    };
    wishes.iter().zip(matches).map(row).collect()
}

/// Columns that people can still read.
const WIDEST: usize = 40;

/// A table with aligned columns.
pub fn table(rows: &[Row<'_>]) -> String {
    let titles = ["CHANNEL", "GUIDE ID", "METHOD", "SCORE", "RUNNERS-UP"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(titles).chain(rows.iter().map(cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3].map(width);
    let mut table = String::new();
    for line in &lines {
        for (cell, width) in line.iter().zip(widths) {
            let _ = write!(table, "{cell:width$}  ");
        }
        table.push_str(&line[4]);
        table.truncate(table.trim_end().len());
        table.push('\n');
    }
    table
}

fn cells(row: &Row<'_>) -> [String; 5] {
    let others: Vec<String> =
        row.runners_up.iter().map(|other| format!("{} {}", short(&other.id), other.score)).collect();
    let last = match (row.note, others.join(", ")) {
        ("", others) => others,
        (note, others) if others.is_empty() => note.to_owned(),
        (note, others) => format!("{others} ({note})"),
    };
    [
        short(row.name),
        if row.guide_id.is_empty() { "-".to_owned() } else { short(row.guide_id) },
        row.method.map_or("-", Method::word).to_owned(),
        if row.method.is_some() { row.score.to_string() } else { "-".to_owned() },
        last,
    ]
}

/// In one line, and not too long; what is cut off is told by an ellipsis.
fn short(text: &str) -> String {
    let line: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(WIDEST + 1).collect();
    if line.chars().count() <= WIDEST {
        return line;
    }
    line.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// Writes a new file in the form of the reviewed one: what was found by names, to be looked through, and what was not
/// found, as comments.
///
/// # Errors
/// The disk's, and [`io::ErrorKind::AlreadyExists`] when there is such a file: what somebody reviewed is never
/// overwritten.
pub fn export(rows: &[Row<'_>], file: &Path) -> io::Result<()> {
    let mut text = String::from(
        "# Found by names. Look through it, correct it, and merge it into the reviewed aliases.\n\
         # \"channel\" = \"guide id\"; \"\" means no guide on purpose.\n\n",
    );
    let mut written = std::collections::BTreeSet::new();
    for row in rows {
        let surely = matches!(row.method, Some(Method::Alias | Method::Id | Method::FoldedId));
        if surely || row.name.trim().is_empty() || !written.insert(row.name.trim().to_lowercase()) {
            continue;
        }
        let channel = quoted(row.name.trim());
        let others: Vec<&str> = row.runners_up.iter().map(|other| other.id.as_str()).collect();
        let others = others.join(", ").replace(|letter: char| letter.is_control(), " ");
        let _ = match row.method {
            Some(method) => {
                let id = quoted(row.guide_id);
                writeln!(text, "{} = {}  # {}, {}", channel, id, method.word(), row.score)
            }
            None => writeln!(text, "# {} = \"\"  # {others}", channel),
        };
    }
    File::create_new(file)?.write_all(text.as_bytes())
}

/// A string of TOML on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            _ if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
