//! Playlists, from a file to what is published.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use std::path::Path;

use contract::disk::Data;
use contract::release::Releases;
use contract::source::Source;
use ingest::{Progress, Report, Settings};
use serde_json::Value;

struct Bench {
    folder: tempfile::TempDir,
    data: Data,
    source: Source,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::new(folder.path().join("data"));
        let file = folder.path().join("list.m3u");
        let source =
            toml::from_str(&format!("name = 'list'\nkind = 'm3u'\nfile = '{}'", file.display())).unwrap();
        Self { folder, data, source }
    }

    async fn run(&self, playlist: &[u8]) -> Report {
        // What a person edits by hand is no artefact.
        #[expect(clippy::disallowed_methods, reason = "it is the test's input")]
        std::fs::write(self.folder.path().join("list.m3u"), playlist).unwrap();
        let sources = [self.source.clone()];
        ingest::run(&self.data, &sources, &Settings::default(), &Progress::log()).await.unwrap()
    }

    /// A section of what is published.
    fn published(&self, section: &str) -> Vec<Value> {
        let releases = Releases::new(self.data.clone());
        let folder = releases.folder(releases.current().unwrap());
        let bundle: Value =
            serde_json::from_slice(&std::fs::read(folder.join("bundle.json")).unwrap()).unwrap();
        bundle[section].as_array().unwrap().clone()
    }
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../m3u/tests/fixtures").join(name)).unwrap()
}

#[tokio::test]
async fn a_playlist_becomes_a_line_up_and_a_bad_one_does_not_replace_it() {
    let bench = Bench::new();
    let report = bench.run(&fixture("directives.m3u")).await;
    assert!(report.is_success(), "{report}");
    let notes = &report.sources[0].notes;
    assert!(notes.contains(&"1 entry cannot be relayed: 1 pipe".to_owned()), "{notes:?}");

    for bad in ["10-page.html", "10-error.json", "10-empty.m3u", "11-broken-off.m3u"] {
        let report = bench.run(&fixture(bad)).await;
        assert_eq!(report.sources[0].counts["live"], 7, "{bad}: {report}");
    }
    let playables = bench.published("playables");
    let of = |protocol| playables.iter().filter(|it| it["upstreams"][0]["protocol"] == protocol).count();
    assert_eq!((of("ace"), of("foreign"), of("hls")), (1, 1, 3), "{playables:#?}");
    assert_eq!(playables.iter().filter(|it| it["kind"] == "movie").count(), 1);
}

#[tokio::test]
async fn ids_stay_when_a_playlist_is_sorted_anew_and_its_provider_moves() {
    let entry = |host: &str, user: &str, n: usize| {
        format!("#EXTINF:-1 tvg-id=\"c{n}\",Channel {n}\nhttp://{host}/{user}/secret-{user}/{n}.ts\n")
    };
    let bench = Bench::new();
    let names = |bench: &Bench| -> Vec<(u32, String)> {
        let mut names: Vec<_> = bench
            .published("live_streams")
            .iter()
            .map(|it| (it["stream_id"].as_u64().unwrap() as u32, it["name"].as_str().unwrap().to_owned()))
            .collect();
        names.sort();
        names
    };
    let list = |host: &str, user: &str, order: &mut dyn Iterator<Item = usize>| {
        let entries: String = order.map(|n| entry(host, user, n)).collect();
        format!("#EXTM3U\n{entries}")
    };
    bench.run(list("old.example", "ann", &mut (1..20)).as_bytes()).await;
    let before = names(&bench);
    bench.run(list("new.example:8080", "bob", &mut (1..20).rev()).as_bytes()).await;
    assert_eq!(names(&bench), before);
}
