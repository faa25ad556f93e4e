use std::path::Path;

use contract::bundle::Kind;
use contract::disk::Data;
use contract::source::{Origin, Source};
use m3u::{Entry, read};

use super::key::Keys;
use crate::harvest::Writer;

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../m3u/tests/fixtures");
    std::fs::read(folder.join(name)).unwrap()
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
