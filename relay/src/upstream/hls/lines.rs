//! A playlist as it is found in the field, line by line in the words of RFC 8216.
//!
//! `m3u8-rs` reads what keeps to the RFC. Of the rest it takes lines for addresses (what stands behind a second comma of
//! `EXTINF`, a fraction of `TARGETDURATION`), lets an attribute swallow the next line, refuses `METHOD=NONE` without an
//! `IV`, keeps one of several keys, and forgets a key after one segment. So it gets only lines that matter, each written
//! anew, and before each segment the key and the map that hold for it.

use std::borrow::Cow;
use std::fmt::Write;

use url::Url;

/// Segments and variants of one playlist; a day of two seconds each has 43 200.
const MOST: usize = 50_000;
/// Numbers of segments are believed up to here, so that they can be counted on.
const HIGHEST: u64 = 1 << 62;
/// Keys that may apply together; what more there are is for nobody.
const KEYS: usize = 16;
/// Variables of one playlist,
const VARIABLES: usize = 64;
/// and bytes that it may have when they are in their places.
const LONGEST: usize = 8 * 1024 * 1024;
/// Bytes of a list as it is written anew, with a key and a map before each segment: a long key would make it endless.
const WRITTEN: usize = 32 * 1024 * 1024;
/// Durations are believed up to a day.
const DAY: f64 = 86_400.0;

/// What a playlist lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Playlists.
    Master,
    /// Segments.
    Media,
}

/// A playlist in the words of RFC 8216.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Canonical {
    pub(super) kind: Kind,
    /// Its lines that matter.
    pub(super) lines: String,
    /// Something of it is lost: an address that nothing announces, or what is announced and has no address.
    pub(super) ragged: bool,
}

/// What `text` lists (by content: what is both is media), in its lines that matter. `None` for what is no playlist or
/// far too long.
pub(super) fn canonical(text: &str, base: &Url) -> Option<Canonical> {
    let text = &substituted(text, base);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if !lines.next()?.starts_with("#EXTM3U") || text.contains('\0') {
        return None;
    }
    let lines = || lines.clone().filter(|line| !line.contains('\r'));
    let is = |tags: &[&str]| lines().any(|line| tags.iter().any(|tag| tagged(line, tag).is_some()));
    if is(&["EXTINF", "EXT-X-TARGETDURATION"]) {
        return media(lines());
    }
    let master = ["EXT-X-STREAM-INF", "EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA"];
    let found = is(&master) || is(&["EXT-X-SESSION-KEY"]);
    found.then(|| Canonical { kind: Kind::Master, lines: master_lines(lines()), ragged: false })
}

/// `text` with the variables that it defines (`EXT-X-DEFINE`, rfc8216bis, 4.4.2.3) put in their places.
fn substituted<'a>(text: &'a str, base: &Url) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    let found: Vec<(String, String)> = text
        .lines()
        .filter_map(|line| {
            let list = Attributes::read(tagged(line.trim(), "EXT-X-DEFINE")?);
            if let Some(name) = list.get("QUERYPARAM") {
                let (_, value) = base.query_pairs().find(|(known, _)| known == name)?;
                return Some((name.to_owned(), value.into_owned()));
            }
            Some((list.get("NAME")?.to_owned(), list.get("VALUE")?.to_owned()))
        })
        .take(VARIABLES)
        .collect();
    for (name, value) in found {
        let longer = text.len().saturating_add(text.matches(&format!("{{${name}}}")).count() * value.len());
        if longer <= LONGEST {
            text = text.replace(&format!("{{${name}}}"), &value).into();
        }
    }
    text
}

/// What stands behind `#TAG:`, or nothing behind `#TAG`; `None` for another line.
fn tagged<'a>(line: &'a str, tag: &str) -> Option<&'a str> {
    let rest = line.strip_prefix('#')?.strip_prefix(tag)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':') }
}

/// An attribute list (RFC 8216, 4.2), its values without their quotes.
struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    fn read(mut list: &'a str) -> Self {
        let mut found = Vec::new();
        while let Some((name, rest)) = list.split_once('=') {
            let name = name.trim_start_matches([',', ' ', '\t']).trim_end();
            let (value, rest) = match rest.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => rest.split_once(',').unwrap_or((rest, "")),
            };
            found.push((name, value.trim()));
            list = rest;
        }
        Self(found)
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// `,NAME="value"` for each of `names` that is there and, written without quotes, cannot be mistaken.
    fn quoted(&self, names: &[&str], out: &mut String) {
        for name in names {
            if let Some(value) = self.get(name).filter(|value| !value.is_empty() && !value.contains('"')) {
                append(out, format_args!(",{name}=\"{value}\""));
            }
        }
    }
}

fn append(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("text can always be appended to");
}

/// What holds for the segments that follow.
#[derive(Default)]
struct Standing<'a> {
    /// By `KEYFORMAT`: they apply together, each to whom it is for (RFC 8216, 4.3.2.4).
    keys: Vec<(&'a str, Attributes<'a>)>,
    map: Option<Attributes<'a>>,
}

fn media<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Canonical> {
    let mut out = String::from("#EXTM3U\n");
    let mut standing = Standing::default();
    let (mut segments, mut announced, mut ragged) = (0, false, false);
    for line in lines {
        if let Some(seconds) = tagged(line, "EXT-X-TARGETDURATION").and_then(seconds) {
            append(&mut out, format_args!("#EXT-X-TARGETDURATION:{:.0}\n", seconds.round()));
        } else if let Some(number) = tagged(line, "EXT-X-MEDIA-SEQUENCE").and_then(number) {
            append(&mut out, format_args!("#EXT-X-MEDIA-SEQUENCE:{}\n", number.min(HIGHEST)));
        } else if let Some(rest) = tagged(line, "EXTINF") {
            let seconds = rest.split(',').next().and_then(seconds).unwrap_or(0.0);
            append(&mut out, format_args!("#EXTINF:{seconds:.5},\n"));
            ragged |= std::mem::replace(&mut announced, true);
        } else if let Some(range) = tagged(line, "EXT-X-BYTERANGE").and_then(byte_range) {
            append(&mut out, format_args!("#EXT-X-BYTERANGE:{range}\n"));
        } else if let Some(list) = tagged(line, "EXT-X-KEY") {
            standing.key(Attributes::read(list));
        } else if let Some(list) = tagged(line, "EXT-X-MAP") {
            standing.map = Some(Attributes::read(list));
        } else if matches!(line, "#EXT-X-DISCONTINUITY" | "#EXT-X-GAP" | "#EXT-X-ENDLIST") {
            append(&mut out, format_args!("{line}\n"));
        } else if !line.starts_with('#') {
            if !std::mem::take(&mut announced) {
                ragged = true;
                continue;
            }
            standing.write(&mut out);
            append(&mut out, format_args!("{line}\n"));
            segments += 1;
            if segments > MOST || out.len() > WRITTEN {
                return None;
            }
        }
    }
    Some(Canonical { kind: Kind::Media, lines: out, ragged: ragged || announced })
}

impl<'a> Standing<'a> {
    fn key(&mut self, key: Attributes<'a>) {
        if key.get("METHOD") == Some("NONE") {
            return self.keys.clear();
        }
        let format = key.get("KEYFORMAT").filter(|format| !format.is_empty()).unwrap_or("identity");
        self.keys.retain(|(known, _)| *known != format);
        if self.keys.len() < KEYS {
            self.keys.push((format, key));
        }
    }

    /// Of several keys the one that is given to everybody, if there is one.
    fn write(&self, out: &mut String) {
        let open = |(format, key): &&(&str, Attributes<'_>)| {
            *format == "identity" && key.get("METHOD") == Some("AES-128")
        };
        if let Some((_, key)) = self.keys.iter().find(open).or(self.keys.first()) {
            let word = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            let method = key.get("METHOD").filter(|method| !method.is_empty() && word(method));
            append(out, format_args!("#EXT-X-KEY:METHOD={}", method.unwrap_or("UNKNOWN")));
            key.quoted(&["URI", "KEYFORMAT"], out);
            if let Some(iv) = key.get("IV").filter(|iv| !iv.is_empty() && word(iv)) {
                append(out, format_args!(",IV={iv}"));
            }
            out.push('\n');
        }
        if let Some(map) = &self.map {
            let mut list = String::new();
            map.quoted(&["URI"], &mut list);
            append(out, format_args!("#EXT-X-MAP:{}\n", list.trim_start_matches(',')));
        }
    }
}

fn master_lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::from("#EXTM3U\n");
    let (mut variant, mut listed) = (None, 0);
    for line in lines {
        if let Some(list) = tagged(line, "EXT-X-STREAM-INF") {
            variant = Some(Attributes::read(list));
        } else if let Some(list) = tagged(line, "EXT-X-MEDIA") {
            let media = Attributes::read(list);
            if media.get("TYPE") == Some("AUDIO") {
                append(&mut out, format_args!("#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"-\""));
                media.quoted(&["GROUP-ID", "URI"], &mut out);
                out.push('\n');
            }
        } else if let Some(variant) = variant.take_if(|_| !line.starts_with('#') && listed < MOST) {
            let bandwidth = variant.get("BANDWIDTH").and_then(number).unwrap_or(0);
            append(&mut out, format_args!("#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}"));
            variant.quoted(&["CODECS", "AUDIO"], &mut out);
            if let Some((width, height)) =
                variant.get("RESOLUTION").and_then(|size| size.split_once(['x', 'X']))
                && let (Some(width), Some(height)) = (number(width), number(height))
            {
                append(&mut out, format_args!(",RESOLUTION={width}x{height}"));
            }
            append(&mut out, format_args!("\n{line}\n"));
            listed += 1;
        }
    }
    out
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn seconds(text: &str) -> Option<f64> {
    text.trim()
        .parse()
        .ok()
        .filter(|seconds: &f64| seconds.is_finite())
        .map(|seconds| seconds.clamp(0.0, DAY))
}

/// `LENGTH` or `LENGTH@OFFSET`.
fn byte_range(text: &str) -> Option<String> {
    Some(match text.split_once('@') {
        Some((length, offset)) => format!("{}@{}", number(length)?, number(offset)?),
        None => number(text)?.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Kind, String)> {
        let read = canonical(text, &Url::parse("http://h/a?t=7").unwrap());
        read.map(|read| (read.kind, read.lines))
    }

    #[test]
    fn addresses_and_announcements_that_are_no_pairs_are_noticed() {
        let ragged = |text: &str| canonical(text, &Url::parse("http://h/a").unwrap()).unwrap().ragged;
        assert!(!ragged("#EXTM3U\n#EXTINF:4,\n#EXT-X-GAP\n1\n#EXTINF:4,\n#EXT-X-KEY:METHOD=NONE\n2\n"));
        for lines in ["#EXTINF:4,\n1\n2\n", "#EXTINF:4,\n#EXTINF:4,\n2\n", "#EXTINF:4,\n1\n#EXTINF:4,\n"] {
            assert!(ragged(&format!("#EXTM3U\n{lines}#EXT-X-ENDLIST\n")), "{lines}");
        }
    }

    #[test]
    fn variables_are_put_in_their_places() {
        let text = "#EXTM3U\n#EXT-X-DEFINE:NAME=\"base\",VALUE=\"http://h/x/\"\n#EXT-X-DEFINE:QUERYPARAM=\"t\"\n\
                    #EXTINF:1,\n{$base}1.ts?t={$t}&u={$u}\n";
        assert!(read(text).unwrap().1.ends_with("\nhttp://h/x/1.ts?t=7&u={$u}\n"));
    }

    #[test]
    fn a_long_key_before_each_of_many_segments_is_no_endless_list() {
        let list = |key: usize, segments: usize| {
            let (key, segments) = ("k".repeat(key), "#EXTINF:1,\na\n".repeat(segments));
            format!("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"{key}\"\n{segments}")
        };
        assert!(read(&list(1 << 20, 100)).is_none() && read(&list(10, MOST + 1)).is_none());
        assert!(read(&list(300, MOST)).is_some(), "a day of two seconds each");
    }

    #[test]
    fn only_what_matters_is_left_and_it_is_written_as_the_rfc_says() {
        let text = "#EXTM3U\r\n#EXT-X-VERSION:9\r\n#EXT-X-TARGETDURATION:4.2 \r\n#EXT-X-MEDIA-SEQUENCE: 7\r\n\
                    #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\r\n# encoder 1.2 at host\r\n\
                    #EXTINF:-1,A, B and C\r\na.ts\r\n#EXTINF:4.004\r\n  b c.ts  \r\n#EXT-X-DISCONTINUITY-SEQUENCE:x\r\n\
                    stray.ts\r\n#EXT-X-PART:DURATION=1,URI=\"p.ts\"\r\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"q.ts\"";
        let expected = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:0.00000,\na.ts\n\
                        #EXTINF:4.00400,\nb c.ts\n";
        assert_eq!(read(text), Some((Kind::Media, expected.into())));
    }

    #[test]
    fn a_key_holds_until_another_of_its_format_and_the_open_one_is_taken() {
        let text = "#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",KEYFORMAT=\"com.apple.streamingkeydelivery\"\n\
                    #EXT-X-KEY:METHOD=AES-128 , URI=\"k?a=1,b=2\",IV=0x0A\n#EXTINF:4,\n1\n#EXTINF:4,\n2\n\
                    #EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\n3\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"x\"\n#EXTINF:4,\n4\n";
        let key = "#EXT-X-KEY:METHOD=AES-128,URI=\"k?a=1,b=2\",IV=0x0A\n";
        let expected = format!(
            "#EXTM3U\n#EXTINF:4.00000,\n{key}1\n#EXTINF:4.00000,\n{key}2\n#EXTINF:4.00000,\n3\n\
             #EXTINF:4.00000,\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"x\"\n4\n"
        );
        assert_eq!(read(text).unwrap().1, expected);
    }

    #[test]
    fn what_lists_playlists_is_known_by_its_content() {
        let text = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en, gb\",URI=\"a.m3u8\"\n\
                    #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"n\"\n\
                    #EXT-X-STREAM-INF:PROGRAM-ID=1,CODECS=\"avc1,mp4a\",AUDIO=\"a\"\nv.m3u8\n\
                    #EXT-X-I-FRAME-STREAM-INF:URI=\"i.m3u8\"\n";
        let expected = "#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"-\",GROUP-ID=\"a\",URI=\"a.m3u8\"\n\
                        #EXT-X-STREAM-INF:BANDWIDTH=0,CODECS=\"avc1,mp4a\",AUDIO=\"a\"\nv.m3u8\n";
        assert_eq!(read(text), Some((Kind::Master, expected.into())));
        assert_eq!(read(&format!("{text}#EXTINF:4,\na.ts")).unwrap().0, Kind::Media);
        for other in ["", "<html>#EXTM3U", "#EXTM3U", "#EXTM3U\nhttp://h/1.ts", "#EXTM3U\n#EXTINF:1,\n\0"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
