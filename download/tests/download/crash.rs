//! The worker is killed while a film is at each step of its way, to each kind of target; and so are their servers.
//! `scripts/crash-matrix` does all of that, twenty times each; by itself it is once, where most happens.
//!
//! Whoever is killed was started here, and answers at a port of his own. What came of it is counted, and printed as it comes:
//! films that never arrived, that lie there twice, of which a part had the final name, and how much of a delivery was sent
//! again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contract::bundle::Kind;
use download::job::{Job, State, Step};
use download::store::Store;

use crate::house::{House, below, eventually};
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

/// What became of some rounds.
#[derive(Debug, Default)]
struct Tally {
    /// Somebody was killed at the moment that was meant.
    hit: u32,
    /// It was over before.
    missed: u32,
    /// Films that did not arrive.
    lost: Vec<String>,
    /// Names that lie there beside the one that is meant.
    duplicate: Vec<String>,
    /// Final names with anything else than the whole film under them.
    partial: Vec<String>,
    /// Bytes that were at the target and had not been promised, at most.
    resent: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_killed_and_when_a_film_arrives_once_and_whole() {
    let rounds = std::env::var("COAX_CRASHES").ok().and_then(|text| text.parse::<u32>().ok());
    let ways = [None, Some(Speech::Ssh), Some(Speech::Smb), Some(Speech::Rsync), Some(Speech::RsyncOverSsh)];
    let moments = if rounds.is_some() { MOMENTS } else { &[Moment::Worker(Step::Upload)] };
    eprintln!("target         killed             killed  before    lost   twice    part  resent");
    let all = ways.map(|way| tokio::spawn(crashes(way, moments, rounds.unwrap_or(1))));
    let mut bad = Vec::new();
    for one in all {
        bad.extend(one.await.unwrap());
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

/// What went wrong on one way.
async fn crashes(way: Option<Speech>, moments: &[Moment], rounds: u32) -> Vec<String> {
    let mut bad = Vec::new();
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
        let (way, when) = (way.map_or_else(|| "Dir".into(), |way| format!("{way:?}")), format!("{moment:?}"));
        let Tally { hit, missed, lost, duplicate, partial, resent } = tally;
        eprintln!(
            "{way:<14} {when:<17} {hit:>7} {missed:>7} {:>7} {:>7} {:>7} {resent:>7}",
            lost.len(),
            duplicate.len(),
            partial.len(),
        );
        bad.extend(
            [lost, duplicate, partial].concat().into_iter().map(|what| format!("{way} {when}: {what}")),
        );
    }
    bad
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
                self.look(id, &original, tally);
                let is_noticed = || self.job(id).state != State::Transferring;
                eventually(is_noticed).await.expect("the worker notices");
                self.machine.as_mut().unwrap().start();
                worker
            }
            _ => {
                drop(worker);
                self.look(id, &original, tally);
                self.house.run()
            }
        };
        let is_done = || self.job(id).state == State::Completed;
        let arrived = eventually(is_done).await;
        let place = self.whole(id, &original);
        match (arrived, place) {
            (Ok(()), Ok(Some(place))) => {
                let name = place.file_name();
                let there = || below(&self.films).iter().filter(|path| path.file_name() == name).count();
                if there() != 1 {
                    tally.duplicate.push(format!("{} is there {} times", place.display(), there()));
                }
            }
            (_, Err(why)) => tally.partial.push(why),
            _ => tally.lost.push(format!("{:#?}", self.job(id))),
        }
        let is_swept = || self.store.unswept(&[], &[]).unwrap().is_empty();
        if eventually(is_swept).await.is_err() {
            tally.lost.push(format!("something is left of {id}, or belongs beside it"));
        }
        // Nothing lies about: what somebody has left who was killed when he looked how the target is, the next one removes.
        let is_tidy = || below(&self.films).iter().all(|path| is_final(&self.films, path));
        if eventually(is_tidy).await.is_err() {
            tally.duplicate.push(format!("{:?}", below(&self.films)));
        }
        assert!(worker.stop(), "{moment:?}");
    }

    /// What is there when somebody was killed.
    fn look(&self, id: i64, original: &[u8], tally: &mut Tally) {
        tally.partial.extend(self.whole(id, original).err());
        let job = self.job(id);
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let growing = below(&self.films).into_iter().find(|it| name(it).ends_with(&format!(".{id}.part")));
        let there = growing.and_then(|path| fs::metadata(path).ok()).map_or(0, |it| it.len());
        tally.resent = tally.resent.max(there.saturating_sub(job.t_synced));
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

    /// What has the final name, if anything has: whatever has happened, it is all of it.
    fn whole(&self, id: i64, original: &[u8]) -> Result<Option<PathBuf>, String> {
        let Some(name) = self.job(id).final_path else { return Ok(None) };
        let place = self.films.join(name);
        match fs::read(&place) {
            Ok(there) if there == original => Ok(Some(place)),
            Ok(there) => Err(format!("{} has {} bytes of {}", place.display(), there.len(), original.len())),
            Err(_) => Ok(None),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_power_cut_a_film_goes_on_from_what_the_disk_has_for_certain() {
    let house = House::with_target("").await;
    let film = house.ids(Kind::Movie)[0];
    let (there, original) = house.original(film).await;
    house.station.set_fault(there, station::Fault::Dribble { bytes: 65_536, millis: 50 });
    let worker = house.run();
    let id = house.add(film);
    let has_come = || house.job(id)["have"].as_u64().unwrap() > 1_500_000;
    eventually(has_come).await.expect("half of it comes");
    drop(worker);
    house.station.clear_fault(there);
    // The machine was off: of what was not promised the disk has anything, such as zeros and what was there before.
    let synced = 1_000_000;
    let part = house.data.downloads().join(format!("temp/.{id}.part"));
    let mut bytes = fs::read(&part).unwrap();
    bytes[synced..].fill(0);
    bytes.extend(rand::random::<[u8; 32]>().repeat(1000));
    contract::disk::replace(&part, &bytes, contract::disk::Access::Owner).unwrap();
    let rows = rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap();
    rows.execute("UPDATE job SET boot = 'the boot before', synced = ?1 WHERE id = ?2", (synced as i64, id))
        .unwrap();
    let _worker = house.run();
    let done = house.until(id, "completed").await;
    assert!(fs::read(house.nas.join(done["final_path"].as_str().unwrap())).unwrap() == original);
    let log = house.told(&["log", &id.to_string()]).to_string();
    assert!(!log.contains("anew"), "what was promised is gone on with: {log}");
}

/// Whether no part of its name is hidden, or it is the file by which the target is known.
fn is_final(base: &Path, path: &Path) -> bool {
    let place = path.strip_prefix(base).unwrap().to_str().unwrap();
    place == download::target::MARKER || place.split('/').all(|part| !part.starts_with('.'))
}
