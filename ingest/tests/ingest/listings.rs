//! Panels that tell their guide channel by channel only.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::release::Outcome;
use contract::source::Source;
use ingest::{Progress, Rule, Verdict};
use station::{Dialect, Fault, Station, Target};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::{Bench, source, station, with_account, with_keys};

const TABLE: &str = "get_simple_data_table";
const SHORT: &str = "get_short_epg";

fn provider(guide_by_channel: bool) -> station::Settings {
    station::Settings { live: 12, films: 1, series: 1, guide_by_channel, ..Default::default() }
}

fn asked(station: &Station) -> u64 {
    station.counts().requests(TABLE) + station.counts().requests(SHORT)
}

fn guide(bench: &Bench) -> String {
    std::fs::read_to_string(bench.data.current().join("guide.xml")).unwrap()
}

/// Without what only one of the two says or writes: where the pictures are, the language, and quotes as references.
fn bare(guide: &str, station: &Station) -> String {
    let guide = guide.replace(&station.url(), "http://provider");
    guide.replace(" lang=\"en\"", "").replace("&quot;", "\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_that_is_told_channel_by_channel_is_the_same_guide() {
    for (dialect, zone) in [(Dialect::Classic, "America/St_Johns"), (Dialect::Xui, "Asia/Kolkata")] {
        let zone = zone.to_owned();
        let settings = |by_channel| station::Settings { dialect, zone: zone.clone(), ..provider(by_channel) };
        let (whole, by_channel) = (station(settings(false)).await, station(settings(true)).await);
        let (one, two) = (Bench::new(), Bench::new());
        let report = one.run(&[source("acme", &whole)]).await;
        assert_eq!((report.verdict, asked(&whole)), (Verdict::Published(1), 0), "{report}");
        let sources = [source("acme", &by_channel)];
        let report = two.run(&sources).await;
        assert_eq!(report.sources[0].counts["programmes"], guide(&two).matches("<programme ").count() as u64);
        assert!(guide(&one).matches("<programme ").count() > 500);
        assert!(bare(&guide(&one), &whole) == bare(&guide(&two), &by_channel), "{dialect:?} {report}");

        let first = asked(&by_channel);
        assert!((1..=12).contains(&first), "channels that share a guide are one: {first}");
        assert_eq!(two.run(&sources).await.verdict, Verdict::Unchanged(1));
        assert_eq!(asked(&by_channel), first, "an hour has not passed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_guide_as_a_whole_is_not_channels_are_asked_for() {
    let station = station(provider(false)).await;
    let xmltv = || Target::Action("xmltv".into());
    for fault in [Fault::Status(404), Fault::Status(503), Fault::Html, Fault::Empty, Fault::Refuse] {
        station.reset();
        station.set_fault(xmltv(), fault);
        let bench = Bench::new();
        let report = bench.run(&[source("acme", &station)]).await;
        assert_eq!(report.sources[0].outcome, Some(Outcome::Taken), "{report}");
        assert!(asked(&station) > 0 && report.sources[0].counts["programmes"] > 100, "{fault}: {report}");

        // And when there is one again, that is the guide.
        let before = asked(&station);
        station.clear_fault(xmltv());
        let report = bench.run(&[source("acme", &station)]).await;
        assert!(report.sources[0].notes.is_empty() && asked(&station) == before, "{report}");
        assert!(!bench.data.state().join("acme/guide-1").exists());
        // Which stands in for one that is not there for a day.
        station.set_fault(xmltv(), fault);
        bench.run(&[source("acme", &station)]).await;
        assert_eq!(asked(&station), before, "{fault}");
    }
    let mut bench = Bench::new();
    bench.settings.guide_by_channel = 0;
    station.reset();
    station.set_fault(xmltv(), Fault::Status(404));
    bench.run(&[source("acme", &station)]).await;
    assert_eq!(asked(&station), 0, "nobody wants to know");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_asks_for_so_many_channels_and_the_next_one_goes_on() {
    let station = station(provider(true)).await;
    let mut bench = Bench::new();
    bench.settings.guide_by_channel = 4;
    let sources = [source("acme", &station)];
    let channels = |bench: &Bench| {
        let guide = guide(bench);
        let ids = guide.split("<programme ").skip(1).filter_map(|it| it.split("channel=\"").nth(1));
        ids.map(|id| id.split('"').next().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
    };
    let report = bench.run(&sources).await;
    assert_eq!(asked(&station), 4);
    assert!(report.to_string().contains("more are due in the next runs"), "{report}");
    let mut before = channels(&bench);
    assert!(!before.is_empty());
    let mut settled = 4;
    for _ in 0..3 {
        bench.run(&sources).await;
        let now = channels(&bench);
        assert!(now.is_superset(&before), "what was known stays");
        assert!(asked(&station) <= settled + 4);
        (before, settled) = (now, asked(&station));
    }
    assert!(bench.run(&sources).await.sources[0].notes.is_empty());
    assert_eq!(asked(&station), settled, "each once");
    let all = channels(&bench);

    // Hours later, those that were longest ago come first again.
    bench.settings.guide_by_channel_age = 0;
    let report = bench.run(&sources).await;
    assert!(matches!(report.verdict, Verdict::Unchanged(_)) && asked(&station) == settled + 4, "{report}");
    assert_eq!(channels(&bench), all);
}

#[derive(serde::Deserialize)]
struct Rules {
    rule: Vec<Rule>,
}

fn rules(text: &str) -> Vec<Rule> {
    toml::from_str::<Rules>(text).unwrap().rule
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guide_of_fewer_channels_is_not_held_back_for_those_that_are_published_no_more() {
    let station = station(provider(true)).await;
    let mut bench = Bench::new();
    let sources = [source("acme", &station)];
    let before = bench.run(&sources).await.sources[0].counts["programmes"];
    bench.settings.rule = rules("[[rule]]\ndo = 'include'\nkind = 'live'\nname = '/^UK/'\n");
    bench.settings.guide_by_channel_age = 0;
    bench.run(&sources).await; // it is asked for what was published until now
    let report = bench.run(&sources).await;
    let now = report.sources[0].counts["programmes"];
    assert!(now > 0 && now < before / 2, "{now} of {before}: {report}");
    assert!(!report.to_string().contains("held back"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_channels_that_are_published_are_asked_for_once_that_is_known() {
    let station = station(provider(true)).await;
    let mut bench = Bench::new();
    bench.settings.rule = rules("[[rule]]\ndo = 'exclude'\nkind = 'live'\nname = '/^UK/'\n");
    bench.settings.guide_by_channel = 1;
    let sources = [source("acme", &station)];
    let report = bench.run(&sources).await;
    assert_eq!((report.verdict, asked(&station)), (Verdict::Published(1), 1), "{report}");
    let published = bench.release().index.entries(contract::bundle::Section::LiveStreams).len() as u64;
    bench.settings.guide_by_channel = 1000;
    bench.run(&sources).await;
    assert!(published < 12 && asked(&station) <= 1 + 2 * published, "{published}: {}", asked(&station));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_holds_and_leaves_something_to_the_others() {
    let station = station(station::Settings { live: 60, ..provider(true) }).await;
    let bench = Bench::new();
    let keys = "username = 'station'\npassword = 'station'\nrequests = { per_second = 50, per_hour = 30 }";
    let sources = [with_keys("acme", &station.url(), keys)];
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert!(report.to_string().contains("nothing may be asked for the next"), "{report}");
    let counts = station.counts();
    let account = counts.accounts["station"];
    assert!(asked(&station) > 0 && account.asked <= 30 && account.asked_in_a_second <= 50, "{account:?}");
    assert!(account.asked <= 30 - 30 / 4, "a quarter of the hour is not theirs: {account:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_a_silent_panel_no_longer_than_it_may() {
    let station = station(provider(true)).await;
    for fault in [Fault::Mute, Fault::Stall(10), Fault::Slow(3_600_000)] {
        let mut bench = Bench::new();
        bench.settings.guide_by_channel_time = Duration::from_millis(300);
        bench.settings.first_byte_timeout = Duration::from_secs(3600);
        bench.settings.request_timeout = Duration::from_secs(3600);
        station.set_fault(Target::Action(TABLE.into()), fault);
        let sources = [source("acme", &station)];
        let report = tokio::time::timeout(Duration::from_secs(120), bench.run(&sources)).await.unwrap();
        assert_eq!(report.verdict, Verdict::Published(1), "{report}");
        assert!(report.to_string().contains("more are due in the next runs"), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panel_that_refuses_is_not_asked_for_every_channel() {
    let station = station(station::Settings { live: 60, ..provider(true) }).await;
    let action = |name: &str| Target::Action(name.into());
    for (fault, requests, says) in [
        (Fault::Status(403), 1, "rejected or blocked"),
        (Fault::Busy(7), 1, "too many requests"),
        (Fault::Status(500), 3, "3 times in a row"),
        (Fault::Refuse, 3, "3 times in a row"),
        (Fault::Html, 6, "web page, 3 times in a row"),
        (Fault::Empty, 40, "knows nothing of them"),
        (Fault::Status(404), 40, "knows nothing of them"),
    ] {
        station.reset();
        station.set_fault(action(TABLE), fault);
        station.set_fault(action(SHORT), fault);
        let bench = Bench::new();
        let report = bench.run(&[source("acme", &station)]).await;
        assert_eq!((report.verdict, asked(&station)), (Verdict::Published(1), requests), "{fault}: {report}");
        assert!(report.to_string().contains(says), "{fault}: {report}");
        assert_eq!(report.sources[0].outcome, Some(Outcome::Taken));
    }
    // A panel may know one of the two ways to ask.
    station.reset();
    station.set_fault(action(TABLE), Fault::Status(404));
    let bench = Bench::new();
    let report = bench.run(&[source("acme", &station)]).await;
    assert_eq!(station.counts().requests(TABLE), 1, "{report}");
    assert!(
        station.counts().requests(SHORT) > 20 && report.sources[0].counts["programmes"] > 500,
        "{report}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tape_has_what_was_said_of_the_channels() {
    let station = station(provider(true)).await;
    let mut bench = Bench::new();
    bench.settings.guide_by_channel = 5;
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    let folder = bench.path().join("tape");
    let settings = "guide_by_channel = 5\nretries = 0".parse().unwrap();
    let report =
        ingest::record(&bench.data, &sources, (&bench.settings, Some(&settings)), &Progress::log(), &folder)
            .await
            .unwrap();
    assert_eq!(report.verdict, Verdict::Published(2), "{report}");
    let requests = asked(&station);
    let replayed = ingest::replay(&folder, None).await.unwrap();
    assert!(replayed.different.is_empty(), "{replayed}");
    assert_eq!(asked(&station), requests);
}

/// A panel that says what is in a fixture, by stream. It goes when the test does.
#[derive(Clone, Default)]
struct Panel {
    answers: HashMap<u32, (u16, String)>,
    asked: Arc<Mutex<Vec<u32>>>,
}

impl Panel {
    async fn start(&self) -> Source {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let panel = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let panel = panel.clone();
                tokio::spawn(async move { panel.serve(stream).await });
            }
        });
        with_account("acme", &url, "someone", "hunter22")
    }

    async fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let parameter = |name: &str| {
            let (_, rest) = head.split_once(&format!("{name}="))?;
            rest.split(['&', ' ']).next().map(str::to_owned)
        };
        let (status, body) = match parameter("action").as_deref() {
            _ if head.starts_with("GET /xmltv.php") => (404, String::new()),
            None => (200, r#"{"user_info":{"auth":1,"status":"Active"}}"#.into()),
            Some("get_live_streams") => (200, self.live()),
            Some(action)
                if action.starts_with("get_s")
                    && action != "get_series"
                    && action != "get_series_categories" =>
            {
                let stream = parameter("stream_id").unwrap().parse().unwrap();
                self.asked.lock().unwrap().push(stream);
                self.answers.get(&stream).cloned().unwrap_or((200, "[]".into()))
            }
            Some(_) => (200, "[]".into()),
        };
        let head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all([head, body].concat().as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// Those of odd numbers name their guide.
    fn live(&self) -> String {
        let mut streams: Vec<&u32> = self.answers.keys().collect();
        streams.sort();
        let channel = |stream: &u32| {
            let guide = if stream % 2 == 1 { format!("guide{stream}.uk") } else { String::new() };
            format!(r#"{{"stream_id":{stream},"name":"Channel {stream}","epg_channel_id":"{guide}"}}"#)
        };
        format!("[{}]", streams.into_iter().map(channel).collect::<Vec<_>>().join(","))
    }
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/listings");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    // All of them begin on 2025-10-09 at 8; a guide of that day is thrown away.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let offset = (now / 86_400 * 86_400) as i64 + 8 * 3600 - 1_759_996_800;
    let day = jiff::Timestamp::from_second(now as i64).unwrap().strftime("%Y-%m-%d").to_string();
    let mut moved = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("17599") {
        let end = at + 10;
        let number: i64 = rest[at..end].parse().unwrap();
        moved += &rest[..at];
        moved += &(number + offset).to_string();
        rest = &rest[end..];
    }
    (moved + rest).replace("2025-10-09", &day)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_say_it_is_published_and_one_channel_that_fails_costs_itself() {
    let said = [
        (2, 200, fixture("by-stream").replace("\"101\"", "\"2\"")),
        (1, 200, fixture("classic")),
        (3, 200, fixture("xui")),
        (5, 500, "sorry".into()),
        (7, 200, fixture("unpadded")),
        (9, 200, fixture("url-safe")),
        (11, 200, "<html><h1>It works!</h1></html>".into()),
        (13, 200, fixture("plain")),
        (15, 200, fixture("mixed")),
        (17, 200, r#"{"epg_listings":null}"#.into()),
        (19, 200, r#"{"epg_listings":false}"#.into()),
        (21, 200, "null".into()),
        (23, 200, fixture("odd")),
        (25, 200, fixture("secret")),
        (27, 200, r#"{"epg_listings":{}}"#.into()),
        (29, 400, "what?".into()),
        (4, 200, fixture("secret")),
    ];
    let answers = said.into_iter().map(|(stream, status, body)| (stream, (status, body))).collect();
    let panel = Panel { answers, ..Panel::default() };
    let sources = [panel.start().await];
    let bench = Bench::new();
    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report}");
    assert_eq!(
        std::mem::take(&mut *panel.asked.lock().unwrap()),
        [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 2, 4],
        "those that name their guide first"
    );
    let guide = guide(&bench);
    let titles = |channel: &str| -> Vec<String> {
        let all = guide.split("<programme ").filter(|it| it.contains(&format!(" channel=\"{channel}\"")));
        let title =
            |it: &str| it.split("<title").nth(1).unwrap().split(['>', '<']).nth(1).unwrap().to_owned();
        all.map(title).collect()
    };
    for one in ["guide1.uk", "guide3.uk"] {
        assert_eq!(titles(one), ["Grüße &amp; Küsse 🎬", "Новости"], "{guide}");
    }
    assert_eq!(titles("guide7.uk"), ["News", "One", "Two!", "Tagesschau"]);
    assert_eq!(titles("guide9.uk"), ["über?&gt;", "Ko~?ÿ&gt;&gt;"]);
    assert_eq!(titles("guide13.uk"), ["News", "Tagesschau", "Kino", "Abcd"]);
    assert_eq!(titles("guide15.uk"), ["TmV3cw==", "Tagesschau", "Untitled"]);
    assert_eq!(titles("guide25.uk"), ["Hi, ***"]);
    assert!(titles("guide23.uk").contains(&"Kept one".to_owned()), "{guide}");
    assert_eq!(titles("2.acme"), ["News", "Tagesschau"], "its guide is found by its name");
    for nothing in
        ["guide5.uk", "guide11.uk", "guide17.uk", "guide19.uk", "guide21.uk", "guide27.uk", "guide29.uk"]
    {
        assert_eq!(titles(nothing), [""; 0]);
    }
    assert!(!guide.contains("hunter22"));
    let verified = ingest::verify(&contract::release::Releases::new(bench.data.clone()), 1);
    assert!(verified.sound, "{verified}");

    let report = bench.run(&sources).await;
    assert_eq!(report.verdict, Verdict::Unchanged(1), "{report}");
    assert!(panel.asked.lock().unwrap().is_empty(), "not even those that failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_refused_in_every_run_is_in_the_way_of_no_other() {
    let said = [(1, 403, "no".into()), (3, 200, fixture("classic")), (5, 200, fixture("xui"))];
    let answers = said.into_iter().map(|(stream, status, body)| (stream, (status, body))).collect();
    let panel = Panel { answers, ..Panel::default() };
    let sources = [panel.start().await];
    let bench = Bench::new();
    for (asked, says) in [(vec![1], Some("rejected or blocked")), (vec![3, 5], None), (vec![], None)] {
        let report = bench.run(&sources).await;
        assert_eq!(std::mem::take(&mut *panel.asked.lock().unwrap()), asked, "{report}");
        assert!(says.is_none_or(|says| report.to_string().contains(says)), "{report}");
    }
    assert!(guide(&bench).contains("channel=\"guide5.uk\""), "{}", guide(&bench));
}
