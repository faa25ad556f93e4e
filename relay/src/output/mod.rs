//! What viewers get, one file per form.

pub(crate) mod file;
pub(crate) mod hls;
pub(crate) mod ts;
