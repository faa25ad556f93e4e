//! The text of a playlist out of an answer's body: unpacked, within a limit, and UTF-8.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::header;
use reqwest::Response;

use crate::refusal::Failure;
use crate::upstream::dial;

/// Bytes of a playlist, unpacked. Four hours of segments are a tenth of it.
const LONGEST: usize = 4 * 1024 * 1024;
const TOO_LONG: Failure = Failure::Foreign("a playlist that is too long");

/// Reads the whole body.
///
/// # Errors
/// It breaks, is too long, or no text.
pub(super) async fn text(mut response: Response) -> Result<String, Failure> {
    if response.content_length().is_some_and(|length| length > LONGEST as u64) {
        return Err(TOO_LONG);
    }
    let coding = response.headers().get(header::CONTENT_ENCODING).cloned();
    let deflated = coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"deflate"));
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| dial::failure(&error))? {
        if bytes.len() + chunk.len() > LONGEST {
            return Err(TOO_LONG);
        }
        bytes.extend_from_slice(&chunk);
    }
    unpacked(bytes, deflated)
}

/// As it came, or out of what it is packed in. Some servers send a packed file and do not say so.
fn unpacked(bytes: Vec<u8>, deflated: bool) -> Result<String, Failure> {
    let bytes = if bytes.starts_with(&[0x1F, 0x8B]) {
        within(MultiGzDecoder::new(&bytes[..]))?
    } else if deflated {
        // RFC 9110, 8.4.1.2: with the frame of zlib; some servers leave that out.
        within(ZlibDecoder::new(&bytes[..])).or_else(|_| within(DeflateDecoder::new(&bytes[..])))?
    } else {
        bytes
    };
    String::from_utf8(bytes).or_else(|error| {
        // A title in another coding is no reason to be without the channel.
        Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
    })
}

fn within(packed: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = packed.take(LONGEST as u64 + 1).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() > LONGEST => Err(TOO_LONG),
        Ok(_) => Ok(bytes),
        Err(_) => Err(Failure::Foreign("a playlist that cannot be unpacked")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn packed_playlists_are_unpacked_and_bombs_are_not() {
        let text = b"#EXTM3U\n#EXT-X-VERSION:3\n";
        let gzip = |bytes: &[u8]| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(bytes).unwrap();
            packed.finish().unwrap()
        };
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(text).unwrap();
        for (packed, deflated) in [
            (text.to_vec(), false),
            (gzip(text), false),
            (gzip(text), true),
            (zlib.finish().unwrap(), true),
            (bare.finish().unwrap(), true),
        ] {
            assert_eq!(unpacked(packed, deflated).unwrap().as_bytes(), text);
        }
        assert_eq!(unpacked(gzip(&vec![b'a'; LONGEST + 1]), false), Err(TOO_LONG));
        assert!(unpacked(gzip(text)[..12].to_vec(), false).is_err());
        assert_eq!(unpacked(b"#EXTM3U \xFC".to_vec(), false).unwrap(), "#EXTM3U \u{FFFD}");
    }
}
