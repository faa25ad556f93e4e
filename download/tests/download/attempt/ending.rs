//! Where a body ends, and whether the film ends there.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_behind_the_end_ends_it_or_shows_that_it_is_another_file() {
    for fault in [None, Some(Fault::Sizeless)] {
        let mut stage = Stage::new().await;
        let original = stage.original().await;
        stage.attempt().await;
        // Nobody knows how much there should be, and more is here than there is: 416.
        let mut longer = original.clone();
        longer.extend(vec![7; 200_000]);
        write(&stage.order.part, &longer);
        stage.order.known = Known::default();
        fault.into_iter().for_each(|fault| stage.suffers(fault));
        let ended = stage.attempt().await;
        assert_eq!(ended, Ended::Done { total: SIZE }, "{fault:?}");
        assert!(stage.threw_away() && stage.part() == original);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_is_gone_on_with() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.suffers(Fault::Cut(1_000_000));
    for have in [1_000_000, 2_000_000 - OVERLAP] {
        let ended = stage.attempt().await;
        let Ended::Waits { wait: Wait::Retry, rest: Rest::Broken, progress: true, .. } = ended else {
            panic!("{ended:?}")
        };
        assert_eq!(stage.part().len() as u64, have);
    }
    stage.station.reset();
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
    assert!(stage.requests() == 1 && stage.part() == original);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_end_is_believed_only_where_the_file_is_whole() {
    for (index, extension) in [(0, "mp4"), (1, "mkv"), (7, "ts")] {
        let mut stage = Stage::new().await;
        let film = stage.station.catalogue().film_id(index);
        stage.order.url = stage.station.stream_url("movie", film, extension);
        let original = stage.original().await;
        stage.station.set_fault(film, Fault::Short(1_000_001));
        let ended = stage.attempt().await;
        assert!(waits_for(&ended, Wait::Retry), "{extension}: {ended:?}");
        assert_eq!(stage.part().len(), 1_000_001);
        stage.station.set_fault(film, Fault::Unsized);
        stage.order.known = Known::default();
        let total = original.len() as u64;
        assert_eq!(stage.attempt().await, Ended::Done { total }, "{extension}");
        assert!(stage.part() == original && !stage.threw_away());
    }
}

/// Answers every request with `film`, which ends when the connection does: nobody is told how long it is.
async fn old_source(film: Vec<u8>) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/film.ts", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = vec![0; 4096];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n").await;
            let _ = stream.write_all(&film).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

/// What a relay says behind all of a film.
const WHOLE: &str = "coax-why: whole\r\n";

/// Answers every request with what a relay has made of HLS, behind which it says this, if it is heard.
async fn relay(film: Vec<u8>, said: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/film.mp4", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut vec![0; 4096]).await;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\ncoax-made: ts\r\nTrailer: coax-why\r\n\
                        Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            let chunk = [format!("{:x}\r\n", film.len()).as_bytes(), &film, b"\r\n0\r\n"].concat();
            let _ = stream.write_all(&[head.as_bytes(), &chunk, said.as_bytes(), b"\r\n"].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_makes_and_is_as_small_as_a_clip_is_not_kept() {
    let mut stage = Stage::new().await;
    stage.order.url = stage.station.stream_url("movie", stage.station.catalogue().film_id(7), "ts");
    let film = stage.original().await;
    let size = film.len() as u64;
    for url in [relay(film.clone(), WHOLE).await, relay(film, WHOLE).await.replace(".mp4", ".ts")] {
        stage.order.url = url;
        stage.client = stage.client.with_clip(size + 1);
        let ended = stage.attempt().await;
        assert!(
            matches!(&ended, Ended::Waits { wait: Wait::Slot, why, .. } if why.contains("clip")),
            "{ended:?}"
        );
        assert!(stage.part().is_empty() && stage.threw_away());
        stage.client = stage.client.with_clip(size);
        assert_eq!(stage.attempt().await, Ended::Done { total: size });
        stage.cut_to_nothing();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_makes_is_all_there_only_if_it_says_so() {
    let mut stage = Stage::new().await;
    stage.client = stage.client.with_clip(0);
    stage.order.url = stage.station.stream_url("movie", stage.station.catalogue().film_id(7), "ts");
    let film = stage.original().await;
    // A proxy in between ends as if it were whole what broke off, at the end of a packet, and takes trailers away.
    let some = film[..film.len() / walk::PACKET / 2 * walk::PACKET].to_vec();
    for (sent, said) in [(&some, ""), (&some, "coax-why: broken\r\n"), (&film, "")] {
        stage.order.url = relay(sent.clone(), said).await;
        let ended = stage.attempt().await;
        assert!(waits_for(&ended, Wait::Retry), "{said}: {ended:?}");
    }
    stage.order.url = relay(film.clone(), WHOLE).await;
    assert_eq!(stage.attempt().await, Ended::Done { total: film.len() as u64 });
    assert!(stage.part() == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_says_how_long_it_is_one_that_ends_within_a_packet_is_cut() {
    let mut stage = Stage::new().await;
    stage.order.url = stage.station.stream_url("movie", stage.station.catalogue().film_id(7), "ts");
    let film = stage.original().await;
    stage.order.url = old_source(film[..film.len() - 100].to_vec()).await;
    let ended = stage.attempt().await;
    assert!(waits_for(&ended, Wait::Retry), "{ended:?}");
    stage.cut_to_nothing();
    stage.order.url = old_source(film.clone()).await;
    assert_eq!(stage.attempt().await, Ended::Done { total: film.len() as u64 });
    assert!(stage.part() == film);
}
