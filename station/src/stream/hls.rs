//! Live HLS: a window of segments that are cut at key pictures and numbered by the clock.

use std::fmt::Write as _;
use std::ops::Range;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Response};

use super::{Refusal, Wish, refuse, ts};
use crate::clock;
use crate::television::Broadcast;

/// `.m3u8`: the last segments that are complete.
pub(super) fn playlist(wish: &Wish<'_>) -> Result<Response, Refusal> {
    let broadcast = wish.broadcast()?;
    let end = newest(&broadcast, entries(wish));
    list(wish, &broadcast, end.saturating_sub(u64::from(wish.provider.settings.window.max(1)))..end, "")
}

/// `.m3u8?utc=START&lutc=END`: the segments of then, and no more.
pub(crate) fn past(wish: &Wish<'_>, start: u64, end: Option<u64>) -> Result<Response, Refusal> {
    wish.admit()?;
    let broadcast = wish.broadcast()?;
    let newest = newest(&broadcast, entries(wish));
    let number = |time: u64| segment_at(&broadcast, time, entries(wish));
    let end = end.map_or(newest, |end| number(end) + 1).min(newest);
    if number(start) < oldest(wish, &broadcast) || number(start) >= end {
        return Err(refuse(StatusCode::NOT_FOUND));
    }
    list(wish, &broadcast, number(start)..end, "#EXT-X-ENDLIST\n")
}

fn list(
    wish: &Wish<'_>,
    broadcast: &Broadcast,
    segments: Range<u64>,
    last: &str,
) -> Result<Response, Refusal> {
    let settings = &wish.provider.settings;
    let session = format!("{}-{}", wish.account.username, wish.session());
    wish.seat(Some(session.clone()), settings.hls_linger)?;
    let seconds = broadcast.entry_seconds() * entries(wish) as f64;
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-TARGETDURATION:{}\n",
        segments.start,
        seconds.ceil()
    );
    for number in segments {
        let _ = writeln!(text, "#EXTINF:{seconds:.3},\n/hls/{session}/{}/{number}.ts", wish.id);
    }
    text.push_str(last);
    let mut answer = Response::new(Body::from(text));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-mpegurl"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// A segment of the window, of a little before it, or of the archive.
pub(crate) fn segment(wish: &Wish<'_>, session: &str, number: u64) -> Result<Response, Refusal> {
    let settings = &wish.provider.settings;
    let broadcast = wish.broadcast()?;
    let entries = entries(wish);
    let newest = newest(&broadcast, entries);
    let gone = number + 2 * u64::from(settings.window.max(1)) < newest;
    if number >= newest || (gone && number < oldest(wish, &broadcast)) {
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

/// The number of the segment that was on the air at a time, in Unix seconds.
fn segment_at(broadcast: &Broadcast, time: u64, entries: u64) -> u64 {
    broadcast.entry_before(broadcast.at(time.saturating_mul(1_000_000))) / entries
}

/// The number of the first segment that is archived.
fn oldest(wish: &Wish<'_>, broadcast: &Broadcast) -> u64 {
    let catalogue = &wish.provider.catalogue;
    let days = catalogue.live_index(wish.id).map_or(0, |index| catalogue.archive_days(index));
    let now = clock::micros() / 1_000_000;
    segment_at(broadcast, now.saturating_sub(u64::from(days) * 86_400), entries(wish))
}

fn entries(wish: &Wish<'_>) -> u64 {
    u64::from(wish.provider.settings.segment_entries.max(1))
}
