//! What a reader of a web page would take for the name of a link.
//!
//! In order: what the link says, what was written to describe it, what stands in its table row or list item. Words
//! such as "Play", addresses and ids are no names.

use scraper::ElementRef;

use super::rows::Worth;
use crate::tidy;

/// Pieces of text that are looked at of an element.
const MOST_NODES: usize = 256;
/// Bytes of text that are kept of an element.
const MOST_TEXT: usize = 1_000;
/// Elements around a link that are looked at.
const MOST_AROUND: usize = 16;
/// Cells of a row.
const MOST_CELLS: usize = 32;

/// What links say that do not say where they lead.
const EMPTY_WORDS: [&str; 26] = [
    "ace",
    "acestream",
    "ace stream",
    "acestream link",
    "acelink",
    "click",
    "click here",
    "copy",
    "here",
    "hd",
    "sd",
    "link",
    "live",
    "open",
    "open in ace",
    "play",
    "player",
    "reproducir",
    "stream",
    "ver",
    "view",
    "watch",
    "watch live",
    "watch now",
    "смотреть",
    "открыть",
];

/// A name and how much it is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) worth: Worth,
}

/// The name of an item whose id is at `at`; empty if there is none.
pub(super) fn name(at: ElementRef<'_>, item: ElementRef<'_>) -> Name {
    let said = || Some((said(at), Worth::Said));
    let described = || Some((described(at)?, Worth::Described));
    let whole = || (item != at).then(|| (self::said(item), Worth::Near));
    let near = || Some((near(at)?, Worth::Near));
    let found = said()
        .filter(|(text, _)| !text.is_empty())
        .or_else(described)
        .or_else(|| whole().filter(|(text, _)| !text.is_empty()).or_else(near));
    let (text, worth) = found.unwrap_or_default();
    Name { text, worth }
}

/// The text of an element, tidied and bounded.
pub(super) fn text(element: ElementRef<'_>) -> String {
    texts(element, None)
}

/// What an element says as a name; empty if that is no name.
pub(super) fn said(element: ElementRef<'_>) -> String {
    as_name(&text(element)).unwrap_or_default()
}

/// Titles of a link, and of what is within it.
fn described(link: ElementRef<'_>) -> Option<String> {
    let within = link.descendent_elements().take(MOST_NODES);
    let mut titles = within.flat_map(|element| {
        ["title", "aria-label", "alt", "data-name", "data-title"]
            .into_iter()
            .filter_map(move |name| element.attr(name))
    });
    titles.find_map(as_name)
}

/// The text of the row or list item around a link, without its own.
fn near(link: ElementRef<'_>) -> Option<String> {
    let around = link.ancestors().take(MOST_AROUND).filter_map(ElementRef::wrap);
    for element in around {
        match element.value().name() {
            "tr" => {
                let cells = element.child_elements().take(MOST_CELLS);
                let mut texts = cells.filter(|cell| !holds(*cell, link)).map(said);
                return texts.find(|text| !text.is_empty()).or_else(|| as_name(&texts_around(element, link)));
            }
            "li" | "dd" | "p" => {
                if let Some(name) = as_name(&texts_around(element, link)) {
                    return Some(name);
                }
            }
            "ul" | "ol" | "table" | "body" => return None,
            _ => {}
        }
    }
    None
}

fn holds(element: ElementRef<'_>, link: ElementRef<'_>) -> bool {
    link.ancestors().take(MOST_AROUND).any(|around| around.id() == element.id())
}

fn texts_around(element: ElementRef<'_>, link: ElementRef<'_>) -> String {
    texts(element, Some(link))
}

/// The text of an element, without that of `but`.
fn texts(element: ElementRef<'_>, but: Option<ElementRef<'_>>) -> String {
    let mut all = String::new();
    for node in element.descendants().take(MOST_NODES) {
        let Some(text) = node.value().as_text() else { continue };
        let parent = node.parent().and_then(ElementRef::wrap);
        let unread = parent.is_some_and(|parent| matches!(parent.value().name(), "script" | "style"));
        let outside =
            but.is_none_or(|but| !node.ancestors().take(MOST_AROUND).any(|above| above.id() == but.id()));
        if unread || !outside {
            continue;
        }
        all.push(' ');
        all.push_str(&text[..text.floor_char_boundary(MOST_TEXT)]);
        if all.len() > MOST_TEXT {
            break;
        }
    }
    tidy::words(&all).into_owned()
}

/// `text` as a name: without ids and addresses; `None` if nothing is left that says something.
fn as_name(text: &str) -> Option<String> {
    let is_word = |word: &&str| !word.contains("://") && !word.contains("acestream:") && !holds_digits(word);
    let words: Vec<&str> = text.split_whitespace().filter(is_word).collect();
    let name = words.join(" ");
    let ends = |letter: char| letter.is_whitespace() || "-–—|:•·»→▶►".contains(letter);
    let name = name.trim_matches(ends);
    let bare = name
        .trim_end_matches(|letter: char| letter.is_ascii_digit() || letter.is_whitespace() || letter == '#');
    let says = name.chars().any(char::is_alphanumeric)
        && !EMPTY_WORDS.contains(&name.to_lowercase().as_str())
        && !EMPTY_WORDS.contains(&bare.to_lowercase().as_str());
    says.then(|| name.to_owned())
}

/// Whether a word has an id in it.
fn holds_digits(word: &str) -> bool {
    word.split(|letter: char| !letter.is_ascii_hexdigit()).any(|digits| digits.len() == contract::ace::DIGITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_addresses_and_empty_words_are_no_names() {
        let id = "A1".repeat(20);
        for (text, expected) in [
            ("One HD", Some("One HD")),
            ("One - ".to_owned().as_str(), Some("One")),
            (&format!("One | acestream://{id}"), Some("One")),
            (&format!("{id} Canal 24"), Some("Canal 24")),
            ("Watch", None),
            ("Link 2", None),
            ("СМОТРЕТЬ", None),
            ("▶", None),
            ("http://h/x", None),
            ("24", Some("24")),
            ("Live TV", Some("Live TV")),
        ] {
            assert_eq!(as_name(text).as_deref(), expected, "{text}");
        }
    }
}
