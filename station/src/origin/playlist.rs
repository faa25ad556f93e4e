//! Masters and media playlists (RFC 8216, and its successor for low latency).

use std::fmt::Write as _;
use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use http::{HeaderValue, header};
use httpd::{Body, Response};

use super::quirk::{Cipher, Master, Packing, Ranges, Reference, Sequence};
use super::{BLOCK, End, Media, Origin, Rendition, Window, cipher};
use crate::catalogue::mix;
use crate::clock;
use crate::stream::Refusal;
use crate::television::Broadcast;

impl Origin<'_> {
    pub(super) fn playlist(&self) -> Result<Response, Refusal> {
        let broadcast = self.broadcast()?;
        let number = |name| self.params.get(name).and_then(|value| value.parse::<u64>().ok());
        let body = match (self.quirks.master, self.place.rendition) {
            (Some(master), Rendition::Main) => Body::from(self.packed(&self.master(master))),
            // RFC 8216bis, 6.2.5.2: the answer waits until the list has that segment, or that part of it.
            _ => match number("_HLS_msn").filter(|_| self.quirks.low_latency) {
                Some(segment) => {
                    let entries = number("_HLS_part").map_or(self.entries(), |part| part + 1);
                    let wait = self.until(&broadcast, segment, entries).min(self.patience());
                    let now = clock::micros() + wait.as_micros() as u64;
                    let bytes = self.packed(&self.list(&broadcast, self.window_at(&broadcast, now), now));
                    Body::stream(stream::once(async move {
                        tokio::time::sleep(wait).await;
                        Ok(bytes)
                    }))
                }
                None => {
                    let window = self.window(&broadcast);
                    Body::from(self.packed(&self.list(&broadcast, window, clock::micros())))
                }
            },
        };
        let mut answer = Response::new(body);
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/vnd.apple.mpegurl"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.quirks.packing == Some(Packing::Told) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.quirks.cookie
            && let Ok(cookie) = HeaderValue::try_from(format!("{}; Path=/origin", self.cookie()))
        {
            headers.insert(header::SET_COOKIE, cookie);
        }
        Ok(answer)
    }

    fn master(&self, master: Master) -> String {
        let bitrate = self.wish.provider.settings.bitrate;
        let fmp4 = self.quirks.media == Media::Fragments;
        let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{}\n", if fmp4 { 7 } else { 4 });
        text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
        self.strange(&mut text);
        if self.quirks.unknown {
            let elsewhere = self.elsewhere("session.json");
            let _ = writeln!(text, "#EXT-X-SESSION-DATA:DATA-ID=\"station.title\",URI=\"{elsewhere}\"");
            let elsewhere = self.elsewhere("steering.json");
            let _ = writeln!(text, "#EXT-X-CONTENT-STEERING:SERVER-URI=\"{elsewhere}\",PATHWAY-ID=\"A\"");
        }
        let picture = "CODECS=\"avc1.4d401e,mp4a.40.2\",RESOLUTION=640x360,FRAME-RATE=25.000";
        match master {
            Master::Bandwidths => {
                for (divisor, rendition) in [(2, Rendition::Mid), (1, Rendition::High), (4, Rendition::Low)] {
                    let (bandwidth, name) = (bitrate / divisor, rendition.name());
                    let uri = self.reference(&format!("{name}/index.m3u8"));
                    let _ = writeln!(text, "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},{picture}\n{uri}");
                }
            }
            Master::Audio => {
                let (sound, picture_list) =
                    (self.reference("sound/index.m3u8"), self.reference("picture/index.m3u8"));
                let _ = writeln!(
                    text,
                    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"sound\",NAME=\"English, original\",LANGUAGE=\"en\",\
                     DEFAULT=YES,AUTOSELECT=YES,URI=\"{sound}\"\n\
                     #EXT-X-STREAM-INF:BANDWIDTH={bitrate},{picture},AUDIO=\"sound\"\n{picture_list}"
                );
            }
        }
        text
    }

    /// A media playlist of a window as it is at `now`, in microseconds since 1970.
    fn list(&self, broadcast: &Broadcast, window: Window, now: u64) -> String {
        let seconds = broadcast.entry_seconds() * self.entries() as f64;
        let mut text = self.head(&window, seconds);
        let mut key = None;
        for number in window.first..window.end {
            self.entry(broadcast, &window, number, seconds, &mut key, &mut text);
        }
        if self.quirks.low_latency && !window.finished {
            self.coming(broadcast, &window, now, &mut text);
        }
        if window.finished {
            text += "#EXT-X-ENDLIST\n";
        }
        text
    }

    fn head(&self, window: &Window, seconds: f64) -> String {
        let mut text = String::from("#EXTM3U\n");
        let version = match (self.quirks.low_latency, self.quirks.media, self.quirks.reference) {
            (true, ..) => 9,
            (_, _, Reference::Variable) => 8,
            (_, Media::Fragments, _) => 7,
            _ if self.quirks.ranges.is_some() => 4,
            _ => 3,
        };
        if self.quirks.loose {
            let _ = writeln!(text, "#EXT-X-TARGETDURATION:{:.2}  ", seconds - 0.5);
        } else {
            let _ = writeln!(text, "#EXT-X-VERSION:{version}\n#EXT-X-TARGETDURATION:{}", seconds.ceil());
        }
        let sequence = match self.quirks.sequence {
            Sequence::True => window.first,
            Sequence::Zero => 0,
            Sequence::Falling => window.first % 16,
        };
        let _ = writeln!(text, "#EXT-X-MEDIA-SEQUENCE:{sequence}");
        if let Some(every) = self.quirks.discontinuity {
            let _ = writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{}", window.first.div_ceil(every));
        }
        if self.quirks.end == End::Vod {
            text += "#EXT-X-PLAYLIST-TYPE:VOD\n";
        }
        if self.quirks.low_latency {
            let part = seconds / self.entries() as f64;
            let _ = writeln!(
                text,
                "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.3},CAN-SKIP-UNTIL={:.3}\n\
                 #EXT-X-PART-INF:PART-TARGET={part:.3}",
                3.0 * part,
                6.0 * seconds.ceil()
            );
        }
        if self.quirks.reference == Reference::Variable {
            let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let _ = writeln!(text, "#EXT-X-DEFINE:NAME=\"base\",VALUE=\"{folder}/\"");
        }
        self.strange(&mut text);
        if self.quirks.media == Media::Fragments {
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{}\"", self.reference("init.mp4"));
        }
        text
    }

    /// One segment and the tags before it. `key` is the key line that holds so far.
    fn entry(
        &self,
        broadcast: &Broadcast,
        window: &Window,
        number: u64,
        seconds: f64,
        key: &mut Option<String>,
        text: &mut String,
    ) {
        if self.quirks.discontinuity.is_some_and(|every| number.is_multiple_of(every)) {
            *text += "#EXT-X-DISCONTINUITY\n";
        }
        let line = self.key(number);
        if line != *key {
            *text += line.as_deref().unwrap_or_default();
            *key = line;
        }
        if self.quirks.dates {
            let time = date(broadcast.entry_micros(number * self.entries()));
            let _ = writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{time}");
        }
        if self.quirks.low_latency && number + 2 >= window.end {
            (0..self.entries()).for_each(|part| self.part_line(broadcast, number, part, text));
        }
        if self.quirks.is_gap(number) {
            *text += "#EXT-X-GAP\n";
        }
        match self.quirks.loose {
            true if number % 3 == 1 => *text += "#EXTINF:-1\n",
            true => _ = writeln!(text, "#EXTINF:{seconds:.6},Segment {number}, of many \t"),
            false => _ = writeln!(text, "#EXTINF:{seconds:.5},"),
        }
        let uri = match self.quirks.ranges {
            None => self.reference(&format!("{number}.{}", self.extension())),
            Some(Ranges::Kept | Ranges::Ignored) => {
                self.range_line(broadcast, window, number, text);
                self.reference(&format!("block-{}.{}", number / BLOCK, self.extension()))
            }
        };
        let _ = match self.quirks.rotating {
            true => writeln!(text, "{uri}?token={:016x}", mix(clock::micros(), number)),
            false => writeln!(text, "{uri}"),
        };
    }

    /// `EXT-X-BYTERANGE`; the offset may be left out where the range before it was of the same resource.
    fn range_line(&self, broadcast: &Broadcast, window: &Window, number: u64, text: &mut String) {
        let size = self.segment(broadcast, number).len();
        let first = number / BLOCK * BLOCK;
        if number == window.first || number == first {
            let offset: usize = (first..number).map(|number| self.segment(broadcast, number).len()).sum();
            let _ = writeln!(text, "#EXT-X-BYTERANGE:{size}@{offset}");
        } else {
            let _ = writeln!(text, "#EXT-X-BYTERANGE:{size}");
        }
    }

    /// The key lines of a segment.
    fn key(&self, number: u64) -> Option<String> {
        let name = format!("key-{}.bin", cipher::key_of(number));
        let key = self.reference(&name);
        Some(match self.quirks.cipher? {
            Cipher::Aes { iv: false } => format!("#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\"\n"),
            Cipher::Aes { iv: true } => {
                let iv = cipher::hexadecimal(cipher::iv(self.wish.id, number));
                format!("#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\",IV={iv}\n")
            }
            Cipher::SampleAes => format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"{key}\"\n"),
            Cipher::Drm => "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://station-key-1\",\
                 KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"\n\
                 #EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,AAAAAA==\",\
                 KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\",KEYFORMATVERSIONS=\"1\"\n"
                .to_owned(),
        })
    }

    fn part_line(&self, broadcast: &Broadcast, number: u64, part: u64, text: &mut String) {
        let uri = self.reference(&format!("{number}.{part}.{}", self.extension()));
        let _ = writeln!(
            text,
            "#EXT-X-PART:DURATION={:.5},INDEPENDENT=YES,URI=\"{uri}\"",
            broadcast.entry_seconds()
        );
    }

    /// Low latency: the parts of the segment that is not complete yet, the part after them, and how far others are.
    fn coming(&self, broadcast: &Broadcast, window: &Window, now: u64, text: &mut String) {
        let complete = broadcast.entry_before(broadcast.at(now)) - window.end * self.entries();
        (0..complete).for_each(|part| self.part_line(broadcast, window.end, part, text));
        let next = self.reference(&format!("{}.{complete}.{}", window.end, self.extension()));
        let _ = writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{next}\"");
        if self.quirks.master == Some(Master::Bandwidths) {
            for rendition in [Rendition::High, Rendition::Mid, Rendition::Low] {
                if rendition != self.place.rendition {
                    let _ = writeln!(
                        text,
                        "#EXT-X-RENDITION-REPORT:URI=\"../{}/index.m3u8\",LAST-MSN={}",
                        rendition.name(),
                        window.end - 1
                    );
                }
            }
        }
    }

    /// Lines that give away where this comes from, and tags of tomorrow.
    fn strange(&self, text: &mut String) {
        if self.quirks.comments {
            let (base, account) = (self.base, &self.wish.account.username);
            let _ = writeln!(text, "# encoder-7.internal.invalid for {account}\n## {base}{}", self.path);
        }
        if self.quirks.unknown {
            let _ = writeln!(text, "#EXT-X-NEW:URI=\"{}\"", self.elsewhere("new.json"));
            let asset = self.elsewhere("asset.m3u8");
            let _ = writeln!(
                text,
                "#EXT-X-DATERANGE:ID=\"ad-1\",CLASS=\"com.apple.hls.interstitial\",\
                 START-DATE=\"2026-01-01T00:00:00Z\",DURATION=15.0,X-ASSET-URI=\"{asset}\""
            );
        }
    }

    fn elsewhere(&self, file: &str) -> String {
        format!("{}/elsewhere/{}/{file}", self.base, self.wish.account.password)
    }

    fn extension(&self) -> &'static str {
        match self.quirks.media {
            Media::Ts => "ts",
            Media::Fragments => "m4s",
            Media::Packed => "aac",
        }
    }

    /// The text as it is sent.
    fn packed(&self, text: &str) -> Bytes {
        let mut bytes = Vec::new();
        if self.quirks.bom {
            bytes.extend_from_slice("\u{feff}".as_bytes());
        }
        match self.quirks.crlf {
            true => bytes.extend(text.replace('\n', "\r\n").into_bytes()),
            false => bytes.extend_from_slice(text.as_bytes()),
        }
        if self.quirks.packing.is_some() {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            let packed = packer.write_all(&bytes).and_then(|()| packer.finish());
            bytes = packed.expect("a vector takes everything");
        }
        bytes.into()
    }
}

/// `2025-10-09T08:00:00.000Z` of microseconds since 1970.
fn date(micros: i64) -> String {
    let text = clock::spelt(micros.div_euclid(1_000_000)).replace(' ', "T");
    format!("{text}.{:03}Z", micros.rem_euclid(1_000_000) / 1000)
}
