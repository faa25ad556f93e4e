//! The six lists: slices of the mapped bundle, or the same compressed once.

use std::fmt;

use bytes::Bytes;
use contract::bundle::Section;
use contract::release::View;
use futures_util::stream;
use http::StatusCode;
use httpd::{Body, Coding, Entity, Response, reply};

use crate::packed::{CODINGS, is_worth};
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
    let wanted = Coding::preferred(&asked.headers, &CODINGS);
    let (coding, chunks) = match prepared.packed.made(selection, wanted) {
        Some(made) => (wanted, Some(vec![made])),
        None => unmade(prepared, selection, wanted, asked.is_head()).await,
    };
    let unknown = chunks.is_none();
    let hash = prepared.release.hash(contract::release::BUNDLE);
    let (hash, mark) = (hash.get(..16).unwrap_or(hash), prepared.view.mark());
    let entity = Entity {
        chunks: chunks.unwrap_or_default(),
        content_type: reply::JSON,
        etag: format!("{hash}{mark}-{selection}{}", coding.suffix()),
        coding,
        cache: asked.shared(),
        ranges: false,
    };
    let mut response = entity.reply(&asked.headers);
    if unknown && response.status() == StatusCode::OK {
        *response.body_mut() = Body::stream(stream::empty());
    }
    Ok(response)
}

/// What is to be sent that was not made before, and in which coding. Nothing is made for HEAD, which then cannot tell.
async fn unmade(
    prepared: &Prepared,
    selection: Selection,
    wanted: Coding,
    is_head: bool,
) -> (Coding, Option<Vec<Bytes>>) {
    let pieces = pieces(&prepared.view, selection);
    if is_head {
        let is_coded = wanted != Coding::Identity && is_worth(wanted, &pieces);
        return if is_coded { (wanted, None) } else { (Coding::Identity, Some(pieces)) };
    }
    match prepared.packed.get(selection, wanted, &pieces).await {
        Some(made) => (wanted, Some(vec![made])),
        None => (Coding::Identity, Some(pieces)),
    }
}

fn pieces(view: &View, Selection { section, part }: Selection) -> Vec<Bytes> {
    match part {
        Part::Everything => view.list(section),
        Part::Category(id) => view.category(section, id),
        Part::Nothing => vec![Bytes::from_static(b"[]")],
    }
}
