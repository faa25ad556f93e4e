//! Channels that are lost, and where they are found again.

use std::time::Duration;

use mpegts::check::{Checker, Limits};
use mpegts::pes;
use relay::Splice;
use station::{Fault, TimeBase};

use crate::provider::{filling_after, ok};
use crate::stage::{DEAD, LIVE, Plan, Stage, TWO_UPSTREAMS};
use crate::viewer::{PATIENCE, Viewer, assert_begins_well, eventually, watch};

/// A channel whose first upstream is lost after a while.
async fn losing(fault: Fault, plan: impl FnOnce(&mut Plan)) -> Stage {
    let mut whole = Plan::default();
    whole.station.bitrate = 4_000_000;
    whole.station.time_base = TimeBase::Connection;
    plan(&mut whole);
    let stage = Stage::with(whole).await;
    stage.station.set_fault_times(stage.there(LIVE), fault, 1);
    stage
}

fn requests(stage: &Stage, channel: u32) -> u64 {
    stage.station.counts().channel(stage.there(channel)).requests
}

/// What an analyser finds wrong, but for the units in which the recording ended.
fn faults(bytes: &[u8]) -> Vec<String> {
    let mut checker = Checker::of_viewer(Limits::default());
    checker.push(bytes);
    let findings: Vec<String> = checker.finish().findings.iter().map(ToString::to_string).collect();
    let last = bytes.len() / 188;
    let at_the_end = |finding: &String| {
        finding.contains("PES packet ends") && finding.contains(&format!("packet {last} "))
    };
    findings.into_iter().filter(|finding| !at_the_end(finding)).collect()
}

/// When the units of the pictures (or the sound) are decoded and shown, in ticks of 90 kHz.
fn times(bytes: &[u8], pictures: bool) -> Vec<(i64, i64)> {
    let ids = if pictures { 0xE0..=0xEF } else { 0xC0..=0xDF };
    mpegts::packets(bytes)
        .filter(|packet| packet.unit_start())
        .filter_map(|packet| pes::Header::read(packet.payload()))
        .filter(|header| ids.contains(&header.stream_id))
        .filter_map(|header| Some((header.decode_time()?.ticks() as i64, header.pts?.ticks() as i64)))
        .collect()
}

/// The shortest and the longest step, in ticks of 90 kHz.
fn steps(times: impl Iterator<Item = i64>) -> (i64, i64) {
    let mut times: Vec<i64> = times.collect();
    let decoded = times.clone();
    times.sort_unstable();
    let steps = |times: &[i64]| times.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    let shortest = steps(&decoded).into_iter().min().unwrap();
    (shortest, steps(&times).into_iter().max().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seam_is_as_wide_as_a_picture_wherever_the_connection_breaks() {
    // A picture of the station's lasts 3600 ticks and two of three may be missing; a unit of its sound lasts 9600, and less
    // than two may: what the pictures have lost is nothing to listen to.
    let cuts = [1_000_000, 1_001_000, 1_003_333, 1_007_007, 1_009_999, 1_012_345, 1_015_001, 1_019_000].map(
        |cut| async move {
            let stage = losing(Fault::Cut(cut), |_| {}).await;
            let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
            let bytes = viewer.read(1_500_000).await;
            assert_eq!(requests(&stage, LIVE), 2, "it was cut");
            let pictures = times(&bytes, true);
            let (shortest, longest) = steps(pictures.iter().map(|(decoded, _)| *decoded));
            assert!(shortest >= 3600 && longest <= 6 * 3600, "{cut}: decoded {shortest} to {longest} apart");
            let mut shown: Vec<i64> = pictures.iter().map(|(_, shown)| *shown).collect();
            shown.sort_unstable();
            let (shortest, longest) = steps(shown[..shown.len() - 8].iter().copied());
            assert!(shortest >= 3600 && longest <= 6 * 3600, "{cut}: shown {shortest} to {longest} apart");
            let (shortest, longest) = steps(times(&bytes, false).into_iter().map(|(_, heard)| heard));
            assert!(
                shortest >= 9600 - 45 && longest < 3 * 9600,
                "{cut}: heard {shortest} to {longest} apart"
            );
            assert_eq!(faults(&bytes), [""; 0], "{cut}");
        },
    );
    futures_util::future::join_all(cuts).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_goes_on_from_its_next_upstream_and_nobody_notices() {
    let stage = losing(Fault::Cut(1_200_000), |_| {}).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(TWO_UPSTREAMS)).await;
    let mut bytes = viewer.read(200_000).await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Status(503), 1);
    // It is cut nevertheless, as it was told when it began.
    bytes.extend(viewer.read(2_800_000).await);
    assert_eq!((requests(&stage, LIVE), requests(&stage, LIVE + 1)), (2, 1));
    assert_begins_well(&bytes);
    let seen = watch(&bytes);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    assert!(seen.longest_step < 1.0 && seen.access.is_sorted(), "{seen:?}");
    assert_eq!(faults(&bytes), [""; 0]);
    // The upstream that is preferred is asked first the next time.
    drop(viewer);
    eventually("he has left", || stage.station.counts().open == 0).await;
    Viewer::get(&stage, &Stage::path(TWO_UPSTREAMS)).await.read(10_000).await;
    assert_eq!((requests(&stage, LIVE), requests(&stage, LIVE + 1)), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_a_loss() {
    let stage = losing(Fault::Stall(1_200_000), |_| {}).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    let bytes = viewer.read(2_500_000).await;
    assert!(bytes.len() >= 2_500_000);
    assert_eq!(requests(&stage, LIVE), 2);
    let seen = watch(&bytes);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    assert!(seen.nulls >= 7, "he was given signs of life: {seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filling_without_anything_in_it_is_silence() {
    let recorded = Stage::new().await;
    let sent = Viewer::get(&recorded, &Stage::path(LIVE)).await.read(400_000).await;
    let mut plan = Plan { dead: Some(filling_after(ok(&sent)).await), ..Plan::default() };
    plan.relay.silence = Duration::from_secs(1);
    plan.relay.give_up = Duration::ZERO;
    let stage = Stage::with(plan).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(DEAD)).await;
    let bytes = tokio::time::timeout(PATIENCE, viewer.rest()).await.expect("it ends");
    assert!(bytes.len() >= 200_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_is_a_refusal_and_the_next_upstream_is_asked() {
    let stage = losing(Fault::Clip(6), |_| {}).await;
    let mut viewer = Viewer::get(&stage, &Stage::path(TWO_UPSTREAMS)).await;
    let bytes = viewer.read(4_500_000).await;
    assert_eq!((requests(&stage, LIVE), requests(&stage, LIVE + 1)), (1, 1));
    let seen = watch(&bytes);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_has_nothing_but_clips_is_not_hammered() {
    let stage = losing(Fault::Empty, |plan| plan.relay.failure_memory = Duration::from_secs(60)).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Clip(6));
    let seen = watch(&Viewer::get(&stage, &Stage::path(LIVE)).await.rest().await);
    assert_eq!((seen.continuity_errors, seen.backwards), (0, 0), "{seen:?}");
    assert!(requests(&stage, LIVE) <= 4);
    // A player that takes the end for a hiccup and asks again, and again.
    for _ in 0..5 {
        assert_eq!(Viewer::get(&stage, &Stage::path(LIVE)).await.status(), 502);
    }
    assert!(requests(&stage, LIVE) <= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jump_of_the_clock_is_announced_if_that_is_wanted() {
    let stage = losing(Fault::Cut(1_200_000), |plan| plan.relay.splice = Splice::Flag).await;
    let bytes = Viewer::get(&stage, &Stage::path(LIVE)).await.read(3_000_000).await;
    assert_eq!(requests(&stage, LIVE), 2);
    let flags = mpegts::packets(&bytes)
        .filter(|packet| packet.adaptation().is_some_and(|adaptation| adaptation.discontinuity()));
    assert!(flags.count() >= 2, "on the pictures' PID and the sound's");
    let seen = watch(&bytes);
    assert_eq!(seen.continuity_errors, 0, "{seen:?}");
    assert!(seen.backwards > 0 || seen.longest_step > 10.0, "the clock is the source's: {seen:?}");
    assert_eq!(faults(&bytes), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_is_lost_ends_if_that_is_wanted_and_can_be_asked_for_at_once() {
    let stage = losing(Fault::Cut(1_200_000), |plan| {
        plan.relay.splice = Splice::Close;
        plan.relay.failure_memory = Duration::from_secs(60);
    });
    let stage = stage.await;
    let bytes = Viewer::get(&stage, &Stage::path(LIVE)).await.rest().await;
    assert!(bytes.len() > 400_000, "{}", bytes.len());
    let mut again = Viewer::get(&stage, &Stage::path(LIVE)).await;
    assert_begins_well(&again.read(100_000).await);
    assert_eq!(requests(&stage, LIVE), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_held_for_longer_than_was_said() {
    let stage = losing(Fault::Empty, |plan| plan.relay.give_up = Duration::from_secs(2)).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Cut(600_000)); // again and again
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(100_000).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Status(503));
    let before = requests(&stage, LIVE);
    let seen = watch(&viewer.rest().await);
    assert!(seen.nulls > 0, "{seen:?}");
    let more = requests(&stage, LIVE) - before;
    assert!((1..=6).contains(&more), "it is asked for, and not hammered: {more}");
    eventually("nothing is left", || stage.relay.viewers("ann") == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_while_nobody_watched_can_be_asked_for_at_once() {
    let stage = losing(Fault::Cut(6_000_000), |plan| {
        plan.station.speed = 4.0;
        (plan.relay.linger, plan.relay.failure_memory) = (Duration::from_secs(60), Duration::from_secs(60));
    });
    let stage = stage.await;
    Viewer::get(&stage, &Stage::path(LIVE)).await.read(10_000).await;
    eventually("it is cut", || stage.station.counts().open == 0).await;
    let mut again = Viewer::get(&stage, &Stage::path(LIVE)).await;
    assert_eq!(again.status(), 200);
    assert_begins_well(&again.read(100_000).await);
    eventually("it is received again", || requests(&stage, LIVE) == 2).await;
}

/// Discontinuities that a playlist tells of, those included that have slid out of it; and its last number.
pub(crate) fn discontinuities(playlist: &str) -> (usize, u64) {
    let number = |tag: &str| playlist.split_once(tag).unwrap().1.lines().next().unwrap().parse::<u64>();
    let gone = number("#EXT-X-DISCONTINUITY-SEQUENCE:").unwrap() as usize;
    let segments = playlist.matches("#EXTINF").count() as u64;
    let last = number("#EXT-X-MEDIA-SEQUENCE:").unwrap() + segments;
    (gone + playlist.matches("#EXT-X-DISCONTINUITY\n").count(), last)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_is_one_discontinuity_for_players_of_hls() {
    let stage = losing(Fault::Cut(6_000_000), |plan| plan.station.speed = 4.0).await;
    let path = format!("/live/ann/secret/{TWO_UPSTREAMS}.m3u8");
    let playlist = async || {
        let text = String::from_utf8(Viewer::get(&stage, &path).await.rest().await).unwrap();
        discontinuities(&text)
    };
    let (before, _) = playlist().await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Status(404), 1);
    eventually("the other upstream has it", || requests(&stage, LIVE + 1) == 1).await;
    let (_, last) = playlist().await;
    loop {
        let (now, number) = playlist().await;
        if number >= last + 4 {
            break assert_eq!(now, before + 1);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
