//! Who is who stays so, whatever a provider does with his ids and his order.

use std::collections::BTreeMap;

use contract::bundle::{LiveStream, Section, Series, VodStream};
use contract::release::Release;
use ingest::Verdict;

use crate::{Bench, artefacts, entries, source, station, with_account};

/// Our ids by name, of everything that is listed; names that come twice are told apart by their order.
fn named(release: &Release) -> BTreeMap<String, u32> {
    let mut named = BTreeMap::new();
    let mut add = |kind: &str, name: String, id: u32| {
        let count = named.range(format!("{kind} {name} #")..format!("{kind} {name} $")).count();
        named.insert(format!("{kind} {name} #{count}"), id);
    };
    for it in entries::<LiveStream>(release, Section::LiveStreams) {
        add("live", it.name, it.stream_id);
    }
    for it in entries::<VodStream>(release, Section::VodStreams) {
        add("film", it.name, it.stream_id);
    }
    for it in entries::<Series>(release, Section::Series) {
        add("series", it.name, it.series_id);
    }
    named
}

fn settings() -> station::Settings {
    station::Settings { live: 300, films: 100, series: 20, guide_days: 1, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_order_another_host_and_other_credentials_change_no_id() {
    let bench = Bench::new();
    let before = station(settings()).await;
    bench.run(&[source("acme", &before)]).await;
    let (old, names) = (bench.release(), named(&bench.release()));
    let account =
        station::Account { username: "other".into(), password: "words".into(), ..Default::default() };
    let moved = station(station::Settings { shuffled: true, accounts: vec![account], ..settings() }).await;
    let report = bench.run(&[with_account("acme", &moved.url(), "other", "words")]).await;
    assert!(matches!(report.verdict, Verdict::Published(2)), "{report}");
    assert!(report.sources[0].notes.iter().all(|note| !note.contains("renumbered")), "{report}");
    assert_eq!(crate::ids(&old), crate::ids(&bench.release()));
    assert_eq!(names.len(), named(&bench.release()).len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_who_renumbers_everything_and_back_again_is_recognised_by_names() {
    let bench = Bench::new();
    let mut before: BTreeMap<String, u32> = BTreeMap::new();
    for (round, renumbered) in [0, 1, 2, 0].into_iter().enumerate() {
        let station = station(station::Settings { renumbered, shuffled: round == 2, ..settings() }).await;
        let report = bench.run(&[source("acme", &station)]).await;
        let now = named(&bench.release());
        if !before.is_empty() {
            assert_eq!(before.len(), 420);
            let kept = before.iter().filter(|(name, id)| now.get(*name) == Some(*id)).count();
            assert!(
                kept * 100 >= before.len() * 95,
                "round {round}: {kept} of {} keep their ids",
                before.len()
            );
            let notes = report.sources[0].notes.join("\n");
            assert!(notes.contains("the provider renumbered 300 channels"), "{report}");
            assert_eq!(notes.contains("back to earlier ids"), round == 3, "{report}");
        }
        before = now;
        // What is the same once more is the same.
        let told = artefacts(&bench);
        let again = bench.run(&[source("acme", &station)]).await;
        assert!(matches!(again.verdict, Verdict::Unchanged(_)), "{again}");
        assert!(artefacts(&bench) == told);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_id_is_two_things_when_a_provider_goes_back_to_earlier_ids_and_gives_one_to_another() {
    let bench = Bench::new();
    let list = |id_of: fn(u32) -> u32| {
        let entry = |n: u32| format!("#EXTINF:-1,Channel {n}\nhttp://h.example/ann/pw/{}.ts\n", id_of(n));
        format!("#EXTM3U\n{}", (1..=60).map(entry).collect::<String>())
    };
    for text in [list(|n| n), list(|n| n + 1000), list(|n| if n <= 2 { [500, 1][n as usize - 1] } else { n })]
    {
        bench.write("list.m3u", &text);
        let report = bench.run(&[bench.playlist("list", "list.m3u")]).await;
        assert!(matches!(report.verdict, Verdict::Published(_)), "{report}");
    }
    let live: Vec<LiveStream> = entries(&bench.release(), Section::LiveStreams);
    let ids: std::collections::BTreeSet<u32> = live.iter().map(|it| it.stream_id).collect();
    assert_eq!((live.len(), ids.len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_which_a_part_changes_is_not_renumbered() {
    let bench = Bench::new();
    let lists = [(0..40).collect::<Vec<u32>>(), (15..55).collect()];
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for list in lists {
        bench.write("list.m3u", &playlist(list));
        let report = bench.run(&[bench.playlist("list", "list.m3u")]).await;
        assert!(!report.to_string().contains("renumbered"), "{report}");
        for (name, id) in named(&bench.release()) {
            assert_eq!(*seen.entry(name).or_insert(id), id);
        }
    }
    let mut ids: Vec<u32> = seen.values().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 55, "no id is two things");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_vanishes_and_returns_has_its_old_id_and_number() {
    let bench = Bench::new();
    let mut seen = Vec::new();
    for list in [vec![1, 2, 3, 4, 5, 6], vec![1, 2, 4, 5, 8], vec![1, 2, 3, 4, 5, 6]] {
        bench.write("list.m3u", &playlist(list));
        bench.run(&[bench.playlist("list", "list.m3u")]).await;
        let live: Vec<LiveStream> = entries(&bench.release(), Section::LiveStreams);
        seen.push(live.into_iter().map(|it| (it.name, (it.stream_id, it.num))).collect::<BTreeMap<_, _>>());
    }
    let ids =
        |at: usize| seen[at].iter().map(|(name, (id, _))| (name.clone(), *id)).collect::<BTreeMap<_, _>>();
    assert_eq!(ids(0), ids(2));
    let stranger = seen[1]["Channel 8"].0;
    assert!(seen[0].values().all(|(id, _)| *id != stranger), "an id is never given twice");
    for name in ["Channel 1", "Channel 2", "Channel 4", "Channel 5"] {
        assert_eq!(seen[0][name], seen[1][name], "{name} keeps its number: there is room");
        assert_eq!(seen[0][name], seen[2][name]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_addresses_are_the_same_when_nothing_has_changed() {
    let bench = Bench::new();
    let station = station(station::Settings { live: 20, ..Default::default() }).await;
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let playlist = std::fs::read(bench.data.current().join("live.m3u")).unwrap();
    // Another guide is another release; players know channels by name and address.
    let other = crate::station(station::Settings { live: 20, guide_days: 3, ..Default::default() }).await;
    let report = bench.run(&[source("acme", &other)]).await;
    assert!(matches!(report.verdict, Verdict::Published(2)), "{report}");
    let lines = |text: &[u8]| {
        let text = String::from_utf8(text.to_vec()).unwrap();
        let lines = text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().to_owned());
        lines.collect::<Vec<String>>()
    };
    let now = std::fs::read(bench.data.current().join("live.m3u")).unwrap();
    assert_eq!(lines(&playlist), lines(&now));
}

/// A playlist of channels of these numbers.
pub(crate) fn playlist(numbers: Vec<u32>) -> String {
    let entry = |number: u32| {
        format!(
            "#EXTINF:-1 tvg-id=\"c{number}\" group-title=\"G{}\",Channel {number}\nhttp://h.example/{number}.ts\n",
            number % 3
        )
    };
    format!("#EXTM3U\n{}", numbers.into_iter().map(entry).collect::<String>())
}
