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
//! test:
//!
//! - [`ace`]: ids of Ace Stream; ingest reads them, the relay asks an engine for them
//! - [`address`]: of streams; serve writes it, the relay answers it
//! - [`bundle`]: the line-up
//! - [`config`]: the file `coax.toml`
//! - [`details`]: of films and series
//! - [`disk`]: where things lie and how they are replaced
//! - [`hdhomerun`]: devices for media servers; serve tells of them, the relay tunes them
//! - [`ids`]: who is who, for ever
//! - [`library`]: how films and episodes are called, for media servers
//! - [`log`]: how programs speak to the operator
//! - [`logo`]: pictures, and where apps find them
//! - [`mirror`]: what a relay without the disk copies
//! - [`network`]: which proxies are believed
//! - [`playlist`]: what is left open in playlists until somebody asks for one
//! - [`programme`]: what a channel sends, as the guide has it
//! - [`reach`]: where those we ask may send us
//! - [`release`]: all or nothing
//! - [`run`]: what the last run did
//! - [`say`]: how programs speak to whoever has called them
//! - [`secret`]: what is never shown
//! - [`session`]: who watches what
//! - [`source`]: what ingest reads and the relay dials
//! - [`stock`]: films and episodes that are on a disk here; download puts them there, the relay plays them
//! - [`ticket`]: permission to watch, in an address
//! - [`user`]: who may watch
//! - [`vault`]: what addresses in the bundle must not show
//! - [`wanted`]: details that somebody misses
//! - [`zone`]: by which clock a provider tells times
//!
//! What does *not* belong here: networking, an async runtime, anything only one program knows. Admission: two programs
//! must agree on it.

pub mod ace;
pub mod address;
pub mod bundle;
pub mod config;
pub mod details;
pub mod disk;
pub mod hdhomerun;
pub mod ids;
pub mod library;
pub mod log;
pub mod logo;
mod map;
pub mod mirror;
pub mod network;
pub mod owner;
pub mod playlist;
pub mod programme;
pub mod reach;
pub mod release;
pub mod run;
pub mod say;
pub mod secret;
pub mod session;
pub mod source;
pub mod stock;
pub mod ticket;
pub mod user;
pub mod vault;
pub mod wanted;
pub mod zone;
