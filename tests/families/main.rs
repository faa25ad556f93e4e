//! Every answer of a server, read as each family of clients declares it: a null, a key too few or too many or a number
//! where a text is wanted is the end of a whole list for one of them.

#![allow(clippy::unwrap_used)] // a panic is how a test fails
#![allow(dead_code)] // what is read is declared, and looked at no further

mod answers;
mod emby;
mod enigma;
mod exact;
mod go;
mod house;
mod jellyfin;
mod open_tv;
mod scalars;
mod television;

use std::collections::HashSet;
use std::sync::Mutex;

use answers::{Kind, taken};
use futures_util::{StreamExt, stream};
use house::House;
use serde_json::Value;

/// Questions that are asked at the same time.
const AT_ONCE: usize = 8;

/// A list, its categories, and the key of its ids.
const LISTS: [(&str, &str, &str, Kind); 3] = [
    ("get_live_categories", "get_live_streams", "stream_id", Kind::Channels),
    ("get_vod_categories", "get_vod_streams", "stream_id", Kind::Films),
    ("get_series_categories", "get_series", "series_id", Kind::Series),
];

/// Asks for everything that there is, and has every family read it. Returns how many answers that were.
async fn everything(house: &House) -> usize {
    let mut questions = vec![(Kind::Account, String::new()), (Kind::Panel, "panel".to_owned())];
    // A channel, a film and an episode may be asked for in each other's places: an id tells them apart. Series are none of them.
    let ids = Mutex::new(HashSet::new());
    let is_nobody_elses = |id: u64| assert!(ids.lock().unwrap().insert(id), "{id} is two things");
    for (categories, entries, id, kind) in LISTS {
        questions.push((Kind::Categories, categories.to_owned()));
        questions.push((kind, entries.to_owned()));
        for category in house.list(categories).await {
            let id = category["category_id"].as_str().unwrap();
            questions.push((kind, format!("{entries}&category_id={id}")));
        }
        for entry in house.list(entries).await {
            if kind != Kind::Series {
                is_nobody_elses(entry[id].as_u64().unwrap());
            }
            questions.extend(of(kind, &entry[id]));
        }
    }
    let count = questions.len();
    let asking = stream::iter(questions).map(|(kind, question)| async move {
        let body = house.ask(&question).await;
        taken(kind, &question, &body);
        if kind == Kind::Show {
            episodes(&body).for_each(is_nobody_elses);
        }
    });
    asking.buffer_unordered(AT_ONCE).for_each(async |()| ()).await;
    count
}

/// The ids of a series' episodes.
fn episodes(series: &[u8]) -> impl Iterator<Item = u64> {
    let series: Value = serde_json::from_slice(series).unwrap();
    let seasons = series["episodes"].as_object().into_iter().flat_map(|seasons| seasons.values());
    let episodes: Vec<Value> = seasons.flat_map(|season| season.as_array().unwrap()).cloned().collect();
    episodes.into_iter().map(|episode| episode["id"].as_str().unwrap().parse().unwrap())
}

/// What can be asked about one entry.
fn of(kind: Kind, id: &Value) -> Vec<(Kind, String)> {
    match kind {
        Kind::Channels => vec![
            (Kind::Next, format!("get_short_epg&stream_id={id}")),
            (Kind::Table, format!("get_simple_data_table&stream_id={id}")),
        ],
        Kind::Films => vec![(Kind::Film, format!("get_vod_info&vod_id={id}"))],
        _ => vec![(Kind::Show, format!("get_series_info&series_id={id}"))],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_family_of_clients_reads_every_answer() {
    let house = House::of(40, 30, 10).await;
    assert!(everything(&house).await > 2 * 40 + 30 + 10);
    // What nothing is known of is told without a null as well.
    for (kind, question) in [
        (Kind::Next, "get_short_epg&stream_id=4294967"),
        (Kind::Table, "get_simple_data_table&stream_id=4294967"),
    ] {
        taken(kind, question, &house.ask(question).await);
    }
}

/// `cargo test --release --test families -- --ignored --nocapture`, for as long as a hundred thousand answers take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes"]
async fn every_family_of_clients_reads_every_answer_of_a_large_provider() {
    let house = House::of(20_000, 60_000, 10_000).await;
    let answers = everything(&house).await;
    assert!(answers > 2 * 20_000 + 60_000 + 10_000);
    println!("{answers} answers");
}
