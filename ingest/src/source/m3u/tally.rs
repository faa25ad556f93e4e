//! What was odd about a playlist, counted and put into words.

use std::collections::BTreeMap;

use m3u::Facts;

/// The most schemes that are counted by name; a playlist may make them up.
const MOST_SCHEMES: usize = 12;

/// Counts of what a playlist has that its source should hear of.
#[derive(Debug, Default)]
pub(super) struct Tally {
    unreachable: BTreeMap<String, u64>,
    /// Entries with a licence for a player.
    pub(super) encrypted: u64,
    /// Entries that were there before, with the same name and address.
    pub(super) repeats: u64,
    /// Entries for which there was no room.
    pub(super) full: u64,
    /// Groups for which there was no room.
    pub(super) groups: u64,
}

impl Tally {
    /// Counts an entry with an address of `scheme`.
    pub(super) fn unreachable(&mut self, scheme: &str) {
        let known = self.unreachable.contains_key(scheme) || self.unreachable.len() < MOST_SCHEMES;
        *self.unreachable.entry(if known { scheme } else { "other" }.to_owned()).or_default() += 1;
    }

    /// In words for people, one note for each oddity there was.
    pub(super) fn notes(&self, facts: &Facts) -> Vec<String> {
        let mut notes = Vec::new();
        let unreachable: u64 = self.unreachable.values().sum();
        if unreachable > 0 {
            let mut schemes: Vec<_> = self.unreachable.iter().collect();
            schemes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
            let schemes: Vec<_> = schemes.iter().map(|(scheme, count)| format!("{count} {scheme}")).collect();
            let schemes = schemes.join(", ");
            notes.push(format!("{} cannot be relayed: {schemes}", many(unreachable, "entry", "entries")));
        }
        if facts.hls {
            notes.push("it is what one player plays (HLS) and no list: taken as one channel".into());
        }
        let counted = [
            (self.encrypted, "entry is", "entries are", "encrypted for a player with a licence"),
            (self.repeats, "entry comes", "entries come", "again with the same name and address: taken once"),
            (facts.without_address, "entry", "entries", "left out: no address follows"),
            (facts.bare, "address", "addresses", "taken that came without #EXTINF"),
            (facts.strays, "line", "lines", "passed over that are no address"),
            (facts.too_long, "line", "lines", "of over 64 KiB passed over"),
            (facts.left_out, "attribute or header", "attributes or headers", "too many: left out"),
            (self.groups, "group", "groups", "too many: left out"),
            (self.full + facts.beyond, "entry", "entries", "too many: left out"),
        ];
        for (count, one, more, what) in counted {
            if count > 0 {
                notes.push(format!("{} {what}", many(count, one, more)));
            }
        }
        notes
    }
}

fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}
