//! A player of HLS: reads playlists, resolves what they lead to, and remembers everything it was told.

use std::collections::BTreeMap;

use crate::stage::{ORIGIN, Plan, Stage};
use crate::viewer::Viewer;

/// Our id of the channel that most tests watch.
pub(super) const CHANNEL: u32 = ORIGIN;

/// Short segments.
pub(super) fn plan(quirks: &'static str) -> Plan {
    let mut plan = Plan { origins: vec![quirks.into()], ..Plan::default() };
    plan.station.segment_entries = 1;
    plan
}

pub(super) async fn stage(quirks: &'static str) -> Stage {
    Stage::with(plan(quirks)).await
}

/// A playlist as a player has it.
#[derive(Clone, Debug)]
pub(super) struct Playlist {
    /// Where it was asked for.
    pub(super) path: String,
    pub(super) text: String,
}

/// The address that a user of an app has.
pub(super) fn address(user: &str) -> String {
    format!("/live/{user}/secret/{CHANNEL}.m3u8")
}

impl Playlist {
    pub(super) async fn get(stage: &Stage, path: &str) -> Self {
        let mut viewer = Viewer::get(stage, path).await;
        assert_eq!(viewer.status(), 200, "{path}");
        assert_eq!(viewer.header("content-type"), Some("application/vnd.apple.mpegurl"));
        assert_eq!(viewer.header("cache-control"), Some("no-store"));
        let text = String::from_utf8(viewer.rest().await).unwrap();
        // What it must never have: the provider's host, and the credentials there and here.
        for secret in ["127.0.0.1", "station", "secret", "/origin", "http"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        Self { path: path.to_owned(), text }
    }

    /// Whatever is asked for first, the list of segments: of a master the first variant's.
    pub(super) async fn segments_of(stage: &Stage, path: &str) -> Self {
        let first = Self::get(stage, path).await;
        match first.text.contains("#EXT-X-STREAM-INF") {
            true => Self::get(stage, &first.references()[0]).await,
            false => first,
        }
    }

    pub(super) fn resolve(&self, reference: &str) -> String {
        let base = url::Url::parse(&format!("http://x{}", self.path)).unwrap();
        base.join(reference).unwrap().path().to_owned()
    }

    /// What its lines lead to, resolved.
    pub(super) fn references(&self) -> Vec<String> {
        let lines = self.text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(|line| self.resolve(line)).collect()
    }

    /// What the attribute `URI` of a tag leads to, resolved.
    pub(super) fn uri(&self, tag: &str) -> Option<String> {
        let line = self.text.lines().find(|line| line.starts_with(&format!("#{tag}:")))?;
        let (_, rest) = line.split_once("URI=\"")?;
        Some(self.resolve(rest.split('"').next()?))
    }

    /// Its lines that begin with `tag`.
    pub(super) fn tags(&self, tag: &str) -> Vec<&str> {
        self.text.lines().filter(|line| line.starts_with(tag)).collect()
    }

    /// Its segments by their numbers.
    pub(super) fn numbered(&self) -> BTreeMap<u64, String> {
        let first = self.tags("#EXT-X-MEDIA-SEQUENCE:").first().map_or(0, |line| number(line));
        (first..).zip(self.references()).collect()
    }
}

fn number(line: &str) -> u64 {
    line.rsplit(':').next().unwrap().parse().unwrap()
}

/// The body of an answer that must be one.
pub(super) async fn bytes(stage: &Stage, path: &str) -> Vec<u8> {
    let mut viewer = Viewer::get(stage, path).await;
    assert_eq!(viewer.status(), 200, "{path}");
    viewer.rest().await
}

/// What the provider itself sends.
pub(super) async fn there(url: &str) -> Vec<u8> {
    let url = url::Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap()).parse().unwrap();
    let path = &url[url::Position::BeforePath..];
    let mut viewer = Viewer::at(address, path).await;
    assert_eq!(viewer.status(), 200, "{path}");
    viewer.rest().await
}

/// Reads the list of segments again and again until `enough`.
pub(super) async fn until(stage: &Stage, path: &str, mut enough: impl FnMut(&Playlist) -> bool) -> Playlist {
    let deadline = std::time::Instant::now() + 3 * crate::viewer::PATIENCE;
    loop {
        let playlist = Playlist::get(stage, path).await;
        if enough(&playlist) {
            return playlist;
        }
        assert!(std::time::Instant::now() < deadline, "{}", playlist.text);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
