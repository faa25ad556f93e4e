use std::io::Write as _;

use contract::bundle::{Section, Writer};
use contract::release::{BUNDLE, FULL_M3U};
use serde_json::{Value, json};

use super::*;

fn channel(id: u32, name: &str, num: u32, category: u32, guide: &str) -> (Section, Value) {
    let entry = json!({"num": num, "name": name, "stream_id": id, "epg_channel_id": guide,
                       "category_id": category.to_string(), "category_ids": [category]});
    (Section::LiveStreams, entry)
}

fn category(id: u32, name: &str) -> (Section, Value) {
    (Section::LiveCategories, json!({"category_id": id.to_string(), "category_name": name, "parent_id": 0}))
}

fn programmes(id: &str, bytes: u64) -> (Section, Value) {
    (Section::Guide, json!({"id": id, "channel": [0, 1], "programmes": [1, 1 + bytes]}))
}

fn episode(id: u32) -> (Section, Value) {
    (Section::Playables, json!({"id": id, "kind": "episode", "container": "mp4", "upstreams": []}))
}

/// A folder with a bundle of these entries and a playlist of its episodes.
fn release(entries: &[(Section, Value)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::new(Vec::new()).unwrap();
    let mut playlist = String::from("#EXTM3U\n");
    for section in Section::ALL {
        for (_, entry) in entries.iter().filter(|(of, _)| *of == section) {
            writer.push(section, entry).unwrap();
            if section == Section::Playables {
                let id = &entry["id"];
                playlist.push_str(&format!(
                    "#EXTINF:-1 tvg-name=\"x\",Show {id}\n{{base}}/series/{{username}}/{{password}}/{id}.mp4\n"
                ));
            }
        }
    }
    for (name, bytes) in [(BUNDLE, writer.finish().unwrap()), (FULL_M3U, playlist.into_bytes())] {
        std::fs::File::create(folder.path().join(name)).unwrap().write_all(&bytes).unwrap();
    }
    folder
}

#[test]
fn every_turn_is_counted_and_shown_once() {
    let before = release(&[
        category(1, "UK"),
        category(2, "US"),
        channel(1, "One", 1, 1, "one.uk"),
        channel(2, "Two", 2, 1, "two.uk"),
        channel(3, "Three", 3, 1, ""),
        channel(4, "Four", 4, 1, "four.uk"),
        channel(5, "Five", 5, 1, "five.uk"),
        programmes("one.uk", 5),
        programmes("two.uk", 5),
        programmes("four.uk", 5),
        programmes("five.uk", 5),
        episode(50),
    ]);
    let after = release(&[
        category(1, "United Kingdom"),
        category(2, "US"),
        channel(6, "Six", 1, 1, ""),
        channel(2, "Two HD", 2, 1, "two.uk"),
        channel(3, "Three", 30, 2, "two.uk"),
        channel(4, "Four", 4, 1, "4.uk"),
        channel(5, "Five", 5, 1, "five.uk"),
        programmes("two.uk", 9),
        programmes("4.uk", 5),
        programmes("five.uk", 0),
        episode(51),
    ]);
    let changes = between(Some(before.path()), after.path()).unwrap();
    let told = Told { changes: &changes, examples: 10 }.to_string();
    let lines: Vec<String> =
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected = [
        "categories renamed 1",
        "UK -> United Kingdom (1)",
        "episodes added 1",
        "Show 51 (51)",
        "episodes removed 1",
        "Show 50 (50)",
        "guide guide gained 1",
        "Three (3): nothing -> two.uk",
        "guide guide lost 1",
        "Five (5): five.uk -> five.uk",
        "guide guide moved 1",
        "Four (4): four.uk -> 4.uk",
        "live added 1",
        "Six (6)",
        "live removed 1",
        "One (1)",
        "live renamed 1",
        "Two -> Two HD (2)",
        "live renumbered 1",
        "Three (3): 3 -> 30",
        "live regrouped 1",
        "Three (3): UK -> US",
    ];
    assert_eq!(lines, expected);
    assert!(changes["movies"].is_none() && changes["series"].is_none());
}

#[test]
fn a_release_is_not_different_from_itself_and_everything_comes_with_the_first() {
    let only = release(&[category(1, "UK"), channel(1, "One", 1, 1, "x"), programmes("x", 3), episode(9)]);
    let same = between(Some(only.path()), only.path()).unwrap();
    assert!(same.values().all(Change::is_none), "{same:?}");
    let first = between(None, only.path()).unwrap();
    assert_eq!((first["live"].added, first["episodes"].added, first["guide"].guide_gained), (1, 1, 0));
}

#[test]
fn what_is_no_release_is_named() {
    let only = release(&[]);
    let error = between(Some(std::path::Path::new("/nowhere")), only.path()).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/bundle.json"), "{error}");
}

/// Ten examples of each turn, whatever happens to however many.
#[test]
fn a_hundred_thousand_entries_are_compared_and_ten_of_each_are_shown() {
    let all = |name: &'static str| {
        release(&(1..=100_000).map(|id| channel(id, name, id, 1, "")).collect::<Vec<_>>())
    };
    let changes = between(Some(all("old").path()), all("new").path()).unwrap();
    let live = &changes["live"];
    assert_eq!((live.renamed, live.examples.len()), (100_000, 10));
    assert_eq!((live.examples[0].id, live.examples[9].id), (1, 10));
}
