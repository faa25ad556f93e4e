//! Downloads as they are asked about over HTTP, from outside.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod follow;
mod house;
mod lists;
mod queue;
mod roles;
mod servers;
mod tmdb;
