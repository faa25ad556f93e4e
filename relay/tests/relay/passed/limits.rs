//! Many viewers, one connection; seats, slots and what ends.

use std::time::{Duration, Instant};

use contract::user::State;
use station::Fault;

use super::player::{CHANNEL, Playlist, address, bytes, plan, stage, until};
use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_viewers_cost_one_connection_and_every_segment_once() {
    let mut plan = plan("fmp4,rotating");
    plan.station.segment_entries = 2; // 2.56 s: the longest is 3 s
    let stage = Stage::with(plan).await;
    let began = Instant::now();
    let path = address("ann");
    let mut numbers = std::collections::BTreeSet::new();
    while began.elapsed() < Duration::from_secs(8) {
        let viewers = (0..50).map(|_| async {
            let playlist = Playlist::get(&stage, &path).await;
            let newest = playlist.references().pop().unwrap();
            assert!(!bytes(&stage, &newest).await.is_empty());
            playlist
        });
        let seen = futures_util::future::join_all(viewers).await;
        numbers.extend(seen.iter().flat_map(|playlist| playlist.numbered().into_keys()));
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (time, counts) = (began.elapsed().as_secs_f64(), stage.station.counts());
    let there = stage.there(LIVE);
    let polls = counts.fetched.get(&format!("{there}/index")).copied().unwrap_or(0);
    assert!(polls as f64 <= time / 1.5 + 1.0, "{polls} in {time} s");
    assert!(polls >= 2);
    let often: Vec<_> =
        counts.fetched.iter().filter(|(name, times)| !name.ends_with("index") && **times > 1).collect();
    assert!(often.is_empty(), "{often:?}");
    assert_eq!(counts.channel(there).sending_peak, 1);
    assert!(numbers.len() >= 4 && counts.channel(there).peak <= 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_in_the_middle_of_a_segment_ends_it_for_nobody() {
    let mut plan = plan("fmp4,nth:1:dribble:2000%2F40");
    plan.station.segment_entries = 2;
    let stage = Stage::with(plan).await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let path = playlist.references().pop().unwrap();
    let (mut one, mut other) = tokio::join!(Viewer::get(&stage, &path), Viewer::get(&stage, &path));
    assert!(!one.next().await.is_empty());
    drop(one);
    let whole = other.rest().await;
    assert_eq!(whole, bytes(&stage, &path).await);
    let name = stage.station.counts().fetched;
    assert!(
        name.iter().filter(|(name, _)| !name.ends_with("index")).all(|(_, times)| *times == 1),
        "{name:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxied_channel_takes_a_seat_and_a_slot_and_gives_both_back() {
    let mut plan = plan("fmp4");
    plan.origins.push("fmp4".into());
    (plan.connections, plan.relay.slot_patience) = (1, Duration::from_secs(3));
    let stage = Stage::with(plan).await;
    let status = async || {
        let mut viewer = Viewer::get(&stage, "/status.json").await;
        serde_json::from_slice::<serde_json::Value>(&viewer.rest().await).unwrap()
    };
    let playlist = Playlist::get(&stage, &address("bob")).await; // who has one seat
    let segment = playlist.references().pop().unwrap();
    let size = bytes(&stage, &segment).await.len() as u64;
    let now = status().await;
    assert_eq!((&now["totals"]["viewers"], &now["slots"][0]["used"]), (&1.into(), &1.into()), "{now}");
    assert_eq!(now["channels"][0]["id"], CHANNEL);
    assert!(
        now["channels"][0]["bytes_out"].as_u64().unwrap() >= size
            && now["channels"][0]["buffer_bytes"].as_u64().unwrap() >= size
    );
    // The same player zaps: his seat and the only connection go with him.
    let next = format!("/live/bob/secret/{}.m3u8", CHANNEL + 1);
    Playlist::get(&stage, &next).await;
    assert_eq!(stage.relay.viewers("bob"), 1);
    let now = status().await;
    assert_eq!(
        (&now["channels"].as_array().unwrap().len(), &now["channels"][0]["id"]),
        (&1, &(CHANNEL + 1).into())
    );
    // And what he had before cannot take it back.
    assert_eq!(Viewer::get(&stage, &segment).await.status(), 403);
    eventually("his seat is not his for ever", || {
        stage.station.counts().channel(stage.there(LIVE)).sending == 0
    })
    .await;
    stage.users.edit(|users| users.iter_mut().for_each(|user| user.state = State::Disabled)).unwrap();
    eventually("whoever may not watch any more does not", || stage.relay.viewers("bob") == 0).await;
    assert_eq!(Viewer::get(&stage, &next).await.status(), 403);
    let now = status().await;
    assert_eq!(
        (&now["totals"]["viewers"], &now["slots"][0]["used"], &now["seats"]),
        (&0.into(), &0.into(), &0.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_relay_players_go_on_with_what_they_have() {
    let mut stage = stage("fmp4,master").await;
    let master = Playlist::get(&stage, &address("ann")).await;
    let before = Playlist::get(&stage, &master.references()[0]).await;
    stage.restart().await;
    // A player that knows nothing of it goes on with what it was told, and asks again for what does not come.
    let segment = before.references().pop().unwrap();
    let early = Viewer::get(&stage, &segment).await;
    assert_eq!((early.status(), early.header("retry-after")), (503, Some("1")));
    let after = Playlist::get(&stage, &before.path).await;
    assert!(!bytes(&stage, &segment).await.is_empty());
    let (before, after) = (before.numbered(), after.numbered());
    let same = before.iter().filter(|(number, path)| after.get(number) == Some(path)).count();
    assert!(same >= 2, "{before:?} {after:?}");
    assert_eq!(stage.relay.viewers("ann"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_the_head_alone_of_what_is_gone_starts_nothing() {
    let mut stage = stage("fmp4,master").await;
    let master = Playlist::get(&stage, &address("ann")).await;
    let list = Playlist::get(&stage, &master.references()[0]).await;
    stage.restart().await;
    let before = stage.station.counts().fetched;
    for (path, status) in [(&list.path, 200), (&list.references()[0], 503)] {
        let head = Viewer::ask(&stage, "HEAD", path, "").await;
        assert_eq!(head.status(), status, "{path}");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!((stage.relay.viewers("ann"), stage.station.counts().fetched), (0, before));
    assert!(!bytes(&stage, &list.path).await.is_empty(), "who asks for it gets it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_stumbles_costs_its_viewers_nothing_that_they_can_ask_for_again() {
    let stage = stage("fmp4").await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    let there = stage.there(LIVE);
    stage.station.set_fault(there, Fault::Status(503));
    let deadline = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        let viewer = Viewer::get(&stage, &address("ann")).await;
        if viewer.status() != 200 {
            break viewer;
        }
        assert!(Instant::now() < deadline, "a list that is too old is not given out");
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert_eq!((refused.status(), refused.header("retry-after")), (503, Some("1")));
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    stage.station.clear_fault(there);
    let last = *playlist.numbered().last_key_value().unwrap().0;
    let deadline = Instant::now() + Duration::from_secs(20);
    while Viewer::get(&stage, &address("ann")).await.status() != 200 {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    until(&stage, &address("ann"), |playlist| *playlist.numbered().last_key_value().unwrap().0 > last).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_bounded_and_what_has_gone_is_fetched_again() {
    let mut plan = Plan { origins: vec!["fmp4,vod".into()], ..Plan::default() };
    plan.relay.hls_bytes = 1_000_000;
    let stage = Stage::with(plan).await;
    let playlist = Playlist::get(&stage, &address("ann")).await;
    assert!(playlist.text.ends_with("#EXT-X-ENDLIST\n"));
    let mut first = Vec::new();
    for path in playlist.references() {
        let segment = bytes(&stage, &path).await;
        if first.is_empty() {
            first = segment;
        }
    }
    let mut viewer = Viewer::get(&stage, "/status.json").await;
    let status: serde_json::Value = serde_json::from_slice(&viewer.rest().await).unwrap();
    let held = status["totals"]["buffer_bytes"].as_u64().unwrap();
    assert!(held > 0 && held <= 1_000_000 + first.len() as u64, "{status}");
    assert_eq!(bytes(&stage, &playlist.references()[0]).await, first);
}
