//! Putting a viewer's own address, name and password into a playlist while it is sent.

use std::io;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use bytes::{Buf, Bytes};
use contract::playlist::{TOKENS, line_end};
use contract::release::View;
use futures_util::{Stream, stream};
use httpd::Body;
use memchr::{memchr, memchr_iter};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::OnceCell;

use super::edit::{Edit, Kinds};
use super::stencil::Stencil;
use crate::packed::{Press, Room};

/// A piece of an answer is about this long. A connection that is slow holds two or three of them.
const PIECE: usize = 32 * 1024;

/// Stencils of a playlist that are remembered at a time; of more, those that were not asked for longest are forgotten.
const SHAPES: usize = 32;
/// When so many have asked whose own is as long, a stencil is cut, which takes about as much as they did.
const OFTEN: u32 = 4;

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
    cuts: Mutex<Vec<(Shape, Cut)>>,
    /// For stencils.
    room: Room,
}

/// What a stencil is cut for: how long is what is a viewer's own, and all that is not.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    lengths: [usize; 3],
    extension: &'static str,
    edit: Option<Edit>,
}

/// How often a stencil was asked for, and the stencil when it is cut. There may be no room for it.
#[derive(Clone, Default)]
struct Cut {
    asked: u32,
    stencil: Arc<OnceCell<Option<Stencil>>>,
}

/// How long what is shown of a playlist is, and how many places it has.
struct Counted {
    length: usize,
    tokens: Tokens,
}

impl Template {
    /// What `view` shows of `text`, which is one of its release's playlists.
    pub(crate) fn new(view: &Arc<View>, text: Bytes, room: Room) -> Self {
        let whole = view.is_whole().then(|| Arc::from([text.clone()]));
        let (shown, counted, cuts) = (OnceCell::new_with(whole), OnceCell::new(), Mutex::default());
        Self { view: view.clone(), text, shown, counted, cuts, room }
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

    /// About how many bytes of memory it takes: none for the whole.
    pub(crate) fn size(&self) -> usize {
        let shown = self.shown.get().filter(|_| !self.view.is_whole());
        let is_own = |piece: &&Bytes| !self.text.as_ptr_range().contains(&piece.as_ptr());
        shown.map_or(0, |shown| {
            size_of_val(&shown[..]) + shown.iter().filter(is_own).map(Bytes::len).sum::<usize>()
        })
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

    /// All of it, or what becomes of it, compressed, if there is a stencil for that.
    pub(super) fn stencilled(&self, values: &Values, edit: Option<Edit>) -> Option<Vec<Bytes>> {
        let cut = self.cut(Shape::of(values, edit), 0);
        Some(cut.stencil.get()?.as_ref()?.fill(values))
    }

    /// The same for this one alone.
    pub(super) async fn packed(
        &self,
        values: Values,
        edit: Option<Edit>,
        press: Press,
    ) -> anyhow::Result<Body> {
        let shown = self.shown().await?;
        if let Cut { asked: OFTEN, stencil } = self.cut(Shape::of(&values, edit), 1) {
            let pieces = Spliced::new(&shown, Values::places(values.extension), edit);
            let (room, values) = (self.room.clone(), values.clone());
            tokio::spawn(async move {
                let cutting = room.make(move |limit| Stencil::cut(pieces, &values, limit));
                let cut = cutting.await.ok().map(|(stream, stencil)| stencil.with(stream));
                let _ = stencil.set(cut); // nobody else cuts it
            });
        }
        Ok(Body::stream(press.gzip(Spliced::new(&shown, values, edit))))
    }

    /// What there is of a shape, which is asked for so many more times.
    fn cut(&self, shape: Shape, more: u32) -> Cut {
        let mut cuts = self.cuts.lock().expect("nobody panics while holding this lock");
        let known = cuts.iter().position(|(known, _)| *known == shape).map(|at| cuts.remove(at));
        if cuts.len() >= SHAPES {
            cuts.remove(0);
        }
        let mut cut = known.map_or_else(Cut::default, |(_, cut)| cut);
        cut.asked = cut.asked.saturating_add(more);
        cuts.push((shape, cut.clone()));
        cut
    }
}

impl Shape {
    fn of(values: &Values, edit: Option<Edit>) -> Self {
        Self { lengths: values.lengths(), extension: values.extension, edit }
    }
}

/// What goes into the places of a playlist.
#[derive(Clone)]
pub(super) struct Values {
    /// Of the first three of [`TOKENS`].
    own: [String; 3],
    /// Of the last.
    extension: &'static str,
}

impl Values {
    pub(super) fn new(base: &str, name: &str, password: &str, extension: &'static str) -> Self {
        let escape = |text| utf8_percent_encode(text, ESCAPED).to_string();
        Self { own: [base.into(), escape(name), escape(password)], extension }
    }

    /// What leaves the places as they are, but for the extension.
    fn places(extension: &'static str) -> Self {
        Self { own: std::array::from_fn(|token| TOKENS[token].into()), extension }
    }

    /// How long each is that is a viewer's own.
    pub(super) fn lengths(&self) -> [usize; 3] {
        self.own.each_ref().map(String::len)
    }

    /// In the order of [`TOKENS`].
    fn all(&self) -> [&str; 4] {
        let [base, name, password] = &self.own;
        [base, name, password, self.extension]
    }

    /// Tells a playlist with these values from others of the same `template`.
    pub(super) fn name(&self, template: &str, edit: &Edit) -> String {
        let mut hash = blake3::Hasher::new();
        hash.update(format!("{template} {edit:?}").as_bytes());
        // No value holds a line feed.
        for value in self.all() {
            hash.update(value.as_bytes()).update(b"\n");
        }
        hash.finalize().to_hex()[..32].to_owned()
    }

    /// The length of a playlist with these values in its places.
    fn length(&self, Counted { length, tokens }: &Counted) -> u64 {
        let filled: usize = self.all().iter().zip(tokens.0).map(|(value, count)| value.len() * count).sum();
        let places: usize = TOKENS.iter().zip(tokens.0).map(|(token, count)| token.len() * count).sum();
        (length - places + filled) as u64
    }

    /// Appends `template` to `out`, with its places filled.
    pub(super) fn splice(&self, template: &[u8], out: &mut Vec<u8>) {
        let (values, mut rest) = (self.all(), template);
        while let Some(brace) = memchr(b'{', rest) {
            out.extend_from_slice(&rest[..brace]);
            rest = &rest[brace..];
            match token(rest) {
                Some(token) => {
                    out.extend_from_slice(values[token].as_bytes());
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
pub(super) fn token(text: &[u8]) -> Option<usize> {
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
