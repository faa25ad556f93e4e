//! Playlists, read twice by the crate `m3u`.
//!
//! ```text
//! bytes ──▶ m3u::read: an Entry after the other ──▶ m3u::guess: channel, film, episode ──▶ key ──▶ map ──▶ harvest::Writer
//! ```
//!
//! Twice, because what an entry is known by depends on whether another one has the same ids: the first pass takes note of
//! a few hashes of each, the second writes. Nothing is ever dialled or run from here; addresses are text.

mod catchup;
mod key;
mod map;
mod reach;
mod tally;

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use contract::bundle::Kind;
use contract::source::{Location, M3u, Source};
use m3u::{Guess, Parts, Refusal};
use url::{Url, form_urlencoded};

use self::key::Keys;
use self::map::Mapping;
use crate::fetch::{Ask, Document, Fetcher, Place, Target};
use crate::gate::Gate;
use crate::gather::{Gathering, Taken};
use crate::guide::Copy;
use crate::harvest::{Harvest, Head, Item, List, Writer};
use crate::progress::Bar;

/// The playlist below `state/<source>/`.
const NAME: &str = "playlist";
/// The most guides of those that a playlist names.
const MOST_GUIDES: usize = 8;
/// Bytes of a playlist that are read together.
const PIECE: usize = 1 << 18;

/// What a playlist gave besides its entries.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// Addresses of guides that it names, in order. SECURITY: they may hold credentials.
    pub(crate) guides: Vec<String>,
    /// What was odd about it, in words without an address.
    pub(crate) notes: Vec<String>,
}

/// Fetches the playlist of a source and judges it against `last`, which stands for one that is as it was.
///
/// # Errors
/// What is refused and why, in words without an address.
pub(crate) async fn gather(
    run: &Gathering<'_>,
    (source, list): (&Source, &M3u),
    last: Option<&Head>,
    bar: &Bar,
) -> Result<Taken, String> {
    bar.step("playlist");
    let fetcher = Fetcher::new(source, run.fetching).map_err(|failure| failure.to_string())?;
    let target = Target::new(&list.from).map_err(|failure| failure.to_string())?;
    let fetched = fetcher.insist(|| async {
        match fetcher.document(Ask::new(target.place(), fetcher.patience()), NAME).await? {
            Document::Same(kept) => Ok(Err(kept)),
            Document::Fresh(fresh) => Ok(Ok(fresh)),
            Document::Part(_, broken) => Err(broken),
        }
    });
    let mut taken = match fetched.await.map_err(|failure| failure.to_string())? {
        Ok(fresh) => {
            let mut taken = read_anew(run, (source, list), last, (fresh.path(), bar)).await?;
            taken.harvest = taken.harvest.map(|harvest| harvest.read_from(vec![fresh]));
            taken
        }
        Err(kept) => match Harvest::last(run.data, &source.name) {
            Some(harvest) => {
                let notes = harvest.head.notes.clone();
                Taken { harvest: Some(harvest.seen(run.now)), guides: vec![], notes, ends: None }
            }
            None => read_anew(run, (source, list), last, (&kept, bar)).await?,
        },
    };
    if list.guides {
        let named = taken.harvest.as_ref().map_or(&[][..], |harvest| &harvest.head.guides).to_vec();
        for (number, address) in (1..).zip(named.iter().take(MOST_GUIDES)) {
            bar.step("guide");
            let mut copy = Copy::last(run.data, &source.name, &format!("guide-{number}"));
            if let Err(why) = guide(&fetcher, address, number, &mut copy).await {
                let had = if copy.exists() { "the last one is kept" } else { "there is none" };
                taken.notes.push(format!("guide {number}: {why}; {had}"));
            }
            taken.guides.push(copy);
        }
    }
    Ok(taken)
}

/// Fetches a guide that the playlist names.
async fn guide(fetcher: &Fetcher<'_>, address: &str, number: u32, copy: &mut Copy) -> Result<(), String> {
    let url = Url::parse(address).map_err(|_| "its address cannot be used".to_owned())?;
    let copy = std::sync::Mutex::new(copy);
    let fetched = fetcher.insist(|| async {
        let ask = Ask::new(Place::Listed(&url), fetcher.guide_patience());
        let document = fetcher.document(ask, &format!("guide-{number}")).await?;
        copy.lock().expect("nobody panics with it").take(document)
    });
    fetched.await.map_err(|failure| failure.to_string())
}

/// Reads the playlist in a file and judges it.
async fn read_anew(
    run: &Gathering<'_>,
    (source, list): (&Source, &M3u),
    last: Option<&Head>,
    (path, bar): (&Path, &Bar),
) -> Result<Taken, String> {
    let mut writer = Writer::new(run.data, &source.name).map_err(disk)?;
    let (path, of, from) = (path.to_owned(), source.clone(), list.from.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let open = || std::fs::File::open(&path).map(|file| BufReader::with_capacity(PIECE, file));
        let read = harvest(open, (&of, &from), &mut writer)?;
        Ok::<_, String>((read, writer))
    });
    let (mut read, mut writer) = reading.await.map_err(|_| "the playlist broke the parser".to_owned())??;
    writer.notes(read.notes.clone());
    let gate = Gate::new(run.data, source, run.settings);
    let mut refusals = Vec::new();
    for (word, item) in [
        (List::Live.word(), Item::Channel),
        (List::Movies.word(), Item::Movie),
        (List::Series.word(), Item::Series),
    ] {
        let before = last.and_then(|last| last.counts.get(word)).copied().unwrap_or(0);
        let count = writer.count(item).into();
        match gate.judge(word, count, before) {
            Ok(note) => read.notes.extend(note),
            Err(why) => refusals.push(why),
        }
        bar.found(word, count);
    }
    if !refusals.is_empty() {
        return Err(refusals.join("; ")); // all of them, so that all are confirmed by the same runs
    }
    writer.guides(read.guides);
    let harvest = writer.finish(run.now, vec![list.max_connections]).map_err(disk)?;
    Ok(Taken { harvest: Some(harvest), guides: Vec::new(), notes: read.notes, ends: None })
}

fn disk(error: io::Error) -> String {
    format!("the harvest cannot be written: {error}")
}

/// Reads the document that `open` opens, twice, and writes what it lists. `from` is where it is from: if it turns out to
/// be what one player plays, that is the one channel.
///
/// # Errors
/// It is no playlist, lists nothing, breaks off, or cannot be read; the disk refuses. In words without an address.
pub(crate) fn harvest<R: BufRead>(
    open: impl Fn() -> io::Result<R>,
    (source, from): (&Source, &Location),
    writer: &mut Writer,
) -> Result<Read, String> {
    let opened = || open().map_err(|error| format!("the playlist cannot be opened: {error}"));
    let said = |refusal: Refusal| match refusal {
        Refusal::Io(error) => format!("the playlist cannot be read: {error}"),
        other => other.to_string(),
    };
    let mut keys = Keys::new(account(from));
    let facts = m3u::read(opened()?, |entry| {
        let guess = m3u::guess(&entry, entry.name());
        keys.note(kind_of(&guess), &entry, entry.name());
        Ok(())
    })
    .map_err(said)?;
    if facts.broken_off {
        return Err("the playlist breaks off inside an entry".into());
    }
    keys.find_twins();
    let mut mapping = Mapping::new(source, from, writer);
    if facts.hls {
        mapping.whole().map_err(disk)?;
    } else if facts.entries == 0 {
        return Err("the playlist lists nothing".into());
    }
    m3u::read(opened()?, |entry| {
        let guess = m3u::guess(&entry, entry.name());
        let key = keys.key(kind_of(&guess), &entry, entry.name());
        mapping.add(&entry, guess, key)
    })
    .map_err(said)?;
    Ok(Read { notes: mapping.notes(&facts), guides: facts.guides })
}

const fn kind_of(guess: &Guess<'_>) -> Kind {
    match guess {
        Guess::Live { .. } => Kind::Live,
        Guess::Movie { .. } => Kind::Movie,
        Guess::Episode { .. } => Kind::Episode,
    }
}

/// The account that a playlist is asked for with, as its entries may repeat it.
pub(super) fn account(from: &Location) -> Vec<String> {
    let Location::Web(address) = from else { return Vec::new() };
    let query = Parts::of(address.reveal()).query;
    let names = ["username", "user", "password", "pass", "token", "auth", "key"];
    let pairs = form_urlencoded::parse(query.as_bytes());
    let secrets = pairs.filter(|(name, _)| names.iter().any(|other| name.eq_ignore_ascii_case(other)));
    let mut account: Vec<String> = secrets.map(|(_, value)| value.into_owned()).collect();
    account.retain(|secret| !secret.is_empty());
    account
}

#[cfg(test)]
mod tests;
