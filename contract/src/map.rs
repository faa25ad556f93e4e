//! Files that never change once they exist, as memory.
//!
//! With `httpd::return_memory` one of the two places in Coax where `unsafe` is allowed.

use std::fs::File;
use std::io;
use std::path::Path;

use bytes::Bytes;

/// Maps a whole file. Slices of the answer share the mapping and keep it alive.
///
/// Only for files of a published release: they are written once under another name, renamed, and never opened for
/// writing again.
pub(crate) fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new()); // an empty file cannot be mapped
    }
    // SAFETY: a mapping is sound while nobody shortens or changes the file under it. Release files are complete before
    // they get the name we opened (`release::Draft` renames a whole folder), nothing in Coax writes to them
    // afterwards, and old releases are unlinked, never truncated, which leaves existing mappings intact.
    #[allow(unsafe_code)]
    let mapped = unsafe { memmap2::Mmap::map(&file)? };
    Ok(Bytes::from_owner(mapped))
}
