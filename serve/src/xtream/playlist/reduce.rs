//! Playlists of some kinds only, or without attributes, made from the whole one entry by entry.

use contract::playlist::BASE;
use memchr::{memmem, memrchr};

use super::splice::line_end;

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

/// What is left of a playlist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reduction {
    /// Entries keep their attributes, and the first line too.
    pub(super) plus: bool,
    /// Other entries are left out.
    pub(super) kinds: Kinds,
}

impl Reduction {
    /// Gives what is left of about `length` bytes of `text`, which begins with an entry (at the very beginning, with
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
                    give(head);
                } else {
                    give(b"#EXTINF:-1");
                    give(name(head));
                }
                give(address);
            }
            at += end;
        }
        at
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
        fn what_is_reduced_by_nothing_is_the_same(lines in prop::collection::vec("[#,\"{a-z/=:-]{0,12}", 0..40), length in 1usize..200) {
            let text = format!("#EXTM3U x\n{}", lines.join("\n")).into_bytes();
            let (mut at, mut copied) = (0, Vec::new());
            let reduction = Reduction { plus: true, kinds: Kinds::ALL };
            while at < text.len() {
                at += reduction.copy(&text[at..], length, at == 0, &mut |piece| copied.extend_from_slice(piece));
            }
            prop_assert_eq!(copied, text);
        }

        #[test]
        fn arbitrary_bytes_are_no_panic(text in prop::collection::vec(any::<u8>(), 1..300), key in "[a-z,]{0,20}") {
            let reduction = Reduction { plus: false, kinds: Kinds::decode(&key) };
            prop_assert_eq!(reduction.copy(&text, usize::MAX, true, &mut |_| {}), text.len());
        }
    }
}
