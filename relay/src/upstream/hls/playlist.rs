//! What a playlist says (RFC 8216), as far as a transport stream can be made of it. Pure.

use std::collections::HashMap;
use std::time::Duration;

use contract::ticket::pass::Obstacle;
use m3u8_rs::{AlternativeMediaType, KeyMethod, MasterPlaylist, MediaPlaylist, MediaSegment};
use url::Url;

use super::lines::{self, Canonical, Kind};
use crate::refusal::Failure;

/// What was found at an address.
#[derive(Debug)]
pub(super) enum Playlist {
    /// The same channel in several qualities.
    Master(Master),
    /// Segments.
    Media(Media),
}

/// The same channel in several qualities.
#[derive(Debug)]
pub(super) struct Master {
    variants: Vec<Variant>,
}

#[derive(Debug)]
struct Variant {
    url: Url,
    quality: Quality,
    /// It does not say that it is sound alone.
    picture: bool,
    /// Its sound lies elsewhere.
    silent: bool,
}

/// One of several qualities, as it is known again when the list is asked for again: its address may have another token then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Quality {
    /// Bits per second; 0 when it does not say.
    bandwidth: u64,
    /// Width and height of the picture.
    size: Option<(u64, u64)>,
    codecs: Option<String>,
    /// Of those that say all the same, how many are listed before it.
    place: usize,
}

/// Segments, oldest first.
#[derive(Debug)]
pub(super) struct Media {
    /// No segment is longer than this, says the list; zero if it does not say.
    pub(super) target: Duration,
    /// The number of the first segment.
    pub(super) first: u64,
    pub(super) segments: Vec<Segment>,
    /// Nothing comes any more.
    pub(super) ended: bool,
    /// Something of it is lost: there are addresses or announcements of segments that are no segments.
    pub(super) ragged: bool,
}

/// A segment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Segment {
    pub(super) url: Url,
    /// The part of what is there: where it begins, and how long it is.
    pub(super) range: Option<(u64, u64)>,
    pub(super) duration: Duration,
    pub(super) key: Option<Key>,
    /// It does not continue the one before.
    pub(super) discontinuity: bool,
    /// There is nothing at its address.
    pub(super) gap: bool,
}

/// What opens a segment that is encrypted as a whole (AES-128 in CBC).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// Where its 16 bytes are.
    pub(super) url: Url,
    pub(super) iv: u128,
}

impl Playlist {
    /// Reads what came from `base`.
    ///
    /// # Errors
    /// It is no playlist, or one of what cannot become a transport stream.
    pub(super) fn read(bytes: &[u8], base: &Url) -> Result<Self, Failure> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let Canonical { kind, lines, ragged } = lines::canonical(text, base).ok_or_else(|| foreign(bytes))?;
        let broken = |_| Failure::Foreign("a playlist that nobody can read");
        match kind {
            Kind::Master => {
                let list = m3u8_rs::parse_master_playlist_res(lines.as_bytes()).map_err(broken)?;
                Ok(Self::Master(Master::new(list, base)))
            }
            Kind::Media => {
                let list = m3u8_rs::parse_media_playlist_res(lines.as_bytes()).map_err(broken)?;
                Ok(Self::Media(Media { ragged, ..Media::new(list, base)? }))
            }
        }
    }
}

/// Where `reference` leads from `base`, if it can be asked there.
fn resolve(base: &Url, reference: &str) -> Option<Url> {
    let mut url = base.join(reference).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    Some(url)
}

/// What came in place of a playlist.
fn foreign(bytes: &[u8]) -> Failure {
    match mpegts::classify(bytes) {
        mpegts::Foreign::Playlist => Failure::Foreign("a playlist without segments"),
        other => Failure::Foreign(other.name()),
    }
}

impl Master {
    fn new(list: MasterPlaylist, base: &Url) -> Self {
        let sounds = &list.alternatives;
        // A group with a member that has no address of its own is in the variant itself (RFC 8216, 4.3.4.2.1).
        let silent = |group: &Option<String>| {
            let Some(group) = group else { return false };
            let mut of_group = sounds
                .iter()
                .filter(|sound| sound.media_type == AlternativeMediaType::Audio && sound.group_id == *group);
            of_group.clone().next().is_some() && of_group.all(|sound| sound.uri.is_some())
        };
        let (mut variants, mut seen) = (Vec::new(), HashMap::new());
        for variant in &list.variants {
            let Some(url) = resolve(base, &variant.uri) else { continue };
            let (bandwidth, codecs) = (variant.bandwidth, variant.codecs.clone());
            let size = variant.resolution.map(|size| (size.width, size.height));
            let picture = size.is_some() || codecs.as_deref().is_none_or(has_picture);
            let mut quality = Quality { bandwidth, size, codecs, place: 0 };
            let alike = seen.entry(quality.clone()).or_insert(0);
            quality.place = *alike;
            *alike += 1;
            variants.push(Variant { url, quality, picture, silent: silent(&variant.audio) });
        }
        Self { variants }
    }

    /// Where to look, best first: with a picture, then the highest bandwidth that is at most `most` (0 for any), then
    /// what is over it, lowest first. Of what is to be kept (`whole`) sound alone is no quality where there is a picture.
    ///
    /// # Errors
    /// All of them have their sound elsewhere, or there is none.
    pub(super) fn choose(mut self, most: u64, whole: bool) -> Result<Vec<(Url, Quality)>, Failure> {
        if self.variants.is_empty() {
            return Err(Failure::Foreign("a playlist without segments"));
        }
        let seen = whole && self.variants.iter().any(|variant| variant.picture);
        self.variants.retain(|variant| !variant.silent && (variant.picture || !seen));
        self.variants.sort_by_key(|variant| {
            let bandwidth = variant.quality.bandwidth;
            let over = most > 0 && bandwidth > most;
            let worse = if over { bandwidth } else { u64::MAX - bandwidth };
            (!variant.picture, over, worse)
        });
        match self.variants.is_empty() {
            true => Err(Failure::Unsupported(Obstacle::Sound)),
            false => Ok(self.variants.into_iter().map(|variant| (variant.url, variant.quality)).collect()),
        }
    }
}

/// Whether one of `codecs` is none of those that are known to be sound.
fn has_picture(codecs: &str) -> bool {
    let sound = ["mp4a", "ac-3", "ec-3", "ac-4", "opus", "flac", "mp3"];
    codecs.split(',').map(str::trim).any(|codec| !sound.iter().any(|sound| codec.starts_with(sound)))
}

impl Media {
    fn new(list: MediaPlaylist, base: &Url) -> Result<Self, Failure> {
        let mut segments = Vec::with_capacity(list.segments.len());
        for (segment, number) in list.segments.into_iter().zip(list.media_sequence..) {
            let before = segments.last();
            segments.push(Segment::new(segment, base, number, before)?);
        }
        let target = Duration::from_secs(list.target_duration);
        Ok(Self { target, first: list.media_sequence, segments, ended: list.end_list, ragged: false })
    }

    /// The number behind the last segment.
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.segments.len() as u64)
    }
}

impl Segment {
    fn new(listed: MediaSegment, base: &Url, number: u64, before: Option<&Self>) -> Result<Self, Failure> {
        if listed.map.is_some() {
            return Err(Failure::Unsupported(Obstacle::Fragments));
        }
        let joined = resolve(base, &listed.uri);
        let lost = joined.is_none();
        let url = joined.unwrap_or_else(|| base.clone());
        let range = listed.byte_range.map(|range| {
            // Without an offset it begins where the part before it ended (RFC 8216, 4.3.2.2).
            let before = before.filter(|before| before.url == url).and_then(|before| before.range);
            let next = before.map_or(0, |(offset, length)| offset.saturating_add(length));
            (range.offset.unwrap_or(next), range.length)
        });
        Ok(Self {
            url,
            range,
            duration: Duration::from_secs_f32(listed.duration.clamp(0.0, 86_400.0)),
            key: listed.key.map(|key| Key::new(&key, base, number)).transpose()?,
            discontinuity: listed.discontinuity,
            gap: lost || listed.unknown_tags.iter().any(|tag| tag.tag == "X-GAP"),
        })
    }
}

impl Key {
    /// The key of segment `number`, which is its initialisation vector where none is given (RFC 8216, 5.2).
    fn new(listed: &m3u8_rs::Key, base: &Url, number: u64) -> Result<Self, Failure> {
        const LOCKED: Failure = Failure::Unsupported(Obstacle::Rights);
        let open = listed.keyformat.as_deref().is_none_or(|format| format == "identity");
        if listed.method != KeyMethod::AES128 || !open {
            return Err(LOCKED);
        }
        let url = listed.uri.as_deref().and_then(|uri| resolve(base, uri)).ok_or(LOCKED)?;
        let iv = match listed.iv.as_deref() {
            None => u128::from(number),
            Some(iv) => {
                let digits = iv.strip_prefix("0x").or_else(|| iv.strip_prefix("0X")).unwrap_or(iv);
                let iv = u128::from_str_radix(digits, 16);
                iv.map_err(|_| Failure::Foreign("an initialisation vector that nobody can read"))?
            }
        };
        Ok(Self { url, iv })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Playlist, Failure> {
        Playlist::read(text.as_bytes(), &Url::parse("http://h/a/b.m3u8?t=1").unwrap())
    }

    fn media(text: &str) -> Media {
        match read(text).unwrap() {
            Playlist::Media(media) => media,
            Playlist::Master(_) => panic!("segments"),
        }
    }

    fn chosen(text: &str, most: u64, whole: bool) -> Result<Vec<String>, Failure> {
        match read(text).unwrap() {
            Playlist::Master(master) => master
                .choose(most, whole)
                .map(|urls| urls.iter().map(|(url, _)| url.path().to_owned()).collect()),
            Playlist::Media(_) => panic!("playlists"),
        }
    }

    #[test]
    fn references_are_resolved_against_where_the_list_came_from() {
        let list = media(
            "\u{feff}#EXTM3U\n#EXT-X-TARGETDURATION:5.6\n#EXT-X-MEDIA-SEQUENCE:9\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n/2.ts#x\n\
             #EXTINF:4,\n//g/3 3.ts\n#EXTINF:4,\n../4.ts\n#EXTINF:4,\n?n=5\n#EXTINF:4,\nhttps://g/6.ts\n#EXTINF:4,\nfile:///7",
        );
        let urls: Vec<&str> = list.segments.iter().map(|segment| segment.url.as_str()).collect();
        let expected = ["http://h/a/1.ts", "http://h/2.ts", "http://g/3%203.ts", "http://h/4.ts"];
        assert_eq!(urls[..4], expected);
        assert_eq!(urls[4..6], ["http://h/a/b.m3u8?n=5", "https://g/6.ts"]);
        assert!(list.segments[6].gap && !list.segments[5].gap);
        assert_eq!((list.first, list.end(), list.target, list.ended), (9, 16, Duration::from_secs(6), false));
    }

    #[test]
    fn a_part_without_an_offset_follows_the_part_before() {
        let list = media(
            "#EXTM3U\n#EXTINF:4,\n#EXT-X-BYTERANGE:100@50\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:10\na.ts\n\
             #EXTINF:4,\n#EXT-X-BYTERANGE:5\nb.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n",
        );
        let ranges: Vec<_> = list.segments.iter().map(|segment| segment.range).collect();
        assert_eq!(ranges, [Some((50, 100)), Some((150, 10)), Some((0, 5)), None]);
        assert!(list.ended);
    }

    #[test]
    fn the_vector_of_a_key_is_given_or_is_the_number_of_the_segment() {
        let list = media(
            "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:4,\na\n#EXTINF:4,\nb\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0xFF\n#EXTINF:4,\nc\n#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nd\n\
             #EXT-X-GAP\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\ne\n",
        );
        let vectors: Vec<_> = list.segments.iter().map(|it| it.key.as_ref().map(|key| key.iv)).collect();
        assert_eq!(vectors, [Some(7), Some(8), Some(255), None, None]);
        assert_eq!(list.segments[0].key.as_ref().unwrap().url.as_str(), "http://h/a/k");
        let marks: Vec<_> =
            list.segments.iter().map(|segment| (segment.gap, segment.discontinuity)).collect();
        assert_eq!(marks[3..], [(false, false), (true, true)]);
    }

    #[test]
    fn what_cannot_become_a_transport_stream_says_so() {
        for (text, what) in [
            ("#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\n#EXTINF:4,\na.m4s\n", Obstacle::Fragments),
            ("#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"\n#EXTINF:4,\na\n", Obstacle::Rights),
            ("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"skd://k\"\n#EXTINF:4,\na\n", Obstacle::Rights),
            ("#EXTM3U\n#EXT-X-KEY:URI=\"k\"\n#EXTINF:4,\na\n", Obstacle::Rights),
        ] {
            assert_eq!(read(text).unwrap_err(), Failure::Unsupported(what), "{text}");
        }
        assert_eq!(read("<html>expired</html>").unwrap_err(), Failure::Foreign("a web page"));
        assert!(matches!(read("#EXTM3U\n"), Err(Failure::Foreign(_))));
    }

    #[test]
    fn the_best_quality_with_picture_and_sound_in_one_is_taken() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS=\"mp4a.40.2\"\nradio\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=5,RESOLUTION=1x1\nlow\n#EXT-X-STREAM-INF:BANDWIDTH=8\nhigh\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=6,CODECS=\"avc1.4d,mp4a.40.2\"\nmiddle\n";
        let paths = |names: &[&str]| Ok(names.iter().map(|name| format!("/a/{name}")).collect::<Vec<_>>());
        assert_eq!(chosen(text, 0, false), paths(&["high", "middle", "low", "radio"]));
        assert_eq!(chosen(text, 6, false), paths(&["middle", "low", "high", "radio"]));
        assert_eq!(chosen(text, 6, true), paths(&["middle", "low", "high"]));
        let split = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",URI=\"a\"\n\
                     #EXT-X-STREAM-INF:BANDWIDTH=8,AUDIO=\"g\"\nv\n";
        assert!(matches!(chosen(split, 0, false), Err(Failure::Unsupported(Obstacle::Sound))));
        let radio = format!("{split}#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS=\"mp4a.40.2\"\nr\n");
        assert_eq!(chosen(&radio, 0, false), paths(&["r"]));
        assert!(matches!(chosen(&radio, 0, true), Err(Failure::Unsupported(Obstacle::Sound))));
        let both = "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"m\"\n";
        assert_eq!(chosen(&format!("{split}{both}"), 0, false), paths(&["v"]));
    }
}
