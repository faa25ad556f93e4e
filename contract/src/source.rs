//! Sources: what ingest reads and the relay dials.
//!
//! A `[[source]]` of `coax.toml` is one flat table, so that an error can name the key and its line; [`Origin`] is what
//! it means. What belongs to another kind of source is refused.

mod added;
mod base;
mod gate;
mod location;
mod name;
mod origin;
mod transport;
mod written;

pub use added::{Added, NotAdded};
pub use base::BaseUrl;
pub use gate::Gate;
pub use location::{Location, WebAddress};
pub use name::Name;
pub use origin::{
    AceChannel, Acestream, Format, Login, M3u, Origin, Paths, Scrape, Selectors, Times, Xmltv, Xtream,
};
use serde::Deserialize;
pub use transport::{Budget, Transport, USER_AGENT};

use self::written::Written;

/// A `[[source]]` of `coax.toml`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Source {
    /// How it is called in reports, logs and artefacts. Ids hang on it: renaming a source makes its entries new.
    pub name: Name,
    /// What it speaks.
    pub origin: Origin,
    /// How it is asked.
    pub transport: Transport,
    /// What of it is too odd to be taken, where that differs from `[ingest]`.
    pub gate: Gate,
}

impl Source {
    /// A panel with one address and one account, asked as usual.
    pub fn panel(name: Name, url: BaseUrl, account: Login) -> Self {
        let origin = Origin::Xtream(Xtream { urls: vec![url], accounts: vec![account] });
        Self { name, origin, transport: Transport::default(), gate: Gate::default() }
    }

    /// The panel, if that is what it is.
    pub fn xtream(&self) -> Option<&Xtream> {
        match &self.origin {
            Origin::Xtream(panel) => Some(panel),
            _ => None,
        }
    }

    /// Names and passwords that the configuration says it is asked with: what must not be published.
    pub fn logins(&self) -> impl Iterator<Item = (&str, &str)> {
        let accounts = self.xtream().map_or(&[][..], |panel| &panel.accounts);
        accounts.iter().map(|login| (login.username.reveal(), login.password.reveal()))
    }

    /// The addresses in the web that are configured for what it lists, as they are dialled: with credentials, where they
    /// have some.
    pub fn addresses(&self) -> Vec<&str> {
        fn web(location: &Location) -> Option<&str> {
            match location {
                Location::Web(address) => Some(address.reveal()),
                Location::File(_) => None,
            }
        }
        match &self.origin {
            Origin::Xtream(panel) => panel.urls.iter().map(BaseUrl::as_str).collect(),
            Origin::M3u(list) => web(&list.from).into_iter().collect(),
            Origin::Xmltv(guide) => web(&guide.from).into_iter().collect(),
            Origin::Scrape(scrape) => scrape.pages.iter().filter_map(web).collect(),
            Origin::Acestream(list) => list.from.as_ref().and_then(web).into_iter().collect(),
        }
    }

    /// Where it is, for people; never with a credential.
    pub fn whereabouts(&self) -> String {
        let of = |location: &Location| location.to_string();
        match &self.origin {
            Origin::Xtream(panel) => {
                panel.urls.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Origin::M3u(list) => of(&list.from),
            Origin::Xmltv(guide) => of(&guide.from),
            Origin::Scrape(scrape) => scrape.pages.iter().map(of).collect::<Vec<_>>().join(", "),
            Origin::Acestream(list) => {
                list.from.as_ref().map_or_else(|| format!("{} channels", list.channels.len()), of)
            }
        }
    }
}

#[cfg(test)]
mod tests;
