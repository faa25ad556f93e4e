//! The relay through its front door, with the station as its provider.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod ace;
mod catchup;
mod failures;
mod films;
mod hls;
mod joining;
mod limits;
mod operator;
mod origins;
mod pools;
mod program;
mod provider;
mod sharing;
mod stage;
mod variants;
mod viewer;
