//! What arrived instead of a transport stream: the error pages and playlists that answer with status 200.

/// A guess at bytes in which no packets were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// Not one byte.
    Empty,
    /// A web page, most often an error or a login.
    Html,
    /// An object or a list, most often an error.
    Json,
    /// `#EXTM3U`: an HLS playlist or a list of addresses.
    Playlist,
    /// XML that is no web page, such as a DASH manifest.
    Xml,
    /// MP4 or fragmented MP4.
    Mp4,
    /// FLV.
    Flv,
    /// Matroska or WebM.
    Matroska,
    /// Bare audio (ADTS, MPEG audio, ID3, Ogg), as internet radio sends it.
    Audio,
    /// Readable text of no known form.
    Text,
    /// None of these.
    Unknown,
}

impl Foreign {
    /// How to name it to an operator.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "nothing",
            Self::Html => "a web page",
            Self::Json => "JSON",
            Self::Playlist => "a playlist",
            Self::Xml => "XML",
            Self::Mp4 => "MP4",
            Self::Flv => "FLV",
            Self::Matroska => "Matroska",
            Self::Audio => "bare audio",
            Self::Text => "text",
            Self::Unknown => "unknown bytes",
        }
    }
}

/// Guesses what begins with `head`; a few hundred bytes are enough.
pub fn classify(head: &[u8]) -> Foreign {
    if head.is_empty() {
        return Foreign::Empty;
    }
    binary(head).unwrap_or_else(|| text(head))
}

fn binary(head: &[u8]) -> Option<Foreign> {
    match head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b's', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'f' | b'v', ..] => Some(Foreign::Mp4),
        [b'F', b'L', b'V', 1, ..] => Some(Foreign::Flv),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(Foreign::Matroska),
        [b'I', b'D', b'3', ..] | [b'O', b'g', b'g', b'S', ..] => Some(Foreign::Audio),
        // Eleven or twelve set bits begin a frame of MPEG audio or ADTS.
        [0xFF, second, ..] if second & 0xE0 == 0xE0 && *second < 0xFE => Some(Foreign::Audio),
        _ => None,
    }
}

fn text(head: &[u8]) -> Foreign {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let lower: Vec<u8> = text.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let has = |needle: &[u8]| lower.windows(needle.len()).any(|window| window == needle);
    match lower.as_slice() {
        [b'#', rest @ ..] if rest.starts_with(b"ext") => Foreign::Playlist,
        [b'{' | b'[', ..] => Foreign::Json,
        [b'<', ..] if has(b"<html") || has(b"<!doctype html") || !has(b"<?xml") && !has(b"<mpd") => {
            Foreign::Html
        }
        [b'<', ..] => Foreign::Xml,
        _ if text.iter().take(512).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) => {
            Foreign::Text
        }
        _ => Foreign::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_providers_send_instead_of_television_is_named() {
        for (head, expected) in [
            (&b""[..], Foreign::Empty),
            (b"\r\n <!DOCTYPE HTML><title>404", Foreign::Html),
            (b"<center>Banned</center>", Foreign::Html),
            (b"<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC>", Foreign::Html),
            (b"\xEF\xBB\xBF<?xml version=\"1.0\"?><MPD/>", Foreign::Xml),
            (b" {\"user_info\":{\"auth\":0}}", Foreign::Json),
            (b"[]", Foreign::Json),
            (b"\xEF\xBB\xBF#EXTM3U\n#EXT-X-VERSION:3", Foreign::Playlist),
            (b"\0\0\0\x18ftypmp42", Foreign::Mp4),
            (b"FLV\x01\x05", Foreign::Flv),
            (b"\x1A\x45\xDF\xA3\x01", Foreign::Matroska),
            (b"\xFF\xF1\x50\x80", Foreign::Audio),
            (b"USER NOT ACTIVE", Foreign::Text),
            (b"\x00\x01\x02\x03\xFE\xF0", Foreign::Unknown),
        ] {
            assert_eq!(classify(head), expected, "{}", head.escape_ascii());
        }
    }
}
