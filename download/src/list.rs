//! A list that somebody uploads: looked at while it arrives, before anything of it is kept.
//!
//! ```text
//! bytes ──▶ packed? at most 256 MiB ──▶ plain, at most 256 MiB ──▶ marker in the first KiB ──▶ lines of at most 64 KiB
//! ```
//!
//! SECURITY: it comes from somebody whom nobody knows. What unpacks to more than a list is (a bomb), what is no list (a page,
//! an error in JSON, a film), what has one endless line, and what has more entries than anybody lists is refused at the first
//! byte that tells, with the line and the reason. Nothing of it is ever dialled or run; no name of it becomes a path.

mod watched;

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use m3u::MOST_ENTRIES;

use crate::entry::{Entry, of_list};
use watched::{Passed, Watched};

/// `#EXTM3U` or `#EXTINF` stands in so many bytes at its beginning.
pub const PREFACE: usize = 1 << 10;
/// Bytes that are looked at together.
const PIECE: usize = 64 << 10;
/// Endings that a list may have.
const ENDINGS: [&str; 4] = [".m3u", ".m3u8", ".m3u.gz", ".m3u8.gz"];

/// How large a list may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, as it is sent, and again as it is unpacked.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 << 20, entries: MOST_ENTRIES }
    }
}

/// What a list that may be kept is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Entries in it, channels and all.
    pub entries: u64,
    /// Lines in it.
    pub lines: u64,
}

/// Why a list is refused, and at which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line that told, from 1; 0 if it is not about a line.
    pub line: u64,
    /// What it is that must not be, and what was expected.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.why),
            line => write!(f, "line {line}: {}", self.why),
        }
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Self { line: 0, why: why.into() }
    }
}

/// Whether a file that is called so may be a list.
///
/// # Errors
/// Why not.
pub fn named(name: &str) -> Result<(), Refusal> {
    let lower = name.to_lowercase();
    let fits = ENDINGS.iter().any(|ending| lower.len() > ending.len() && lower.ends_with(ending));
    if fits {
        Ok(())
    } else {
        Err(Refusal::new(format!("expected a file that ends in {}", ENDINGS.join(", "))))
    }
}

/// Reads a list to its end and tells whether it may be kept.
///
/// # Errors
/// Why it may not.
pub fn check(input: impl Read, limits: Limits) -> Result<Checked, Refusal> {
    looked_at(input, limits, |_| {})
}

/// Gives `each` the entries of a list in order. Some may have been given when it turns out to be none.
///
/// # Errors
/// Why it is none, or one that may not be kept.
pub fn read(input: impl Read, limits: Limits, mut each: impl FnMut(Entry)) -> Result<Checked, Refusal> {
    looked_at(input, limits, |entry| each(of_list(entry)))
}

fn looked_at(
    input: impl Read,
    limits: Limits,
    each: impl FnMut(&m3u::Entry<'_>),
) -> Result<Checked, Refusal> {
    let passed = Passed::default();
    let outcome = listed(input, limits, &passed, each);
    match (passed.refusal.take(), outcome) {
        // What was found in the bytes is why they could not be read.
        (Some(refusal), _) => Err(refusal),
        (None, outcome) => outcome.map(|entries| Checked { entries, lines: passed.line() }),
    }
}

fn listed(
    input: impl Read,
    limits: Limits,
    passed: &Passed,
    mut each: impl FnMut(&m3u::Entry<'_>),
) -> Result<u64, Refusal> {
    let size = format!("over {} MiB", limits.bytes >> 20);
    let input = BufReader::with_capacity(PIECE, input.take(limits.bytes + 1));
    let mut input = Watched::of_size(input, passed, limits, format!("it is {size}"));
    let head = input.fill_buf().map_err(|error| broken(&error))?;
    if head.starts_with(b"PK\x03\x04") {
        return Err(Refusal::new("it is packed as ZIP: expected M3U, plain or as gzip"));
    }
    let verb = if head.starts_with(b"\x1f\x8b") { "unpacks to" } else { "is" };
    let plain =
        m3u::opened(input).map_err(|error| Refusal::new(format!("it cannot be unpacked: {error}")))?;
    let plain = Watched::of_lines(plain, passed, limits, format!("it {verb} {size}, which no list has"));
    let facts = m3u::read(plain, |entry| {
        each(&entry);
        Ok(())
    });
    let facts = facts.map_err(|refusal| match refusal {
        m3u::Refusal::Io(error) => broken(&error),
        other => Refusal::new(format!("{other}: expected a list that begins with #EXTM3U")),
    })?;
    if facts.hls {
        return Err(Refusal::new("it is what one player plays (HLS), and no list"));
    }
    if facts.entries + facts.beyond > limits.entries {
        return Err(Refusal::new(too_many(limits)));
    }
    if facts.broken_off {
        return Err(Refusal {
            line: passed.line(),
            why: "it breaks off inside an entry; send it again".into(),
        });
    }
    if facts.entries == 0 {
        return Err(Refusal::new("it lists nothing"));
    }
    Ok(facts.entries)
}

fn too_many(limits: Limits) -> String {
    format!("it has over {} entries, which no list has", limits.entries)
}

fn broken(error: &io::Error) -> Refusal {
    Refusal::new(format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const ENTRY: &str = "#EXTINF:-1 group-title=\"Films\",Film (2020)\nhttp://h.example/movie/u/p/7.mkv\n";

    fn refused(bytes: &[u8]) -> String {
        check(bytes, Limits::default()).unwrap_err().to_string()
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_list_is_taken_plain_and_packed_with_whatever_line_ends() {
        let list = format!("#EXTM3U\n{ENTRY}{ENTRY}");
        assert_eq!(check(list.as_bytes(), Limits::default()), Ok(Checked { entries: 2, lines: 5 }));
        assert_eq!(check(&*packed(list.as_bytes()), Limits::default()).unwrap().entries, 2);
        let mut titles = Vec::new();
        let windows = format!("\u{feff}{}", list.replace('\n', "\r\n"));
        read(windows.as_bytes(), Limits::default(), |entry| {
            titles.push(format!("{} {}", entry.title, entry.year))
        })
        .unwrap();
        assert_eq!(titles, ["Film 2020", "Film 2020"]);
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_reason() {
        for (bytes, why) in [
            ("", "the playlist is empty"),
            ("<html>#EXTM3U", "a web page came"),
            ("{\"error\": 1}", "JSON came"),
            ("hello", "no playlist"),
            ("#EXTM3U\n", "it lists nothing"),
            ("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n", "HLS"),
            ("PK\x03\x04 and so on", "ZIP"),
            ("#EXTM3U\n#EXTINF:-1,One\nhttp://h/1\n#EXTINF:-1,Two", "line 4: it breaks off inside an entry"),
        ] {
            assert!(refused(bytes.as_bytes()).contains(why), "{bytes:?}: {}", refused(bytes.as_bytes()));
        }
        let late = format!("{}#EXTM3U\n{ENTRY}", "# a comment\n".repeat(100));
        assert!(refused(late.as_bytes()).contains("in its first 1024 bytes"), "{}", refused(late.as_bytes()));
        assert!(named("list.exe").is_err() && named(".m3u").is_err() && named("List.M3U8.gz").is_ok());
    }

    #[test]
    fn an_endless_line_is_refused_where_it_stands() {
        let long = format!("#EXTM3U\n{ENTRY}#EXTINF:-1,{}\nhttp://h/1\n", "x".repeat(70_000));
        assert_eq!(refused(long.as_bytes()), "line 4: it is longer than 64 KiB");
        // Without an end it would never be a line at all.
        let endless = io::Read::chain(&b"#EXTM3U\n"[..], io::repeat(b'x').take(1 << 30));
        assert_eq!(
            check(endless, Limits::default()).unwrap_err().to_string(),
            "line 2: it is longer than 64 KiB"
        );
    }

    #[test]
    fn what_unpacks_to_more_than_a_list_is_refused_before_it_has() {
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        let why = |bytes: &[u8]| check(bytes, limits).unwrap_err().to_string();
        let long = ["#EXTM3U\n", &"#comment\n".repeat(1 << 18)].concat();
        let bomb = packed(long.as_bytes());
        assert!(bomb.len() < 1 << 14);
        assert_eq!(why(&bomb), "it unpacks to over 1 MiB, which no list has");
        assert_eq!(why(&packed(&bomb)), "it unpacks to over 1 MiB, which no list has");
        assert!(why(&packed(&packed(&bomb))).contains("more than twice"), "{}", why(&packed(&packed(&bomb))));
        assert!(why(long.as_bytes()).starts_with("it is over 1 MiB"), "{}", why(long.as_bytes()));
    }

    #[test]
    fn more_entries_than_anybody_lists_are_refused_where_they_begin() {
        let limits = Limits { entries: 3, ..Limits::default() };
        let why = |text: &str| check(text.as_bytes(), limits).map_err(|why| why.to_string());
        assert!(why(&format!("#EXTM3U\n{}", ENTRY.repeat(3))).is_ok());
        let four = format!("#EXTM3U\n{}", ENTRY.repeat(4));
        assert_eq!(why(&four).unwrap_err(), "line 8: it has over 3 entries, which no list has");
        let bare = format!("#EXTM3U\n{}", "http://h.example/1\n".repeat(4));
        assert_eq!(why(&bare).unwrap_err(), "it has over 3 entries, which no list has");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_do_no_harm(bytes: Vec<u8>) {
            let _ = check(&*bytes, Limits::default());
            let _ = check(&*[b"#EXTM3U\n#EXTINF:-1 ", &bytes[..], b"\nhttp://h/x\n"].concat(), Limits::default());
        }
    }
}
