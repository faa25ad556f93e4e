use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use contract::bundle::{Section, Writer};
use contract::disk::Data;
use contract::release::{BUNDLE, FULL_M3U, GUIDE, GUIDE_GZ, LIVE_M3U, MANIFEST, Manifest};
use contract::ticket::Key;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;

/// What a release is made of, before somebody damages it.
struct Parts {
    entries: Vec<(Section, Value)>,
    guide: String,
    packed: Option<String>,
    live: String,
    full: String,
}

fn parts() -> Parts {
    let channel = |id: u32, guide: &str| {
        json!({"num": id, "name": "One", "stream_type": "live", "stream_id": id, "stream_icon": "",
               "epg_channel_id": guide, "added": "1", "is_adult": 0, "category_id": "1", "category_ids": [1],
               "custom_sid": "", "tv_archive": 0, "direct_source": "", "tv_archive_duration": 0, "thumbnail": ""})
    };
    let film = json!({"num": 1, "name": "Film", "title": "Film", "year": "", "stream_type": "movie", "stream_id": 20,
        "stream_icon": "", "rating": "0", "rating_5based": 0.0, "tmdb": "", "trailer": "", "youtube_trailer": "",
        "added": "1", "is_adult": 0, "category_id": "2", "category_ids": [2], "container_extension": "mkv",
        "custom_sid": "", "direct_source": ""});
    let playable = |id: u32, kind: &str, container: &str| {
        json!({"id": id, "kind": kind, "container": container,
               "upstreams": [{"account": "acme", "path": "/x", "protocol": "ts"}]})
    };
    let category = |id: &str| json!({"category_id": id, "category_name": "A", "parent_id": 0});
    let head = "<tv>\n";
    let channels = ["<channel id=\"a&amp;b\"></channel>\n", "<channel id=\"c\"></channel>\n"];
    let shown = "<programme start=\"x\" channel=\"a&amp;b\"><title>T</title></programme>\n";
    let at = |before: &[&str], text: &str| {
        let start: usize = before.iter().map(|text| text.len()).sum();
        json!([start, start + text.len()])
    };
    let range = |id: &str, channel: Value, programmes: Value| json!({"id": id, "channel": channel, "programmes": programmes});
    let all = [head, channels[0], channels[1]];
    let live = "#EXTM3U\n#EXTINF:-1,One\n{base}/live/{username}/{password}/10.{ext}\n#EXTINF:-1,One\n\
                {base}/live/{username}/{password}/11.{ext}\n";
    let more = "#EXTINF:-1,Film\n{base}/movie/{username}/{password}/20.mkv\n#EXTINF:-1,E\n\
                {base}/series/{username}/{password}/30.mp4\n";
    Parts {
        entries: vec![
            (Section::LiveCategories, category("1")),
            (Section::LiveStreams, channel(10, "a&b")),
            (Section::LiveStreams, channel(11, "c")),
            (Section::VodCategories, category("2")),
            (Section::VodStreams, film),
            (Section::Guide, range("a&b", at(&all[..1], channels[0]), at(&all, shown))),
            (Section::Guide, range("c", at(&all[..2], channels[1]), json!([0, 0]))),
            (Section::Accounts, json!({"name": "acme"})),
            (Section::Playables, playable(10, "live", "ts")),
            (Section::Playables, playable(11, "live", "ts")),
            (Section::Playables, playable(20, "movie", "mkv")),
            (Section::Playables, playable(30, "episode", "mp4")),
        ],
        guide: format!("{head}{}{}{shown}</tv>\n", channels[0], channels[1]),
        packed: None,
        live: live.into(),
        full: format!("{live}{more}"),
    }
}

/// A published release of these parts.
fn publish(parts: &Parts) -> (tempfile::TempDir, Releases) {
    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::new(Data::new(folder.path()));
    let lock = releases.lock().unwrap().unwrap();
    let draft = releases.draft(&lock).unwrap();
    let mut bundle = Writer::new(Vec::new()).unwrap();
    for (section, entry) in &parts.entries {
        bundle.push(*section, entry).unwrap();
    }
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(parts.packed.as_ref().unwrap_or(&parts.guide).as_bytes()).unwrap();
    let mut manifest = Manifest { schema: Manifest::SCHEMA, ..Manifest::default() };
    for (name, bytes) in [
        (BUNDLE, bundle.finish().unwrap()),
        (GUIDE, parts.guide.clone().into_bytes()),
        (GUIDE_GZ, packed.finish().unwrap()),
        (LIVE_M3U, parts.live.clone().into_bytes()),
        (FULL_M3U, parts.full.clone().into_bytes()),
    ] {
        let mut artefact = draft.artefact(name).unwrap();
        artefact.write_all(&bytes).unwrap();
        manifest.files.push(artefact.finish().unwrap());
    }
    releases.publish(draft, &manifest, 1).unwrap();
    (folder, releases)
}

/// What is told of the release of `parts()` after `damage`.
fn told(damage: impl FnOnce(&mut Parts)) -> String {
    let mut parts = parts();
    damage(&mut parts);
    let (_folder, releases) = publish(&parts);
    verify(&releases, 1).to_string()
}

#[test]
fn a_sound_release_is_called_sound() {
    let (_folder, releases) = publish(&parts());
    let verified = verify(&releases, 1);
    assert!(verified.sound, "{verified}");
    assert_eq!((verified.entries["live_streams"], verified.entries["playables"]), (2, 4));
    let json = serde_json::to_value(&verified).unwrap();
    assert_eq!((&json["sound"], &json["problems"]), (&json!(true), &json!([])));
}

/// The entry at `place` with `key` set to `value`.
fn set(place: usize, key: &'static str, value: Value) -> Box<dyn FnOnce(&mut Parts)> {
    Box::new(move |parts| parts.entries[place].1[key] = value)
}

#[test]
fn whatever_is_wrong_with_an_entry_is_named_with_its_section_and_id() {
    for (damage, expected) in [
        (set(1, "category_ids", json!([1, 7])), "live_streams 10: there is no category 7 in live_categories"),
        (set(1, "category_ids", json!([2])), "live_streams 10: there is no category 2 in live_categories"),
        (set(1, "category_id", json!("9")), "live_streams 10: category_id is not the first of category_ids"),
        (set(1, "stream_id", json!(11)), "live_streams 11: the id is given twice"),
        (set(4, "stream_id", json!(11)), "vod_streams 11: the id is given twice"),
        (set(4, "stream_id", json!(2_147_483_648_u32)), "vod_streams 2147483648: is no id"),
        (set(4, "direct_source", json!("http://x")), "vod_streams 20: direct_source is not empty"),
        (set(4, "num", json!("1")), "vod_streams: the entry at byte"),
        (set(1, "epg_channel_id", json!("d")), "live_streams 10: there is no guide channel \"d\""),
        (set(0, "category_id", json!("2")), "vod_categories 2: the id is given twice"),
        (set(0, "category_name", json!("")), "live_categories 1: has no name"),
        (set(8, "id", json!(12)), "playables 10: is listed and cannot be played"),
        (set(8, "kind", json!("movie")), "playables 10: is Movie here and Live in its list"),
        (set(10, "container", json!("mp4")), "playables 20: has another container"),
        (set(10, "upstreams", json!([])), "playables 20: has no upstream"),
        (set(7, "name", json!("other")), "playables 10: there is no account `acme`"),
        (set(5, "channel", json!([1, 9])), "guide: \"a&b\": its <channel> is not where it should be"),
        (set(5, "channel", json!([9, 1_u64 << 40])), "guide: \"a&b\": its <channel> is not where"),
        (set(5, "programmes", json!([5, 40])), "guide: \"a&b\": its <programme>s are not where"),
        (
            set(5, "programmes", json!([0, 0])),
            "guide.xml: has 1 <programme ...>, of which the bundle knows 0",
        ),
        (set(6, "id", json!("a&b")), "guide: \"a&b\" is there twice"),
    ] {
        let said = told(damage);
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let empty = told(|parts| {
        parts.entries.insert(1, (Section::LiveCategories, json!({"category_id": "5", "category_name": "E"})))
    });
    assert!(empty.contains("live_categories 5: is empty"), "{empty}");
}

#[test]
fn a_secret_that_the_vault_does_not_have_is_found() {
    // As numbers follow from the secret and the key, they are known before there is a vault.
    let aside = tempfile::tempdir().unwrap();
    let load = |path: &Path| Vault::load(path).unwrap().with_key(Key::known([7; 32]));
    let place = |secret| load(&aside.path().join("vault.json")).placeholder("acme", secret).unwrap();
    let mut parts = parts();
    parts.entries[8].1["upstreams"][0]["path"] = json!(format!("http://h/{}/x.ts", place("t0ken")));
    parts.entries[10].1["upstreams"][0]["headers"] = json!({"Cookie": place("another")});
    let (folder, releases) = publish(&parts);
    let lost = "the vault does not have what its address needs";
    let said = verify(&releases, 1).to_string();
    assert!(said.contains(&format!("playables 10: {lost}")) && said.contains("2 problems"), "{said}");
    let path = Data::new(folder.path()).vault();
    let mut vault = load(&path);
    vault.placeholder("acme", "t0ken").unwrap();
    vault.save(1).unwrap();
    let said = verify(&releases, 1).to_string();
    assert!(said.contains(&format!("playables 20: {lost}")) && said.contains("1 problem\n"), "{said}");
    let mut vault = load(&path);
    vault.placeholder("acme", "another").unwrap();
    vault.save(1).unwrap();
    assert!(verify(&releases, 1).sound);
    File::create(path).unwrap().write_all(b"{").unwrap();
    assert!(verify(&releases, 1).to_string().contains("vault.json: vault.json is damaged"));
}

#[test]
fn a_guide_of_another_channel_is_found() {
    let said = told(|parts| parts.guide = parts.guide.replace("channel=\"a&amp;b\"", "channel=\"a&amp;c\""));
    assert!(said.contains("its <programme>s are not where"), "{said}");
    let said = told(|parts| parts.packed = Some(parts.guide.replace('T', "U")));
    assert!(said.contains("guide.xml.gz: does not hold guide.xml"), "{said}");
}

#[test]
fn playlists_that_differ_from_the_lists_are_found() {
    type Damage = fn(&mut Parts);
    let cases: [(Damage, &str); 6] = [
        (|parts| parts.live = parts.live.replace("/11.", "/12."), "live.m3u: has other channels"),
        (|parts| parts.live = "#EXTM3U\n".into(), "live.m3u: has 0 channels, the bundle 2"),
        (
            |parts| {
                parts.live = parts.live.replace("/11.", "/x.").replace("/10.", "/11.").replace("/x.", "/10.");
            },
            "live.m3u: has the channels in another order",
        ),
        (|parts| parts.full = parts.full.replace("/30.", "/31."), "full.m3u: has other episodes"),
        (
            |parts| parts.full = parts.full.replace("{base}/movie", "http://p/movie"),
            "1 addresses are none of ours",
        ),
        (|parts| parts.live.push_str("#EXTINF:-1,x\n"), "live.m3u: 3 titles for 2 addresses"),
    ];
    for (damage, expected) in cases {
        let said = told(damage);
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn damaged_missing_and_foreign_files_are_found() {
    type Damage = fn(&std::path::Path);
    let append =
        |path: std::path::PathBuf| File::options().append(true).open(path).unwrap().write_all(b"!").unwrap();
    let cases: [(Damage, &str); 4] = [
        (|folder| fs::remove_file(folder.join(LIVE_M3U)).unwrap(), "live.m3u: No such file"),
        (|folder| drop(File::create(folder.join("notes.txt")).unwrap()), "notes.txt: does not belong"),
        (|folder| fs::remove_file(folder.join(MANIFEST)).unwrap(), "release.json: No such file"),
        (
            |folder| {
                let path = folder.join(LIVE_M3U);
                let text = fs::read_to_string(&path).unwrap().replace("One", "Two");
                fs::remove_file(&path).unwrap();
                File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
            },
            "live.m3u: its SHA-256 is another one",
        ),
    ];
    for (damage, expected) in cases {
        let (_folder, releases) = publish(&parts());
        damage(&releases.folder(1));
        let said = verify(&releases, 1).to_string();
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let (_folder, releases) = publish(&parts());
    append(releases.folder(1).join(GUIDE));
    assert!(verify(&releases, 1).to_string().contains("guide.xml: has "));
    assert!(verify(&releases, 7).to_string().contains("release.json: No such file"));
}

#[test]
fn problems_beyond_fifty_are_counted() {
    let said = told(|parts| {
        for id in 0..80 {
            let category = json!({"category_id": (100 + id).to_string(), "category_name": "E"});
            parts.entries.insert(1, (Section::LiveCategories, category));
        }
    });
    assert!(said.contains("80 problems") && said.ends_with("and 30 more"), "{said}");
}
