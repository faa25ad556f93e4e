//! Logos: pictures of channels, films and series, at addresses of ours in place of those that sources tell.
//!
//! ```text
//!  ingest ──▶ lists: /logo/live/5001/SEALED ──▶ app ──▶ serve ──▶ logos/by: is it there? ──▶ picture
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

use crate::bundle::Section;

/// Whose picture it is: the entry whose name stands in for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// Channels, films or series.
    pub list: OwnerList,
    /// The id of the entry.
    pub id: u32,
}

/// The lists whose entries have pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OwnerList {
    /// Channels.
    Live,
    /// Films.
    Movie,
    /// Series, with their episodes.
    Series,
}

impl OwnerList {
    const ALL: [Self; 3] = [Self::Live, Self::Movie, Self::Series];

    const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Movie => "movie",
            Self::Series => "series",
        }
    }

    /// Where its entries stand in a bundle.
    pub const fn section(self) -> Section {
        match self {
            Self::Live => Section::LiveStreams,
            Self::Movie => Section::VodStreams,
            Self::Series => Section::Series,
        }
    }
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
        let list = OwnerList::ALL.into_iter().find(|known| known.word() == list)?;
        let id = id.bytes().all(|byte| byte.is_ascii_digit()).then(|| id.parse().ok())??;
        Some(Self { owner: Owner { list, id }, sealed: sealed.to_owned() })
    }

    /// The path, without a slash at its front.
    pub fn written(owner: Owner, sealed: &str) -> String {
        format!("logo/{}/{}/{sealed}", owner.list.word(), owner.id)
    }

    /// What stands before the path in `address`, with its slash, if `address` is one of these of `owner`: so whoever has one
    /// can write others.
    pub fn base(owner: Owner, address: &str) -> Option<&str> {
        let path = Self::written(owner, "");
        let at = address.rfind(&path)?;
        (address[..at].ends_with('/') && !address[at + path.len()..].contains('/')).then(|| &address[..at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_it_was_written() {
        let owner = Owner { list: OwnerList::Movie, id: 9001 };
        let path = LogoPath::written(owner, "abc");
        let read = LogoPath::read(&path.split('/').collect::<Vec<_>>());
        assert_eq!(read, Some(LogoPath { owner, sealed: "abc".into() }));
        let address = format!("https://tv.example/x/{path}");
        assert_eq!(LogoPath::base(owner, &address), Some("https://tv.example/x/"));
        let other = Owner { id: 9002, ..owner };
        assert_eq!((LogoPath::base(other, &address), LogoPath::base(owner, "")), (None, None));
        for wrong in ["logo/live/+1/x", "logo/radio/1/x", "logo/live/1", "live/1/x", "logo/live/4294967296/x"] {
            assert_eq!(LogoPath::read(&wrong.split('/').collect::<Vec<_>>()), None, "{wrong}");
        }
    }
}
