//! A programme's children, collected in any order and written in that of the XMLTV DTD.

mod plain;
mod table;

use std::borrow::Cow;

use contract::source::Source;
use quick_xml::escape::{escape, partial_escape};
use quick_xml::events::attributes::Attributes;

use self::plain::Copies;
pub(super) use self::plain::is_torn;
use self::table::{CHILDREN, Inner, Kind, MOST_INNER, Shape, Value};
use super::time::{self, Clock};
use crate::tidy;

/// The longest text that is kept of a child, in bytes; of children of one kind, those that begin within it.
const LONGEST: usize = 1 << 16;
/// The longest attribute, in bytes.
const LONGEST_ATTRIBUTE: usize = 200;

/// Collects the children of one programme after the other.
pub(super) struct Children<'a> {
    kept: Kept<'a>,
    /// The finished children, by position in [`CHILDREN`].
    finished: [String; CHILDREN.len()],
    /// What is finished inside the open child, by position in its table.
    within: [String; MOST_INNER],
    child: Option<usize>,
    /// The element that is open inside the child, by position in its table.
    inner: Option<usize>,
    /// Elements that are open inside one we do not know.
    unknown: usize,
    /// The attributes that are kept of the open child, and of the element inside.
    attributes: String,
    inner_attributes: String,
    text: String,
}

impl<'a> Children<'a> {
    /// Of programmes of `source`'s guide, in which times are meant as `clock` says.
    pub(super) fn new(source: &'a Source, clock: &'a Clock) -> Self {
        Self {
            kept: Kept { source, clock, copies: Copies::new(tidy::logins(source).flat_map(<[_; 2]>::from)) },
            finished: Default::default(),
            within: Default::default(),
            child: None,
            inner: None,
            unknown: 0,
            attributes: String::new(),
            inner_attributes: String::new(),
            text: String::new(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.finished.iter_mut().chain(&mut self.within).for_each(String::clear);
        (self.child, self.inner, self.unknown) = (None, None, 0);
    }

    /// An element begins inside the programme.
    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        if self.unknown > 0 {
            self.unknown += 1;
            return;
        }
        let Some(kind) = self.child.map(|at| &CHILDREN[at]) else {
            self.begin(name, attributes);
            return;
        };
        let inner = kind.inner().iter().position(|inner| inner.name == name);
        match (inner, self.inner) {
            (Some(at), None) => {
                self.inner = Some(at);
                self.text.clear();
                self.inner_attributes.clear();
                self.kept.attributes(kind.inner()[at].attributes, attributes, &mut self.inner_attributes);
            }
            // The end of the one before is missing.
            (None, _) if matches!(kind.shape, Shape::Text | Shape::Date) && table::child(name).is_some() => {
                self.finish();
                self.begin(name, attributes);
            }
            _ => self.unknown = 1,
        }
    }

    fn begin(&mut self, name: &str, attributes: Attributes<'_>) {
        let Some(at) = table::child(name) else {
            self.unknown = 1;
            return;
        };
        self.child = Some(at);
        self.text.clear();
        self.attributes.clear();
        self.kept.attributes(CHILDREN[at].attributes, attributes, &mut self.attributes);
    }

    /// Decoded text stands inside the programme.
    pub(super) fn text(&mut self, text: &str) {
        if self.child.is_some() && self.unknown == 0 {
            let room = LONGEST.saturating_sub(self.text.len());
            self.text.push_str(&text[..text.floor_char_boundary(room)]);
        }
    }

    /// An element ends inside the programme.
    pub(super) fn close(&mut self, name: &str) {
        if self.unknown > 0 {
            self.unknown -= 1;
            return;
        }
        let Some(kind) = self.child.map(|at| &CHILDREN[at]) else { return };
        if kind.name == name {
            self.finish();
        } else if self.inner.is_some_and(|at| kind.inner()[at].name == name) {
            self.finish_inner(kind);
        }
    }

    fn finish_inner(&mut self, kind: &Kind) {
        let Some(at) = self.inner.take() else { return };
        let Inner { name, many, .. } = kind.inner()[at];
        let out = &mut self.within[at];
        if out.is_empty() || (many && out.len() < LONGEST) {
            self.kept.element(out, name, &self.inner_attributes, &self.text);
        }
        self.text.clear();
    }

    /// The open child is complete.
    fn finish(&mut self) {
        let Some(at) = self.child.take() else { return };
        let kind = &CHILDREN[at];
        if kind.inner().is_empty() {
            let out = &mut self.finished[at];
            if (out.is_empty() || (kind.many && out.len() < LONGEST)) && self.attributes.contains(kind.needs)
            {
                self.kept.child(out, kind, &self.attributes, &self.text);
            }
            return;
        }
        if self.inner.is_none() && matches!(kind.shape, Shape::Valued(_)) && self.within[0].is_empty() {
            // Some write the value without the element for it.
            self.inner = Some(0);
            self.inner_attributes.clear();
        }
        self.finish_inner(kind);
        let out = &mut self.finished[at];
        let something = match kind.shape {
            Shape::Valued(_) => !self.within[0].is_empty(),
            _ => !self.attributes.is_empty() || self.within.iter().any(|element| !element.is_empty()),
        };
        if something && (out.is_empty() || (kind.many && out.len() < LONGEST)) {
            out.extend(["<", kind.name, &self.attributes, ">"]);
            out.extend(self.within.iter().map(String::as_str));
            out.extend(["</", kind.name, ">"]);
        }
        self.within.iter_mut().for_each(String::clear);
    }

    /// The text between `<programme …>` and its end. A programme has a title, if only the word for not having one.
    pub(super) fn render(&mut self, out: &mut Vec<u8>) {
        self.finish();
        if self.finished[0].is_empty() {
            out.extend_from_slice(b"<title>Untitled</title>");
        }
        self.finished.iter().for_each(|child| out.extend_from_slice(child.as_bytes()));
    }
}

/// Writes what is kept of elements.
struct Kept<'a> {
    source: &'a Source,
    clock: &'a Clock,
    copies: Copies,
}

impl Kept<'_> {
    /// A child in which there are no elements.
    fn child(&self, out: &mut String, kind: &Kind, attributes: &str, text: &str) {
        match kind.shape {
            Shape::Date => self.element(out, kind.name, attributes, date(text)),
            Shape::Mark => out.extend(["<", kind.name, attributes, "/>"]),
            Shape::Remark => {
                self.element(out, kind.name, attributes, text);
                if out.is_empty() {
                    out.extend(["<", kind.name, "/>"]);
                }
            }
            Shape::Text | Shape::Holding(_) | Shape::Valued(_) => {
                self.element(out, kind.name, attributes, text)
            }
        }
    }

    /// An element with text, unless there is none.
    fn element(&self, out: &mut String, name: &str, attributes: &str, text: &str) {
        let text = tidy::masked(tidy::words(text), self.source);
        if text.is_empty() {
            return;
        }
        let plain = memchr::memchr3(b'&', b'<', b'>', text.as_bytes()).is_none();
        let text = if plain { text } else { partial_escape(text) };
        out.extend(["<", name, attributes, ">", &text, "</", name, ">"]);
    }

    /// The attributes that `table` names, checked and escaped.
    fn attributes(&self, table: &[(&'static str, Value)], attributes: Attributes<'_>, out: &mut String) {
        if table.is_empty() {
            return;
        }
        let mut seen = [false; 4];
        for (name, raw) in pairs(attributes) {
            let Some(at) = table.iter().position(|(known, _)| *known == name) else { continue };
            let (name, value) = table[at];
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            if value == Value::Words && raw.len() <= LONGEST_ATTRIBUTE && self.copies.allow_value(&raw) {
                out.extend([" ", name, "=\"", &raw, "\""]);
                continue;
            }
            let value = self.value(value, tidy::entities(&raw));
            if !value.is_empty() {
                out.extend([" ", name, "=\"", &escape(value), "\""]);
            }
        }
    }

    fn value<'v>(&self, value: Value, raw: Cow<'v, str>) -> Cow<'v, str> {
        match value {
            Value::Picture => tidy::picture(&raw, self.source).into(),
            _ if raw.len() > LONGEST_ATTRIBUTE => Cow::Borrowed(""),
            Value::Words => tidy::masked(Cow::Owned(tidy::words(&raw).into_owned()), self.source),
            Value::Number => {
                raw.trim().parse().map_or(Cow::Borrowed(""), |number: u32| number.to_string().into())
            }
            Value::OneOf(words) => {
                words.iter().find(|word| **word == raw.trim()).map_or("", |word| *word).into()
            }
            Value::Time => {
                let seconds = self.clock.parse(&raw).and_then(|time| u32::try_from(time).ok());
                seconds.map_or(Cow::Borrowed(""), |seconds| {
                    String::from_utf8_lossy(&time::written(seconds)).into_owned().into()
                })
            }
        }
    }
}

/// `YYYY`, `YYYYMM` or `YYYYMMDD` of a date such as `1991`, `1991|2001`, `2020-05-01` or `202005010000`; else nothing.
fn date(text: &str) -> &str {
    let text = text.trim();
    match text.bytes().take_while(u8::is_ascii_digit).count() {
        digits @ (4 | 6) => &text[..digits],
        digits if digits >= 8 => &text[..8],
        _ => "",
    }
}

/// The attributes of an element, as they are written; those that are damaged are passed over.
pub(super) fn pairs(mut attributes: Attributes<'_>) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    attributes.with_checks(false);
    attributes.filter_map(Result::ok).map(|attribute| (attribute.key.0, attribute.value))
}
