//! The relay: one upstream connection per channel, every viewer.
//!
//! ```text
//!  provider ──HTTP──▶ upstream ──bytes──▶ cutter ──chunks──▶ feed ══╦══▶ Subscriber ──▶ hyper body ──▶ client
//!                     └────────── tuner: ONE task per channel ────┘ ╚══▶ Subscriber ──▶ hyper body ──▶ client
//!                                                       numbered, bounded
//!  client gone ─▶ body dropped ─▶ Subscriber dropped ─▶ last Viewing ─▶ linger ─▶ Tuner dropped ─▶ upstream closed
//! ```
//!
//! Bytes flow one way. Control flows back by dropping: nobody is told to stop. The writer waits for nobody; a viewer
//! who falls behind loses data, and never delays another by a chunk.
//!
//! Whatever a provider sends becomes the same bytes: a transport stream as it is, the segments of an HLS list one after the other
//! (`upstream::hls`), what the Ace Stream engine beside us finds (`upstream::ace`).
//!
//! Films and episodes take another way: `play` (one viewer's film), `output::file` (ranges, passed through). HLS is made of
//! the same feed: `packager` (one per channel, cuts with `mpegts::Segmenter`), `output::hls` (players without a connection).
//!
//! Whoever downloads or records shows a pass, takes no seat, and has what viewers leave (`slot`, `headend::lesser`). When one
//! of these needs it, it is taken from him, and he is told why (`output::yielding`).
//!
//! What cannot become a transport stream is passed on as the HLS it is: `proxy`.
//!
//! Read in this order: [`Route`] (what is asked), `relay` (how it is answered), `headend` (what is tuned, and what makes room for
//! whom), `tuner` (the one task), `card` (what it shows while there is nothing else), `cutter` (bytes to chunks), `feed` (the
//! ring). Limits: `slot` (what provider accounts allow), `seat` (what users may). What the operator sees: `status`, from `tally`
//! (what was counted), `signal` (what a tuner is doing) and `picture` (what a channel is made of).

mod card;
mod client;
mod cutter;
mod feed;
pub mod foreign;
mod headend;
mod mirror;
mod output;
mod packager;
mod picture;
mod play;
mod proxy;
mod refusal;
mod relay;
mod remedy;
mod route;
mod seat;
mod segmented;
mod settings;
mod signal;
mod sizes;
mod slot;
mod starts;
mod status;
mod subscriber;
mod tally;
mod tuner;
mod upstream;

pub use mirror::Mirror;
pub use relay::Relay;
pub use route::{Ace, Api, DOORS, Route};
pub use settings::{Settings, Splice};
pub use upstream::ace::engine_version;
