//! A playlist that is compressed once for all whose address, name and password are as long.
//!
//! ```text
//!  template ──▶ #EXTINF… ▒▒▒▒▒▒/1.ts #EXTINF… ▒▒▒▒▒▒/2.ts …        what is a viewer's own, and as long as his
//!                   │       │            │       └─ repeats the one before: so many bytes, from so far back
//!                   ▼       ▼            ▼
//!   deflate     [ block ][ place ][      block …       ][ place ][ …     the same for all of them
//!                           └── a block of bytes as they are: what each is sent is his own
//! ```
//!
//! Nothing else is repeated from where something of a viewer's own stands, so what is sent to him is slices of one stream with
//! a few dozen short blocks between them, and to send it costs what a file costs.

use bytes::{BufMut, Bytes, BytesMut};
use contract::playlist::{TOKENS, line_end};
use flate2::Crc;
use memchr::{memchr, memchr_iter};

use super::splice::{Values, token};
use crate::crc::Weight;
use crate::deflate::{Deflate, FARTHEST, Matcher, stored};

/// In the places of what is a viewer's own while it is compressed. No text holds it, since it is in no UTF-8.
const BLANK: u8 = 0xFF;

/// Nothing is repeated from further back than 32 KiB, so what is compressed at a time need not be long.
const PART: usize = 512 * 1024;

/// Places that are not further from each other than this, in one line, are one.
const GAP: usize = 32;
/// Different ones: a playlist has a handful.
const MOST: usize = 12;
/// The longest.
const LONGEST: usize = 2048;

/// The head of RFC 1952, 2.3: deflate, no name, no time, of an unknown system.
const HEAD: &[u8] = &[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];

/// A compressed playlist with places for what is a viewer's own.
pub(super) struct Stencil {
    stream: Bytes,
    /// Where in `stream` what goes: of `owns`.
    places: Vec<(u32, u8)>,
    owns: Vec<Own>,
    /// Of the whole with [`BLANK`]s.
    sum: u32,
    length: u32,
}

/// Something that is a viewer's own, wherever it stands.
struct Own {
    /// As it is in the template.
    template: Bytes,
    length: usize,
    /// As if it stood nowhere behind `counted`.
    weight: Weight,
    counted: usize,
}

/// A stencil in the making.
struct Cutter<'a> {
    values: &'a Values,
    limit: usize,
    deflate: Deflate,
    matcher: Matcher,
    places: Vec<(u32, u8)>,
    owns: Vec<Own>,
    /// Where each was last in `part`.
    last: Vec<Option<usize>>,
    part: Vec<u8>,
    /// How long the parts before were.
    before: usize,
    crc: Crc,
}

impl Stencil {
    /// Of a playlist in pieces of whole lines, for those whose own are as long as `values`: its stream, and the rest. `None`
    /// if the stream is longer than `limit`, or there is something that no playlist of ours has.
    ///
    /// Takes a second for each 100 MB.
    pub(super) fn cut(
        pieces: impl Iterator<Item = Bytes>,
        values: &Values,
        limit: usize,
    ) -> Option<(Vec<u8>, Self)> {
        let mut cutter = Cutter {
            values,
            limit,
            deflate: Deflate::default(),
            matcher: Matcher::default(),
            places: Vec::new(),
            owns: Vec::new(),
            last: Vec::new(),
            part: Vec::with_capacity(PART + LONGEST),
            before: 0,
            crc: Crc::new(),
        };
        for piece in pieces {
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let (line, others) = rest.split_at(line_end(rest, 0));
                cutter.line(line)?;
                rest = others;
            }
        }
        cutter.finish()
    }

    /// The same with its stream, which was kept elsewhere since.
    pub(super) fn with(self, stream: Bytes) -> Self {
        Self { stream, ..self }
    }

    /// The playlist for one whose own are `values`.
    pub(super) fn fill(&self, values: &Values) -> Vec<Bytes> {
        let mut sum = self.sum;
        let mut written = Vec::with_capacity(self.owns.len());
        for own in &self.owns {
            let mut new = Vec::with_capacity(own.length);
            values.splice(&own.template, &mut new);
            sum ^= own.weight.differs(&vec![BLANK; own.length], &new);
            written.push(Bytes::from(stored(&new)));
        }
        let (mut chunks, mut at) = (vec![Bytes::from_static(HEAD)], 0);
        for (place, own) in &self.places {
            chunks.push(self.stream.slice(at..*place as usize));
            chunks.push(written[usize::from(*own)].clone());
            at = *place as usize;
        }
        chunks.push(self.stream.slice(at..));
        let mut tail = BytesMut::with_capacity(8);
        tail.put_u32_le(sum);
        tail.put_u32_le(self.length);
        chunks.push(tail.freeze());
        chunks
    }
}

impl Cutter<'_> {
    fn line(&mut self, line: &[u8]) -> Option<()> {
        if self.part.len() >= PART {
            self.end_part();
            if self.deflate.len() > self.limit {
                return None;
            }
        }
        let mut at = 0;
        while let Some((start, end)) = own(line, at) {
            self.text(&line[at..start])?;
            self.own(&line[start..end])?;
            at = end;
        }
        self.text(&line[at..])
    }

    /// Text that is the same for all.
    fn text(&mut self, text: &[u8]) -> Option<()> {
        if memchr(BLANK, text).is_some() {
            return None;
        }
        let start = self.part.len();
        self.part.extend_from_slice(text);
        self.matcher.text(&self.part, start..self.part.len(), &mut self.deflate);
        Some(())
    }

    /// What is a viewer's own, as it is in the template.
    fn own(&mut self, template: &[u8]) -> Option<()> {
        let known = self.owns.iter().position(|own| own.template == template);
        let own = match known {
            Some(own) => own,
            None => self.add(template)?,
        };
        let length = self.owns[own].length;
        let at = self.part.len();
        match self.last[own].replace(at) {
            Some(last) if at - last <= FARTHEST => self.deflate.repeat(length, at - last),
            _ => self.places.push((u32::try_from(self.deflate.place()).ok()?, own as u8)),
        }
        self.part.resize(at + length, BLANK);
        let end = self.before + self.part.len();
        self.owns[own].count(end);
        self.owns[own].weight.here();
        Some(())
    }

    fn add(&mut self, template: &[u8]) -> Option<usize> {
        let mut filled = Vec::new();
        self.values.splice(template, &mut filled);
        let length = filled.len();
        // What is shorter than three bytes cannot be repeated.
        if self.owns.len() == MOST || !(3..=LONGEST).contains(&length) {
            return None;
        }
        let template = Bytes::copy_from_slice(template);
        self.owns.push(Own { template, length, weight: Weight::default(), counted: 0 });
        self.last.push(None);
        Some(self.owns.len() - 1)
    }

    fn end_part(&mut self) {
        self.crc.update(&self.part);
        self.before += self.part.len();
        self.part.clear();
        self.matcher.begin();
        self.last.fill(None);
    }

    fn finish(mut self) -> Option<(Vec<u8>, Stencil)> {
        self.end_part();
        self.owns.iter_mut().for_each(|own| own.count(self.before));
        let Self { deflate, limit, places, owns, crc, .. } = self;
        let mut stream = deflate.finish();
        stream.shrink_to_fit();
        let stencil = Stencil { stream: Bytes::new(), places, owns, sum: crc.sum(), length: crc.amount() };
        (stream.len() <= limit).then_some((stream, stencil))
    }
}

impl Own {
    /// The text goes until `end` now.
    fn count(&mut self, end: usize) {
        self.weight.follow(end - self.counted);
        self.counted = end;
    }
}

/// Where in `line`, from `from` on, something stands that is a viewer's own: from a place to the last one near it. What is
/// between them is the same wherever they are.
fn own(line: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut places = memchr_iter(b'{', &line[from..]).filter_map(|brace| {
        let start = from + brace;
        Some((start, start + TOKENS[token(&line[start..])?].len()))
    });
    let (start, mut end) = places.next()?;
    for (next, its_end) in places {
        let between = &line[end..next];
        if between.len() > GAP || memchr(b'"', between).is_some() {
            break;
        }
        end = its_end;
    }
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn playlist(entries: u32) -> String {
        let mut text = String::from(
            "#EXTM3U url-tvg=\"{base}/xmltv.php?username={username}&password={password}\" x-tvg-url=\"{base}/xmltv.php?username={username}&password={password}\"\n",
        );
        for at in 0..entries {
            let logo = blake3::hash(&at.to_le_bytes()).to_hex();
            text += &format!(
                "#EXTINF:-1 tvg-id=\"{at}.uk\" tvg-logo=\"{{base}}/logo/live/{at}/{logo}\" group-title=\"UK {{ {}\",Ä {at}\n",
                at / 100
            );
            text += &match at % 7 {
                0 => format!("{{base}}/movie/{{username}}/{{password}}/{at}.mkv\n"),
                _ => format!("{{base}}/live/{{username}}/{{password}}/{at}.{{ext}}\n"),
            };
        }
        text
    }

    fn pieces(text: &str) -> impl Iterator<Item = Bytes> {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let pieces: Vec<Bytes> = lines.chunks(100).map(|lines| Bytes::from(lines.concat())).collect();
        pieces.into_iter()
    }

    fn filled(text: &str, values: &Values) -> Vec<u8> {
        let mut out = Vec::new();
        values.splice(text.as_bytes(), &mut out);
        out
    }

    #[test]
    fn everybody_whose_own_is_as_long_gets_his_playlist_of_one_stream() {
        let one = Values::new("http://tv.example:8080", "ann", "secret7", "ts");
        let text = playlist(12_000).replace("{ext}", "ts");
        let (stream, stencil) = Stencil::cut(pieces(&text), &one, usize::MAX).unwrap();
        let size = stream.len();
        let stencil = stencil.with(stream.into());
        for values in [&one, &Values::new("http://h.beispiel:8081", "bob", "hunter2", "ts")] {
            let expected = filled(&text, values);
            let mut found = Vec::new();
            GzDecoder::new(&stencil.fill(values).concat()[..]).read_to_end(&mut found).unwrap();
            assert!(found == expected);
        }
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut gz, &filled(&text, &one)).unwrap();
        let usual = gz.finish().unwrap().len();
        assert!(size < usual, "{size} bytes, and {usual} the usual way");
        assert!(Stencil::cut(pieces(&text), &one, 10_000).is_none(), "there is no room for it");
    }

    #[test]
    fn what_is_no_playlist_of_ours_is_not_cut() {
        let values = Values::new("http://h", "ann", "pw", "ts");
        let cut = |line: &[u8]| {
            Stencil::cut([Bytes::copy_from_slice(line)].into_iter(), &values, 1 << 20).is_some()
        };
        assert!(cut(b"") && cut(b"#EXTM3U\n{base}/live/{username}/{password}/1.ts\n"));
        assert!(!cut(b"\xff\n"));
        assert!(!cut(b"{password}\n"), "too short to be repeated");
        let many: String = (0..20).map(|at| format!("{{base}}{at}{{password}}\n")).collect();
        assert!(!cut(many.as_bytes()));
    }
}
