//! Tidying what sources write: names, addresses of pictures, containers, titles with years.

use std::borrow::Cow;

use contract::source::{Location, Origin, Source};
use url::form_urlencoded;

pub(crate) use m3u::{entities, entity};

/// Text as people read it: entities decoded, control characters out, every run of blanks one blank, none at the ends,
/// no credential of the `source` in it.
pub(crate) fn text(raw: &str, source: &Source) -> String {
    masked(words(&entities(raw)), source).into_owned()
}

/// `text` with stars in place of the account's credentials.
///
/// SECURITY: panels repeat them in addresses that they put into descriptions, and in greetings that they put into names;
/// both would be published. Outside of addresses a user name, or a password that is a word or short, cannot be told from
/// what people write, and stays.
pub(crate) fn masked<'a>(text: Cow<'a, str>, source: &Source) -> Cow<'a, str> {
    let address = text.contains("://");
    let mut text = text;
    for (username, password) in logins(source) {
        let telling = password.len() >= 6 && !password.bytes().all(|byte| byte.is_ascii_alphabetic());
        for (secret, hidden) in [(&*password, telling || address), (&*username, address)] {
            if hidden && let Some(stars) = without(&text, secret) {
                text = Cow::Owned(stars);
            }
        }
    }
    text
}

/// What somebody else could watch with: the accounts of a panel, and the account in the address of a playlist or guide,
/// where panels expect one.
pub(crate) fn logins(source: &Source) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let from = match &source.origin {
        Origin::M3u(list) => Some(&list.from),
        Origin::Xmltv(guide) => Some(&guide.from),
        Origin::Xtream(_) | Origin::Scrape(_) | Origin::Acestream(_) => None,
    };
    let query = match from {
        Some(Location::Web(address)) => address.reveal().split_once('?').map(|(_, query)| query),
        _ => None,
    };
    let query = query.and_then(|query| query.split('#').next());
    let said = |key: &str| {
        let mut pairs = form_urlencoded::parse(query?.as_bytes());
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    };
    let accounts = source.logins().map(|(username, password)| (username.into(), password.into()));
    accounts.chain(said("username").zip(said("password")))
}

/// `text` with stars where `secret` is and is not a part of a longer word; `None` if it is nowhere.
fn without(text: &str, secret: &str) -> Option<String> {
    if secret.is_empty() || !text.contains(secret) {
        return None;
    }
    let inside = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let mut stars = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in text.match_indices(secret) {
        let end = at + secret.len();
        if !inside(text[..at].chars().next_back()) && !inside(text[end..].chars().next()) {
            stars.push_str(&text[from..at]);
            stars.push_str("***");
            from = end;
        }
    }
    stars.push_str(&text[from..]);
    (from > 0).then_some(stars)
}

/// Text that was decoded before, tidied as people read it.
pub(crate) fn words(decoded: &str) -> Cow<'_, str> {
    if is_tidy(decoded) {
        return Cow::Borrowed(decoded);
    }
    let mut tidy = String::with_capacity(decoded.len());
    for word in decoded.split(|letter: char| letter.is_whitespace() || letter.is_control()) {
        let before = tidy.len();
        if before > 0 {
            tidy.push(' ');
        }
        let start = tidy.len();
        tidy.extend(word.chars().filter(|letter| !is_nothing(*letter)));
        if tidy.len() == start {
            tidy.truncate(before);
        }
    }
    Cow::Owned(tidy)
}

/// A byte order mark, or what is no character and must not be in XML.
const fn is_nothing(letter: char) -> bool {
    matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether there is certainly nothing to do, which is so for most text and is quick to see: letters of ASCII and of
/// those parts of Unicode that have neither blanks nor control characters.
fn is_tidy(text: &str) -> bool {
    let mut before = b' ';
    for byte in text.bytes() {
        let blank = byte == b' ' && before == b' ';
        if blank || byte < b' ' || matches!(byte, 0x7f | 0xc2 | 0xe1 | 0xe2 | 0xe3 | 0xef) {
            return false;
        }
        before = byte;
    }
    before != b' ' || text.is_empty()
}

/// An `http` or `https` address of a picture, or nothing. One that carries the account's credentials is dropped.
pub(crate) fn picture(raw: &str, source: &Source) -> String {
    let url = raw.trim();
    if is_web(url) && url.len() <= 2000 && !tells(url, source) { url.to_owned() } else { String::new() }
}

/// Whether a text is an address of the web, with nothing in it that ends a line, a quotation or a tag.
pub(crate) fn is_web(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let odd = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '"' | '<' | '>')
            || is_nothing(letter)
    };
    web && !rest.is_empty() && !rest.contains(odd)
}

/// Whether an address names the account's password, or its user.
fn tells(url: &str, source: &Source) -> bool {
    const BETWEEN: [char; 8] = ['/', '?', '&', '=', ';', '@', ':', '#'];
    let secrets = logins(source).flat_map(<[Cow<'_, str>; 2]>::from);
    secrets.filter(|secret| !secret.is_empty()).any(|secret| {
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let spelt = |piece: &str| {
            piece == secret || (encoded != secret && piece.replace("%20", "+").eq_ignore_ascii_case(&encoded))
        };
        let scattered = secret.contains(BETWEEN) && url.contains(&*secret);
        scattered || url.split(BETWEEN).any(spelt)
    })
}

/// A file name's ending: lower case, no dot, `mp4` when there is none.
pub(crate) fn container(raw: &str) -> String {
    let ending = raw.trim().trim_start_matches('.').to_ascii_lowercase();
    let fits = (1..=8).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { ending } else { "mp4".into() }
}

/// The extension of what is HLS, of which relays make one transport stream.
pub(crate) const LIST: &str = "m3u8";

/// The extension under which we give what its source has under `container`.
pub(crate) fn given_as(container: String) -> String {
    if container == LIST { "ts".into() } else { container }
}

/// The title and the year of a name such as `Film (2020)`.
pub(crate) fn title_and_year(name: &str) -> (&str, &str) {
    let split = || {
        let (title, year) = name.strip_suffix(')')?.rsplit_once('(')?;
        let fits = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let title = title.trim_end();
        (fits && !title.is_empty()).then_some((title, year))
    };
    split().unwrap_or((name, ""))
}

/// The id of a video, out of an id or an address.
pub(crate) fn video_id(raw: &str) -> String {
    let raw = raw.trim();
    let id = match raw.split_once("://") {
        None => raw,
        Some((_, rest)) => match rest.split_once("v=") {
            Some((_, id)) => id,
            None => rest.split(['?', '#']).next().unwrap_or("").rsplit('/').next().unwrap_or(""),
        },
    };
    let id = id.split(['&', '?', '#']).next().unwrap_or("");
    let fits = id.len() <= 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if fits { id.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        toml::from_str("name='a'\nurl='http://h'\nusername='someone'\npassword='hidden'").unwrap()
    }

    #[test]
    fn names_lose_blanks_controls_and_entities() {
        let text = |raw| text(raw, &source());
        assert_eq!(text("  UK:\tBBC \u{a0} 1\r\n"), "UK: BBC 1");
        assert_eq!(
            text("Tom &amp; Jerry &#39;x&#x27; &eacute; &nosuch; & &"),
            "Tom & Jerry 'x' é &nosuch; & &"
        );
        assert_eq!(text("a\u{0}b&#0;c\u{85}d"), "a b c d");
        assert_eq!(text("&#10;"), "");
        assert_eq!(text("\u{feff}a \u{feff} \u{ffff} b\u{fffe}c \u{feff}"), "a bc");
    }

    #[test]
    fn credentials_are_masked_where_they_cannot_be_anything_else() {
        let account = |username: &str, password: &str| {
            let text = format!("name='a'\nurl='http://h'\nusername='{username}'\npassword='{password}'");
            toml::from_str::<Source>(&text).unwrap()
        };
        let source = account("someone", "hidden7");
        assert_eq!(text("Hi someone, hidden7!", &source), "Hi someone, ***!");
        assert_eq!(text("At http://h/live/someone/hidden7/1.ts", &source), "At http://h/live/***/***/1.ts");
        assert_eq!(text("unhidden7 hidden77 &#104;idden7", &source), "unhidden7 hidden77 ***");
        let source = account("someone", "secret");
        assert_eq!(text("My secret life", &source), "My secret life");
        assert_eq!(text("http://h/?p=secret", &source), "http://h/?p=***");

        let source = account("some one", "p@ss/7");
        for bad in
            ["http://h/p@ss/7/x", "http://h/p%40ss%2f7/x", "http://h/?u=some+one", "http://h/some%20one"]
        {
            assert_eq!(picture(bad, &source), "", "{bad}");
        }
    }

    #[test]
    fn the_account_in_the_address_of_a_list_or_a_guide_is_masked_too() {
        for (kind, document) in [("m3u", "get.php"), ("xmltv", "xmltv.php")] {
            let address = format!("http://h/{document}?username=someone&password=hid%20den7&x=1");
            let source: Source =
                toml::from_str(&format!("name='a'\nkind='{kind}'\nurl='{address}'")).unwrap();
            assert_eq!(text("Renew hid den7 now", &source), "Renew *** now");
            assert_eq!(text("http://h/live/someone/1.ts", &source), "http://h/live/***/1.ts");
            assert_eq!(picture("http://h/logo?u=someone", &source), "");
        }
    }

    #[test]
    fn pictures_are_web_addresses_without_credentials() {
        let source = source();
        for fine in ["http://h/l.png", "https://h/l.png?x=1", " HTTP://h/x "] {
            assert_eq!(picture(fine, &source), fine.trim());
        }
        for bad in [
            "",
            "/logo.png",
            "n/a",
            "ftp://h/x",
            "http://",
            "http://h/a b",
            "http://h/\u{ffff}",
            "http://h/\u{2028}x",
            "http://h/\u{85}x",
            "http://h/i?username=someone&x=1",
            "http://h/live/u/hidden/1",
            "data:image/png;base64,xx",
        ] {
            assert_eq!(picture(bad, &source), "", "{bad}");
        }
    }

    #[test]
    fn containers_titles_and_trailers_are_found() {
        for (raw, expected) in [(".MKV", "mkv"), ("", "mp4"), ("mp4", "mp4"), ("../../x", "mp4")] {
            assert_eq!(container(raw), expected);
        }
        for (container, given) in [("m3u8", "ts"), ("ts", "ts"), ("mkv", "mkv")] {
            assert_eq!(given_as(container.into()), given);
        }
        assert_eq!(title_and_year("Film (2020)"), ("Film", "2020"));
        for whole in ["(2020)", "Film (20)", "Film 2020", "Film (abcd)"] {
            assert_eq!(title_and_year(whole), (whole, ""));
        }
        for raw in [
            "dQw4w9WgXcQ",
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1",
            "https://youtu.be/dQw4w9WgXcQ?x",
        ] {
            assert_eq!(video_id(raw), "dQw4w9WgXcQ");
        }
    }

    proptest::proptest! {
        #[test]
        fn tidy_text_stays_as_it_is(raw: String) {
            let once = words(&raw);
            proptest::prop_assert!(!is_tidy(&raw) || raw.split_whitespace().collect::<Vec<_>>().join(" ") == raw);
            let blanks = once.contains("  ") || once.chars().any(char::is_control);
            proptest::prop_assert!(!blanks && once.trim() == once);
        }
    }
}
