//! Parsers of foreign bytes, for the fuzz targets (`fuzz/`) and for the test that reads their seeds.
//!
//! Each function is one target. It panics when a parser does, and when what a parser gives may not be used: that is a
//! finding. Nobody else calls this, and it is no part of the crate's interface.

use std::io::Cursor;

use crate::walk::{self, Container};

/// A file, which is walked over.
///
/// # Panics
/// The walk and the look at the first bytes disagree, or something is ragged whose container says how long it is.
pub fn container(bytes: &[u8]) {
    let first = Container::of(&bytes[..bytes.len().min(walk::HEAD)]);
    if let Ok(walked) = walk::walk(&mut Cursor::new(bytes)) {
        assert_eq!(first, Some(walked.container));
        let says = matches!(walked.container, Container::Mp4 | Container::Matroska);
        assert!(!(says && walked.ragged), "{walked:?}");
    }
}
