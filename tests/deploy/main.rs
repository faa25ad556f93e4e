//! Coax where it is put: on a hosting platform, behind proxies, with https of its own.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../program/mod.rs"]
mod program;

mod authority;
mod home;
mod hosted;
mod https;
mod proxies;
mod units;
