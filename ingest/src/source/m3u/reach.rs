//! Whether a relay can dial the address of an entry.
//!
//! SECURITY: an address is text. Commands (`pipe://`) and add-ons (`plugin://`) are never run; they are kept as they are
//! and count as not relayable.

use std::borrow::Cow;

use contract::ace::AceId;
use m3u::Parts;

/// How an address can be received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach<'a> {
    /// By asking for it.
    Web,
    /// Through an Ace Stream engine.
    Ace(AceId),
    /// Not by a relay: its scheme, in lower case.
    None(Cow<'a, str>),
}

/// How `address` can be received.
pub(crate) fn reach(address: &str) -> Reach<'_> {
    let parts = Parts::of(address);
    // Any server may call something `id`; an engine's paths begin like this.
    let engine = parts.path.starts_with("/ace/") || parts.scheme.eq_ignore_ascii_case("acestream");
    if engine && let Ok(id) = AceId::parse(address) {
        return Reach::Ace(id);
    }
    let web = parts.scheme.eq_ignore_ascii_case("http") || parts.scheme.eq_ignore_ascii_case("https");
    if web && !parts.host.is_empty() {
        return Reach::Web;
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let known = (1..=24).contains(&parts.scheme.len()) && parts.scheme.bytes().all(plain);
    Reach::None(match known {
        false => Cow::Borrowed("no address"),
        true if parts.scheme.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Owned(parts.scheme.to_ascii_lowercase())
        }
        true => Cow::Borrowed(parts.scheme),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use contract::ace::Kind;

    const ID: &str = "0123456789abcdef0123456789ABCDEF01234567";

    #[test]
    fn ace_ids_are_found_in_every_form() {
        let content = || Reach::Ace(AceId::new(Kind::ContentId, ID).unwrap());
        let infohash = || Reach::Ace(AceId::new(Kind::Infohash, ID).unwrap());
        for (address, expected) in [
            (format!("acestream://{ID}"), content()),
            (format!("acestream:?content_id={ID}"), content()),
            (format!("acestream:?infohash={ID}"), infohash()),
            (format!("http://127.0.0.1:6878/ace/getstream?id={ID}&pid=1"), content()),
            (format!("http://h/ace/manifest.m3u8?infohash={ID}"), infohash()),
            (format!("http://h/ace/getstream?infohash={ID}&content_id={ID}"), Reach::Web),
            (format!("http://h/x?id={ID}"), Reach::Web),
            (format!("acestream://{ID}0"), Reach::None("acestream".into())),
        ] {
            assert_eq!(reach(&address), expected, "{address}");
        }
    }

    #[test]
    fn every_other_scheme_is_kept_and_told() {
        for (address, scheme) in [
            ("rtsp://h/x", "rtsp"),
            ("UDP://@239.0.0.1:1234", "udp"),
            ("pipe://ffmpeg -i http://h/x -f mpegts pipe:1", "pipe"),
            ("plugin://plugin.video.x/?id=1", "plugin"),
            ("http://", "http"),
            ("/films/x.mkv", "no address"),
            ("C:\\films\\x.mkv", "no address"),
            ("", "no address"),
        ] {
            assert_eq!(reach(address), Reach::None(scheme.into()), "{address}");
        }
    }
}
