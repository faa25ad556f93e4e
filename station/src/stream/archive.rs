//! Catch-up: yesterday's television, computed from its time.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, StatusCode, header};
use httpd::{Body, Range, Response, range};
use jiff::tz::TimeZone;

use super::{Refusal, Wish, refuse, ts};
use crate::clock;
use crate::settings::Otherwise;
use crate::television::PACKET;

/// The archive trails the air by a minute.
const TRAIL: i64 = 60;
/// A programme that is still archived can have begun this much before the oldest day.
const GRACE: i64 = 6 * 3600;
/// Bytes made at a time.
const PIECE: u64 = 348 * PACKET as u64;

/// A request for the past, as it came.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// `path`, `query`, or `shift`: the channel's own address with a time, which goes on until now and says no length.
    pub(crate) form: &'static str,
    pub(crate) start: &'a str,
    pub(crate) minutes: &'a str,
}

/// A channel from a start for some minutes, or to a minute ago.
pub(crate) fn archive(wish: &Wish<'_>, asked: Asked<'_>) -> Result<Response, Refusal> {
    wish.admit()?;
    let settings = &wish.provider.settings;
    if !settings.archive_forms.is_empty() && !settings.archive_forms.contains(&asked.shape()) {
        return match settings.archive_else {
            Otherwise::Status(status) => {
                Err(refuse(StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND)))
            }
            Otherwise::Page => {
                Ok(ts(Body::from("<br />\n<b>Warning</b>: fopen(): no such file or directory\n")))
            }
            Otherwise::LiveInQuery if asked.form == "query" => wish.live(&super::Variant::default()),
            Otherwise::LiveInQuery => Err(refuse(StatusCode::NOT_FOUND)),
        };
    }
    let minutes = asked.minutes;
    let start = instant(asked.start, wish.provider.catalogue.guide().zone());
    let catalogue = &wish.provider.catalogue;
    let start = start.ok_or_else(|| refuse(StatusCode::BAD_REQUEST))?;
    let days = catalogue.live_index(wish.id).map_or(0, |index| catalogue.archive_days(index));
    let now = catalogue.guide().now();
    let minutes = minutes.parse().ok().filter(|minutes| (1..=480).contains(minutes)).unwrap_or(120);
    let shifted = asked.form == "shift";
    let end = if shifted { now - TRAIL } else { (start + minutes * 60).min(now - TRAIL) };
    if days == 0 || start < now - i64::from(days) * 86_400 - GRACE || start >= end {
        return Err(refuse(StatusCode::NOT_FOUND));
    }
    let broadcast = wish.broadcast()?;
    // Another start replaces the same viewer's session instead of being a second one.
    let seat = wish.seat(Some(format!("archive-{}", wish.session())), std::time::Duration::ZERO)?;
    // Archives are cut at key pictures, so that what follows begins where this ends.
    let cut = |time: i64| broadcast.entry(broadcast.entry_before(broadcast.at(time as u64 * 1_000_000)));
    let (first, last) = (cut(start), cut(end));
    if first == last {
        return Err(refuse(StatusCode::NOT_FOUND));
    }
    let size = (last - first) * PACKET as u64;
    let ranges = settings.archive_ranges && !shifted;
    let wanted = if ranges { range(wish.headers, size) } else { Range::Whole };
    let (status, from, to) = match wanted {
        Range::Whole => (StatusCode::OK, 0, size),
        Range::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
        Range::Unsatisfiable => return Err(refuse(StatusCode::RANGE_NOT_SATISFIABLE)),
    };
    let state = (Arc::new(broadcast), seat, from);
    let pieces = stream::unfold(state, move |(broadcast, seat, from)| async move {
        if from == to {
            return None;
        }
        if seat.is_kicked() {
            return Some((
                Err(io::Error::other("the account's place was given away")),
                (broadcast, seat, to),
            ));
        }
        let until = to.min((from / PIECE + 1) * PIECE);
        let (packet, end) = (from / PACKET as u64, until.div_ceil(PACKET as u64));
        let mut out = Vec::with_capacity((end - packet) as usize * PACKET);
        broadcast.write(first + packet, first + end, &mut out);
        let skip = (from % PACKET as u64) as usize;
        let piece = Bytes::from(out).slice(skip..skip + (until - from) as usize);
        Some((Ok(piece), (broadcast, seat, until)))
    });
    if shifted {
        return Ok(ts(Body::stream(pieces)));
    }
    let mut answer = ts(Body::sized_stream(to - from, pieces));
    *answer.status_mut() = status;
    // What panels really say (RFC 9110 knows only `bytes` and `none`).
    if ranges && let Ok(accepted) = HeaderValue::try_from(format!("0-{size}")) {
        answer.headers_mut().insert(header::ACCEPT_RANGES, accepted);
    }
    if let (StatusCode::PARTIAL_CONTENT, Ok(range)) =
        (status, HeaderValue::try_from(format!("bytes {from}-{}/{size}", to - 1)))
    {
        answer.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    Ok(answer)
}

impl Asked<'_> {
    /// The form and the shape of the start, with a zero for every digit.
    fn shape(&self) -> String {
        let zero = |letter: char| if letter.is_ascii_digit() { '0' } else { letter };
        format!("{} {}", self.form, self.start.chars().map(zero).collect::<String>())
    }
}

/// The spellings of a start that panels take: `2025-01-01:06-00` and its like in their zone, or seconds since 1970.
fn instant(text: &str, zone: &TimeZone) -> Option<i64> {
    if text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let parts: Option<Vec<i64>> =
        text.split(['-', ':', '_', ' ', 'T']).map(|part| part.trim_end_matches('Z').parse().ok()).collect();
    let civil = match parts?.as_slice() {
        [year, month, day, hour, minute] => clock::epoch(*year, *month, *day, *hour, *minute, 0),
        [year, month, day, hour, minute, second] => {
            clock::epoch(*year, *month, *day, *hour, *minute, *second)
        }
        _ => None,
    };
    if text.ends_with('Z') { civil } else { clock::there(civil?, zone) }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::instant;

    #[test]
    fn a_start_is_read_in_every_spelling() {
        let same = [
            "2025-10-09:08-00",
            "2025-10-09:08-00-00",
            "2025-10-09_08-00",
            "2025-10-09:08:00:00",
            "2025-10-09 08:00",
            "2025-10-09T08:00:00Z",
            "1759996800",
        ];
        for text in same {
            assert_eq!(instant(text, &TimeZone::UTC), Some(1_759_996_800), "{text}");
        }
        for text in ["", "yesterday", "2025-10-09", "2025-99-09:08-00"] {
            assert_eq!(instant(text, &TimeZone::UTC), None, "{text}");
        }
        let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
        assert_eq!(instant("2025-10-09:13-30", &kolkata), Some(1_759_996_800));
        assert_eq!(instant("1759996800", &kolkata), Some(1_759_996_800));
    }
}
