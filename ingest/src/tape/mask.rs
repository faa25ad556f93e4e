//! What stands on a tape in place of secrets and hosts: always the same in place of the same.
//!
//! What is configured is known beforehand and numbered: `secret1`, `host1.invalid`. What documents list is replaced where
//! it is found, by a hash under a key that nobody keeps: however many there are, nothing has to be remembered.

use std::collections::{HashMap, HashSet};

use contract::source::{Location, Origin, Source, WebAddress};
use regex::bytes::{Regex, RegexBuilder};
use url::form_urlencoded;

use super::address;
use crate::seal;

/// Hosts of pictures and document types that everybody knows. All others are replaced.
const PUBLIC: [&str; 8] = [
    "image.tmdb.org",
    "upload.wikimedia.org",
    "raw.githubusercontent.com",
    "i.imgur.com",
    "m.media-amazon.com",
    "artworks.thetvdb.com",
    "www.w3.org",
    "schemas.xmlsoap.org",
];
/// Values of queries that say what is wanted, not who wants it.
const PLAIN: [&str; 12] =
    ["m3u", "m3u_plus", "ts", "mpegts", "hls", "m3u8", "xml", "xmltv", "json", "true", "false", "live"];
/// Request headers that say nothing secret.
const HARMLESS: [&str; 6] =
    ["user-agent", "referer", "origin", "accept", "accept-language", "x-requested-with"];
/// Shorter secrets are replaced only where something says that they are one.
const WORD: usize = 4;
/// Secrets of so many letters are replaced inside words, too.
const UNMISTAKABLE: usize = 8;
/// The longest value of a header that is replaced, in letters, each of two bytes at most.
const LONGEST: usize = 4096;

/// Replaces secrets and hosts.
pub(crate) struct Mask {
    /// By secret.
    secrets: HashMap<String, String>,
    /// What stands for secrets, which is not replaced again.
    given: HashSet<String>,
    /// By `host:port` without a port that the scheme implies.
    hosts: HashMap<String, String>,
    /// By spelling.
    needles: HashMap<Vec<u8>, Vec<u8>>,
    finder: Regex,
    key: [u8; 32],
}

// SECURITY: what types print of themselves ends up in logs.
impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} secrets)", self.secrets.len())
    }
}

impl Mask {
    /// Knows what the configuration says.
    ///
    /// # Errors
    /// The secrets are more than can be looked for at once.
    pub(super) fn new(sources: &[Source]) -> Result<Self, regex::Error> {
        let mut known = Known::default();
        sources.iter().for_each(|source| known.source(source));
        let needles = known.needles();
        let mut spelt: Vec<&Vec<u8>> = needles.keys().collect();
        spelt.sort_by_key(|spelling| (std::cmp::Reverse(spelling.len()), spelling.to_vec()));
        let spelt: Vec<String> = spelt.iter().map(|spelling| literal(spelling)).collect();
        // Behind the known ones: a header and its value, as playlists write it and as JSON does.
        let plain = r#"((?i:http-cookies?=|authorization=|license_key=))([^"\r\n]{1,4096})"#;
        let words = "cookie|authorization|token|password|passwd|secret|api[_-]?key";
        let quoted = format!(
            r#"("(?i:[a-z_-]{{0,32}}(?:{words})[a-z_-]{{0,32}})"[ \t]*:[ \t]*")((?:[^"\r\n\\]|\\[^\r\n]){{1,4096}})"#
        );
        let headers = format!("{plain}|{quoted}");
        let pattern =
            format!("({})|{headers}", if spelt.is_empty() { "[^\\s\\S]".into() } else { spelt.join("|") });
        let finder = RegexBuilder::new(&pattern).unicode(false).size_limit(64 << 20).build()?;
        let given = known.secrets.values().cloned().collect();
        Ok(Self { secrets: known.secrets, given, hosts: known.hosts, needles, finder, key: rand::random() })
    }

    /// `text` as it may be kept.
    pub(crate) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Bytes as they may be kept. They are a whole document.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let found = self.found(bytes);
        address::masked(&self.replaced(bytes, &found), self)
    }

    /// Where something is that is replaced whatever it stands in, in order and apart.
    pub(super) fn found(&self, bytes: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(groups) = self.finder.captures_at(bytes, from) {
            let all = groups.get(0).expect("the whole match is there");
            from = all.end().max(all.start() + 1);
            let by = if let Some(needle) = groups.get(1) {
                if !stands_alone(bytes, needle.start(), needle.end()) {
                    from = needle.start() + 1;
                    continue;
                }
                self.needles.get(needle.as_bytes()).cloned().unwrap_or_default()
            } else {
                let Some(value) = groups.get(3).or_else(|| groups.get(5)) else { continue };
                let text = String::from_utf8_lossy(value.as_bytes());
                let spelt = format!("\"{text}\"");
                let json = groups.get(5).and_then(|_| serde_json::from_str(&spelt).ok());
                let mut by = bytes[all.start()..value.start()].to_vec();
                by.extend_from_slice(self.secret(&json.unwrap_or_else(|| text.into_owned())).as_bytes());
                by
            };
            found.push(Found { start: all.start(), end: all.end(), by });
        }
        found
    }

    /// `bytes` with everything replaced that was found in them.
    pub(super) fn replaced(&self, bytes: &[u8], found: &[Found]) -> Vec<u8> {
        let mut replaced = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for Found { start, end, by } in found {
            replaced.extend_from_slice(&bytes[from..*start]);
            replaced.extend_from_slice(by);
            from = *end;
        }
        replaced.extend_from_slice(&bytes[from..]);
        replaced
    }

    /// What stands for a secret. Digits stand for digits: a document may have them without quotes.
    pub(super) fn secret(&self, secret: &str) -> String {
        // A bundle's own placeholder says nothing.
        if secret.is_empty() || self.given.contains(secret) || secret.starts_with("{secret:") {
            return secret.to_owned();
        }
        if let Some(given) = self.secrets.get(secret) {
            return given.clone();
        }
        let decoded = decoded(secret);
        if self.given.contains(&decoded) {
            return decoded;
        }
        if let Some(given) = self.secrets.get(&decoded) {
            return given.clone();
        }
        let hash = self.hash(&decoded);
        if digits(secret) {
            format!("99{:010}", hash % 10_000_000_000)
        } else {
            format!("secret-{hash:016x}")
        }
    }

    /// Whether it is a secret that the configuration says.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.secrets.contains_key(text) || self.secrets.contains_key(&decoded(text))
    }

    /// What stands for a host with its port, below `scheme`.
    pub(super) fn host(&self, scheme: &str, host: &str) -> String {
        let host = plain_host(scheme, host);
        let name = host.split(':').next().unwrap_or("");
        if name.is_empty() || name.ends_with(".invalid") || PUBLIC.contains(&name) {
            return host;
        }
        match self.hosts.get(&host) {
            Some(given) => given.clone(),
            None => format!("host-{:016x}.invalid", self.hash(&host)),
        }
    }

    /// The longest of what is looked for, in bytes.
    pub(super) fn reach(&self) -> usize {
        self.needles.keys().map(Vec::len).max().unwrap_or(0).max(2 * LONGEST + 256)
    }

    /// A configured address as the tape's configuration says it: whatever may be secret is replaced.
    pub(super) fn configured(&self, address: &WebAddress) -> String {
        // As it is asked for, so that what is asked of the tape is spelt alike.
        let spelt = url::Url::parse(address.reveal());
        self.text(spelt.as_ref().map_or(address.reveal(), |url| url.as_str()))
    }

    fn hash(&self, text: &str) -> u64 {
        let hash = blake3::keyed_hash(&self.key, text.as_bytes());
        let (first, _) = hash.as_bytes().split_first_chunk::<8>().expect("a hash has 32 bytes");
        u64::from_le_bytes(*first)
    }
}

/// Something that is replaced.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    by: Vec<u8>,
}

/// What the configuration says.
#[derive(Default)]
struct Known {
    secrets: HashMap<String, String>,
    hosts: HashMap<String, String>,
    /// Paths of files, and what they are called.
    files: Vec<(String, String)>,
}

impl Known {
    fn source(&mut self, source: &Source) {
        let locations: Vec<&Location> = locations(source);
        if let Origin::Xtream(panel) = &source.origin {
            for url in &panel.urls {
                self.host_of(url.as_str());
            }
            for login in &panel.accounts {
                self.plain(login.username.reveal());
                self.plain(login.password.reveal());
            }
        }
        for location in locations {
            match location {
                Location::Web(address) => self.address(address),
                Location::File(path) => {
                    let name =
                        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
                    self.files.push((path.display().to_string(), name));
                }
            }
        }
        for (name, value) in &source.transport.headers {
            if !HARMLESS.contains(&name.to_ascii_lowercase().as_str()) {
                self.plain(value.reveal());
                let last = value.reveal().rsplit(' ').next().unwrap_or("");
                self.plain(last);
            }
        }
        if let Some(proxy) = &source.transport.proxy {
            self.host_of(proxy.reveal());
            let url = proxy.reveal();
            for range in seal::secrets(url) {
                url[range].split(':').for_each(|secret| self.secret(secret));
            }
        }
    }

    fn address(&mut self, address: &WebAddress) {
        let url = address.reveal();
        self.host_of(url);
        for secret in address.secrets().filter(|secret| !PLAIN.contains(secret)) {
            self.secret(secret);
        }
        for range in seal::secrets(url) {
            self.secret(&url[range]);
        }
        let path = url.splitn(4, '/').nth(3).unwrap_or("").split(['?', '#']).next().unwrap_or("");
        // Some providers put the token into the path.
        let random = |part: &&str| {
            let has = |of: fn(&u8) -> bool| part.bytes().any(|byte| of(&byte));
            part.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
        };
        path.split(['/', '.']).filter(random).for_each(|part| self.secret(part));
    }

    /// One that stands in an address, maybe encoded.
    fn secret(&mut self, secret: &str) {
        self.plain(&decoded(secret));
    }

    /// One as it is.
    fn plain(&mut self, secret: &str) {
        if secret.is_empty() || PLAIN.contains(&secret) || self.secrets.contains_key(secret) {
            return;
        }
        let number = self.secrets.len() + 1;
        let given = if digits(secret) { format!("99{number:010}") } else { format!("secret{number}") };
        self.secrets.insert(secret.to_owned(), given);
    }

    fn host_of(&mut self, url: &str) {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let number = self.hosts.len() + 1;
        self.hosts.entry(plain_host(scheme, host)).or_insert_with(|| format!("host{number}.invalid"));
    }

    /// Every way in which something that is known may be spelt, and what stands for it.
    fn needles(&self) -> HashMap<Vec<u8>, Vec<u8>> {
        let mut needles = HashMap::new();
        let mut add = |needle: &str, by: &str| {
            if !needle.is_empty() {
                needles.entry(needle.as_bytes().to_vec()).or_insert_with(|| by.as_bytes().to_vec());
            }
        };
        for (secret, given) in &self.secrets {
            if secret.len() < WORD {
                for key in ["username", "password", "user", "pass"] {
                    add(&format!("\"{key}\":\"{secret}\""), &format!("\"{key}\":\"{given}\""));
                }
                continue;
            }
            for spelling in spellings(secret) {
                add(&spelling, given);
            }
        }
        let mut hosts: Vec<(&String, &String)> = self.hosts.iter().collect();
        // Of two ports of a host the first stands for the host alone.
        hosts.sort_by_key(|(_, given)| (given.len(), given.to_string()));
        for (host, given) in hosts {
            add(host, given);
            let name =
                host.rsplit_once(':').filter(|(_, port)| digits(port)).map_or(host.as_str(), |it| it.0);
            if name.len() >= WORD && name.contains(['.', ':']) {
                add(name, given);
            }
        }
        for (path, name) in &self.files {
            add(path, name);
        }
        needles
    }
}

/// The places that a source says, in its order.
pub(super) fn locations(source: &Source) -> Vec<&Location> {
    match &source.origin {
        Origin::Xtream(_) => Vec::new(),
        Origin::M3u(list) => vec![&list.from],
        Origin::Xmltv(guide) => vec![&guide.from],
        Origin::Scrape(scrape) => scrape.pages.iter().collect(),
        Origin::Acestream(list) => list.from.iter().collect(),
    }
}

/// As it is, and as it stands in addresses, JSON, XML and old playlists.
fn spellings(secret: &str) -> Vec<String> {
    let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let lower = |text: &str| {
        let mut parts = text.split('%');
        let first = parts.next().unwrap_or("").to_owned();
        parts.fold(first, |all, part| {
            let (code, rest) = part.split_at(part.len().min(2));
            format!("{all}%{}{rest}", code.to_ascii_lowercase())
        })
    };
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let ascii: String = json.chars().fold(String::new(), |all, letter| {
        if letter.is_ascii() { format!("{all}{letter}") } else { all + &escaped(letter) }
    });
    let xml = quick_xml::escape::escape(secret).into_owned();
    let mut all = vec![secret.to_owned(), lower(&form), lower(&percent), form, percent];
    all.extend([
        json.replace('/', "\\/"),
        ascii.replace('/', "\\/"),
        json,
        ascii,
        xml.replace("&apos;", "&#39;"),
        xml,
    ]);
    all
}

/// As PHP writes a letter that is not ASCII.
fn escaped(letter: char) -> String {
    let mut units = [0; 2];
    letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

fn literal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Whether what was found is a word, or too long to be part of one by accident. `%2F` ends with no letter.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let code =
        start >= 3 && bytes[start - 3] == b'%' && bytes[start - 2..start].iter().all(u8::is_ascii_hexdigit);
    let before = start > 0 && bytes[start - 1].is_ascii_alphanumeric() && !code;
    let after = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    end - start >= UNMISTAKABLE || !(before || after)
}

/// In lower case, without a port that goes without saying.
fn plain_host(scheme: &str, host: &str) -> String {
    let host = host.to_ascii_lowercase();
    let implied = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    host.strip_suffix(implied).map_or(host.clone(), str::to_owned)
}

fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let spelt = text.replace('+', "%2B");
    let (value, _) = form_urlencoded::parse(spelt.as_bytes()).next().unwrap_or_default();
    // A value with `=` or `&` of its own is no single name.
    if spelt.contains(['=', '&']) { text.to_owned() } else { value.into_owned() }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(username: &str, password: &str) -> Mask {
        let text = format!(
            "name='a'\nurl='http://Panel.example:80/tv'\nusername='{username}'\npassword='{password}'"
        );
        Mask::new(&[toml::from_str(&text).unwrap()]).unwrap()
    }

    #[test]
    fn a_secret_is_the_same_in_every_spelling_and_a_word_with_its_letters_is_none() {
        let mask = mask("annie", "p&ss wörd/1");
        for (text, expected) in [
            ("annie's Annies, annies", "secret1's Annies, annies"),
            (
                r#"{"url":"http:\/\/panel.example\/live\/annie\/p%26ss%20w%c3%b6rd%2F1\/7.ts"}"#,
                r#"{"url":"http:\/\/host1.invalid\/live\/secret1\/secret2\/7.ts"}"#,
            ),
            (
                r#"{"password":"p&ss w\u00f6rd\/1","url":"panel.example"}"#,
                r#"{"password":"secret2","url":"host1.invalid"}"#,
            ),
            (
                "<url src='http://panel.example:80/x.php?username=annie&amp;password=p%26ss+w%C3%B6rd%2F1&amp;a=b'/>",
                "<url src='http://host1.invalid/x.php?username=secret1&amp;password=secret2&amp;a=b'/>",
            ),
            ("x%2Fannie%2Fy", "x%2Fsecret1%2Fy"),
            ("p&amp;ss wörd/1", "secret2"),
        ] {
            assert_eq!(mask.text(text), expected);
        }
    }

    #[test]
    fn a_short_secret_and_one_of_digits_leave_a_document_readable() {
        let mask = mask("u1", "12345678");
        let document = r#"{"user_info":{"username":"u1","password":12345678,"auth":1},"n":"u1 x"}"#;
        let masked = mask.text(document);
        assert!(serde_json::from_str::<serde_json::Value>(&masked).is_ok(), "{masked}");
        assert_eq!(
            masked,
            r#"{"user_info":{"username":"secret1","password":990000000002,"auth":1},"n":"u1 x"}"#
        );
        let address = mask.text("http://panel.example/tv/live/u1/12345678/7.ts");
        assert_eq!(address, "http://host1.invalid/tv/live/secret1/990000000002/7.ts");
    }

    #[test]
    fn what_is_listed_is_replaced_alike_wherever_it_stands_and_public_pictures_stay() {
        let mask = mask("annie", "passwort");
        let masked = mask.text("http://Cdn.example:81/a.m3u8?token=t1 https://cdn.example:81/t1/x|Cookie=t1&User-Agent=y http://o/x?u=http%3A%2F%2Fcdn.example%2F");
        assert!(
            !masked.contains("dn.example") && !masked.contains("token=t1") && !masked.contains("Cookie=t1"),
            "{masked}"
        );
        let hosts: Vec<&str> = masked.match_indices("host-").map(|(at, _)| &masked[at..at + 21]).collect();
        assert!(hosts[0] == hosts[1] && hosts[1] != hosts[2], "{masked}");
        for stays in
            ["https://image.tmdb.org/t/p/w500/a.jpg", "acestream://0123", "udp://@239.0.0.1:1234", "a: b://"]
        {
            assert_eq!(mask.text(stays), stays);
        }
        for listed in [
            "#EXTVLCOPT:http-cookie=a=b; c",
            r#"#EXTHTTP:{"Cookie": "a=b; c"}"#,
            r#"{"auth_token":"a=b; c"}"#,
        ] {
            assert!(!mask.text(listed).contains("a=b"), "{}", mask.text(listed));
        }
    }

    #[test]
    fn a_password_that_looks_encoded_is_replaced_as_it_is_written() {
        let mask = mask("annie", "pa%41ss");
        let document = r#"{"password":"pa%41ss","url":"http://panel.example/live/annie/pa%2541ss/7.ts"}"#;
        let masked = mask.text(document);
        assert_eq!(mask.text("pa%41ss is wrong"), "secret2 is wrong");
        assert_eq!(
            masked,
            r#"{"password":"secret2","url":"http://host1.invalid/live/secret1/secret2/7.ts"}"#
        );
    }

    #[test]
    fn a_key_of_an_interface_is_replaced_however_its_header_is_spelt() {
        let mask = mask("annie", "passwort");
        for header in
            [r#"{"X-Api-Key": "0123abcd"}"#, r#"{"X-API_KEY":"0123abcd"}"#, r#"{"apikey":"0123abcd"}"#]
        {
            assert!(!mask.text(header).contains("0123abcd"), "{header}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_configured_is_left_of_any_text(
            before in "(https?://)?[a-z:@./?&=#é%|\\\\\"' -]{0,30}",
            after in "[a-z:@./?&=#é%|\\\\\"' -]{0,30}",
        ) {
            let mask = mask("annabel1", "passwort");
            let text = format!("{before}annabel1{after}");
            proptest::prop_assert!(!mask.text(&text).contains("annabel1"));
            let mut bytes = text.into_bytes();
            bytes.push(0xe9); // an old alphabet
            proptest::prop_assert!(memchr::memmem::find(&mask.bytes(&bytes), b"annabel1").is_none());
        }
    }
}
