//! Asking a source how it is, for an operator who wants to know what is wrong: nothing is taken, nothing is kept.
//!
//! ```text
//!  panel ──▶ each account ──▶ the guide's beginning
//!  playlist, guide, page, file ──▶ its beginning
//! ```
//!
//! Whatever is asked goes through the ledger, as always: finding out costs a provider no more than he tolerates. What is
//! to be done about what was found is not said here.

use std::future::Future;
use std::time::Duration;

use contract::disk::Data;
use contract::source::{Location, Origin, Source, Xtream};
use tokio::time::timeout;

use crate::Settings;
use crate::fetch::{Answer, Ask, Failure, Fetcher, Fetching, Ledgers, Standing, Target};
use crate::source::xtream::{Panel, Question, account};
use crate::tape::Tape;

/// What is read of a document to tell what it is, in bytes.
const HEAD: usize = 4096;
/// How much longer than its patience a question may take that has to wait for its turn.
const TURN: Duration = Duration::from_secs(3);

/// How a source is.
#[derive(Debug)]
pub struct Probed {
    /// By how many seconds the clock of who answered is ahead of ours; `None` if nobody did, or did not say.
    pub ahead: Option<i64>,
    /// What it was asked for, in order.
    pub probes: Vec<Probe>,
}

/// What became of one question.
#[derive(Debug)]
pub struct Probe {
    /// What was asked for.
    pub part: Part,
    /// What came.
    pub outcome: Result<State, Trouble>,
}

/// What of a source is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An account at a panel, by its place in the configuration, from 1.
    Account(usize),
    /// A playlist, or a list of channels.
    Playlist,
    /// A guide.
    Guide,
    /// A page, by its place in the configuration, from 1.
    Page(usize),
}

/// What is the case where nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The account may ask and watch.
    Account {
        /// Connections it allows at once; 0 where it sets or says no limit.
        connections: u32,
        /// Connections that are open, whoever has them.
        active: u32,
        /// Unix time, in seconds, of its end; `None` for never.
        expires: Option<u64>,
    },
    /// It is there, and begins as it should.
    There,
}

/// What is wrong.
#[derive(Debug)]
pub struct Trouble {
    /// Of what kind it is.
    pub why: Why,
    /// In words without an address or a credential.
    pub words: String,
}

/// The kinds of what may be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No connection, or it broke.
    Connection,
    /// Whoever answers does not show that he is who he should be.
    Certificate,
    /// No answer in time.
    Slow,
    /// A status of HTTP that is no success.
    Status(u16),
    /// The account may not ask.
    Account(Standing),
    /// An answer that is not what was asked for.
    Odd,
    /// Nothing was asked, since nothing may be asked now.
    Unasked,
    /// A file that cannot be read.
    File,
}

/// Asks `source` how it is, and waits no longer than `patience` for each answer. What was asked is written into the ledger
/// in `data`.
pub async fn probe(data: &Data, source: &Source, patience: Duration) -> Probed {
    let mut source = source.clone();
    // Patience is ours, and once is enough.
    let transport = &mut source.transport;
    (transport.connect_timeout, transport.first_byte_timeout) = (None, None);
    (transport.request_timeout, transport.retries) = (None, None);
    let settings = Settings {
        connect_timeout: patience,
        first_byte_timeout: patience,
        request_timeout: patience,
        guide_timeout: patience,
        retries: 0,
        ..Settings::default()
    };
    let ledgers = Ledgers::new(data);
    let fetching = Fetching { data, settings: &settings, ledgers: &ledgers, tape: Tape::None };
    let fetcher = match Fetcher::new(&source, fetching) {
        Ok(fetcher) => fetcher,
        Err(failure) => {
            let part = part_of(&source.origin);
            return Probed { ahead: None, probes: vec![Probe { part, outcome: Err(failure.into()) }] };
        }
    };
    match &source.origin {
        Origin::Xtream(panel) => of_panel(fetcher, panel, patience).await,
        Origin::M3u(list) => of_documents(&fetcher, &[(Part::Playlist, &list.from)], patience).await,
        Origin::Xmltv(guide) => of_documents(&fetcher, &[(Part::Guide, &guide.from)], patience).await,
        Origin::Scrape(scrape) => {
            let pages = scrape.pages.iter().enumerate();
            let pages: Vec<_> = pages.map(|(at, page)| (Part::Page(at + 1), page)).collect();
            of_documents(&fetcher, &pages, patience).await
        }
        Origin::Acestream(list) => {
            let files: Vec<_> = list.from.iter().map(|from| (Part::Playlist, from)).collect();
            of_documents(&fetcher, &files, patience).await
        }
    }
}

/// What is asked for first.
const fn part_of(origin: &Origin) -> Part {
    match origin {
        Origin::Xtream(_) => Part::Account(1),
        Origin::M3u(_) | Origin::Acestream(_) => Part::Playlist,
        Origin::Xmltv(_) => Part::Guide,
        Origin::Scrape(_) => Part::Page(1),
    }
}

async fn of_panel(fetcher: Fetcher<'_>, panel: &Xtream, patience: Duration) -> Probed {
    let source = fetcher.source();
    let panel = Panel::new(fetcher, panel);
    let mut probes = Vec::new();
    let account = Question { page: "player_api.php", parameters: &[], patience };
    for number in 0..panel.accounts().len() {
        let asking = panel.check(number, account, |body| account::read(body, source));
        let outcome = in_time(patience, asking).await.map(|account| State::Account {
            connections: panel.accounts()[number].max_connections.unwrap_or(account.max_connections),
            active: account.active,
            expires: account.expires,
        });
        probes.push(Probe { part: Part::Account(number + 1), outcome });
    }
    if probes.iter().any(|probe| probe.outcome.is_ok()) {
        let guide = Question { page: "xmltv.php", parameters: &[], patience };
        let asking = async { begins(panel.ask(guide).await?, Part::Guide).await };
        probes.push(Probe { part: Part::Guide, outcome: in_time(patience, asking).await });
    }
    Probed { ahead: panel.ahead(), probes }
}

async fn of_documents(fetcher: &Fetcher<'_>, documents: &[(Part, &Location)], patience: Duration) -> Probed {
    let mut probes = Vec::new();
    for (part, location) in documents {
        let asking = async {
            let target = Target::new(location)?;
            begins(fetcher.get(Ask::new(target.place(), patience)).await?, *part).await
        };
        probes.push(Probe { part: *part, outcome: in_time(patience, asking).await });
    }
    Probed { ahead: fetcher.ahead(), probes }
}

/// What becomes of a question that has `patience` once it may be asked.
async fn in_time<T>(
    patience: Duration,
    asking: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Trouble> {
    match timeout(patience + TURN, asking).await {
        Ok(asked) => asked.map_err(Trouble::from),
        Err(_) => Err(Trouble {
            why: Why::Unasked,
            words: "another program is asking this provider, and nothing may be asked beside it".into(),
        }),
    }
}

/// Whether an answer begins as what was asked for; the rest of it is left.
async fn begins(mut answer: Answer, part: Part) -> Result<State, Failure> {
    let mut head = Vec::new();
    while head.len() < HEAD {
        let Some(chunk) = answer.chunk().await? else { break };
        head.extend_from_slice(&chunk);
    }
    match odd(&head[..head.len().min(HEAD)], part) {
        None => Ok(State::There),
        Some(words) => Err(Failure::Refused(words.into())),
    }
}

/// What is wrong with a document that begins so. What is packed is taken for what it should be.
fn odd(head: &[u8], part: Part) -> Option<&'static str> {
    const PACKED: [&[u8]; 3] = [b"\x1f\x8b", b"\xfd7zXZ", b"PK\x03\x04"];
    let text: Vec<u8> = head.iter().filter(|byte| **byte != 0).map(u8::to_ascii_lowercase).collect();
    let bare = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text).trim_ascii_start();
    let is_page = bare.starts_with(b"<!doctype html") || bare.starts_with(b"<html");
    if bare.is_empty() {
        return Some("the answer is empty");
    }
    if PACKED.iter().any(|packed| head.starts_with(packed)) {
        return None;
    }
    match part {
        Part::Guide if is_page => Some("the answer is a web page and no guide"),
        Part::Guide => (!bare.contains(&b'<')).then_some("the answer is no guide"),
        Part::Playlist if bare.starts_with(b"<") => Some("the answer is a web page and no playlist"),
        Part::Playlist if bare.starts_with(b"{") => Some("the answer is JSON and no playlist"),
        Part::Playlist | Part::Page(_) | Part::Account(_) => None,
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        let why = match &failure {
            Failure::Connection(_) => Why::Connection,
            Failure::Certificate(_) => Why::Certificate,
            Failure::Slow(_) => Why::Slow,
            Failure::Status(status, _) => Why::Status(status.as_u16()),
            Failure::Account(standing) => Why::Account(*standing),
            Failure::Odd(_) | Failure::Refused(_) => Why::Odd,
            Failure::Spent(_) | Failure::Elsewhere(_) => Why::Unasked,
            Failure::Disk(_) => Why::File,
        };
        Self { why, words: plain(&failure.to_string()).to_owned() }
    }
}

/// Without what the library puts before the cause, which is all that matters to people.
fn plain(words: &str) -> &str {
    const BEFORE: [&str; 3] = ["error sending request: ", "client error (Connect): ", "tcp connect error: "];
    BEFORE.iter().fold(words, |words, before| words.strip_prefix(before).unwrap_or(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_known_by_its_beginning() {
        for (head, part, expected) in [
            (&b"#EXTM3U\n"[..], Part::Playlist, None),
            (b"http://h/1.ts\n", Part::Playlist, None),
            (b" <html>", Part::Playlist, Some("web page")),
            (b"{\"user_info\":{}}", Part::Playlist, Some("JSON")),
            (b"\xef\xbb\xbf<?xml version", Part::Guide, None),
            (b"\xff\xfe<\0t\0v\0>\0", Part::Guide, None),
            (b"\x1f\x8b\x08", Part::Guide, None),
            (b"<!DOCTYPE html>", Part::Guide, Some("web page")),
            (b"blocked", Part::Guide, Some("no guide")),
            (b" \n", Part::Page(1), Some("empty")),
            (b"<html>", Part::Page(1), None),
        ] {
            let said = odd(head, part);
            assert!(said.is_some() == expected.is_some(), "{head:?} {said:?}");
            assert!(said.unwrap_or("").contains(expected.unwrap_or("")), "{head:?} {said:?}");
        }
    }
}
