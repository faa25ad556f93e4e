//! Playlists (M3U) as they are found in the wild: a format without a grammar, read by everybody a little differently.
//!
//! ```text
//!  bytes ──▶ lines ──▶ read ──▶ an Entry after the other ──▶ guess: channel, film, episode
//!    gzip, UTF-16,      directives, attributes,
//!    CR, LF, CRLF       headers, defaults
//! ```
//!
//! [`read()`] gives its caller one [`Entry`] after the other while the bytes arrive, and at the end the [`Facts`]: what was
//! odd about the playlist, counted. What cannot be read costs itself alone. Memory does not grow with the playlist, and
//! everything that fills has a size: [`LONGEST`] bytes of a line, [`MOST_ENTRIES`] entries, some dozens of attributes.
//!
//! ```
//! let list = "#EXTM3U\n#EXTINF:-1 group-title=\"Films\",Film (2020)\nhttp://h.example/movie/u/p/7.mkv\n";
//! let mut names = Vec::new();
//! let facts = m3u::read(list.as_bytes(), |entry| {
//!     names.push(entry.name().to_owned());
//!     Ok(())
//! });
//! assert_eq!(names, ["Film (2020)"]);
//! assert_eq!(facts.expect("it is a playlist").entries, 1);
//! ```
//!
//! SECURITY: addresses are text. Commands (`pipe://`) and add-ons (`plugin://`) among them are never run, nothing is
//! dialled, and headers that would end a request, or begin another, are dropped.
//!
//! What does *not* belong here: files, sockets, and any opinion on what becomes of an entry.

#![forbid(unsafe_code)]

mod address;
mod attributes;
mod directives;
mod entities;
mod entry;
mod headers;
mod keys;
mod kind;
mod lines;
mod read;

pub use address::Parts;
pub use entities::{entities, entity};
pub use entry::{Entry, is_true};
pub use keys::Key;
pub use kind::{Guess, guess, is_video};
pub use lines::{LONGEST, opened};
pub use read::{Facts, MOST_ENTRIES, Refusal, read};
