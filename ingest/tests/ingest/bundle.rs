//! What is in a release.

use std::collections::{BTreeSet, HashMap};

use contract::bundle::{Category, Digits, LiveStream, Section, Series, VodStream};
use ingest::Verdict;
use station::Dialect;

use crate::{Bench, artefacts, entries, source, station};

fn sized(dialect: Dialect) -> station::Settings {
    station::Settings { dialect, live: 60, films: 30, series: 5, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_input_is_the_same_bytes_and_no_new_release() {
    let station = station(sized(Dialect::Classic)).await;
    let (one, two) = (Bench::new(), Bench::new());
    let sources = [source("acme", &station)];
    assert_eq!(one.run(&sources).await.verdict, Verdict::Published(1));
    assert_eq!(one.run(&sources).await.verdict, Verdict::Unchanged(1));
    assert_eq!(two.run(&sources).await.verdict, Verdict::Published(1));
    assert!(artefacts(&one) == artefacts(&two), "the same source gives the same bytes anywhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_of_both_dialects_arrives_once_and_whole() {
    for dialect in [Dialect::Classic, Dialect::Xui] {
        let station = station(sized(dialect)).await;
        let bench = Bench::new();
        let report = bench.run(&[source("acme", &station)]).await;
        assert!(report.sources[0].notes.is_empty(), "{report}");
        let release = bench.release();

        let live: Vec<LiveStream> = entries(&release, Section::LiveStreams);
        assert_eq!(live.len(), 60, "{dialect:?}");
        assert!(live.windows(2).all(|pair| pair[0].num < pair[1].num));
        assert!(live.iter().any(|channel| channel.tv_archive.0 && channel.tv_archive_duration > 0));
        assert!(live.iter().any(|channel| channel.category_ids.len() > 1));
        assert!(live.iter().all(|channel| channel.tv_archive.0 == (channel.tv_archive_duration > 0)));
        let films: Vec<VodStream> = entries(&release, Section::VodStreams);
        assert_eq!(films.len(), 30);
        assert!(films.iter().all(|film| !film.container_extension.is_empty() && film.num > 0));
        let series: Vec<Series> = entries(&release, Section::Series);
        assert_eq!(series.len(), 5);

        let listed = |section| -> BTreeSet<Digits> {
            entries::<Category>(&release, section).iter().map(|category| category.category_id).collect()
        };
        let used = live.iter().flat_map(|channel| &channel.category_ids).map(|id| Digits((*id).into()));
        assert_eq!(listed(Section::LiveCategories), used.collect());
        let first_of_each: Vec<u32> = live.iter().map(|channel| channel.category_ids[0]).collect();
        let runs = first_of_each.chunk_by(|a, b| a == b).count();
        assert_eq!(runs, first_of_each.iter().collect::<BTreeSet<_>>().len(), "a category is one run");
        assert_eq!(release.index.accounts()[0].max_connections, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn playlists_name_every_entry_and_only_guide_ids_that_are_there() {
    let station = station(sized(Dialect::Xui)).await;
    let bench = Bench::new();
    bench.run(&[source("acme", &station)]).await;
    let release = bench.release();
    let live = String::from_utf8(release.live_m3u.to_vec()).unwrap();
    let lines: Vec<&str> = live.lines().collect();
    assert!(
        lines[0].starts_with("#EXTM3U url-tvg=\"{base}/xmltv.php?username={username}&password={password}\"")
    );
    let channels: Vec<LiveStream> = entries(&release, Section::LiveStreams);
    assert_eq!(lines.len(), 1 + 2 * channels.len());
    for (channel, entry) in channels.iter().zip(lines[1..].chunks(2)) {
        assert_eq!(
            entry[1],
            format!("{{base}}/live/{{username}}/{{password}}/{}.{{ext}}", channel.stream_id)
        );
        let id = format!("#EXTINF:-1 tvg-id=\"{}\" tvg-name=", channel.epg_channel_id);
        assert_eq!(entry[0].starts_with(&id), !channel.epg_channel_id.is_empty(), "{}", entry[0]);
        assert_eq!(entry[0].contains("tvg-id"), !channel.epg_channel_id.is_empty());
        assert_eq!(entry[0].contains("catchup=\"shift\""), channel.tv_archive.0);
        assert!(entry[0].ends_with(&format!(",{}", channel.name.replace('"', "'"))));
    }
    assert!(release.full_m3u.starts_with(&release.live_m3u));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_has_every_channel_and_no_gaps_overlaps_or_strangers() {
    let station = station(sized(Dialect::Classic)).await;
    let bench = Bench::new();
    bench.run(&[source("acme", &station)]).await;
    let release = bench.release();
    let mut text = String::new();
    let mut packed = flate2::read::GzDecoder::new(release.guide_gz.as_ref());
    std::io::Read::read_to_string(&mut packed, &mut text).unwrap();
    assert_eq!(text.as_bytes(), release.guide.as_ref());

    let channels: Vec<LiveStream> = entries(&release, Section::LiveStreams);
    let mut names: HashMap<&str, &str> = HashMap::new();
    for channel in channels.iter().filter(|channel| !channel.epg_channel_id.is_empty()) {
        names.entry(&channel.epg_channel_id).or_insert(&channel.name);
    }
    let mut programmes = 0;
    for (id, name) in &names {
        let range = release.index.guide(id).unwrap();
        let of = |(from, to): (u64, u64)| &text[from as usize..to as usize];
        let head = format!("<channel id=\"{id}\"><display-name>{}<", name.replace('&', "&amp;"));
        assert!(of(range.channel).starts_with(&head), "{}", of(range.channel));
        let mut end_of_last = "";
        for line in of(range.programmes).lines() {
            let times = line.strip_prefix("<programme start=\"").unwrap();
            let (start, rest) = times.split_once("\" stop=\"").unwrap();
            let (stop, rest) = rest.split_once("\" channel=\"").unwrap();
            assert!(rest.starts_with(&format!("{id}\"><title")) && line.ends_with("</programme>"), "{line}");
            assert!(start.len() == 20 && start.ends_with(" +0000") && stop.ends_with(" +0000"), "{line}");
            assert!(end_of_last <= start && start < stop, "{end_of_last} {line}");
            end_of_last = stop;
            programmes += 1;
        }
    }
    assert_eq!(text.matches("<channel ").count(), names.len());
    assert_eq!(text.matches("<programme ").count(), programmes);
    assert!(programmes > names.len() * 24);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_needs_for_the_past_is_there_and_follows_the_panels_clock() {
    let bench = Bench::new();
    for (zone, now) in [("Europe/London", 1_768_478_400), ("Asia/Kolkata", 1_784_116_800)] {
        let settings = station::Settings { zone: zone.into(), now: Some(now), ..sized(Dialect::Xui) };
        let station = station::Station::start(settings).await.unwrap();
        bench.run(&[source("acme", &station)]).await;
        let release = bench.release();
        assert_eq!(release.index.accounts()[0].zone.to_string(), zone, "the lists are as they were");
        let live: Vec<LiveStream> = entries(&release, Section::LiveStreams);
        for channel in &live {
            let upstreams = release.playable(channel.stream_id).unwrap().upstreams;
            assert_eq!(upstreams[0].archive, channel.tv_archive_duration);
        }
        assert!(live.iter().any(|channel| channel.tv_archive_duration == 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_past_is_promised_for_as_many_days_as_the_one_of_a_channels_upstreams_has_that_has_most() {
    let station = station(sized(Dialect::Classic)).await;
    let place = (0..60).find(|place| station.catalogue().archive_days(*place) > 0).unwrap();
    let name = station.catalogue().live_name(place);
    let mut bench = Bench::new();
    let rule = "rule = [{ do = 'merge', kind = 'live', prefer = ['list', 'acme'] }]";
    bench.settings.rule = toml::from_str::<ingest::Settings>(rule).unwrap().rule;
    let list = format!(
        "#EXTM3U\n#EXTINF:-1 timeshift=\"9\",{name}\nhttp://example.com/1.ts\n\
         #EXTINF:-1,Nowhere Else\nhttp://example.com/2.ts\n"
    );
    bench.write("list.m3u", &list);
    bench.run(&[bench.playlist("list", "list.m3u"), source("acme", &station)]).await;
    let release = bench.release();
    let live: Vec<LiveStream> = entries(&release, Section::LiveStreams);
    let found = |name: &str| live.iter().find(|channel| channel.name == name).unwrap();
    let merged = found(&name);
    assert_eq!(merged.tv_archive_duration, 9);
    let archives: Vec<u32> =
        release.playable(merged.stream_id).unwrap().upstreams.iter().map(|it| it.archive).collect();
    assert_eq!(archives, [9, station.catalogue().archive_days(place)]);
    assert_eq!(found("Nowhere Else").tv_archive_duration, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_of_a_playlist_is_published_if_a_relay_can_ask_for_it_and_without_its_secrets() {
    let bench = Bench::new();
    bench.write(
        "list.m3u",
        "#EXTM3U\n\
         #EXTINF:-1 catchup=\"default\" catchup-days=\"4\" catchup-correction=\"-1\" \
         catchup-source=\"http://h.example/dvr/7.ts?from={utc}&token=t0ken\",One\nhttp://h.example/7.ts?token=t0ken\n\
         #EXTINF:-1 tvg-rec=\"3\",Two\nhttp://h.example/live/ann/hunter2/8.ts\n\
         #EXTINF:-1 catchup=\"vod\" catchup-days=\"2\",Three\nhttp://h.example/9.ts\n",
    );
    bench.run(&[bench.playlist("list", "list.m3u")]).await;
    let release = bench.release();
    let live: Vec<LiveStream> = entries(&release, Section::LiveStreams);
    let days: Vec<(&str, bool, u32)> =
        live.iter().map(|it| (&*it.name, it.tv_archive.0, it.tv_archive_duration)).collect();
    assert_eq!(days, [("One", true, 4), ("Two", true, 3), ("Three", false, 0)]);
    let upstream = |at: usize| release.playable(live[at].stream_id).unwrap().upstreams[0].clone();
    let [one, two] = [0, 1].map(|at| upstream(at).past.unwrap());
    let (place, end) = one.text.split_once("{secret:").unwrap();
    assert_eq!((place, end.ends_with('}')), ("http://h.example/dvr/7.ts?from={utc}&token=", true));
    assert_eq!((one.correction, upstream(0).archive), (-3600, 4));
    assert!(two.text.starts_with("http://h.example/live/{secret:"), "{}", two.text);
    assert!(two.text.ends_with("/8.ts?utc={utc}&lutc={lutc}"), "{}", two.text);
    assert_eq!((upstream(2).past, upstream(2).archive), (None, 0));
    let bundle = std::fs::read_to_string(bench.data.current().join("bundle.json")).unwrap();
    assert!(!bundle.contains("t0ken") && !bundle.contains("hunter2"));
    let playlist = String::from_utf8(release.live_m3u.to_vec()).unwrap();
    assert_eq!(playlist.matches("catchup=\"shift\"").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_pictures_are_shown_by_the_server_nothing_names_the_providers_host() {
    let station = station(sized(Dialect::Xui)).await;
    let mut bench = Bench::new();
    let sources = [source("acme", &station)];
    bench.run(&sources).await;
    bench.settings.logos = Some(contract::source::BaseUrl::new("http://tv.example/x").unwrap());
    assert!(
        matches!(bench.run(&sources).await.verdict, Verdict::Published(2)),
        "the setting makes another release"
    );
    let release = bench.release();
    let host = station.url().replace("http://", "");
    for artefact in [&release.bundle, &release.live_m3u, &release.full_m3u, &release.guide] {
        assert!(memchr::memmem::find(artefact, host.as_bytes()).is_none());
    }
    let base = "http://tv.example/x/logo";
    let live: Vec<LiveStream> = entries(&release, Section::LiveStreams);
    assert!(live.iter().all(|it| it.stream_icon.starts_with(&format!("{base}/live/{}/", it.stream_id))));
    let films: Vec<VodStream> = entries(&release, Section::VodStreams);
    assert!(films.iter().all(|it| it.stream_icon.starts_with(&format!("{base}/movies/{}/", it.stream_id))));
    let series: Vec<Series> = entries(&release, Section::Series);
    assert!(series.iter().all(|it| it.cover.starts_with(&format!("{base}/series/{}/", it.series_id))));
    assert!(series.iter().flat_map(|it| &it.backdrop_path).all(|it| it.starts_with(base)));
    assert!(
        matches!(bench.run(&sources).await.verdict, Verdict::Unchanged(2)),
        "the same pictures, the same addresses"
    );
}
