//! The guide that is put together of what a panel said of its channels, one after the other: an XMLTV document with a line
//! for each channel, which says when that was asked for, so that the next run goes on where this one ended.
//!
//! ```text
//! <!-- 8f3a6c2e91d04b57 1760000000 --><channel id="one.uk">…</channel><programme …>…</programme>…
//! ```

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use quick_xml::escape::{escape, partial_escape};

use super::read::Listing;
use crate::guide::time::written;

const HEAD: &[u8] = b"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<tv generator-info-name=\"coax\">\n";
const TAIL: &[u8] = b"</tv>\n";
/// The most that is kept of a channel, in bytes; its programmes of a month are less.
const LONGEST: usize = 4 << 20;

/// What a channel's line is found by.
pub(super) type Key = [u8; 16];

/// The key of what goes by `name`: in hexadecimal digits, so that it can stand in a comment whatever the name is.
pub(super) fn key(name: &str) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&blake3::hash(name.as_bytes()).to_hex().as_bytes()[..16]);
    key
}

/// A document that is being continued. What it holds in memory is where each line stands.
pub(super) struct Document {
    /// The last one.
    last: Option<File>,
    /// Lines that are new in this run, in a file that has no name.
    new: File,
    length: u64,
    lines: HashMap<Key, Line>,
}

/// What stands behind the comment of a line.
#[derive(Clone, Copy, Debug, Default)]
struct Line {
    /// Unix time, in seconds.
    asked: u64,
    is_new: bool,
    at: u64,
    length: usize,
    programmes: u64,
}

impl Document {
    /// Continues `last`, if there is one; what is new goes into `folder` until it is written.
    ///
    /// # Errors
    /// The disk refuses, here and below.
    pub(super) fn new(last: Option<File>, folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let lines = last.as_ref().map(lines).transpose()?.unwrap_or_default();
        Ok(Self { last, new: tempfile::tempfile_in(folder)?, length: 0, lines })
    }

    /// When a channel was asked for, in Unix seconds; 0 for never.
    pub(super) fn asked(&self, key: &Key) -> u64 {
        self.lines.get(key).map_or(0, |line| line.asked)
    }

    /// Whether there is a programme of any channel.
    pub(super) fn has_any(&self) -> bool {
        self.lines.values().any(|line| line.length > 0)
    }

    /// How many programmes there are of these channels.
    pub(super) fn programmes(&self, keys: impl Iterator<Item = Key>) -> u64 {
        keys.filter_map(|key| self.lines.get(&key)).map(|line| line.programmes).sum()
    }

    /// A channel was asked for at `asked`, and nothing came: what is known of it stays.
    pub(super) fn failed(&mut self, key: Key, asked: u64) {
        self.lines.entry(key).or_default().asked = asked;
    }

    /// A channel was asked for at `asked`, and this is its guide, as [`render`] gives it.
    pub(super) fn put(&mut self, key: Key, asked: u64, text: &str) -> io::Result<()> {
        self.new.write_all_at(text.as_bytes(), self.length)?;
        let (at, length, programmes) = (self.length, text.len(), programmes(text.as_bytes()));
        let line = Line { asked, is_new: true, at, length, programmes };
        self.lines.insert(key, line);
        self.length += text.len() as u64;
        Ok(())
    }

    /// Writes the lines of these channels, in this order.
    pub(super) fn write(&self, keys: impl Iterator<Item = Key>, out: &mut impl Write) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 18, out);
        out.write_all(HEAD)?;
        let mut text = Vec::new();
        for key in keys {
            let Some(line) = self.lines.get(&key) else { continue };
            text.resize(line.length, 0);
            match (line.is_new, &self.last) {
                (false, Some(last)) => last.read_exact_at(&mut text, line.at)?,
                _ => self.new.read_exact_at(&mut text, line.at)?,
            }
            write!(out, "<!-- {} {} -->", String::from_utf8_lossy(&key), line.asked)?;
            out.write_all(&text)?;
            out.write_all(b"\n")?;
        }
        out.write_all(TAIL)?;
        out.flush()
    }
}

/// Where the lines of a document stand. One that somebody else wrote has none.
fn lines(file: &File) -> io::Result<HashMap<Key, Line>> {
    let mut found = HashMap::new();
    let mut input = BufReader::with_capacity(1 << 18, file);
    let (mut text, mut at) = (Vec::new(), 0);
    loop {
        text.clear();
        let read = input.by_ref().take(2 * LONGEST as u64).read_until(b'\n', &mut text)?;
        if read == 0 {
            return Ok(found);
        }
        if let Some((key, asked, begin)) = comment(&text) {
            let (length, programmes) = (text.trim_ascii_end().len() - begin, programmes(&text));
            found.insert(key, Line { asked, is_new: false, at: at + begin as u64, length, programmes });
        }
        at += read as u64;
    }
}

/// The key, the time, and where the rest of a line begins.
fn comment(line: &[u8]) -> Option<(Key, u64, usize)> {
    const END: &[u8] = b" -->";
    let (key, rest) = line.strip_prefix(b"<!-- ")?.split_first_chunk::<16>()?;
    let end = memchr::memmem::find(rest, END)?;
    let asked = std::str::from_utf8(rest[..end].strip_prefix(b" ")?).ok()?.parse().ok()?;
    Some((*key, asked, line.len() - rest.len() + end + END.len()))
}

fn programmes(text: &[u8]) -> u64 {
    memchr::memmem::find_iter(text, b"<programme ").count() as u64
}

/// A channel and its programmes as XMLTV, without a line break; nothing if there are none.
pub(crate) fn render(id: &str, name: &str, listings: &[Listing]) -> String {
    if listings.is_empty() {
        return String::new();
    }
    let id = escape(id);
    let mut text =
        format!("<channel id=\"{id}\"><display-name>{}</display-name></channel>", partial_escape(name));
    for listing in listings {
        let before = text.len();
        let time = |seconds| String::from_utf8_lossy(&written(seconds)).into_owned();
        text.extend(["<programme start=\"", &time(listing.start), "\""]);
        if listing.stop > 0 {
            text.extend([" stop=\"", &time(listing.stop), "\""]);
        }
        text.extend([" channel=\"", &id, "\">"]);
        for (element, said) in [("title", &listing.title), ("desc", &listing.description)] {
            if said.is_empty() {
                continue;
            }
            text.extend(["<", element]);
            if !listing.language.is_empty() {
                text.extend([" lang=\"", &listing.language, "\""]);
            }
            text.extend([">", &partial_escape(said.as_str()), "</", element, ">"]);
        }
        text.push_str("</programme>");
        if text.len() > LONGEST {
            text.truncate(before);
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(start: u32, title: &str) -> Listing {
        Listing { start, stop: start + 60, title: title.into(), ..Listing::default() }
    }

    fn written_out(document: &Document, keys: &[Key]) -> String {
        let mut out = Vec::new();
        document.write(keys.iter().copied(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_was_said_before_stays_until_something_else_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two, three] = ["one", "two", "three"].map(key);
        let mut first = Document::new(None, folder.path()).unwrap();
        assert_eq!((first.asked(&one), first.has_any()), (0, false));
        first
            .put(one, 7, &render("one & <1>", "One \"1\"", &[listing(60, "A & B"), listing(120, "")]))
            .unwrap();
        first.put(two, 7, &render("two", "Two", &[])).unwrap();
        first.failed(three, 8);
        let text = written_out(&first, &[two, three, one]);
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(text.contains("<channel id=\"one &amp; &lt;1&gt;\"><display-name>One \"1\"<"), "{text}");
        assert!(text.contains("start=\"19700101000100 +0000\" stop=\"19700101000200 +0000\""), "{text}");

        let kept = || {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            Some(file)
        };
        let mut second = Document::new(kept(), folder.path()).unwrap();
        assert_eq!([one, two, three].map(|key| second.asked(&key)), [7, 7, 8]);
        assert!(second.has_any());
        let programmes = |document: &Document, keys: &[Key]| document.programmes(keys.iter().copied());
        assert_eq!(
            (programmes(&second, &[one, two, three]), programmes(&second, &[two, key("four")])),
            (2, 0)
        );
        assert_eq!(written_out(&second, &[two, three, one]), text, "nobody was asked for anything");
        second.failed(one, 9);
        let failed = written_out(&second, &[two, three, one]);
        assert_eq!(failed, text.replace(" 7 --><channel", " 9 --><channel"), "only the time is another");
        second.put(one, 10, &render("one", "One", &[listing(180, "C")])).unwrap();
        assert_eq!(programmes(&second, &[one]), 1);
        let text = written_out(&second, &[one]);
        assert!(
            text.contains("C</title>") && !text.contains("A &amp; B") && text.lines().count() == 4,
            "{text}"
        );
    }

    #[test]
    fn a_document_of_somebody_else_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"<tv>\n<!-- 8f3a -->\n<!-- 0123456789abcdef soon --><channel/>\n\xff").unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let document = Document::new(Some(file), folder.path()).unwrap();
        assert!(document.lines.is_empty());
    }
}
