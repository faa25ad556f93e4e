//! A release as a user sees it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memmem, memrchr};

use super::seen::Seen;
use super::{BUNDLE, Release};
use crate::bundle::{GuideRange, List, Playable, Section};
use crate::playlist::{BASE, line_end, literal};
use crate::user::Sight;

/// A release, or what a [`Sight`] shows of it. Everything that a client is told of entries comes through one of these.
///
/// Of the whole, every answer is byte ranges of the mapped files, and nothing is looked up. Of a part, the ranges are found
/// once, when the view is made: about a millisecond for each thousand entries that are in several groups.
pub struct View {
    release: Arc<Release>,
    /// `None`: everything.
    seen: Option<Seen>,
    mark: String,
}

/// Where a channel of the guide stands in `guide.xml`, as byte ranges `[start, end)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuidePlace {
    /// Its `<channel>` element.
    pub channel: (u64, u64),
    /// Its `<programme>` elements.
    pub programmes: (u64, u64),
}

impl GuidePlace {
    pub(super) const fn of(range: &GuideRange) -> Self {
        Self { channel: range.channel, programmes: range.programmes }
    }
}

impl View {
    /// Everything.
    pub const fn whole(release: Arc<Release>) -> Self {
        Self { release, seen: None, mark: String::new() }
    }

    /// What `sight` shows.
    pub fn of(release: Arc<Release>, sight: &Sight) -> Self {
        let seen = (!sight.is_everything()).then(|| Seen::new(&release, sight));
        let mark = seen.as_ref().map_or_else(String::new, |_| mark(&release, sight));
        Self { release, seen, mark }
    }

    /// The release.
    pub const fn release(&self) -> &Arc<Release> {
        &self.release
    }

    /// Whether everything is shown.
    pub const fn is_whole(&self) -> bool {
        self.seen.is_none()
    }

    /// Tells it from other views, in validators: `""` for the whole, else hexadecimal digits. What of a playlist or of the
    /// guide is shown hangs on the bundle, which may change where those files do not.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// A list as the JSON array of an answer.
    pub fn list(&self, section: Section) -> Vec<Bytes> {
        match &self.seen {
            None => self.release.index.list(&self.release.bundle, section),
            Some(seen) => seen.list(&self.release, section),
        }
    }

    /// The entries of one category as the JSON array of an answer; `[]` for one that has none, is not shown or is none.
    pub fn category(&self, section: Section, category: u32) -> Vec<Bytes> {
        match &self.seen {
            None => self.release.index.category(&self.release.bundle, section, category),
            Some(seen) => seen.category(&self.release, section, category),
        }
    }

    /// The entry with this id, as JSON.
    pub fn find(&self, section: Section, id: u32) -> Option<Bytes> {
        match &self.seen {
            None => self.release.find(section, id),
            Some(seen) => seen.find(&self.release, section, id),
        }
    }

    /// The ids of a list, in its order.
    pub fn ids(&self, list: List) -> Vec<u32> {
        match &self.seen {
            None => self.release.index.entries(list.entries()).iter().map(|entry| entry.id).collect(),
            Some(seen) => seen.ids(&self.release, list).collect(),
        }
    }

    /// The channels of the guide, in no order.
    pub fn guides(&self) -> Vec<GuidePlace> {
        match &self.seen {
            None => self.release.index.guides().map(GuidePlace::of).collect(),
            Some(seen) => seen.guides(&self.release).to_vec(),
        }
    }

    /// About how many bytes of memory it takes: none for the whole.
    pub fn size(&self) -> usize {
        self.seen.as_ref().map_or(0, Seen::size)
    }

    /// What is shown of `text`, which is one of the release's playlists: pieces of whole entries, the first of which begins
    /// with the playlist's first line. Goes through all of it, unless everything is shown.
    pub fn playlist(&self, text: &Bytes) -> Vec<Bytes> {
        match &self.seen {
            None => vec![text.clone()],
            Some(seen) => Cutting { text, pieces: Vec::new(), from: 0 }.cut(&self.release, seen),
        }
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "View({} {})", self.release.name, self.mark)
    }
}

impl Sight {
    /// Whether what `release` lists as `playable` may be played. For those who ask now and then: [`View`] for lists.
    ///
    /// SECURITY: what is in no list, such as a channel that is hidden by a rule, may be played by those alone who may see
    /// everything.
    pub fn plays(&self, release: &Release, playable: &Playable) -> bool {
        #[derive(serde::Deserialize)]
        struct Entry {
            category_ids: Vec<u32>,
        }
        #[derive(serde::Deserialize)]
        struct Named {
            category_name: String,
        }
        if self.is_everything() {
            return true;
        }
        let list = List::with(playable.kind);
        let id = if list == List::Series { playable.series } else { playable.id };
        let Some(entry) = release.find(list.entries(), id) else { return false };
        let groups = serde_json::from_slice::<Entry>(&entry).map(|entry| entry.category_ids);
        groups.unwrap_or_default().into_iter().any(|id| {
            let found = release.find(list.categories(), id);
            let named = found.and_then(|found| serde_json::from_slice::<Named>(&found).ok());
            named.is_some_and(|named| self.sees_group(list, &named.category_name))
        })
    }
}

/// A playlist that loses what is not shown.
struct Cutting<'a> {
    text: &'a Bytes,
    pieces: Vec<Bytes>,
    /// Where what is shown begins that is not in `pieces` yet.
    from: usize,
}

impl Cutting<'_> {
    fn cut(mut self, release: &Release, seen: &Seen) -> Vec<Bytes> {
        let text = self.text;
        let mut at = line_end(text, 0);
        while at < text.len() {
            let start = at;
            while text[at..].starts_with(b"#") {
                at = line_end(text, at);
            }
            let (head, address) = (at, &text[at..line_end(text, at)]);
            at = line_end(text, at);
            let entry = addressed(release, address).filter(|(list, id)| seen.shows(release, *list, *id));
            let Some((list, id)) = entry else {
                self.skip(start, at);
                continue;
            };
            let renamed =
                seen.group(release, list, id).and_then(|group| in_group(&text[start..head], &group));
            if let Some(mut entry) = renamed {
                entry.extend_from_slice(&text[head..at]);
                self.skip(start, at);
                self.pieces.push(entry.into());
            }
        }
        self.skip(at, at);
        self.pieces
    }

    /// Leaves out what stands from `start` to `end`, which are whole entries.
    fn skip(&mut self, start: usize, end: usize) {
        if self.from < start {
            self.pieces.push(self.text.slice(self.from..start));
        }
        self.from = end;
    }
}

/// Which entry of which list the address of a playlist leads to.
fn addressed(release: &Release, address: &[u8]) -> Option<(List, u32)> {
    let path = address.trim_ascii_end().strip_prefix(BASE.as_bytes())?;
    let name = &path[memrchr(b'/', path)? + 1..];
    let digits = &name[..memchr(b'.', name).unwrap_or(name.len())];
    let id = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match path {
        path if path.starts_with(b"/live/") => Some((List::Live, id)),
        path if path.starts_with(b"/movie/") => Some((List::Movies, id)),
        path if path.starts_with(b"/series/") => Some((List::Series, release.playable(id)?.series)),
        _ => None,
    }
}

/// The lines before an address, with another group's name.
fn in_group(head: &[u8], group: &str) -> Option<Vec<u8>> {
    const ATTRIBUTE: &[u8] = b" group-title=\"";
    let start = memmem::find(head, ATTRIBUTE)? + ATTRIBUTE.len();
    let end = start + memchr(b'"', &head[start..])?;
    Some([&head[..start], literal(group).as_bytes(), &head[end..]].concat())
}

/// Of a sight of a release.
fn mark(release: &Release, sight: &Sight) -> String {
    let both = format!("{} {}", release.hash(BUNDLE), sight.mark());
    blake3::hash(both.as_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests;
