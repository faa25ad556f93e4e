//! What goes wrong on request.

use std::time::{Duration, Instant};

use station::{Account, Fault, Limit, Settings, Station, Target};

use crate::{client, eventually, fast, get, read, start, staying, text};

async fn faulty(fault: &str) -> (Station, reqwest::Response) {
    let station = start(fast()).await;
    let answer = get(&format!("{}?fault={fault}", station.live_url(0))).await;
    (station, answer)
}

#[tokio::test]
async fn a_stream_can_be_refused_with_any_status() {
    for status in [401, 403, 404, 458, 509, 884] {
        let (_station, answer) = faulty(&format!("status:{status}")).await;
        assert_eq!(answer.status().as_u16(), status);
    }
}

#[tokio::test]
async fn a_stream_can_be_a_page_or_nothing() {
    let (_station, answer) = faulty("html").await;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    let (_station, answer) = faulty("empty").await;
    assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (200, 0));
}

#[tokio::test]
async fn a_stream_can_be_cut_without_an_end() {
    let (station, mut answer) = faulty("cut:500000").await;
    let mut size = 0;
    let error = loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => size += chunk.len(),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(error && size <= 500_000);
    eventually(|| station.counts().open == 0).await;
}

#[tokio::test]
async fn a_stream_can_fall_silent_and_stay_open() {
    let (station, mut answer) = faulty("stall:100000").await;
    assert_eq!(read(&mut answer, 100_000).await.len(), 100_000);
    let more = tokio::time::timeout(Duration::from_millis(300), answer.chunk()).await;
    assert!(more.is_err());
    assert_eq!(station.counts().open, 1);
    drop(answer);
    eventually(|| station.counts().open == 0).await;
}

#[tokio::test]
async fn a_request_can_be_refused_without_an_answer_or_never_be_answered() {
    let station = start(fast()).await;
    let refused = client().get(format!("{}?fault=refuse", station.live_url(0))).send().await;
    assert!(refused.is_err());
    let mute = client().get(format!("{}?fault=mute", station.live_url(0))).send();
    assert!(tokio::time::timeout(Duration::from_millis(300), mute).await.is_err());
    assert_eq!(station.counts().peak, 0);
}

#[tokio::test]
async fn the_first_byte_can_be_late() {
    let began = Instant::now();
    let (_station, mut answer) = faulty("slow:400").await;
    read(&mut answer, 1).await;
    assert!(began.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn a_refusal_can_look_like_a_clip() {
    let (station, answer) = faulty("clip:6").await;
    let clip = answer.bytes().await.unwrap();
    assert!(clip[0] == 0x47 && (1_300_000..1_700_000).contains(&clip.len()), "{}", clip.len());
    assert_eq!(station.counts().peak, 0);
}

#[tokio::test]
async fn a_stream_can_dribble() {
    let (_station, mut answer) = faulty("dribble:100/50").await;
    let began = Instant::now();
    let bytes = read(&mut answer, 500).await;
    assert!(bytes.len() >= 500 && began.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn there_can_be_garbage_between_packets() {
    let (_station, mut answer) = faulty("garbage:1880").await;
    let bytes = read(&mut answer, 20_000).await;
    assert!(bytes[..1880].chunks(188).all(|packet| packet[0] == 0x47));
    assert!(bytes[1880..].chunks(188).any(|packet| packet[0] != 0x47));
}

#[tokio::test]
async fn clocks_can_jump_and_packets_can_be_missing() {
    let (_station, mut answer) = faulty("jump:500000").await;
    let bytes = read(&mut answer, 1_000_000).await;
    let clocks = mpegts::packets(&bytes).filter_map(|packet| packet.pcr());
    let clocks: Vec<mpegts::Pcr> = clocks.collect();
    let jumps: Vec<i64> = clocks.windows(2).map(|pair| pair[1].since(pair[0]) / 27_000_000).collect();
    assert_eq!(jumps.iter().filter(|jump| **jump == 3600).count(), 1);
    assert_eq!(jumps.iter().sum::<i64>(), 3600);
    let times = mpegts::packets(&bytes).filter(|packet| packet.pid().get() == 0x100 && packet.unit_start());
    let times: Vec<mpegts::Timestamp> =
        times.filter_map(|packet| mpegts::pes::Header::read(packet.payload())?.pts).collect();
    assert!(times.last().unwrap().since(times[0]) > 3600 * 90_000);
    let (_station, mut answer) = faulty("corrupt:100000").await;
    let bytes = read(&mut answer, 1_000_000).await;
    let mut tracker = mpegts::Tracker::new();
    for packet in mpegts::packets(&bytes) {
        tracker.push(packet);
    }
    // Some of the ten are null packets, which nobody counts.
    assert!((1..=10).contains(&tracker.counts().continuity_errors));
    assert!(bytes[..188 * 1000].chunks(188).all(|packet| packet[0] == 0x47));
}

#[tokio::test]
async fn a_fault_can_wait_until_so_many_requests_went_well() {
    let station = start(fast()).await;
    station.set_fault_after(station.catalogue().live_id(0), Fault::Refuse, 2);
    for _ in 0..2 {
        assert_eq!(get(&station.live_url(0)).await.status(), 200);
    }
    for _ in 0..2 {
        assert!(client().get(station.live_url(0)).send().await.is_err());
    }
    assert_eq!(get(&station.live_url(1)).await.status(), 200);
}

#[tokio::test]
async fn redirects_lead_to_the_stream_once() {
    let station = start(fast()).await;
    let mut url = format!("{}?fault=redirect:3", station.live_url(0));
    let mut hops = Vec::new();
    loop {
        let mut answer = staying().get(&url).send().await.unwrap();
        if answer.status() == 200 {
            assert_eq!(read(&mut answer, 188).await[0], 0x47);
            break;
        }
        assert_eq!(answer.status(), 302);
        url = answer.headers()["location"].to_str().unwrap().to_owned();
        hops.push(url.clone());
    }
    assert_eq!(hops.len(), 3);
    for hop in hops {
        assert_eq!(get(&hop).await.status(), 403);
    }
}

#[tokio::test]
async fn every_stream_can_be_behind_redirects() {
    let station = start(Settings { redirects: 2, ..fast() }).await;
    let mut answer = get(&station.live_url(0)).await;
    assert!(answer.url().path().starts_with("/auth/"));
    assert_eq!(read(&mut answer, 188).await[0], 0x47);
    assert_eq!(station.counts().channel(station.catalogue().live_id(0)).requests, 1);
}

#[tokio::test]
async fn faults_are_planned_per_channel_and_so_many_times() {
    let station = start(fast()).await;
    let id = station.catalogue().live_id(0);
    let control = format!("{}/_station/fault", station.url());
    let plan = |query: String| {
        let control = control.clone();
        async move { client().post(format!("{control}?{query}")).send().await.unwrap().status().as_u16() }
    };
    assert_eq!(plan(format!("channel={id}&fault=status:404&times=1")).await, 200);
    assert_eq!(get(&station.live_url(0)).await.status(), 404);
    assert_eq!(get(&station.live_url(0)).await.status(), 200);
    assert_eq!(plan("channel=*&fault=status:503".into()).await, 200);
    assert_eq!(get(&station.live_url(1)).await.status(), 503);
    assert_eq!(plan("channel=*&fault=none".into()).await, 200);
    assert_eq!(get(&station.live_url(1)).await.status(), 200);
    assert_eq!(plan("channel=*&fault=sulk".into()).await, 400);
    assert_eq!(plan("fault=html".into()).await, 400);
    station.set_fault(id, Fault::Html);
    assert!(text(&station.live_url(0)).await.starts_with("<html>"));
    station.reset();
    assert_eq!(get(&station.live_url(0)).await.status(), 200);
}

#[tokio::test]
async fn lists_go_wrong_too() {
    let station = start(Settings::default()).await;
    let action = || Target::Action("get_live_streams".into());
    let url = station.api_url("get_live_streams");
    let whole = text(&url).await;
    station.set_fault(action(), Fault::Empty);
    assert_eq!(text(&url).await, "[]");
    station.set_fault(action(), Fault::Half);
    assert_eq!(text(&url).await, whole[..whole.len() / 2]);
    station.set_fault(action(), Fault::Html);
    assert!(text(&url).await.starts_with("<html>"));
    station.set_fault(action(), Fault::Status(503));
    assert_eq!(get(&url).await.status(), 503);
    station.set_fault(action(), Fault::Cut(100));
    assert!(get(&url).await.text().await.is_err());
    assert!(text(&station.api_url("get_vod_streams")).await.starts_with('['));
    station.clear_fault(action());
    assert_eq!(text(&url).await, whole);
}

#[tokio::test]
async fn films_go_wrong_as_whoever_downloads_meets_them() {
    const SIZE: u64 = 3_000_000;
    let account = Account { max_connections: 2, ..Account::default() };
    let settings = Settings {
        film_bytes: SIZE,
        each_body: true,
        limit: Limit::Refuse(551),
        accounts: vec![account],
        ..Settings::default()
    };
    let station = start(settings).await;
    let film = station.catalogue().film_id(0);
    let url = station.stream_url("movie", film, "mp4");
    let part = async |range: &str| {
        let answer = client().get(&url).header("Range", range).send().await.unwrap();
        let said = answer.headers().get("content-range").map(|range| range.to_str().unwrap().to_owned());
        (answer.status().as_u16(), said, answer.bytes().await.unwrap())
    };
    let whole = get(&url).await.bytes().await.unwrap();
    assert_eq!(whole.len() as u64, SIZE);
    // In its place another one, as long or longer.
    for longer in [0, 500] {
        station.set_fault(film, Fault::Other(longer));
        let other = get(&url).await.bytes().await.unwrap();
        assert_eq!(other.len() as u64, SIZE + longer);
        assert!(other[400_000..] != whole[400_000..]);
    }
    station.set_fault(film, Fault::Rangeless);
    assert_eq!(part("bytes=5-9").await, (200, None, whole.clone()));
    station.set_fault(film, Fault::Sizeless);
    assert_eq!(part("bytes=5-9").await, (206, Some("bytes 5-9/*".to_owned()), whole.slice(5..10)));
    assert_eq!(part("bytes=3000000-").await.1, None);
    station.set_fault(film, Fault::Unsized);
    let answer = get(&url).await;
    assert_eq!((answer.content_length(), answer.bytes().await.unwrap()), (None, whole.clone()));
    station.set_fault(film, Fault::Short(1000));
    assert_eq!(get(&url).await.bytes().await.unwrap(), whole.slice(..1000));
    station.set_fault(film, Fault::Only("mkv"));
    assert_eq!(get(&url).await.status(), 551);
    assert_eq!(get(&url.replace(".mp4", ".mkv")).await.status(), 200);
    station.set_fault(film, Fault::Edge);
    let sent = staying().get(&url).send().await.unwrap();
    assert!(sent.headers()["location"].to_str().unwrap().starts_with(&station.engine_url()));
    assert_eq!(get(&url).await.bytes().await.unwrap(), whole);
    // Each body counts, also those of one client for one film.
    station.reset();
    station.set_fault(film, Fault::Stall(1000));
    let (one, two) = (get(&url).await, get(&url).await);
    assert_eq!(get(&url).await.status(), 551);
    let account = station.counts().accounts["station"];
    assert_eq!((account.bodies, account.bodies_peak, account.refused), (2, 2, 1));
    drop((one, two));
    eventually(|| station.counts().accounts["station"].bodies == 0).await;
}
