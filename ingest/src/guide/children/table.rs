//! The children of a programme that are kept: names, order, numbers and attributes as in xmltv.dtd.
//!
//! Left out: `url`, `review` and `image`, which are addresses and texts nobody shows; and what is not in the DTD.

/// A child of `<programme>`.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// Whether there may be several.
    pub(super) many: bool,
    /// The attributes that are kept.
    pub(super) attributes: &'static [(&'static str, Value)],
    /// The attribute without which it is nothing, as ` name=`.
    pub(super) needs: &'static str,
}

/// What a child holds.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Text, and nothing without it.
    Text,
    /// A date.
    Date,
    /// Nothing: its being there is what it says.
    Mark,
    /// Text, if somebody wrote some.
    Remark,
    /// Elements.
    Holding(&'static [Inner]),
    /// Elements, of which the first must be there.
    Valued(&'static [Inner]),
}

/// An element with text inside a child.
pub(super) struct Inner {
    pub(super) name: &'static str,
    /// Whether there may be several.
    pub(super) many: bool,
    pub(super) attributes: &'static [(&'static str, Value)],
}

/// What an attribute holds.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Value {
    Words,
    /// The address of a picture.
    Picture,
    Number,
    OneOf(&'static [&'static str]),
    Time,
}

impl Kind {
    /// The elements it may hold.
    pub(super) fn inner(&self) -> &'static [Inner] {
        match self.shape {
            Shape::Holding(inner) | Shape::Valued(inner) => inner,
            _ => &[],
        }
    }
}

/// The position of the child called `name`.
pub(super) fn child(name: &str) -> Option<usize> {
    CHILDREN.iter().position(|child| child.name == name)
}

const LANG: &[(&str, Value)] = &[("lang", Value::Words)];
const SYSTEM: &[(&str, Value)] = &[("system", Value::Words)];
const ICON: &[(&str, Value)] =
    &[("src", Value::Picture), ("width", Value::Number), ("height", Value::Number)];
const UNITS: &[(&str, Value)] = &[("units", Value::OneOf(&["seconds", "minutes", "hours"]))];
const START: &[(&str, Value)] = &[("start", Value::Time)];
const TYPE: &[(&str, Value)] = &[("type", Value::OneOf(&["teletext", "onscreen", "deaf-signed"]))];
const PART: &[(&str, Value)] = &[("role", Value::Words), ("guest", Value::OneOf(&["yes", "no"]))];

const fn one(name: &'static str, shape: Shape, attributes: &'static [(&'static str, Value)]) -> Kind {
    Kind { name, shape, many: false, attributes, needs: "" }
}

const fn many(name: &'static str, shape: Shape, attributes: &'static [(&'static str, Value)]) -> Kind {
    Kind { name, shape, many: true, attributes, needs: "" }
}

const fn inner(name: &'static str) -> Inner {
    Inner { name, many: false, attributes: &[] }
}

const fn person(name: &'static str) -> Inner {
    Inner { name, many: true, attributes: &[] }
}

/// In the order of the DTD.
pub(super) const CHILDREN: [Kind; 22] = [
    many("title", Shape::Text, LANG),
    many("sub-title", Shape::Text, LANG),
    many("desc", Shape::Text, LANG),
    one("credits", Shape::Holding(&ROLES), &[]),
    one("date", Shape::Date, &[]),
    many("category", Shape::Text, LANG),
    many("keyword", Shape::Text, LANG),
    one("language", Shape::Text, LANG),
    one("orig-language", Shape::Text, LANG),
    Kind { needs: " units=", ..one("length", Shape::Text, UNITS) },
    Kind { needs: " src=", ..many("icon", Shape::Mark, ICON) },
    many("country", Shape::Text, LANG),
    many("episode-num", Shape::Text, SYSTEM),
    one("video", Shape::Holding(&VIDEO), &[]),
    one("audio", Shape::Holding(&AUDIO), &[]),
    one("previously-shown", Shape::Mark, START),
    one("premiere", Shape::Remark, LANG),
    one("last-chance", Shape::Remark, LANG),
    one("new", Shape::Mark, &[]),
    many("subtitles", Shape::Holding(&LANGUAGE), TYPE),
    many("rating", Shape::Valued(&VALUE), SYSTEM),
    many("star-rating", Shape::Valued(&VALUE), SYSTEM),
];

/// The most elements a child may hold kinds of.
pub(super) const MOST_INNER: usize = ROLES.len();

/// What people do.
const ROLES: [Inner; 10] = [
    person("director"),
    Inner { name: "actor", many: true, attributes: PART },
    person("writer"),
    person("adapter"),
    person("producer"),
    person("composer"),
    person("editor"),
    person("presenter"),
    person("commentator"),
    person("guest"),
];
const VIDEO: [Inner; 4] = [inner("present"), inner("colour"), inner("aspect"), inner("quality")];
const AUDIO: [Inner; 2] = [inner("present"), inner("stereo")];
const LANGUAGE: [Inner; 1] = [Inner { name: "language", many: false, attributes: LANG }];
const VALUE: [Inner; 1] = [inner("value")];
