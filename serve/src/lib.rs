//! Answers the apps: the Xtream API, playlists and the guide, from the release that is published now.
//!
//! ```text
//!             Follower (asks once a second)      users.json        details/
//!                 │ newest release                   │ who            │ film and series documents
//!                 ▼                                  ▼                ▼
//!  request ─▶ Route ─▶ Server ─▶ Prepared (one release, pinned) ─▶ one file per family under xtream/
//!                                  │                                  │
//!                                  └── slices of mapped files ────────┴─▶ Response
//! ```
//!
//! Nothing is parsed and nothing is serialised for a list: the objects stand in the release as clients get them, and
//! an answer is a few slices of the mapped file. What has to be made (gzip, zstd) is made once per release and kept
//! beside it in [`prepared`]; the next release begins with nothing made, and the old one goes when the last answer from it is
//! sent. An answer is therefore always of one release.
//!
//! A request that is not answered is a [`refusal`]: one place knows statuses, and logs.
//!
//! What does *not* belong here: anything that asks a provider (ingest does), and bytes of television (the relay's).

pub mod admin;
mod base;
mod catalogue;
mod crc;
mod deflate;
mod elsewhere;
mod export;
mod front;
mod hdhomerun;
mod login;
mod logo;
mod mirror;
mod pace;
mod packed;
mod page;
mod prepared;
mod refusal;
mod relays;
mod route;
mod service;
mod settings;
mod tally;
mod xtream;

pub use contract::network::Network;
pub use export::{Counts, Told, Wanted, export};
pub use hdhomerun::{Announcing, announce};
pub use page::Page;
pub use route::{DOORS, Route};
pub use service::Server;
pub use settings::Settings;
pub use xtream::actions;
pub use xtream::playlist::Catchup;
