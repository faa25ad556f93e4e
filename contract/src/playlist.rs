//! The places in `live.m3u` and `full.m3u` that differ from viewer to viewer.
//!
//! A playlist on disk is the same for everybody: where an address, a name or a password belongs it carries one of the
//! tokens below, and the server puts the viewer's own there while sending. A playlist therefore holds no secret and
//! can be mapped, cached and compared.
//!
//! One entry is two lines, and the URL line tells what the entry is:
//!
//! ```text
//! #EXTM3U url-tvg="{base}/xmltv.php?username={username}&password={password}" x-tvg-url="…the same…"
//! #EXTINF:-1 tvg-id="one.uk" tvg-name="One" tvg-logo="http://…" tvg-chno="1" group-title="UK",One
//! {base}/live/{username}/{password}/101.{ext}
//! #EXTINF:-1 tvg-name="Film (2020)" group-title="Films",Film (2020)
//! {base}/movie/{username}/{password}/9001.mkv
//! #EXTINF:-1 tvg-name="Show S01E02" group-title="Drama",Show S01E02
//! {base}/series/{username}/{password}/12001.mp4
//! ```
//!
//! Radio entries carry `radio="true"` after `group-title`. Channels whose past can be watched end their attributes with
//! ` catchup="shift" catchup-days="3" tvg-rec="3"`, see [`CATCHUP`].

use memchr::memchr;

/// Scheme, host, port and sub-path at which the viewer reached us, without a slash at its end.
pub const BASE: &str = "{base}";
/// The viewer's name, percent-encoded where needed.
pub const USERNAME: &str = "{username}";
/// The viewer's password, percent-encoded where needed.
pub const PASSWORD: &str = "{password}";
/// `ts` or `m3u8`, as the viewer asked; only in the URLs of live channels.
pub const EXT: &str = "{ext}";

/// What stands before the number of days that a channel's past is kept. From here to the comma before the name the server
/// may put other attributes, for players that understand others.
pub const CATCHUP: &str = " catchup=\"shift\" catchup-days=\"";

/// All tokens. Text that comes from a source must not hold one; see [`literal`].
pub const TOKENS: [&str; 4] = [BASE, USERNAME, PASSWORD, EXT];

/// Text from a source, made safe to stand in a playlist: a token in it loses its brace, double quotes become single
/// ones and line breaks become blanks.
pub fn literal(text: &str) -> String {
    let mut safe = text.replace('"', "'").replace(['\r', '\n'], " ");
    for token in TOKENS {
        if safe.contains(token) {
            safe = safe.replace(token, &token.replace('{', "("));
        }
    }
    safe
}

/// Where the line ends that holds byte `from`, its line feed included.
pub fn line_end(text: &[u8], from: usize) -> usize {
    let from = from.min(text.len());
    memchr(b'\n', &text[from..]).map_or(text.len(), |feed| from + feed + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_source_can_name_no_token() {
        let safe = literal("a \"{password}\" \r\n {other}");
        assert_eq!(safe, "a '(password}'    {other}");
        assert!(TOKENS.iter().all(|token| !safe.contains(token)));
    }
}
