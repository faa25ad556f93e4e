//! Hosts and secrets of the addresses that stand in a text, whatever the text is.
//!
//! An address is what is around `://` up to a blank, a quote or a bracket; slashes as JSON escapes them and `&` as XML
//! does included. What is a secret in one, [`crate::seal`] says.

use std::borrow::Cow;

use super::mask::Mask;
use crate::seal;

/// Schemes whose addresses have no host: ids, files, groups of the local network.
const HOSTLESS: [&str; 12] =
    ["acestream", "ace", "sop", "infohash", "magnet", "plugin", "pipe", "file", "data", "udp", "rtp", "urn"];

/// Whether an address ends before `byte`.
pub(super) const fn ends(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'"' | b'\'' | b'<' | b'>' | b'`')
}

/// `text` with every address in it masked.
pub(super) fn masked(text: &[u8], mask: &Mask) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut word = 0;
    for at in memchr::memmem::find_iter(text, b":").chain([text.len()]) {
        if at < word {
            continue; // of an address that is done
        }
        let rest = &text[at..];
        if at < text.len() && !(rest.starts_with(b"://") || rest.starts_with(br":\/\/")) {
            continue;
        }
        let start =
            text[word..at].iter().rposition(|byte| ends(*byte)).map_or(word, |found| word + found + 1);
        let start = if at == text.len() { at } else { start };
        let end = rest.iter().position(|byte| ends(*byte)).map_or(text.len(), |found| at + found);
        out.extend_from_slice(&text[word..start]);
        out.extend_from_slice(&word_masked(&text[start..end], mask));
        word = end;
    }
    out
}

/// A word with an address in it, or with several.
fn word_masked(word: &[u8], mask: &Mask) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(word) else {
        // Each byte is a letter of some old alphabet; only what is ASCII is looked at.
        let text: String = word.iter().map(|byte| char::from(*byte)).collect();
        return written(&text, mask).chars().map(|letter| u8::try_from(letter).unwrap_or(b'?')).collect();
    };
    written(text, mask).into_bytes()
}

fn written(text: &str, mask: &Mask) -> String {
    let json = text.contains("\\/");
    let amp = ["&amp;", "\\u0026", "&#38;", "&#038;"].into_iter().find(|spelt| text.contains(spelt));
    let mut plain = Cow::Borrowed(text);
    if json {
        plain = plain.replace("\\/", "/").into();
    }
    if let Some(spelt) = amp {
        plain = plain.replace(spelt, "&").into();
    }
    let mut masked = addresses(&plain, mask);
    if let Some(spelt) = amp {
        masked = masked.replace('&', spelt);
    }
    if json { masked.replace('/', "\\/") } else { masked }
}

/// Every address of a word by itself: one may stand in another's path.
fn addresses(text: &str, mask: &Mask) -> String {
    let scheme = |at: usize| {
        let named = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
        text[..at]
            .rfind(|letter| !named(letter))
            .map_or(0, |found| found + text[found..].chars().next().map_or(1, char::len_utf8))
    };
    let starts: Vec<usize> = text.match_indices("://").map(|(at, _)| scheme(at)).collect();
    let mut out = text[..starts.first().copied().unwrap_or(text.len())].to_owned();
    for (number, start) in starts.iter().enumerate() {
        let end = starts.get(number + 1).copied().unwrap_or(text.len());
        if *start < end {
            out.push_str(&one(&text[*start..end], mask));
        }
    }
    out
}

fn one(address: &str, mask: &Mask) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    if HOSTLESS.iter().any(|other| other.eq_ignore_ascii_case(scheme)) {
        return address.to_owned();
    }
    let from = address.len() - rest.len();
    let allowed = |letter: char| letter.is_alphanumeric() || "-._~:[]@%!$&*+=".contains(letter);
    let authority = from + rest.find(|letter| !allowed(letter)).unwrap_or(rest.len());
    let host = address[from..authority].rfind('@').map_or(from, |at| from + at + 1);
    let mut changes: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    changes.push((host..authority, mask.host(scheme, &address[host..authority])));
    let secret = |range: std::ops::Range<usize>| (range.clone(), mask.secret(&address[range]));
    changes.extend(seal::secrets(address).into_iter().filter(|range| !range.is_empty()).map(secret));
    changes.extend(others(address, authority, mask).into_iter().map(secret));
    changes.sort_by_key(|(range, _)| range.start);
    let mut out = String::with_capacity(address.len());
    let mut at = 0;
    for (range, by) in changes {
        if range.start < at {
            continue; // found twice
        }
        out.push_str(&address[at..range.start]);
        out.push_str(&by);
        at = range.end;
    }
    out.push_str(&address[at..]);
    out
}

/// Secrets that are not where those of addresses are: known ones anywhere behind the host, addresses in the query that
/// are encoded, and headers behind a `|`.
fn others(address: &str, from: usize, mask: &Mask) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = from;
    let headers = address[from..].find('|').map_or(address.len(), |at| from + at);
    for part in address[from..].split(['/', '?', '&', '#', ';', '|', ',']) {
        let value = part.split_once('=').map_or(0, |(name, _)| name.len() + 1);
        let text = &part[value..];
        let named = at > headers && value > 0 && seal::tells(&part[..value - 1].to_ascii_lowercase());
        if !text.is_empty() && (named || mask.knows(text) || leads_on(text)) {
            found.push(at + value..at + part.len());
        } else if let Some(name) = text.split('.').next().filter(|name| mask.knows(name)) {
            found.push(at + value..at + value + name.len());
        }
        at += part.len() + 1;
    }
    found
}

/// Whether it is an address, encoded.
fn leads_on(text: &str) -> bool {
    memchr::memmem::find(text.to_ascii_lowercase().as_bytes(), b"%3a%2f%2f").is_some()
}
