//! The relay through its front door, with the station as its provider.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod ace;
mod answers;
mod card;
mod catchup;
mod catchup_source;
mod doors;
mod engine;
mod failover;
mod failures;
mod films;
mod following;
mod hls;
mod joining;
mod leaving;
mod limits;
mod momentary;
mod operator;
mod origins;
mod passed;
mod permitted;
mod pools;
mod program;
mod provider;
mod proxied;
mod sharing;
mod stage;
mod stock;
mod together;
mod tuned;
mod unlisted;
mod variants;
mod viewer;
mod yielding;
