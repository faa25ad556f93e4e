//! What does not get into a release, and what is said about it.

use std::time::Duration;

use contract::bundle::Section;
use contract::release::Outcome;
use ingest::{Settings, Verdict};
use station::{Fault, Station, Target};

use crate::{Bench, artefacts, ids, source, station, with_account};

fn action(name: &str) -> Target {
    Target::Action(name.into())
}

async fn small() -> Station {
    station(station::Settings { live: 12, films: 8, series: 2, ..Default::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_provider_answers_the_release_stays_and_the_reason_is_told() {
    let station = small().await;
    let mut bench = Bench::new();
    bench.settings.first_byte_timeout = Duration::from_millis(300);
    bench.settings.request_timeout = Duration::from_millis(600);
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let before = artefacts(&bench);
    for (target, fault, reason) in [
        ("get_live_streams", Fault::Empty, "live: nothing, where there were 12"),
        ("get_vod_streams", Fault::Html, "movies: the answer is a web page"),
        ("get_series", Fault::Half, "series: the answer breaks off in the middle"),
        ("get_live_streams", Fault::Cut(100), "live: "),
        ("get_vod_streams", Fault::Status(404), "movies: the server answered 404"),
        ("get_live_categories", Fault::Status(500), "live categories: the server answered 500"),
        ("get_vod_categories", Fault::Empty, "movies categories: nothing, where there were"),
        ("get_series", Fault::Stall(0), "series: no answer within"),
        ("get_series", Fault::Stall(50), "series: no answer within"),
        ("account", Fault::Html, "account: the answer is a web page"),
        ("account", Fault::Status(403), "rejected or blocked"),
    ] {
        station.set_fault(action(target), fault);
        let report = bench.run(&sources).await;
        assert_eq!(report.verdict, Verdict::Refused, "{fault}: {report}");
        assert_eq!(report.sources[0].outcome, Some(Outcome::Kept));
        assert!(
            report.sources[0].notes[0].starts_with(reason) || report.sources[0].notes[0].contains(reason),
            "{fault}: {report}"
        );
        assert!(artefacts(&bench) == before);
        station.clear_fault(action(target));
    }
    assert_eq!(bench.run(&sources).await.verdict, Verdict::Unchanged(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_had_whole_is_asked_for_by_category() {
    let station = small().await;
    let (whole, pieces) = (Bench::new(), Bench::new());
    let sources = [source("acme", &station)];
    whole.run(&sources).await;
    station.set_fault_times(action("get_live_streams"), Fault::Half, 1);
    station.set_fault_times(action("get_vod_streams"), Fault::Status(504), 1);
    let report = pieces.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert_eq!(
        ids(&whole.release()).into_keys().collect::<Vec<_>>(),
        ids(&pieces.release()).into_keys().collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_passes_is_waited_for() {
    let station = small().await;
    let mut bench = Bench::new();
    bench.settings.retries = 2;
    station.set_fault_times(action("account"), Fault::Status(503), 2);
    station.set_fault_times(action("xmltv"), Fault::Half, 1);
    let report = bench.run(&[source("acme", &station)]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert!(report.sources[0].notes.is_empty(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed() {
    let station = small().await;
    let bench = Bench::new();
    for name in ["account", "get_live_streams", "xmltv"] {
        station.set_fault(action(name), Fault::Redirect(2));
    }
    let report = bench.run(&[source("acme", &station)]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_guide_a_source_is_taken_and_the_last_guide_stays() {
    let station = small().await;
    let bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let before = artefacts(&bench);
    for fault in [Fault::Html, Fault::Half, Fault::Status(404), Fault::Cut(3000)] {
        station.set_fault(action("xmltv"), fault);
        let report = bench.run(&sources).await;
        assert_eq!(report.verdict, Verdict::Unchanged(1), "{fault}: {report}");
        assert_eq!(report.sources[0].outcome, Some(Outcome::Taken));
        assert!(report.sources[0].notes[0].ends_with("the last one is kept"), "{report}");
        assert!(artefacts(&bench) == before);
    }
    let mut fresh = Bench::new();
    fresh.settings.guide_by_channel = 0;
    let report = fresh.run(&sources).await;
    assert!(report.sources[0].notes[0].ends_with("there is none"), "{report}");
    let guide = String::from_utf8(fresh.release().guide.to_vec()).unwrap();
    assert!(guide.contains("<channel ") && !guide.contains("<programme ") && guide.ends_with("</tv>\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_that_have_their_guide_by_name_keep_it_when_a_new_one_is_refused() {
    let bench = Bench::new();
    bench.write("list.m3u", "#EXTM3U\n#EXTINF:-1,DE: ZDF HD\nhttp://127.0.0.1:9/1.ts\n");
    let start = jiff::Timestamp::now().strftime("%Y%m%d%H0000 +0000").to_string();
    let programmes: String = (10..60)
        .map(|minute| {
            let start = start.replacen("0000 ", &format!("{minute}00 "), 1);
            format!("<programme channel='zdf.de' start='{start}'><title>{minute}</title></programme>")
        })
        .collect();
    let channel = "<channel id='zdf.de'><display-name>ZDF</display-name></channel>";
    let file = bench.path().join("guide.xml");
    let guide: contract::source::Source =
        toml::from_str(&format!("name = 'guide'\nkind = 'xmltv'\nfile = '{}'", file.display())).unwrap();
    let sources = [bench.playlist("list", "list.m3u"), guide];
    bench.write("guide.xml", &format!("<tv>{channel}{programmes}</tv>"));
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert_eq!(String::from_utf8_lossy(&bench.release().guide).matches("<programme ").count(), 50);
    let before = artefacts(&bench);
    for bad in [
        "<html><body>blocked</body></html>".to_owned(),
        format!("<tv><channel id='other'><display-name>Other</display-name></channel>{}", &programmes[..200]),
    ] {
        bench.write("guide.xml", &bad);
        let report = bench.run(&sources).await;
        assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
        assert!(report.sources[1].notes[0].ends_with("the last one is kept"), "{report}");
        assert!(artefacts(&bench) == before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_source_keeps_its_channels_while_the_others_go_on() {
    let (one, two) =
        (small().await, station(station::Settings { live: 7, seed: 2, ..Default::default() }).await);
    let bench = Bench::new();
    let sources = [source("one", &one), source("two", &two)];
    bench.run(&sources).await;
    let before = ids(&bench.release());
    let guide = bench.release().guide;
    drop(one);
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
    let outcomes: Vec<_> = report.sources.iter().map(|source| source.outcome.unwrap()).collect();
    assert_eq!(outcomes, [Outcome::Kept, Outcome::Taken]);
    assert_eq!((ids(&bench.release()), bench.release().guide), (before, guide));

    let new = with_account("three", "http://127.0.0.1:9", "u", "p");
    let report = bench.run(&[new, sources[1].clone()]).await;
    assert_eq!(report.sources[0].outcome, None);
    assert_eq!(report.verdict, Verdict::Published(2), "{report}");
    assert_eq!(bench.release().index.entries(Section::LiveStreams).len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shrinks_too_much_is_taken_only_when_told_to() {
    let large = station(station::Settings { live: 40, ..Default::default() }).await;
    let bench = Bench::new();
    bench.run(&[source("acme", &large)]).await;
    let smaller = station(station::Settings { live: 12, ..Default::default() }).await;
    let report = bench.run(&[source("acme", &smaller)]).await;
    assert_eq!(report.verdict, Verdict::Refused);
    assert!(report.to_string().contains("live: 12, where there were 40"), "{report}");
    let accepting = Bench { settings: Settings { accept: true, ..bench.settings }, ..bench };
    assert_eq!(accepting.run(&[source("acme", &smaller)]).await.verdict, Verdict::Published(2));
}

/// A station with so many channels, under the name of a provider that had 50.
async fn shrunk(live: u32, films: u32) -> Station {
    station(station::Settings { live: live as _, films: films as _, ..Default::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_further_runs_confirm_what_shrank_by_sixty_percent() {
    let (large, smaller) = (shrunk(50, 20).await, shrunk(20, 8).await);
    let bench = Bench::new();
    bench.run(&[source("acme", &large)]).await;
    let before = artefacts(&bench);
    for confirmed in 0..2 {
        let report = bench.run(&[source("acme", &smaller)]).await;
        assert_eq!(report.verdict, Verdict::Refused, "{report}");
        let expected = format!("held back, {confirmed} of 2 confirmations; `--accept` takes it now");
        for story in ["live: 20, where there were 50", "movies: 8, where there were 20"] {
            assert!(report.sources[0].notes[0].contains(&format!("{story}: {expected}")), "{report}");
        }
        assert!(artefacts(&bench) == before);
    }
    let report = bench.run(&[source("acme", &smaller)]).await;
    assert_eq!(report.verdict, Verdict::Published(2), "{report}");
    let notes = report.sources[0].notes.join(" ");
    assert!(notes.contains("live: 20, where there were 50: taken, since 3 runs saw it so"), "{report}");
    let report = bench.run(&[source("acme", &smaller)]).await;
    assert_eq!(report.verdict, Verdict::Unchanged(2), "{report}");
    assert!(!report.sources[0].notes.join(" ").contains("live"), "it is what is known now: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_comes_back_ends_the_doubt() {
    let (large, smaller) = (shrunk(50, 0).await, shrunk(20, 0).await);
    let bench = Bench::new();
    for (station, taken) in [(&large, true), (&smaller, false), (&smaller, false), (&large, true)] {
        let report = bench.run(&[source("acme", station)]).await;
        assert_eq!(report.verdict != Verdict::Refused, taken, "{report}");
    }
    let report = bench.run(&[source("acme", &smaller)]).await;
    assert!(report.to_string().contains("0 of 2 confirmations"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_became_empty_is_only_taken_when_the_setting_says_so() {
    let station = small().await;
    let bench = Bench::new();
    let plain = source("acme", &station);
    bench.run(std::slice::from_ref(&plain)).await;
    station.set_fault(action("get_live_streams"), Fault::Empty);
    for _ in 0..4 {
        let report = bench.run(std::slice::from_ref(&plain)).await;
        assert_eq!(report.verdict, Verdict::Refused, "{report}");
        assert!(report.to_string().contains("live: nothing, where there were 12: held back"), "{report}");
    }
    let mut trusting = plain.clone();
    trusting.gate.confirm_empty = Some(true);
    trusting.gate.confirmations = Some(1);
    let sources = [trusting];
    assert_eq!(bench.run(&sources).await.verdict, Verdict::Refused);
    assert_eq!(bench.run(&sources).await.verdict, Verdict::Published(2));
    assert!(bench.release().index.entries(Section::LiveStreams).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_has_its_own_thresholds() {
    let (large, smaller) = (shrunk(50, 20).await, shrunk(20, 8).await);
    let bench = Bench::new();
    bench.run(&[source("acme", &large)]).await;
    let mut lenient = source("acme", &smaller);
    (lenient.gate.live, lenient.gate.movies) = (Some(70), Some(100));
    lenient.gate.min_live = 30;
    let report = bench.run(&[lenient.clone()]).await;
    assert!(report.to_string().contains("live: 20, where at least 30 are expected"), "{report}");
    lenient.gate.min_live = 0;
    assert_eq!(bench.run(&[lenient]).await.verdict, Verdict::Published(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_refused_in_words() {
    for dialect in [station::Dialect::Classic, station::Dialect::Xui] {
        let station = station(station::Settings { dialect, ..Default::default() }).await;
        let bench = Bench::new();
        let report = bench.run(&[with_account("acme", &station.url(), "someone", "else")]).await;
        assert_eq!(report.verdict, Verdict::Refused);
        assert!(report.to_string().contains("reject"), "{report}");
        assert!(!report.to_string().contains("someone"));
        assert!(!bench.data.current().exists());
    }
}
