//! Downloads through their front doors, with the station as their provider.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod addresses;
mod asked;
mod attempt;
mod beside;
mod compared;
mod containers;
mod copied;
mod crash;
mod delivered;
mod directed;
mod front;
mod full;
mod hours;
mod house;
mod machine;
mod meanwhile;
mod measured;
mod queued;
mod recorded;
mod recording;
mod secrets;
mod seeds;
mod segments;
mod synced;
mod titles;
mod tmdb;
mod verified;
mod watched;
mod ytdlp;
