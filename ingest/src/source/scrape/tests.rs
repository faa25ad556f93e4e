//! Whole pages, in every form: the same channels come out.

use contract::source::{Location, Paths, Selectors};

use super::*;

const HTML: &[u8] = include_bytes!("../../../tests/fixtures/scrape/channels.html");
const JSON: &[u8] = include_bytes!("../../../tests/fixtures/scrape/channels.json");
const CARDS: &[u8] = include_bytes!("../../../tests/fixtures/scrape/cards.html");

fn scrape() -> Scrape {
    Scrape {
        pages: vec![Location::File("x".into())],
        format: Format::Auto,
        json: Paths::default(),
        html: Selectors::default(),
    }
}

fn read(bytes: &[u8], content_type: &str, settings: &Scrape) -> Result<Rows, Refusal> {
    let page = Url::parse("http://user:hunter2@pages.example/secret/list").expect("an address");
    let mut rows = Rows::default();
    let page = Page { bytes, content_type, address: Some(&page) };
    Reading::new(settings).expect("good settings").read(&page, &mut rows).map(|()| rows)
}

/// `id: name | category | logo`, a line for each.
fn table(rows: Rows) -> String {
    let line = |row: &rows::Row| {
        let rows::Leads::Ace(id) = &row.leads else { panic!("only ids here") };
        let (hex, kind) = (&id.hex()[..4], id.kind());
        format!("{hex} {kind:?}: {} | {} | {}\n", row.name, row.category, row.logo)
    };
    rows.finish().0.iter().map(line).collect()
}

#[test]
fn links_are_found_and_named_as_a_reader_would() {
    let rows = read(HTML, "text/html; charset=utf-8", &scrape()).unwrap();
    assert_eq!(
        table(rows),
        "a007 ContentId: Lonely channel |  | \n\
         a000 ContentId: One HD | Sports | \n\
         a001 ContentId: Two & Friends | Sports | http://pages.example/logos/2.png\n\
         a002 Infohash: Three | Sports | \n\
         a003 ContentId: Canal Cuatro | News | https://cdn.example/4.png\n\
         a004 ContentId: Five | News | \n\
         a005 ContentId: Шесть | News | \n\
         a006 ContentId: Seven | News | \n"
    );
}

#[test]
fn selectors_say_where_everything_is() {
    let selectors = |item: &str, name: &str| Selectors {
        item: item.into(),
        name: Some(name.into()),
        category: Some(".group".into()),
        logo: Some("img.logo".into()),
    };
    let settings = Scrape { html: selectors("div.card", "h3 > span"), ..scrape() };
    let rows = read(CARDS, "", &settings).unwrap();
    let expected = "a000 ContentId: One HD | Sports | https://cdn.example/1.png\n\
                 a001 ContentId: Two | News | \n\
                 a002 ContentId: Three |  | \n";
    assert_eq!(table(rows), expected);
}

#[test]
fn a_document_gives_its_channels_whatever_it_is_called() {
    for content_type in ["application/json", "text/html", "text/plain; charset=utf-8", ""] {
        let rows = read(JSON, content_type, &scrape()).unwrap();
        assert_eq!(rows.seen(), 5);
        assert_eq!(
            table(rows),
            "a000 ContentId: One HD | Sports | \n\
             a001 ContentId: Two & Friends | Sports | http://pages.example/logos/2.png\n\
             a002 Infohash: Three | Sports | \n"
        );
    }
}

#[test]
fn pages_that_are_no_lists_are_refused_with_the_reason() {
    let login = "<form><input name=u><input TYPE=\"password\" name=p></form>";
    let captcha = "<title>Just a moment...</title><script src=/cdn-cgi/challenge-platform/x></script>";
    for (bytes, expected) in [
        (&b" \r\n\xc2\xa0"[..], "the page is empty"),
        (b"", "the page is empty"),
        (login.as_bytes(), "the page asks for a login"),
        (captcha.as_bytes(), "a proof of being human"),
        (b"<p>Service unavailable", "lists no channel"),
        (b"{\"channels\":[]}", "lists no channel"),
        (b"{\"channels\":[{\"id\":\"hunter2\"}]}", "none of the 1 entries"),
        (b"<a href='acestream://hunter2'>x</a>", "none of the 1 entries"),
        (b"{\"channels\":[", "line 1, column 13"),
        (b"hello", "neither JSON"),
        (b"#EXTM3U\n", "of kind `m3u`"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither JSON"),
    ] {
        let told = read(bytes, "", &scrape()).expect_err(expected).to_string();
        assert!(told.contains(expected) && !told.contains("hunter2"), "{told}");
    }
    let large = vec![b' '; LARGEST + 1];
    assert_eq!(read(&large, "", &scrape()).unwrap_err(), Refusal::TooLarge(32));
    let large = vec![b'<'; LARGEST_HTML + 1];
    assert_eq!(read(&large, "", &scrape()).unwrap_err(), Refusal::TooLarge(8));
}

#[test]
fn a_bad_selector_is_named() {
    let html = Selectors { item: "a[".into(), ..Selectors::default() };
    let told = Reading::new(&Scrape { html, ..scrape() }).unwrap_err().to_string();
    assert!(told.contains("`html.item`: `a[`"), "{told}");
    let html = Selectors { logo: Some("img:nope(".into()), ..Selectors::default() };
    let told = Reading::new(&Scrape { html, ..scrape() }).unwrap_err().to_string();
    assert!(told.contains("`html.logo`: `img:nope(`"), "{told}");
}

#[test]
fn no_bytes_make_it_panic() {
    for fixture in [HTML, JSON, CARDS] {
        for cut in 0..fixture.len().min(1500) {
            let mut bytes = fixture[..cut].to_vec();
            drop(read(&bytes, "", &scrape()));
            bytes.push(0xe9);
            bytes.extend_from_slice(&fixture[cut + 1..]);
            drop(read(&bytes, "text/html; charset=shift_jis", &scrape()));
        }
    }
}
