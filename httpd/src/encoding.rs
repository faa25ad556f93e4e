//! `Accept-Encoding` of RFC 9110 section 12.5.3, for the one coding that is offered.

use http::{HeaderMap, header};

/// Whether the client takes gzip. Without the header it is not asked to: many players send none and cannot.
pub fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut accepted = None;
    let mut anything = false;
    for value in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in value.split(',') {
            let (coding, parameters) = item.split_once(';').unwrap_or((item, ""));
            let refused = parameters.split_once('=').is_some_and(|(name, q)| {
                name.trim() == "q" && q.trim().parse::<f32>().is_ok_and(|q| q <= 0.0)
            });
            match coding.trim().to_ascii_lowercase().as_str() {
                "gzip" | "x-gzip" => accepted = Some(!refused),
                "*" => anything = !refused,
                _ => {}
            }
        }
    }
    accepted.unwrap_or(anything)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_only_when_it_is_wanted() {
        for (value, expected) in [
            ("gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*", true),
            ("identity, *;q=0", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(accepts_gzip(&headers), expected, "{value}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
