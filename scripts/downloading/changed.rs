//! Films that are exchanged while they are fetched.

use std::fs::{self, File};
use std::path::Path;

use download::engine::http::{Client, fetch};
use download::engine::{Ended, Report};
use station::{Fault, Settings, Station};

use super::fetching;
use super::table::row;

const TIMES: u64 = 200;
/// The size of the films.
const SIZE: u64 = 8_000_000;
/// What they have in common, and what of it is compared, is before this byte.
const CLIP: u64 = 1_000_000;

pub(crate) async fn measure(folder: &Path) {
    let station = Station::start(Settings { film_bytes: SIZE, ..Settings::default() }).await.unwrap();
    let film = station.catalogue().film_id(0);
    let url = station.stream_url("movie", film, "mp4");
    let (client, part) = (Client::new().unwrap(), folder.join(".changed.part"));
    let (mut spliced, mut noticed, mut same) = (0, 0, 0);
    for time in 0..TIMES {
        let _ = fs::remove_file(&part);
        station.reset();
        let mut order = fetching::order(&url, &part, None);
        assert!(matches!(fetch(&client, &order, &mut |_| {}).await, Ended::Done { .. }));
        // The station's films begin with the same clip, where nobody can tell them apart.
        let have = rand::random_range(CLIP..SIZE);
        File::options().write(true).open(&part).unwrap().set_len(have).unwrap();
        // Every other one is as long as before; every fourth time nobody remembers how long that was.
        let longer = if time % 2 == 0 { 0 } else { time };
        order.known.total = (time % 4 < 2).then_some(SIZE);
        station.set_fault(film, Fault::Other(longer));
        let mut anew = 0;
        let mut tell = |report| anew += u32::from(matches!(report, Report::Anew { .. }));
        let ended = fetch(&client, &order, &mut tell).await;
        assert_eq!(ended, Ended::Done { total: SIZE + longer }, "{time}: {have}");
        noticed += anew;
        same += u32::from(longer == 0);
        let original = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
        spliced += u32::from(fs::read(&part).unwrap() != original);
    }
    row(
        &format!(
            "{TIMES} films exchanged at a random place, {same} for one of the same size: made of two films"
        ),
        &format!("{spliced}; noticed {noticed} times"),
        "0",
        "",
    );
    assert_eq!(spliced, 0);
}
