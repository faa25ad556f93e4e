//! Putting a viewer's own address, name and password into a playlist while it is sent.

use bytes::Bytes;
use contract::playlist::TOKENS;
use memchr::{memchr, memchr_iter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::reduce::Reduction;

/// A piece of an answer is about this long.
const PIECE: usize = 64 * 1024;

/// What apps need no escaping for in a path or a query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What goes into the places of a playlist, in the order of [`TOKENS`].
pub(super) struct Values([String; 4]);

impl Values {
    pub(super) fn new(base: &str, name: &str, password: &str, extension: &str) -> Self {
        let escape = |text| utf8_percent_encode(text, ESCAPED).to_string();
        Self([base.into(), escape(name), escape(password), extension.into()])
    }

    /// The length of a playlist of `template` bytes with these values in its places.
    pub(super) fn length(&self, template: usize, tokens: &Tokens) -> u64 {
        let filled: usize = self.0.iter().zip(tokens.0).map(|(value, count)| value.len() * count).sum();
        let places: usize = TOKENS.iter().zip(tokens.0).map(|(token, count)| token.len() * count).sum();
        (template - places + filled) as u64
    }

    /// Appends `template` to `out`, with its places filled.
    pub(super) fn splice(&self, template: &[u8], out: &mut Vec<u8>) {
        let mut rest = template;
        while let Some(brace) = memchr(b'{', rest) {
            out.extend_from_slice(&rest[..brace]);
            rest = &rest[brace..];
            match token(rest) {
                Some(token) => {
                    out.extend_from_slice(self.0[token].as_bytes());
                    rest = &rest[TOKENS[token].len()..];
                }
                None => {
                    out.push(b'{');
                    rest = &rest[1..];
                }
            }
        }
        out.extend_from_slice(rest);
    }
}

/// How many places of each kind a playlist has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tokens([usize; 4]);

impl Tokens {
    pub(super) fn count(playlist: &[u8]) -> Self {
        let mut counts = [0; 4];
        for token in memchr_iter(b'{', playlist).filter_map(|brace| token(&playlist[brace..])) {
            counts[token] += 1;
        }
        Self(counts)
    }
}

/// Which of [`TOKENS`] `text` begins with.
fn token(text: &[u8]) -> Option<usize> {
    TOKENS.iter().position(|token| text.starts_with(token.as_bytes()))
}

/// The pieces of a spliced playlist, each made when it is asked for.
pub(super) struct Spliced {
    source: Bytes,
    at: usize,
    values: Values,
    reduction: Option<Reduction>,
}

impl Spliced {
    pub(super) fn whole(source: Bytes, values: Values) -> Self {
        Self { source, at: 0, values, reduction: None }
    }

    pub(super) fn reduced(source: Bytes, values: Values, reduction: Reduction) -> Self {
        Self { source, at: 0, values, reduction: Some(reduction) }
    }
}

impl Iterator for Spliced {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut out = Vec::new();
        while out.is_empty() && self.at < self.source.len() {
            out.reserve(PIECE + PIECE / 8);
            // Pieces end where lines end, so no token is cut; of reduced playlists, where entries end.
            let rest = &self.source[self.at..];
            let next = match &self.reduction {
                None => line_end(rest, PIECE),
                Some(reduction) => reduction.copy(rest, PIECE, self.at == 0, &mut |template| {
                    self.values.splice(template, &mut out);
                }),
            };
            if self.reduction.is_none() {
                self.values.splice(&rest[..next], &mut out);
            }
            self.at += next;
        }
        (!out.is_empty()).then(|| out.into())
    }
}

/// Where the line ends that holds byte `from`, its line feed included.
pub(super) fn line_end(text: &[u8], from: usize) -> usize {
    let from = from.min(text.len());
    memchr(b'\n', &text[from..]).map_or(text.len(), |feed| from + feed + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_and_the_length_is_foretold() {
        let line = "{base}/live/{username}/{password}/1.{ext} {other} { {{ext} {\n";
        let playlist = Bytes::from(line.repeat(5000));
        let values = Values::new("http://h:8080/x", "ann", "p w/ä", "m3u8");
        let length = values.length(playlist.len(), &Tokens::count(&playlist));
        let pieces: Vec<Bytes> = Spliced::whole(playlist, values).collect();
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.ends_with(b"\n")));
        let expected = "http://h:8080/x/live/ann/p%20w%2F%C3%A4/1.m3u8 {other} { {m3u8 {\n".repeat(5000);
        assert_eq!(pieces.concat(), expected.as_bytes());
        assert_eq!(length, expected.len() as u64);
    }
}
