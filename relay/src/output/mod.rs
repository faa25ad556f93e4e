//! What viewers get, one file per form.

pub(crate) mod ace;
pub(crate) mod answer;
pub(crate) mod api;
mod asked;
pub(crate) mod catchup;
mod clean;
pub(crate) mod file;
mod form;
pub(crate) mod hls;
mod part;
pub(crate) mod stock;
pub(crate) mod ts;
mod ways;
pub(crate) mod yielding;
