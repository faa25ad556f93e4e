//! What players of HLS get: types, validators, what may be kept and for how long.

use std::hash::{DefaultHasher, Hasher};
use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderValue};
use httpd::{Coding, Entity};

/// Shorter playlists are not worth packing.
const WORTH: usize = 1024;

/// A playlist, packed for whom that is worth it.
pub(crate) fn playlist(text: String, request: &HeaderMap) -> httpd::Response {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    let offered: &[Coding] = if text.len() > WORTH { &[Coding::Gzip] } else { &[] };
    let coding = Coding::preferred(request, offered);
    let etag = format!("{:016x}{}", hasher.finish(), coding.suffix());
    let bytes = if coding == Coding::Gzip { packed(text.as_bytes()) } else { text.into_bytes() };
    let (chunks, content_type) = (vec![bytes.into()], "application/vnd.apple.mpegurl");
    // No ranges: half a playlist that has changed meanwhile is no use to anybody.
    Entity { chunks, content_type, etag, coding, cache: "no-store", ranges: false }.reply(request)
}

/// A segment, which never changes and is of use for `span` seconds.
pub(crate) fn segment(bytes: Bytes, name: String, span: u64, request: &HeaderMap) -> httpd::Response {
    let (chunks, content_type) = (vec![bytes], "video/mp2t");
    let entity =
        Entity { chunks, content_type, etag: name, coding: Coding::Identity, cache: "private", ranges: true };
    let mut response = entity.reply(request);
    let cache =
        HeaderValue::try_from(format!("private, max-age={span}, immutable")).expect("words and digits");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    response
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).expect("memory takes everything");
    packed.finish().expect("memory takes everything")
}
