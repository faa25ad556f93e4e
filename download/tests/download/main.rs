//! Downloads through their front doors, with the station as their provider.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod attempt;
mod compared;
mod containers;
mod crash;
mod delivered;
mod house;
mod machine;
mod measured;
mod queued;
mod recording;
mod seeds;
mod titles;
mod tmdb;
mod ytdlp;
