//! Putting a viewer's own address, name and password into a playlist while it is sent.

use std::io;
use std::sync::Arc;

use anyhow::Context;
use bytes::{Buf, Bytes};
use contract::playlist::TOKENS;
use contract::release::View;
use futures_util::{Stream, stream};
use httpd::Body;
use memchr::{memchr, memchr_iter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OnceCell;

use super::edit::{Edit, Kinds};
use crate::packed::Press;

/// A piece of an answer is about this long. A connection that is slow holds two or three of them.
const PIECE: usize = 32 * 1024;

/// What apps need no escaping for in a path or a query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A playlist of the release, with places for what differs from viewer to viewer.
pub(crate) struct Template {
    view: Arc<View>,
    text: Bytes,
    /// What is shown of `text`, in pieces of whole entries: looked for by the first who wants it, unless that is all of it.
    shown: OnceCell<Arc<[Bytes]>>,
    /// Counted for the first who wants the whole.
    counted: OnceCell<Counted>,
}

/// How long what is shown of a playlist is, and how many places it has.
struct Counted {
    length: usize,
    tokens: Tokens,
}

impl Template {
    /// What `view` shows of `text`, which is one of its release's playlists.
    pub(crate) fn new(view: &Arc<View>, text: Bytes) -> Self {
        let whole = view.is_whole().then(|| Arc::from([text.clone()]));
        Self { view: view.clone(), text, shown: OnceCell::new_with(whole), counted: OnceCell::new() }
    }

    /// All of it, with its length.
    pub(super) async fn whole(&self, values: Values) -> anyhow::Result<Body> {
        let shown = self.shown().await?;
        let count = || async {
            let shown = shown.clone();
            tokio::task::spawn_blocking(move || Counted::of(&shown)).await.context("counting places to fill")
        };
        let length = values.length(self.counted.get_or_try_init(count).await?);
        Ok(Body::sized_stream(length, Spliced::new(&shown, values, None).stream()))
    }

    async fn shown(&self) -> anyhow::Result<Arc<[Bytes]>> {
        let look = || async {
            let (view, text) = (self.view.clone(), self.text.clone());
            let looking = tokio::task::spawn_blocking(move || view.playlist(&text).into());
            looking.await.context("looking for what a user may see")
        };
        self.shown.get_or_try_init(look).await.cloned()
    }

    /// Nothing of it, with the length of the whole if it was counted before.
    pub(super) fn promised(&self, values: &Values) -> Body {
        match self.counted.get() {
            Some(counted) => Body::sized_stream(values.length(counted), stream::empty()),
            None => Body::stream(stream::empty()),
        }
    }

    /// What becomes of it.
    pub(super) async fn edited(&self, values: Values, edit: Edit) -> anyhow::Result<Body> {
        Ok(Body::stream(Spliced::new(&self.shown().await?, values, Some(edit)).stream()))
    }

    /// All of it, or what becomes of it, compressed.
    pub(super) async fn packed(
        &self,
        values: Values,
        edit: Option<Edit>,
        press: Press,
    ) -> anyhow::Result<Body> {
        Ok(Body::stream(press.gzip(Spliced::new(&self.shown().await?, values, edit))))
    }
}

/// What goes into the places of a playlist, in the order of [`TOKENS`].
pub(super) struct Values([String; 4]);

impl Values {
    pub(super) fn new(base: &str, name: &str, password: &str, extension: &str) -> Self {
        let escape = |text| utf8_percent_encode(text, ESCAPED).to_string();
        Self([base.into(), escape(name), escape(password), extension.into()])
    }

    /// Tells a playlist with these values from others of the same `template`.
    pub(super) fn name(&self, template: &str, edit: &Edit) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(format!("{template} {edit:?}").as_bytes());
        // No value holds a line feed.
        for value in &self.0 {
            hash.update(value.as_bytes()).update(b"\n");
        }
        hash.finalize().to_hex()[..32].to_owned()
    }

    /// The length of a playlist with these values in its places.
    fn length(&self, Counted { length, tokens }: &Counted) -> u64 {
        let filled: usize = self.0.iter().zip(tokens.0).map(|(value, count)| value.len() * count).sum();
        let places: usize = TOKENS.iter().zip(tokens.0).map(|(token, count)| token.len() * count).sum();
        (length - places + filled) as u64
    }

    /// Appends `template` to `out`, with its places filled.
    fn splice(&self, template: &[u8], out: &mut Vec<u8>) {
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

impl Counted {
    fn of(shown: &[Bytes]) -> Self {
        let mut tokens = Tokens::default();
        shown.iter().for_each(|text| tokens.add(text));
        Self { length: shown.iter().map(Bytes::len).sum(), tokens }
    }
}

/// How many places of each kind a playlist has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tokens([usize; 4]);

impl Tokens {
    fn add(&mut self, playlist: &[u8]) {
        for token in memchr_iter(b'{', playlist).filter_map(|brace| token(&playlist[brace..])) {
            self.0[token] += 1;
        }
    }
}

/// The first line of a playlist, and the others.
pub(super) fn halves(mut playlist: Vec<Bytes>) -> (Bytes, Vec<Bytes>) {
    let Some(first) = playlist.first_mut() else { return Default::default() };
    let end = line_end(first, 0);
    (first.split_to(end), playlist)
}

/// A piece of a playlist with its places filled.
pub(super) fn filled(piece: &[u8], values: &Values) -> Bytes {
    let mut out = Vec::new();
    values.splice(piece, &mut out);
    out.into()
}

/// What becomes of entries.
pub(super) fn edited(entries: Vec<Bytes>, values: Values, edit: Edit) -> impl Iterator<Item = Bytes> {
    let edit = (!edit.is_none(Kinds::ALL)).then_some(edit);
    Spliced { text: Bytes::new(), rest: entries.into_iter(), begun: true, values, edit }
}

/// Which of [`TOKENS`] `text` begins with.
fn token(text: &[u8]) -> Option<usize> {
    TOKENS.iter().position(|token| text.starts_with(token.as_bytes()))
}

/// The pieces of a spliced playlist, each made when it is asked for.
struct Spliced {
    /// What is being copied, and what follows: whole entries each.
    text: Bytes,
    rest: std::vec::IntoIter<Bytes>,
    /// The first line is not to come any more.
    begun: bool,
    values: Values,
    edit: Option<Edit>,
}

impl Spliced {
    fn new(shown: &[Bytes], values: Values, edit: Option<Edit>) -> Self {
        Self { text: Bytes::new(), rest: Vec::from(shown).into_iter(), begun: false, values, edit }
    }

    /// The pieces as the body of an answer.
    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> {
        stream::unfold(self, |mut spliced| async move {
            loop {
                let piece = spliced.next()?;
                if !piece.is_empty() {
                    return Some((Ok(piece), spliced));
                }
                tokio::task::yield_now().await; // a search through much that is left out must not hold up others
            }
        })
    }
}

/// A piece is made of about [`PIECE`] bytes, and empty when all of them are left out.
impl Iterator for Spliced {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        while self.text.is_empty() {
            self.text = self.rest.next()?;
        }
        let most = PIECE.min(self.text.len()); // what is shown of a whole may be in many small pieces
        let mut out = Vec::with_capacity(most + most / 8);
        // Pieces end where lines end, so no token is cut; of edited playlists, where entries end.
        let done = match &self.edit {
            None => {
                let end = line_end(&self.text, PIECE);
                self.values.splice(&self.text[..end], &mut out);
                end
            }
            Some(edit) => {
                let mut give = |template: &[u8]| self.values.splice(template, &mut out);
                edit.copy(&self.text, PIECE, !std::mem::replace(&mut self.begun, true), &mut give)
            }
        };
        self.text.advance(done);
        Some(out.into())
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
        let halves = [playlist.slice(..line.len() * 7), playlist.slice(line.len() * 7..)];
        let length = values.length(&Counted::of(&halves));
        let pieces: Vec<Bytes> = Spliced::new(&halves, values, None).collect();
        assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.ends_with(b"\n")));
        let expected = "http://h:8080/x/live/ann/p%20w%2F%C3%A4/1.m3u8 {other} { {m3u8 {\n".repeat(5000);
        assert_eq!(pieces.concat(), expected.as_bytes());
        assert_eq!(length, expected.len() as u64);
    }
}
