//! A transport stream over HTTP that goes on for ever.

use bytes::Bytes;
use contract::bundle::Upstream;
use http::StatusCode;
use reqwest::Response;

use super::dial::{self, Dialler};
use crate::refusal::Failure;

/// A head of old streaming servers that HTTP does not know, and that arrives as the beginning of the body.
const ICY: &[u8] = b"ICY ";
/// It is no longer than this.
const ICY_HEAD: usize = 8 * 1024;
/// What a playlist begins with (RFC 8216, 4.3.1.1),
const PLAYLIST: &[u8] = b"#EXTM3U";
/// and what some write before that, and blank lines.
const MARK: &[u8] = b"\xEF\xBB\xBF";
/// As many bytes tell whether it is one.
pub(super) const HEAD: usize = 256;

/// A stream that is coming in.
pub(crate) struct Stream {
    response: Response,
    /// The first bytes, while they may be the head of an old streaming server.
    head: Option<Vec<u8>>,
    /// What was looked at and nobody has got yet.
    first: Option<Bytes>,
}

impl Stream {
    /// Asks for the stream. What the answer says of its type is not believed, its bytes are. Never for a range of it:
    /// some servers answer 416 to that.
    pub(super) async fn open(dialler: &Dialler, upstream: &Upstream, login: usize) -> Result<Self, Failure> {
        let response = dialler.get(upstream, login, None).await?;
        match response.status() {
            StatusCode::OK => Ok(Self { response, head: Some(Vec::new()), first: None }),
            _ => Err(dial::refused(&response)),
        }
    }

    /// Whether it begins as a playlist: many lists give the address of one without saying so. The first bytes stay.
    ///
    /// # Errors
    /// None have come.
    pub(super) async fn is_playlist(&mut self) -> Result<bool, Failure> {
        let mut first = self.next().await?.unwrap_or_default();
        let found = loop {
            if let Some(found) = begins_as_playlist(&first) {
                break found;
            }
            // Some servers send a head of their own in little pieces.
            let Some(more) = self.next().await? else { break false };
            first = [first, more].concat().into();
        };
        self.first = (!first.is_empty()).then_some(first);
        Ok(found)
    }

    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        loop {
            let Some(bytes) = self.response.chunk().await.map_err(|error| dial::failure(&error))? else {
                // What looked like a beginning and never was one is passed on, to be classified.
                return Ok(self.head.take().filter(|head| !head.is_empty()).map(Bytes::from));
            };
            let Some(mut head) = self.head.take() else { return Ok(Some(bytes)) };
            head.extend_from_slice(&bytes);
            match icy(&head) {
                Icy::Undecided => self.head = Some(head),
                Icy::No => return Ok(Some(head.into())),
                Icy::Head(length) if length < head.len() => {
                    return Ok(Some(Bytes::from(head).slice(length..)));
                }
                Icy::Head(_) => {}
            }
        }
    }
}

/// Whether `bytes` are the beginning of a playlist; `None` if they are too few to tell.
pub(super) fn begins_as_playlist(bytes: &[u8]) -> Option<bool> {
    let bare = bytes.strip_prefix(MARK).unwrap_or(bytes).trim_ascii_start();
    if bare.starts_with(PLAYLIST) {
        return Some(true);
    }
    let may_become_one = PLAYLIST.starts_with(bare) || MARK.starts_with(bytes);
    (!may_become_one || bytes.len() >= HEAD).then_some(false)
}

enum Icy {
    Undecided,
    No,
    /// So many bytes of it.
    Head(usize),
}

fn icy(head: &[u8]) -> Icy {
    let begins = head.len().min(ICY.len());
    if head[..begins] != ICY[..begins] || head.len() > ICY_HEAD {
        return Icy::No;
    }
    match head.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(at) => Icy::Head(at + 4),
        None => Icy::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playlist_is_recognised_as_soon_as_it_can_be_told() {
        for (bytes, found) in [
            (&b""[..], None),
            (b"#EXT", None),
            (b"#EXTM3U", Some(true)),
            (b"#EXTM3U\n#EXT", Some(true)),
            (b"\xEF\xBB", None),
            (b"\xEF\xBB\xBF#E", None),
            (b"\xEF\xBB\xBF#EXTM3U\r\n", Some(true)),
            (b"#EXTINF", Some(false)),
            (b"\x47", Some(false)),
            (b"\xEF\x00", Some(false)),
            (b"\xEF\xBB\xBF\x47", Some(false)),
            (b"\r\n \t\n#EXTM3U", Some(true)),
            (b"\xEF\xBB\xBF\r\n\r\n#EXTM3U", Some(true)),
            (b"\r\n\r\n#EXT", None),
            (b"\n\n\x47", Some(false)),
            (&[b' '; HEAD - 1], None),
            (&[b' '; HEAD], Some(false)),
        ] {
            assert_eq!(begins_as_playlist(bytes), found, "{bytes:?}");
        }
    }

    #[test]
    fn the_head_of_an_old_server_is_no_part_of_the_stream() {
        let length = |head: &[u8]| match icy(head) {
            Icy::Undecided => None,
            Icy::No => Some(0),
            Icy::Head(length) => Some(length),
        };
        assert_eq!(length(b"ICY 200 OK\r\nicy-name: x\r\n\r\n\x47"), Some(27));
        assert_eq!(length(b"ICY 200 OK\r\nicy-na"), None);
        assert_eq!(length(b"IC"), None);
        assert_eq!(length(b"\x47\x40"), Some(0));
        assert_eq!(length(&[b"ICY ".as_slice(), &[b'x'; ICY_HEAD]].concat()), Some(0));
    }
}
