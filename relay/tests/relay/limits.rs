//! Slots of accounts and seats of users.

use std::time::{Duration, Instant};

use contract::network::Network;
use contract::user::{State, User};

use crate::stage::{FILM, LIVE, Plan, Stage};
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
async fn a_player_of_hls_at_his_limit_may_zap_from_either_form_to_either_and_has_only_the_last() {
    let mut plan = one_connection();
    plan.station.speed = 4.0;
    let stage = Stage::with(plan).await;
    let list = async |channel: u32, player: &str| {
        let path = format!("/live/bob/secret/{channel}.m3u8");
        Viewer::ask(&stage, "GET", &path, &format!("User-Agent: {player}\r\n")).await
    };
    let mut first = list(LIVE, "player").await;
    let text = String::from_utf8(first.rest().await).unwrap();
    let segment = text.lines().find(|line| line.ends_with(".ts")).unwrap().trim_start_matches("../");
    let segment = format!("/{segment}");
    assert_eq!(Viewer::get(&stage, &segment).await.status(), 200, "{segment}");
    let other = list(LIVE + 1, "another").await;
    assert_eq!((other.status(), other.header("retry-after")), (503, Some("5")));
    assert_eq!(list(LIVE + 1, "player").await.status(), 200);
    assert_eq!(Viewer::get(&stage, &segment).await.status(), 403, "what he had is over");
    let mut stream = watch_as(&stage, "bob", LIVE + 2, "player").await;
    assert_eq!(stream.status(), 200);
    stream.read(10_000).await;
    assert_eq!(list(LIVE, "player").await.status(), 200);
    stream.rest().await; // ends
    assert_eq!(stage.relay.viewers("bob"), 1);
    eventually("one is received", || stage.station.counts().open == 1).await;
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.peak, account.refused, account.kicked), (1, 0, 0));
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
async fn a_hundred_zaps_on_one_connection_are_one_connection_at_every_moment() {
    let mut plan = one_connection();
    plan.relay.linger = Duration::from_secs(15);
    plan.relay.release_delay = Duration::from_millis(300);
    plan.relay.starts_per_minute = 0;
    let stage = Stage::with(plan).await;
    let mut before = Vec::new();
    for zap in 0..100 {
        let channel = LIVE + zap % 7;
        if zap % 3 == 0 {
            before.clear(); // this time the old stream is closed first
        }
        let mut viewer = watch_as(&stage, "ann", channel, "player").await;
        assert_eq!(viewer.status(), 200, "zap {zap}");
        assert!(!viewer.read(10_000).await.is_empty());
        before = vec![viewer];
    }
    let account = stage.station.counts().accounts["station"];
    assert_eq!((account.peak, account.refused, account.kicked), (1, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_provider_counts_is_learnt_and_it_need_not_refuse_again() {
    let mut plan = one_connection();
    plan.relay.release_delay = Duration::ZERO;
    plan.station.release_delay = Duration::from_millis(1500);
    let stage = Stage::with(plan).await;
    let mut refused = Vec::new();
    for channel in 0..4 {
        let mut viewer = watch_as(&stage, "ann", LIVE + channel, "player").await;
        assert_eq!(viewer.status(), 200);
        viewer.read(10_000).await;
        refused.push(stage.station.counts().accounts["station"].refused);
    }
    assert!(refused[1] > 0 && refused[1] == refused[3], "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_one_channel_that_a_client_opens_beside_each_other_are_one_seat() {
    let stage = Stage::new().await;
    let mut looks = Vec::new();
    for _ in 0..3 {
        let mut look = watch_as(&stage, "bob", LIVE, "player").await;
        assert_eq!(look.status(), 200, "bob may watch once");
        look.read(10_000).await;
        looks.push(look);
    }
    let list = Viewer::ask(&stage, "GET", "/live/bob/secret/1.m3u8", "User-Agent: player\r\n").await;
    assert_eq!((list.status(), stage.relay.viewers("bob")), (200, 1));
    let other = watch_as(&stage, "bob", LIVE, "another").await;
    assert_eq!(other.status(), 503);
    drop(looks.pop());
    drop(looks.pop());
    assert!(!looks[0].read(50_000).await.is_empty(), "the others go on");
    // Zapping ends all of them.
    let mut zapped = watch_as(&stage, "bob", LIVE + 1, "player").await;
    assert_eq!(zapped.status(), 200);
    zapped.read(10_000).await;
    looks[0].rest().await;
    assert_eq!(stage.relay.viewers("bob"), 1);
    eventually("the old channel is closed", || stage.station.counts().channel(stage.there(LIVE)).open == 0)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_not_tune_as_fast_as_he_likes() {
    let mut plan = Plan::default();
    plan.relay.starts_per_minute = 8;
    let stage = Stage::with(plan).await;
    let mut watching = Vec::new();
    for (channel, status) in [(0, 200), (1, 200), (2, 503), (0, 200)] {
        watching.push(watch_as(&stage, "ann", LIVE + channel, "player").await);
        assert_eq!(watching.last().unwrap().status(), status, "{channel}");
    }
    assert_eq!(watch_as(&stage, "bob", LIVE + 3, "player").await.status(), 200, "each for himself");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_expires_is_disabled_or_removed_is_cut_within_two_seconds() {
    for (number, change) in [
        (|users| users.iter_mut().for_each(|user| user.expires = Some(1))) as fn(&mut Vec<User>),
        |users| users.iter_mut().for_each(|user| user.state = State::Disabled),
        |users| users.clear(),
    ]
    .into_iter()
    .enumerate()
    {
        let stage = Stage::new().await;
        let mut viewer = watch_as(&stage, "bob", LIVE, "player").await;
        viewer.read(10_000).await;
        stage.users.edit(change).unwrap();
        let began = Instant::now();
        viewer.rest().await;
        // Two seconds, and as much again for a machine that has much to do.
        assert!(began.elapsed() < Duration::from_secs(4), "{number}: {:?}", began.elapsed());
        assert_eq!(watch_as(&stage, "bob", LIVE, "player").await.status(), 403);
        eventually("nothing is left", || stage.station.counts().open == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_counted_by_the_address_they_come_from_whatever_is_asked_for() {
    let mut plan = Plan::default();
    plan.relay.login_failures = 3;
    plan.relay.trusted_proxies = vec![Network::parse("127.0.0.1").unwrap()];
    plan.relay.ace_open = true;
    let stage = Stage::with(plan).await;
    let asked = async |client: &str, path: &str| {
        let headers = format!("X-Forwarded-For: {client}\r\n");
        let answer = Viewer::ask(&stage, "HEAD", path, &headers).await;
        (answer.status(), answer.header("retry-after").map(|wait| wait.parse::<u64>().unwrap()))
    };
    let (guesser, neighbour) = ("192.0.2.1", "192.0.2.2");
    assert_eq!(asked(guesser, "/live/ann/secret/1.ts").await.0, 200);
    for guess in [
        "/live/ann/guess/1.ts".to_owned(),
        "/live/ann/guess/2.ts".into(), // by a player whose password was changed
        "/live/ann/guess/2.m3u8".into(),
        format!("/movie/nobody/guess/{FILM}.mp4"),
        format!("/ace/getstream?id={}&username=ann&password=third", stage.station.listed_id(0)),
    ] {
        assert_eq!(asked(guesser, &guess).await, (403, None), "{guess}");
    }
    for guess in ["/live/ann/another/1.m3u8", "/timeshift/ann/another/60/2026-01-01:10-00/1.ts"] {
        let (status, wait) = asked(guesser, guess).await;
        assert!(status == 429 && (1..=60).contains(&wait.unwrap()), "{guess}: {status}");
    }
    assert_eq!(asked(guesser, "/live/ann/secret/2.ts").await.0, 200, "who was right before goes on");
    assert_eq!(asked(guesser, "/live/bob/secret/1.ts").await.0, 429, "who was not may be guessing");
    assert_eq!(asked(neighbour, "/live/bob/secret/1.ts").await.0, 200);
    assert_eq!(asked(neighbour, "/live/bob/guess/1.ts").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_is_believed_whom_it_speaks_for_and_what_it_has_put_before_a_path() {
    for (trusted, status) in [("127.0.0.1", 503), ("192.0.2.1", 200)] {
        let mut plan = Plan::default();
        plan.relay.trusted_proxies = vec![Network::parse(trusted).unwrap()];
        let stage = Stage::with(plan).await;
        let from = async |address: &str, path: &str| {
            let headers = format!("X-Forwarded-For: {address}\r\nX-Forwarded-Prefix: /tv\r\n");
            Viewer::ask(&stage, "GET", path, &headers).await
        };
        let mut first = from("198.51.100.1", "/live/bob/secret/1.ts").await;
        first.read(10_000).await;
        // Bob may watch once: from another device he is refused, from the same one he zaps.
        let second = from("198.51.100.2", "/live/bob/secret/2.ts").await;
        assert_eq!(second.status(), status, "{trusted}");
        let address = stage.relay.sessions()[0].address.to_string();
        assert_eq!(address, if status == 503 { "198.51.100.1" } else { "127.0.0.1" });
        let prefixed = from("198.51.100.1", "/tv/live/bob/secret/2.m3u8").await;
        assert_eq!(prefixed.status(), if status == 503 { 200 } else { 404 }, "{trusted}");
    }
}
