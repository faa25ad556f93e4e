use std::fmt::Write as _;
use std::path::Path;

use contract::bundle::Kind;
use contract::disk::Data;
use contract::source::{Origin, Source};

use super::entry::Entry;
use super::key::Keys;
use super::keys::Key;
use super::read::{Facts, Refusal, read};
use crate::harvest::Writer;

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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/m3u");
    std::fs::read(folder.join(name)).unwrap()
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
    assert_eq!(crate::tidy::entities("Tom &amp; Jerry &#39;24&quot;"), "Tom & Jerry '24\"");
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

/// Keys, completed, in the order of the playlist.
fn keys(playlist: &str, secrets: &[&str]) -> Vec<String> {
    let mut keys = Keys::new(secrets.iter().map(ToString::to_string).collect());
    let mut all = Vec::new();
    let pass = |each: &mut dyn FnMut(&Entry<'_>)| {
        let given = read(playlist.as_bytes(), |entry| {
            each(&entry);
            Ok(())
        });
        given.unwrap();
    };
    pass(&mut |entry| keys.note(Kind::Live, entry, entry.name()));
    keys.find_twins();
    pass(&mut |entry| all.push(keys.key(Kind::Live, entry, entry.name())));
    all
}

/// A provider's playlist with entries of every sort, among them twins of every sort.
fn provided(host: &str, user: &str, password: &str) -> Vec<String> {
    [
        ("xui-id=\"{XUI_ID}\" tvg-id=\"one\",One", "/live/U/P/101.ts"),
        (",Two", "/U/P/102"),
        ("xui-id=\"77\",Three", "/hls/three.m3u8"),
        ("cuid=\"abc/4\",Four", "/x"),
        ("tvg-id=\"five\",Five", "/five.m3u8?token=P"),
        ("tvg-id=\"five\",Five HD", "/five-hd.m3u8?token=P"),
        ("tvg-id=\"six\",Six", "/six/a.m3u8?username=U&password=P"),
        ("tvg-id=\"six\",Six", "/six/b.m3u8"),
        ("tvg-id=\"six\",Six", "/six/b.m3u8?quality=low"),
        ("tvg-id=\"six\",Six", "/six/b.m3u8?quality=high&token=P"),
        (",Seven", "/play.php?ch=7&user=U"),
        (",Eight", "/play.php?ch=8&user=U"),
        (",Nine", "/nine/P/index.m3u8"),
        (",Ten", "/live/U/P/102.m3u8"),
        ("tvg-id=\"back\",Back", "/live/U/P/103.ts"),
        ("tvg-id=\"back\",Back", "/live/U/P/103.m3u8"),
        (",Multicast", "udp"),
    ]
    .map(|(info, path)| {
        let path = path.replace('U', user).replace('P', password);
        let address =
            if path == "udp" { "udp://@239.0.0.1:1234".into() } else { format!("http://{host}{path}") };
        format!("#EXTINF:-1 {info}\n{address}\n")
    })
    .to_vec()
}

#[test]
fn keys_stay_when_the_order_the_host_and_the_account_change() {
    let playlist = |entries: &[String]| format!("#EXTM3U\n{}", entries.concat());
    let first = provided("old.example:8080", "someone", "hunter2");
    let mut moved = provided("new.example", "another", "correct-horse");
    let expected = keys(&playlist(&first), &["someone", "hunter2"]);
    let distinct: std::collections::BTreeSet<_> = expected.iter().collect();
    assert_eq!(distinct.len(), expected.len(), "{expected:?}");
    assert_eq!(expected[2], "77");
    for key in &expected {
        for secret in ["example", "someone", "hunter2", "8080"] {
            assert!(!key.contains(secret), "{key}");
        }
    }
    for turn in 0..moved.len() {
        moved.rotate_left(1);
        moved.swap(turn % 5, 16 - turn % 7);
        let of = |entry: &String| entry.lines().next().unwrap().to_owned() + path(entry);
        let got = keys(&playlist(&moved), &["another", "correct-horse"]);
        let known: std::collections::BTreeMap<_, _> =
            moved.iter().map(|entry| unnamed(&of(entry), "another", "correct-horse")).zip(got).collect();
        for (entry, key) in first.iter().zip(&expected) {
            assert_eq!(known[&unnamed(&of(entry), "someone", "hunter2")], *key, "{entry}");
        }
    }
}

fn path(entry: &str) -> &str {
    entry.trim_end().rsplit("example").next().unwrap().trim_start_matches(":8080")
}

fn unnamed(text: &str, user: &str, password: &str) -> String {
    text.replace(user, "U").replace(password, "P")
}

#[test]
fn a_twin_that_comes_or_goes_leaves_the_others_their_keys() {
    let entry = |name: &str, path: &str| format!("#EXTINF:-1 tvg-id=\"a\",{name}\nhttp://h.example/{path}\n");
    let alone = keys(&("#EXTM3U\n".to_owned() + &entry("A", "1")), &[]);
    let both = keys(&("#EXTM3U\n".to_owned() + &entry("A", "1") + &entry("A", "2")), &[]);
    assert!(both.contains(&alone[0]), "one of the same name keeps the plain key");
    let other = keys(&("#EXTM3U\n".to_owned() + &entry("A", "1") + &entry("B", "2")), &[]);
    assert_eq!(other[0], alone[0], "another name is no twin");
}

/// What a harvest of `document` has, one entry on each line, and what is told of it.
fn harvested(document: &str, source: &str) -> Result<(Vec<serde_json::Value>, super::Read), String> {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    let source: Source = toml::from_str(source).unwrap();
    let Origin::M3u(list) = &source.origin else { panic!("a playlist") };
    let mut writer = Writer::new(&data, &source.name).unwrap();
    let read = super::harvest(|| Ok(document.as_bytes()), (&source, &list.from), &mut writer)?;
    let mut harvest = writer.finish(0, Vec::new()).unwrap();
    harvest.keep().unwrap();
    let text =
        std::fs::read_to_string(data.state().join(source.name.as_str()).join("harvest.jsonl")).unwrap();
    Ok((text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), read))
}

const WEB: &str =
    "name = 'list'\nkind = 'm3u'\nurl = 'http://h.example/get.php?username=someone&password=hunter2'";

fn items<'a>(lines: &'a [serde_json::Value], kind: &str) -> Vec<&'a serde_json::Value> {
    lines.iter().filter_map(|line| line.get(kind)).collect()
}

#[test]
fn the_same_name_and_address_is_one_channel_in_several_groups() {
    let document = String::from_utf8(fixture("09-duplicates.m3u")).unwrap();
    let (lines, read) = harvested(&document, WEB).unwrap();
    let channels = items(&lines, "channel");
    let names: Vec<_> = channels.iter().map(|channel| channel["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["A", "A", "Event 1", "Event 2"]);
    let head = lines.last().unwrap();
    let groups: Vec<_> = head["categories"]["live"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(groups, ["News", "Sport", "World", "Events"]);
    assert!(lines.iter().any(|line| line["again"][2] == serde_json::json!([1, 2])), "{lines:#?}");
    assert_eq!(read.notes, ["2 entries come again with the same name and address: taken once"]);
}

#[test]
fn channels_films_and_episodes_find_their_places() {
    let document = "#EXTM3U url-tvg=\"http://g.example/x.xml\"\n\
        #EXTINF:-1 tvg-id=\"one\" tvg-name=\"One_TV\" tvg-chno=\"7.2\" tvg-shift=\"-1.5\" catchup=\"shift\" catchup-days=\"3\" \
        tvg-country=\"UK\" parent-code=\"1234\" tvg-logo=\"http://l.example/1.png\" group-title=\"A &amp; B\",One &amp; only hunter2\n\
        http://h.example/live/someone/hunter2/5.ts|User-Agent=X\n\
        #EXTINF:-1 group-title=\"Films\" tmdb-id=\"603\",Film (1999)\nhttp://h.example/movie/someone/hunter2/6.mkv\n\
        #EXTINF:-1 group-title=\"Shows\",Show S02E03\nhttp://h.example/series/someone/hunter2/7.mp4\n\
        #EXTINF:-1 group-title=\"Shows\",show s02e04\nhttp://h.example/series/someone/hunter2/8.mp4\n\
        #EXTINF:-1 radio=\"true\",Radio\nrtsp://h.example/radio\n\
        #EXTINF:-1,Command\npipe://rm -rf /\n\
        #EXTINF:-1,Ace\nhttp://127.0.0.1:6878/ace/getstream?id=0123456789ABCDEF0123456789abcdef01234567\n";
    let (lines, read) = harvested(document, WEB).unwrap();
    let channels = items(&lines, "channel");
    let one = channels[0];
    for (field, expected) in [
        ("id", serde_json::json!("5")),
        ("num", serde_json::json!(7)),
        ("name", serde_json::json!("One & only ***")),
        ("guide", serde_json::json!("one")),
        ("guide_name", serde_json::json!("One_TV")),
        ("shift", serde_json::json!(-5400)),
        ("archive", serde_json::json!(3)),
        ("country", serde_json::json!("UK")),
        ("adult", serde_json::json!(true)),
        ("places", serde_json::json!([0])),
        ("icon", serde_json::json!("http://l.example/1.png")),
        ("catchup", serde_json::json!({"mode": "shift", "source": "", "correction": 0})),
    ] {
        assert_eq!(one[field], expected, "{field}");
    }
    assert_eq!(one["address"]["url"], "http://h.example/live/someone/hunter2/5.ts");
    assert_eq!(one["address"]["headers"]["User-Agent"], "X");
    assert_eq!(channels[1]["radio"], true);
    assert_eq!(channels[2]["address"]["url"], "pipe://rm -rf /");
    assert_eq!(channels[3]["address"]["url"], "acestream://0123456789abcdef0123456789abcdef01234567");

    let movie = items(&lines, "movie")[0];
    assert_eq!(
        (&movie["id"], &movie["title"], &movie["year"]),
        (&"6".into(), &"Film".into(), &"1999".into())
    );
    assert_eq!((&movie["tmdb"], &movie["container"]), (&"603".into(), &"mkv".into()));
    let series = items(&lines, "series");
    assert_eq!((series.len(), &series[0]["name"]), (1, &"Show".into()));
    let episodes = items(&lines, "episode");
    assert_eq!(episodes.len(), 2);
    assert_eq!(
        (&episodes[1]["id"], &episodes[1]["season"], &episodes[1]["number"]),
        (&"8".into(), &2.into(), &4.into())
    );
    assert_eq!(episodes[1]["series"], series[0]["id"]);

    assert_eq!(read.guides, ["http://g.example/x.xml"]);
    assert_eq!(read.notes, ["2 entries cannot be relayed: 1 pipe, 1 rtsp"]);
}

#[test]
fn what_is_told_does_not_repeat_the_password_even_as_a_scheme() {
    let (_, read) = harvested("#EXTM3U\n#EXTINF:-1,One\nxhunter2x://h.example/1\n", WEB).unwrap();
    assert_eq!(read.notes, ["1 entry cannot be relayed: 1 x***x"]);
}

#[test]
fn a_playlist_that_is_hls_is_one_channel_and_one_that_breaks_off_is_refused() {
    let document = String::from_utf8(fixture("hls-media.m3u8")).unwrap();
    let (lines, _) = harvested(&document, WEB).unwrap();
    let channels = items(&lines, "channel");
    assert_eq!((channels.len(), &channels[0]["name"]), (1, &"list".into()));
    for (name, why) in [
        ("11-broken-off.m3u", "the playlist breaks off inside an entry"),
        ("10-page.html", "a web page came in place of a playlist"),
    ] {
        let document = String::from_utf8(fixture(name)).unwrap();
        assert_eq!(harvested(&document, WEB).unwrap_err(), why);
    }
    assert_eq!(harvested("#EXTM3U\n", WEB).unwrap_err(), "the playlist lists nothing");
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
