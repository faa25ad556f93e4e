//! Slots of accounts and seats of users.

use std::time::Duration;

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

fn one_connection() -> Plan {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    plan.station.accounts[0].max_connections = 1;
    plan.station.limit = station::Limit::Refuse(403);
    plan
}

async fn watch_as(stage: &Stage, user: &str, channel: u32, player: &str) -> Viewer {
    let path = format!("/live/{user}/secret/{channel}.ts");
    Viewer::ask(stage, "GET", &path, &format!("User-Agent: {player}\r\n")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_at_his_limit_may_zap_but_not_watch_twice() {
    let stage = Stage::new().await;
    let mut first = watch_as(&stage, "bob", LIVE, "player").await;
    first.read(10_000).await;
    let other = watch_as(&stage, "bob", LIVE + 1, "another").await;
    assert_eq!((other.status(), other.header("retry-after")), (503, Some("5")));
    let mut second = watch_as(&stage, "bob", LIVE + 1, "player").await;
    assert_eq!(second.status(), 200);
    first.rest().await; // ends
    assert!(!second.read(10_000).await.is_empty());
    assert_eq!(stage.relay.viewers("bob"), 1);
    eventually("the old channel is closed", || stage.station.counts().channel(stage.there(LIVE)).open == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_account_refuses_others_and_lets_the_same_client_zap() {
    let stage = Stage::with(one_connection()).await;
    let mut first = watch_as(&stage, "ann", LIVE, "player").await;
    first.read(10_000).await;
    let other = watch_as(&stage, "ann", LIVE + 1, "another").await;
    assert_eq!((other.status(), other.header("retry-after")), (503, Some("5")));
    // The one who watches has not even begun to close his old stream.
    let mut second = watch_as(&stage, "ann", LIVE + 1, "player").await;
    assert_eq!(second.status(), 200);
    first.rest().await; // ends
    assert!(!second.read(10_000).await.is_empty());
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.peak, account.kicked), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_shares_a_channel_cannot_zap_it_away_from_the_others() {
    let stage = Stage::with(one_connection()).await;
    let mut one = watch_as(&stage, "ann", LIVE, "player").await;
    let mut two = watch_as(&stage, "bob", LIVE, "another").await;
    one.read(10_000).await;
    two.read(10_000).await;
    assert_eq!(watch_as(&stage, "ann", LIVE + 1, "player").await.status(), 503);
    assert!(!one.read(100_000).await.is_empty() && !two.read(100_000).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lingering_channel_gives_way_to_demand() {
    let mut plan = one_connection();
    plan.relay.linger = Duration::from_secs(60);
    let stage = Stage::with(plan).await;
    for channel in [LIVE, LIVE + 1, LIVE + 2] {
        let mut viewer = watch_as(&stage, "ann", channel, &format!("player {channel}")).await;
        assert_eq!(viewer.status(), 200);
        viewer.read(10_000).await;
        drop(viewer);
        eventually("he has left", || stage.relay.viewers("ann") == 0).await;
    }
    let counts = stage.station.counts();
    assert_eq!((counts.accounts["station"].peak, counts.open), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_still_counts_the_old_connection_is_asked_again() {
    let mut plan = one_connection();
    plan.station.release_delay = Duration::from_millis(1500);
    let stage = Stage::with(plan).await;
    let mut first = watch_as(&stage, "ann", LIVE, "player").await;
    first.read(10_000).await;
    let mut second = watch_as(&stage, "ann", LIVE + 1, "player").await;
    assert_eq!(second.status(), 200);
    assert!(!second.read(10_000).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_switched_off_is_cut() {
    let stage = Stage::new().await;
    let mut viewer = watch_as(&stage, "bob", LIVE, "player").await;
    viewer.read(10_000).await;
    stage.users.edit(|users| users.iter_mut().for_each(|user| user.expires = Some(1))).unwrap();
    viewer.rest().await;
    assert_eq!(watch_as(&stage, "bob", LIVE, "player").await.status(), 403);
}
