//! Where the bytes of an entry are.

use std::hash::{BuildHasher, Hasher};

use m3u::Parts;
use rustc_hash::FxBuildHasher;

/// Where the bytes of an entry are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Something of the line-up: the relay gives it.
    Ours {
        /// The account of the bundle whose connection it takes.
        account: Box<str>,
        /// Our id.
        stream_id: u32,
        /// Of an episode, our id of its series; else 0.
        series: u32,
    },
    /// An address of a list. SECURITY: it may hold a name and a password.
    Web(Box<str>),
}

/// A source as it is compared: an account and the number it knows something by, whatever that is called.
///
/// SECURITY: a hash, so that no host and no name of an account is in it.
pub type Source = u64;

impl Origin {
    /// What the source is, if it has a number: by it, the same is recognised under a new title.
    pub fn source(&self) -> Option<Source> {
        match self {
            Self::Ours { account, stream_id, .. } => Some(hash(["", account, ""], u64::from(*stream_id))),
            Self::Web(address) => of_panel(address),
        }
    }
}

/// `http://host/movie/user/password/ID.mkv`, and the same without a form.
fn of_panel(address: &str) -> Option<Source> {
    let parts = Parts::of(address);
    let mut segments = parts.path.rsplit('/');
    let last = segments.next()?;
    let number = last.split('.').next()?;
    let (_password, user) = (segments.next()?, segments.next()?);
    let form = segments.next()?;
    let id = number.parse().ok().filter(|_| number.len() <= 18 && !user.is_empty())?;
    let typed = ["movie", "series", "live"].iter().any(|word| form.eq_ignore_ascii_case(word));
    (typed || form.is_empty()).then(|| hash([&parts.host.to_ascii_lowercase(), user, form], id))
}

fn hash(texts: [&str; 3], id: u64) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    for text in texts {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.write_u64(id);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(address: &str) -> Option<Source> {
        Origin::Web(address.into()).source()
    }

    #[test]
    fn a_panels_address_is_known_by_its_account_and_number() {
        let one = source("http://h.example/movie/u/p/7.mkv").unwrap();
        assert_eq!(
            source("http://H.example/movie/u/other/7.mp4"),
            Some(one),
            "a new password, another container"
        );
        for other in [
            "http://h.example/movie/u/p/8.mkv",
            "http://h.example/series/u/p/7.mkv",
            "http://h.example/movie/v/p/7.mkv",
            "http://i.example/movie/u/p/7.mkv",
        ] {
            assert_ne!(source(other).unwrap(), one, "{other}");
        }
        for none in ["http://h.example/films/Film.mkv", "http://h.example/7.mkv", "", "plugin://x"] {
            assert_eq!(source(none), None, "{none}");
        }
    }
}
