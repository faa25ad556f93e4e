//! What a run was given can be kept without a secret in it, and gives the same release again.

use std::path::{Path, PathBuf};

use contract::disk::Data;
use contract::source::Source;
use ingest::{Progress, Replayed, Verdict};
use station::{Account, Station, Target};

use super::{Bench, UNHURRIED, station, with_account};

const USERNAME: &str = "householder77";
const PASSWORD: &str = "open sesame/99";
const TOKEN: &str = "t0kenOfTheList";

async fn provider() -> Station {
    let account = Account { username: USERNAME.into(), password: PASSWORD.into(), ..Account::default() };
    let sizes = station::Settings { live: 30, films: 5, series: 2, ..Default::default() };
    station(station::Settings { accounts: vec![account], ..sizes }).await
}

fn host(station: &Station) -> String {
    station.url().split_once("://").unwrap().1.to_owned()
}

/// A panel, a playlist and a guide that know the same secrets in other spellings.
fn sources(bench: &Bench, station: &Station) -> Vec<Source> {
    let url = station.url();
    let list = format!(
        "#EXTM3U url-tvg=\"{url}/xmltv.php?username={USERNAME}&password=open%20sesame%2F99\"\n\
         #EXTINF:-1 tvg-id=\"one.uk\" tvg-logo=\"{url}/images/channels/1.png\",One {USERNAME}\n\
         {url}/live/{USERNAME}/open%20sesame%2f99/1.ts\n\
         #EXTINF:-1 tvg-logo=\"http://192.168.7.7:81/a.png\",Two\n#EXTVLCOPT:http-cookie=pass={TOKEN}; a=b\n\
         https://edge.example:8443/hls/two.m3u8?token={TOKEN}&x=1\n\
         #EXTINF:-1,Three\nhttp://other.example/live/guest4711/letmein0815/3.ts|Cookie={TOKEN}&User-Agent=x\n"
    );
    bench.write("list.m3u", &list);
    vec![
        with_account("acme", &url, USERNAME, PASSWORD),
        bench.playlist("list", "list.m3u"),
        toml::from_str(&format!("name='gone'\nkind='m3u'\nfile='{}'", bench.path().join("gone.m3u").display()))
            .unwrap(),
        toml::from_str(&format!(
            "name='guide'\nkind='xmltv'\nurl='{url}/xmltv.php?username={USERNAME}&password=open+sesame%2F99'\n\
             {UNHURRIED}\n[headers]\nAuthorization='Bearer {TOKEN}'"
        ))
        .unwrap(),
    ]
}

async fn record(bench: &Bench, sources: &[Source]) -> PathBuf {
    let folder = bench.path().join("tape");
    let written: toml::Table =
        "retries = 0\nretry_pause = 0\nwebhook = { url = 'http://chat.example/t0kenOfTheList' }"
            .parse()
            .unwrap();
    let settings = (&bench.settings, Some(&written));
    let report = ingest::record(&bench.data, sources, settings, &Progress::log(), &folder).await.unwrap();
    assert_ne!(report.verdict, Verdict::Refused, "{report}");
    folder
}

async fn replay(folder: &Path) -> Replayed {
    ingest::replay(folder, None).await.unwrap()
}

fn files(folder: &Path, each: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, each);
        } else {
            each(&path, &std::fs::read(&path).unwrap());
        }
    }
}

fn names_no_secret(folder: &Path, station: &Station) {
    let host = host(station);
    let port = host.rsplit_once(':').unwrap().1.to_owned();
    let secrets = [
        USERNAME,
        PASSWORD,
        "open%20sesame",
        "open+sesame",
        "sesame",
        TOKEN,
        "guest4711",
        "letmein0815",
        &host,
        "other.example",
        "edge.example",
        "192.168.7.7",
        "/tmp/",
        &format!(":{port}/"),
    ];
    let mut seen = 0;
    files(folder, &mut |path, bytes| {
        seen += 1;
        let text = String::from_utf8_lossy(bytes).replace("\\/", "/");
        for secret in secrets {
            let line = text.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} in {}: {}", path.display(), line.unwrap_or_default());
        }
    });
    assert!(seen > 10, "{seen} files");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_run_is_made_again_byte_for_byte_and_names_no_secret() {
    let (bench, station) = (Bench::new(), provider().await);
    let sources = sources(&bench, &station);
    let tape = record(&bench, &sources).await;
    names_no_secret(&tape, &station);
    let asked = format!("{:?}", station.counts());
    for _ in 0..2 {
        let replayed = replay(&tape).await;
        assert!(replayed.is_same(), "{replayed}");
        assert!(replayed.to_string().ends_with("replay: the same release as recorded"), "{replayed}");
        let of = |name: &str| replayed.report.sources.iter().find(|source| source.name == name).unwrap();
        assert_eq!(of("acme").counts["live"], 30);
        assert_eq!(of("list").counts["live"], 3);
        assert!(of("acme").counts["programmes"] > 0);
        assert_eq!(of("gone").outcome, None);
        assert!(of("gone").notes[0].contains("gone.m3u"), "{:?}", of("gone").notes);
    }
    assert_eq!(format!("{:?}", station.counts()), asked, "a replay asks nobody");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_and_a_source_that_fails_are_on_the_tape() {
    let (bench, station) = (Bench::new(), provider().await);
    let sources = sources(&bench, &station);
    bench.run(&sources).await;
    let before = bench.release();
    station.set_fault(Target::Action("get_live_streams".into()), "status:503".parse().unwrap());
    station.set_fault(Target::Action("xmltv".into()), "cut:50".parse().unwrap());
    let tape = record(&bench, &sources).await;
    names_no_secret(&tape, &station);
    station.clear_fault(Target::Action("get_live_streams".into()));
    let data = Data::new(bench.path().join("again"));
    let replayed = ingest::replay(&tape, Some(&data)).await.unwrap();
    assert!(replayed.is_same(), "{replayed}");
    let acme = &replayed.report.sources[0];
    assert_eq!(acme.outcome, Some(contract::release::Outcome::Kept), "{replayed}");
    assert!(acme.notes[0].contains("503"), "{:?}", acme.notes);
    assert_eq!(acme.counts["live"], 30, "the last good harvest is on the tape");
    let made = contract::release::Releases::new(data.clone());
    let made = contract::release::Release::open(&made.folder(made.current().unwrap())).unwrap();
    let ids = |release: &contract::release::Release| {
        let entries = release.index.entries(contract::bundle::Section::LiveStreams);
        entries.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&made), ids(&before), "ids and numbers are on the tape");
    assert!(ingest::replay(&tape, Some(&data)).await.unwrap_err().to_string().contains("of its own"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tape_that_was_changed_is_told_by_the_artefacts_that_differ() {
    let (bench, station) = (Bench::new(), provider().await);
    let tape = record(&bench, &sources(&bench, &station)).await;
    let mut list = PathBuf::new();
    files(&tape.join("inputs/list"), &mut |path, bytes| {
        if bytes.starts_with(b"#EXTM3U") {
            list = path.to_owned();
        }
    });
    let text = std::fs::read_to_string(&list).unwrap().replace(",Two", ",Zwei");
    #[expect(clippy::disallowed_methods, reason = "it is a test's input, no artefact")]
    std::fs::write(&list, text).unwrap();
    let replayed = replay(&tape).await;
    assert!(!replayed.is_same());
    assert_eq!(replayed.different[..2], ["bundle.json", "full.m3u"], "{replayed}");
    let error = ingest::record(&bench.data, &[], (&bench.settings, None), &Progress::log(), &tape).await;
    assert!(format!("{:#}", error.unwrap_err()).contains("expected an empty folder"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tape_of_a_stranger_is_no_reason_to_read_other_files() {
    let bench = Bench::new();
    bench.write("list.m3u", "#EXTM3U\n#EXTINF:-1,One\nhttp://h/1.ts\n");
    let tape = record(&bench, &[bench.playlist("list", "list.m3u")]).await;
    assert!(replay(&tape).await.is_same());
    let index = tape.join("tape.jsonl");
    let lines = std::fs::read_to_string(&index).unwrap();
    let (before, after) = lines.split_once("\"body\":\"").unwrap();
    let after = after.split_once('"').unwrap().1;
    for body in ["../../list.m3u", &bench.path().join("list.m3u").display().to_string()] {
        let changed = format!("{before}\"body\":\"{body}\"{after}");
        std::fs::File::create(&index)
            .and_then(|mut file| std::io::Write::write_all(&mut file, changed.as_bytes()))
            .unwrap();
        let replayed = replay(&tape).await.to_string();
        assert!(replayed.contains("a body that is not its own"), "{replayed}");
    }
}
