//! Asking for lists, keys and segments: one connection at a time.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use contract::bundle::Upstream;
use flate2::read::MultiGzDecoder;
use http::StatusCode;
use reqwest::Response;
use url::Url;

use super::playlist::{Master, Media, Playlist, Quality, Segment};
use super::segment::Opener;
use crate::refusal::Failure;
use crate::upstream::dial::{self, Dialler};
use crate::upstream::trail::{Answer, Trail};

/// Bytes of a playlist, unpacked.
pub(in crate::upstream) const PLAYLIST: usize = 4 * 1024 * 1024;
/// What a packed one begins with (RFC 1952, 2.3.1).
pub(in crate::upstream) const PACKED: &[u8] = &[0x1F, 0x8B];
/// Bytes of a segment: ten seconds of 50 Mbit/s.
pub(super) const SEGMENT: usize = 64 * 1024 * 1024;
/// Failures in a row after which the list is asked for where it is configured: what that redirected to was good for a
/// while only.
const FAILURES: u32 = 3;

/// Where a channel's list and its segments are asked for.
pub(super) struct Place {
    dialler: Arc<Dialler>,
    upstream: Upstream,
    /// Which of the account's logins it is asked with.
    login: usize,
    /// Of several qualities, bits per second at most.
    bandwidth: u64,
    /// Nothing may be missing: neither for a moment nor in the middle is one quality put in the place of another.
    whole: bool,
    /// What is followed, once it was found.
    chosen: Option<Choice>,
    /// The way to the list as it was found last.
    trail: Option<Trail>,
    failures: u32,
    /// The last key, which most segments share.
    key: Option<(Url, [u8; 16])>,
}

/// Which list of segments is followed.
#[derive(PartialEq)]
enum Choice {
    /// There is no other.
    Only,
    /// One of several.
    Of(Quality),
}

impl Place {
    /// One that gives what is best of what there is now, or (`whole`) the same quality from the beginning to the end.
    pub(super) fn new(dialler: Arc<Dialler>, upstream: Upstream, login: usize, whole: bool) -> Self {
        let bandwidth = dialler.settings.hls_bandwidth;
        let (chosen, trail, key) = (None, None, None);
        Self { dialler, upstream, login, bandwidth, whole, chosen, trail, failures: 0, key }
    }

    /// The list of segments as it is now, from where it was found last, else from where it is configured.
    ///
    /// # Errors
    /// It cannot be had there either.
    pub(super) async fn list(&mut self) -> Result<Media, Failure> {
        if let Some(trail) = self.trail.clone() {
            match self.list_at(&trail, trail.url.clone()).await {
                Ok(media) => return Ok(media),
                Err(why) => {
                    self.failures += 1;
                    let expired = matches!(why, Failure::Refused(401 | 403 | 404 | 410));
                    if !expired && self.failures < FAILURES {
                        return Err(why);
                    }
                    self.begin_anew();
                }
            }
        }
        let answer = self.dialler.ask(&self.upstream, self.login, None).await?;
        let (playlist, trail) = read(answer).await?;
        match playlist {
            Playlist::Media(media) if self.admits(&Choice::Only) => {
                self.chosen = Some(Choice::Only);
                Ok(self.found(media, trail))
            }
            Playlist::Media(_) => Err(Failure::Incomplete),
            Playlist::Master(master) => self.list_of(master, &trail).await,
        }
    }

    /// The list of the best quality that there is now. Where nothing may be missing, a worse one takes its place only at the
    /// beginning, and only when it is certain that the better one cannot be had: a list that fails for a moment does not
    /// make a film smaller.
    async fn list_of(&mut self, master: Master, trail: &Trail) -> Result<Media, Failure> {
        let mut why = None;
        for (url, quality) in master.choose(self.bandwidth, self.whole)? {
            let choice = Choice::Of(quality);
            if !self.admits(&choice) {
                continue;
            }
            match self.list_at(trail, url).await {
                Ok(media) => {
                    self.chosen = Some(choice);
                    return Ok(media);
                }
                Err(failure) if self.whole && !is_certain(&failure) => return Err(failure),
                // What may be had the next time is no obstacle.
                Err(failure) => {
                    why = why.filter(|first| !matches!(first, Failure::Unsupported(_))).or(Some(failure));
                }
            }
        }
        let changed = self.whole && self.chosen.is_some();
        Err(why.filter(|_| !changed).unwrap_or(Failure::Incomplete))
    }

    fn admits(&self, choice: &Choice) -> bool {
        !self.whole || self.chosen.as_ref().is_none_or(|chosen| chosen == choice)
    }

    /// Whether the way to the list is known, along which segments are asked for.
    pub(super) fn is_known(&self) -> bool {
        self.trail.is_some()
    }

    /// The way that was found is good no more.
    pub(super) fn begin_anew(&mut self) {
        (self.trail, self.failures) = (None, 0);
    }

    async fn list_at(&mut self, trail: &Trail, url: Url) -> Result<Media, Failure> {
        match read(trail.follow(url, None).await?).await? {
            (Playlist::Media(media), trail) => Ok(self.found(media, trail)),
            (Playlist::Master(_), _) => Err(Failure::Foreign("a playlist of playlists of playlists")),
        }
    }

    fn found(&mut self, media: Media, trail: Trail) -> Media {
        (self.trail, self.failures) = (Some(trail), 0);
        media
    }

    /// The bytes of a segment as they arrive, and what opens them.
    ///
    /// # Errors
    /// It cannot be had, or not within `patience`.
    pub(super) async fn segment(
        &mut self,
        segment: &Segment,
        patience: Duration,
    ) -> Result<(Vec<u8>, Option<Opener>), Failure> {
        let fetched = async {
            let opener = match &segment.key {
                Some(key) => Some(Opener { key: self.key(&key.url).await?, iv: key.iv }),
                None => None,
            };
            let bytes = self.bytes(&segment.url, segment.range, SEGMENT).await?;
            Ok((bytes, opener))
        };
        tokio::time::timeout(patience, fetched).await.unwrap_or(Err(Failure::Silent))
    }

    async fn key(&mut self, url: &Url) -> Result<[u8; 16], Failure> {
        if let Some((_, key)) = self.key.as_ref().filter(|(known, _)| known == url) {
            return Ok(*key);
        }
        let bytes = self.bytes(url, None, 1024).await?;
        let key = <[u8; 16]>::try_from(bytes).map_err(|_| Failure::Foreign("a key that is not 16 bytes"))?;
        self.key = Some((url.clone(), key));
        Ok(key)
    }

    /// What is at `url`, or the part of it that begins at `range.0` and is `range.1` long.
    async fn bytes(&self, url: &Url, range: Option<(u64, u64)>, most: usize) -> Result<Vec<u8>, Failure> {
        let trail = self.trail.as_ref().ok_or(Failure::Ended)?;
        let asked = range.map(|(from, length)| {
            let last = from.saturating_add(length).saturating_sub(1);
            format!("bytes={from}-{last}")
        });
        let Answer { response, .. } = trail.follow(url.clone(), asked.as_deref()).await?;
        let status = response.status().as_u16();
        let Some((from, length)) = range else {
            return if status == 200 { collect(response, most).await } else { Err(Failure::Refused(status)) };
        };
        let part = |number: u64| usize::try_from(number).ok().filter(|number| *number <= most);
        let length = part(length).ok_or(Failure::Foreign("a segment of no sensible length"))?;
        let bytes = match (status, part(from)) {
            (206, _) => collect(response, length).await?,
            // Some servers know no ranges.
            (200, Some(from)) => collect(response, most).await?.into_iter().skip(from).take(length).collect(),
            (200, None) => return Err(Failure::Foreign("a file of many segments in place of one")),
            _ => return Err(Failure::Refused(status)),
        };
        if bytes.len() == length { Ok(bytes) } else { Err(Failure::Dead("the connection broke")) }
    }
}

/// Whether there is no such list, and will be none however often it is asked for.
fn is_certain(failure: &Failure) -> bool {
    matches!(failure, Failure::Refused(404 | 410) | Failure::Unsupported(_))
}

async fn read(answer: Answer) -> Result<(Playlist, Trail), Failure> {
    let Answer { response, trail } = answer;
    if response.status() != StatusCode::OK {
        return Err(dial::refused(&response));
    }
    let bytes = unpacked(collect(response, PLAYLIST).await?)?;
    let playlist = Playlist::read(&bytes, &trail.url)?;
    Ok((playlist, trail))
}

/// The whole body.
async fn collect(mut response: Response, most: usize) -> Result<Vec<u8>, Failure> {
    let said = response.content_length().and_then(|length| usize::try_from(length).ok());
    let mut bytes = Vec::with_capacity(said.unwrap_or(0).min(most));
    while let Some(part) = response.chunk().await.map_err(|error| dial::failure(&error))? {
        if bytes.len() + part.len() > most {
            return Err(Failure::Foreign("more than anybody would"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Some servers pack lists without being asked to, and without saying so.
fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    if !bytes.starts_with(PACKED) {
        return Ok(bytes);
    }
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(&bytes[..]).take(PLAYLIST as u64 + 1).read_to_end(&mut plain);
    match read {
        Ok(size) if size > PLAYLIST => Err(Failure::Foreign("more than anybody would")),
        // What follows the last member is no part of it.
        Err(_) if plain.is_empty() => Err(Failure::Foreign("a packed playlist that is broken")),
        _ => Ok(plain),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn packed_lists_are_unpacked_up_to_a_size() {
        assert_eq!(unpacked(b"#EXTM3U".to_vec()).unwrap(), b"#EXTM3U");
        let trailing = [packed(b"#EXT"), packed(b"M3U"), b"rubbish".to_vec()].concat();
        assert_eq!(unpacked(trailing).unwrap(), b"#EXTM3U");
        assert!(unpacked(packed(&vec![b'#'; PLAYLIST + 1])).is_err());
        assert!(unpacked(vec![0x1F, 0x8B, 0, 0]).is_err());
    }
}
