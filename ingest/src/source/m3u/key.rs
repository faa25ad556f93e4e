//! What an entry is known by from one time to the next (`xtream-api.md` 21.2.2), without host and credentials.
//!
//! The first that an entry has of: the provider's id; the number in a panel's address; `tvg-id` and name; the address.
//! Entries that have the same ("twins") are told apart by name, then path, then place among their like, in ways that do
//! not hang on the order of the playlist. An entry keeps its key when a twin comes, as long as they do not differ in name.

use std::fmt::Write as _;

use contract::bundle::Kind;

use super::address::{Ace, Parts, Reach, reach};
use super::entry::Entry;
use super::keys::Key;
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
}

impl Keys {
    /// For a playlist that is asked for with `secrets`.
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self { secrets: secrets.into_iter().collect(), marks: Vec::new() }
    }

    /// The key of the next entry; what is called `name` in tidy letters. [`Keys::suffixes`] completes the keys of twins.
    pub(crate) fn next(&mut self, kind: Kind, entry: &Entry<'_>, name: &str) -> String {
        let parts = Parts::of(entry.address());
        let name = folded(name);
        let path = self.path(&parts);
        let query = self.query(&parts);
        let principal = self.principal(entry, &parts, (&name, &path, &query));
        let mark = |text: &str| hash(&[text]) as u32;
        self.marks.push(Mark {
            principal: hash(&[crate::harvest::key_word(kind), &principal]),
            name: mark(&name),
            path: mark(&path),
            host: mark(parts.host),
            query: mark(&query),
        });
        principal
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
            Reach::Ace(Ace::Content(id) | Ace::Infohash(id)) => format!("a-{id}"),
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

    /// What completes the keys of twins, by place in the playlist and in its order: at most one for each entry.
    pub(crate) fn suffixes(self) -> Vec<(usize, String)> {
        let mut order: Vec<u32> = (0..self.marks.len() as u32).collect();
        let mark = |at: &u32| self.marks[*at as usize];
        order.sort_unstable_by_key(|at| {
            let Mark { principal, name, path, host, query } = mark(at);
            (principal, name, path, host, query, *at)
        });
        let mut suffixes = Vec::new();
        for twins in
            order.chunk_by(|a, b| mark(a).principal == mark(b).principal).filter(|twins| twins.len() > 1)
        {
            let one_name = mark(&twins[0]).name == mark(&twins[twins.len() - 1]).name;
            for named in twins.chunk_by(|a, b| mark(a).name == mark(b).name) {
                let paths = named.chunk_by(|a, b| mark(a).path == mark(b).path);
                for (path, like) in paths.enumerate() {
                    for (place, at) in like.iter().enumerate() {
                        let suffix = suffix(mark(at), !one_name, path > 0, place);
                        if !suffix.is_empty() {
                            suffixes.push((*at as usize, suffix));
                        }
                    }
                }
            }
        }
        suffixes.sort_unstable();
        suffixes
    }
}

fn suffix(mark: Mark, name: bool, path: bool, place: usize) -> String {
    let mut suffix = String::new();
    if name {
        let _ = write!(suffix, "~n{:08x}", mark.name); // a string takes everything
    }
    if path {
        let _ = write!(suffix, "~p{:08x}", mark.path);
    }
    if place > 0 {
        let _ = write!(suffix, "~{place}");
    }
    suffix
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
