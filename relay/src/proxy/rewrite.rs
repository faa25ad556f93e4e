//! Rewriting a playlist (RFC 8216), line by line: what is known stays or is changed as its tag says, and what is not
//! known goes as soon as it might name an address. Nothing here does I/O.
//!
//! ```text
//!  text, where it came from ──read──▶ Reading: lines, and links in their places ──write──▶ text with references
//! ```
//!
//! Numbers, discontinuities and dates stay what they are, so players go on wherever their provider's list does. When
//! another list continues one, its numbers are shifted; keys without an initialisation vector then get one, because it
//! is the number that the provider meant (RFC 8216, 5.2).

mod key;
mod media;

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use url::Url;

use super::attribute::{Attribute, attributes, joined};
use super::guard::Guard;
use super::page::Shifted;
use super::reference::Listed;
use super::tag::{Act, Kind, Scope, Tag};
use super::variable::Variables;
use crate::refusal::Failure;

/// Links of one playlist; longer ones are refused. Four hours of segments of four seconds.
pub(super) const MOST_LINKS: usize = 4096;

/// Bytes of the lines of one playlist that have values in the places of variables: a short list may make a very long one.
const MOST_SUBSTITUTED: usize = 1024 * 1024;
const TOO_LONG: Failure = Failure::Foreign("a playlist that is too long to be passed on");

/// What a playlist is read with.
pub(crate) struct Given<'a> {
    /// What must not be in it.
    pub(crate) guard: &'a Guard,
    /// Of the master that named it.
    pub(crate) variables: &'a Variables,
    /// How our numbers differ from its own.
    pub(crate) shifted: Shifted,
}

/// A playlist that is understood.
#[derive(Debug)]
pub(crate) struct Reading {
    /// It lists playlists.
    pub(crate) master: bool,
    /// What it leads to, in order.
    pub(crate) links: Vec<Link>,
    /// Segments in it.
    pub(crate) segments: u64,
    /// The number of the first, as the provider counts.
    pub(crate) sequence: u64,
    /// Whole seconds that no segment is longer than.
    pub(crate) target: u64,
    /// How long its segments are together.
    pub(crate) lasts: Duration,
    /// Nothing will be added to it.
    pub(crate) ended: bool,
    /// For the playlists that it names.
    pub(crate) variables: Variables,
    /// Lines that were left out because they might tell something.
    pub(crate) dropped: u32,
    lines: Vec<Line>,
}

/// Something that a playlist leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) kind: Kind,
    pub(crate) url: Url,
    /// What its reference ends in.
    pub(crate) extension: &'static str,
    /// Which of its bytes are meant, `[start, end)`.
    pub(crate) range: Option<(u64, u64)>,
    /// What it is in its playlist, if that says more than its address.
    pub(crate) place: Option<Place>,
    /// There is nothing behind it.
    pub(crate) gap: bool,
    /// The only size that it can have.
    pub(crate) size: Option<u64>,
}

/// What makes two links the same although their addresses differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A segment: its number, and its duration as it is written.
    Segment(u64, String),
    /// A playlist in a master: which one, and what is said of it.
    Variant(usize, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    Text(String),
    /// The number of a link between two texts.
    Linked(String, usize, String),
    Target,
}

/// Reads a playlist that came from `base`.
///
/// # Errors
/// It is none, or one that cannot be passed on.
pub(crate) fn read(text: &str, base: &Url, given: &Given<'_>) -> Result<Reading, Failure> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    if text.contains('\0') {
        return Err(Failure::Foreign("bytes that are no text"));
    }
    // Players take either for the end of a line; what is hidden behind one must be seen as a line here too.
    let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or("");
    let marked = first.strip_prefix("#EXTM3U").is_some_and(|rest| !rest.starts_with(['-', '_']));
    if !marked {
        return Err(Failure::Foreign("something that is no playlist"));
    }
    let lines: Vec<&str> = lines.collect();
    let scope = |scope: Scope| lines.iter().any(|line| Tag::read(line).is_some_and(|tag| tag.scope == scope));
    let media = lines
        .iter()
        .any(|line| Tag::read(line).is_some_and(|tag| matches!(tag.act, Act::Duration | Act::Target)));
    if !media && !scope(Scope::Master) {
        return Err(Failure::Foreign("an empty playlist"));
    }
    let mut reader = Reader::new(base, given, media);
    for line in lines {
        reader.line(line)?;
    }
    reader.finish()
}

impl Reading {
    /// The playlist with what was `listed` for its links, which lies below `prefix`. No segment is longer than `target`
    /// seconds.
    pub(crate) fn write(&self, listed: &[Listed], prefix: &str, target: u64) -> String {
        let mut text = String::from("#EXTM3U\n");
        for line in &self.lines {
            match line {
                Line::Text(line) => writeln!(text, "{line}"),
                Line::Target => writeln!(text, "#EXT-X-TARGETDURATION:{}", self.target.max(target)),
                Line::Linked(before, link, after) => {
                    let Listed { name, link: Link { kind, extension, .. } } = &listed[*link];
                    writeln!(text, "{before}{prefix}{}/{name}.{extension}{after}", kind.letter())
                }
            }
            .expect("text can always be appended to");
        }
        text
    }
}

struct Reader<'a> {
    base: &'a Url,
    given: &'a Given<'a>,
    media: bool,
    lines: Vec<Line>,
    links: Vec<Link>,
    variables: Variables,
    /// Bytes of lines with values in the places of variables.
    substituted: usize,
    dropped: u32,
    /// What is said of the variant whose address comes next.
    variant: Option<String>,
    variants: usize,
    media_state: media::State,
    keys: key::Keys,
}

impl<'a> Reader<'a> {
    fn new(base: &'a Url, given: &'a Given<'a>, media: bool) -> Self {
        Self {
            base,
            given,
            media,
            lines: Vec::new(),
            links: Vec::new(),
            variables: Variables::default(),
            substituted: 0,
            dropped: 0,
            variant: None,
            variants: 0,
            media_state: media::State::default(),
            keys: key::Keys::default(),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Failure> {
        const NAMELESS: Failure = Failure::Foreign("a playlist with a variable that nobody defined");
        let substituted;
        let line = if line.contains("{$") {
            match (self.variables.substituted(line), line.starts_with('#')) {
                (Some(line), _) => substituted = line,
                (None, true) => {
                    self.leave_out();
                    return Ok(());
                }
                (None, false) => return Err(NAMELESS),
            }
            self.substituted += substituted.len();
            if self.substituted > MOST_SUBSTITUTED {
                return Err(TOO_LONG);
            }
            substituted.as_str()
        } else {
            line
        };
        if !line.starts_with('#') {
            return if self.media { self.segment(line) } else { self.playlist(line) };
        }
        let Some(tag) = Tag::read(line) else { return Ok(()) }; // comments tell of encoders and hosts
        let elsewhere = if self.media { Scope::Master } else { Scope::Media };
        if tag.scope == elsewhere || (!self.media && tag.scope == Scope::Segment) || tag.name == "EXTM3U" {
            return Ok(());
        }
        self.tag(line, &tag)
    }

    fn tag(&mut self, line: &str, tag: &Tag<'_>) -> Result<(), Failure> {
        match tag.act {
            Act::Keep => self.keep(line, tag),
            Act::Version => self.version(line, tag),
            Act::Drop => {}
            Act::Bare => {
                let list = joined(self.bare(tag).into_iter().filter(|it| !it.names_an_address()));
                self.keep(&format!("#{}:{list}", tag.name), tag);
            }
            Act::Server => self.server(tag),
            Act::Define => self.variables.define(tag.value, self.given.variables, self.base),
            Act::Variant => {
                let bare = self.bare(tag).into_iter().filter(|it| !it.names_an_address());
                self.variant = Some(format!("#{}:{}", tag.name, joined(bare)));
            }
            Act::Link(kind) => return self.linked(tag, kind),
            Act::Key => return self.key(tag),
            Act::Duration => self.duration(tag),
            Act::Part => self.part(line, tag),
            Act::Target => self.target(tag),
            Act::Sequence => self.sequence(tag),
            Act::Discontinuities => self.discontinuities(tag),
        }
        Ok(())
    }

    /// The attributes of a tag that tell nothing.
    fn bare<'t>(&self, tag: &Tag<'t>) -> Vec<Attribute<'t>> {
        let harmless = |attribute: &Attribute<'_>| {
            attribute.is("URI") || !self.tells(attribute.value) && !self.tells(attribute.name)
        };
        attributes(tag.value).into_iter().filter(harmless).collect()
    }

    fn tells(&self, text: &str) -> bool {
        text.contains("://") || self.given.guard.leaks(text)
    }

    fn leave_out(&mut self) {
        self.dropped += 1;
    }

    fn keep(&mut self, line: &str, tag: &Tag<'_>) {
        let list = attributes(line.split_once(':').map_or("", |(_, list)| list));
        if self.tells(line) || list.iter().any(Attribute::names_an_address) {
            return self.leave_out();
        }
        self.put(Line::Text(line.to_owned()), tag.scope == Scope::Segment);
    }

    /// What versions 8 to 11 add, variables and updates by parts, is not in what we write; and players must refuse a
    /// version that they do not know (RFC 8216, 7).
    fn version(&mut self, line: &str, tag: &Tag<'_>) {
        match tag.value.trim().parse::<u32>() {
            Ok(8..=11) => self.keep(&format!("#{}:7", tag.name), tag),
            _ => self.keep(line, tag),
        }
    }

    /// Puts a line; one that is about the next segment waits for it, and so does what comes after it.
    fn put(&mut self, line: Line, about_segment: bool) {
        if about_segment || !self.media_state.waiting.is_empty() {
            self.media_state.waiting.push((line, about_segment));
        } else {
            self.lines.push(line);
        }
    }

    /// What a line or an attribute leads to.
    fn resolve(&self, reference: &str) -> Result<Url, Failure> {
        let url = self.base.join(reference.trim());
        let mut url = url.map_err(|_| Failure::Foreign("a playlist with an address that is none"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(Failure::Foreign("a playlist with an address that is not of the web"));
        }
        url.set_fragment(None);
        Ok(url)
    }

    fn link(&mut self, link: Link) -> Result<usize, Failure> {
        if self.links.len() >= MOST_LINKS {
            return Err(TOO_LONG);
        }
        self.links.push(link);
        Ok(self.links.len() - 1)
    }

    /// An address in a master.
    fn playlist(&mut self, line: &str) -> Result<(), Failure> {
        let Some(tag) = self.variant.take() else {
            self.leave_out();
            return Ok(());
        };
        let link = self.variant_link(line, tag.clone())?;
        self.lines.push(Line::Text(tag));
        self.lines.push(Line::Linked(String::new(), link, String::new()));
        Ok(())
    }

    fn variant_link(&mut self, reference: &str, tag: String) -> Result<usize, Failure> {
        let place = Some(Place::Variant(self.variants, tag));
        self.variants += 1;
        let (kind, url, extension) = (Kind::Playlist, self.resolve(reference)?, "m3u8");
        self.link(Link { kind, url, extension, range: None, place, gap: false, size: None })
    }

    /// A tag whose `URI` becomes a reference.
    fn linked(&mut self, tag: &Tag<'_>, kind: Kind) -> Result<(), Failure> {
        let list = self.bare(tag);
        let Some(at) = list.iter().position(|attribute| attribute.is("URI")) else {
            // A rendition that lies in the variants themselves.
            if kind == Kind::Playlist {
                let harmless = list.into_iter().filter(|attribute| !attribute.names_an_address());
                self.keep(&format!("#{}:{}", tag.name, joined(harmless)), tag);
            }
            return Ok(());
        };
        let link = match kind {
            Kind::Playlist => {
                let said = joined(list.iter().copied().filter(|attribute| !attribute.is("URI")));
                self.variant_link(list[at].text(), format!("#{}:{said}", tag.name))?
            }
            Kind::Segment | Kind::Key => self.map(&list, at)?,
        };
        self.around(tag, &list, at, link, "");
        Ok(())
    }

    /// Puts a tag with a link in place of the attribute `at`, and `more` behind.
    fn around(&mut self, tag: &Tag<'_>, list: &[Attribute<'_>], at: usize, link: usize, more: &str) {
        let others = |list: &[Attribute<'_>]| {
            joined(list.iter().copied().filter(|attribute| !attribute.names_an_address()))
        };
        let (before, after) = (others(&list[..at]), others(&list[at + 1..]));
        let comma = |text: &str| if text.is_empty() { "" } else { "," };
        let before = format!("#{}:{before}{}URI=\"", tag.name, comma(&before));
        let after = format!("\"{}{after}{more}", comma(&after));
        self.put(Line::Linked(before, link, after), tag.scope == Scope::Segment);
    }

    /// What only makes sense to those who ask for parts goes.
    fn server(&mut self, tag: &Tag<'_>) {
        let list = self.bare(tag);
        let holds = joined(list.into_iter().filter(|attribute| attribute.is("HOLD-BACK")));
        if !holds.is_empty() {
            self.keep(&format!("#{}:{holds}", tag.name), tag);
        }
    }

    fn finish(mut self) -> Result<Reading, Failure> {
        self.keys.check()?;
        // What waits for a segment that is not there goes.
        let rest = std::mem::take(&mut self.media_state.waiting).into_iter();
        self.lines.extend(rest.filter(|(_, about_segment)| !about_segment).map(|(line, _)| line));
        let media = &self.media_state;
        if self.media && !self.lines.contains(&Line::Target) {
            self.lines.insert(0, Line::Target); // players cannot do without
        }
        let ended = self.lines.contains(&Line::Text("#EXT-X-ENDLIST".into()));
        Ok(Reading {
            master: !self.media,
            segments: media.segments,
            sequence: media.sequence,
            target: media.target(),
            lasts: media.lasts,
            ended,
            links: self.links,
            variables: self.variables,
            dropped: self.dropped,
            lines: self.lines,
        })
    }
}

/// Where the last range of each resource ended: a range without an offset goes on there (RFC 8216, 4.3.2.2).
type Ends = HashMap<Url, u64>;

#[cfg(test)]
mod tests;
