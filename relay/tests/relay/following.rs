//! A relay without the disk, and a server that is not well.

use std::sync::{Arc, Mutex};

use contract::secret::SharedKey;
use contract::source::BaseUrl;
use relay::{Mirror, Relay, Settings};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::stage::{Stage, serve};
use crate::viewer::Viewer;

/// The paths that a server is asked for, which takes every question and answers none.
async fn silent() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut head = [0; 4096];
            let length = socket.read(&mut head).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            heard.lock().unwrap().extend(head.split(' ').nth(1).map(str::to_owned));
            held.push(socket);
        }
    });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_server_is_waited_for_once_whatever_is_looked_for_next() {
    let stage = Stage::new().await; // whose folder is what was copied before
    let (url, asked) = silent().await;
    let settings = Settings {
        follow: Some(BaseUrl::new(&url).unwrap()),
        follow_key: Some(SharedKey::new("0123456789abcdef-relays").unwrap()),
        cache: stage.data.path().to_owned(),
        ..Settings::default()
    };
    let mirror = Mirror::new(&settings).unwrap().unwrap();
    let relay = Relay::following(settings, Vec::new(), mirror).unwrap();
    let (server, address) = serve(&relay, httpd::Settings::default()).await;
    for id in [1_000_001, 1_000_001, 2_000_001, 3_000_001] {
        let viewer = Viewer::at(address, &format!("/series/ann/secret/{id}.mkv")).await;
        assert_eq!(viewer.status(), 404, "{id}");
    }
    server.abort();
    let asked = asked.lock().unwrap();
    let episodes = asked.iter().filter(|path| path.starts_with("/relay/episodes/")).count();
    assert_eq!(episodes, 1, "{asked:?}");
}
