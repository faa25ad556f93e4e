//! Television, HLS, films and catch-up.

use mpegts::{PACKET, Tracker, packets};
use reqwest::header;
use station::{Settings, Start, Station, TimeBase};

use crate::{client, fast, get, json, read, start, text};

/// Reads a transport stream and checks that nothing in it jumps. Returns seconds of PCR and of the leading stream.
pub(crate) fn check(bytes: &[u8]) -> (f64, f64) {
    assert_eq!(bytes[0], 0x47);
    let mut tracker = Tracker::new();
    let (mut first, mut last, mut times) = (None, None, Vec::new());
    for packet in packets(bytes) {
        tracker.push(packet);
        if let Some(pcr) = packet.pcr() {
            if let Some(last) = last.replace(pcr) {
                let step = pcr.since(last) as f64 / 27e6;
                assert!((0.0..=0.1).contains(&step), "PCR steps by {step} s");
            }
            first.get_or_insert(pcr);
        }
        if packet.unit_start() && mpegts::pes::starts(packet.payload()) {
            let header = mpegts::pes::Header::read(packet.payload()).unwrap();
            let time = header.decode_time().unwrap();
            let state = times.iter_mut().find(|(pid, _, _)| *pid == packet.pid());
            match state {
                None => times.push((packet.pid(), time, time)),
                Some((_, _, last)) => {
                    let step = time.since(*last);
                    assert!(step == 3600 || step == 9600, "DTS steps by {step}");
                    *last = time;
                }
            }
            let ahead = time.since(last.unwrap_or_default().base());
            assert!(last.is_none() || (0..270_000).contains(&ahead), "decoded {ahead} after its arrival");
        }
    }
    assert_eq!(tracker.counts().continuity_errors, 0);
    assert!(tracker.program().is_some());
    let (_, begin, end) = times[0];
    (last.unwrap().since(first.unwrap()) as f64 / 27e6, end.since(begin) as f64 / 90e3)
}

#[tokio::test]
async fn clocks_and_counters_run_on_across_four_turns_of_the_loop() {
    let station = start(Settings { bitrate: 1_000_000, ..fast() }).await;
    for index in [0, station.catalogue().live() - 1] {
        let rate = if index == 0 { 125_000 } else { 12_500 };
        let bytes = read(&mut get(&station.live_url(index)).await, 32 * rate).await;
        let (pcr, dts) = check(&bytes[..bytes.len() / PACKET * PACKET]);
        assert!(pcr > 30.0 && dts > 30.0, "{pcr} {dts}");
    }
}

#[tokio::test]
async fn null_packets_make_the_bitrate() {
    let station = start(Settings { bitrate: 8_000_000, ..fast() }).await;
    let bytes = read(&mut get(&station.live_url(0)).await, 8_000_000).await;
    let (seconds, _) = check(&bytes[..bytes.len() / PACKET * PACKET]);
    let rate = bytes.len() as f64 * 8.0 / seconds;
    assert!((7.8e6..8.2e6).contains(&rate), "{rate}");
}

#[tokio::test]
async fn channels_can_be_told_apart_by_program_number_and_tone() {
    let station = start(fast()).await;
    let mut tones = std::collections::BTreeSet::new();
    for index in 0..6 {
        let id = station.catalogue().live_id(index);
        let mut tracker = Tracker::new();
        for packet in packets(&read(&mut get(&station.live_url(index)).await, 400 * PACKET).await) {
            tracker.push(packet);
        }
        assert_eq!(u32::from(tracker.program().unwrap().number), id);
        tones.insert(Station::tone(id));
    }
    assert!(tones.len() >= 3);
}

#[tokio::test]
async fn television_is_paced_after_a_burst() {
    let station = start(Settings { bitrate: 1_000_000, ..Settings::default() }).await;
    let mut answer = get(&station.live_url(0)).await;
    let began = std::time::Instant::now();
    // The burst of 2 s, and one second that has to be waited for.
    read(&mut answer, 375_000).await;
    assert!(began.elapsed().as_millis() >= 900);
}

#[tokio::test]
async fn a_panel_with_segments_begins_at_a_key_picture() {
    let station = start(Settings { start: Start::KeyPicture, ..fast() }).await;
    let bytes = read(&mut get(&station.live_url(2)).await, 100 * PACKET).await;
    let mut tracker = Tracker::new();
    let point = packets(&bytes).find_map(|packet| tracker.push(packet)).unwrap();
    let media = packets(&bytes).position(|packet| packet.pid().get() == 0x100).unwrap();
    assert_eq!(point.packet, media as u64);
    assert_eq!(packets(&bytes).next().unwrap().pid().get(), 0);
}

#[tokio::test]
async fn a_connection_may_have_a_clock_of_its_own() {
    let station = start(Settings { time_base: TimeBase::Connection, ..fast() }).await;
    let mut clocks = Vec::new();
    for _ in 0..2 {
        let bytes = read(&mut get(&station.live_url(0)).await, 100 * PACKET).await;
        clocks.push(packets(&bytes).find_map(|packet| packet.pcr()).unwrap());
    }
    assert!(clocks[1].since(clocks[0]).abs() > 5 * 27_000_000);
}

#[tokio::test]
async fn head_is_an_empty_answer_that_nobody_is_counted_for() {
    let station = start(Settings::default()).await;
    let answer = client().head(station.live_url(0)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), station.counts().peak), (200, 0));
}

#[tokio::test]
async fn a_dropped_station_closes_its_connections() {
    let station = start(Settings::default()).await;
    let mut viewer = get(&station.live_url(0)).await;
    read(&mut viewer, 1000).await;
    let url = station.url();
    drop(station);
    while let Ok(Some(_)) = viewer.chunk().await {}
    assert!(client().get(url).send().await.is_err());
}

#[tokio::test]
async fn hls_is_a_window_of_segments_that_fit_together() {
    let station = start(Settings::default()).await;
    let id = station.catalogue().live_id(0);
    let playlist = text(&station.stream_url("live", id, "m3u8")).await;
    let segments: Vec<&str> = playlist.lines().filter(|line| line.starts_with("/hls/")).collect();
    assert_eq!(segments.len(), 6);
    assert!(playlist.contains("#EXT-X-TARGETDURATION:3\n") && !playlist.contains("ENDLIST"));
    let mut all = Vec::new();
    for segment in &segments {
        let answer = get(&format!("{}{segment}", station.url())).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "video/mp2t");
        all.extend(answer.bytes().await.unwrap());
    }
    let (pcr, _) = check(&all);
    assert!((15.0..15.4).contains(&pcr), "{pcr}");
    let counts = station.counts();
    assert_eq!((counts.open, counts.peak, counts.channel(id).peak), (1, 1, 1));
}

#[tokio::test]
async fn films_and_episodes_have_clean_ranges() {
    let station = start(Settings { series: 1, ..Settings::default() }).await;
    let films = json(&station.api_url("get_vod_streams")).await;
    for film in films.as_array().unwrap() {
        let (id, extension) =
            (film["stream_id"].as_u64().unwrap() as u32, film["container_extension"].as_str().unwrap());
        ranges(&station.stream_url("movie", id, extension)).await;
    }
    let episode = station.catalogue().episode_ids(0)[0];
    ranges(&station.stream_url("series", episode, "mp4")).await;
    let counts = station.counts();
    assert_eq!((counts.open, counts.peak), (0, 1));
}

async fn ranges(url: &str) {
    let whole = get(url).await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()[header::ACCEPT_RANGES]),
        (200, &"bytes".parse().unwrap())
    );
    let whole = whole.bytes().await.unwrap();
    let size = whole.len();
    let table = [
        ("bytes=0-1", 206, format!("bytes 0-1/{size}"), &whole[..2]),
        ("bytes=100-", 206, format!("bytes 100-{}/{size}", size - 1), &whole[100..]),
        ("bytes=-5", 206, format!("bytes {}-{}/{size}", size - 5, size - 1), &whole[size - 5..]),
        ("bytes=99999999-", 416, format!("bytes */{size}"), &[]),
    ];
    for (range, status, content_range, bytes) in table {
        let part = client().get(url).header(header::RANGE, range).send().await.unwrap();
        assert_eq!(
            (part.status().as_u16(), part.headers()[header::CONTENT_RANGE].to_str().unwrap()),
            (status, &*content_range)
        );
        assert_eq!(part.bytes().await.unwrap(), bytes);
    }
}

#[tokio::test]
async fn a_careless_panel_answers_ranges_against_the_standard() {
    let station = start(Settings { dirty_ranges: true, ..Settings::default() }).await;
    let url = station.stream_url("movie", station.catalogue().film_id(0), "mp4");
    let whole = get(&url).await;
    let size = whole.content_length().unwrap();
    assert_eq!(whole.headers()[header::ACCEPT_RANGES], format!("0-{size}"));
    assert_eq!(whole.headers()[header::CONTENT_RANGE], format!("bytes 0-{}/{size}", size - 1));
    let several = client().get(&url).header(header::RANGE, "bytes=0-1,4-5").send().await.unwrap();
    assert_eq!(several.status(), 416);
}

#[tokio::test]
async fn catch_up_has_a_length_and_is_the_television_of_its_time() {
    let station = start(Settings::default()).await;
    let id = station.catalogue().live_id(1);
    let table = json(&station.api_url(&format!("get_simple_data_table&stream_id={id}"))).await;
    let entries = table["epg_listings"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["has_archive"] == 1).unwrap();
    let start = entry["start"].as_str().unwrap();
    let path = format!("{}-{}", &start[..10].replace(' ', ":"), &start[11..13]);
    let path = format!(
        "{}/timeshift/station/station/1/{}:{}/{id}.ts",
        station.url(),
        &path[..10],
        start[11..16].replace(':', "-")
    );
    let answer = get(&path).await;
    assert_eq!(answer.status(), 200);
    let bytes = answer.bytes().await.unwrap();
    let (seconds, _) = check(&bytes);
    assert!((58.0..62.0).contains(&seconds), "{seconds}");
    let query = format!(
        "{}/streaming/timeshift.php?username=station&password=station&stream={id}&start={}&duration=1",
        station.url(),
        start.replace(' ', "_")
    );
    assert_eq!(get(&query).await.bytes().await.unwrap(), bytes);
    let part = client().get(&path).header(header::RANGE, "bytes=1000-1999").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap()), (206, bytes.slice(1000..2000)));
    for (bad, status) in [("2001-01-01:00-00", 404), ("yesterday", 400)] {
        let url = format!("{}/timeshift/station/station/1/{bad}/{id}.ts", station.url());
        assert_eq!(get(&url).await.status(), status);
    }
}
