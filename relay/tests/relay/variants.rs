//! Channels as other encoders and networks make them, cut into segments.

use mpegts::{Pid, packets};

use crate::hls::Player;
use crate::stage::{ORIGIN, Plan, Stage};
use crate::viewer::Viewer;

/// Four times as fast as life.
async fn stage(variants: &[&str]) -> Stage {
    let mut plan = Plan { connections: 100, ..Plan::default() };
    plan.origins = variants.iter().map(|variant| format!("variant/{variant}")).collect();
    plan.station.speed = 4.0;
    plan.station.accounts[0].max_connections = 100;
    plan.station.live = 40;
    Stage::with(plan).await
}

/// The channel in the place of each variant, played at the same time, for so many segments.
async fn played(variants: &[&str], count: usize) -> Vec<Player> {
    let stage = stage(variants).await;
    let turns = (ORIGIN..).zip(variants).map(async |(channel, _)| {
        let mut player = Player::named(channel);
        player.play(&stage, &format!("/live/ann/secret/{channel}.m3u8"), count).await;
        player
    });
    futures_util::future::join_all(turns).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_coding_and_every_encoder_is_cut_as_it_should_be() {
    let variants = [
        "hevc,ac3",
        "mpeg2,mp2",
        "recovery,latm",
        "no-aud,rai-never",
        "rai-always",
        "long-pmt",
        "pointer",
        "wrap:6",
        "192",
        "204,twice:50",
        "silent",
    ];
    for (variant, player) in variants.iter().zip(played(&variants, 6).await) {
        println!("{variant}"); // shown when it is the one that fails
        assert_eq!(player.check(), 0);
        let lengths: Vec<f64> = player.segments.values().map(|it| it.duration.as_secs_f64()).collect();
        let (last, first) = lengths.split_last().unwrap();
        assert!(first.iter().all(|seconds| (2.5..2.6).contains(seconds)), "{variant}: {lengths:?}");
        assert!((3.8..3.9).contains(last), "there are enough to begin with: {variant}: {lengths:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn radio_of_every_coding_is_cut_at_its_units() {
    let variants = ["sound", "sound,mp2", "sound,ac3", "sound,latm"];
    for (variant, player) in variants.iter().zip(played(&variants, 2).await) {
        println!("{variant}");
        assert_eq!(player.check(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_moves_to_other_pids_has_a_discontinuity_there() {
    let player = played(&["pmt:10"], 5).await.remove(0);
    assert_eq!(player.check(), 1);
    let videos: Vec<Pid> =
        player.segments.values().map(|segment| packets(&segment.bytes).nth(2).unwrap().pid()).collect();
    let moved = videos.iter().position(|pid| *pid != videos[0]).expect("it moves");
    assert!(player.segments.values().nth(moved).unwrap().discontinuity);
    assert!(videos[moved..].iter().all(|pid| *pid == videos[moved]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_on_the_way_is_all_that_is_wrong_with_segments() {
    let player = played(&["lossy:400"], 3).await.remove(0);
    for segment in player.segments.values() {
        let mut checker = mpegts::check::Checker::new(mpegts::check::Limits::default());
        checker.segment(&segment.bytes);
        let report = checker.finish();
        assert!(report.total > 0, "something is");
        let names: Vec<_> = report.findings.iter().map(|finding| finding.fault.name()).collect();
        assert!(names.iter().all(|name| ["counter", "clock_interval"].contains(name)), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_browsers_can_play_a_channel_is_known_from_its_first_pictures() {
    let variants = [
        ("recovery,latm", "h264", "aac_latm", "yes"),
        ("mp2", "h264", "mp2", "no_audio"),
        ("ac3", "h264", "ac3", "no_audio"),
        ("mpeg2,mp2", "mpeg2video", "mp2", "no"),
        ("hevc,ac3", "hevc", "ac3", "no"),
        ("sound,mp2", "", "mp2", "no"),
    ];
    let stage = stage(&variants.map(|(variant, ..)| variant)).await;
    let mut watching = Vec::new();
    for (channel, (variant, ..)) in (ORIGIN..).zip(&variants) {
        let agent = format!("User-Agent: {channel}\r\n");
        let mut viewer = Viewer::ask(&stage, "GET", &Stage::path(channel), &agent).await;
        assert_eq!(viewer.status(), 200, "{variant}");
        viewer.read(100_000).await;
        watching.push(viewer);
    }
    let mut status = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&status.rest().await).unwrap();
    for (channel, (variant, video, audio, playable)) in (ORIGIN..).zip(&variants) {
        let of = |one: &&serde_json::Value| one["id"] == channel;
        let seen = status["channels"].as_array().unwrap().iter().find(of).unwrap();
        assert_eq!(seen["video_codec"].as_str().unwrap_or(""), *video, "{variant}: {seen}");
        assert_eq!(seen["audio_codecs"], serde_json::json!([audio]), "{variant}: {seen}");
        assert_eq!(seen["browser_playable"], *playable, "{variant}: {seen}");
    }
}
