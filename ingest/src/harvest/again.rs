//! Taking a list from the last good harvest, because its source says that it is as it was.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use contract::disk::Data;
use contract::source::Name;

use super::held::Slim;
use super::kept::path;
use super::{Item, Places, Writer};

/// Writes all entries of a kind, of which `writer` has none yet, as they are in the last good harvest of `source`.
///
/// # Errors
/// The disk refuses, or the file is damaged.
pub(crate) fn again(data: &Data, source: &Name, item: Item, writer: &mut Writer) -> io::Result<()> {
    let mut lines = BufReader::with_capacity(1 << 18, File::open(path(data, source))?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let text = line.trim_ascii_end();
        if let Some(entry) = text.strip_prefix(item.opening().as_bytes()) {
            let slim: Slim = serde_json::from_slice(entry.strip_suffix(b"}").unwrap_or(entry))?;
            writer.line_of(item, &slim.id, text)?;
        } else if let Some(more) = text.strip_prefix(br#"{"again":"#) {
            let more = more.strip_suffix(b"}").unwrap_or(more);
            let (of, at, places): (Item, u32, Places) = serde_json::from_slice(more)?;
            if of == item {
                writer.again(item, at, places);
            }
        }
    }
}
