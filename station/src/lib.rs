//! A synthetic provider: what the demo watches, and the upstream of every test.
//!
//! ```text
//!             ┌─ route ──▶ panel ──▶ catalogue (names, ids, guide: pure functions of a seed) ──pieces──┐
//! request ──▶ service                                                                                  ├─ afflict ──▶ answer
//!             ├─ route ──▶ stream ─▶ television (packets: a pure function of time) ────────────────────┤
//!             ├─ route ──▶ origin ─▶ television (the same as other servers' HLS) ──────────────────────┤
//!             └─ route ──▶ ace ────▶ engine (sessions) ─▶ television ──────────────────────────────────┘
//!                            │
//!                            └─ ledger: who is connected, how many may be, what was asked for
//! ```
//!
//! Nothing is stored. A list of a hundred thousand films and a week of guide are made while they are sent, 64 KiB at a
//! time; television is computed for the packet numbers that are due. A client that leaves drops its body, the body
//! drops its seat in the ledger. Faults are done to finished answers, in one place.
//!
//! Besides the panel there is a control endpoint: `GET /_station/counts`, `POST /_station/reset` and
//! `POST /_station/fault?channel=ID|*&fault=FAULT[&after=N][&times=N]` (or `action=NAME` for an API action or document). Every
//! address also takes `?fault=FAULT`. HLS as other servers than panels make it is at
//! `/origin/QUIRKS/USER/PASSWORD/ID/index.m3u8`. Live streams as other encoders make
//! them are at `/variant/VARIANT/USER/PASSWORD/ID.ts`. An Ace Stream engine answers at `/ace/...` and on a port of its own. [`help()`] has every spelling.

mod ace;
mod catalogue;
mod clock;
mod database;
mod fault;
mod help;
mod ledger;
mod origin;
mod pages;
mod panel;
mod picture;
mod provider;
mod route;
mod service;
mod settings;
mod station;
mod stream;
mod television;

pub use ace::Content as AceContent;
pub use catalogue::Catalogue;
pub use database::TOKEN as TMDB_TOKEN;
pub use fault::Fault;
pub use help::help;
pub use ledger::{AccountCounts, AceCounts, ChannelCounts, Counts};
pub use settings::{
    Account, AceSettings, Dialect, Limit, Otherwise, Settings, Start, Status, Target, TimeBase,
};
pub use station::Station;
