//! What viewers get, one file per form.

pub(crate) mod ts;
