//! The worker is killed at every step of a job's life, again and again: nothing is lost, nothing is there twice, and what lies
//! under a final name is whole at any instant.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use download::job::{State, Step};
use download::store::Store;

use crate::house::{House, SIZE};

/// How long a job may take to come to a step.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    /// To the step, where it was killed.
    To,
    /// Past it.
    Past,
}

/// Films that are delivered one after the other while the worker is killed.
struct Round<'a> {
    house: &'a House,
    store: Store,
    /// The films that there are, and what the provider has for them.
    originals: BTreeMap<u32, Vec<u8>>,
}

impl Round<'_> {
    /// Lets the worker come to `step` of a job, and kills it there.
    fn kill_at(&self, job: i64, step: Step) -> Came {
        let worker = self.house.run();
        let began = Instant::now();
        let came = loop {
            let now = self.store.job(job).unwrap().unwrap();
            if now.step == Some(step) {
                break Came::To;
            }
            if now.state == State::Completed {
                break Came::Past;
            }
            assert!(!now.state.has_ended(), "{now:#?}");
            assert!(began.elapsed() < PATIENCE, "{step} is not reached: {now:#?}");
            std::thread::yield_now();
        };
        drop(worker); // by SIGKILL
        came
    }

    /// Whatever was killed: what has its name is whole.
    fn is_whole(&self) {
        let final_names = self.house.delivered().into_iter().filter(|place| !is_hidden(place));
        for place in final_names {
            let there = fs::read(self.house.nas.join(&place)).unwrap();
            assert!(self.originals.values().any(|original| *original == there), "{place} is not whole");
        }
    }
}

fn is_hidden(place: &str) -> bool {
    Path::new(place).file_name().unwrap().to_str().unwrap().starts_with('.')
}

/// Kills the worker `times` times at each step.
async fn killed_at_every_step(times: u32) {
    let provider = station::Settings { films: 12, ..station::Settings::default() };
    let house = House::with(provider, "").await;
    house.told(&["target", "add", "nas", house.nas.to_str().unwrap()]);
    let mut round =
        Round { house: &house, store: Store::open(&house.data).unwrap(), originals: BTreeMap::new() };
    let mut films = house.ids(Kind::Movie).into_iter();
    let (mut job, mut jobs) = (0, 0);
    for step in Step::ALL.iter().copied() {
        let mut killed = 0;
        while killed < times {
            if job == 0 {
                let film = films.next().unwrap_or_else(|| panic!("{step} is passed too quickly to be seen"));
                let (_, original) = house.original(film).await;
                assert!(original.len() as u64 >= SIZE);
                round.originals.insert(film, original);
                (job, jobs) = (house.add(film), jobs + 1);
            }
            match round.kill_at(job, step) {
                Came::To => killed += 1,
                Came::Past => job = 0,
            }
            round.is_whole();
        }
    }
    let worker = house.run();
    for id in 1..=jobs {
        let done = house.until(id, "completed").await;
        let there = fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap();
        assert!(there == round.originals[&(done["stream_id"].as_u64().unwrap() as u32)], "{done:#}");
    }
    crate::house::eventually(|| house.parts().is_empty()).await.expect("nothing stays here");
    assert_eq!(
        house.delivered().len() as i64,
        jobs,
        "nothing twice, and nothing half: {:?}",
        house.delivered()
    );
    assert_eq!(house.told(&["status", "--all"]).as_array().unwrap().len() as i64, jobs);
    assert!(worker.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_at_any_step_loses_nothing_and_does_nothing_twice() {
    killed_at_every_step(1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: twenty times at each of six steps"]
async fn the_same_twenty_times_at_each_step() {
    killed_at_every_step(20).await;
}
