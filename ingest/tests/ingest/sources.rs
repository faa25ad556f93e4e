//! Sources of every kind in one configuration: one release, whatever happens to one of them.

use std::fmt::Write as _;
use std::io::Write as _;

use contract::bundle::Section;
use contract::release::{Outcome, Releases};
use contract::source::Source;
use ingest::{Report, Verdict};
use station::{Fault, Station, Target};

use crate::{Bench, UNHURRIED, artefacts, source, station};

/// A guide of so many programmes of an hour for each of `channels`, from the station's midnight on.
pub(crate) fn guide(channels: &[&str], programmes: u32) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let midnight = (now / 86_400 * 86_400) as i64;
    let written = |hour: u32| {
        let time = jiff::Timestamp::from_second(midnight + i64::from(hour) * 3600).unwrap();
        time.strftime("%Y%m%d%H%M%S +0000").to_string()
    };
    let mut guide = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<tv>\n");
    for id in channels {
        writeln!(guide, "<channel id=\"{id}\"><display-name>{id}</display-name></channel>").unwrap();
    }
    for id in channels {
        for hour in 0..programmes {
            let (start, stop) = (written(hour), written(hour + 1));
            writeln!(
                guide,
                "<programme start=\"{start}\" stop=\"{stop}\" channel=\"{id}\"><title>{id} {hour}</title></programme>"
            )
            .unwrap();
        }
    }
    guide + "</tv>\n"
}

fn packed(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// Publishes a playlist with a guide, and another guide; and tells where everything is.
fn everything(station: &Station) -> Vec<Source> {
    let url = station.url();
    let mut list = format!("#EXTM3U url-tvg=\"{url}/listed.xml\"\n");
    for number in 1..=25 {
        writeln!(list, "#EXTINF:-1 tvg-id=\"web{number}.example\" group-title=\"Web\",Web {number}").unwrap();
        writeln!(list, "{url}/web/{number}.ts").unwrap();
    }
    station.publish("/list.m3u", list, "audio/x-mpegurl", None);
    station.publish("/listed.xml", guide(&["web1.example", "web2.example"], 20), "text/xml", None);
    let more = packed(&guide(&["web2.example", "web3.example"], 30));
    station.publish("/guide.xml.gz", more, "application/gzip", None);
    let of = |text: String| -> Source { toml::from_str(&format!("{text}\n{UNHURRIED}")).unwrap() };
    let pages = ["html", "json", "m3u"].map(|form| format!("'{url}/pages/channels.{form}'")).join(", ");
    let hash = "a0".repeat(20);
    vec![
        source("panel", station),
        of(format!("name = 'list'\nkind = 'm3u'\nurl = '{url}/list.m3u'")),
        of(format!("name = 'guide'\nkind = 'xmltv'\nurl = '{url}/guide.xml.gz'")),
        of(format!("name = 'pages'\nkind = 'scrape'\npages = [{pages}]")),
        of(format!(
            "name = 'ace'\nkind = 'acestream'\nchannels = [{{ id = 'acestream://{hash}', name = 'One' }}]"
        )),
    ]
}

fn outcomes(report: &Report) -> Vec<Option<Outcome>> {
    report.sources.iter().map(|source| source.outcome).collect()
}

fn sound(bench: &Bench) {
    let releases = Releases::new(bench.data.clone());
    let verified = ingest::verify(&releases, releases.current().unwrap());
    assert!(verified.problems.is_empty(), "{:?}", verified.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_every_kind_make_one_release_and_what_did_not_change_is_not_sent_again() {
    let station = station(station::Settings::default()).await;
    let (bench, sources) = (Bench::new(), everything(&station));
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert_eq!(outcomes(&report), [Some(Outcome::Taken); 5], "{report}");
    sound(&bench);
    // 12 of the panel, 25 of the playlist, those of the pages once, and one.
    assert_eq!(bench.release().index.entries(Section::LiveStreams).len(), 12 + 25 + 12 + 1);
    let guide = std::fs::read_to_string(bench.data.current().join("guide.xml")).unwrap();
    assert!(guide.contains("web1.example 19<"), "of the guide that the playlist names");
    assert!(guide.contains("web2.example 25<"), "where that ends, the other one goes on");
    assert!(guide.contains("web3.example 29<"));

    let first = artefacts(&bench);
    let asked = station.counts();
    assert!(asked.unchanged.is_empty(), "{asked:?}");
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
    assert_eq!(outcomes(&report), [Some(Outcome::Taken); 5]);
    let counts = station.counts();
    for document in [
        "get_live_categories",
        "get_vod_categories",
        "get_series_categories",
        "get_live_streams",
        "get_vod_streams",
        "get_series",
        "xmltv",
        "/list.m3u",
        "/listed.xml",
        "/guide.xml.gz",
    ] {
        assert_eq!((counts.requests(document), counts.unchanged.get(document)), (2, Some(&1)), "{document}");
    }
    assert!(artefacts(&bench) == first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_changed_is_read_and_the_others_are_taken_from_the_last_harvest() {
    // Of this dialect, which repeats a channel in each of its categories.
    let dialect = station::Dialect::Classic;
    let station = station(station::Settings { dialect, live: 60, ..Default::default() }).await;
    let (bench, sources) = (Bench::new(), [source("acme", &station)]);
    bench.run(&sources).await;
    let first = artefacts(&bench);
    let harvest = || std::fs::read(bench.data.state().join("acme/harvest.jsonl")).unwrap();
    let before = harvest();
    let unchanged = |action: &str| station.counts().unchanged.get(action).copied().unwrap_or(0);
    for action in ["get_live_streams", "get_vod_streams", "get_series", "get_vod_categories"] {
        // As if another one had come.
        std::fs::remove_file(bench.data.state().join(format!("acme/{action}.json"))).unwrap();
        let told = unchanged(action);
        let report = bench.run(&sources).await;
        assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
        assert_eq!((unchanged(action), harvest() == before), (told, true), "{action}");
    }
    assert_eq!(unchanged("get_live_categories"), 4);
    assert!(artefacts(&bench) == first);
    // Categories that changed have entries that nobody knew where to put: those are asked for anew.
    assert_eq!((unchanged("get_live_streams"), unchanged("get_vod_streams")), (3, 2));

    // A list that had to be asked for in pieces is no list to compare with.
    station.set_fault_times(Target::Action("get_live_streams".into()), Fault::Cut(100), 1);
    std::fs::remove_file(bench.data.state().join("acme/get_live_streams.json")).unwrap();
    // The channels are those of before in another order.
    assert!(bench.run(&sources).await.is_whole());
    assert!(station.counts().requests("get_live_streams") > 6, "category by category");
    assert!(!bench.data.state().join("acme/get_live_streams.json").exists());
    for expected in [3, 4] {
        assert!(bench.run(&sources).await.is_whole());
        assert_eq!(unchanged("get_live_streams"), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_harvest_costs_one_run() {
    let station = station(station::Settings::default()).await;
    let (bench, sources) = (Bench::new(), [source("acme", &station)]);
    bench.run(&sources).await;
    let path = bench.data.state().join("acme/harvest.jsonl");
    let mut text = std::fs::read(&path).unwrap();
    let at = text.windows(11).position(|window| window == b"{\"channel\":").unwrap();
    text[at + 11..at + 20].fill(b'#');
    contract::disk::replace(&path, &text, contract::disk::Access::Owner).unwrap();
    let report = bench.run(&sources).await;
    assert!(report.to_string().contains("the last harvest is damaged"), "{report}");
    let report = bench.run(&sources).await;
    assert_eq!((report.verdict, outcomes(&report)), (Verdict::Unchanged(1), vec![Some(Outcome::Taken)]));
}

/// What goes wrong at a document, and how long the bench waits for it.
fn faults() -> Vec<Fault> {
    let statuses = [401, 403, 404, 410, 429, 500, 503, 520, 884].map(Fault::Status);
    let others = [
        Fault::Busy(3600),
        Fault::Html,
        Fault::Empty,
        Fault::Half,
        Fault::Cut(0),
        Fault::Cut(40),
        Fault::Stall(40),
        Fault::Slow(60_000),
        Fault::Dribble { bytes: 1, millis: 200 },
    ];
    statuses.into_iter().chain(others).collect()
}

/// One source after the other is dead, slow or lying: the others are published, that one as it was, and it recovers.
async fn afflicted(document: &str, at: usize) {
    let station = station(station::Settings::default()).await;
    let mut bench = Bench::new();
    bench.settings.first_byte_timeout = std::time::Duration::from_secs(1);
    bench.settings.request_timeout = std::time::Duration::from_secs(1);
    bench.settings.guide_timeout = std::time::Duration::from_secs(1);
    let sources = everything(&station);
    bench.run(&sources).await;
    let first = artefacts(&bench);
    let state = bench.data.state().join(sources[at].name.as_str());
    for fault in faults() {
        // Nothing is known of it, so that something is sent that can go wrong.
        for known in ["playlist.json", "guide.json", "guide-1.json", "get_live_streams.json"] {
            let _ = std::fs::remove_file(state.join(known));
        }
        station.set_fault(Target::Action(document.into()), fault);
        let report = bench.run(&sources).await;
        let said = &report.sources[at];
        assert!(report.is_success(), "{fault}: {report}");
        assert!(!said.notes.is_empty(), "{fault}: {report}");
        assert!(!report.is_whole(), "{fault}: {report}");
        assert_eq!(said.outcome, Some(Outcome::Kept), "{fault}: {report}");
        for (other, report) in report.sources.iter().enumerate().filter(|(other, _)| *other != at) {
            assert_eq!(report.outcome, Some(Outcome::Taken), "{fault}: {other}");
        }
        assert!(artefacts(&bench) == first, "{fault}: {report}");
        station.clear_fault(Target::Action(document.into()));
        // An hour later, for the one that wanted rest.
        let _ = std::fs::remove_file(state.join("requests.json"));
        let report = bench.run(&sources).await;
        assert!(report.is_whole(), "{fault}: {report}");
        assert!(artefacts(&bench) == first, "{fault}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_that_is_dead_slow_or_lying_stays_as_it_was_and_recovers() {
    afflicted("/list.m3u", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_that_is_dead_slow_or_lying_stays_as_it_was_and_recovers() {
    afflicted("/guide.xml.gz", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_is_dead_slow_or_lying_stays_as_it_was_and_recovers() {
    afflicted("account", 0).await;
}
