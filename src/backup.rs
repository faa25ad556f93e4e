//! `coax backup` and `coax restore`: all that cannot be had again, in one file.
//!
//! ```text
//!  coax-backup.json      the layout, who wrote it, and when: read before anything else
//!  coax.toml             the configuration; aliases.toml, the aliases
//!  data/releases/000412/ the published release, if it was asked for
//!  data/downloads/jobs.db  the queue of downloads, without what is on its way and what was delivered
//!  data/downloads/lists/   the lists that were uploaded
//!  data/downloads/stock.json  which films are played from which files; in the data folder each is a link
//!  data/...              users, ids, keys, details: everything but what the next run makes anew
//!  data/ids.json         last of them: it knows the ids of everything before it
//!  SHA256SUMS            of all of these, as `sha256sum` writes it
//! ```
//!
//! It is a tar, compressed by zstd, so that it can be opened without Coax. SECURITY: it holds keys, hashed passwords and what
//! the configuration has of credentials: its mode is 0600.
//!
//! Whoever writes into the data folder replaces files whole, so each is read whole whatever runs meanwhile.

mod put;
mod restore;
mod sums;
mod write;

pub(crate) use restore::{Arguments as RestoreArguments, restore};
use serde::{Deserialize, Serialize};
pub(crate) use write::{Arguments, backup};

/// The first file.
const HEAD: &str = "coax-backup.json";
/// The configuration.
const CONFIG: &str = "coax.toml";
/// Channels and their guides, as they were reviewed.
const ALIASES: &str = "aliases.toml";
/// The folder of what is in the data folder.
const DATA: &str = "data";
/// Which films and episodes are played from which files: only files are in a backup, and these are links.
const STOCK: &str = "data/downloads/stock.json";
/// The last file.
const SUMS: &str = "SHA256SUMS";

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Version of the layout.
    schema: u32,
    /// Version of the program that wrote it.
    program: String,
    /// Unix time, in seconds.
    created: u64,
    /// The published release, if it is in it.
    release: Option<u32>,
}

impl Head {
    /// The layout that this program writes.
    const SCHEMA: u32 = 1;
}
