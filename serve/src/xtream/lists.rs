//! The six lists: slices of the mapped bundle, or the same compressed once.

use std::fmt;

use bytes::Bytes;
use contract::bundle::Section;
use futures_util::stream;
use httpd::{Body, Entity, Response, accepts_gzip, reply};

use crate::prepared::Prepared;
use crate::refusal::Refusal;
use crate::service::Asked;

/// What a list request selects: the key under which its answer is kept, and its validator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    section: Section,
    part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Everything,
    Category(u32),
    Nothing,
}

impl Selection {
    /// The whole list.
    pub(crate) const fn all(section: Section) -> Self {
        Self { section, part: Part::Everything }
    }
}

/// Stands in validators.
impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.section.key())?;
        match self.part {
            Part::Everything => Ok(()),
            Part::Category(id) => write!(f, "-{id}"),
            Part::Nothing => f.write_str("-0"),
        }
    }
}

/// What `category_id` selects: apps write "all" in five ways, and what is no category selects nothing.
pub(super) fn selection(section: Section, asked: &Asked) -> Selection {
    let part = match asked.params.get("category_id").unwrap_or("").trim() {
        "" | "0" | "*" | "all" => Part::Everything,
        id => id.parse().map_or(Part::Nothing, Part::Category),
    };
    Selection { section, part }
}

/// Sends the selected entries, compressed for those who take it. HEAD compresses nothing, so it cannot always tell
/// the length.
pub(super) async fn answer(
    prepared: &Prepared,
    selection: Selection,
    asked: &Asked,
) -> Result<Response, Refusal> {
    let pieces = pieces(prepared, selection);
    let compressed = match accepts_gzip(&asked.headers) {
        false => Some(None),
        true if asked.is_head() => prepared.gzipped.ready(selection, &pieces),
        true => Some(prepared.gzipped.get(selection, &pieces).await),
    };
    let unknown = compressed.is_none();
    let compressed = compressed.flatten();
    let hash = prepared.release.hash(contract::release::BUNDLE);
    let coding = if compressed.is_some() { "-gz" } else { "" };
    let entity = Entity {
        gzip: compressed.is_some(),
        etag: format!("{}-{selection}{coding}", hash.get(..16).unwrap_or(hash)),
        chunks: compressed.map_or(pieces, |made| vec![made]),
        content_type: reply::JSON,
        cache: "private, max-age=60",
        ranges: false,
    };
    let mut response = entity.reply(&asked.headers);
    if unknown {
        *response.body_mut() = Body::stream(stream::empty());
    }
    Ok(response)
}

fn pieces(prepared: &Prepared, Selection { section, part }: Selection) -> Vec<Bytes> {
    let (index, bundle) = (&prepared.release.index, &prepared.release.bundle);
    match part {
        Part::Everything => index.list(bundle, section),
        Part::Category(id) => index.category(bundle, section, id),
        Part::Nothing => vec![Bytes::from_static(b"[]")],
    }
}
