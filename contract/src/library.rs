//! How films and episodes are called in a folder, so that media servers know which they are.
//!
//! ```text
//! Movies/Film (2020) [tmdbid-603]/Film (2020) [tmdbid-603].strm      .nfo
//!                                 Film (2020) [tmdbid-603] - FR.strm .nfo       another version of it
//! Shows/Show (2019) [tmdbid-77]/tvshow.nfo
//!                               Season 01/Show (2019) - S01E02 - Name.strm .nfo
//! ```
//!
//! [`title`] reads what a provider calls something, [`Title`] is what is left of it without his marks, [`Style`] the
//! spelling that one kind of media server understands, [`Places`] gives every film and episode a place that nothing else
//! has, and [`nfo`] writes what is known of it. All of it is pure: same line-up, same names.
//!
//! What does *not* belong here: what is put into the places, and the disk.

pub mod nfo;
mod part;
mod places;
mod style;
pub mod title;

pub use part::{MOST, part};
pub use places::{Places, Show};
pub use style::Style;
pub use title::{Title, episode_name};
