//! Films and episodes of a line-up, on your own servers.
//!
//! ```text
//!  list.m3u ──┐                                                          ┌─▶ dir (also NFS, CIFS)
//!  full.m3u ──┼─▶ difference ─▶ selection ─▶ store ─▶ worker ─▶ deliver ─┼─▶ sftp
//!  bundle  ───┘                              jobs      │                 ├─▶ smb
//!                                                      ▼                 └─▶ rsync
//!                                     engine: GET, part, checkpoint, walk
//!                                                      │ class background
//!                                                      ▼
//!                                                   relay ──slots──▶ provider
//! ```
//!
//! A [`list`] that somebody uploads is looked at before it is kept. Each [`entry`] of it has an [`identity`], and the
//! [`difference`] to all that one has tells what is new; a [`selection`] of that becomes jobs.
//!
//! A [`job`] is one download and its delivery. All that is known of it is one row of the store, and every change of its
//! state is one transaction, so that a program which is killed at any instant loses nothing and does nothing twice.
//!
//! The provider is never asked from here: bytes come from the relay, as they come to anybody who watches, but in the class
//! that gives way to viewers. A download can therefore not cost anybody his picture, and knows no credentials.
//!
//! Like every program it imports no other: it reads the bundle through `contract`, and meets the relay over HTTP.

mod commands;
pub mod compared;
pub mod difference;
pub mod engine;
pub mod entry;
pub mod foreign;
mod front;
pub mod identity;
pub mod job;
pub mod line_up;
pub mod list;
pub mod naming;
pub mod pace;
pub mod programs;
pub mod quality;
pub mod queue;
pub mod selection;
mod settings;
pub mod shelf;
pub mod store;
pub mod surface;
pub mod target;
pub mod tmdb;
pub mod walk;
mod worker;

pub use commands::{Command, Desk, here};
pub use settings::Settings;
pub use worker::Worker;
