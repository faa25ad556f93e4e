//! A playlist, entry by entry, while it arrives.
//!
//! ```text
//! bytes ──▶ lines ──▶ #EXTM3U  header: defaults, guides
//!                     #EXTINF  begins an entry ─┐
//!                     #…       says more of it  ├─▶ each(entry)
//!                     other    its address     ─┘
//! ```
//!
//! Memory does not grow with the playlist. What cannot be read costs itself alone, and is counted.

use std::io::{self, BufRead};

use crate::attributes::Of;
use crate::directives::{Directive, directive};
use crate::entry::{Defaults, Draft, Entry};
use crate::headers;
use crate::keys::Key;
use crate::lines::{LONGEST, Line, lines, opened, text};

/// The most entries that are read; the largest known playlists have 600 000. Further ones are counted.
pub const MOST_ENTRIES: u64 = 1_000_000;
/// How far into a document its first `#EXTM3U` or `#EXTINF` may be.
const PREFACE: u64 = 64 << 10;
/// The most guides that headers may name.
const MOST_GUIDES: usize = 32;
/// The longest address of a guide.
const LONGEST_ADDRESS: usize = 2000;

/// What a playlist turned out to be, and what was noticed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It is what one player plays (HLS), and no list of channels: its own address is the one channel.
    pub hls: bool,
    /// Addresses of guides that its header names, in order. SECURITY: they may hold credentials.
    pub guides: Vec<String>,
    /// Entries given.
    pub entries: u64,
    /// Of these, addresses that came without an `#EXTINF`.
    pub bare: u64,
    /// Entries that were left out because no address followed.
    pub without_address: u64,
    /// Lines that are neither an entry, nor an address, nor a directive.
    pub strays: u64,
    /// Lines of over 64 KiB that were passed over.
    pub too_long: u64,
    /// Attributes, headers and properties beyond what one entry may have.
    pub left_out: u64,
    /// Entries beyond [`MOST_ENTRIES`].
    pub beyond: u64,
    /// It ends inside an entry: the download broke off, and this generation is not to be used.
    pub broken_off: bool,
}

/// Why a document gave no playlist.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nothing but blanks.
    #[error("the playlist is empty")]
    Empty,
    /// HTML.
    #[error("a web page came in place of a playlist")]
    Page,
    /// What panels answer when they refuse.
    #[error("JSON came in place of a playlist")]
    Json,
    /// Anything else without `#EXTM3U` and `#EXTINF`.
    #[error("what came is no playlist: no #EXTM3U and no #EXTINF in its first 64 KiB")]
    Words,
    /// It could not be read, unpacked, or passed on.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads a playlist and gives `each` its entries in order. It may have been given some when this fails.
///
/// # Errors
/// What came is no playlist; reading, unpacking or `each` failed.
pub fn read(input: impl BufRead, each: impl FnMut(Entry<'_>) -> io::Result<()>) -> Result<Facts, Refusal> {
    let mut reading = Reading {
        each,
        draft: Draft::default(),
        defaults: Defaults::default(),
        facts: Facts::default(),
        stage: Stage::Before(Looks::Empty, 0),
        torn: false,
        orphan: false,
    };
    let ended = lines(opened(input)?, |line| match line {
        Line::Whole(line) => reading.line(line),
        Line::TooLong(head) => reading.too_long(head),
    });
    let Reading { mut facts, draft, stage, torn, .. } = reading;
    if let Stage::Before(looks, _) | Stage::Refused(looks) = stage {
        return Err(match (ended, looks) {
            (Err(error), _) if stage != Stage::Refused(looks) => Refusal::Io(error),
            (_, Looks::Empty) => Refusal::Empty,
            (_, Looks::Page) => Refusal::Page,
            (_, Looks::Json) => Refusal::Json,
            (_, Looks::Words) => Refusal::Words,
        });
    }
    let terminated = ended?;
    facts.left_out = draft.left_out;
    facts.broken_off = !facts.hls && (draft.begun || (torn && !terminated));
    Ok(facts)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing of a playlist yet, after so many bytes.
    Before(Looks, u64),
    /// A playlist.
    Inside,
    /// Certainly none.
    Refused(Looks),
}

/// What a document seems to be that is no playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Looks {
    Empty,
    Page,
    Json,
    Words,
}

impl Looks {
    fn of(line: &str) -> Self {
        match line.as_bytes().first() {
            None => Self::Empty,
            Some(b'<') => Self::Page,
            Some(b'{' | b'[') => Self::Json,
            Some(_) => Self::Words,
        }
    }
}

struct Reading<S> {
    each: S,
    draft: Draft,
    defaults: Defaults,
    facts: Facts,
    stage: Stage,
    /// Whether the last line looks like the beginning of an `#EXTINF`.
    torn: bool,
    /// Whether the next address belongs to an `#EXTINF` that was passed over.
    orphan: bool,
}

impl<S: FnMut(Entry<'_>) -> io::Result<()>> Reading<S> {
    fn line(&mut self, raw: &[u8]) -> io::Result<()> {
        if self.facts.hls {
            return Ok(());
        }
        let line = text(raw);
        if line.is_empty() && self.stage == Stage::Inside {
            return Ok(());
        }
        if line.starts_with('#') {
            return self.directive(&line, raw.len());
        }
        if self.stage != Stage::Inside {
            return self.preface(&line, raw.len());
        }
        self.torn = false;
        if self.draft.open && continues(&line) {
            self.draft.read_on(&line);
            return Ok(());
        }
        self.address(&line)
    }

    fn directive(&mut self, line: &str, length: usize) -> io::Result<()> {
        let directive = directive(line);
        self.torn = torn(line);
        match directive {
            Directive::Header(_) | Directive::Entry(_) => self.stage = Stage::Inside,
            _ if self.stage != Stage::Inside => return self.preface(line, length),
            _ => {}
        }
        match directive {
            Directive::Header(rest) => self.header(rest),
            Directive::Entry(rest) => {
                if self.draft.begun {
                    self.facts.without_address += 1;
                    self.draft.clear();
                }
                self.orphan = false;
                self.draft.read(Of::Entry, rest);
            }
            Directive::Group(group) => self.draft.set_group(group),
            Directive::Vlc(option) => {
                if let Some((name, value)) = headers::of_vlc(option) {
                    self.draft.add_header(name, value);
                }
            }
            Directive::Kodi(property) => self.draft.add_property(property),
            Directive::Http(json) => headers::of_json(json, |name, value| self.draft.add_header(name, value)),
            Directive::Picture(address) => self.draft.set_picture(address),
            Directive::Vod => self.draft.set_vod(),
            // One such line amid a thousand channels is somebody's slip.
            Directive::Hls => self.facts.hls = self.facts.entries == 0,
            Directive::Other => {}
        }
        Ok(())
    }

    /// A line that nobody wants to hold. What it is about is left out with it.
    fn too_long(&mut self, head: &[u8]) -> io::Result<()> {
        self.facts.too_long += 1;
        let info = |head: &[u8]| head.len() > 7 && head[..7].eq_ignore_ascii_case(b"#EXTINF");
        match head.trim_ascii_start() {
            _ if self.stage != Stage::Inside => return self.preface(&text(&head[..64]), head.len()),
            head if info(head) => {
                self.facts.without_address += u64::from(self.draft.begun);
                self.draft.clear();
                self.orphan = true;
            }
            [b'#', ..] => {}
            _ => self.draft.clear(),
        }
        Ok(())
    }

    /// Before anything of a playlist: a byte order mark, blanks, comments, the warnings of PHP.
    fn preface(&mut self, line: &str, length: usize) -> io::Result<()> {
        let Stage::Before(looks, bytes) = self.stage else { return Ok(()) };
        let looks = if looks == Looks::Empty { Looks::of(line) } else { looks };
        let bytes = bytes + length as u64 + 1;
        if bytes > PREFACE {
            self.stage = Stage::Refused(looks);
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.stage = Stage::Before(looks, bytes);
        Ok(())
    }

    fn header(&mut self, rest: &str) {
        let mut header = Draft::default();
        header.read(Of::Header, rest);
        self.defaults.take(&header);
        for address in guides(header.value(Key::Guides)) {
            let fits = address.len() <= LONGEST_ADDRESS && self.facts.guides.len() < MOST_GUIDES;
            let address = address.replace("&amp;", "&");
            if fits && !self.facts.guides.contains(&address) {
                self.facts.guides.push(address);
            }
        }
    }

    fn address(&mut self, line: &str) -> io::Result<()> {
        if std::mem::take(&mut self.orphan) {
            self.draft.clear();
            return Ok(());
        }
        if !self.draft.begun {
            if !is_address(line) {
                self.facts.strays += 1;
                return Ok(());
            }
            self.facts.bare += 1;
        }
        if self.facts.entries == MOST_ENTRIES {
            self.facts.beyond += 1;
            self.draft.clear();
            return Ok(());
        }
        self.draft.set_address(line);
        self.facts.entries += 1;
        let given = (self.each)(self.draft.entry(&self.defaults));
        self.draft.clear();
        given
    }
}

/// Whether a line is the rest of an `#EXTINF` that has a line end inside its quotes, and no address.
fn continues(line: &str) -> bool {
    line.len() < LONGEST && line.contains(',') && line.contains(['"', '\'']) && !is_address(line)
}

/// Whether a line begins with a scheme.
fn is_address(line: &str) -> bool {
    let scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let length = line.bytes().take(24).take_while(scheme).count();
    let rest = line.as_bytes().get(length..).unwrap_or(&[]);
    length > 1 && (rest.starts_with(b"://") || (rest.starts_with(b":?") && line.starts_with("acestream")))
}

/// Whether a line is an `#EXTINF` of which the end is missing.
fn torn(line: &str) -> bool {
    let line = line.as_bytes();
    line.len() < 8 && line.len() > 1 && b"#EXTINF:"[..line.len()].eq_ignore_ascii_case(line)
}

/// Addresses divided by commas, which addresses may have too.
fn guides(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let web =
            |text: &str| text.trim_start().get(..4).is_some_and(|head| head.eq_ignore_ascii_case("http"));
        let cut =
            rest.match_indices(',').find(|(at, _)| web(&rest[at + 1..])).map_or(rest.len(), |(at, _)| at);
        let (address, behind) = rest.split_at(cut);
        rest = behind.strip_prefix(',').unwrap_or("");
        let address = address.trim().trim_matches(',').trim();
        (!address.is_empty()).then_some(address)
    })
}
