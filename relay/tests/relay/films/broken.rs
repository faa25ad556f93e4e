//! Films whose provider breaks off, or gives another file, or says of a part that it is all.

use station::Fault;

use super::{film_range, original, range};
use crate::provider::giving;
use crate::stage::{DEAD_FILM, Plan, Stage};
use crate::viewer::Viewer;

#[tokio::test(flavor = "multi_thread")]
async fn a_film_whose_connection_breaks_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let film = original(&stage).await;
    let there = stage.station.catalogue().film_id(0);
    for (asked, start) in [("0-", 0), ("10000-", 10_000)] {
        stage.station.reset();
        stage.station.set_fault_times(there, Fault::Cut(20_000), 3);
        let (status, _, bytes) = range(&stage, &format!("bytes={asked}")).await;
        assert!(status == 206 && bytes == film[start..], "{asked}");
        let counts = stage.station.counts();
        assert_eq!((counts.channel(there).requests, counts.channel(there).peak), (4, 1));
    }
}

/// A provider of `film` that honours ranges, has a validator if it is given one, and breaks off the first answer.
fn breaking(film: &[u8], etag: Option<&str>, from: usize) -> Vec<u8> {
    let etag = etag.map(|etag| format!("ETag: {etag}\r\n")).unwrap_or_default();
    let (size, last) = (film.len(), film.len() - 1);
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nConnection: close\r\n{etag}Content-Length: {}\r\n\
         Content-Range: bytes {from}-{last}/{size}\r\n\r\n",
        size - from
    );
    [head.as_bytes(), &film[from..]].concat()
}

/// Where the range that a request asks for begins.
fn start_of(head: &str) -> usize {
    let range = head.split("range: bytes=").nth(1).unwrap_or("0");
    range.split('-').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_is_never_joined_to_what_was_sent() {
    let film: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut other = film.clone();
    other.iter_mut().for_each(|byte| *byte ^= 1);
    let longer = [&film[..], b"x"].concat();
    for (second, validators, same) in [
        (film.clone(), [None, None], true),
        (film.clone(), [Some("\"a\""), Some("\"a\"")], true),
        (film.clone(), [Some("\"a\""), Some("\"b\"")], false),
        (other, [None, None], false),
        (longer, [None, None], false),
    ] {
        let first = film.clone();
        let provider = giving(move |number, head| match number {
            0 => breaking(&first, validators[0], 0)[..100_000].to_vec(),
            _ => {
                assert_eq!(head.contains("if-range: \"a\""), validators[0].is_some(), "{head}");
                breaking(&second, validators[1], start_of(head))
            }
        });
        let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
        let (status, bytes) = film_range(&stage, "0-").await;
        assert_eq!(status, 206);
        assert!(film.starts_with(&bytes) && (bytes.len() == film.len()) == same, "{validators:?} {same}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_film_without_ranges_goes_on_if_not_much_must_be_read_again() {
    let film: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", film.len());
    let answer = [head.as_bytes(), &film].concat();
    let provider =
        giving(move |number, _| if number < 2 { answer[..200_000].to_vec() } else { answer.clone() });
    let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
    let (status, bytes) = film_range(&stage, "0-").await;
    assert!(status == 206 && bytes == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strong_validator_is_passed_on_and_decides_about_ranges() {
    let film: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
    for (etag, passed) in [("\"v1\"", Some("\"v1\"")), ("W/\"v1\"", None)] {
        let there = film.clone();
        let provider = giving(move |_, head| match head.contains("range: bytes=") {
            true => breaking(&there, Some(etag), start_of(head)),
            false => {
                let length = there.len();
                let head = format!("HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Length: {length}\r\n\r\n");
                [head.as_bytes(), &there].concat()
            }
        });
        let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
        let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
        let ask = async |condition: &str| {
            let headers = format!("Range: bytes=1000-\r\n{condition}Connection: close\r\n");
            let mut viewer = Viewer::ask(&stage, "GET", &path, &headers).await;
            let (status, etag) = (viewer.status(), viewer.header("etag").map(str::to_owned));
            let bytes = viewer.rest().await;
            assert!(if status == 206 { bytes == film[1000..] } else { bytes == film }, "{condition}");
            (status, etag)
        };
        let passed = passed.map(str::to_owned);
        assert_eq!(ask("").await, (206, passed.clone()));
        let holds = if passed.is_some() { 206 } else { 200 };
        assert_eq!(ask("If-Range: \"v1\"\r\n").await, (holds, passed.clone()));
        assert_eq!(ask("If-Range: \"v0\"\r\n").await, (200, passed.clone()));
        assert_eq!(ask("If-Range: Tue, 15 Nov 1994 12:45:26 GMT\r\n").await, (200, passed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_with_the_status_of_a_whole_is_a_part() {
    let film: Vec<u8> = (0..50_000_u32).flat_map(u32::to_le_bytes).collect();
    let there = film.clone();
    let provider = giving(move |_, head| {
        let answer = breaking(&there, None, start_of(head));
        [b"HTTP/1.1 200 OK", &answer["HTTP/1.1 206 Partial Content".len()..]].concat()
    });
    let stage = Stage::with(Plan { dead: Some(provider.await), ..Plan::default() }).await;
    for start in [0, 1, 150_000] {
        let (status, bytes) = film_range(&stage, &format!("{start}-")).await;
        assert!(status == 206 && bytes == film[start..], "{start}");
    }
}
