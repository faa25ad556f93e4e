//! Scraped pages and documents.

use std::collections::HashSet;

use contract::source::{Origin, Source};
use url::Url;

use super::PASSWORD;
use crate::source::scrape::rows::{Leads, Rows};
use crate::source::scrape::{Page, Reading};
use crate::tidy;

/// What pages are read with: by the first byte, the default for one that is none of these.
const SETTINGS: [(u8, &str, &str); 7] = [
    (b'a', "", "text/html"),
    (b'b', "", "application/json"),
    (
        b'c',
        "format='html'\n[html]\nitem='div.card'\nname='h3 > span'\ncategory='.group'\nlogo='img.logo'",
        "",
    ),
    (b'd', "[html]\nitem='tr'\nname='td:nth-child(2)'\nlogo='img'", "text/html; charset=windows-1251"),
    (b'e', "[json]\nlist='data.groups[].items[]'\nid='stream.url'\nname='title'\nlogo='art.big'", ""),
    (b'f', "format='json'\n[json]\nlist='[]'", "text/plain"),
    (b'g', "format='json'\n[json]\nlist='[][]'\nid='a.b.c'\nguide='g'", ""),
];

/// A page that lists channels. Its first byte says what it is read with.
///
/// # Panics
/// A row is nothing that may be published.
pub fn page(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let known = SETTINGS.iter().find(|(byte, ..)| byte == first);
    let (_, settings, content_type) = known.unwrap_or(&(0, "", ""));
    let text = format!("name='a'\nkind='scrape'\nurl='http://h/x'\n{settings}");
    let source: Source = toml::from_str(&text).expect("it is a source");
    let Origin::Scrape(scrape) = &source.origin else { unreachable!("it is one of pages") };
    let address = Url::parse(&format!("http://someone:{PASSWORD}@h/{PASSWORD}/x")).expect("it is an address");
    let mut rows = Rows::default();
    let page = Page { bytes, content_type, address: Some(&address) };
    if let Err(why) = Reading::new(scrape).expect("they are understood").read(&page, &mut rows) {
        assert!(!why.to_string().contains(PASSWORD), "{why}");
    }
    let (seen, taken) = (rows.seen(), rows.taken());
    let (rows, _) = rows.finish();
    assert!(seen >= taken && taken >= rows.len() as u64);
    let mut leads = HashSet::new();
    for row in &rows {
        let key = match &row.leads {
            Leads::Ace(id) => id.hex(),
            Leads::Web(address) => {
                assert!(Url::parse(address).is_ok() && !address.contains(char::is_whitespace), "{address:?}");
                address
            }
        };
        assert!(leads.insert(key), "a broadcast is one row");
        for text in [&row.name, &row.category, &row.guide] {
            assert_eq!(tidy::words(text), text.as_str(), "blanks or control characters");
            assert!(text.chars().count() <= 300);
        }
        assert_eq!(tidy::picture(&row.logo, &source), row.logo, "no address of a picture");
        assert!(!row.logo.contains(PASSWORD) || bytes.windows(8).any(|it| it == PASSWORD.as_bytes()));
    }
}
