//! Parsers of foreign bytes, for the fuzz targets (`fuzz/`) and for the test that reads their seeds.
//!
//! Each function is one target. It panics when a parser does, and when what a parser gives may not be used: that is a
//! finding. Nobody else calls this, and it is no part of the crate's interface.

use crate::proxy;
use crate::upstream::hls;

/// Playlists of HLS, as they are received one after another; 0xFF, which is in no text, stands between them.
///
/// # Panics
/// Something is followed that is no address, or more than the lists can hold.
pub fn hls(bytes: &[u8]) {
    let segments = hls::followed(bytes.split(|byte| *byte == 0xFF));
    assert!(segments <= bytes.len(), "{segments} segments in {} bytes", bytes.len());
}

/// Playlists of HLS that are passed on, one after another; 0xFF stands between them.
///
/// # Panics
/// A viewer would see a provider's address, or what it is asked with.
pub fn rewrite(bytes: &[u8]) {
    proxy::trial(bytes.split(|byte| *byte == 0xFF));
}
