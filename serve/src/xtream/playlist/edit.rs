//! Playlists of some kinds only, without attributes, or with others, made from the whole one entry by entry.

use contract::playlist::{BASE, CATCHUP, EXT, line_end};
use memchr::{memchr, memmem, memrchr};

use super::catchup::Catchup;

/// Kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    const TELEVISION: Self = Self(1);
    const RADIO: Self = Self(2);
    const MOVIES: Self = Self(4);
    const EPISODES: Self = Self(8);
    /// Television and radio: what `live.m3u` holds.
    pub(super) const LIVE: Self = Self(Self::TELEVISION.0 | Self::RADIO.0);
    /// What `full.m3u` holds.
    pub(super) const ALL: Self = Self(Self::LIVE.0 | Self::MOVIES.0 | Self::EPISODES.0);

    /// A comma list of panels' words. None that is known: everything.
    pub(super) fn decode(key: &str) -> Self {
        let known = key.split(',').filter_map(|word| match word.trim() {
            "live" => Some(Self::TELEVISION),
            "radio_streams" => Some(Self::RADIO),
            "movie" => Some(Self::MOVIES),
            "series" => Some(Self::EPISODES),
            "created_live" => Some(Self(0)), // channels that panels make of files: we have none
            _ => None,
        });
        known.reduce(|some, more| Self(some.0 | more.0)).unwrap_or(Self::ALL)
    }

    fn holds(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}

/// What becomes of a playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Entries keep their attributes, and the first line too.
    pub(super) plus: bool,
    /// Other entries are left out.
    pub(super) kinds: Kinds,
    /// The attributes of channels whose past can be watched.
    pub(super) catchup: Catchup,
    /// Addresses of channels lose their extension.
    pub(super) bare: bool,
    /// Kodi is told that channels are transport streams, which spares it a look at the beginning of each.
    pub(super) mimetype: bool,
}

impl Edit {
    /// Whether nothing is changed of a playlist that holds `kinds`.
    pub(super) fn is_none(&self, kinds: Kinds) -> bool {
        let Self { plus, kinds: left, catchup, bare, mimetype } = *self;
        plus && left == kinds && catchup == Catchup::Shift && !bare && !mimetype
    }

    /// Gives what becomes of about `length` bytes of `text`, which begins with an entry (at the very beginning, with
    /// the playlist's first line). Returns how much of `text` that was: whole entries.
    pub(super) fn copy(
        &self,
        text: &[u8],
        length: usize,
        beginning: bool,
        give: &mut impl FnMut(&[u8]),
    ) -> usize {
        let mut at = 0;
        if beginning {
            at = line_end(text, 0);
            give(if self.plus { &text[..at] } else { b"#EXTM3U\n" });
        }
        while at < text.len().min(length) {
            let (head, end) = entry(&text[at..]);
            let (head, address) = (&text[at..at + head], &text[at + head..at + end]);
            if self.kinds.holds(kind(head, address)) {
                if self.plus {
                    self.attributes(head, address, give);
                } else {
                    give(b"#EXTINF:-1");
                    give(name(head));
                }
                self.address(address, give);
            }
            at += end;
        }
        at
    }

    /// The lines before an address.
    fn attributes(&self, head: &[u8], address: &[u8], give: &mut impl FnMut(&[u8])) {
        match days(head).filter(|_| self.catchup != Catchup::Shift) {
            None => give(head),
            Some((start, days)) => {
                give(&head[..start]);
                self.catchup.attributes(days, file(address), give);
                give(name(head));
                give(&head[line_end(head, 0)..]);
            }
        }
        if self.mimetype && is_channel(address) {
            give(b"#KODIPROP:mimetype=video/mp2t\n");
        }
    }

    fn address(&self, address: &[u8], give: &mut impl FnMut(&[u8])) {
        match channel(address).filter(|_| self.bare) {
            Some(bare) => {
                give(bare);
                give(b"\n");
            }
            None => give(address),
        }
    }
}

/// Lengths of an entry's lines before its address, and of the whole.
fn entry(text: &[u8]) -> (usize, usize) {
    let mut at = 0;
    while text[at..].starts_with(b"#") {
        at = line_end(text, at);
    }
    (at, line_end(text, at))
}

/// Where the attributes of catch-up begin, and the days in them.
fn days(head: &[u8]) -> Option<(usize, &[u8])> {
    let start = memmem::find(&head[..line_end(head, 0)], CATCHUP.as_bytes())?;
    let days = &head[start + CATCHUP.len()..];
    Some((start, &days[..memchr(b'"', days)?]))
}

/// The address of a channel, without its extension; `None` for those of films and episodes, which have one of their own.
fn channel(address: &[u8]) -> Option<&[u8]> {
    address.trim_ascii_end().strip_suffix(EXT.as_bytes())?.strip_suffix(b".")
}

fn is_channel(address: &[u8]) -> bool {
    channel(address).is_some()
}

/// What stands behind the last slash of an address.
fn file(address: &[u8]) -> &[u8] {
    let address = address.trim_ascii_end();
    &address[memrchr(b'/', address).map_or(0, |slash| slash + 1)..]
}

/// The address tells what an entry is, and an attribute which of the live ones are radio.
fn kind(head: &[u8], address: &[u8]) -> Kinds {
    let path = address.strip_prefix(BASE.as_bytes()).unwrap_or(address);
    if path.starts_with(b"/movie/") {
        Kinds::MOVIES
    } else if path.starts_with(b"/series/") {
        Kinds::EPISODES
    } else if memmem::find(head, b" radio=\"true\"").is_some() {
        Kinds::RADIO
    } else {
        Kinds::TELEVISION
    }
}

/// `,Name` and its line feed: what stands behind the last attribute, since no text in a playlist holds double quotes.
fn name(head: &[u8]) -> &[u8] {
    let line = &head[..line_end(head, 0)];
    let attributes = memrchr(b'"', line).map_or(b"#EXTINF:-1".len(), |quote| quote + 1);
    line.get(attributes..).unwrap_or(b",\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_selects_kinds() {
        assert_eq!(Kinds::decode(""), Kinds::ALL);
        assert_eq!(Kinds::decode("nonsense"), Kinds::ALL);
        assert_eq!(Kinds::decode("live,radio_streams"), Kinds::LIVE);
        assert_eq!(Kinds::decode("live, movie,nonsense"), Kinds(1 | 4));
        assert_eq!(Kinds::decode("created_live"), Kinds(0));
    }

    proptest! {
        #[test]
        fn what_is_edited_by_nothing_is_the_same(lines in prop::collection::vec("[#,\"{a-z/=:-]{0,12}", 0..40), length in 1usize..200) {
            let text = format!("#EXTM3U x\n{}", lines.join("\n")).into_bytes();
            let (mut at, mut copied) = (0, Vec::new());
            let edit = Edit { plus: true, kinds: Kinds::ALL, catchup: Catchup::Shift, bare: false, mimetype: false };
            while at < text.len() {
                at += edit.copy(&text[at..], length, at == 0, &mut |piece| copied.extend_from_slice(piece));
            }
            prop_assert_eq!(copied, text);
        }

        #[test]
        fn arbitrary_bytes_are_no_panic(text in prop::collection::vec(any::<u8>(), 1..300), key in "[a-z,]{0,20}", plus: bool) {
            let text = [&text[..], CATCHUP.as_bytes(), &text].concat();
            let edit = Edit { plus, kinds: Kinds::decode(&key), catchup: Catchup::Default, bare: true, mimetype: true };
            prop_assert_eq!(edit.copy(&text, usize::MAX, true, &mut |_| {}), text.len());
        }
    }
}
