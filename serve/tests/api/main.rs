//! The server as apps see it: a real one on a port of its own, over a release that was published like any other.
//!
//! The numbers in the comments are those of the conformance checklist that the project keeps.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod account;
mod admin;
mod client;
mod details;
mod doors;
mod fields;
mod house;
mod line_up;
mod listings;
mod lists;
mod page;
mod pages;
mod panel;
mod playlist;
mod program;
mod seats;
mod sight;
mod xmltv;
