use super::*;
use crate::source::xtream::document;

/// 2025-10-09 08:00 UTC, when all fixtures begin.
const EIGHT: u32 = 1_759_996_800;

fn read_in(zone: &str, text: &str) -> Result<Vec<Listing>, String> {
    let source = "name='a'\nurl='http://h'\nusername='someone'\npassword='hunter22'";
    let source = toml::from_str(source).unwrap();
    let document = document::read(text.as_bytes()).map_err(|failure| failure.to_string())?;
    read(&document, &Zone::of(zone).unwrap(), &source).map_err(|failure| failure.to_string())
}

fn found(name: &str) -> Vec<Listing> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/listings");
    let text = std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap();
    read_in("Europe/Berlin", &text).unwrap()
}

fn titles(name: &str) -> Vec<String> {
    found(name).into_iter().map(|listing| listing.title).collect()
}

fn descriptions(name: &str) -> Vec<String> {
    found(name).into_iter().map(|listing| listing.description).collect()
}

#[test]
fn both_families_of_panels_say_the_same() {
    let [classic, xui] = ["classic", "xui"].map(found);
    let plain = |listings: &[Listing]| -> Vec<Listing> {
        listings.iter().map(|it| Listing { language: String::new(), ..it.clone() }).collect()
    };
    assert_eq!(plain(&classic), plain(&xui));
    assert_eq!(xui[0].language, "en");
    assert_eq!(
        classic,
        [
            Listing {
                start: EIGHT,
                stop: EIGHT + 1800,
                title: "Grüße & Küsse 🎬".into(),
                description: "First line. Second line.".into(),
                language: String::new(),
                channel: "one.uk".into(),
            },
            Listing {
                start: EIGHT + 1800,
                stop: EIGHT + 3600,
                title: "Новости".into(),
                channel: "one.uk".into(),
                ..Listing::default()
            },
        ]
    );
}

#[test]
fn texts_are_base64_with_and_without_padding_in_both_alphabets() {
    assert_eq!(titles("unpadded"), ["News", "One", "Two!", "Tagesschau"]);
    assert_eq!(descriptions("unpadded"), ["Über News", "Über One", "Über Two!", "Über Tagesschau"]);
    assert_eq!(titles("url-safe"), ["über?>", "Ko~?ÿ>>"]);
    assert_eq!(descriptions("url-safe"), titles("url-safe"));
}

#[test]
fn one_title_that_is_no_base64_makes_the_document_plain() {
    assert_eq!(titles("plain"), ["News", "Tagesschau", "Kino", "Abcd"]);
    assert_eq!(descriptions("plain"), ["Tom & Jerry", "VGVzdA==", "", ""]);
    assert_eq!(titles("mixed"), ["TmV3cw==", "Tagesschau", ""]);
    for (title, shown) in [
        ("News", "News"),
        ("Tagesschau", "Tagesschau"),
        ("TmV3cw==", "News"),
        ("TmV3cw", "News"),
        ("TmV3cw=", "News"),
        ("TmV3cx==", "TmV3cx=="), // bits that belong to no letter
        ("Tm V3cw", "Tm V3cw"),
        ("TgBlAHcAcwA=", "TgBlAHcAcwA="), // UTF-16
        ("1917", "1917"),
        ("", ""),
    ] {
        let text = format!(r#"{{"epg_listings":[{{"title":"{title}","start_timestamp":{EIGHT}}}]}}"#);
        assert_eq!(read_in("UTC", &text).unwrap()[0].title, shown, "{title}");
    }
}

#[test]
fn descriptions_that_are_not_coded_are_shown_and_damaged_ones_are_not() {
    assert_eq!(titles("half-coded"), ["One", "Two", "Three"]);
    let [plain, damaged, coded] = descriptions("half-coded").try_into().unwrap();
    assert_eq!((plain.as_str(), coded.as_str()), ("In plain words", "Coded"));
    assert!(damaged.is_empty() || "Cut off somewhere".starts_with(&damaged), "{damaged}");
}

#[test]
fn times_are_understood_in_all_their_spellings_and_timestamps_win() {
    let all = found("times");
    assert_eq!(all.len(), 12);
    for listing in all {
        assert_eq!((listing.start, listing.stop), (EIGHT, EIGHT + 600), "{}", listing.title);
    }
    let text =
        r#"{"epg_listings":[{"title":"A","start":"2025-10-09 13:30:00","end":"2025-10-09 13:40:00"}]}"#;
    assert_eq!(read_in("Asia/Kolkata", text).unwrap()[0].start, EIGHT, "by the panel's clock");
    assert_eq!(read_in("+05:30", text).unwrap()[0].stop, EIGHT + 600);
}

#[test]
fn what_is_no_programme_costs_itself_and_nothing_else() {
    let listings = found("odd");
    let [early, one, nameless] = &listings[..] else { panic!("{listings:?}") };
    // Twenty past eight in Berlin is two hours before that in Greenwich.
    assert_eq!((early.start, early.title.as_str()), (EIGHT - 6000, "Kept two"));
    assert_eq!((one.start, one.stop, one.title.as_str()), (EIGHT, 0, "Kept one"), "it ends before it begins");
    assert_eq!((nameless.start, nameless.title.as_str()), (EIGHT + 600, ""));
    assert!(listings.iter().all(|it| it.language.is_empty() && it.channel.is_empty()));
    assert_eq!(titles("by-stream"), ["News", "Tagesschau"]);
}

#[test]
fn a_panel_that_has_nothing_says_so_in_many_ways() {
    for text in [
        "[]",
        "{}",
        "null",
        "false",
        r#""""#,
        r#"{"epg_listings":[]}"#,
        r#"{"epg_listings":{}}"#,
        r#"{"epg_listings":null}"#,
        r#"{"epg_listings":false}"#,
        r#"{"epg_listings":""}"#,
        r#"{"epg_listings":7}"#,
        r#"{"epg_listings":"no guide"}"#,
    ] {
        assert_eq!(read_in("UTC", text).unwrap(), [], "{text}");
    }
    for (text, expected) in [
        ("", "empty"),
        ("blocked", "text and no JSON"),
        ("<html><style>a { b }</style></html>", "web page"),
        (r#"{"epg_listings":[{"title":"#, "breaks off"),
        (r#"{"user_info":{"auth":1}}"#, "account"),
        (r#"{"error":"Unauthorized"}"#, "error instead of programmes"),
    ] {
        let said = read_in("UTC", text).unwrap_err();
        assert!(said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn credentials_are_masked_in_what_was_coded_too() {
    let [listing] = found("secret").try_into().unwrap();
    assert_eq!(listing.title, "Hi, ***");
    assert_eq!(listing.description, "see http://h/live/***/***/1.ts");
    assert_eq!(listing.channel, "***");
}

#[test]
fn a_channel_has_so_many_programmes_and_no_more() {
    let one = format!(r#"{{"title":"News","start_timestamp":{EIGHT}}}"#);
    let many = vec![one; MOST + 1].join(",");
    for text in [format!("[{many}]"), format!(r#"{{"epg_listings":{{"1":[{many}]}}}}"#)] {
        assert_eq!(read_in("UTC", &text).unwrap().len(), MOST);
    }
}
