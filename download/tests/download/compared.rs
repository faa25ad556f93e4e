//! What a list has that the line-up has not, as `download diff` and `download parse` tell it.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use contract::bundle::{Kind, Section, VodStream};
use contract::disk::{Access, replace};
use contract::release::{Release, Releases};
use serde_json::Value;

use crate::house::{House, eventually};

fn written(file: &Path, text: &str) {
    replace(file, text.as_bytes(), Access::Owner).unwrap();
}

fn counts(told: &Value) -> u64 {
    let all = told["counts"].as_object().unwrap().iter().filter(|(class, _)| *class != "gone");
    all.map(|(_, count)| count.as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_compared_with_the_line_up_and_with_what_was_downloaded() {
    let house = House::with_target("").await;
    let id = house.ids(Kind::Movie)[0];
    let releases = Releases::new(house.data.clone());
    let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
    let film = release.find(Section::VodStreams, id).unwrap();
    let film: VodStream = serde_json::from_slice(&film).unwrap();
    let list = house.data.path().join("new.m3u");
    let entry = |title: &str| {
        format!("#EXTINF:-1 group-title=\"Films\",{title}\nhttp://h.example/movie/u/p/{}.mkv\n", title.len())
    };
    let text = format!(
        "#EXTM3U\n{}{}{}{}#EXTINF:-1,News\nhttp://h.example/live/u/p/1.ts\n",
        entry(&film.name),
        entry("Nothing Like It (2021)"),
        entry("Nothing Like It (2021) CAM"),
        entry(&film.name)
    );
    written(&list, &text);
    let list = list.to_str().unwrap();
    let told = house.told(&["diff", list]);
    let classes: Vec<&str> =
        told["entries"].as_array().unwrap().iter().map(|it| it["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["moved", "new", "filtered", "duplicate", "filtered"], "{told:#}");
    assert_eq!((counts(&told), told["list"].as_u64()), (5, Some(5)));
    assert_eq!(told["counts"]["gone"].as_u64().unwrap() + 1, told["main"].as_u64().unwrap(), "{told:#}");
    assert_eq!(told["entries"][2]["reason"], "it was filmed off a screen");
    // What was downloaded is had, whatever it is compared with.
    let other = house.data.path().join("other.m3u");
    written(&other, &format!("#EXTM3U\n{}", entry("Another (1990)")));
    let against = ["diff", list, "--against", other.to_str().unwrap()];
    assert_eq!(house.told(&against)["entries"][0]["class"], "new");
    let worker = house.run();
    house.until(house.add(id), "completed").await;
    assert_eq!(house.told(&against)["entries"][0]["class"], "moved");
    assert!(worker.stop());
    eventually(|| house.parts().is_empty()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_list_is_refused_with_its_line_and_titles_are_read_from_standard_input() {
    let house = House::with_target("").await;
    let list = house.data.path().join("page.m3u");
    written(&list, &format!("#EXTM3U\n#EXTINF:-1,{}\nhttp://h/1\n", "x".repeat(70_000)));
    let refused = house.ask(&["diff", list.to_str().unwrap()]);
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && why.contains("page.m3u: line 2: it is longer than 64 KiB"), "{why}");
    let mut reading = house.command(&["parse", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    reading.stdin.take().unwrap().write_all("Capítulo 179\tNovelas\nFilm (2020)\n".as_bytes()).unwrap();
    let output = reading.wait_with_output().unwrap();
    let lines: Vec<Value> =
        output.stdout.split(|it| *it == b'\n').filter_map(|it| serde_json::from_slice(it).ok()).collect();
    assert_eq!((&lines[0]["episode"], &lines[1]["year"]), (&179.into(), &2020.into()));
}
