//! The files of an origin and their names.

use httpd::Params;

use super::Quirks;
use crate::fault::Fault;

/// What of an origin is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) token: Option<String>,
    pub(crate) rendition: Rendition,
    pub(crate) resource: Resource,
}

/// Which of the lists of a master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendition {
    /// There is no master, or this is it.
    Main,
    High,
    Mid,
    Low,
    Picture,
    Sound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Playlist,
    Segment(u64),
    /// A part of a segment that may not be complete yet.
    Part(u64, u64),
    /// Several segments in one.
    Block(u64),
    Init,
    Key(u64),
}

impl Place {
    /// From what follows the channel in the path.
    pub(crate) fn decode(mut rest: &[&str]) -> Option<Self> {
        let mut token = None;
        if let [first, more @ ..] = rest
            && let Some(text) = first.strip_prefix('~')
        {
            (token, rest) = (Some(text.to_owned()), more);
        }
        let (rendition, file) = match rest {
            [file] => (Rendition::Main, file),
            [rendition, file] => (Rendition::named(rendition)?, file),
            _ => return None,
        };
        Some(Self { token, rendition, resource: Resource::named(file)? })
    }

    /// The name under which it is counted, such as `high/12`; nothing of the way there.
    pub(crate) fn name(&self) -> String {
        let rendition = match self.rendition {
            Rendition::Main => String::new(),
            other => format!("{}/", other.name()),
        };
        match self.resource {
            Resource::Playlist => format!("{rendition}index"),
            Resource::Segment(number) => format!("{rendition}{number}"),
            Resource::Part(number, part) => format!("{rendition}{number}.{part}"),
            Resource::Block(block) => format!("{rendition}block-{block}"),
            Resource::Init => format!("{rendition}init"),
            Resource::Key(number) => format!("{rendition}key-{number}"),
        }
    }

    /// A playlist's address may name another file in its query.
    pub(crate) fn with(mut self, params: &Params) -> Self {
        if let (Resource::Playlist, Some(named)) =
            (self.resource, params.get("file").and_then(Resource::named))
        {
            self.resource = named;
        }
        self
    }
}

impl Rendition {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "high" => Self::High,
            "mid" => Self::Mid,
            "low" => Self::Low,
            "picture" => Self::Picture,
            "sound" => Self::Sound,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::High => "high",
            Self::Mid => "mid",
            Self::Low => "low",
            Self::Picture => "picture",
            Self::Sound => "sound",
        }
    }
}

impl Resource {
    fn named(file: &str) -> Option<Self> {
        let (stem, extension) = file.strip_prefix("segment ").unwrap_or(file).rsplit_once('.')?;
        Some(match (stem, extension) {
            ("index", "m3u8") => Self::Playlist,
            ("init", "mp4") => Self::Init,
            (stem, "bin") => Self::Key(stem.strip_prefix("key-")?.parse().ok()?),
            (stem, "ts" | "m4s" | "aac") => match (stem.strip_prefix("block-"), stem.split_once('.')) {
                (Some(block), _) => Self::Block(block.parse().ok()?),
                (None, Some((number, part))) => Self::Part(number.parse().ok()?, part.parse().ok()?),
                (None, None) => Self::Segment(stem.parse().ok()?),
            },
            _ => return None,
        })
    }

    /// What it is counted as, and where faults of it are planned; a playlist's are the channel's.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::Playlist => "origin",
            Self::Segment(_) | Self::Part(..) | Self::Block(_) => "segment",
            Self::Init => "init",
            Self::Key(_) => "key",
        }
    }

    /// What goes wrong with it by its number.
    pub(crate) fn fault(self, quirks: &Quirks) -> Option<Fault> {
        match self {
            Self::Segment(number) | Self::Part(number, _) => quirks.fault(number),
            Self::Playlist | Self::Block(_) | Self::Init | Self::Key(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_an_origin_has_a_name() {
        let place = |token: Option<&str>, rendition, resource| {
            Some(Place { token: token.map(str::to_owned), rendition, resource })
        };
        let table: [(&[&str], Option<Place>); 12] = [
            (&["index.m3u8"], place(None, Rendition::Main, Resource::Playlist)),
            (&["low", "index.m3u8"], place(None, Rendition::Low, Resource::Playlist)),
            (&["~abc", "index.m3u8"], place(Some("abc"), Rendition::Main, Resource::Playlist)),
            (&["~abc", "sound", "12.ts"], place(Some("abc"), Rendition::Sound, Resource::Segment(12))),
            (&["12.m4s"], place(None, Rendition::Main, Resource::Segment(12))),
            (&["segment 12.ts"], place(None, Rendition::Main, Resource::Segment(12))),
            (&["12.1.ts"], place(None, Rendition::Main, Resource::Part(12, 1))),
            (&["block-3.ts"], place(None, Rendition::Main, Resource::Block(3))),
            (&["picture", "init.mp4"], place(None, Rendition::Picture, Resource::Init)),
            (&["key-1.bin"], place(None, Rendition::Main, Resource::Key(1))),
            (&["twelve.ts"], None),
            (&["a", "b", "12.ts"], None),
        ];
        for (rest, expected) in table {
            assert_eq!(Place::decode(rest), expected, "{rest:?}");
        }
    }
}
