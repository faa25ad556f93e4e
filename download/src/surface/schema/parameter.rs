//! What may stand in a query.

use httpd::api::shape::{flag, list, text, words};
use serde_json::{Value, json};

use super::title::{subject, title, year};
use super::{KINDS, lines, words_of};
use crate::difference::Word;
use crate::job::State;
use crate::quality::LADDER;
use crate::store::Level;

/// One of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::surface) enum Parameter {
    State,
    Kinds,
    Server,
    Text,
    From,
    Most,
    Level,
    Download,
    Before,
    Name,
    Main,
    Class,
    Group,
    Min,
    Max,
    Unknown,
    Cam,
    Kind,
    Lines,
    Bytes,
    Subject,
    Title,
    Year,
}

impl Parameter {
    /// The most that is told at once.
    pub(in crate::surface) const MOST: usize = 500;

    /// As it is described.
    pub(in crate::surface) fn described(self) -> Value {
        let id = json!({ "type": "integer", "format": "int64" });
        let (name, about, schema) = match self {
            Self::State => {
                ("state", "only those in these states", list(words(&words_of(State::ALL, State::word))))
            }
            Self::Kinds => ("kind", "only those of these kinds; `live` are recordings", list(words(&KINDS))),
            Self::Server => ("server", "only those for the server of this id", id),
            Self::Text => {
                ("text", "only those that have this in their title, or in what is told of them", text())
            }
            Self::From => (
                "from",
                "the first one that is told, counted from 0",
                json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            ),
            Self::Most => (
                "most",
                "how many are told at most",
                json!({ "type": "integer", "minimum": 0, "maximum": Self::MOST }),
            ),
            Self::Level => ("level", "only those of this level", words(&words_of(Level::ALL, Level::word))),
            Self::Download => ("download", "only those of the download of this id", id),
            Self::Name => {
                ("name", "as the file is called: it ends in .m3u, .m3u8, or in these and .gz", text())
            }
            Self::Main => ("main", "whether what it lists is something that one has", flag()),
            Self::Class => ("class", "only those of these classes", list(words(&Word::ALL.map(Word::word)))),
            Self::Group => ("group", "only those of this group; `*` stands for any text", text()),
            Self::Min => ("min", "a picture of fewer lines is not wanted", json!({ "enum": LADDER })),
            Self::Max => ("max", "a picture of more lines is not wanted", json!({ "enum": LADDER })),
            Self::Unknown => {
                ("unknown", "whether those are wanted of whose picture nothing is known", flag())
            }
            Self::Cam => ("cam", "whether those are wanted that were filmed off a screen", flag()),
            Self::Kind => ("kind", "whether it is a film or an episode", words(&["movie", "episode"])),
            Self::Lines => ("lines", "lines of its picture", lines()),
            Self::Bytes => {
                ("bytes", "its length", json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }))
            }
            Self::Subject => ("kind", "whether a film or a series is looked for", subject()),
            Self::Title => ("text", "what it is called", title()),
            Self::Year => ("year", "of the film, or in which the series began; 0 is unknown", year()),
            Self::Before => ("before", "only those before the one of this id", id),
        };
        let is_required = matches!(self, Self::Title | Self::Name);
        // Of several there is one text, with commas between them.
        json!({
            "name": name, "in": "query", "required": is_required, "description": about, "schema": schema,
            "style": "form", "explode": false
        })
    }
}
