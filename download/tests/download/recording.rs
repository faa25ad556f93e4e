//! Recording a channel as it is sent.

use std::fs;
use std::time::{Duration, SystemTime};

use download::engine::http::Client;
use download::engine::record::{Recording, record};
use download::engine::{Ended, Known, Order, Reach, Rest};
use download::job::{Cause, Wait};
use download::walk::{self, PACKET};
use station::{Fault, Settings, Station};

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_recorded_until_its_time_is_over_and_gone_on_with_after_a_break() {
    let station = Station::start(Settings::default()).await.unwrap();
    let channel = station.catalogue().live_id(0);
    let folder = tempfile::tempdir().unwrap();
    let order = Order {
        url: station.live_url(0),
        headers: Vec::new(),
        reach: Reach::Anywhere,
        part: folder.path().join(".9.part"),
        known: Known::default(),
        paces: Vec::new(),
        patience: Duration::from_secs(20),
    };
    let client = Client::new().unwrap();
    let mut gaps = Vec::new();
    let mut recording = Recording { order, until: SystemTime::now() + Duration::from_secs(60) };
    let path = recording.order.part.clone();

    station.set_fault(channel, Fault::Cut(100_001));
    let ended = record(&client, &recording, &mut |_| {}, &mut |gap| gaps.push(gap)).await;
    let Ended::Waits { wait: Wait::Retry, rest: Rest::Said(rest), progress: true, .. } = ended else {
        panic!("{ended:?}")
    };
    assert!(rest <= Duration::from_secs(1) && gaps.is_empty());
    assert_eq!(fs::metadata(&path).unwrap().len(), 100_001);

    station.set_fault(channel, Fault::Status(403));
    let ended = record(&client, &recording, &mut |_| {}, &mut |gap| gaps.push(gap)).await;
    assert!(matches!(ended, Ended::Waits { wait: Wait::Slot, progress: false, .. }), "{ended:?}");

    station.clear_fault(channel);
    recording.until = SystemTime::now() + Duration::from_millis(800);
    let ended = record(&client, &recording, &mut |_| {}, &mut |gap| gaps.push(gap)).await;
    let Ended::Done { total } = ended else { panic!("{ended:?}") };
    let bytes = fs::read(&path).unwrap();
    assert!(total > 300_000 && bytes.len() as u64 == total, "{total}");
    // Packets to the last but one, over the place where it broke.
    assert!(bytes.as_chunks::<PACKET>().0.iter().all(|packet| packet[0] == 0x47));
    assert!(walk::walk(&mut std::io::Cursor::new(&bytes)).is_ok());
    assert_eq!(gaps.len(), 1);
    assert_eq!(station.counts().open, 0);

    // What comes too late is what there is, or nothing.
    recording.until = SystemTime::now();
    let ended = record(&client, &recording, &mut |_| {}, &mut |_| {}).await;
    assert!(matches!(ended, Ended::Done { .. }));
    fs::remove_file(&path).unwrap();
    let ended = record(&client, &recording, &mut |_| {}, &mut |_| {}).await;
    assert!(matches!(ended, Ended::Failed { cause: Cause::Missed, .. }));
}
