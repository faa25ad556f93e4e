//! What an answer means: its status and its headers, before a byte of it is read. Pure.

use std::time::Duration;

use contract::ticket::pass::{Obstacle, WHY, Why};
use http::header::{self, HeaderMap, HeaderName};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::Stop;
use crate::engine::Rest;
use crate::job::{Cause, Wait};

/// A source that wants to be left alone for longer than this is asked again all the same.
const LONGEST_WISH: Duration = Duration::from_secs(15 * 60);

/// Why a film is not had whose parts are not all there.
pub(super) const INCOMPLETE: &str = "the provider does not have the whole of it";

/// An answer that is no refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Bytes of the file.
    Bytes {
        /// Where in the file they begin; `None` if nobody knows.
        from: Option<u64>,
        /// Its size.
        total: Option<u64>,
        /// Its validator.
        etag: Option<String>,
    },
    /// What was asked for lies behind the end of the file, which is of this size.
    Behind(Option<u64>),
}

/// Reads an answer.
pub(super) fn read(status: u16, headers: &HeaderMap) -> Result<Answer, Stop> {
    let why = text(headers, HeaderName::from_static(WHY)).parse::<Why>().ok();
    match (why, status) {
        (Some(Why::Slot), _) => Err(Stop::slot(rest(headers))),
        (Some(Why::Foreign), _) => {
            Err(Stop::Failed(Cause::Content, "the provider sends something else than a video".to_owned()))
        }
        (Some(Why::Incomplete), _) => Err(Stop::broken(INCOMPLETE)),
        (Some(Why::Unsupported(obstacle)), _) => Err(unsupported(obstacle)),
        (Some(Why::Broken), _) => Err(Stop::broken("the relay gets nothing from the provider")),
        (Some(Why::Status(status)), _) => Err(refused(status, headers)),
        (None | Some(Why::Whole), 200 | 206) => bytes(status, headers),
        (None | Some(Why::Whole), 416) => Ok(Answer::Behind(described(headers).1)),
        (None | Some(Why::Whole), status) => Err(refused(status, headers)),
    }
}

/// Of what its provider has in such a form no file is made, however often it is asked for.
pub(super) fn unsupported(obstacle: Obstacle) -> Stop {
    let elsewhere = match obstacle {
        Obstacle::Rights => "",
        _ => {
            ", or queue the address of its list by itself (--url), which yt-dlp fetches where it is installed"
        }
    };
    let why = format!(
        "the provider has it as {obstacle}, of which no file can be made here: choose another version of it{elsewhere}"
    );
    Stop::Failed(Cause::Content, why)
}

fn bytes(status: u16, headers: &HeaderMap) -> Result<Answer, Stop> {
    let media_type = text(headers, header::CONTENT_TYPE).to_ascii_lowercase();
    if let Some(what) = foreign(&media_type) {
        return Err(Stop::Failed(Cause::Content, format!("the source sent {what} in place of a video")));
    }
    if !matches!(text(headers, header::CONTENT_ENCODING), "" | "identity") {
        return Err(Stop::Failed(Cause::Content, "the source sent something packed".to_owned()));
    }
    let (from, size) = described(headers);
    let length = text(headers, header::CONTENT_LENGTH).parse().ok();
    let etag = Some(text(headers, header::ETAG)).filter(|etag| !etag.is_empty()).map(str::to_owned);
    Ok(match (status, from) {
        (206, from) => Answer::Bytes { from, total: size, etag },
        // As long as the file: it is the file, whatever else is said.
        (_, Some(from)) if from > 0 && length != size => {
            Answer::Bytes { from: Some(from), total: size, etag }
        }
        _ => Answer::Bytes { from: Some(0), total: size.or(length), etag },
    })
}

/// What is certainly no video.
fn foreign(media_type: &str) -> Option<&'static str> {
    if media_type.contains("mpegurl") {
        Some("a playlist")
    } else if media_type.starts_with("text/html") {
        Some("a page")
    } else if media_type.starts_with("text/") {
        Some("a text")
    } else if media_type.starts_with("application/json") || media_type.starts_with("application/xml") {
        Some("a document")
    } else {
        None
    }
}

/// What a status means that is neither the file nor a part of it. Panels invent statuses: those of the 4xx and 5xx that
/// nobody knows are refusals, never a success.
pub(super) fn refused(status: u16, headers: &HeaderMap) -> Stop {
    let why = || format!("the source answers with status {status}");
    match status {
        401 => Stop::Failed(Cause::Auth, "the source refuses the credentials (401)".to_owned()),
        404 | 410 => Stop::Failed(Cause::Gone, format!("the source has no such file ({status})")),
        551 => Stop::Misnamed(why()),
        403 | 429 | 458 | 509 => Stop::Waits(Wait::Slot, rest(headers).unwrap_or(Rest::Slot), why()),
        500..=504 | 507 | 508 | 510 | 511 | 520..=530 => {
            Stop::Waits(Wait::Retry, rest(headers).unwrap_or(Rest::Broken), why())
        }
        400..=999 => Stop::Waits(Wait::Slot, rest(headers).unwrap_or(Rest::Slot), why()),
        _ => Stop::broken(why()),
    }
}

/// How long the source wants to be left alone (RFC 9110, 10.2.3): seconds, or a date.
fn rest(headers: &HeaderMap) -> Option<Rest> {
    let said = text(headers, header::RETRY_AFTER);
    let seconds = said.parse().ok().map(Duration::from_secs);
    let date = || {
        let left = rfc2822::parse(said).ok()?.timestamp().duration_since(Timestamp::now());
        Some(Duration::from_secs(left.as_secs().try_into().ok()?))
    };
    Some(Rest::Said(seconds.or_else(date)?.clamp(Duration::from_secs(1), LONGEST_WISH)))
}

/// Where the bytes begin and how large the file is, by `Content-Range: bytes FROM-TO/SIZE`; either may be a `*`.
pub(super) fn described(headers: &HeaderMap) -> (Option<u64>, Option<u64>) {
    let range = text(headers, header::CONTENT_RANGE).strip_prefix("bytes");
    let Some((range, size)) = range.and_then(|range| range.split_once('/')) else { return (None, None) };
    let from = range.split('-').next().and_then(|from| from.trim().parse().ok());
    (from, size.trim().parse().ok())
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair =
            |(name, value): &(&str, &str)| (HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(pair).collect()
    }

    #[test]
    fn bytes_are_placed_by_what_is_said_of_them_whatever_the_status() {
        for (status, range, length, from, total) in [
            (200, "", "100", Some(0), Some(100)),
            (200, "", "", Some(0), None),
            (200, "bytes 0-99/100", "100", Some(0), Some(100)),
            (200, "bytes 50-99/100", "50", Some(50), Some(100)),
            (200, "bytes 50-99/100", "100", Some(0), Some(100)),
            (206, "bytes 50-99/100", "50", Some(50), Some(100)),
            (206, "bytes 50-99/*", "50", Some(50), None),
            (206, "bytes */100", "50", None, Some(100)),
            (206, "", "50", None, None),
        ] {
            let said = headers(&[("content-range", range), ("content-length", length)]);
            let expected = Answer::Bytes { from, total, etag: None };
            assert_eq!(read(status, &said).unwrap(), expected, "{status} {range} {length}");
        }
        for (range, size) in [("bytes */100", Some(100)), ("bytes 5-9/100", Some(100)), ("", None)] {
            assert_eq!(read(416, &headers(&[("content-range", range)])).unwrap(), Answer::Behind(size));
        }
    }

    #[test]
    fn what_is_no_video_is_known_before_a_byte_of_it_is_written() {
        for (media_type, taken) in [
            ("video/mp4", true),
            ("application/octet-stream", true),
            ("", true),
            ("text/html; charset=utf-8", false),
            ("Text/Plain", false),
            ("application/json", false),
            ("application/vnd.apple.mpegurl", false),
            ("audio/x-mpegurl", false),
        ] {
            let answer = read(200, &headers(&[("content-type", media_type)]));
            assert_eq!(answer.is_ok(), taken, "{media_type}");
            assert!(taken || matches!(answer, Err(Stop::Failed(Cause::Content, _))));
        }
        assert!(read(200, &headers(&[("content-encoding", "gzip")])).is_err());
    }

    #[test]
    fn every_status_has_its_class_and_none_is_a_success_by_mistake() {
        let class = |status: u16| match refused(status, &HeaderMap::new()) {
            Stop::Failed(Cause::Auth, _) => "auth",
            Stop::Failed(Cause::Gone, _) => "gone",
            Stop::Misnamed(_) => "misnamed",
            Stop::Waits(Wait::Slot, Rest::Slot, _) => "slot",
            Stop::Waits(Wait::Retry, Rest::Broken, _) => "retry",
            other => panic!("{status}: {other:?}"),
        };
        for (class_of, statuses) in [
            ("auth", &[401][..]),
            ("gone", &[404, 410]),
            ("misnamed", &[551]),
            ("slot", &[403, 429, 458, 509, 400, 402, 418, 454, 461, 514, 884, 999]),
            ("retry", &[500, 502, 503, 504, 521, 530, 100, 204, 299, 304, 399]),
        ] {
            statuses.iter().for_each(|status| assert_eq!(class(*status), class_of, "{status}"));
        }
    }

    #[test]
    fn what_a_relay_says_counts_more_than_its_status() {
        let said = |why: &str, retry: &str| read(503, &headers(&[(WHY, why), ("retry-after", retry)]));
        let ten = Rest::Said(Duration::from_secs(10));
        assert!(matches!(said("slot", "10"), Err(Stop::Waits(Wait::Slot, rest, _)) if rest == ten));
        assert!(matches!(said("status 404", ""), Err(Stop::Failed(Cause::Gone, _))));
        assert!(matches!(said("status 551", ""), Err(Stop::Misnamed(_))));
        assert!(
            matches!(said("unsupported fragments", ""), Err(Stop::Failed(Cause::Content, why)) if why.contains("--url"))
        );
        assert!(
            matches!(said("unsupported rights", ""), Err(Stop::Failed(Cause::Content, why)) if !why.contains("--url"))
        );
        assert!(matches!(said("foreign", ""), Err(Stop::Failed(Cause::Content, _))));
        assert!(matches!(said("broken", ""), Err(Stop::Waits(Wait::Retry, Rest::Broken, _))));
        assert!(matches!(said("", ""), Err(Stop::Waits(Wait::Retry, Rest::Broken, _))));
    }

    #[test]
    fn the_source_says_how_long_in_seconds_or_by_a_date() {
        let rest = |said: &str| rest(&headers(&[("retry-after", said)]));
        let seconds = |seconds| Some(Rest::Said(Duration::from_secs(seconds)));
        assert_eq!((rest("7"), rest("0"), rest("99999")), (seconds(7), seconds(1), seconds(900)));
        assert_eq!((rest(""), rest("soon"), rest("-1")), (None, None, None));
        assert_eq!(rest("Fri, 31 Dec 2100 23:59:59 GMT"), seconds(900));
        assert_eq!(rest("Tue, 15 Nov 1994 12:45:26 GMT"), None);
    }
}
