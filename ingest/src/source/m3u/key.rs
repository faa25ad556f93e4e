//! What an entry is known by from one time to the next (`xtream-api.md` 21.2.2), without host and credentials.
//!
//! The first that an entry has of: the provider's id; the number in a panel's address; `tvg-id` and name; the address.
//! Entries that have the same ("twins") are told apart by name, then path, then place among their like, in ways that do
//! not hang on the order of the playlist. An entry keeps its key when a twin comes, as long as they do not differ in name.

use std::fmt::Write as _;

use contract::bundle::Kind;
use m3u::{Entry, Key, Parts};

use super::reach::{Reach, reach};
use crate::tidy;

/// The longest provider's id that is used as it is.
const LONGEST_ID: usize = 64;

/// Makes the keys of a playlist's entries.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// What the playlist was asked for with: no part of any key.
    secrets: Vec<String>,
    /// In the order of the playlist.
    marks: Vec<Mark>,
    /// Of the entries whose principal key others have too, in the order of the playlist.
    twins: Vec<(u32, Apart)>,
    /// How many keys were given.
    given: (u32, usize),
}

/// What an entry's key needs besides the principal one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Apart {
    name: bool,
    path: bool,
    place: u32,
}

/// What tells an entry from its twins. Hashes, because there may be a million of them.
#[derive(Clone, Copy, Debug)]
struct Mark {
    /// The kind and the principal key.
    principal: u64,
    name: u32,
    path: u32,
    host: u32,
    query: u32,
    /// The whole address, account and all.
    address: u32,
}

impl Keys {
    /// For a playlist that is asked for with `secrets`.
    pub(crate) fn new(secrets: Vec<String>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// First, for every entry: takes note of it, and of what it is called in tidy letters.
    pub(crate) fn note(&mut self, kind: Kind, entry: &Entry<'_>, name: &str) {
        let (_, mark) = self.marked(kind, entry, name);
        self.marks.push(mark);
    }

    /// Then, for every entry in the same order: its key. Entries of one name and one address have the same.
    pub(crate) fn key(&mut self, kind: Kind, entry: &Entry<'_>, name: &str) -> String {
        let (mut key, mark) = self.marked(kind, entry, name);
        let (at, next) = &mut self.given;
        if let Some((_, apart)) = self.twins.get(*next).filter(|(twin, _)| twin == at) {
            *next += 1;
            complete(&mut key, mark, *apart);
        }
        *at += 1;
        key
    }

    fn marked(&self, kind: Kind, entry: &Entry<'_>, name: &str) -> (String, Mark) {
        let parts = Parts::of(entry.address());
        let name = folded(name);
        let path = self.path(&parts);
        let query = self.query(&parts);
        let principal = self.principal(entry, &parts, (&name, &path, &query));
        let part = |text: &str| hash(&[text]) as u32;
        let mark = Mark {
            principal: hash(&[crate::harvest::key_word(kind), &principal]),
            name: part(&name),
            path: part(&path),
            host: part(parts.host),
            query: part(&query),
            address: part(entry.address()),
        };
        (principal, mark)
    }

    fn principal(
        &self,
        entry: &Entry<'_>,
        parts: &Parts<'_>,
        (name, path, query): (&str, &str, &str),
    ) -> String {
        for key in [Key::XuiId, Key::Cuid, Key::StreamId, Key::ChannelId] {
            if let Some(id) = self.own_id(entry.attribute(key)) {
                return id;
            }
        }
        if let Some(number) = self.number(parts) {
            return number.to_owned();
        }
        let guide = entry.attribute(Key::TvgId);
        if !guide.is_empty() {
            return format!("g-{:016x}", hash(&[&folded(guide), name]));
        }
        match reach(entry.address()) {
            Reach::Ace(id) => format!("a-{}", id.hex()),
            // A group address is no provider's host.
            Reach::None(scheme) if matches!(&*scheme, "udp" | "rtp") => {
                format!("u-{:016x}", hash(&[&scheme, parts.host]))
            }
            Reach::None(scheme) if matches!(&*scheme, "pipe" | "plugin") => {
                format!("n-{:016x}", hash(&[name]))
            }
            // Where the path says nothing, or the query more than it.
            _ if path.len() <= 1 || !query.is_empty() => format!("n-{:016x}", hash(&[path, name])),
            _ => format!("u-{:016x}", hash(&[path])),
        }
    }

    /// A provider's own id, if that is what it is: many write the same nothing for all.
    fn own_id(&self, id: &str) -> Option<String> {
        let id = id.trim();
        let nothing = ["", "0", "-1", "null", "none", "n/a", "undefined"];
        if nothing.iter().any(|nothing| id.eq_ignore_ascii_case(nothing)) || self.is_secret(id) {
            return None;
        }
        if let Some(number) = number(id) {
            return Some(number.to_owned());
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let plain = id.len() <= LONGEST_ID && id.bytes().all(plain);
        Some(if plain { format!("id-{id}") } else { format!("id-{:016x}", hash(&[id])) })
    }

    /// The number in `/live/u/p/ID.ts` below any path, or in `/u/p/ID`: the panel's id, the same as in its API.
    fn number<'a>(&self, parts: &Parts<'a>) -> Option<&'a str> {
        let mut segments = parts.path.rsplit('/');
        let id = number(segments.next()?.split('.').next()?)?;
        let (password, user) = (segments.next()?, segments.next()?);
        let above = segments.next()?;
        let typed = is_form(above);
        let alone = above.is_empty() && segments.next().is_none();
        // Names of paths could be a short form too; where the account is known, that decides.
        let ours = self.secrets.is_empty() || self.is_secret(user) || self.is_secret(password);
        let fits = !user.is_empty() && !password.is_empty() && (typed || (alone && ours));
        fits.then_some(id)
    }

    /// The path without the segments that are an account.
    fn path(&self, parts: &Parts<'_>) -> String {
        // `…/u/p/ID`: the two before the last.
        let account = if self.number(parts).is_some() {
            let last = parts.path.split('/').count();
            last.saturating_sub(3)..last.saturating_sub(1)
        } else {
            0..0
        };
        let mut path = String::with_capacity(parts.path.len());
        for (place, segment) in parts.path.split('/').enumerate() {
            if !segment.is_empty() && !account.contains(&place) && !self.is_secret(segment) {
                path.push('/');
                path.push_str(segment);
            }
        }
        path
    }

    /// The query without what looks like an account or a ticket, in the order of its names.
    fn query(&self, parts: &Parts<'_>) -> String {
        const SECRET: [&str; 14] = [
            "user", "pass", "token", "auth", "key", "sig", "hash", "session", "sid", "mac", "expires",
            "login", "uid", "ticket",
        ];
        if parts.query.is_empty() {
            return String::new();
        }
        let telling = |(name, value): &(&str, &str)| {
            let name = name.to_ascii_lowercase();
            !value.is_empty() && !self.is_secret(value) && !SECRET.iter().any(|secret| name.contains(secret))
        };
        let mut pairs: Vec<_> = parts.pairs().filter(telling).collect();
        pairs.sort_unstable();
        pairs.iter().fold(String::new(), |mut query, (name, value)| {
            let _ = write!(query, "&{name}={value}"); // a string takes everything
            query
        })
    }

    fn is_secret(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| secret == text)
    }

    /// In between: finds the twins. What was noted is forgotten.
    pub(crate) fn find_twins(&mut self) {
        let marks = std::mem::take(&mut self.marks);
        let mark = |at: &u32| marks[*at as usize];
        let mut order: Vec<u32> = (0..marks.len() as u32).collect();
        order.sort_unstable_by_key(|at| {
            let Mark { principal, name, path, host, query, address } = mark(at);
            (principal, name, path, host, query, address, *at)
        });
        for twins in order.chunk_by(|a, b| mark(a).principal == mark(b).principal) {
            let one_name = mark(&twins[0]).name == mark(&twins[twins.len() - 1]).name;
            for named in twins.chunk_by(|a, b| mark(a).name == mark(b).name) {
                for (path, like) in named.chunk_by(|a, b| mark(a).path == mark(b).path).enumerate() {
                    for (place, same) in like.chunk_by(|a, b| mark(a).address == mark(b).address).enumerate()
                    {
                        let apart = Apart { name: !one_name, path: path > 0, place: place as u32 };
                        if apart != Apart::default() {
                            self.twins.extend(same.iter().map(|at| (*at, apart)));
                        }
                    }
                }
            }
        }
        self.twins.sort_unstable_by_key(|(at, _)| *at);
    }
}

fn complete(key: &mut String, mark: Mark, apart: Apart) {
    if apart.name {
        let _ = write!(key, "~n{:08x}", mark.name); // a string takes everything
    }
    if apart.path {
        let _ = write!(key, "~p{:08x}", mark.path);
    }
    if apart.place > 0 {
        let _ = write!(key, "~{}", apart.place);
    }
}

/// The key of the series called `name`.
pub(crate) fn series(name: &str) -> String {
    format!("s-{:016x}", hash(&[&folded(name)]))
}

fn is_form(segment: &str) -> bool {
    matches!(segment, "live" | "movie" | "series" | "timeshift")
}

/// `text` if it is the number of something, without zeros in front.
fn number(text: &str) -> Option<&str> {
    let fits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.trim_start_matches('0');
    (fits && !number.is_empty()).then_some(number)
}

/// Letters and blanks as they are compared.
fn folded(text: &str) -> String {
    let text = text.trim();
    if text.is_ascii() { text.to_ascii_lowercase() } else { tidy::words(text).to_lowercase() }
}

/// FNV-1a over `texts` and their bounds, stirred. Never to change: ids hang on it.
fn hash(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in texts.iter().flat_map(|text| text.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    // The last bytes are only in the high bits until they are stirred down.
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}
