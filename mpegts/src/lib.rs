//! MPEG transport streams (ISO/IEC 13818-1), as far as a relay must understand them.
//!
//! ```text
//!  bytes, cut anywhere ──▶ Aligner ──whole packets──▶ Tracker ──AccessPoint──▶ whoever joins viewers
//!                            │                          │ follows PAT ▶ PMT ▶ streams, PCR, continuity
//!                            ▼                          ▼
//!                     Foreign: "this is HTML"     Restamper ──same packets, one unbroken clock──▶ viewers
//!                                                           └─▶ Segmenter ──segments of HLS──▶ viewers
//! ```
//!
//! [`check`] looks at what comes out at the right end as an analyser would; the bin `tscheck` is its front page.
//!
//! Bytes flow from left to right and are copied once, by the [`Aligner`]. Nobody here waits, allocates per packet,
//! does I/O or panics, whatever the bytes are: bad input is skipped and counted. Where a table and the elementary
//! stream disagree, the elementary stream is believed; where nothing can be proved within a bound, the answer is no.
//!
//! ```
//! use mpegts::{Aligner, PACKET, Tracker, packets};
//!
//! # let received: [&[u8]; 2] = [&[], &[]];
//! let (mut aligner, mut tracker) = (Aligner::new(), Tracker::new());
//! let mut held = Vec::new(); // packets that nobody has got yet,
//! let mut first = 0; // and the number of the first of them
//! for bytes in received {
//!     let new = held.len();
//!     aligner.push(bytes, &mut held);
//!     for packet in packets(&held[new..]) {
//!         if let Some(point) = tracker.push(packet) {
//!             let offset = (point.packet - first) as usize * PACKET;
//!             // A viewer may begin at held[offset..], behind the tables of `point`.
//! #           let _ = offset;
//!         }
//!     }
//!     let sure = tracker.undecided().unwrap_or(tracker.packets());
//!     let chunk: Vec<u8> = held.drain(..(sure - first) as usize * PACKET).collect();
//!     first = sure;
//! #   drop(chunk);
//! }
//! ```
//!
//! What does not belong here: decoding, sockets, clocks of the machine, and any opinion on what to do with a channel.

#![forbid(unsafe_code)]

pub mod access;
pub mod check;
pub mod classify;
pub mod clock;
pub mod codec;
pub mod continuity;
pub mod foreign;
pub mod join;
pub mod look;
pub mod packet;
pub mod pes;
pub mod pid_map;
pub mod program;
pub mod psi;
pub mod restamp;
pub mod segment;
pub mod sequence;
pub mod sync;
pub mod tracker;
pub mod unfinished;

pub use access::Proof;
pub use classify::{Foreign, classify};
pub use clock::{Pcr, Timestamp};
pub use codec::{Codec, Kind};
pub use packet::{NULL_PACKET, PACKET, Packet, Pid, SYNC, packets};
pub use program::{Program, Stream};
pub use restamp::Restamper;
pub use segment::{Segment, Segmenter};
pub use sync::Aligner;
pub use tracker::{AccessPoint, Tracker};
pub use unfinished::Unfinished;
