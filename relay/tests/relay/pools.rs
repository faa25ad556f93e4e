//! Several logins and several addresses of one provider.

use serde_json::Value;
use station::{Account, Fault, Limit, Status};

use crate::stage::{LIVE, Plan, SECOND_OF_ONE, Stage};
use crate::viewer::{Viewer, assert_begins_well, eventually};

/// Logins of one connection each.
fn pool(logins: usize) -> Plan {
    let mut plan = Plan { connections: 1, ..Plan::default() };
    let login = |number| Account { username: format!("login{number}"), ..Account::default() };
    plan.station.accounts = (0..logins).map(login).collect();
    plan.station.limit = Limit::Refuse(403);
    plan
}

async fn status(stage: &Stage) -> Value {
    let mut status = Viewer::get(stage, "/status.json").await;
    serde_json::from_slice(&status.rest().await).unwrap()
}

async fn watch(stage: &Stage, channel: u32) -> Viewer {
    let mut viewer =
        Viewer::ask(stage, "GET", &Stage::path(channel), &format!("User-Agent: {channel}\r\n")).await;
    if viewer.status() == 200 {
        assert_begins_well(&viewer.read(100_000).await);
    }
    viewer
}

#[tokio::test(flavor = "multi_thread")]
async fn each_login_has_connections_of_its_own() {
    let stage = Stage::with(pool(3)).await;
    let mut watching = Vec::new();
    for channel in 0..3 {
        watching.push(watch(&stage, LIVE + channel).await);
    }
    assert!(watching.iter().all(|viewer| viewer.status() == 200));
    assert_eq!(watch(&stage, LIVE + 3).await.status(), 503);
    let accounts = stage.station.counts().accounts;
    for login in ["login0", "login1", "login2"] {
        assert_eq!((accounts[login].peak, accounts[login].refused), (1, 0), "{login}");
    }
    drop(watching.remove(1));
    eventually("he has left", || stage.station.counts().accounts["login1"].open == 0).await;
    assert_eq!(watch(&stage, LIVE + 3).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_login_is_refused_another_gets() {
    let mut plan = pool(2);
    plan.station.accounts[0].status = Status::Expired;
    let stage = Stage::with(plan).await;
    assert_eq!(watch(&stage, LIVE).await.status(), 200);
    eventually("closed", || stage.station.counts().open == 0).await;
    // From now on the one that was refused is asked last.
    assert_eq!(watch(&stage, LIVE + 1).await.status(), 200);
    let counts = stage.station.counts();
    let requests = |channel| counts.channel(stage.there(channel)).requests;
    assert_eq!((requests(LIVE), requests(LIVE + 1)), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_refused_everything_rests_and_says_why() {
    let stage = Stage::with(pool(1)).await;
    for channel in 0..4 {
        stage.station.set_fault(stage.there(LIVE + channel), Fault::Status(456));
        assert_eq!(watch(&stage, LIVE + channel).await.status(), 502);
    }
    let counts = stage.station.counts();
    let requests = (0..4).map(|channel| counts.channel(stage.there(LIVE + channel)).requests);
    assert!(requests.sum::<u64>() <= 2, "it is not hammered");
    let login = &status(&stage).await["slots"][0];
    assert_eq!((login["account"].as_str(), login["login"].as_u64()), (Some("station"), Some(1)));
    assert!(login["resting_s"].as_u64().unwrap() > 30, "{login}");
    assert!(login["why"].as_str().unwrap().contains("456"), "{login}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_that_is_refused_takes_nothing_else_off_the_air() {
    let stage = Stage::with(pool(1)).await;
    stage.station.set_fault(stage.there(LIVE), Fault::Status(451));
    for _ in 0..5 {
        assert_eq!(watch(&stage, LIVE).await.status(), 502);
    }
    assert_eq!(watch(&stage, LIVE + 1).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_asks_to_be_left_alone_is() {
    let stage = Stage::with(pool(1)).await;
    stage.station.set_fault_times(stage.there(LIVE), Fault::Busy(3), 1);
    let answers = [watch(&stage, LIVE).await, watch(&stage, LIVE).await, watch(&stage, LIVE + 1).await];
    for viewer in answers {
        assert_eq!((viewer.status(), viewer.header("retry-after")), (503, Some("5")));
    }
    let counts = stage.station.counts();
    let requests = |channel| counts.channel(stage.there(channel)).requests;
    assert_eq!((requests(LIVE), requests(LIVE + 1)), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_cannot_be_reached_are_passed_over() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let stage = Stage::with(Plan { before: vec![nobody], ..Plan::default() }).await;
    assert_eq!(watch(&stage, LIVE).await.status(), 200);
    assert_eq!(watch(&stage, SECOND_OF_ONE).await.status(), 200);
}
