//! Taking secrets out of the addresses that sources list, before they are published.
//!
//! A playlist's addresses hold names, passwords and tokens: as a login before the host, as segments of a panel's path, as
//! values of the query, as request headers. Each goes into the vault, and its number stands in the bundle.

use std::collections::BTreeMap;
use std::ops::Range;

use contract::address::Template;
use contract::vault::Vault;
use url::form_urlencoded;

use crate::harvest::Address;

/// Words that the names of secret parameters and headers contain. `hdn` and `wms` are those of two content networks.
const TELLING: [&str; 17] = [
    "user", "pass", "pwd", "token", "tkn", "auth", "key", "secret", "sig", "session", "sid", "hash", "md5",
    "mac", "cookie", "hdn", "wms",
];
/// Request headers that say nothing secret, whatever their values contain.
const HARMLESS: [&str; 4] = ["user-agent", "referer", "origin", "accept"];

/// `address` of `source` as it may be published; what is `known` to be secret is so wherever it stands. `None` if it has
/// more secrets than the vault takes.
pub(crate) fn sealed(
    address: &Address,
    source: &str,
    known: &[String],
    vault: &mut Vault,
) -> Option<Address> {
    let closed = |text: &str, vault: &mut Vault| closed(text, &[], (source, known), vault);
    let url = closed(&address.url, vault)?;
    let mut headers = BTreeMap::new();
    for (name, value) in &address.headers {
        let lower = name.to_ascii_lowercase();
        let harmless = HARMLESS.contains(&lower.as_str()) || !tells(&lower);
        // A page that a request is said to come from has an address, too.
        let value = if harmless { closed(value, vault)? } else { vault.placeholder(source, value)? };
        headers.insert(name.clone(), value);
    }
    Some(Address { url, headers })
}

/// `past` of `source` as it may be published, likewise. Its places stay, also within what is secret.
pub(crate) fn sealed_template(
    past: &Template,
    source: &str,
    known: &[String],
    vault: &mut Vault,
) -> Option<Template> {
    let places = Template::places(&past.text);
    Some(Template { text: closed(&past.text, &places, (source, known), vault)?, ..*past })
}

/// `text` with placeholders where its secrets are, but for its `places`.
fn closed(
    text: &str,
    places: &[Range<usize>],
    (source, known): (&str, &[String]),
    vault: &mut Vault,
) -> Option<String> {
    let secrets = all_secrets(text, known).into_iter().flat_map(|secret| without(secret, places));
    let mut parts: Vec<(Range<usize>, bool)> = secrets.map(|secret| (secret, true)).collect();
    parts.extend(places.iter().map(|place| (place.clone(), false)));
    parts.sort_unstable_by_key(|(part, _)| part.start);
    let mut closed = String::with_capacity(text.len());
    let mut from = 0;
    for (part, secret) in parts {
        closed.push_str(&literal(&text[from..part.start]));
        from = part.end;
        match secret {
            true => closed.push_str(&vault.placeholder(source, &text[part])?),
            false => closed.push_str(&text[part]),
        }
    }
    closed.push_str(&literal(&text[from..]));
    Some(closed)
}

/// What is left of a range between `places`.
fn without(range: Range<usize>, places: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    let mut from = range.start;
    for place in places.iter().filter(|place| place.start < range.end && range.start < place.end) {
        left.push(from..place.start.max(from));
        from = place.end;
    }
    left.push(from..range.end.max(from));
    left.retain(|part| !part.is_empty());
    left
}

/// Text without anything that the relay would take for a placeholder.
fn literal(text: &str) -> String {
    text.replace('{', "%7B").replace('}', "%7D")
}

/// Whether a parameter or a header of this name (in lower case) says something secret.
pub(crate) fn tells(name: &str) -> bool {
    TELLING.iter().any(|word| name.contains(word))
}

/// Where in `url` its secrets stand, in order and apart.
pub(crate) fn secrets(url: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(authority) = url.find("://").map(|at| at + 3) else { return found };
    let part = |from: usize, ends: &[char]| url[from..].find(ends).map_or(url.len(), |at| from + at);
    let path = part(authority, &['/', '?', '#']);
    // There may be nobody before it: `udp://@239.0.0.1`.
    if let Some(at) = url[authority..path].rfind('@').filter(|at| *at > 0) {
        found.push(authority..authority + at);
    }
    let query = part(path, &['?', '#']);
    found.extend(login(url, path, query));
    let end = part(query, &['#']);
    let mut at = query + 1;
    while at < end {
        let next = url[at..end].find('&').map_or(end, |found| at + found);
        if let Some((name, value)) = url[at..next].split_once('=')
            && !value.is_empty()
            && tells(&name.to_ascii_lowercase())
        {
            found.push(next - value.len()..next);
        }
        at = next + 1;
    }
    found
}

/// The same, and the segments of the path and values of the query that are `known`.
fn all_secrets(url: &str, known: &[String]) -> Vec<Range<usize>> {
    let mut found = secrets(url);
    let Some(mut at) = url.find("://").map(|at| at + 3).filter(|_| !known.is_empty()) else { return found };
    for part in url[at..].split(['/', '?', '&', '#']) {
        let value = at + part.split_once('=').map_or(0, |(name, _)| name.len() + 1)..at + part.len();
        let apart = found.iter().all(|other| other.end <= value.start || value.end <= other.start);
        if apart && is_known(&url[value.clone()], known) {
            found.push(value);
        }
        at += part.len() + 1;
    }
    found.sort_unstable_by_key(|secret| secret.start);
    found
}

fn is_known(text: &str, known: &[String]) -> bool {
    let text = text.replace('+', "%2B").replace('=', "%3D");
    form_urlencoded::parse(text.as_bytes()).next().is_some_and(|(text, _)| known.iter().any(|it| *it == text))
}

/// The account in a panel's path: `/live/USER/PASS/7.ts` and `/USER/PASS/7`.
fn login(url: &str, path: usize, end: usize) -> Vec<Range<usize>> {
    let mut segments = Vec::new();
    let mut at = path;
    for segment in url[path..end].split('/') {
        if !segment.is_empty() {
            segments.push(at..at + segment.len());
        }
        at += segment.len() + 1;
    }
    let text = |at: usize| segments.get(at).map_or("", |range| &url[range.clone()]);
    let numbered = |name: &str| {
        let digits = name.split('.').next().unwrap_or("");
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let folder = ["live", "movie", "series", "timeshift"];
    let named = segments.iter().position(|range| folder.contains(&&url[range.clone()]));
    match named {
        Some(at) if segments.len() >= at + 4 => segments[at + 1..=at + 2].to_vec(),
        None if segments.len() == 3 && numbered(text(2)) => segments[..2].to_vec(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_passwords_and_tokens_are_found_wherever_they_stand() {
        for (url, expected) in [
            ("http://h/live/ann/pw/7.ts", &["ann", "pw"][..]),
            ("http://h:80/tv/movie/ann/pw/7.mkv?token=t", &["ann", "pw", "t"]),
            ("http://h/ann/pw/7", &["ann", "pw"]),
            ("http://u:p@h/x.m3u8", &["u:p"]),
            ("http://h/x?username=u&password=p&type=m3u#token=no", &["u", "p"]),
            ("https://h/a/b/index.m3u8?hdnea=st%3d1&x=1", &["st%3d1"]),
            ("http://h/live/stream/index.m3u8", &[]),
            ("http://h/stitch/hls/channel/62ba/master.m3u8?appName=web", &[]),
            ("http://h/live.m3u8?", &[]),
            ("acestream://0123", &[]),
            ("udp://@239.0.0.1:1234", &[]),
            ("not an address", &[]),
        ] {
            let found: Vec<&str> = secrets(url).into_iter().map(|range| &url[range]).collect();
            let found: Vec<&str> = found.into_iter().filter(|it| !it.is_empty()).collect();
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn a_sealed_address_is_opened_again_and_cannot_ask_for_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut vault = Vault::load(&folder.path().join("vault.json")).unwrap();
        let headers = [("Cookie", "c=1"), ("User-Agent", "key {secret:1}")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let address = Address { url: "http://h/live/ann/pw/7.ts?x={secret:1}".into(), headers };
        let sealed = sealed(&address, "a", &[], &mut vault).unwrap();
        let [ann, pw, cookie] = ["ann", "pw", "c=1"].map(|it| vault.placeholder("a", it).unwrap());
        assert_eq!(sealed.url, format!("http://h/live/{ann}/{pw}/7.ts?x=%7Bsecret:1%7D"));
        assert_eq!(
            (&*sealed.headers["Cookie"], &*sealed.headers["User-Agent"]),
            (&*cookie, "key %7Bsecret:1%7D")
        );
        assert_eq!(vault.reveal("a", &sealed.url).unwrap(), "http://h/live/ann/pw/7.ts?x=%7Bsecret:1%7D");
    }

    #[test]
    fn a_template_is_sealed_but_for_its_places() {
        let mut vault = Vault::load(std::path::Path::new("/nowhere/vault.json")).unwrap();
        let [ann, pw, token, rest] =
            ["ann", "pw", "t0ken", "-x"].map(|it| vault.placeholder("a", it).unwrap());
        for (text, expected) in [
            (
                "http://h/timeshift/ann/pw/{duration:60}/{Y}-{m}/7.ts?token=t0ken&utc={utc}",
                &*format!(
                    "http://h/timeshift/{ann}/{pw}/{{duration:60}}/{{Y}}-{{m}}/7.ts?token={token}&utc={{utc}}"
                ),
            ),
            ("http://h/timeshift/{Y}/{m}/{d}/7.ts", "http://h/timeshift/{Y}/{m}/{d}/7.ts"),
            (
                "http://h/{secret:1}?session=${start}-x",
                &*format!("http://h/%7Bsecret:1%7D?session=${{start}}{rest}"),
            ),
            ("http://h/dvr/ann/{utc}", &*format!("http://h/dvr/{ann}/{{utc}}")),
        ] {
            let template = Template { text: text.into(), correction: 7 };
            let sealed = sealed_template(&template, "a", &["ann".to_owned()], &mut vault).unwrap();
            assert_eq!((&*sealed.text, sealed.correction), (expected, 7));
            // Sealed or not, the same is asked for.
            let past = contract::address::Past { start: 1_759_996_800, minutes: 30 };
            let [open, closed] = [&template, &sealed].map(|it| it.fill(past, past.end()));
            let open = open.replace("{secret:1}", "%7Bsecret:1%7D");
            assert_eq!(vault.reveal("a", &closed).unwrap(), open);
        }
    }

    #[test]
    fn an_address_in_a_header_is_sealed_too() {
        let mut vault = Vault::load(std::path::Path::new("/nowhere/vault.json")).unwrap();
        let headers =
            [("Referer", "http://h/page?token=t0ken"), ("User-Agent", "VLC/3 (http://vlc.example)")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let address = Address { url: "http://h/x.m3u8".into(), headers };
        let sealed = sealed(&address, "a", &[], &mut vault).unwrap();
        let token = vault.placeholder("a", "t0ken").unwrap();
        assert_eq!(sealed.headers["Referer"], format!("http://h/page?token={token}"));
        assert_eq!(sealed.headers["User-Agent"], "VLC/3 (http://vlc.example)");
    }

    #[test]
    fn what_a_source_is_asked_with_is_sealed_in_any_path() {
        let mut vault = Vault::load(std::path::Path::new("/nowhere/vault.json")).unwrap();
        let known = ["ann", "open sesame/1"].map(str::to_owned);
        let places = ["ann", "open%20sesame%2F1", "pw"].map(|it| vault.placeholder("a", it).unwrap());
        let [ann, sesame, pw] = &places;
        for (url, expected) in [
            ("http://h/tv/ann/open%20sesame%2F1/7.ts", &*format!("http://h/tv/{ann}/{sesame}/7.ts")),
            (
                "http://h/live/ann/pw/7.ts?x=ann&y=Joanna",
                &*format!("http://h/live/{ann}/{pw}/7.ts?x={ann}&y=Joanna"),
            ),
            ("http://ann.example/annex", "http://ann.example/annex"),
        ] {
            let address = Address { url: url.into(), ..Address::default() };
            let sealed = sealed(&address, "a", &known, &mut vault).unwrap();
            assert_eq!(sealed.url, expected);
            assert_eq!(vault.reveal("a", &sealed.url).unwrap(), url);
        }
    }

    proptest::proptest! {
        #[test]
        fn secrets_stand_in_order_and_apart(url in "(https?://)?[a-z:@./?&=#é]{0,40}") {
            let mut from = 0;
            for secret in secrets(&url) {
                proptest::prop_assert!(from <= secret.start && url.get(secret.clone()).is_some());
                from = secret.end;
            }
        }
    }
}
