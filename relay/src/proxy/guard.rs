//! The last look at what leaves: nothing of it may tell where it comes from or what was paid for it with.

use percent_encoding::percent_decode_str;
use url::Url;

/// Shorter names and passwords occur in honest text.
const SHORTEST: usize = 6;

/// Words that must not be in a playlist that viewers get.
#[derive(Clone, Default)]
pub(crate) struct Guard(Vec<String>);

// SECURITY: what types print of themselves ends up in logs.
impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Guard({} words)", self.0.len())
    }
}

impl Guard {
    /// Hides `secrets`, except those that are too short to be told from other words.
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut guard = Self::default();
        secrets.into_iter().filter(|secret| secret.len() >= SHORTEST).for_each(|secret| guard.hide(secret));
        guard
    }

    /// Hides the host of an address, the name and password in it, and what its query has that looks like a token.
    pub(crate) fn hide_address(&mut self, url: &Url) {
        let host = url.host_str().unwrap_or("");
        // A short word without a dot is a name in our own network, and in the middle of others: it would hide everything.
        if host.contains(['.', ':']) || host.len() >= SHORTEST {
            self.hide(host);
        }
        for part in [url.username(), url.password().unwrap_or("")] {
            if part.len() >= SHORTEST {
                self.hide(part);
            }
        }
        for (_, value) in url.query_pairs() {
            if is_token(&value) {
                self.hide(&value);
            }
        }
        for segment in url.path_segments().into_iter().flatten().filter(|segment| is_token(segment)) {
            self.hide(segment);
        }
    }

    fn hide(&mut self, word: &str) {
        let word = decoded(word);
        if !word.is_empty() && !self.0.contains(&word) {
            self.0.push(word);
        }
    }

    /// Whether `text` has one of the words in it, however it is spelt.
    pub(crate) fn leaks(&self, text: &str) -> bool {
        let (plain, decoded) = (text.to_lowercase(), decoded(text));
        self.0.iter().any(|word| plain.contains(word) || decoded.contains(word))
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().to_lowercase()
}

/// Long, of the characters that tokens are written in, with digits, and no name of a file.
fn is_token(word: &str) -> bool {
    word.len() >= 12
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=+/".contains(&byte))
        && word.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_found_in_every_spelling() {
        let mut guard = Guard::new(["someone", "p?ss#w%rd", "tv"]);
        guard.hide_address(
            &"http://Panel.example:8080/live/x.m3u8?token=0123456789abcdef&type=m3u8".parse().unwrap(),
        );
        for leak in [
            "NAME=\"someone\"",
            "SOMEONE",
            "%73omeone",
            "p%3Fss%23w%25rd",
            "PANEL.EXAMPLE",
            "x 0123456789ABCDEF y",
        ] {
            assert!(guard.leaks(leak), "{leak}");
        }
        for honest in ["tv", "m3u8", "some one", ""] {
            assert!(!guard.leaks(honest), "{honest}");
        }
        assert_eq!(format!("{guard:?}"), "Guard(4 words)");
    }

    #[test]
    fn a_neighbour_with_a_short_name_does_not_make_every_list_a_leak() {
        for (address, leak, honest) in [
            ("http://tv:8080/x.m3u8", None, "s/xTv0.ts"),
            ("http://a.tv/x.m3u8", Some("http://a.tv/1.ts"), "s/a-tv.ts"),
            ("http://headend/x.m3u8", Some("//headend/1.ts"), "head"),
            ("http://[fd00::1]/x.m3u8", Some("[fd00::1]"), "fd00"),
        ] {
            let mut guard = Guard::default();
            guard.hide_address(&address.parse().unwrap());
            assert!(leak.is_none_or(|leak| guard.leaks(leak)), "{address}");
            assert!(!guard.leaks(honest), "{address}");
        }
    }
}
