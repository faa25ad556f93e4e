//! The addresses of pictures in lists: as sources tell them, or ours.

use contract::bundle;
use contract::logo::{LogoPath, Owner, Sealer};
use contract::source::BaseUrl;
use contract::ticket::Key;

use crate::harvest::List;

/// How pictures are named in lists.
#[derive(Debug, Default)]
pub(crate) struct Pictures(Option<(String, Sealer)>);

impl Pictures {
    /// Below `base` if there is one, sealed with `key`; else as sources tell them.
    pub(crate) fn new(base: Option<&BaseUrl>, key: &Key) -> Self {
        Self(base.map(|base| (base.as_str().to_owned(), Sealer::new(key))))
    }

    /// Whether no address of a picture is shown but ours.
    pub(super) const fn are_ours(&self) -> bool {
        self.0.is_some()
    }

    /// The address for a picture that `source` tells of as `address`. With addresses of ours even what has no picture has
    /// one, for the initials of its name; one that is too long to be sealed is none.
    pub(super) fn of(&self, (list, id): (List, u32), source: &str, address: &str) -> String {
        let Some((base, sealer)) = &self.0 else { return address.to_owned() };
        let sealed = sealer.seal(source, address).or_else(|| sealer.seal(source, ""));
        let list = match list {
            List::Live => bundle::List::Live,
            List::Movies => bundle::List::Movies,
            List::Series => bundle::List::Series,
        };
        let path = LogoPath::written(Owner { list, id }, &sealed.expect("the name of a source is short"));
        format!("{base}/{path}")
    }

    /// The same for further pictures, of which there need be none.
    pub(super) fn more(&self, owner: (List, u32), source: &str, addresses: &[String]) -> Vec<String> {
        addresses.iter().map(|address| self.of(owner, source, address)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_base_pictures_are_where_sources_tell() {
        let key = Key::random();
        let told = Pictures::new(None, &key);
        assert!(!told.are_ours());
        assert_eq!(told.of((List::Live, 5), "acme", "http://h/1.png"), "http://h/1.png");
        let base = BaseUrl::new("http://tv.example/x").unwrap();
        let ours = Pictures::new(Some(&base), &key);
        let address = ours.of((List::Movies, 5), "acme", "http://h/1.png");
        assert!(address.starts_with("http://tv.example/x/logo/movies/5/"), "{address}");
        let too_long = ours.of((List::Movies, 5), "acme", &format!("http://h/{}", "x".repeat(4000)));
        assert_eq!(too_long, ours.of((List::Movies, 5), "acme", ""), "it has initials");
    }
}
