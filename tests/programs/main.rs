//! The programs as people use them, from outside. In one binary, because most of a test is waiting.

#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../program/mod.rs"]
mod program;

mod backup;
mod browser;
mod catchup;
mod clients;
mod deploy;
mod docs;
mod doctor;
mod downloads;
mod export;
mod hdhomerun;
mod kodi;
mod logos;
mod mirror;
mod monitoring;
mod notices;
mod operator;
mod piped;
mod readme;
mod refused;
mod sources;
mod stalled;
mod strm;
mod television;
