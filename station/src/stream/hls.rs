//! Live HLS: a window of segments that are cut at key pictures and numbered by the clock.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Response};

use super::{Refusal, Wish, refuse, ts};
use crate::clock;
use crate::television::Broadcast;

/// `.m3u8`: the last segments that are complete.
pub(super) fn playlist(wish: &Wish<'_>) -> Result<Response, Refusal> {
    let settings = &wish.provider.settings;
    let broadcast = wish.broadcast()?;
    let session = format!("{}-{}", wish.account.username, wish.session());
    wish.seat(Some(session.clone()), settings.hls_linger)?;
    let entries = u64::from(settings.segment_entries.max(1));
    let (end, seconds) = (newest(&broadcast, entries), broadcast.entry_seconds() * entries as f64);
    let first = end.saturating_sub(u64::from(settings.window.max(1)));
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-TARGETDURATION:{}\n",
        seconds.ceil()
    );
    for number in first..end {
        let _ = writeln!(text, "#EXTINF:{seconds:.3},\n/hls/{session}/{}/{number}.ts", wish.id);
    }
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-mpegurl"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// A segment of the window, or of a little before it.
pub(crate) fn segment(wish: &Wish<'_>, session: &str, number: u64) -> Result<Response, Refusal> {
    let settings = &wish.provider.settings;
    let broadcast = wish.broadcast()?;
    let entries = u64::from(settings.segment_entries.max(1));
    let newest = newest(&broadcast, entries);
    if number >= newest || number + 2 * u64::from(settings.window.max(1)) < newest {
        return Err(refuse(StatusCode::NOT_FOUND));
    }
    if wish.provider.ledger.is_kicked(session) {
        return Err(refuse(StatusCode::FORBIDDEN));
    }
    wish.seat(Some(session.to_owned()), settings.hls_linger)?;
    let mut out = Vec::new();
    broadcast.write(broadcast.entry(number * entries), broadcast.entry((number + 1) * entries), &mut out);
    Ok(ts(Body::from(Bytes::from(out))))
}

/// The number of the segment that is not complete yet.
fn newest(broadcast: &Broadcast, entries: u64) -> u64 {
    broadcast.entry_before(broadcast.at(clock::micros())) / entries
}
