//! Channels as a media server tunes them, which takes us for an HDHomeRun.

use contract::hdhomerun::Device;

use crate::stage::{LIVE, Plan, Stage};
use crate::viewer::{Viewer, eventually};

fn device(name: &str, user: &str, groups: Option<&str>) -> Device {
    let groups = groups.map(|groups| serde_json::from_str(groups).unwrap());
    Device { name: name.into(), user: user.into(), groups, tuners: 0 }
}

async fn stage(devices: Vec<Device>) -> Stage {
    let mut plan = Plan::default();
    plan.relay.hdhomerun = devices;
    Stage::with(plan).await
}

async fn tune(stage: &Stage, number: u32) -> Viewer {
    // All that a media server records comes from one address, under one name.
    Viewer::ask(stage, "GET", &format!("/auto/v{number}"), "User-Agent: Lavf/60\r\n").await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_records_several_channels_and_another_viewer_shares_them() {
    let stage = stage(vec![device("Coax", "ann", None)]).await;
    let mut recordings =
        vec![tune(&stage, LIVE).await, tune(&stage, LIVE + 1).await, tune(&stage, LIVE).await];
    for recording in &mut recordings {
        assert_eq!(recording.status(), 200);
        recording.read(100_000).await;
    }
    let mut viewer = Viewer::get(&stage, &Stage::path(LIVE)).await;
    viewer.read(100_000).await;
    assert_eq!((stage.station.counts().open, stage.relay.viewers("ann")), (2, 4));
    drop(recordings);
    eventually("the tuners are free", || stage.relay.viewers("ann") == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_has_the_channels_of_its_groups_and_the_tuners_of_its_user() {
    let stage = stage(vec![device("Coax", "bob", Some("[\"news\"]"))]).await;
    let hidden = tune(&stage, LIVE + 1).await;
    assert_eq!(hidden.status(), 404);
    assert!(hidden.head.contains("x-hdhomerun-error: 801 unknown channel"), "{}", hidden.head);
    let mut recording = tune(&stage, LIVE).await;
    recording.read(10_000).await;
    let refused = tune(&stage, LIVE).await;
    assert_eq!(refused.status(), 503, "no recording takes the place of another");
    assert!(refused.head.contains("x-hdhomerun-error: 805 all tuners in use"), "{}", refused.head);
    recording.read(100_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_elsewhere_sends_to_a_device_by_its_name() {
    let stage = stage(vec![
        device("News", "ann", Some("[\"news\"]")),
        device("Sport & more", "ann", Some("[\"sport\"]")),
    ])
    .await;
    for (query, status) in
        [("", 404), ("?device=News", 404), ("?device=Sport+%26+more", 200), ("?device=x", 404)]
    {
        let path = format!("/auto/v{}{query}", LIVE + 1);
        assert_eq!(Viewer::get(&stage, &path).await.status(), status, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_devices_and_from_outside_there_is_nothing() {
    assert_eq!(tune(&stage(Vec::new()).await, LIVE).await.status(), 404);
    let stage = stage(vec![device("Coax", "nobody", None), device("Ann's", "ann", None)]).await;
    assert_eq!(tune(&stage, LIVE).await.status(), 200, "a device of a user who is none is none");
    for elsewhere in ["X-Forwarded-For: 198.51.100.7\r\n", "Origin: http://site.example\r\n"] {
        let viewer = Viewer::ask(&stage, "GET", &format!("/auto/v{LIVE}"), elsewhere).await;
        assert_eq!(viewer.status(), 404, "{elsewhere}");
    }
}
