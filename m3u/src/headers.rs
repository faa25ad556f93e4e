//! Headers that requests for an entry carry: from `#EXTVLCOPT`, `#KODIPROP`, `#EXTHTTP`, attributes, and behind a `|` in
//! the address.

use std::borrow::Cow;
use std::collections::BTreeMap;

use url::form_urlencoded;

/// The longest value that is sent.
const LONGEST_VALUE: usize = 4096;

/// A header as it is sent, or nothing for what must not be.
///
/// SECURITY: percent-encoded line ends would begin a header, or a request, of their own; and headers that say where a
/// message goes or where it ends are for the one who sends it to decide.
pub(crate) fn checked<'a>(name: &'a str, value: &'a str) -> Option<(&'a str, &'a str)> {
    let name = name.trim();
    let value = value.trim();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
    let plain = (1..=64).contains(&name.len()) && name.bytes().all(token);
    let fits = (1..=LONGEST_VALUE).contains(&value.len()) && !value.chars().any(char::is_control);
    if !plain || !fits {
        return None;
    }
    const TAKEN: [&str; 11] = [
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "content-length",
        "transfer-encoding",
        "te",
        "trailer",
        "upgrade",
        "range",
        "accept-encoding",
    ];
    const SPELT: [(&str, &str); 11] = [
        ("user-agent", "User-Agent"),
        ("http-user-agent", "User-Agent"),
        ("referer", "Referer"),
        ("referrer", "Referer"),
        ("http-referrer", "Referer"),
        ("http-referer", "Referer"),
        ("origin", "Origin"),
        ("http-origin", "Origin"),
        ("cookie", "Cookie"),
        ("http-cookie", "Cookie"),
        ("http-cookies", "Cookie"),
    ];
    if TAKEN.iter().any(|taken| name.eq_ignore_ascii_case(taken)) {
        return None;
    }
    let spelt = SPELT.iter().find(|(other, _)| name.eq_ignore_ascii_case(other));
    Some((spelt.map_or(name, |(_, spelt)| spelt), value))
}

/// The header of an option of VLC, if it is about one: `http-user-agent=…`, also in quotes.
pub(crate) fn of_vlc(option: &str) -> Option<(&str, &str)> {
    let (name, value) = option.split_once('=')?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    const HEADERS: [&str; 6] =
        ["http-user-agent", "http-referrer", "http-referer", "http-origin", "http-cookie", "http-cookies"];
    let name = name.trim();
    HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header)).then_some((name, value))
}

/// Gives `each` the headers of `User-Agent=X&Referer=Y`, with `|` for `&` too. Kodi writes `!` before its own.
pub(crate) fn of_query(query: &str, mut each: impl FnMut(&str, &str)) {
    for part in query.split('|') {
        for (name, value) in form_urlencoded::parse(part.as_bytes()) {
            each(name.trim().trim_start_matches('!'), &value);
        }
    }
}

/// Gives `each` the headers of a JSON object; nothing for what is none.
pub(crate) fn of_json(text: &str, mut each: impl FnMut(&str, &str)) {
    let object: BTreeMap<Cow<'_, str>, serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    for (name, value) in &object {
        match value {
            serde_json::Value::String(text) => each(name, text),
            serde_json::Value::Number(number) => each(name, &number.to_string()),
            _ => {}
        }
    }
}

/// An address, and what follows its first `|` if that is a header: `http://h/x|User-Agent=X`. Commands and add-ons of
/// Kodi have bars of their own.
pub(crate) fn piped(address: &str) -> (&str, &str) {
    let head = address.split(':').next().unwrap_or("");
    if head.eq_ignore_ascii_case("pipe") || head.eq_ignore_ascii_case("plugin") {
        return (address, "");
    }
    for (at, _) in address.match_indices('|') {
        let (before, after) = (&address[..at], &address[at + 1..]);
        let name = after.trim_start().trim_start_matches('!');
        let length =
            name.bytes().take(65).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let length = length.count();
        if after.is_empty() || (length > 0 && name.as_bytes().get(length) == Some(&b'=')) {
            return (before.trim_end(), after);
        }
    }
    (address, "")
}
