//! Going through the last good harvest without holding it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};

use contract::disk::Data;
use contract::source::Name;

use super::held::Slim;
use super::kept::{head, path};
use super::{Head, Item, List};

/// An entry of the last good harvest.
#[derive(Debug)]
pub(crate) struct Past<'a> {
    pub(crate) item: Item,
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// The name of its principal category; may be empty.
    pub(crate) group: &'a str,
    /// Of an episode: the id of its series.
    pub(crate) series: &'a str,
    /// Of an episode: its season and number.
    pub(crate) episode: (u32, u32),
}

/// Shows every entry of the last good harvest of `source` to `take`, in its order. Answers its head; `None` without one.
///
/// # Errors
/// The disk refuses, or the file is damaged.
pub(crate) fn before(
    data: &Data,
    source: &Name,
    mut take: impl FnMut(&Past<'_>),
) -> io::Result<Option<Head>> {
    let Some(head) = head(data, source) else { return Ok(None) };
    let mut file = File::open(path(data, source))?;
    file.seek(SeekFrom::Start(0))?;
    let mut lines = BufReader::with_capacity(1 << 18, file);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(Some(head));
        }
        let text = line.trim_ascii_end();
        let opened = |item: Item| Some((item, text.strip_prefix(item.opening().as_bytes())?));
        let Some((item, entry)) = Item::ALL.into_iter().find_map(opened) else { continue };
        let slim: Slim = serde_json::from_slice(entry.strip_suffix(b"}").unwrap_or(entry))?;
        let categories = list(item).and_then(|list| head.categories.get(&list));
        let category = slim.places.first().and_then(|place| categories?.get(*place as usize));
        take(&Past {
            item,
            id: &slim.id,
            name: &slim.name,
            group: category.map_or("", |category| &category.name),
            series: &slim.series,
            episode: (slim.season, slim.number),
        });
    }
}

const fn list(item: Item) -> Option<List> {
    match item {
        Item::Channel => Some(List::Live),
        Item::Movie => Some(List::Movies),
        Item::Series => Some(List::Series),
        Item::Episode => None,
    }
}
