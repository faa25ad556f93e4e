//! Many viewers of both forms, who come, go and zap, while upstreams are cut and providers restart.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use station::{Fault, Station, Target};

use crate::hls::Player;
use crate::stage::{ACE, LIVE, ORIGIN, Plan, Stage};
use crate::viewer::{Eye, Seen, Viewer, assert_begins_well, eventually, watch};

fn agent(name: usize) -> String {
    format!("User-Agent: player {name}\r\n")
}

/// What a channel is received from.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Stream,
    Segments,
    Engine,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Stream, Self::Segments, Self::Engine];

    fn channel(self) -> u32 {
        match self {
            Self::Stream => LIVE,
            Self::Segments => ORIGIN,
            Self::Engine => ACE,
        }
    }

    /// Its upstream breaks every so many bytes: twice in all, but for an engine, which goes on so.
    fn cut(self, stage: &Stage, bytes: u64) {
        match self {
            Self::Stream => stage.station.set_fault_times(stage.there(LIVE), Fault::Cut(bytes), 2),
            Self::Segments => {} // it is a segment that breaks, see `stumble`
            Self::Engine => {
                stage.station.set_content(stage.content(ACE), format!("cut:{bytes}").parse().unwrap());
            }
        }
    }

    /// The next segment breaks in the middle.
    fn stumble(self, stage: &Stage) {
        if let Self::Segments = self {
            stage.station.set_fault_times(Target::Action("segment".into()), Fault::Cut(20_000), 1);
        }
    }

    /// How many receive it at its provider at this moment, and how many did at most.
    fn receiving(self, stage: &Stage) -> (u64, u64) {
        let counts = stage.station.counts();
        match self {
            Self::Stream => {
                let channel = counts.channel(stage.there(LIVE));
                (channel.open, channel.peak)
            }
            Self::Segments => {
                let channel = counts.channel(stage.origin(0));
                (channel.sending, channel.sending_peak)
            }
            Self::Engine => (counts.ace.readers, counts.ace.readers_peak.max(counts.ace.sessions_peak)),
        }
    }
}

/// A channel is watched for a while by one who stays, by many who come, go and zap, and by players of HLS, while its
/// upstream is cut twice.
async fn crowded(kind: Kind, span: Duration) {
    let mut plan = Plan { origins: vec!["plain".into()], ..Plan::default() };
    plan.relay.linger = Duration::from_secs(2);
    plan.station.segment_entries = 1;
    let a_third = plan.station.bitrate / 8 * span.as_secs() / 3;
    let stage = Stage::with(plan).await;
    let (stream, list) = (Stage::path(kind.channel()), format!("/live/ann/secret/{}.m3u8", kind.channel()));
    kind.cut(&stage, a_third);
    let began = Instant::now();
    let (stays, players) = (stay(&stage, &stream, span), [Player::named(1), Player::named(2)]);
    let playing = players.map(|mut player| {
        let (stage, list) = (&stage, &list);
        async move {
            while began.elapsed() < span {
                player.play(stage, list, player.segments.len() + 1).await;
            }
            player.check()
        }
    });
    let come_and_go = async {
        let (mut watching, mut turn) = (VecDeque::new(), 2);
        while began.elapsed() < span {
            turn += 1;
            let mut viewer = Viewer::ask(&stage, "GET", &stream, &agent(turn)).await;
            assert_begins_well(&viewer.read(30_000).await);
            watching.push_back(viewer);
            if turn == 12 || turn == 24 {
                kind.stumble(&stage);
            }
            if turn.is_multiple_of(3) || watching.len() > 5 {
                watching.pop_front();
                let away = Stage::path(LIVE + 1);
                Viewer::ask(&stage, "GET", &away, &agent(turn)).await.read(1000).await;
            }
            let (now, most) = kind.receiving(&stage);
            assert!(now <= 1 && most <= 1, "{kind:?}: {now}, {most}");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        turn
    };
    let (seen, breaks, turns) = tokio::join!(stays, join_all(playing), come_and_go);
    assert!(turns > 20, "{kind:?}: {turns} came and went");
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    let least = if let Kind::Segments = kind { 0 } else { 2 };
    assert!(breaks.iter().all(|breaks| *breaks >= least), "{kind:?} was cut: {breaks:?}");
    assert_eq!(kind.receiving(&stage).1, 1, "one connection at every moment");
    assert_eq!(stage.station.counts().channel(stage.there(LIVE + 1)).peak, 1);
}

/// Watches from first to last.
async fn stay(stage: &Stage, path: &str, span: Duration) -> Seen {
    let mut viewer = Viewer::ask(stage, "GET", path, &agent(0)).await;
    let (mut eye, began) = (Eye::default(), Instant::now());
    while began.elapsed() < span {
        let bytes = viewer.next().await;
        assert!(!bytes.is_empty(), "it goes on");
        eye.look(&bytes);
    }
    eye.close()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_goes_and_zaps_a_channel_is_one_connection_at_every_moment() {
    join_all(Kind::ALL.map(|kind| crowded(kind, Duration::from_secs(20)))).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes five minutes: scripts/together"]
async fn a_channel_is_one_connection_for_five_minutes() {
    join_all(Kind::ALL.map(|kind| crowded(kind, Duration::from_secs(300)))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_restarts_finds_every_viewer_still_there() {
    let mut plan = Plan::default();
    let settings = plan.station.clone();
    plan.relay.connect_timeout = Duration::from_secs(1);
    let mut stage = Stage::with(plan).await;
    let address = stage.station.address();
    let mut viewers = Vec::new();
    for number in 0..10 {
        let path = Stage::path(LIVE + number as u32 % 2);
        let mut viewer = Viewer::ask(&stage, "GET", &path, &agent(number)).await;
        let bytes = viewer.read(10_000).await;
        viewers.push((viewer, bytes));
    }
    // Port 0 meanwhile: two stations cannot be at one address.
    let elsewhere = Station::start(settings.clone()).await.unwrap();
    drop(std::mem::replace(&mut stage.station, elsewhere));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let back = station::Settings { listen: address, ..settings };
    stage.station = Station::start(back).await.unwrap();
    for (viewer, bytes) in &mut viewers {
        bytes.extend(viewer.read(1_500_000).await);
        let seen = watch(bytes);
        assert!(bytes.len() >= 1_500_000, "{}", bytes.len());
        assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    }
    let counts = stage.station.counts();
    assert_eq!((counts.open, counts.peak), (2, 2));
    drop(viewers);
    eventually("nothing is left", || stage.station.counts().open == 0 && stage.relay.viewers("ann") == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_joiner_needs_comes_first_and_the_feed_stays_within_its_limit() {
    let mut plan = Plan::default();
    plan.station.bitrate = 50_000_000;
    plan.relay.feed_bytes = 8_000_000;
    let stage = Stage::with(plan).await;
    let mut first = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(0)).await;
    first.read(12_000_000).await;
    for number in 1..20 {
        let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(LIVE), &agent(number)).await;
        let mut beginning = viewer.read(64 * 1024).await;
        beginning.truncate(64 * 1024 / 188 * 188);
        assert_begins_well(&beginning);
    }
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    let held = status["totals"]["buffer_bytes"].as_u64().unwrap();
    assert!((4_000_000..=8_000_000).contains(&held), "{held}");
}
