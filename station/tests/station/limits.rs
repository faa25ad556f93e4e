//! How many may watch, and who counts them.

use std::time::Duration;

use station::{Account, Limit, Settings, Station, Status};

use crate::{client, eventually, get, json, read, start};

#[tokio::test]
async fn a_viewer_is_counted_until_he_leaves() {
    let station = start(Settings::default()).await;
    let id = station.catalogue().live_id(0);
    let mut viewer = get(&station.live_url(0)).await;
    read(&mut viewer, 1000).await;
    assert_eq!((station.counts().open, station.counts().channel(id).open), (1, 1));
    let account = json(&station.api_url("")).await;
    assert_eq!(account["user_info"]["active_cons"], "1");
    drop(viewer);
    eventually(|| station.counts().open == 0).await;
    let counts = json(&format!("{}/_station/counts", station.url())).await;
    assert_eq!(
        (&counts["peak"], &counts["requests"]["live"], &counts["requests"]["account"]),
        (&1.into(), &1.into(), &1.into())
    );
    client().post(format!("{}/_station/reset", station.url())).send().await.unwrap();
    assert_eq!(station.counts(), station::Counts::default());
}

#[tokio::test]
async fn the_newest_connection_kicks_the_oldest() {
    let station = start(Settings::default()).await;
    let mut old = get(&station.live_url(0)).await;
    read(&mut old, 1000).await;
    let mut new = get(&station.live_url(1)).await;
    assert!(read(&mut new, 10_000).await.len() >= 10_000);
    while let Ok(Some(_)) = old.chunk().await {}
    eventually(|| station.counts().open == 1).await;
    let account = station.counts().accounts["station"];
    assert_eq!((account.kicked, account.held), (1, 1));
}

#[tokio::test]
async fn one_too_many_may_be_refused_until_the_panel_notices_that_the_other_has_gone() {
    let settings =
        Settings { limit: Limit::Refuse(509), release_delay: Duration::from_secs(1), ..Settings::default() };
    let station = start(settings).await;
    let mut first = get(&station.live_url(0)).await;
    read(&mut first, 1000).await;
    assert_eq!(get(&station.live_url(1)).await.status(), 509);
    drop(first);
    eventually(|| station.counts().open == 0).await;
    assert_eq!(get(&station.live_url(1)).await.status(), 509);
    eventually(|| station.counts().accounts["station"].held == 0).await;
    assert_eq!(get(&station.live_url(1)).await.status(), 200);
    assert_eq!(station.counts().accounts["station"].refused, 2);
}

#[tokio::test]
async fn one_too_many_may_get_a_slate() {
    let station = start(Settings { limit: Limit::Slate, ..Settings::default() }).await;
    let mut first = get(&station.live_url(0)).await;
    read(&mut first, 1000).await;
    let slate = get(&station.live_url(1)).await;
    assert_eq!(slate.status(), 200);
    let slate = slate.bytes().await.unwrap();
    assert!(slate[0] == 0x47 && slate.len() < 2_000_000);
}

#[tokio::test]
async fn no_limit_is_no_limit() {
    let account = Account { max_connections: 0, ..Account::default() };
    let station = start(Settings { accounts: vec![account], ..Settings::default() }).await;
    let mut viewers = Vec::new();
    for _ in 0..5 {
        let mut viewer = get(&station.live_url(0)).await;
        read(&mut viewer, 1000).await;
        viewers.push(viewer);
    }
    assert_eq!(station.counts().channel(station.catalogue().live_id(0)).peak, 5);
}

async fn refused(station: &Station) -> (String, u16) {
    let account = json(&station.api_url("")).await;
    let status = account["user_info"]["status"].as_str().unwrap().to_owned();
    (status, get(&station.live_url(0)).await.status().as_u16())
}

#[tokio::test]
async fn who_may_not_watch_can_still_read_why() {
    for (account, status) in [
        (Account { status: Status::Banned, ..Account::default() }, "Banned"),
        (Account { expires: Some(1_000_000_000), ..Account::default() }, "Expired"),
    ] {
        let station = start(Settings { accounts: vec![account], ..Settings::default() }).await;
        assert_eq!(refused(&station).await, (status.to_owned(), 401));
        let list = json(&station.api_url("get_live_streams")).await;
        assert_eq!(list["user_info"]["auth"], 0);
    }
}
