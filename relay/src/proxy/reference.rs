//! References: what stands in our playlists for the provider's addresses.
//!
//! A reference is a keyed digest of what it leads to, so the same address has the same reference in every list, for every
//! viewer and after a restart; and nobody can make one. Behind it lies a table of what this relay itself read in a
//! provider's playlist. So a client can never name an address: there is nothing to decrypt, and no open proxy.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contract::ticket::Key;
use url::Url;

use super::rewrite::{Link, Place};
use super::tag::Kind;
use crate::refusal::Failure;

/// Characters of a reference: 132 bits.
const LENGTH: usize = 22;
/// References of one channel.
const MOST: usize = 4096;
/// Parts of one resource.
const RANGES: usize = 512;
/// What was not listed for as long is forgotten, however short the list.
const LEAST: Duration = Duration::from_secs(60);

/// The references of one channel.
pub(crate) struct References {
    key: Key,
    source: String,
    entries: HashMap<String, Entry>,
}

/// A link and the reference that stands for it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) name: String,
    pub(crate) link: Link,
}

struct Entry {
    link: Link,
    /// It was listed without a range.
    whole: bool,
    /// Its parts that were listed, newest last.
    ranges: Vec<(u64, u64)>,
    until: Instant,
}

impl References {
    /// None yet, of what comes from `source`.
    pub(crate) fn new(key: Key, source: &str) -> Self {
        Self { key, source: source.to_owned(), entries: HashMap::new() }
    }

    /// What a reference leads to; `None` if nothing that was listed lately has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Link> {
        self.entries.get(name).map(|entry| &entry.link)
    }

    /// What of it is fetched for somebody who wants `wanted` of it: the listed part that this begins in, or `Some(None)`, all
    /// of it, if it was listed as a whole. `None` if nothing that was listed is meant: viewers must not choose what of a
    /// large file keeps the one connection busy.
    pub(crate) fn part(&self, name: &str, wanted: Option<(u64, u64)>) -> Option<Option<(u64, u64)>> {
        let entry = self.entries.get(name)?;
        let begins_in =
            |range: &&(u64, u64)| wanted.is_some_and(|(start, _)| (range.0..range.1).contains(&start));
        let part = entry.ranges.iter().rev().find(begins_in).copied();
        (part.is_some() || entry.whole).then_some(part)
    }

    /// From where what is listed comes.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Nothing that was listed leads anywhere any more.
    pub(crate) fn forget(&mut self) {
        self.entries.clear();
    }

    /// What is listed from now on comes from `source`.
    pub(crate) fn of(&mut self, source: &str) {
        source.clone_into(&mut self.source);
    }

    /// The reference that leads to `url`, if one does.
    pub(crate) fn find(&self, url: &Url) -> Option<(&String, &Link)> {
        let found = self.entries.iter().find(|(_, entry)| entry.link.url == *url)?;
        Some((found.0, &found.1.link))
    }

    /// References for the links of a playlist that is `lasts` long and had the links `before` when it was read last. What
    /// is the same as then keeps its reference, also where its address has another token now.
    ///
    /// # Errors
    /// There are too many.
    pub(crate) fn list(
        &mut self,
        links: &[Link],
        before: &[Listed],
        lasts: Duration,
        now: Instant,
    ) -> Result<Vec<Listed>, Failure> {
        let rotates = rotates(links, before);
        // Parts of one resource have one reference: where an offset is left out, a part goes on in the same one.
        let mut named: HashMap<(Kind, &Url), String> = HashMap::new();
        let mut listed = Vec::with_capacity(links.len());
        for link in links {
            let known = before.iter().find(|known| is_same(&known.link, link, rotates));
            let name = named.entry((link.kind, &link.url));
            let name =
                name.or_insert_with(|| known.map_or_else(|| self.name(link), |known| known.name.clone()));
            listed.push(Listed { name: name.clone(), link: link.clone() });
        }
        self.entries.retain(|_, entry| entry.until > now);
        let until = now + LEAST.max(2 * lasts);
        for Listed { name, link } in &listed {
            let entry = self.entries.entry(name.clone());
            let entry = entry.or_insert_with(|| Entry {
                link: link.clone(),
                whole: false,
                ranges: Vec::new(),
                until,
            });
            (entry.link, entry.until) = (link.clone(), until);
            entry.whole |= link.range.is_none();
            entry.ranges.extend(link.range.filter(|range| !entry.ranges.contains(range)));
            if entry.ranges.len() > RANGES {
                entry.ranges.remove(0);
            }
        }
        match self.entries.len() > MOST {
            true => Err(Failure::Foreign("playlists that are too long to be passed on")),
            false => Ok(listed),
        }
    }

    fn name(&self, link: &Link) -> String {
        let (kind, url) = (link.kind.letter(), link.url.as_str());
        let mac = self.key.mac("reference", &[self.source.as_bytes(), kind.as_bytes(), url.as_bytes()]);
        let mut name = URL_SAFE_NO_PAD.encode(mac);
        name.truncate(LENGTH);
        name
    }
}

/// Whether two links of one playlist, read twice, are the same thing.
fn is_same(known: &Link, link: &Link, rotates: bool) -> bool {
    if known.kind != link.kind {
        return false;
    }
    match (&known.place, &link.place) {
        (Some(Place::Segment(before, _)), Some(Place::Segment(now, _))) => {
            before == now && (rotates || without_query(&known.url) == without_query(&link.url))
        }
        (Some(before @ Place::Variant(..)), Some(now @ Place::Variant(..))) => before == now,
        _ => known.url == link.url,
    }
}

/// Whether a provider makes new addresses for all segments each time: none of them was in the list before, and those of
/// the same number are as long as they were. (Where only the numbers are wrong, the addresses are the same.)
fn rotates(links: &[Link], before: &[Listed]) -> bool {
    let segment = |link: &Link| match &link.place {
        Some(Place::Segment(number, duration)) => Some((*number, duration.clone())),
        _ => None,
    };
    let known: HashMap<u64, String> = before.iter().filter_map(|it| segment(&it.link)).collect();
    let old = |link: &Link| {
        before.iter().any(|known| known.link.kind == Kind::Segment && known.link.url == link.url)
    };
    let mut both = 0;
    for link in links {
        let Some((number, duration)) = segment(link) else { continue };
        if let Some(before) = known.get(&number) {
            both += 1;
            if *before != duration {
                return false;
            }
        }
        if old(link) {
            return false;
        }
    }
    both > 0
}

fn without_query(url: &Url) -> &str {
    url.as_str().split('?').next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u64, url: &str) -> Link {
        Link {
            kind: Kind::Segment,
            url: url.parse().unwrap(),
            extension: "ts",
            range: None,
            place: Some(Place::Segment(number, "#EXTINF:4,".into())),
            gap: false,
            size: None,
        }
    }

    fn names(references: &mut References, links: &[Link], before: &[Listed]) -> Vec<Listed> {
        references.list(links, before, Duration::from_secs(12), Instant::now()).unwrap()
    }

    #[test]
    fn the_same_address_has_the_same_reference_after_a_restart_and_no_other_has_it() {
        let key = Key::random();
        let of = |key: &Key, source: &str, link: Link| {
            names(&mut References::new(key.clone(), source), &[link], &[]).remove(0).name
        };
        let name = of(&key, "acme", segment(1, "http://h/1.ts"));
        assert_eq!(name.len(), LENGTH);
        assert_eq!(name, of(&key, "acme", segment(7, "http://h/1.ts")));
        assert_ne!(name, of(&key, "other", segment(1, "http://h/1.ts")));
        assert_ne!(name, of(&key, "acme", segment(1, "http://h/2.ts")));
        assert_ne!(name, of(&Key::random(), "acme", segment(1, "http://h/1.ts")));
        assert_ne!(name, of(&key, "acme", Link { kind: Kind::Key, ..segment(1, "http://h/1.ts") }));
    }

    #[test]
    fn a_token_that_changes_leaves_the_reference_and_changes_what_is_behind_it() {
        for (before, now) in [
            (["http://h/1.ts?t=a", "http://h/2.ts?t=a"], ["http://h/2.ts?t=b", "http://h/3.ts?t=b"]),
            (["http://h/hls/aaaa", "http://h/hls/bbbb"], ["http://h/hls/cccc", "http://h/hls/dddd"]),
        ] {
            let mut references = References::new(Key::random(), "acme");
            let before = names(&mut references, &[segment(1, before[0]), segment(2, before[1])], &[]);
            let now = names(&mut references, &[segment(2, now[0]), segment(3, now[1])], &before);
            assert_eq!(now[0].name, before[1].name);
            assert_eq!(references.get(&now[0].name).unwrap().url, now[0].link.url);
            assert!(now[1].name != before[1].name && references.find(&now[1].link.url).is_some());
        }
    }

    #[test]
    fn wrong_numbers_do_not_make_one_segment_of_two() {
        let mut references = References::new(Key::random(), "acme");
        let before = [segment(0, "http://h/1.ts"), segment(1, "http://h/2.ts")];
        let before = names(&mut references, &before, &[]);
        let now =
            names(&mut references, &[segment(0, "http://h/2.ts"), segment(1, "http://h/3.ts")], &before);
        assert_eq!(now[0].name, before[1].name);
        assert!(before.iter().all(|known| known.name != now[1].name));
    }

    #[test]
    fn the_table_is_bounded_and_forgets() {
        let mut references = References::new(Key::random(), "acme");
        let many = |from: u64| -> Vec<Link> {
            (from..from + 3000).map(|at| segment(at, &format!("http://h/{at}.ts"))).collect()
        };
        let start = Instant::now();
        let first = references.list(&many(0), &[], LEAST, start).unwrap();
        assert!(references.list(&many(3000), &[], LEAST, start).is_err());
        let later = start + 3 * LEAST;
        assert!(references.list(&many(6000), &[], LEAST, later).is_ok());
        assert!(references.get(&first[0].name).is_none());
    }
}
