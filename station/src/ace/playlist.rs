//! The engine's HLS: absolute addresses, numbers from 0, a window that grows and then slides.

use std::fmt::Write as _;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, header};
use httpd::{Body, Response};

use crate::clock;
use crate::television::Broadcast;

/// Access points in a segment: 5.12 s.
const ENTRIES: u64 = 4;
/// Segments there are at once, and at most.
const FIRST: u64 = 3;
const MOST: u64 = 17;

/// The segments of a session that can be had now, by their numbers, and the entry at which number 0 began.
fn window(broadcast: &Broadcast, began: Instant) -> (u64, u64, u64) {
    let now = clock::micros();
    let then = now.saturating_sub(began.elapsed().as_micros() as u64);
    let origin = (broadcast.entry_before(broadcast.at(then)) / ENTRIES).saturating_sub(FIRST);
    let end = broadcast.entry_before(broadcast.at(now)) / ENTRIES - origin;
    (end.saturating_sub(MOST), end, origin)
}

/// `base` is where the segments are, without a slash at the end.
pub(super) fn playlist(broadcast: &Broadcast, began: Instant, base: &str) -> Response {
    let (first, end, _) = window(broadcast, began);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:{first}\n\
         #EXT-X-ALLOW-CACHE:NO\n"
    );
    for number in first..end {
        let seconds = broadcast.entry_seconds() * ENTRIES as f64;
        let _ = writeln!(text, "#EXTINF:{seconds:.6},\n{base}/{number}.ts");
    }
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.apple.mpegurl"));
    answer
}

/// A segment of the window.
pub(super) fn segment(broadcast: &Broadcast, began: Instant, number: u64) -> Option<Bytes> {
    let (first, end, origin) = window(broadcast, began);
    if number < first || number >= end {
        return None;
    }
    let entry = (origin + number) * ENTRIES;
    let mut out = Vec::new();
    broadcast.write(broadcast.entry(entry), broadcast.entry(entry + ENTRIES), &mut out);
    Some(out.into())
}
