//! `bundle.json`: the line-up and everything the servers need.
//!
//! **The bundle is the API.** Its list sections hold exactly the objects that `player_api.php` answers, in display
//! order, so a server maps the file and sends ranges of it: no parsing per request, no serialising, no memory that
//! grows with the line-up. [`Writer`] writes it as a stream, [`Index`] finds the ranges in one pass at opening.
//!
//! The last sections are facts for the programs and are never sent to a client: [`GuideRange`] (where a channel's
//! programmes stand in `guide.xml`), [`Account`] and [`Playable`] (from where an id can be received).
//!
//! No provider password is in it: an [`Upstream`] names its account and a path with placeholders, and the address is
//! made when dialling.

mod index;
mod item;
mod list;
mod playable;
mod scalar;
mod scan;
mod section;
mod write;

pub use index::{Entry, Index, IndexError};
pub use item::{Category, LiveStream, Movie, Series, SeriesWord, StreamType, VodStream};
pub use list::List;
pub use playable::{Account, GuideRange, Kind, Playable, Protocol, Upstream};
pub use scalar::{Blank, Digits, Flag, rating};
pub use scan::{Scan, Scanned};
pub use section::Section;
pub use write::Writer;

/// The version of the format; a program refuses a newer one than it knows.
pub const VERSION: u32 = 1;
