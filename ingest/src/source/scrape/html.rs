//! Channels in a web page, found by CSS selectors.
//!
//! An item is what stands for a channel: by default every link. Its id is in its link (an `acestream:` address, an
//! engine's address, or 40 hexadecimal digits of their own in an address or in a link's text) or in another of its
//! attributes. What the configuration does not say is read as people read it: see [`super::naming`].

use contract::ace::{AceId, DIGITS, Fault, Kind};
use contract::source::Selectors;
use rustc_hash::FxHashSet;
use scraper::{ElementRef, Selector};
use url::Url;

use super::naming::{self, Name};
use super::rows::{Found, Leads, Rows, Worth};
use super::{BadSetting, Refusal, tree};

/// Links of an item that are looked at.
const MOST_LINKS: usize = 64;

/// Where a page has its channels, understood.
#[derive(Clone, Debug)]
pub(super) struct Places {
    item: Selector,
    name: Option<Selector>,
    category: Option<Selector>,
    logo: Option<Selector>,
    link: Selector,
    picture: Selector,
}

impl Places {
    /// # Errors
    /// The selector that is none.
    pub(super) fn new(selectors: &Selectors) -> Result<Self, BadSetting> {
        let understood = |key, written: &str| {
            Selector::parse(written)
                .map_err(|error| BadSetting::new("html", key, written, &format!("no CSS selector: {error}")))
        };
        let maybe = |key, written: &Option<String>| {
            written.as_deref().map(|written| understood(key, written)).transpose()
        };
        Ok(Self {
            item: understood("item", &selectors.item)?,
            name: maybe("name", &selectors.name)?,
            category: maybe("category", &selectors.category)?,
            logo: maybe("logo", &selectors.logo)?,
            link: Selector::parse("a[href]").expect("this is CSS"),
            picture: Selector::parse("img").expect("this is CSS"),
        })
    }
}

/// Reads the channels of a page into `rows`.
///
/// # Errors
/// [`Refusal::Monstrous`].
pub(super) fn read(text: &str, places: &Places, page: Option<&Url>, rows: &mut Rows) -> Result<(), Refusal> {
    let tree = tree::parsed(text)?;
    let items: FxHashSet<_> = tree.select(&places.item).map(|item| item.id()).collect();
    let mut heading = String::new();
    for element in tree.root_element().descendent_elements() {
        if matches!(element.value().name(), "h2" | "h3" | "h4" | "h5" | "h6") {
            heading = naming::text(element);
        }
        if items.contains(&element.id()) {
            take(element, &heading, places, page, rows);
        }
    }
    Ok(())
}

/// Takes an item that leads to a channel; others are something else, such as a menu.
fn take(item: ElementRef<'_>, heading: &str, places: &Places, page: Option<&Url>, rows: &mut Rows) {
    let (at, leads) = match address(item, places) {
        Some((at, Ok(id))) => (at, Leads::Ace(id)),
        Some((_, Err(fault))) => return rows.refuse(fault),
        None => return,
    };
    let first = |selector: &Option<Selector>| selector.as_ref().map(|it| item.select(it).next());
    let named = first(&places.name).flatten().map(naming::said).filter(|name| !name.is_empty());
    let name = match named {
        Some(text) => Name { text, worth: Worth::Said },
        None => naming::name(at, item),
    };
    let (name, heading) = match name {
        Name { text, .. } if text.is_empty() => (Name { text: heading.to_owned(), worth: Worth::Near }, ""),
        name => (name, heading),
    };
    let category = match first(&places.category) {
        Some(category) => category.map(naming::said).unwrap_or_default(),
        None => heading.to_owned(),
    };
    let picture = match first(&places.logo) {
        Some(picture) => picture,
        None => item.select(&places.picture).next(),
    };
    let logo = picture.and_then(picture_address).unwrap_or_default();
    let found = Found { name: &name.text, worth: name.worth, category: &category, logo, guide: "" };
    rows.add(leads, &found, page);
}

/// A picture's address. Pages that load pictures late have it in another attribute and a placeholder in `src`.
fn picture_address<'a>(picture: ElementRef<'a>) -> Option<&'a str> {
    let named = ["data-src", "data-original", "data-lazy-src", "src", "href"];
    named.into_iter().filter_map(|name| picture.attr(name)).find(|address| !address.trim().is_empty())
}

/// Where in an item its id stands, and the id.
fn address<'a>(item: ElementRef<'a>, places: &Places) -> Option<(ElementRef<'a>, Result<AceId, Fault>)> {
    let mut fault = None;
    let own = item.value().name() == "a";
    let links = item.select(&places.link).take(MOST_LINKS);
    for link in own.then_some(item).into_iter().chain(links) {
        match link.attr("href").and_then(in_address).or_else(|| alone(&naming::text(link)).map(Ok)) {
            Some(Ok(id)) => return Some((link, Ok(id))),
            Some(Err(why)) => fault = fault.or(Some((link, Err(why)))),
            None => {}
        }
    }
    let attributes = item.value().attrs().filter(|(name, _)| *name != "href");
    let told = attributes.filter_map(|(_, value)| AceId::parse(value).ok()).next();
    told.map(|id| (item, Ok(id))).or(fault)
}

/// The id that an address names; `None` when it is about something else.
fn in_address(href: &str) -> Option<Result<AceId, Fault>> {
    match AceId::parse(href) {
        Ok(id) => Some(Ok(id)),
        Err(Fault::NotAnId) => digits(href).map(Ok),
        // Every other link of the web may have an `id=`.
        Err(_) if !is_ace(href) => None,
        Err(fault) => Some(Err(fault)),
    }
}

/// Whether an address cannot mean anything but Ace Stream.
fn is_ace(href: &str) -> bool {
    let href = href.trim();
    href.get(.."acestream:".len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case("acestream:"))
        || href.contains("/ace/")
}

/// The 40 hexadecimal digits that stand for themselves in an address: between two of its separators.
fn digits(href: &str) -> Option<AceId> {
    // What else is named by SHA-1: torrents, and the changes of source code.
    const OTHERS: [&str; 6] = ["commit", "commits", "tree", "blob", "raw", "btih"];
    let mut before = "";
    for piece in href.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if piece.len() == DIGITS
            && !OTHERS.iter().any(|other| before.eq_ignore_ascii_case(other))
            && let Ok(id) = AceId::new(Kind::ContentId, piece)
        {
            return Some(id);
        }
        before = piece;
    }
    None
}

/// The id that a link's whole text is.
fn alone(text: &str) -> Option<AceId> {
    AceId::parse(text).ok()
}
