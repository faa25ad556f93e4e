//! Sources in, releases out.
//!
//! ```text
//!  source::xtream ──▶ gate ──▶ state ─┐            ledger: our ids
//!   account, lists,   refuse   keep   │               │
//!   guide             odd ones good   ▼               ▼
//!                             ones  LineUp ◀── details: a few series in each run
//!                                     │
//!                                     ▼
//!                                  output ──▶ a draft ──▶ the release, all or nothing
//! ```
//!
//! Everything flows one way. Whatever a source answers (HTML, half a list, nothing), the worst that happens is that its
//! last good harvest is used again and the report says why. Nothing is held that could be streamed: lists are split
//! while they arrive, guides pass through a file.
//!
//! What does *not* belong here: answering apps (serve) and dialling streams (relay). No artefact, log line or error
//! contains an address of a source or a credential.

mod changes;
mod details;
mod gate;
mod guide;
mod harvest;
mod json;
mod line_up;
pub mod matching;
pub mod name;
mod output;
mod progress;
mod report;
mod run;
mod schedule;
mod settings;
mod source;
mod state;
mod tidy;

pub use changes::Ids;
pub use progress::Progress;
pub use report::{Report, SourceReport, Verdict};
pub use run::run;
pub use schedule::schedule;
pub use settings::Settings;
