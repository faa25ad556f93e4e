//! What viewers get, one file per form.

pub(crate) mod answer;
mod asked;
pub(crate) mod catchup;
mod clean;
pub(crate) mod file;
pub(crate) mod hls;
mod part;
pub(crate) mod ts;
mod ways;
