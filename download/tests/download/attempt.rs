//! One attempt after the other to bring a film over HTTP.

mod ending;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use download::engine::http::{Client, OVERLAP, extension, fetch};
use download::engine::part::Part;
use download::engine::{Ended, Known, Order, Reach, Report, Rest};
use download::job::{Cause, Wait};
use download::pace::Bucket;
use download::walk::{self, Container};
use station::{Fault, Limit, Settings, Station};
use tempfile::TempDir;

/// The size of the films.
const SIZE: u64 = 3_000_000;

/// A provider, and a job that brings one of its films.
struct Stage {
    station: Station,
    client: Client,
    order: Order,
    /// What was told during the last attempt.
    told: Vec<Report>,
    _folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        Self::with(Settings { film_bytes: SIZE, ..Settings::default() }).await
    }

    async fn with(settings: Settings) -> Self {
        let station = Station::start(settings).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let order = Order {
            url: station.stream_url("movie", station.catalogue().film_id(0), "mp4"),
            headers: Vec::new(),
            reach: Reach::Anywhere,
            part: folder.path().join(".7.part"),
            known: Known::default(),
            paces: Vec::new(),
            patience: Duration::from_secs(20),
        };
        let client = Client::new().unwrap();
        Self { station, client, order, told: Vec::new(), _folder: folder }
    }

    fn film(&self) -> u32 {
        self.station.catalogue().film_id(0)
    }

    fn suffers(&self, fault: Fault) {
        self.station.set_fault(self.film(), fault);
    }

    /// The film as the provider has it now.
    async fn original(&self) -> Vec<u8> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(&self.order.url).send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    async fn attempt(&mut self) -> Ended {
        let mut told = Vec::new();
        let ended = fetch(&self.client, &self.order, &mut |report| told.push(report)).await;
        for report in &told {
            match report {
                Report::Began { total, .. } => self.order.known.total = *total,
                Report::Anew { .. } => self.order.known = Known::default(),
                Report::Progress { .. } | Report::Checkpoint { .. } => {}
            }
        }
        self.told = told;
        ended
    }

    fn part(&self) -> Vec<u8> {
        std::fs::read(&self.order.part).unwrap()
    }

    /// Leaves the first `bytes` of what is here.
    fn cut(&self, bytes: u64) {
        std::fs::File::options().write(true).open(&self.order.part).unwrap().set_len(bytes).unwrap();
    }

    /// Requests for the film since the last time, and how many bytes of it were here when the last one was answered.
    fn requests(&self) -> u64 {
        let requests = self.station.counts().channel(self.film()).requests;
        self.station.reset();
        requests
    }

    fn began_at(&self) -> Option<u64> {
        self.told.iter().rev().find_map(|report| match report {
            Report::Began { have, .. } => Some(*have),
            _ => None,
        })
    }

    fn threw_away(&self) -> bool {
        self.told.iter().any(|report| matches!(report, Report::Anew { .. }))
    }
}

fn waits_for(ended: &Ended, expected: Wait) -> bool {
    matches!(ended, Ended::Waits { wait, .. } if *wait == expected)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_comes_in_one_request_and_is_all_there() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.requests();
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
    assert_eq!(stage.requests(), 1);
    assert!(stage.part() == original);
    assert!(matches!(stage.told[0], Report::Began { have: 0, total: Some(SIZE), .. }));
    assert_eq!(stage.told.last(), Some(&Report::Checkpoint { synced: SIZE }));
    let walked = walk::walk(&mut std::fs::File::open(&stage.order.part).unwrap()).unwrap();
    assert_eq!((walked.container, walked.ragged), (Container::Mp4, false));
    assert!(walked.duration.is_some() && walked.picture.is_some(), "{walked:?}");
    // What came to its end before somebody was killed is not asked for again.
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
    assert_eq!(stage.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_anywhere_goes_on_and_only_the_proof_comes_again() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.attempt().await;
    let random = (0..8).map(|_| rand::random_range(1..SIZE));
    for have in [1, OVERLAP - 1, OVERLAP, OVERLAP + 1, SIZE - 1].into_iter().chain(random) {
        stage.cut(have);
        stage.requests();
        assert_eq!(stage.attempt().await, Ended::Done { total: SIZE }, "{have}");
        assert!(stage.part() == original, "{have}");
        assert_eq!((stage.requests(), stage.began_at(), stage.threw_away()), (1, Some(have), false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_stopped_at_any_moment_goes_on_where_he_was() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.suffers(Fault::Dribble { bytes: 60_000, millis: 1 });
    let mut stops = 0;
    while tokio::time::timeout(Duration::from_millis(20), stage.attempt()).await.is_err() {
        stops += 1;
        assert!(stops < 1000, "it comes to its end");
    }
    assert!(stops > 1 && stage.part() == original, "{stops}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_film_in_its_place_is_never_spliced_onto_it() {
    let mut stage = Stage::new().await;
    for longer in [0, 4096] {
        for knows in [true, false] {
            stage.station.clear_fault(stage.film());
            stage.cut_to_nothing();
            stage.attempt().await;
            // Behind the clip, which both of them begin with, and what of it is compared.
            stage.cut(rand::random_range(1_000_000..SIZE));
            if !knows {
                stage.order.known.total = None;
            }
            stage.suffers(Fault::Other(longer));
            let total = SIZE + longer;
            assert_eq!(stage.attempt().await, Ended::Done { total }, "{longer} {knows}");
            assert!(stage.threw_away() && stage.part() == stage.original().await);
        }
    }
}

impl Stage {
    fn cut_to_nothing(&mut self) {
        let _ = std::fs::remove_file(&self.order.part);
        self.order.known = Known::default();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_gives_no_ranges_is_read_from_its_beginning_in_the_same_answer() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.suffers(Fault::Rangeless);
    stage.attempt().await;
    stage.cut(1_000_000);
    stage.station.reset();
    stage.suffers(Fault::Rangeless);
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
    assert!(stage.requests() == 1 && stage.threw_away() && stage.part() == original);
}

fn write(path: &PathBuf, bytes: &[u8]) {
    use std::io::Write;
    std::fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_video_is_not_written() {
    let mut stage = Stage::new().await;
    stage.attempt().await;
    stage.cut(1_000_000);
    let before = stage.part();
    stage.suffers(Fault::Html);
    assert!(matches!(stage.attempt().await, Ended::Failed { cause: Cause::Content, .. }));
    assert!(stage.part() == before);
    let page = b"<html>http://panel.example/get.php?username=me&password=hunter2 expired</html>".repeat(20);
    stage.station.publish("/film", page, "video/mp4", None);
    stage.order.url = format!("{}/film", stage.station.url());
    let Ended::Failed { cause: Cause::Content, why } = stage.attempt().await else { panic!("it is a page") };
    assert!(why.contains("expired") && !why.contains("hunter2") && !why.contains("panel"), "{why}");
    assert!(stage.part() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refusal_means_is_told_and_nothing_is_lost() {
    let mut stage = Stage::new().await;
    stage.attempt().await;
    stage.cut(1_000_000);
    let before = stage.part();
    for status in [403, 429, 458, 509, 884] {
        stage.suffers(Fault::Status(status));
        assert!(waits_for(&stage.attempt().await, Wait::Slot), "{status}");
    }
    for (fault, cause) in [(401, Cause::Auth), (404, Cause::Gone), (410, Cause::Gone)] {
        stage.suffers(Fault::Status(fault));
        assert!(matches!(stage.attempt().await, Ended::Failed { cause: of, .. } if of == cause), "{fault}");
    }
    stage.suffers(Fault::Only("mkv"));
    assert!(matches!(stage.attempt().await, Ended::Misnamed { .. }));
    for fault in [Fault::Status(503), Fault::Refuse, Fault::Empty] {
        stage.suffers(fault);
        let ended = stage.attempt().await;
        assert!(waits_for(&ended, Wait::Retry), "{fault}: {ended:?}");
    }
    stage.suffers(Fault::Busy(7));
    let Ended::Waits { wait: Wait::Slot, rest, progress: false, .. } = stage.attempt().await else {
        panic!()
    };
    assert_eq!(rest, Rest::Said(Duration::from_secs(7)));
    assert!(stage.part() == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_under_another_extension_than_its_list_says_is_found() {
    let mut stage = Stage::new().await;
    for (has, asked) in [("mkv", 1), ("m4v", 4)] {
        stage.suffers(Fault::Only(has));
        assert!(matches!(stage.attempt().await, Ended::Misnamed { .. }));
        stage.station.reset();
        stage.suffers(Fault::Only(has));
        let listed = stage.order.url.clone();
        let address = |extension: &str| listed.replace(".mp4", &format!(".{extension}"));
        assert_eq!(extension(&stage.client, &stage.order, &[], address).await, Some(has));
        assert_eq!(stage.station.counts().channel(stage.film()).requests, asked);
        // What its details say is tried first.
        stage.station.reset();
        stage.suffers(Fault::Only(has));
        assert_eq!(extension(&stage.client, &stage.order, &[has], address).await, Some(has));
        assert_eq!(stage.requests(), 1);
        stage.station.set_fault(stage.film(), Fault::Status(551));
        assert_eq!(extension(&stage.client, &stage.order, &[has], address).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clip_that_says_too_many_connections_is_not_the_film() {
    let settings = Settings { film_bytes: SIZE, limit: Limit::Slate, each_body: true, ..Settings::default() };
    let mut stage = Stage::with(settings).await;
    let mut viewer = reqwest::get(stage.station.live_url(0)).await.unwrap();
    viewer.chunk().await.unwrap();
    let ended = stage.attempt().await;
    assert!(
        matches!(&ended, Ended::Waits { wait: Wait::Slot, why, .. } if why.contains("clip")),
        "{ended:?}"
    );
    assert!(stage.part().is_empty());
    drop(viewer);
    while stage.station.counts().open > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_followed_to_another_server_as_well() {
    let mut stage = Stage::new().await;
    for fault in [Fault::Edge, Fault::Redirect(9)] {
        stage.cut_to_nothing();
        stage.suffers(fault);
        assert_eq!(stage.attempt().await, Ended::Done { total: SIZE }, "{fault}");
    }
    stage.cut_to_nothing();
    stage.suffers(Fault::Redirect(11));
    assert!(waits_for(&stage.attempt().await, Wait::Retry));
    // What a stranger's list names must not lead into the house.
    stage.order.reach = Reach::Internet;
    assert!(matches!(stage.attempt().await, Ended::Failed { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_ends_the_attempt_and_what_came_before_is_kept() {
    let mut stage = Stage::new().await;
    stage.order.patience = Duration::from_secs(1);
    stage.suffers(Fault::Stall(700_000));
    let ended = stage.attempt().await;
    let Ended::Waits { wait: Wait::Retry, progress: true, why, .. } = ended else { panic!("{ended:?}") };
    assert!(why.contains("silent") && stage.part().len() == 700_000);
    stage.suffers(Fault::Mute);
    assert!(waits_for(&stage.attempt().await, Wait::Retry));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_only_what_was_on_the_disk_counts() {
    let mut stage = Stage::new().await;
    let original = stage.original().await;
    stage.attempt().await;
    let mut part = original[..2_000_000].to_vec();
    part[1_500_000..].fill(0);
    write(&stage.order.part, &part);
    stage.order.known.synced = Some(1_500_000);
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
    assert!(stage.part() == original && stage.began_at() == Some(1_500_000) && !stage.threw_away());
}

#[tokio::test(flavor = "multi_thread")]
async fn how_much_is_on_the_disk_for_certain_is_told_while_more_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut part = Part::open(&folder.path().join(".7.part"), None).await.unwrap();
    let piece = bytes::Bytes::from(vec![7; 1 << 20]);
    for _ in 0..63 {
        part.put(piece.clone()).await.unwrap();
        assert_eq!(part.checkpoint().await.unwrap(), None, "it is not worth it yet");
    }
    let promised = loop {
        part.put(piece.clone()).await.unwrap();
        if let Some(promised) = part.checkpoint().await.unwrap() {
            break promised;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!((64 << 20..=part.len()).contains(&promised), "{promised} of {}", part.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_kept() {
    let mut stage = Stage::new().await;
    let account = Arc::new(Bucket::new(Some(4_000_000)));
    stage.order.paces = vec![Arc::new(Bucket::new(None)), account];
    let began = Instant::now();
    stage.attempt().await;
    // A busy machine may be slower, but never faster.
    let rate = SIZE as f64 / began.elapsed().as_secs_f64();
    assert!(rate < 4_000_000.0 * 1.2, "{rate}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_attempts_never_write_the_same_file() {
    let mut stage = Stage::new().await;
    stage.suffers(Fault::Stall(500_000));
    let (client, order) = (stage.client.clone(), stage.order.clone());
    let first = tokio::spawn(async move { fetch(&client, &order, &mut |_| {}).await });
    while std::fs::metadata(&stage.order.part).map_or(0, |it| it.len()) < 500_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ended = stage.attempt().await;
    assert!(matches!(&ended, Ended::Waits { why, .. } if why.contains("another download")), "{ended:?}");
    first.abort();
    stage.station.reset();
    assert_eq!(stage.attempt().await, Ended::Done { total: SIZE });
}
