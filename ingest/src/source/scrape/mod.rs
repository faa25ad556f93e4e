//! Pages, documents and playlists that list channels: mostly those of Ace Stream.
//!
//! ```text
//!  bytes ──▶ decode ──▶ format ──▶ json │ html │ m3u ──▶ rows ──▶ the harvest
//! ```
//!
//! What is configured is understood before anything is asked ([`Reading::new`]), so a bad selector is told when the
//! program starts. Everything here is pure: bytes in, rows out; a page costs memory in proportion to its bounded size.

mod decode;
mod format;
mod html;
mod json;
pub(crate) mod listing;
mod naming;
pub(crate) mod receive;
pub(crate) mod rows;
#[cfg(test)]
mod tests;
mod tree;

use contract::source::{Format, Scrape, Source};
use url::Url;

use format::Form;
use listing::Listing;
use rows::Rows;

use crate::gather::{Gathering, Taken};
use crate::harvest::Head;
use crate::progress::Bar;

/// The most bytes of a JSON document or a playlist.
pub(crate) const LARGEST: usize = 32 << 20;
/// The most bytes of a web page, which becomes a tree in memory.
const LARGEST_HTML: usize = 8 << 20;

/// A selector or path that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{table}.{key}`: `{written}` cannot be used: {why}")]
pub(crate) struct BadSetting {
    table: &'static str,
    key: &'static str,
    written: String,
    why: String,
}

impl BadSetting {
    fn new(table: &'static str, key: &'static str, written: &str, why: &str) -> Self {
        Self { table, key, written: written.into(), why: why.into() }
    }
}

/// Why a page gives nothing. Never repeats what the page says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nothing but blanks.
    #[error("the page is empty")]
    Empty,
    /// More than is read of such a page.
    #[error("the page is larger than {0} MB")]
    TooLarge(usize),
    /// `format = "auto"`, and it looks like nothing that is known.
    #[error("the page is neither JSON, nor HTML, nor a playlist")]
    UnknownFormat,
    /// A playlist, which only sources of kind `m3u` read so far.
    #[error("the page is a playlist: make it a source of kind `m3u`")]
    Playlist,
    /// It does not parse, or ends too soon.
    #[error("the page is no whole JSON document: line {line}, column {column}")]
    NotJson {
        /// Of the first thing that is wrong, from 1.
        line: usize,
        /// In that line.
        column: usize,
    },
    /// The document has no such list.
    #[error("the document has no list at `{0}`: see `json.list`")]
    NoList(String),
    /// A web page that would cost more than it can be worth.
    #[error("the page is not worth its memory: {0}")]
    Monstrous(&'static str),
    /// A login, a captcha.
    #[error("{0}")]
    InPlaceOfAList(&'static str),
    /// It was read, and has nothing.
    #[error("the page lists no channel")]
    NoChannels,
    /// It lists something, but no id.
    #[error("none of the {0} entries of the page has an Ace Stream id or an address; the first: {1}")]
    NoIds(u64, contract::ace::Fault),
}

/// Reads the pages of a source one after the other, judged against `last`.
///
/// # Errors
/// What is refused and why, in words without an address.
pub(crate) async fn gather(
    run: &Gathering<'_>,
    source: &Source,
    scrape: &Scrape,
    last: Option<&Head>,
    bar: &Bar,
) -> Result<Taken, String> {
    let reading = Reading::new(scrape).map_err(|why| why.to_string())?;
    let mut listing = Listing::default();
    for (number, location) in (1..).zip(&scrape.pages) {
        bar.step(&format!("page {number}"));
        // Pages of one host print alike.
        let place = format!("page {number} ({location})");
        let received = match receive::receive(run, source, location).await {
            Ok(received) => received,
            Err(why) => {
                listing.missing(&place, &why);
                continue;
            }
        };
        let reading = reading.clone();
        let read = move || {
            listing.page(&reading, &place, &received.page());
            listing
        };
        listing =
            tokio::task::spawn_blocking(read).await.map_err(|error| format!("reading failed: {error}"))?;
    }
    let (rows, notes) = listing.finish()?;
    let mut taken = listing::harvested(run, source, &rows, last, bar)?;
    taken.notes.splice(0..0, notes);
    Ok(taken)
}

/// A page as it was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    /// The body, unpacked.
    pub(crate) bytes: &'a [u8],
    /// Of the answer, with its parameters; empty for a file.
    pub(crate) content_type: &'a str,
    /// Where it came from, after redirects; pictures are named from there.
    pub(crate) address: Option<&'a Url>,
}

/// What is configured, understood.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    format: Format,
    json: json::Places,
    html: html::Places,
}

impl Reading {
    /// # Errors
    /// The selector or path that is none.
    pub(crate) fn new(settings: &Scrape) -> Result<Self, BadSetting> {
        Ok(Self {
            format: settings.format,
            json: json::Places::new(&settings.json)?,
            html: html::Places::new(&settings.html)?,
        })
    }

    /// Reads the channels of one page into `rows`. Takes a moment for large pages: call it where waiting is allowed.
    ///
    /// # Errors
    /// Why the page gives nothing; `rows` are as they were, but for their counts.
    pub(crate) fn read(&self, page: &Page<'_>, rows: &mut Rows) -> Result<(), Refusal> {
        if page.bytes.len() > LARGEST {
            return Err(Refusal::TooLarge(LARGEST >> 20));
        }
        let text = decode::decoded(page.bytes, page.content_type);
        if text.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        let form = Form::of(self.format, page.content_type, &text).ok_or(Refusal::UnknownFormat)?;
        let (seen, kept) = (rows.seen(), rows.taken());
        match form {
            Form::Json => json::read(&text, &self.json, page.address, rows)?,
            Form::Html if text.len() > LARGEST_HTML => return Err(Refusal::TooLarge(LARGEST_HTML >> 20)),
            Form::Html => html::read(&text, &self.html, page.address, rows)?,
            Form::M3u => return Err(Refusal::Playlist),
        }
        match (rows.seen() - seen, rows.first_fault()) {
            (0, _) if form == Form::Html => {
                Err(format::in_place_of_a_list(&text).map_or(Refusal::NoChannels, Refusal::InPlaceOfAList))
            }
            (0, _) => Err(Refusal::NoChannels),
            (entries, Some(fault)) if rows.taken() == kept => Err(Refusal::NoIds(entries, fault)),
            _ => Ok(()),
        }
    }
}
