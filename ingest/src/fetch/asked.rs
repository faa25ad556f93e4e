//! What is asked for, in words that are the same whatever the host and the account are: how a tape calls it.

use contract::source::{Location, Origin, Source};
use url::Url;

use super::Place;

/// `player_api.php?action=get_live_streams` of a panel; else the name of a document, or the number of a page.
pub(super) fn words(source: &Source, place: Place<'_>, name: Option<&str>) -> String {
    let pages: Vec<&Location> = match &source.origin {
        Origin::Xtream(_) => match place {
            Place::Configured(url) | Place::Listed(url) => return page(url),
            Place::File(_) => Vec::new(),
        },
        Origin::M3u(list) => vec![&list.from],
        Origin::Xmltv(guide) => vec![&guide.from],
        Origin::Scrape(scrape) => scrape.pages.iter().collect(),
        Origin::Acestream(list) => list.from.iter().collect(),
    };
    if let Some(name) = name {
        return name.to_owned();
    }
    let is = |page: &&&Location| match (page, place) {
        (Location::File(path), Place::File(asked)) => path == asked,
        (Location::Web(address), Place::Configured(asked)) => {
            Url::parse(address.reveal()).is_ok_and(|url| url == *asked)
        }
        _ => false,
    };
    let number = pages.iter().take_while(|page| !is(page)).count() + 1;
    format!("page {number}")
}

/// The page of a panel, without the account.
fn page(url: &Url) -> String {
    let page = url.path().rsplit('/').next().unwrap_or("");
    let parameters = url.query_pairs().filter(|(name, _)| name != "username" && name != "password");
    let words: Vec<String> = parameters.map(|(name, value)| format!("{name}={value}")).collect();
    if words.is_empty() { page.to_owned() } else { format!("{page}?{}", words.join("&")) }
}
