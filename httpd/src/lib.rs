//! The plumbing that every HTTP program of Coax needs, and nothing that knows what is served.
//!
//! ```text
//! TcpListener ──accept──▶ socket (tuned, stall-guarded) ──(TLS)──▶ hyper ──▶ answer(request, peer) ──▶ Response<Body>
//!      ▲                                                                                                 │
//!      └── shutdown: stop accepting, let connections finish, abort the rest after `drain` ◀──────────────┘
//! ```
//!
//! [`serve`] runs until its `shutdown` future ends. Connections own what they use; a client that leaves drops its
//! connection, the connection drops its [`Body`], and dropping the body is how a stream learns that nobody reads it.
//!
//! What does *not* belong here: routes, users, HTML, anything about television.

pub mod api;
mod asker;
mod body;
mod client;
mod content;
mod door;
mod encoding;
mod entity;
mod limit;
mod listen;
mod memory;
pub mod metrics;
mod params;
mod path;
mod range;
pub mod reply;
mod secure;
mod socket;

pub use asker::{
    bearer, cookie, is_direct, is_for_himself, is_from_a_page, is_from_another_page, is_from_this_machine,
    names_us,
};
pub use body::Body;
pub use client::client;
pub use content::content;
pub use door::{Door, Opens};
pub use encoding::Coding;
pub use entity::Entity;
pub use limit::raise_file_limit;
pub use listen::{Listeners, Settings, serve, terminated};
pub use memory::return_memory;
pub use params::Params;
pub use path::{segments, strip_forwarded};
pub use range::{Range, range};
pub use secure::{ACME, Secure, scheme};

/// A request as it arrives: the body is read only by those who want it.
pub type Request = http::Request<hyper::body::Incoming>;
/// An answer with the one body type of the house.
pub type Response = http::Response<Body>;
