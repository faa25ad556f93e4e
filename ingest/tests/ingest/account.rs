//! The account of a run: what became different, what would, and whether it all fits together.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use contract::bundle::{Section, VodStream};
use contract::release::{Example, Releases, Turn};
use ingest::{Progress, Verdict};
use station::{Fault, Station, Target};

use crate::{Bench, artefacts, source, station};

async fn sized(live: usize, films: usize) -> Station {
    station(station::Settings { live: live as _, films: films as _, series: 2, ..Default::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_tells_what_is_different_with_names_and_our_ids() {
    let (one, two) = (sized(12, 8).await, sized(12, 11).await);
    let bench = Bench::new();
    let first = bench.run(&[source("acme", &one)]).await;
    assert_eq!((first.changes["live"].added, first.changes["movies"].added), (12, 8));
    let added = bench.run(&[source("acme", &two)]).await;
    assert_eq!(added.verdict, Verdict::Published(2), "{added}");
    let before = bench.release();
    let second = bench.run(&[source("acme", &one)]).await;
    let (came, went) = (&added.changes["movies"], &second.changes["movies"]);
    assert_eq!(came.added, came.removed + 3, "{added}");
    assert_eq!((came.added, came.removed), (went.removed, went.added), "{second}");
    let of = |examples: &[Example], turn| {
        examples.iter().find(|example| example.turn == turn).expect("there is one").clone()
    };
    for example in [of(&came.examples, Turn::Added), of(&went.examples, Turn::Removed)] {
        let film: VodStream =
            serde_json::from_slice(&before.find(Section::VodStreams, example.id).unwrap()).unwrap();
        assert_eq!(film.name, example.name);
    }
    // What is in release.json is what is told, and what a later comparison finds.
    let releases = Releases::new(bench.data.clone());
    assert_eq!(releases.manifest(3).unwrap().changes, second.changes);
    let again = ingest::between(Some(&releases.folder(2)), &releases.folder(3)).unwrap();
    assert_eq!(again, second.changes);
    assert!(second.to_string().contains("movies      removed"), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_lose_their_programmes_are_told() {
    let full = station(station::Settings { live: 12, ..Default::default() }).await;
    let mut bench = Bench::new();
    bench.settings.guide_by_channel = 0;
    let sources = [source("acme", &full)];
    full.set_fault(Target::Action("xmltv".into()), Fault::Status(404));
    bench.run(&sources).await;
    full.clear_fault(Target::Action("xmltv".into()));
    let report = bench.run(&sources).await;
    let gained = report.changes["guide"].guide_gained;
    assert!(gained > 0, "{report}");
    let releases = Releases::new(bench.data.clone());
    let back = ingest::between(Some(&releases.folder(2)), &releases.folder(1)).unwrap();
    assert_eq!(back["guide"].guide_lost, gained);
    assert!(back["guide"].examples.iter().all(|example| !example.name.is_empty() && example.id > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_addresses_of_channels_stay_when_nothing_but_the_order_of_films_changes() {
    let (one, two) = (sized(30, 8).await, sized(30, 12).await);
    let bench = Bench::new();
    // Their logos are at another address, and that is all.
    let shown = |station: &Station| {
        let playlist = String::from_utf8(bench.release().live_m3u.to_vec()).unwrap();
        playlist.replace(&station.url(), "http://provider")
    };
    bench.run(&[source("acme", &one)]).await;
    let before = shown(&one);
    let report = bench.run(&[source("acme", &two)]).await;
    assert_eq!(report.verdict, Verdict::Published(2), "{report}");
    assert!(shown(&two) == before, "names and addresses, byte for byte");
    assert!(report.changes["live"].is_none() && report.changes["guide"].is_none(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_publishes_is_sound() {
    let station = sized(40, 20).await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    bench.fill(&sources).await;
    bench.run(&sources).await; // with episodes
    let verified = ingest::verify(&Releases::new(bench.data.clone()), 2);
    assert!(verified.sound, "{verified}");
    assert_eq!(verified.entries["live_streams"], 40);
    assert!(verified.entries["guide"] > 0 && verified.entries["playables"] > 60);
}

/// Name and content of everything below a folder that is not a link, but for the count of what was asked.
fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (kind, path) = (entry.file_type().unwrap(), entry.path());
        if kind.is_dir() {
            found.extend(everything(&path));
        } else if path.file_stem().is_some_and(|name| name == "requests") {
            // What a rehearsal asks, it has asked.
        } else if kind.is_file() {
            found.insert(path.display().to_string(), fs::read(path).unwrap());
        } else {
            let target = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
            found.insert(path.display().to_string(), target);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_tells_the_same_and_changes_nothing() {
    let (one, two, tiny) = (sized(12, 8).await, sized(14, 8).await, sized(2, 8).await);
    let bench = Bench::new();
    let rehearse = |station: &Station| {
        let sources = [source("acme", station)];
        let (data, settings) = (bench.data.clone(), bench.settings.clone());
        async move { ingest::rehearse(&data, &sources, &settings, &Progress::log()).await.unwrap() }
    };
    let first = rehearse(&one).await;
    assert_eq!(first.report.verdict, Verdict::Published(1));
    assert!(!bench.data.current().exists() && !bench.data.ids().exists());
    assert!(everything(&bench.data.state()).is_empty());

    bench.run(&[source("acme", &one)]).await;
    let (before, files) = (everything(bench.data.path()), artefacts(&bench));
    let second = rehearse(&two).await;
    assert_eq!(second.report.verdict, Verdict::Published(2), "{second}");
    assert_eq!(second.report.changes["live"].added, 2);
    assert!(second.to_string().ends_with("dry run: this would be release 000002"), "{second}");
    assert!(rehearse(&one).await.to_string().contains("release 000001 would stay as it is"));
    let refused = rehearse(&tiny).await;
    assert!(refused.to_string().contains("0 of 2 confirmations"), "{refused}");
    assert!(rehearse(&tiny).await.to_string().contains("0 of 2"), "a rehearsal confirms nothing");
    assert!(everything(bench.data.path()) == before && artefacts(&bench) == files);

    let real = bench.run(&[source("acme", &two)]).await;
    assert_eq!((real.verdict, &real.changes), (Verdict::Published(2), &second.report.changes));
}
