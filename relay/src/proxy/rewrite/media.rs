//! Segments in a playlist: their numbers, durations and ranges.

use std::time::Duration;

use super::{Ends, Line, Link, Place, Reader};
use crate::proxy::attribute::{Attribute, attributes};
use crate::proxy::tag::{Kind, Tag};
use crate::refusal::Failure;

/// What a segment counts for that says nothing of its duration.
const UNKNOWN: f64 = 10.0;
/// No segment is longer: whatever says so means something else.
const LONGEST: f64 = 3600.0;

/// What is known of a media playlist so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Lines that wait for the address of their segment, and whether they are about it.
    pub(super) waiting: Vec<(Line, bool)>,
    pub(super) sequence: u64,
    pub(super) segments: u64,
    discontinuities: u64,
    pub(super) lasts: Duration,
    /// As it says.
    said: Option<f64>,
    /// As its segments are, rounded.
    longest: f64,
    /// Of the next segment, in seconds.
    duration: Option<f64>,
    /// Of the next segment: length and offset.
    range: Option<(u64, Option<u64>)>,
    ends: Ends,
    mapped: bool,
}

impl State {
    /// RFC 8216, 4.3.3.1: no segment is longer, when rounded; whole seconds.
    pub(super) fn target(&self) -> u64 {
        self.said.unwrap_or(1.0).ceil().max(self.longest) as u64
    }
}

impl Reader<'_> {
    pub(super) fn target(&mut self, tag: &Tag<'_>) {
        let state = &mut self.media_state;
        state.said = seconds(tag.value).or(state.said);
        if !self.lines.contains(&Line::Target) {
            self.lines.push(Line::Target);
        }
    }

    pub(super) fn sequence(&mut self, tag: &Tag<'_>) {
        let number = tag.value.trim().parse().ok().filter(|number: &u64| *number < u64::MAX / 4);
        let (Some(number), 0) = (number, self.media_state.segments) else { return self.leave_out() };
        self.media_state.sequence = number;
        if self.given.shifted.by == 0 {
            self.lines.push(Line::Text(format!("#{}:{number}", tag.name)));
        }
    }

    pub(super) fn discontinuities(&mut self, tag: &Tag<'_>) {
        let number = tag.value.trim().parse().ok().filter(|number: &u64| *number < u64::MAX / 4);
        let (Some(number), 0) = (number, self.media_state.segments) else { return self.leave_out() };
        self.media_state.discontinuities = number;
        if self.given.shifted.slid == 0 {
            self.lines.push(Line::Text(format!("#{}:{number}", tag.name)));
        }
    }

    /// What stands before the first segment when ours are numbered differently.
    fn shifted(&mut self, number: u64) {
        let (shifted, before) = (self.given.shifted, self.media_state.discontinuities);
        let mut put = |line: String| self.lines.push(Line::Text(line));
        if shifted.by != 0 {
            put(format!("#EXT-X-MEDIA-SEQUENCE:{}", number.wrapping_add(shifted.by)));
        }
        if shifted.slid != 0 {
            put(format!("#EXT-X-DISCONTINUITY-SEQUENCE:{}", before + shifted.slid));
        }
    }

    pub(super) fn duration(&mut self, tag: &Tag<'_>) {
        let (number, title) = tag.value.split_once(',').unwrap_or((tag.value, ""));
        let said = seconds(number);
        self.media_state.duration = said;
        // A title is for nobody, and tells much.
        let names = attributes(title).iter().any(Attribute::names_an_address);
        let title = if names || self.tells(title) { "" } else { title };
        let line = match said {
            Some(_) => format!("#EXTINF:{},{title}", number.trim()),
            // Lists of channels write -1; a player needs to know.
            None => format!("#EXTINF:{},{title}", self.media_state.said.unwrap_or(UNKNOWN)),
        };
        self.put(Line::Text(line), true);
    }

    pub(super) fn part(&mut self, line: &str, tag: &Tag<'_>) {
        match range(tag.value) {
            Some(range) => {
                self.media_state.range = Some(range);
                self.put(Line::Text(line.to_owned()), true);
            }
            None => self.leave_out(),
        }
    }

    /// The address of a segment: what waited for it comes first.
    pub(super) fn segment(&mut self, line: &str) -> Result<(), Failure> {
        let url = self.resolve(line)?;
        let number = self.media_state.sequence + self.media_state.segments;
        if self.media_state.segments == 0 {
            self.shifted(number);
        }
        let discontinuity = Line::Text("#EXT-X-DISCONTINUITY".into());
        let said = self.media_state.waiting.iter().any(|(line, _)| *line == discontinuity);
        if self.given.shifted.splice == Some(number) && !said {
            self.lines.push(discontinuity);
        }
        let keys: Vec<Line> = self.keys.before(number).collect();
        self.lines.extend(keys);
        let state = &mut self.media_state;
        let range = state.range.take().map(|(length, offset)| {
            let start = offset.or_else(|| state.ends.get(&url).copied()).unwrap_or(0);
            let end = start.saturating_add(length);
            state.ends.insert(url.clone(), end);
            (start, end)
        });
        let waited = std::mem::take(&mut state.waiting);
        let gap = waited.iter().any(|(line, _)| *line == Line::Text("#EXT-X-GAP".into()));
        let written = waited.iter().find_map(|(line, _)| match line {
            Line::Text(text) if text.starts_with("#EXTINF:") => Some(text.clone()),
            _ => None,
        });
        self.lines.extend(waited.into_iter().map(|(line, _)| line));
        let lasts = state.duration.take().or(state.said).unwrap_or(UNKNOWN);
        state.longest = state.longest.max(lasts.round());
        state.lasts += Duration::from_secs_f64(lasts);
        state.segments += 1;
        let extension = extension(&url).unwrap_or(if state.mapped { "m4s" } else { "ts" });
        let place = Some(Place::Segment(number, written.unwrap_or_default()));
        let link = Link { kind: Kind::Segment, url, extension, range, place, gap, size: None };
        let link = self.link(link)?;
        self.lines.push(Line::Linked(String::new(), link, String::new()));
        Ok(())
    }

    /// The link of an initialisation section (RFC 8216, 4.3.2.5), whose address is attribute `at`.
    pub(super) fn map(&mut self, list: &[Attribute<'_>], at: usize) -> Result<usize, Failure> {
        self.media_state.mapped = true;
        let url = self.resolve(list[at].text())?;
        let part = list.iter().find(|attribute| attribute.is("BYTERANGE")).and_then(|it| range(it.text()));
        let range = part.map(|(length, offset)| {
            let start = offset.unwrap_or(0);
            (start, start.saturating_add(length))
        });
        let extension = extension(&url).unwrap_or("mp4");
        let (kind, place, gap, size) = (Kind::Segment, None, false, None);
        self.link(Link { kind, url, extension, range, place, gap, size })
    }
}

fn seconds(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|seconds| (0.0..=LONGEST).contains(seconds))
}

/// `LENGTH[@OFFSET]`
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (length, offset) = match text.trim().split_once('@') {
        Some((length, offset)) => (length, Some(offset.trim().parse().ok()?)),
        None => (text, None),
    };
    Some((length.trim().parse().ok().filter(|length| *length > 0)?, offset))
}

/// Players look at what an address ends in, so it is kept where it is one of these.
fn extension(url: &url::Url) -> Option<&'static str> {
    let (_, said) = url.path().rsplit_once('.')?;
    Some(match said.to_ascii_lowercase().as_str() {
        "ts" | "m2ts" | "mts" => "ts",
        "m4s" | "cmfv" | "cmft" | "m4f" => "m4s",
        "mp4" | "m4v" | "mov" => "mp4",
        "m4a" | "cmfa" => "m4a",
        "aac" | "adts" => "aac",
        "mp3" => "mp3",
        "ac3" => "ac3",
        "ec3" | "eac3" => "ec3",
        "vtt" | "webvtt" => "vtt",
        _ => return None,
    })
}
