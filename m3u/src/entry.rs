//! One entry of a playlist as it is written, and the memory in which it is put together.
//!
//! All of an entry's text lies in one string that is used again for the next one, so reading allocates nothing for it.

use std::borrow::Cow;

use crate::attributes::{Of, Scanner, Span, Token};
use crate::entities::entity;
use crate::headers;
use crate::keys::Key;

/// The most that is held of one entry, in bytes: a few of its longest lines.
const MOST_TEXT: usize = 256 << 10;
/// The most properties, headers and attributes that mean nothing to us, each.
const MOST_PAIRS: usize = 64;

/// What is known of an entry so far.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    text: String,
    /// Where the line of the entry begins, behind its `#EXTINF`.
    info: usize,
    known: [Span; Key::COUNT],
    others: Vec<(Span, Span)>,
    headers: Vec<(Span, Span)>,
    properties: Vec<(Span, Span)>,
    name: Span,
    group: Span,
    picture: Span,
    address: Span,
    duration: Option<f64>,
    vod: bool,
    /// Whether there was an `#EXTINF`.
    pub(crate) begun: bool,
    /// Whether a quote of it is still open.
    pub(crate) open: bool,
    /// What did not fit.
    pub(crate) left_out: u64,
}

impl Draft {
    /// Forgets the entry, and keeps its memory.
    pub(crate) fn clear(&mut self) {
        let Self { text, others, headers, properties, left_out, .. } = std::mem::take(self);
        *self = Self { text, others, headers, properties, left_out, ..Self::default() };
        self.text.clear();
        self.others.clear();
        self.headers.clear();
        self.properties.clear();
    }

    fn add(&mut self, text: &str) -> Option<Span> {
        let start = self.text.len();
        if start + text.len() > MOST_TEXT {
            self.left_out += 1;
            return None;
        }
        self.text.push_str(text);
        Some(Span::new(start, self.text.len()))
    }

    /// Takes what follows `#EXTINF` or `#EXTM3U`.
    pub(crate) fn read(&mut self, of: Of, line: &str) {
        let start = self.text.len();
        if self.add(line).is_none() {
            return;
        }
        self.info = start;
        self.begun = true;
        let after = start + colon(line);
        let (duration, length) = if of == Of::Entry { duration(&self.text[after..]) } else { (None, 0) };
        self.duration = duration;
        let mut scanner = Scanner::new(of, after + length);
        let known = |name: &str| Key::named(name).is_some();
        loop {
            match scanner.next(&self.text, known) {
                Token::Pair { key, value, escaped } => self.attribute(key, value, escaped),
                Token::Name(name) | Token::Rest(name) => {
                    self.name = name;
                    break;
                }
            }
        }
        self.open = scanner.open;
    }

    /// Takes the rest of a line of which a line end inside quotes made two.
    pub(crate) fn read_on(&mut self, line: &str) {
        let whole = format!("{} {line}", self.text.get(self.info..).unwrap_or(""));
        let group = self.group.of(&self.text).to_owned();
        self.clear();
        self.group = self.add(&group).unwrap_or_default();
        self.read(Of::Entry, &whole);
        self.open = false;
    }

    fn attribute(&mut self, key: Span, value: Span, escaped: bool) {
        let value = if escaped {
            let plain = value.of(&self.text).replace("\\\"", "\"").replace("\\'", "'");
            self.add(&plain).unwrap_or(value)
        } else {
            value
        };
        match Key::named(key.of(&self.text)) {
            // Of repeated ones the last that is not empty counts.
            Some(known) if !value.is_empty() => self.known[known as usize] = value,
            Some(_) => {}
            None if self.others.len() < MOST_PAIRS => self.others.push((key, value)),
            None => self.left_out += 1,
        }
    }

    /// Takes the group of `#EXTGRP`.
    pub(crate) fn set_group(&mut self, group: &str) {
        self.group = self.add(group).unwrap_or(self.group);
    }

    /// Takes the picture of `#EXTIMG`.
    pub(crate) fn set_picture(&mut self, address: &str) {
        self.picture = self.add(address).unwrap_or(self.picture);
    }

    /// Takes `#EXT-X-PLAYLIST-TYPE:VOD`.
    pub(crate) const fn set_vod(&mut self) {
        self.vod = true;
    }

    /// Takes a property of `#KODIPROP`; some are headers.
    pub(crate) fn add_property(&mut self, property: &str) {
        let Some((name, value)) = property.split_once('=') else { return };
        let (name, value) = (name.trim(), value.trim());
        let known = |headers: &str| name.len() >= headers.len() && name.ends_with(headers);
        if known("stream_headers") || known("common_headers") {
            headers::of_query(value, |name, value| self.add_header(name, value));
        }
        if self.properties.len() >= MOST_PAIRS {
            self.left_out += 1;
        } else if let (Some(name), Some(value)) = (self.add(name), self.add(value)) {
            self.properties.push((name, value));
        }
    }

    /// Takes a header; a later one of the same name counts.
    pub(crate) fn add_header(&mut self, name: &str, value: &str) {
        let Some((name, value)) = headers::checked(name, value) else { return };
        let same = |(other, _): &(Span, Span)| other.of(&self.text).eq_ignore_ascii_case(name);
        let place = self.headers.iter().position(same);
        if place.is_none() && self.headers.len() >= MOST_PAIRS {
            self.left_out += 1;
            return;
        }
        let (Some(name), Some(value)) = (self.add(name), self.add(value)) else { return };
        match place {
            Some(place) => self.headers[place].1 = value,
            None => self.headers.push((name, value)),
        }
    }

    /// Takes the address, which completes the entry.
    pub(crate) fn set_address(&mut self, line: &str) {
        for key in [Key::UserAgent, Key::Referrer] {
            let value = self.known[key as usize].of(&self.text);
            let name = if key == Key::UserAgent { "User-Agent" } else { "Referer" };
            let taken = self.headers.iter().any(|(other, _)| other.of(&self.text) == name);
            if !value.is_empty() && !taken {
                let value = value.to_owned();
                self.add_header(name, &value);
            }
        }
        let (address, piped) = headers::piped(line);
        // Only this of the entities: others may be what the address means.
        let address = match address.contains("&amp;") {
            true => Cow::Owned(address.replace("&amp;", "&")),
            false => Cow::Borrowed(address),
        };
        self.address = self.add(&address).unwrap_or_default();
        headers::of_query(piped, |name, value| self.add_header(name, value));
    }

    /// The entry, whose header gives `defaults`.
    pub(crate) const fn entry<'a>(&'a self, defaults: &'a Defaults) -> Entry<'a> {
        Entry { draft: self, defaults }
    }

    /// The value of an attribute; empty without one.
    pub(crate) fn value(&self, key: Key) -> &str {
        self.known[key as usize].of(&self.text)
    }
}

/// How much of a line is between its word and its attributes.
fn colon(line: &str) -> usize {
    line.bytes().take_while(|byte| matches!(byte, b':' | b' ' | b'\t')).count()
}

/// The seconds that `text` begins with, and how long the number is.
fn duration(text: &str) -> (Option<f64>, usize) {
    let number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
    let length = text.bytes().take(32).take_while(number).count();
    (text[..length].parse().ok(), length)
}

/// What the header of a playlist says for all its entries.
#[derive(Debug, Default)]
pub(crate) struct Defaults {
    values: [String; Key::COUNT],
}

impl Defaults {
    /// Takes the attributes of a header; what a second one does not say stays.
    pub(crate) fn take(&mut self, header: &Draft) {
        for (place, span) in header.known.iter().enumerate() {
            let value = span.of(&header.text);
            if !value.is_empty() {
                self.values[place] = value.to_owned();
            }
        }
    }
}

/// An entry as it is written: nothing is tidied, only quotes and encodings are gone.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    draft: &'a Draft,
    defaults: &'a Defaults,
}

impl<'a> Entry<'a> {
    /// What it is called: behind the comma, else what attributes say, else the last part of the address.
    pub fn name(&self) -> &'a str {
        let known = [self.draft.name.of(&self.draft.text), self.own(Key::TvgName), self.own(Key::GuideTitle)];
        known.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| last_part(self.address()))
    }

    /// Where it can be received; without headers, and with every scheme there is.
    pub fn address(&self) -> &'a str {
        self.draft.address.of(&self.draft.text)
    }

    /// An attribute, or what the playlist's header says for all; empty when neither does.
    pub fn attribute(&self, key: Key) -> &'a str {
        match self.own(key) {
            "" if key.is_inherited() => &self.defaults.values[key as usize],
            own => own,
        }
    }

    fn own(&self, key: Key) -> &'a str {
        self.draft.value(key)
    }

    /// Attributes that mean nothing to us, as they are written.
    pub fn others(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs(&self.draft.others)
    }

    /// Headers that requests for it carry. Each name once.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs(&self.draft.headers)
    }

    /// Properties for Kodi, such as the manifest type and the licence.
    pub fn properties(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.pairs(&self.draft.properties)
    }

    fn pairs(&self, pairs: &'a [(Span, Span)]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let text = &self.draft.text;
        pairs.iter().map(|(name, value)| (name.of(text), value.of(text)))
    }

    /// The groups it is in, the principal one first; none for an entry without one.
    pub fn groups(&self) -> impl Iterator<Item = &'a str> {
        let extgrp = self.draft.group.of(&self.draft.text);
        let all = [self.own(Key::GroupTitle), self.own(Key::Group), extgrp];
        let all = all.into_iter().find(|group| !group.is_empty()).unwrap_or("");
        divided(all).map(str::trim).filter(|group| !group.is_empty())
    }

    /// The address of its picture; may be empty.
    pub fn picture(&self) -> &'a str {
        let all = [self.own(Key::Logo), self.own(Key::OtherLogo), self.draft.picture.of(&self.draft.text)];
        all.into_iter().find(|address| !address.is_empty()).unwrap_or("")
    }

    /// Seconds, if it says so; -1 and 0 are written for channels.
    pub const fn duration(&self) -> Option<f64> {
        self.draft.duration
    }

    /// Whether it says that it is a recording or a film.
    pub fn is_vod(&self) -> bool {
        self.draft.vod || is_true(self.own(Key::Media))
    }

    /// Whether it says that it is radio.
    pub fn is_radio(&self) -> bool {
        is_true(self.own(Key::Radio))
    }
}

/// `true`, `1` or `yes`.
pub fn is_true(value: &str) -> bool {
    ["true", "1", "yes"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// What `;` divides, but for those that end an entity such as `&amp;`.
fn divided(groups: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(groups);
    std::iter::from_fn(move || {
        let whole = rest?;
        let ends_entity = |at: usize| {
            let start = whole.as_bytes()[..at].iter().rev().take(10).position(|byte| *byte == b'&');
            start.and_then(|start| whole.get(at - start..at)).and_then(entity).is_some()
        };
        let cut = whole.match_indices(';').map(|(at, _)| at).find(|at| !ends_entity(*at));
        rest = cut.map(|cut| &whole[cut + 1..]);
        Some(&whole[..cut.unwrap_or(whole.len())])
    })
}

/// The last part of an address's path, without its ending; the address itself if it has none.
fn last_part(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
    let rest = path.split_once("://").map_or(path, |(_, rest)| rest);
    let Some((_, last)) = rest.rsplit_once(['/', '\\']) else { return rest };
    last.rsplit_once('.').map_or(last, |(stem, _)| stem)
}
