//! How long to wait before asking again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap};

use super::Failure;

/// The longest rest between two attempts; a server that wants more is not asked again this time.
pub(super) const LONGEST: Duration = Duration::from_secs(600);
/// A server that says "too many" without saying for how long gets so many times the usual rest.
const TOO_MANY: u32 = 10;

/// The rests between the attempts of one request.
#[derive(Debug)]
pub(super) struct Backoff {
    /// What is asked: two sources that failed together do not come back together.
    seed: u64,
    base: Duration,
    attempt: u32,
}

impl Backoff {
    /// Begins with about `base`; `name` decides how much that is.
    pub(super) fn new(name: &str, base: Duration) -> Self {
        // FNV-1a: the same in every process, so that what happens can be told twice.
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self { seed, base, attempt: 0 }
    }

    /// The rest after `failure`: twice as long each time, give or take a quarter; as long as the server says where it
    /// says. `None` if it says too long.
    pub(super) fn after(&mut self, failure: &Failure) -> Option<Duration> {
        let mixed = (self.seed ^ u64::from(self.attempt)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let quarters = 0.75 + 0.5 * mixed as f64 / f64::from(1 << 24);
        let doubled = self.base.saturating_mul(1 << self.attempt.min(16));
        self.attempt += 1;
        let usual = doubled.min(LONGEST).mul_f64(quarters).min(LONGEST);
        match failure {
            Failure::Status(_, Some(told)) => (*told <= LONGEST).then(|| usual.max(*told)),
            Failure::Status(StatusCode::TOO_MANY_REQUESTS, None) => {
                Some(usual.max(self.base.saturating_mul(TOO_MANY)).min(LONGEST))
            }
            _ => Some(usual),
        }
    }
}

/// `Retry-After` of RFC 9110, 10.2.3: seconds or a date.
pub(super) fn told(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(Duration::from_secs(from_now(text)?.max(0) as u64))
}

/// By how many seconds the server's clock is ahead of ours, as its `Date` says (RFC 9110, 6.6.1).
pub(super) fn ahead(headers: &HeaderMap) -> Option<i64> {
    from_now(headers.get(header::DATE)?.to_str().ok()?.trim())
}

/// How many seconds from now a date of HTTP is.
fn from_now(date: &str) -> Option<i64> {
    let then = DateTimeParser::new().parse_timestamp(date).ok()?.as_second();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    Some(then.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, told: Option<u64>) -> Failure {
        Failure::Status(StatusCode::from_u16(code).unwrap(), told.map(Duration::from_secs))
    }

    #[test]
    fn rests_double_and_no_two_sources_rest_alike() {
        let rests = |name| {
            let mut backoff = Backoff::new(name, Duration::from_secs(4));
            [(); 4].map(|()| backoff.after(&status(503, None)).unwrap().as_secs_f64())
        };
        for (at, rest) in rests("acme").into_iter().enumerate() {
            let middle = f64::from(4 << at);
            assert!((middle * 0.75..=middle * 1.25).contains(&rest), "{rest} about {middle}");
        }
        assert_eq!(rests("acme"), rests("acme"));
        assert_ne!(rests("acme"), rests("other"));
        assert!(Backoff::new("acme", Duration::MAX).after(&Failure::Slow(1)).unwrap() <= LONGEST);
    }

    #[test]
    fn a_server_that_says_how_long_is_believed_within_reason() {
        let mut backoff = Backoff::new("acme", Duration::from_millis(10));
        assert_eq!(backoff.after(&status(429, Some(7))), Some(Duration::from_secs(7)));
        assert_eq!(backoff.after(&status(503, Some(601))), None);
        assert_eq!(backoff.after(&status(429, None)), Some(Duration::from_millis(100)));
    }

    #[test]
    fn the_rest_is_told_in_seconds_or_as_a_date() {
        let parse = |text: &str| told(&HeaderMap::from_iter([(header::RETRY_AFTER, text.parse().unwrap())]));
        assert_eq!(parse(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert!(parse("Fri, 06 Nov 2099 08:49:37 GMT").unwrap() > LONGEST);
        for odd in ["", "soon", "-5", "1.5"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
