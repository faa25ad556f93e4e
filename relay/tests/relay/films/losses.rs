//! Films that their provider has as HLS, a little of which is lost on the way: it is asked for again, and noticed where it
//! never comes.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use mpegts::{NULL_PACKET, PACKET, SYNC};

use crate::provider::ok;
use crate::stage::DEAD_FILM;
use crate::viewer::Viewer;

use super::qualities::{HIGH, keep, stage, status};

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_when_its_addresses_have_expired_is_asked_for_again_and_nothing_is_lost() {
    for first in [1, 2] {
        let stage = async || {
            stage(move |path, times| match (path, times) {
                (path, 0) if path == format!("high-{first}.ts") => Some(status(403)),
                ("film.mp4", 2 | 3) => Some(status(503)), // it was found to be HLS before, and begun
                _ => None,
            })
            .await
        };
        let (keeping, watching) = (stage().await, stage().await);
        let kept = keep(&keeping).await;
        assert_eq!((kept.status, kept.rest().await), (200, (HIGH, Some("whole".into()))), "{first}");
        let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
        let mut viewer = Viewer::ask(&watching, "GET", &path, "Connection: close\r\n").await;
        assert_eq!((viewer.status(), viewer.rest().await.len()), (200, HIGH), "{first}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_segment_that_is_cut_where_its_padding_seems_right_is_asked_for_again() {
    const KEY: [u8; 16] = [7; 16];
    let list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXTINF:1,\nlocked.ts\n\
                #EXT-X-ENDLIST\n";
    // Each byte is a padding of one (RFC 5652, 6.3).
    let clear = [&[SYNC, 0x1F, 0xFF, 0x10][..], &[1; PACKET - 4]].concat().repeat(100);
    let mut locked = [&clear[..], &[0; 16]].concat();
    let cipher = cbc::Encryptor::<Aes128>::new(&KEY.into(), &[0; 16].into());
    let length = cipher.encrypt_padded::<Pkcs7>(&mut locked, clear.len()).unwrap().len();
    locked.truncate(length);
    let stage = stage(move |path, times| match (path, times) {
        ("high.m3u8", _) => Some(ok(list.as_bytes())),
        ("key", _) => Some(ok(&KEY)),
        ("locked.ts", 0) => Some(ok(&locked[..1600])),
        ("locked.ts", _) => Some(ok(&locked)),
        _ => None,
    })
    .await;
    assert_eq!(keep(&stage).await.rest().await, (clear.len(), Some("whole".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_other_bytes_among_its_packets_is_asked_for_again_and_is_no_whole_film_if_that_does_not_help()
 {
    let odd = [NULL_PACKET.repeat(50), vec![0; PACKET], NULL_PACKET.repeat(49)].concat();
    for times_odd in [1, usize::MAX] {
        let odd = ok(&odd);
        let stage =
            stage(move |path, times| (path == "high-2.ts" && times < times_odd).then(|| odd.clone())).await;
        let (size, why) = keep(&stage).await.rest().await;
        match times_odd {
            1 => assert_eq!((size, why.as_deref()), (HIGH, Some("whole"))),
            _ => assert_eq!((size, why.as_deref()), (HIGH / 3, Some("incomplete"))),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_which_addresses_and_announcements_are_no_pairs_is_not_that_of_a_whole_film() {
    for lines in [
        "#EXTINF:1,\nhigh-1.ts\nhigh-2.ts\n",
        "#EXTINF:1,\n#EXTINF:1,\nhigh-2.ts\n",
        "#EXTINF:1,\nhigh-1.ts\n#EXTINF:1,\n",
    ] {
        let list = format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n{lines}#EXT-X-ENDLIST\n");
        let stage = stage(move |path, _| (path == "high.m3u8").then(|| ok(list.as_bytes()))).await;
        let refused = keep(&stage).await;
        assert_eq!((refused.status, refused.why.as_deref()), (502, Some("incomplete")), "{lines}");
        let mut viewer = Viewer::get(&stage, &format!("/movie/ann/secret/{DEAD_FILM}.mp4")).await;
        assert_eq!((viewer.status(), viewer.rest().await.len()), (200, HIGH / 3), "{lines}");
    }
}
