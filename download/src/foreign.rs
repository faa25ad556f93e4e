//! Parsers of foreign bytes, for the fuzz targets (`fuzz/`) and for the test that reads their seeds.
//!
//! Each function is one target. It panics when a parser does, and when what a parser gives may not be used: that is a
//! finding. Nobody else calls this, and it is no part of the crate's interface.

use std::io::Cursor;

use contract::bundle;
use contract::library::Style;
use contract::library::title::{Form, Hints, Kind, Reading, episode_name, read};

use crate::entry::Entry;
use crate::identity::{identity, norm};
use crate::job::Wish;
use crate::list::{self, Limits};
use crate::naming::names;
use crate::walk::{self, Container};

/// The longest name of a file that a file system takes, in bytes.
const LONGEST: usize = 255;

/// A file, which is walked over.
///
/// # Panics
/// The walk and the look at the first bytes disagree, or something is ragged whose container says how long it is.
pub fn container(bytes: &[u8]) {
    let first = Container::of(&bytes[..bytes.len().min(walk::HEAD)]);
    if let Ok(walked) = walk::walk(&mut Cursor::new(bytes)) {
        assert_eq!(first, Some(walked.container));
        let says = matches!(walked.container, Container::Mp4 | Container::Matroska);
        assert!(!(says && walked.ragged), "{walked:?}");
    }
}

/// A list that somebody uploads.
///
/// # Panics
/// It is taken in one way and not in another, or has entries that are none.
pub fn list(bytes: &[u8]) {
    let limits = Limits { bytes: 1 << 20, entries: 1000 };
    let mut entries: Vec<Entry> = Vec::new();
    let read = list::read(bytes, limits, |entry| entries.push(entry));
    assert_eq!(list::check(bytes, limits), read);
    if let Ok(checked) = read {
        assert_eq!(entries.len() as u64, checked.entries);
    }
    for entry in entries {
        assert!(entry.year <= 9999 && entry.ext.len() <= 5, "{entry:?}");
        assert!(identity(&entry).contains(['|', ':']), "{entry:?}");
    }
}

/// A title and, in a second line, the group it is listed in: what is read out of it, and what is made of that.
///
/// # Panics
/// A title is lost, or a name leaves its folder, or is one that a file system does not take.
pub fn title(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (raw, group) = text.split_once('\n').unwrap_or((&*text, ""));
    for form in [Form::Unknown, Form::Film, Form::Episode, Form::Live, Form::File, Form::Stream] {
        let reading = read(raw, Hints { form, group });
        assert!(raw.trim().is_empty() || !reading.title.name.is_empty(), "{form:?}");
        assert!(form != Form::Live || reading.kind == Kind::Live, "{reading:?}");
        episode_name(raw, &reading.title.name);
        let once = norm(&reading.title.name);
        assert_eq!(norm(&once), once);
        for style in [Style::Jellyfin, Style::Kodi, Style::Plex, Style::Emby] {
            names(&wish(&reading), i64::MAX, style).iter().for_each(|name| fits(name));
        }
    }
}

fn wish(reading: &Reading) -> Wish {
    let Reading { title, season, episode, name, .. } = reading.clone();
    let kind = if episode.is_some() { bundle::Kind::Episode } else { bundle::Kind::Movie };
    Wish {
        year: title.year,
        tmdb: title.tmdb,
        tags: title.tags,
        season,
        episode,
        ep_title: name,
        series: u32::from(episode.is_some()),
        stream_id: u32::MAX,
        ext: "mkv".into(),
        ..Wish::new(kind, title.name, 1)
    }
}

fn fits(name: &str) {
    for part in name.split('/') {
        assert!(!part.is_empty() && part.len() <= LONGEST, "{name:?}");
        assert!(!part.starts_with('.') && !part.ends_with(['.', ' ']), "{name:?}");
        assert!(!part.contains(['\\', ':', '*', '?', '"', '<', '>', '|']), "{name:?}");
        assert!(!part.contains(char::is_control), "{name:?}");
    }
}
