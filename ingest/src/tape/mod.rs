//! Record and replay: a run whose inputs are kept, and the same run again without anybody being asked.
//!
//! ```text
//! ingest run --record DIR
//!   source ──▶ fetch ──▶ raw, in the data folder ──▶ the run, as always
//!                          └──▶ unpacked ──▶ mask ──▶ DIR/inputs/<source>/003-…     DIR/tape.jsonl: a line for each answer
//!   data folder, before ──▶ mask ──▶ DIR/before/          configuration ──▶ mask ──▶ DIR/coax.toml
//!
//! ingest run --replay DIR
//!   DIR/before/ ──▶ an empty data folder ──▶ the same run, answered from DIR ──▶ hashes ══ DIR/expected.json ?
//! ```
//!
//! The seam is [`crate::fetch::Fetcher`]: whatever a source gives passes there. Nothing that has not gone through
//! [`mask::Mask`] is written to the tape. What is asked after a run (details of films and series) is no part of it.

mod address;
mod before;
mod configuration;
mod failed;
mod folder;
mod mask;
mod playing;
mod recording;
mod run;
mod stream;

pub(crate) use playing::Playing;
pub(crate) use recording::Recording;
pub use run::{Replayed, record, replay};

/// Whether what is asked is kept, or was.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tape<'a> {
    /// As usual: everybody is asked, and nothing is kept of it.
    None,
    /// Everybody is asked for everything, and it is kept.
    Recording(&'a Recording),
    /// Nobody is asked: what was kept answers.
    Playing(&'a Playing),
}

impl Tape<'_> {
    /// Whether nobody is asked, so that nobody needs rest either.
    pub(crate) const fn is_playing(self) -> bool {
        matches!(self, Self::Playing(_))
    }
}
