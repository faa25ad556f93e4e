//! Channels for players of HLS.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::{Duration, Instant};

use hls_m3u8::MediaPlaylist;
use mpegts::check::{Checker, Limits};
use station::Fault;

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{PATIENCE, Viewer, assert_begins_well, watch};

/// The text of a playlist.
async fn playlist(stage: &Stage, path: &str) -> String {
    playlist_for(stage, path, "player").await
}

async fn playlist_for(stage: &Stage, path: &str, agent: &str) -> String {
    let mut viewer = Viewer::ask(stage, "GET", path, &format!("User-Agent: {agent}\r\n")).await;
    let text = String::from_utf8(viewer.rest().await).unwrap();
    assert_eq!((viewer.status(), viewer.header("cache-control")), (200, Some("no-store")), "{text}");
    assert_eq!(viewer.header("content-type"), Some("application/vnd.apple.mpegurl"));
    text
}

/// The addresses of the segments, as a player resolves them.
fn segments(playlist: &str, base: &str) -> Vec<String> {
    let base = url::Url::parse(&format!("http://x{base}")).unwrap();
    let lines = playlist.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| base.join(line).unwrap().path().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_plays_as_hls_beside_its_stream_over_one_upstream() {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(10_000).await;
    let text = playlist(&stage, "/ann/secret/1.m3u8").await;
    assert!(!text.contains("secret") && text.contains("#EXT-X-TARGETDURATION:4\n"), "{text}");
    let first = segments(&text, "/ann/secret/1.m3u8");
    let mut bytes = Vec::new();
    // The same player asks again until there are three segments more.
    while bytes.is_empty() {
        let now = playlist(&stage, "/live/ann/secret/1.m3u8").await;
        let now = segments(&now, "/live/ann/secret/1.m3u8");
        if now.len() >= 4 {
            for path in &now {
                let mut segment = Viewer::get(&stage, path).await;
                assert_eq!((segment.status(), segment.header("content-type")), (200, Some("video/mp2t")));
                let segment = segment.rest().await;
                assert_begins_well(&segment);
                bytes.extend(segment);
            }
            assert!(now.contains(first.last().unwrap()) || now.len() == 6);
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let seen = watch(&bytes);
    assert!(seen.longest_step < 0.2 && seen.backwards == 0 && seen.nulls == 0, "{seen:?}");
    assert_eq!(stage.relay.viewers("ann"), 1, "one player, one channel, one seat");
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 1);
    let segment = first.last().unwrap();
    assert_eq!(Viewer::get(&stage, &segment.replace(".ts", "99.ts")).await.status(), 404);
    let (ticket, name) = segment.strip_prefix("/hls/").unwrap().split_once('/').unwrap();
    let forged = format!("{}A{}", &ticket[..20], &ticket[21..]);
    let forged = if forged == ticket { ticket.replace('A', "B") } else { forged };
    assert_eq!(Viewer::get(&stage, &format!("/hls/{forged}/{name}")).await.status(), 403);
    assert_eq!(
        Viewer::get(&stage, &format!("/hls/00000000000000000000000000000000/{name}")).await.status(),
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_that_asks_twice_at_once_has_one_seat_and_addresses_that_hold() {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let path = "/bob/secret/1.m3u8"; // who has one seat
    stage.station.set_fault(stage.there(LIVE), station::Fault::Slow(500));
    let (one, two, three) =
        tokio::join!(Viewer::get(&stage, path), Viewer::get(&stage, path), Viewer::get(&stage, path));
    for mut viewer in [one, two, three] {
        assert_eq!(viewer.status(), 200);
        let text = String::from_utf8(viewer.rest().await).unwrap();
        for segment in segments(&text, path) {
            assert_eq!(Viewer::get(&stage, &segment).await.status(), 200);
        }
    }
    assert_eq!(stage.relay.viewers("bob"), 1);
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_of_a_playlist_and_errors_touch_no_upstream_or_say_so() {
    let stage = Stage::new().await;
    let head = Viewer::ask(&stage, "HEAD", "/ann/secret/1.m3u8", "").await;
    assert_eq!((head.status(), head.header("content-type")), (200, Some("application/vnd.apple.mpegurl")));
    assert_eq!(stage.station.counts().channel(stage.there(LIVE)).requests, 0);
    stage.station.set_fault(stage.there(LIVE), station::Fault::Status(403));
    assert_eq!(Viewer::get(&stage, "/ann/secret/1.m3u8").await.status(), 502);
    assert_eq!(Viewer::get(&stage, "/ann/wrong/1.m3u8").await.status(), 403);
}

/// Four times as fast as life.
fn quick() -> Plan {
    let mut plan = Plan::default();
    plan.station.speed = 4.0;
    plan
}

/// A player that follows a playlist: what it has of it, by media sequence.
#[derive(Default)]
pub(crate) struct Player {
    pub(crate) segments: BTreeMap<usize, Played>,
    /// Discontinuities before the first segment of the newest playlist, and what the playlist before said of that.
    slid: usize,
    target: Option<Duration>,
    /// As which program it shows itself.
    agent: String,
}

pub(crate) struct Played {
    pub(crate) bytes: Vec<u8>,
    pub(crate) duration: Duration,
    pub(crate) discontinuity: bool,
}

impl Player {
    /// One of several at this address.
    pub(crate) fn named(agent: impl ToString) -> Self {
        Self { agent: agent.to_string(), ..Self::default() }
    }

    /// Asks for the playlist once more, and for the segments that are new in it.
    async fn turn(&mut self, stage: &Stage, path: &str) {
        let text = playlist_for(stage, path, &self.agent).await;
        let list = MediaPlaylist::try_from(&*text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(
            *self.target.get_or_insert(list.target_duration),
            list.target_duration,
            "it never changes"
        );
        let before: Vec<usize> = self.segments.keys().copied().collect();
        let gone = before.iter().take_while(|number| **number < list.media_sequence);
        let breaks = gone.filter(|number| self.segments[number].discontinuity).count();
        if self.slid > 0 {
            assert_eq!(list.discontinuity_sequence, self.slid + breaks, "{text}");
        }
        self.slid = self.slid.max(list.discontinuity_sequence - breaks);
        for ((_, segment), number) in list.segments.iter().zip(list.media_sequence..) {
            let (duration, discontinuity) = (segment.duration.duration(), segment.has_discontinuity);
            if let Some(known) = self.segments.get(&number) {
                assert_eq!(
                    (known.duration, known.discontinuity),
                    (duration, discontinuity),
                    "as it was listed"
                );
                continue;
            }
            let path = segments(&format!("{}\n", segment.uri()), path).remove(0);
            let mut answer = Viewer::get(stage, &path).await;
            assert_eq!(answer.status(), 200);
            let bytes = answer.rest().await;
            self.segments.insert(number, Played { bytes, duration, discontinuity });
        }
    }

    /// Plays on until there are so many segments.
    pub(crate) async fn play(&mut self, stage: &Stage, path: &str, count: usize) {
        let begin = Instant::now();
        while self.segments.len() < count {
            assert!(begin.elapsed() < 3 * PATIENCE, "{} segments", self.segments.len());
            self.turn(stage, path).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Nothing is wrong with what was played, and nothing is missing; how many discontinuities there were behind the
    /// first segment, where one always is.
    pub(crate) fn check(&self) -> usize {
        let mut checker = Checker::new(Limits::default());
        let (mut played, mut breaks) = (Duration::ZERO, 0);
        for (place, segment) in self.segments.values().enumerate() {
            if segment.discontinuity && place > 0 {
                checker.discontinuity();
                breaks += 1;
            }
            checker.segment(&segment.bytes);
            played += segment.duration;
        }
        let report = checker.finish();
        assert!(report.is_clean(), "{:?}", report.findings);
        let (first, last) = (self.segments.keys().next().unwrap(), self.segments.keys().next_back().unwrap());
        assert_eq!(last - first + 1, self.segments.len(), "no number is left out");
        if breaks == 0 {
            let clock = report.passed as f64 / 27e6;
            // Pictures come more or less early before they are decoded.
            assert!((played.as_secs_f64() - clock).abs() < 0.5, "{played:?} of {clock}");
        }
        breaks
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_player_of_hls_gets_every_packet_in_segments_that_an_analyser_finds_nothing_wrong_with() {
    let stage = Stage::with(quick()).await;
    let (mut television, mut radio) = (Player::default(), Player::default());
    let path = format!("/live/ann/secret/{}.m3u8", LIVE + 11);
    television.play(&stage, "/live/ann/secret/1.m3u8", 9).await;
    assert_eq!(television.check(), 0);
    radio.play(&stage, &path, 3).await;
    assert_eq!(radio.check(), 0);
    let lengths: Vec<f64> = radio.segments.values().map(|it| it.duration.as_secs_f64()).collect();
    assert!(lengths.iter().all(|seconds| (6.0..6.2).contains(seconds)), "{lengths:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_viewer_begins_at_once_with_what_the_feed_remembers() {
    let stage = Stage::with(quick()).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let (mut bytes, mut passed) = (Vec::new(), 0);
    while passed < 9 * 90_000 {
        bytes.extend(viewer.next().await);
        let access = watch(&bytes).access;
        passed = access.last().unwrap_or(&0) - access.first().unwrap_or(&0);
    }
    let text = playlist(&stage, "/ann/secret/1.m3u8").await;
    assert!(text.matches("#EXTINF").count() >= 3, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_playlist_of_a_channel_lasts_until_a_player_asks_for_the_next() {
    let stage = Stage::with(quick()).await;
    let text = playlist(&stage, "/ann/secret/1.m3u8").await;
    let list = MediaPlaylist::try_from(&*text).unwrap();
    let lasts: Duration = list.segments.iter().map(|(_, segment)| segment.duration.duration()).sum();
    assert!(lasts > list.target_duration, "RFC 8216, 6.3.4: {text}");
    assert!(list.segments.iter().count() >= 2, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_upstream_is_one_discontinuity() {
    let mut plan = quick();
    plan.station.time_base = station::TimeBase::Connection;
    let stage = Stage::with(plan).await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Cut(900_000), 1);
    let mut player = Player::default();
    player.play(&stage, "/ann/secret/1.m3u8", 10).await;
    let breaks = player.segments.values().skip(1).filter(|segment| segment.discontinuity).count();
    assert_eq!(breaks, 1);
    // Each piece of it, for itself, is as it must be; the units that the loss cut in two are told.
    for segment in player.segments.values() {
        let mut checker = Checker::new(Limits::default());
        checker.segment(&segment.bytes);
        let report = checker.finish();
        assert!(report.findings.iter().all(|it| it.fault.name() == "unit_cut"), "{:?}", report.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn segments_can_be_had_in_parts_and_kept_and_playlists_packed() {
    let stage = Stage::with(quick()).await;
    let path = "/ann/secret/1.m3u8";
    Player::default().play(&stage, path, 6).await;
    let text = playlist(&stage, path).await;
    let segment = segments(&text, path).pop().unwrap();
    let mut whole = Viewer::get(&stage, &segment).await;
    assert_eq!(
        (whole.header("accept-ranges"), whole.header("content-type")),
        (Some("bytes"), Some("video/mp2t"))
    );
    assert_eq!(whole.header("cache-control"), Some("private, max-age=24, immutable"));
    assert_eq!(whole.header("access-control-allow-origin"), Some("*"));
    let etag = whole.header("etag").unwrap().to_owned();
    let bytes = whole.rest().await;
    let ask = async |method: &str, headers: &str| Viewer::ask(&stage, method, &segment, headers).await;
    let mut part = ask("GET", "Range: bytes=188-375\r\n").await;
    let range = format!("bytes 188-375/{}", bytes.len());
    assert_eq!((part.status(), part.header("content-range")), (206, Some(&*range)));
    assert_eq!(part.rest().await, bytes[188..376]);
    assert_eq!(ask("GET", "Range: bytes=999999999-\r\n").await.status(), 416);
    assert_eq!(ask("GET", &format!("If-None-Match: {etag}\r\n")).await.status(), 304);
    let head = ask("HEAD", "").await;
    assert_eq!((head.status(), head.header("content-length")), (200, Some(&*bytes.len().to_string())));
    assert_eq!(ask("OPTIONS", "Origin: https://page\r\n").await.status(), 204);
    let missing = Viewer::get(&stage, &segment.replace(".ts", "99.ts")).await;
    assert_eq!((missing.status(), missing.header("access-control-allow-origin")), (404, Some("*")));

    let packed = "User-Agent: player\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n";
    let mut packed = Viewer::ask(&stage, "GET", path, packed).await;
    assert_eq!((packed.status(), packed.header("content-encoding")), (200, Some("gzip")), "never a part");
    let (mut text, body) = (String::new(), packed.rest().await);
    flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
    assert!(text.len() > 1024 && text.starts_with("#EXTM3U\n"), "{text}");
}
