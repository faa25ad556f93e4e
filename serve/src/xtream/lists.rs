//! The six lists: slices of the mapped bundle, or the same compressed once.

use std::fmt;

use bytes::Bytes;
use contract::bundle::Section;
use contract::release::View;
use futures_util::stream;
use httpd::{Body, Coding, Entity, Response, reply};

use crate::packed::CODINGS;
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
    let pieces = pieces(&prepared.view, selection);
    let coding = Coding::preferred(&asked.headers, &CODINGS);
    let packed = match asked.is_head() {
        true => prepared.packed.ready(selection, coding, &pieces),
        false => Some(prepared.packed.get(selection, coding, &pieces).await),
    };
    let unknown = packed.is_none();
    let (coding, chunks) = match packed {
        None => (coding, Vec::new()),
        Some(None) => (Coding::Identity, pieces),
        Some(Some(made)) => (coding, vec![made]),
    };
    let hash = prepared.release.hash(contract::release::BUNDLE);
    let (hash, mark) = (hash.get(..16).unwrap_or(hash), prepared.view.mark());
    let entity = Entity {
        chunks,
        content_type: reply::JSON,
        etag: format!("{hash}{mark}-{selection}{}", coding.suffix()),
        coding,
        cache: asked.shared(),
        ranges: false,
    };
    let mut response = entity.reply(&asked.headers);
    if unknown {
        *response.body_mut() = Body::stream(stream::empty());
    }
    Ok(response)
}

fn pieces(view: &View, Selection { section, part }: Selection) -> Vec<Bytes> {
    match part {
        Part::Everything => view.list(section),
        Part::Category(id) => view.category(section, id),
        Part::Nothing => vec![Bytes::from_static(b"[]")],
    }
}
