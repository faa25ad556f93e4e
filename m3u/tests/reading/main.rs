//! Playlists with everything that lists in the wild have, and what must come out of them.

use std::fmt::Write as _;
use std::path::Path;

use m3u::{Entry, Facts, Key, Refusal, read};

fn shown(entry: &Entry<'_>) -> String {
    let mut shown = entry.name().to_owned();
    let groups: Vec<_> = entry.groups().collect();
    for (word, value) in [
        ("id", entry.attribute(Key::TvgId)),
        ("tvg", entry.attribute(Key::TvgName)),
        ("in", &groups.join(" + ")),
        ("logo", entry.picture()),
        ("shift", entry.attribute(Key::Shift)),
        ("catchup", entry.attribute(Key::Catchup)),
        ("days", entry.attribute(Key::CatchupDays)),
        ("source", entry.attribute(Key::CatchupSource)),
    ] {
        if !value.is_empty() {
            let _ = write!(shown, " | {word} {value}");
        }
    }
    if let Some(seconds) = entry.duration().filter(|seconds| *seconds >= 0.0) {
        let _ = write!(shown, " | {seconds} s");
    }
    for (flag, word) in [(entry.is_vod(), " | vod"), (entry.is_radio(), " | radio")] {
        shown.push_str(if flag { word } else { "" });
    }
    for (name, value) in entry.others().chain(entry.properties()) {
        let _ = write!(shown, " | {name}={value}");
    }
    for (name, value) in entry.headers() {
        let _ = write!(shown, " | {name}: {value}");
    }
    shown + " -> " + entry.address()
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(folder.join(name)).expect("it is there")
}

fn parsed(text: &[u8]) -> Result<(Vec<String>, Facts), Refusal> {
    let mut entries = Vec::new();
    let facts = read(text, |entry| {
        entries.push(shown(&entry));
        Ok(())
    })?;
    Ok((entries, facts))
}

const BEFORE: &str = "Before | id before | in G -> http://h.example/before.m3u8";
const AFTER: &str = "After | id after | in G -> http://h.example/after.m3u8";

/// What must come out of a fixture, and whatever was noticed besides.
fn check(name: &str, expected: &[&str], noticed: Facts) {
    let (entries, facts) = parsed(&fixture(name)).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    assert_eq!(entries, expected, "{name}");
    assert_eq!(facts, Facts { entries: expected.len() as u64, ..noticed }, "{name}");
}

fn plain(name: &str, expected: &[&str]) {
    check(name, expected, Facts::default());
}

#[test]
fn byte_order_marks_and_old_encodings_are_read() {
    plain("01-bom.m3u", &[BEFORE, AFTER]);
    let wide = [BEFORE, "Café 中央 📺 | id café -> http://h.example/cafe.m3u8", AFTER];
    plain("01-utf16-little.m3u", &wide);
    plain("01-utf16-big.m3u", &wide);
    let mixed = [
        BEFORE,
        "Café €uro | in España -> http://h.example/1.m3u8",
        "Café €uro | in España -> http://h.example/2.m3u8",
        AFTER,
    ];
    plain("01-mixed-encodings.m3u", &mixed);
}

#[test]
fn lines_end_in_every_way() {
    plain(
        "02-line-ends.m3u",
        &[
            "CRLF | id crlf -> http://h.example/crlf",
            "CR | id cr -> http://h.example/cr",
            "LF | id lf -> http://h.example/lf",
            "CR CR LF | id crcrlf -> http://h.example/crcrlf",
            "No end at all | id none -> http://h.example/none",
        ],
    );
    plain("02-nuls.m3u", &["Name | id nul -> http://h.example/nul", AFTER]);
}

#[test]
fn a_line_that_is_too_long_costs_its_own_entry_and_no_other() {
    let noticed = Facts { too_long: 3, ..Facts::default() };
    check("02-long-lines.m3u.gz", &[BEFORE, "Fits | id fits -> http://h.example/fits", AFTER], noticed);
}

#[test]
fn a_comma_after_the_duration_begins_no_name() {
    plain(
        "03-comma-after-duration.m3u",
        &[
            "Name A | id a | in G -> http://h.example/a",
            "Name, B | id b | tvg B, too | in G -> http://h.example/b",
            "E=mc2, the film -> http://h.example/c",
            "Name D | id d | in G -> http://h.example/d",
            AFTER,
        ],
    );
}

#[test]
fn a_missing_quote_costs_one_value() {
    plain(
        "04-missing-quote.m3u",
        &[
            BEFORE,
            "Name A | id a | in DE -> http://h.example/a",
            "Name B | id b | in DE | logo http://l.example/b.png -> http://h.example/b",
            "Name C | id c | in DE -> http://h.example/c",
            "Name D | id d | in DE -> http://h.example/d",
            "Name E | id e | in DE, Berlin -> http://h.example/e",
            AFTER,
        ],
    );
}

#[test]
fn quotes_and_commas_may_stand_in_values_and_names() {
    plain(
        "05-quotes-and-commas.m3u",
        &[
            "The \"Big\" Show, live | id a | tvg The \"Big\" Show | in News, Sport -> http://h.example/a",
            "24\" TV, \"quoted\" | id b -> http://h.example/b",
            "Only \"here\" | id c | tvg Only \"here\" -> http://h.example/c",
            "It's d | id d | tvg It's d | in G -> http://h.example/d",
            "On now | id e -> http://h.example/e",
            "f%20f | id f -> http://h.example/films/f%20f.m3u8?x=1",
            AFTER,
        ],
    );
}

#[test]
fn an_entry_begins_in_every_spelling() {
    plain(
        "06-extinf-spellings.m3u",
        &[
            "a -> http://h.example/a",
            "b -> http://h.example/b",
            "C | id c -> http://h.example/c",
            "D | id d -> http://h.example/d",
            "Without a comma | id e -> http://h.example/e",
            "F | id f | 12.5 s -> http://h.example/f",
            "G -> http://h.example/g",
            "I | id i -> http://h.example/i",
            "J | id j | in G -> http://h.example/j",
        ],
    );
}

#[test]
fn repeated_glued_and_bare_attributes_are_read() {
    plain(
        "07-repeated-and-glued.m3u",
        &[
            "A | id a | in G -> http://h.example/a",
            "B | id b | tvg bb | in G -> http://h.example/b",
            "C | id c -> http://h.example/c",
            "D | id d | tvg dd | in G -> http://h.example/d",
            "E | id e= | in G | logo http://l.example/?q=YQ== | x-odd=kept -> http://h.example/e",
            AFTER,
        ],
    );
}

#[test]
fn many_entries_may_have_one_guide_or_one_address() {
    plain(
        "08-same-guide-id.m3u",
        &[
            "No guide -> http://h.example/none",
            "One HD | id one.de -> http://h.example/one-hd",
            "One SD | id one.de -> http://h.example/one-sd",
            "One Backup | id one.de -> http://h.example/one-backup",
            AFTER,
        ],
    );
    plain(
        "09-duplicates.m3u",
        &[
            "A | id a | in News -> http://h.example/a",
            "A | id a | in Sport + World -> http://h.example/a",
            "A | id a | in News -> http://h.example/a",
            "A | id a | in News -> http://h.example/a-backup",
            "Event 1 | in Events -> http://h.example/soon",
            "Event 2 | in Events -> http://h.example/soon",
        ],
    );
}

#[test]
fn what_is_no_playlist_is_told() {
    let refused = |name: &str| parsed(&fixture(name)).map(|(entries, _)| entries).unwrap_err();
    assert!(matches!(refused("10-empty.m3u"), Refusal::Empty));
    assert!(matches!(refused("10-page.html"), Refusal::Page));
    assert!(matches!(refused("10-error.json"), Refusal::Json));
    assert!(matches!(refused("10-words.txt"), Refusal::Words));
    assert!(matches!(refused("10-late.m3u.gz"), Refusal::Words));
    assert!(matches!(parsed(&fixture("10-packed.m3u")[..40]).unwrap_err(), Refusal::Io(_)));
}

#[test]
fn packed_playlists_are_known_by_their_first_bytes() {
    plain("10-packed.m3u", &[BEFORE, AFTER]);
    plain("10-packed-twice.m3u", &[BEFORE, AFTER]);
}

#[test]
fn a_playlist_that_breaks_off_says_so() {
    let noticed = Facts { broken_off: true, ..Facts::default() };
    check("11-broken-off.m3u", &[BEFORE], noticed.clone());
    check("11-torn.m3u", &[BEFORE], noticed);
    let noticed = Facts { bare: 1, without_address: 1, strays: 1, ..Facts::default() };
    let expected = [BEFORE, AFTER, "one -> http://h.example/bare/one.m3u8"];
    check("11-entry-without-address.m3u", &expected, noticed);
}

#[test]
fn entities_do_not_divide_groups_and_one_of_them_is_decoded_in_addresses() {
    let tom =
        "Tom &amp; Jerry &#39;24&quot; | id tom | in Kids &amp; Family -> http://h.example/t?a=1&b=2&copy;=3";
    plain("12-entities.m3u", &[BEFORE, tom, AFTER]);
}

#[test]
fn headers_without_quotes_give_defaults_and_guides() {
    let guides = ["http://g.example/a.xml", "http://g.example/b,c.xml.gz", "http://g.example/c.xml?a=1&b=2"];
    check(
        "13-header-unquoted.m3u",
        &[
            "Before | id before | in G | shift 1 | catchup shift | days 3 -> http://h.example/before.m3u8",
            "Own | id own | shift -2.5 | catchup append | days 3 | source ?utc={utc} -> http://h.example/own",
            "After | id after | in G | shift 1 | catchup shift | days 3 -> http://h.example/after.m3u8",
        ],
        Facts { guides: guides.map(String::from).to_vec(), ..Facts::default() },
    );
}

#[test]
fn odd_letters_are_kept_as_they_are() {
    plain(
        "14-odd-letters.m3u",
        &[
            BEFORE,
            "A\tB | id tab | tvg A\tB | in Line\\nend -> http://h.example/tab",
            "Ze\u{200b}ro \u{202e}RTL\u{202c} 🇩🇪 𝗕𝗕𝗖 | id zero -> http://h.example/zero",
            "Split | id split | tvg First Second | in G -> http://h.example/split",
            AFTER,
        ],
    );
}

#[test]
fn directives_and_what_follows_a_bar_become_headers_and_groups() {
    plain(
        "directives.m3u",
        &[
            "A | id a | in From a line | logo http://l.example/a.png | User-Agent: Agent/1.0 (x; y) \
             | Referer: http://r.example/ -> http://h.example/a.m3u8",
            "B | id b | in Own | inputstream=inputstream.adaptive | inputstream.adaptive.manifest_type=hls \
             | inputstream.adaptive.stream_headers=Origin=http%3A%2F%2Fo.example&X-One=1 \
             | Origin: http://o.example | X-One: 1 | Cookie: a=b; c=d | x-number: 7 -> http://h.example/b.m3u8",
            "C | id c | in Before | mimetype=video/mp2t | User-Agent: Pipe Agent \
             | Referer: http://r.example/pipe | X-Kodi: 1 -> http://h.example/c.ts",
            "D | id d | User-Agent: Attribute -> http://h.example/d.ts?list=a|b",
            "E | id e | vod | User-Agent: F -> http://h.example/e.ts",
            "F | id f -> pipe://ffmpeg -i http://h.example/f|tee x=y -f mpegts pipe:1",
            "G | id g | radio -> acestream://0123456789abcdef0123456789abcdef01234567",
            AFTER,
        ],
    );
}

#[test]
fn a_playlist_of_segments_or_variants_is_one_channel() {
    for name in ["hls-media.m3u8", "hls-master.m3u8"] {
        check(name, &[], Facts { hls: true, ..Facts::default() });
    }
}

#[test]
fn a_playlist_is_the_same_however_it_arrives() {
    for name in
        ["directives.m3u", "04-missing-quote.m3u", "01-utf16-big.m3u", "02-line-ends.m3u", "10-packed.m3u"]
    {
        let whole = parsed(&fixture(name)).unwrap();
        for piece in [1, 2, 3, 7, 100] {
            let mut entries = Vec::new();
            let bytes = fixture(name);
            let input = std::io::BufReader::with_capacity(piece, &*bytes);
            let facts = read(input, |entry| {
                entries.push(shown(&entry));
                Ok(())
            });
            assert_eq!((entries, facts.unwrap()), whole, "{name} in pieces of {piece}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_do_no_harm(bytes: Vec<u8>) {
        let _ = parsed(&bytes);
        let _ = parsed(&[b"#EXTM3U\n#EXTINF:", &bytes[..]].concat());
    }

    #[test]
    fn any_line_of_quotes_and_commas_leaves_its_neighbours(line in "[a-z\"', =\\\\#|;&é-]{0,60}") {
        let text = format!("#EXTM3U\n#EXTINF:-1 {line}\nhttp://h.example/x\n#EXTINF:-1 tvg-id=\"z\",Z\nhttp://h.example/z\n");
        let (entries, _) = parsed(text.as_bytes()).unwrap();
        proptest::prop_assert_eq!(entries.len(), 2, "{}", text);
        proptest::prop_assert_eq!(&entries[1], "Z | id z -> http://h.example/z");
    }
}
