//! Playlists.

mod address;
mod attributes;
mod directives;
mod entry;
mod headers;
mod key;
mod keys;
mod kind;
mod lines;
mod read;

#[cfg(test)]
mod tests;
