//! The guide: every range is where it says, and everything in the guide is in a range.

use contract::bundle::Section;
use contract::release::{GUIDE, Release};
use memchr::memmem;
use quick_xml::escape::escape;

use super::Found;
use super::entries::Entries;

const PLACE: &str = Section::Guide.key();

pub(super) fn check(release: &Release, entries: &Entries, found: &mut Found) {
    let (mut channels, mut programmes) = (0, 0);
    let mut last = "";
    for range in sorted(entries) {
        if range.id == last {
            found.file(PLACE, format!("{last:?} is there twice"));
        }
        last = &range.id;
        let id = escape(&range.id);
        match cut(&release.guide, range.channel) {
            Some(bytes) if is_channel(bytes, &id) => channels += 1,
            _ => found.file(PLACE, format!("{:?}: its <channel> is not where it should be", range.id)),
        }
        match cut(&release.guide, range.programmes).and_then(|bytes| count(bytes, &id)) {
            Some(count) => programmes += count,
            None => {
                found.file(PLACE, format!("{:?}: its <programme>s are not where they should be", range.id))
            }
        }
    }
    let there = |tag: &str| memmem::find_iter(&release.guide, tag.as_bytes()).count();
    for (tag, known) in [("<channel ", channels), ("<programme ", programmes)] {
        let there = there(tag);
        if there != known {
            found.file(GUIDE, format!("has {there} {tag}...>, of which the bundle knows {known}"));
        }
    }
}

fn sorted(entries: &Entries) -> Vec<&contract::bundle::GuideRange> {
    let mut ranges: Vec<_> = entries.guide.iter().collect();
    ranges.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    ranges
}

fn cut(guide: &[u8], (start, end): (u64, u64)) -> Option<&[u8]> {
    guide.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

fn is_channel(bytes: &[u8], id: &str) -> bool {
    let begin = format!("<channel id=\"{id}\">");
    bytes.starts_with(begin.as_bytes())
        && bytes.trim_ascii_end().ends_with(b"</channel>")
        && memmem::find_iter(bytes, b"<channel ").count() == 1
}

/// How many programmes there are; `None` if one is another channel's or something else is there.
fn count(bytes: &[u8], id: &str) -> Option<usize> {
    if bytes.is_empty() {
        return Some(0);
    }
    if !(bytes.starts_with(b"<programme ") && bytes.trim_ascii_end().ends_with(b"</programme>")) {
        return None;
    }
    let channel = format!(" channel=\"{id}\"");
    let mut count = 0;
    for start in memmem::find_iter(bytes, b"<programme ") {
        let end = start + memchr::memchr(b'>', &bytes[start..])?;
        memmem::find(&bytes[start..end], channel.as_bytes())?;
        count += 1;
    }
    Some(count)
}
