//! Lists of Ace Stream channels: whatever they are written in, the same channels, and the same ids.

use contract::bundle::{Protocol, Section};
use contract::release::Outcome;
use contract::source::Source;
use ingest::Verdict;

use super::{Bench, ids};

const JSON: &str = include_str!("../fixtures/scrape/channels.json");
const ONE: &str = "a000000000000000000000000000000000000000";

fn page(bench: &Bench, name: &str, text: &str) -> String {
    let path = bench.path().join(name);
    contract::disk::replace(&path, text.as_bytes(), contract::disk::Access::Everybody).unwrap();
    path.display().to_string()
}

fn source(rest: &str) -> Source {
    toml::from_str(&format!("name = 'ace'\n{rest}")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_keep_their_ids_whatever_lists_them_and_in_whatever_order() {
    let bench = Bench::new();
    let document = page(&bench, "list.json", JSON);
    let report = bench.run(&[source(&format!("kind = 'scrape'\npages = ['{document}']"))]).await;
    assert_eq!(report.verdict, Verdict::Published(1), "{report:?}");
    let first = ids(&bench.release());
    assert_eq!(first.len(), 3);
    assert!(first.contains_key(&format!("ace acestream://{ONE}")), "{first:?}");
    let release = bench.release();
    for entry in release.index.entries(Section::Playables).iter() {
        assert_eq!(release.playable(entry.id).unwrap().upstreams[0].protocol, Protocol::Ace);
    }

    let links = |digits: [u32; 2]| {
        digits
            .map(|digit| {
                format!(
                    "<p><a href='acestream://{}'>Channel {digit}</a>",
                    ONE.replace("a000", &format!("a00{digit}"))
                )
            })
            .concat()
    };
    let pages = [page(&bench, "2.html", &links([2, 1])), page(&bench, "1.html", &links([1, 0]))];
    bench.run(&[source(&format!("kind = 'scrape'\npages = ['{}', '{}']", pages[0], pages[1]))]).await;
    let second = ids(&bench.release());
    let by_hash = |ids: &std::collections::BTreeMap<String, u32>, hash: &str| {
        ids.iter().find(|(path, _)| path.contains(hash)).map(|(_, id)| *id).unwrap()
    };
    for hash in ["a000", "a001", "a002"] {
        assert_eq!(by_hash(&first, hash), by_hash(&second, hash), "{hash}");
    }
    let list = page(
        &bench,
        "ids.txt",
        &format!("{ONE} One\nacestream://{} Two\nthree\n", ONE.replace("a000", "a001")),
    );
    let report = bench.run(&[source(&format!("kind = 'acestream'\nfile = '{list}'\nchannels = [{{ id = 'acestream:?infohash={}', name = 'Three' }}]", ONE.replace("a000", "a002")))]).await;
    assert!(report.sources[0].notes.iter().any(|note| note.contains("ids.txt:3:")), "{report:?}");
    let third = ids(&bench.release());
    assert_eq!(third.values().collect::<Vec<_>>(), first.values().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_page_is_told_and_dead_pages_keep_the_last_good_list() {
    let bench = Bench::new();
    let good = page(&bench, "list.json", JSON);
    let empty = page(&bench, "empty.html", " ");
    let scrape = source(&format!("kind = 'scrape'\npages = ['{empty}', '{good}']"));
    let report = bench.run(std::slice::from_ref(&scrape)).await;
    assert_eq!(report.sources[0].outcome, Some(Outcome::Taken));
    let notes = &report.sources[0].notes;
    assert!(
        notes.iter().any(|note| note.contains("empty.html") && note.contains("the page is empty")),
        "{notes:?}"
    );
    assert!(notes.iter().any(|note| note.starts_with("1 entries left out")), "{notes:?}");

    std::fs::remove_file(&good).unwrap();
    let report = bench.run(&[scrape]).await;
    assert_eq!(report.sources[0].outcome, Some(Outcome::Kept), "{report:?}");
    assert!(report.sources[0].notes[0].contains("No such file"), "{report:?}");
    assert_eq!(ids(&bench.release()).len(), 3);
}
