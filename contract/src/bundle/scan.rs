//! Reading a bundle from its beginning to its end, one entry at a time.
//!
//! For those who go through everything once (comparing two releases, checking one): a mapped bundle of 600 000 entries
//! would count as hundreds of megabytes of their memory, a read one costs a line.

use std::io::{self, BufRead, Read};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Section, VERSION};

/// The longest line that is taken for an entry, in bytes.
const LONGEST: u64 = 16 << 20;

/// An entry as it stands in the file.
#[derive(Clone, Copy, Debug)]
pub struct Scanned<'a> {
    /// Where it belongs.
    pub section: Section,
    /// Its JSON, byte for byte.
    pub json: &'a str,
    /// Where `json` begins in the file, in bytes.
    pub at: u64,
}

/// Goes through a bundle as [`super::Writer`] writes it: one line for each entry.
#[derive(Debug)]
pub struct Scan<R> {
    from: R,
    line: Vec<u8>,
    /// Where the next line begins, in bytes.
    next: u64,
    section: Option<Section>,
    begun: bool,
}

impl<R: BufRead> Scan<R> {
    /// Begins at the first byte of a bundle.
    pub fn new(from: R) -> Self {
        Self { from, line: Vec::new(), next: 0, section: None, begun: false }
    }

    /// The next entry of a known section, `None` after the last one.
    ///
    /// # Errors
    /// Those of the disk, and [`io::ErrorKind::InvalidData`] for what is no bundle: the text says which byte it is at
    /// and never quotes it.
    pub fn entry(&mut self) -> io::Result<Option<Scanned<'_>>> {
        loop {
            let at = self.next;
            self.line.clear();
            let length = self.from.by_ref().take(LONGEST).read_until(b'\n', &mut self.line)? as u64;
            self.next += length;
            if length == 0 {
                return if self.begun { Ok(None) } else { Err(odd(0, "it is empty")) };
            }
            if length == LONGEST {
                return Err(odd(at, "an entry is longer than 16 MiB"));
            }
            match self.line.first() {
                Some(b'"') => self.section = section(&self.line).ok_or_else(|| odd(at, "no section"))?,
                Some(b'{') if self.begun => {
                    let Some(section) = self.section else { continue };
                    let line: &[u8] = &self.line;
                    let mut values = serde_json::Deserializer::from_slice(line).into_iter::<&RawValue>();
                    let value = values.next().and_then(Result::ok).ok_or_else(|| odd(at, "no entry"))?;
                    return Ok(Some(Scanned { section, json: value.get(), at }));
                }
                Some(b'{') => self.begin(at)?,
                Some(b']' | b'}' | b'\n') => {}
                _ => return Err(odd(at, "no entry")),
            }
        }
    }

    fn begin(&mut self, at: u64) -> io::Result<()> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        // The first line is the beginning of an object, complete but for its comma and its end.
        let head = self.line.trim_ascii_end();
        let head = [head.strip_suffix(b",").unwrap_or(head), b"}"].concat();
        match serde_json::from_slice::<Head>(&head) {
            Ok(head) if head.version <= VERSION => {
                self.begun = true;
                Ok(())
            }
            Ok(_) => Err(odd(at, "it was made by a newer program")),
            Err(_) => Err(odd(at, "no version")),
        }
    }
}

/// Reads `"live_streams":[`. The inner `None` is a section that we do not know; the outer one, no section.
#[allow(clippy::option_option)]
fn section(line: &[u8]) -> Option<Option<Section>> {
    let line = line.trim_ascii_end().strip_prefix(b"\"")?;
    let end = line.iter().position(|byte| *byte == b'"')?;
    let (key, rest) = line.split_at(end);
    rest.starts_with(b"\":[")
        .then(|| Section::ALL.into_iter().find(|section| section.key().as_bytes() == key))
}

fn odd(at: u64, what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("not a bundle as this program writes it: {what}, at byte {at}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Writer;
    use super::*;

    #[test]
    fn every_entry_is_given_with_its_place() {
        let mut writer = Writer::new(Vec::new()).unwrap();
        let written = [
            (Section::LiveCategories, json!({"category_id": "1", "category_name": "]}\n{\""})),
            (Section::LiveStreams, json!({"stream_id": 7, "name": "\u{2028}"})),
            (Section::LiveStreams, json!({"stream_id": 8})),
            (Section::Playables, json!({"id": 7})),
        ];
        for (section, entry) in &written {
            writer.push(*section, entry).unwrap();
        }
        let bundle = writer.finish().unwrap();
        let mut scan = Scan::new(&bundle[..]);
        for (section, entry) in &written {
            let found = scan.entry().unwrap().unwrap();
            assert_eq!((found.section, found.json), (*section, entry.to_string().as_str()));
            assert!(bundle[found.at as usize..].starts_with(found.json.as_bytes()));
        }
        assert!(scan.entry().unwrap().is_none());
    }

    #[test]
    fn what_is_no_bundle_is_an_error_and_no_panic() {
        for (text, why) in [
            ("", "it is empty"),
            ("x", "no entry"),
            ("[]", "no entry"),
            ("{\"version\":2,\n", "newer"),
            ("{}\n", "no version"),
            ("{\"version\":1,\n\"live_streams\":[\n{\"stream_id\":", "no entry"),
            ("{\"version\":1,\n\"live_streams\n", "no section"),
        ] {
            let mut scan = Scan::new(text.as_bytes());
            let error = loop {
                match scan.entry() {
                    Ok(Some(_)) => {}
                    Ok(None) => panic!("{text:?} is taken"),
                    Err(error) => break error.to_string(),
                }
            };
            assert!(error.contains(why), "{text:?}: {error}");
        }
        let unknown = "{\"version\":1,\n\"later\":[\n{\"a\":1}],\n\"series\":[]}\n";
        assert!(Scan::new(unknown.as_bytes()).entry().unwrap().is_none());
    }
}
