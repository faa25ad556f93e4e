//! What the programs of Coax agree on.
//!
//! ```text
//!  ingest ──▶ releases/000412/{bundle.json, live.m3u, full.m3u, guide.xml, guide.xml.gz, release.json}
//!                 ▲ current                       │ Follower: asks once a second where `current` points
//!                 └── one symlink                 ▼
//!             ids.json, details/        serve, relay ◀── users.json ◀── coax user
//! ```
//!
//! The programs never import each other. They meet in the files above, and each agreement is a module here with a
//! test: [`bundle`] (the line-up), [`address`] (of streams: serve writes it, the relay answers it), [`release`] (all or nothing), [`details`], [`wanted`] (wishes for them), [`user`], [`ids`], [`source`] (what
//! ingest reads and the relay dials), [`config`] (`coax.toml`), [`secret`], [`disk`] (where things lie and how they
//! are replaced) and [`log`] (how programs speak to the operator).
//!
//! What does *not* belong here: networking, an async runtime, anything only one program knows. Admission: two programs
//! must agree on it.

pub mod address;
pub mod bundle;
pub mod config;
pub mod details;
pub mod disk;
pub mod ids;
pub mod log;
mod map;
pub mod playlist;
pub mod release;
pub mod secret;
pub mod source;
pub mod user;
pub mod wanted;
