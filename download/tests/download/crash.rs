//! The worker is killed, as by a power cut, while a film is at each step of its way, to each kind of target; and so are their
//! servers. `scripts/crash-matrix` does all of that, twenty times each; by itself it is once, where most happens.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use download::job::{Job, State, Step};
use download::store::Store;

use crate::house::{House, eventually};
use crate::machine::{Machine, Speech};

/// When somebody is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The worker, at a step.
    Worker(Step),
    /// The worker, as soon as the file has its name.
    Named,
    /// The server, while the file goes there.
    Server,
}

const MOMENTS: &[Moment] = &[
    Moment::Worker(Step::Connect),
    Moment::Worker(Step::Body),
    Moment::Worker(Step::Verify),
    Moment::Worker(Step::Name),
    Moment::Worker(Step::Upload),
    Moment::Worker(Step::Check),
    Moment::Named,
    Moment::Server,
];

/// A target and what is around it.
struct Place {
    house: House,
    machine: Option<Machine>,
    films: PathBuf,
    store: Store,
}

/// What became of a round.
#[derive(Default)]
struct Tally {
    /// Somebody was killed at the moment that was meant.
    hit: u32,
    /// It was over before.
    missed: u32,
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_and_when_a_film_arrives_once_and_whole() {
    let rounds = std::env::var("COAX_CRASHES").ok().and_then(|text| text.parse::<u32>().ok());
    let ways = [None, Some(Speech::Ssh), Some(Speech::Smb), Some(Speech::Rsync), Some(Speech::RsyncOverSsh)];
    let moments = if rounds.is_some() { MOMENTS } else { &[Moment::Worker(Step::Upload), Moment::Named] };
    let all = ways.map(|way| tokio::spawn(crashes(way, moments, rounds.unwrap_or(1))));
    for one in all {
        one.await.unwrap();
    }
}

async fn crashes(way: Option<Speech>, moments: &[Moment], rounds: u32) {
    let mut place = Place::new(way, moments.len() as u32 * rounds).await;
    let mut films = place.house.ids(Kind::Movie).into_iter();
    for moment in moments {
        if *moment == Moment::Server && place.machine.is_none() {
            continue;
        }
        let mut tally = Tally::default();
        for _ in 0..rounds {
            place.round(films.next().expect("there are as many films"), *moment, &mut tally).await;
        }
        eprintln!(
            "{:<14} {:<17} {:>3} killed, {:>3} over before; all arrived, once and whole",
            way.map_or_else(|| "Dir".into(), |way| format!("{way:?}")),
            format!("{moment:?}"),
            tally.hit,
            tally.missed
        );
    }
}

impl Place {
    async fn new(way: Option<Speech>, films: u32) -> Self {
        // A film takes half a second to come, and as long to go.
        let provider = station::Settings { films, ..station::Settings::default() };
        let house = House::with(provider, "bandwidth = 6000000\nprobe_every = 1").await;
        let machine = way.map(Machine::new);
        let films = machine.as_ref().map_or_else(|| house.nas.clone(), Machine::films);
        let mut arguments = vec!["target", "add", "nas", "--limit", "6000000"];
        let record = machine.as_ref().map(Machine::record);
        let address = match &record {
            None => films.display().to_string(),
            Some(record) => format!("{}/{}", record.url, record.base.trim_start_matches('/')),
        };
        arguments.push(&address);
        if let Some(record) = &record {
            arguments.extend(["--secret", record.secret.as_deref().unwrap()]);
            arguments.extend(
                record.host_key.as_deref().map(|key| ["--host-key", key.trim()]).into_iter().flatten(),
            );
        }
        house.told(&arguments);
        let store = Store::open(&house.data).unwrap();
        Self { house, machine, films, store }
    }

    /// One film, from the line-up to the target, and somebody is killed on the way.
    async fn round(&mut self, film: u32, moment: Moment, tally: &mut Tally) {
        let (_, original) = self.house.original(film).await;
        let id = self.house.add(film);
        let worker = self.house.run();
        let hit = self.reach(id, moment).await;
        tally.hit += u32::from(hit);
        tally.missed += u32::from(!hit);
        let worker = match (moment, &mut self.machine) {
            (Moment::Server, Some(machine)) => {
                machine.kill();
                self.whole(id, &original);
                let is_noticed = || self.job(id).state != State::Transferring;
                eventually(is_noticed).await.expect("the worker notices");
                self.machine.as_mut().unwrap().start();
                worker
            }
            _ => {
                drop(worker);
                self.whole(id, &original);
                self.house.run()
            }
        };
        let is_done = || self.job(id).state == State::Completed;
        eventually(is_done).await.unwrap_or_else(|()| panic!("{moment:?}: {:#?}", self.job(id)));
        let place = self.whole(id, &original).expect("it is there");
        assert!(worker.stop(), "{moment:?}");
        // Nothing lies about, and nothing is there twice.
        let all = below(&self.films);
        assert!(all.iter().all(|path| is_final(&self.films, path)), "{moment:?}: {all:?}");
        assert_eq!(all.iter().filter(|path| path.file_name() == place.file_name()).count(), 1, "{moment:?}");
    }

    /// Waits for a moment; `false` if it is over, or was so short that nobody has seen it.
    async fn reach(&self, id: i64, moment: Moment) -> bool {
        let began = Instant::now();
        loop {
            let job = self.job(id);
            let is_there = match moment {
                Moment::Worker(step) => job.step == Some(step) && job.state.is_busy(),
                Moment::Server => job.step == Some(Step::Upload) && job.state == State::Transferring,
                Moment::Named => {
                    job.final_path.as_deref().is_some_and(|place| self.films.join(place).exists())
                }
            };
            if is_there {
                // Anywhere within it.
                let most = if matches!(moment, Moment::Worker(Step::Body | Step::Upload) | Moment::Server) {
                    400
                } else {
                    3
                };
                tokio::time::sleep(Duration::from_millis(rand::random_range(0..most))).await;
                return true;
            }
            if job.state.has_ended() {
                return false;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{moment:?} is not reached: {job:#?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn job(&self, id: i64) -> Job {
        self.store.job(id).unwrap().unwrap()
    }

    /// If anything has the final name, it is all of it, whatever has happened.
    fn whole(&self, id: i64, original: &[u8]) -> Option<PathBuf> {
        let job = self.job(id);
        let place = self.films.join(job.final_path?);
        let there = fs::read(&place).ok()?;
        assert!(there == original, "{} has {} bytes of {}", place.display(), there.len(), original.len());
        Some(place)
    }
}

/// What lies below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
}

/// Whether no part of its name is hidden, or it is the file by which the target is known.
fn is_final(base: &Path, path: &Path) -> bool {
    let place = path.strip_prefix(base).unwrap().to_str().unwrap();
    place == download::target::MARKER || place.split('/').all(|part| !part.starts_with('.'))
}
