//! Program specific information (ISO/IEC 13818-1, 2.4.4): which programs there are and what they consist of.
//!
//! Packets become sections in [`Assembler`], [`Section::read`] checks one, [`Pat`] and [`Pmt`] say what it means, and
//! [`packetise`] makes packets of it again.

mod crc;
mod pat;
mod pmt;
mod section;

pub use crc::crc32;
pub(crate) use crc::difference;
pub use pat::Pat;
pub use pmt::{Pmt, PmtEntry};
pub use section::{Assembler, Section, packetise, with_version};
