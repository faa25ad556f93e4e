//! Sources in, releases out.
//!
//! ```text
//!  source ──▶ harvest ──▶ gate ──▶ rules ─┐          ledger: our ids
//!   one of five kinds    refuse odd        │             │
//!   lists and guides     ones, keep        ▼             ▼
//!   onto the disk        good ones       LineUp ◀── details: what is known of episodes
//!                                          │    ◀── programming: what is on, from all guides
//!                                          ▼
//!                     vault: secrets ◀── output ──▶ a draft ──▶ the release, all or nothing
//!
//!  on the disk in this order: ledger, harvests, guides, vault, release, details
//! ```
//!
//! Everything flows one way. Whatever a source answers (HTML, half a list, nothing), the worst that happens is that its
//! last good harvest is used again and the report says why. Nothing is held that could be streamed: lists are split
//! while they arrive, guides pass through a file.
//!
//! What does *not* belong here: answering apps (serve) and dialling streams (relay). No artefact, log line or error
//! contains an address of a source or a credential.

mod board;
mod changes;
mod details;
mod disk;
mod fetch;
#[doc(hidden)]
pub mod foreign;
mod gate;
mod gather;
mod guide;
mod harvest;
mod hooks;
mod identity;
mod json;
mod kept;
mod line_up;
mod logos;
pub mod matching;
pub mod name;
mod notices;
mod output;
mod probe;
mod programming;
mod progress;
mod rehearsal;
mod report;
mod review;
mod rules;
mod run;
mod schedule;
mod seal;
mod settings;
mod source;
mod stamp;
mod tape;
mod tidy;
mod verify;

pub use board::{Board, Doing};
pub use changes::{Changes, Told, between};
pub use details::{Filled, fill};
pub use disk::explain;
pub use fetch::Standing;
pub use hooks::{Tell, Webhook, tell};
pub use kept::{Kept, kept};
pub use notices::{Happening, Notify, notify, try_notices};
pub use probe::{Part, Probe, Probed, State, Trouble, Why, probe};
pub use progress::Progress;
pub use rehearsal::{Rehearsal, rehearse};
pub use report::{Report, SourceReport, Verdict};
pub use review::{Review, review};
pub use rules::{Rule, RuleReport};
pub use run::{run, run_at};
pub use schedule::{Asked, RunNow, period, schedule};
pub use settings::Settings;
pub use tape::{Replayed, record, replay};
pub use verify::{Problem, Verified, verify};
