//! Films and episodes that were downloaded: from the disk, and no provider is asked.

use std::fs::File;
use std::io::Write;

use contract::stock::Stock;

use crate::films::{original, the_matrix};
use crate::stage::{EPISODE, FILM, Plan, Stage};
use crate::viewer::{Viewer, eventually};

/// Puts `bytes` in stock as the film.
fn put(stage: &Stage, bytes: &[u8]) {
    let path = stage.data.path().join("Film (2020).mp4");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    Stock::new(&stage.data).put(FILM, &path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_stock_is_played_from_there() {
    let stage = Stage::with(Plan { connections: 1, ..Plan::default() }).await;
    put(&stage, &original(&stage).await);
    // Somebody watches something else over the one connection that there is.
    let episode = Viewer::get(&stage, &format!("/series/ann/secret/{EPISODE}.mkv")).await;
    assert_eq!(episode.status(), 200);
    the_matrix(&stage).await;
    let head = Viewer::ask(&stage, "HEAD", "/movie/bob/secret/9001.mp4", "").await;
    assert_eq!((head.status(), head.header("accept-ranges")), (200, Some("bytes")));
    let (etag, length) = (head.header("etag").unwrap().to_owned(), head.header("content-length").unwrap());
    assert!(length.parse::<u64>().unwrap() > 1000);
    for (validator, status) in [(&*etag, 206), ("\"another\"", 200)] {
        let asked = format!("Range: bytes=10-19\r\nIf-Range: {validator}\r\n");
        let viewer = Viewer::ask(&stage, "GET", "/movie/ann/secret/9001.mp4", &asked).await;
        assert_eq!(viewer.status(), status, "{validator}");
    }
    assert_eq!(stage.station.counts().requests("film"), 0);
    // What is sent from the disk counts as well.
    drop(episode);
    eventually("nobody is sent anything", || stage.relay.sessions().is_empty()).await;
    let sent = async || {
        let metrics = crate::operator::metrics(&stage).await;
        metrics.value("coax_relay_sent_bytes_total", "kind=\"film\"")
    };
    let before = sent().await;
    let mut viewer = Viewer::get(&stage, "/movie/ann/secret/9001.mp4").await;
    let film = viewer.rest().await.len() as f64;
    assert_eq!(sent().await - before, film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seat_is_taken_and_given_back_and_what_is_gone_is_had_from_the_provider_again() {
    let stage = Stage::new().await;
    put(&stage, &vec![7; 64 << 20]);
    let viewer = Viewer::get(&stage, "/movie/ann/secret/9001.mp4").await;
    assert_eq!((viewer.status(), stage.relay.viewers("ann")), (200, 1));
    drop(viewer);
    eventually("the seat is free again", || stage.relay.viewers("ann") == 0).await;
    let mut cut = Viewer::get(&stage, "/movie/ann/secret/9001.mp4").await;
    assert!(stage.relay.kick(stage.relay.sessions()[0].id));
    assert!(cut.rest().await.len() < 64 << 20, "whoever is sent away gets no more");
    std::fs::remove_file(stage.data.path().join("Film (2020).mp4")).unwrap();
    let film = original(&stage).await;
    let mut viewer = Viewer::get(&stage, "/movie/ann/secret/9001.mp4").await;
    assert!(viewer.rest().await == film && stage.station.counts().requests("film") > 0);
    let stranger = Viewer::get(&stage, "/movie/ann/wrong/9001.mp4").await;
    assert_eq!(stranger.status(), 403);
}
