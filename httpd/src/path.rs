//! Paths as clients write them: doubled slashes, trailing slashes, percent signs.

use http::Uri;
use percent_encoding::percent_decode_str;

/// The segments of a request path: empty ones are dropped (clients join a base ending in `/` with a path beginning
/// with one), the others are percent-decoded exactly once. A `+` stays a plus.
pub fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect()
}

/// Removes from the path of a request what its proxy says (`X-Forwarded-Prefix`) that it put before it: some take it away
/// themselves, and some leave it. To be asked of proxies that are believed.
pub fn strip_forwarded(request: &mut crate::Request) {
    let named = request.headers().get("x-forwarded-prefix").and_then(|prefix| prefix.to_str().ok());
    let prefix = named.and_then(|prefix| prefix.split(',').next()).map(|prefix| prefix.trim().to_owned());
    if let Some(prefix) = prefix.filter(|prefix| prefix.starts_with('/')) {
        strip(request.uri_mut(), &prefix);
    }
}

/// Removes `prefix` (such as `/tv`) from the path of `uri`, if it is there as whole segments.
pub(crate) fn strip(uri: &mut Uri, prefix: &str) {
    let prefix = prefix.trim_end_matches('/');
    if prefix.is_empty() {
        return;
    }
    let Some(rest) = uri.path().strip_prefix(prefix) else { return };
    if !rest.is_empty() && !rest.starts_with('/') {
        return;
    }
    let path = if rest.is_empty() { "/" } else { rest };
    let stripped = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    if let Ok(stripped) = stripped.parse() {
        *uri = stripped;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_collapse_and_percent_signs_are_decoded_once() {
        assert_eq!(segments("//live/u%40x/p%2541/1.ts/"), ["live", "u@x", "p%41", "1.ts"]);
        assert_eq!(segments("/a+b"), ["a+b"]);
    }

    #[test]
    fn a_prefix_is_removed_only_as_whole_segments() {
        for (before, after) in
            [("/tv/get.php?a=1", "/get.php?a=1"), ("/tv", "/"), ("/tvx/a", "/tvx/a"), ("/a/tv", "/a/tv")]
        {
            let mut uri: Uri = before.parse().unwrap();
            strip(&mut uri, "/tv/");
            assert_eq!(uri.to_string(), after);
        }
    }
}
