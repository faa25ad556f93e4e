//! Reading JSON that PHP wrote: element by element, whatever the spelling.
//!
//! ```text
//! chunks ──▶ Elements ──one element's bytes──▶ read ──▶ an entry, or a reject that is counted
//! ```
//!
//! A list is never held: only the element that is being received is. One bad element never fails the list.

mod elements;
mod mend;
mod scalar;

pub(crate) use elements::{Elements, Oddity, Shape};
pub(crate) use mend::readable;
pub(crate) use scalar::Scalar;
