//! Logos: pictures of channels, films and series, at addresses of ours in place of those that sources tell.
//!
//! ```text
//!  ingest ──▶ lists: /logo/live/5001/SEALED ──▶ app ──▶ serve ──▶ logos/at: is it there? ──▶ picture
//!                                                         │ no: a wish                   └─▶ initials of the name
//!                                    logos/wanted/ ◀──────┘
//!  ingest ◀── (five times a second) ──┘ ──▶ fetches, checks ──▶ logos/
//! ```
//!
//! Which picture an address stands for is in the address itself, sealed: who has the installation's key can open it, and
//! nobody else can make one. So nothing must be kept for it, nobody can have us ask an address of his, and no provider's
//! host is seen. The same picture always has the same address, so lists stay the same.
//!
//! What does *not* belong here: fetching, and what is shown for a picture that is not there.

mod seal;
mod shelf;

pub use seal::{Picture, Sealer};
pub use shelf::{Found, Logos, Media, Wish};

use crate::bundle::List;

/// Whose picture it is: the entry whose name stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The list of the entry; an episode's is that of its series.
    pub list: List,
    /// The id of the entry.
    pub id: u32,
}

/// A path that asks for a picture: `/logo/live/5001/SEALED`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoPath {
    /// Whose it is.
    pub owner: Owner,
    /// What [`Sealer::seal`] made; not checked.
    pub sealed: String,
}

impl LogoPath {
    /// Reads the segments of a path.
    pub fn read(segments: &[&str]) -> Option<Self> {
        let ["logo", list, id, sealed] = *segments else { return None };
        let list = List::ALL.into_iter().find(|known| known.word() == list)?;
        let id = id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.parse().ok())??;
        Some(Self { owner: Owner { list, id }, sealed: sealed.to_owned() })
    }

    /// The path, without a slash at its front.
    pub fn written(owner: Owner, sealed: &str) -> String {
        format!("logo/{}/{}/{sealed}", owner.list.word(), owner.id)
    }

    /// Whether `address` is one of these, of `owner`.
    pub fn is_in(owner: Owner, address: &str) -> bool {
        let path = format!("/{}", Self::written(owner, ""));
        address.rfind(&path).is_some_and(|at| !address[at + path.len()..].contains('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_written() {
        let owner = Owner { list: List::Movies, id: 9001 };
        let path = LogoPath::written(owner, "abc");
        let read = LogoPath::read(&path.split('/').collect::<Vec<_>>());
        assert_eq!(read, Some(LogoPath { owner, sealed: "abc".into() }));
        let address = format!("https://tv.example/x/{path}");
        let other = Owner { id: 9002, ..owner };
        assert!(LogoPath::is_in(owner, &address));
        assert!(!LogoPath::is_in(other, &address) && !LogoPath::is_in(owner, ""));
        for wrong in ["logo/live/+1/x", "logo/radio/1/x", "logo/live/1", "live/1/x", "logo/live/4294967296/x"]
        {
            assert_eq!(LogoPath::read(&wrong.split('/').collect::<Vec<_>>()), None, "{wrong}");
        }
    }
}
