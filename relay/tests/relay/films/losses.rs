//! Films that their provider has as HLS, a little of which is lost on the way: it is asked for again, and noticed where it
//! never comes.

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
        assert_eq!((kept.status, kept.rest().await), (200, (HIGH, None)), "{first}");
        let path = format!("/movie/ann/secret/{DEAD_FILM}.mp4");
        let mut viewer = Viewer::ask(&watching, "GET", &path, "Connection: close\r\n").await;
        assert_eq!((viewer.status(), viewer.rest().await.len()), (200, HIGH), "{first}");
    }
}
