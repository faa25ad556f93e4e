//! A programme's children, collected in any order and written in that of the XMLTV DTD.

use contract::source::Source;
use quick_xml::escape::{escape, partial_escape};
use quick_xml::events::attributes::Attributes;

use crate::tidy;

/// How a child looks.
#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// Text, with one attribute that is kept.
    Text(&'static str),
    /// Empty: its being there is what it says.
    Flag,
    /// `src`, an address.
    Picture,
    /// A `value` inside.
    Valued,
    /// People by what they did.
    Credits,
}

struct Kind {
    name: &'static str,
    shape: Shape,
    /// Whether there may be several.
    many: bool,
}

const fn child(name: &'static str, shape: Shape, many: bool) -> Kind {
    Kind { name, shape, many }
}

/// The children that are kept, in the order of the DTD.
const CHILDREN: [Kind; 16] = [
    child("title", Shape::Text("lang"), true),
    child("sub-title", Shape::Text("lang"), true),
    child("desc", Shape::Text("lang"), true),
    child("credits", Shape::Credits, false),
    child("date", Shape::Text(""), false),
    child("category", Shape::Text("lang"), true),
    child("keyword", Shape::Text("lang"), true),
    child("language", Shape::Text("lang"), false),
    child("icon", Shape::Picture, true),
    child("country", Shape::Text("lang"), true),
    child("episode-num", Shape::Text("system"), true),
    child("previously-shown", Shape::Flag, false),
    child("premiere", Shape::Flag, false),
    child("new", Shape::Flag, false),
    child("rating", Shape::Valued, true),
    child("star-rating", Shape::Valued, true),
];

/// What people do, in the order of the DTD.
const ROLES: [&str; 10] = [
    "director",
    "actor",
    "writer",
    "adapter",
    "producer",
    "composer",
    "editor",
    "presenter",
    "commentator",
    "guest",
];

/// The longest text that is kept of a child, in bytes; of children of one kind, those that begin within it.
const LONGEST: usize = 1 << 16;
/// The longest attribute, in bytes.
const LONGEST_ATTRIBUTE: usize = 200;

/// Collects the children of one programme after the other.
pub(super) struct Children<'a> {
    source: &'a Source,
    /// The finished children, by position in [`CHILDREN`].
    finished: [String; CHILDREN.len()],
    /// The finished people, by position in [`ROLES`].
    roles: [String; ROLES.len()],
    child: Option<usize>,
    /// Inside the child: a role, or the `value`.
    inner: Option<usize>,
    /// Elements that are open inside a child we do not know.
    unknown: usize,
    /// The attribute that is kept of the open child.
    attribute: String,
    text: String,
}

impl<'a> Children<'a> {
    /// Of programmes of `source`'s guide.
    pub(super) fn new(source: &'a Source) -> Self {
        Self {
            source,
            finished: Default::default(),
            roles: Default::default(),
            child: None,
            inner: None,
            unknown: 0,
            attribute: String::new(),
            text: String::new(),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.finished.iter_mut().chain(&mut self.roles).for_each(String::clear);
        (self.child, self.inner, self.unknown) = (None, None, 0);
    }

    /// An element begins inside the programme.
    pub(super) fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        if self.unknown > 0 {
            self.unknown += 1;
            return;
        }
        let known = CHILDREN.iter().position(|child| child.name == name);
        match self.child.map(|at| CHILDREN[at].shape) {
            Some(Shape::Credits) if self.inner.is_none() => {
                self.inner = ROLES.iter().position(|role| *role == name);
                self.unknown = self.inner.is_none().into();
                self.text.clear();
            }
            Some(Shape::Valued) if name == "value" => {
                self.inner = Some(0);
                self.text.clear();
            }
            // The end of the one before is missing.
            Some(Shape::Text(_)) if known.is_some() => {
                self.finish();
                self.begin(known, attributes);
            }
            Some(_) => self.unknown = 1,
            None => self.begin(known, attributes),
        }
    }

    fn begin(&mut self, known: Option<usize>, attributes: Attributes<'_>) {
        let Some(at) = known else {
            self.unknown = 1;
            return;
        };
        self.child = Some(at);
        self.text.clear();
        self.attribute.clear();
        let kept = match CHILDREN[at].shape {
            Shape::Text(kept) => kept,
            Shape::Picture => "src",
            Shape::Valued => "system",
            Shape::Flag | Shape::Credits => return,
        };
        let Some(value) = attribute(attributes, kept) else { return };
        let value = match kept {
            "src" => tidy::picture(&value, self.source),
            _ if value.len() > LONGEST_ATTRIBUTE => return,
            _ => tidy::masked(tidy::words(&value), self.source).into_owned(),
        };
        if !value.is_empty() {
            self.attribute = format!(" {kept}=\"{}\"", escape(value.as_str()));
        }
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
        let Some(at) = self.child else { return };
        if CHILDREN[at].name == name {
            self.finish();
        } else if CHILDREN[at].shape == Shape::Credits
            && let Some(role) = self.inner.take()
            && self.roles[role].len() < LONGEST
        {
            element(&mut self.roles[role], ROLES[role], "", &self.text, self.source);
        }
    }

    /// The open child is complete.
    fn finish(&mut self) {
        let Some(at) = self.child.take() else { return };
        let inner = self.inner.take();
        let Kind { name, shape, many } = CHILDREN[at];
        let out = &mut self.finished[at];
        if (!many && !out.is_empty()) || out.len() >= LONGEST {
            return;
        }
        match shape {
            Shape::Text(_) => element(out, name, &self.attribute, &self.text, self.source),
            Shape::Flag => *out = format!("<{name}/>"),
            Shape::Picture if self.attribute.is_empty() => {}
            Shape::Picture => *out += &format!("<{name}{}/>", self.attribute),
            Shape::Valued if inner.is_none() && self.text.trim().is_empty() => {}
            Shape::Valued => {
                let mut value = String::new();
                element(&mut value, "value", "", &self.text, self.source);
                if !value.is_empty() {
                    *out += &format!("<{name}{}>{value}</{name}>", self.attribute);
                }
            }
            Shape::Credits => {
                let people = self.roles.concat();
                if !people.is_empty() {
                    *out = format!("<credits>{people}</credits>");
                }
            }
        }
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

fn element(out: &mut String, name: &str, attribute: &str, text: &str, source: &Source) {
    let text = tidy::masked(tidy::words(text), source);
    if text.is_empty() {
        return;
    }
    for piece in ["<", name, attribute, ">", &partial_escape(text), "</", name, ">"] {
        out.push_str(piece);
    }
}

/// The value of an attribute, decoded.
pub(super) fn attribute(mut attributes: Attributes<'_>, name: &str) -> Option<String> {
    let mut found = attributes.with_checks(false).filter_map(Result::ok);
    let value = found.find(|attribute| attribute.key.0 == name)?.value;
    Some(tidy::entities(&value).trim().to_owned())
}
