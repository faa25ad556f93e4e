//! Films of the line-up that their provider has as HLS: the relay makes one file of each, and a part of one is none.

use std::fs;
use std::io::Cursor;

use contract::bundle::Kind;
use contract::release::{Release, Releases};
use download::walk::{self, Container};
use station::{Fault, Target};

use crate::house::{House, eventually};

/// Our ids of the films, in the order of their list.
fn films(house: &House) -> Vec<u32> {
    let releases = Releases::new(house.data.clone());
    let release = Release::open(&releases.folder(releases.current().unwrap())).unwrap();
    let is_listed = |id: &u32| release.playable(*id).unwrap().upstreams[0].account == "list";
    house.ids(Kind::Movie).into_iter().filter(is_listed).collect()
}

/// How many bytes all of its segments have.
async fn size(house: &House) -> usize {
    let there = house.station.catalogue().live_id(0);
    let folder = format!("{}/origin/vod/station/station/{there}", house.station.url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let get = async |name: &str| {
        client.get(format!("{folder}/{name}")).send().await.unwrap().bytes().await.unwrap()
    };
    let list = String::from_utf8(get("index.m3u8").await.to_vec()).unwrap();
    let mut size = 0;
    for segment in list.lines().filter(|line| !line.starts_with('#')) {
        size += get(segment).await.len();
    }
    house.station.reset();
    size
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_hls_arrives_as_one_file_with_all_of_its_segments() {
    let house = House::with_segments().await;
    let size = size(&house).await;
    let _worker = house.run();
    let done = house.until(house.add(films(&house)[0]), "completed").await;
    let place = done["final_path"].as_str().unwrap();
    assert!(place.starts_with("Movies/Segments (2020)/") && place.ends_with(".ts"), "{place}");
    let bytes = fs::read(house.nas.join(place)).unwrap();
    assert_eq!(bytes.len(), size);
    let walked = walk::walk(&mut Cursor::new(&bytes)).unwrap();
    assert_eq!((walked.container, walked.ragged), (Container::Ts, false));
    assert_eq!(house.events(done["id"].as_i64().unwrap(), "retry"), Vec::<String>::new());
    let told = house.told(&["status", "--all"]).to_string() + &house.told(&["log"]).to_string();
    assert!(!told.contains("station/station") && !told.contains("m3u8"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clip_that_is_hls_is_not_delivered_as_the_film() {
    let house = House::with_segments().await;
    house.reconfigure("clip = 0", "clip = 100000000");
    let _worker = house.run();
    for job in [films(&house)[0], films(&house)[3]].map(|film| house.add(film)) {
        let is_told = || house.job(job)["why"].as_str().is_some_and(|why| why.contains("clip"));
        eventually(is_told).await.unwrap_or_else(|()| panic!("{:#}", house.job(job)));
    }
    assert_eq!(house.delivered(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_of_which_a_segment_cannot_be_had_is_tried_again_and_never_delivered_in_part() {
    let house = House::with_segments().await;
    let (size, segment) = (size(&house).await, Target::Action("segment".into()));
    house.station.set_fault_after(segment.clone(), Fault::Status(404), 2);
    let _worker = house.run();
    let job = house.add(films(&house)[0]);
    let is_told = || house.job(job)["why"].as_str().is_some_and(|why| why.contains("the whole of it"));
    eventually(is_told).await.unwrap_or_else(|()| panic!("{:#}", house.job(job)));
    assert_eq!(house.delivered(), Vec::<String>::new());
    house.station.clear_fault(segment);
    let done = house.until(job, "completed").await;
    assert_eq!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap().len(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_that_is_hls_of_which_no_file_can_be_made_fails_at_once_and_says_what_to_do() {
    let house = House::with_segments().await;
    let _worker = house.run();
    for (film, what) in films(&house)[1..3].iter().zip(["fragmented MP4", "sound has a playlist of its own"])
    {
        let failed = house.until(house.add(*film), "failed").await;
        let why = failed["error"].as_str().unwrap();
        assert!(why.contains(what) && why.contains("--url") && !why.contains("channel"), "{why}");
        assert_eq!(failed["cause"], "content");
        assert_eq!(house.events(failed["id"].as_i64().unwrap(), "retry"), Vec::<String>::new());
    }
    assert_eq!(house.delivered(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_turns_out_to_be_hls_arrives_as_a_transport_stream_and_is_called_one() {
    let house = House::with_segments().await;
    let size = size(&house).await;
    let _worker = house.run();
    let done = house.until(house.add(films(&house)[3]), "completed").await;
    let place = done["final_path"].as_str().unwrap();
    assert!(place.starts_with("Movies/Disguised (2023)/") && place.ends_with(".ts"), "{place}");
    assert_eq!(fs::read(house.nas.join(place)).unwrap().len(), size);
    for action in ["retry", "anew"] {
        assert_eq!(house.events(done["id"].as_i64().unwrap(), action), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_turned_out_to_be_hls_is_fetched_again_from_where_it_was() {
    let house = House::with_segments().await;
    let size = size(&house).await;
    // Slow enough to be seen while it goes.
    house.told(&["target", "set", "nas", "--limit", "10000"]);
    let _worker = house.run();
    let job = house.add(films(&house)[3]);
    house.until(job, "transferring").await;
    house.told(&["cancel", &job.to_string()]);
    eventually(|| house.parts().is_empty()).await.expect("nobody wants it");
    house.told(&["retry", &job.to_string()]);
    house.until(job, "transferring").await;
    house.told(&["pause", &job.to_string()]);
    house.parts().iter().for_each(|part| fs::remove_file(part).unwrap());
    house.told(&["target", "set", "nas", "--limit", "0"]);
    house.told(&["resume", &job.to_string()]);
    let done = house.until(job, "completed").await;
    assert_eq!(house.events(job, "anew").len(), 1, "it was here no more");
    let place = done["final_path"].as_str().unwrap();
    assert!(place.ends_with(".ts") && done["ext"] == "ts", "{done:#}");
    assert_eq!(fs::read(house.nas.join(place)).unwrap().len(), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn films_and_episodes_that_a_panel_has_as_hls_arrive_as_transport_streams() {
    let house = House::with_segments().await;
    let size = size(&house).await;
    let _worker = house.run();
    let listed = films(&house);
    let film = house.ids(Kind::Movie).into_iter().find(|id| !listed.contains(id)).unwrap();
    for id in [film, house.ids(Kind::Episode)[0]] {
        let done = house.until(house.add(id), "completed").await;
        let place = done["final_path"].as_str().unwrap();
        assert!(place.ends_with(".ts"), "{place}");
        assert_eq!(fs::read(house.nas.join(place)).unwrap().len(), size);
    }
}
