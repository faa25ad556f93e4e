//! What a viewer asks of a file.

use http::header::{self, HeaderMap};
use httpd::Range;

use crate::refusal::Refusal;
use crate::upstream::file::{Ask, Open};

/// The headers that decide about ranges.
pub(super) struct Asked {
    /// `Range`, if it counts.
    range: HeaderMap,
    /// Counts only if this is the file's validator.
    if_range: Option<String>,
    /// `TE: trailers` (RFC 9110, 10.1.4).
    trailers: bool,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let condition = headers.get(header::IF_RANGE);
        // A date is no strong validator, and a weak one says nothing of bytes: then RFC 9110, 13.1.5, gives the whole.
        let if_range = condition.and_then(|value| value.to_str().ok()).filter(|value| value.starts_with('"'));
        let counts = condition.is_none() || if_range.is_some();
        let range = headers.get(header::RANGE).filter(|_| counts);
        let range: HeaderMap = range.map(|range| (header::RANGE, range.clone())).into_iter().collect();
        let codings = headers.get_all(header::TE).iter().filter_map(|value| value.to_str().ok());
        let trailers =
            codings.flat_map(|list| list.split(',')).any(|it| it.trim().eq_ignore_ascii_case("trailers"));
        Self { if_range: if_range.filter(|_| !range.is_empty()).map(str::to_owned), range, trailers }
    }

    /// Whether what is said behind the body reaches him.
    pub(super) fn hears_trailers(&self) -> bool {
        self.trailers
    }

    /// The last bytes, however many there are: panels misread that, so the size must be known first.
    pub(super) fn is_suffix(&self) -> bool {
        let range = self.range.get(header::RANGE).and_then(|value| value.to_str().ok());
        let range = range.and_then(|range| range.split_once('='));
        range.is_some_and(|(_, range)| range.trim_start().starts_with('-'))
    }

    /// The same for the provider, of a file whose size may be known.
    ///
    /// # Errors
    /// The range lies behind the end.
    pub(super) fn ask(&self, known: Option<u64>) -> Result<Ask, Refusal> {
        let size = known.unwrap_or(u64::MAX);
        let part = match self.range(size) {
            Range::Whole => None,
            Range::Part { start, end } => Some((start, Some(end).filter(|end| *end < size))),
            Range::Unsatisfiable => return Err(Refusal::Range(known.unwrap_or(0))),
        };
        Ok(Ask { part, if_range: self.if_range.clone() })
    }

    /// The range of a file of this size.
    pub(super) fn range(&self, size: u64) -> Range {
        httpd::range(&self.range, size)
    }

    /// Whether the viewer holds bytes of another file than this: he wants all of it then.
    pub(super) fn is_outdated_by(&self, file: &Open) -> bool {
        self.if_range.is_some() && self.if_range != file.etag
    }

    /// All of the file is wanted.
    pub(super) fn want_all(&mut self) {
        (self.range, self.if_range) = (HeaderMap::new(), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_unless_what_the_viewer_holds_may_be_something_else() {
        for (if_range, part, passed) in [
            (None, Some((5, None)), None),
            (Some("\"a\""), Some((5, None)), Some("\"a\"")),
            (Some("W/\"a\""), None, None),
            (Some("Tue, 15 Nov 1994 12:45:26 GMT"), None, None),
        ] {
            let mut headers = HeaderMap::from_iter([(header::RANGE, "bytes=5-".parse().unwrap())]);
            headers.extend(if_range.map(|value| (header::IF_RANGE, value.parse().unwrap())));
            let ask = Asked::of(&headers).ask(None).unwrap();
            assert_eq!(ask, Ask { part, if_range: passed.map(str::to_owned) }, "{if_range:?}");
        }
    }

    #[test]
    fn whoever_hears_trailers_says_so_in_a_list() {
        for (said, hears) in [
            (&[][..], false),
            (&["trailers"], true),
            (&["gzip, Trailers"], true),
            (&["gzip", "trailers"], true),
            (&["trailers;q=0", "gzip"], false),
        ] {
            let mut all = HeaderMap::new();
            for said in said {
                all.append(header::TE, said.parse().unwrap());
            }
            assert_eq!(Asked::of(&all).hears_trailers(), hears, "{said:?}");
        }
    }

    #[test]
    fn a_suffix_is_known_by_its_minus() {
        for (range, suffix) in [("bytes=-5", true), ("bytes= -5", true), ("bytes=5-", false), ("-5", false)] {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            assert_eq!(Asked::of(&headers).is_suffix(), suffix, "{range}");
        }
    }
}
