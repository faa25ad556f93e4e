mod kept;
mod stopped;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use contract::bundle::Kind;
use rand::RngExt;
use rand::seq::IndexedRandom;
use tempfile::TempDir;

use super::*;
use crate::job::{Cause, Job, Priority, State, Step, Wait, Wish};
use crate::queue::Rules;
use crate::target::{Health, Record, Status};

pub(crate) const RULES: Rules = Rules { high_years: 2, low_years: 5, age_days: 7 };
pub(crate) const LIMITS: Limits = Limits { downloads: 3, per_account: 3, transfers: 3 };
const DAY: i64 = 86_400;
/// In 2026.
const NOW: i64 = 1_795_800_000;

/// A film of no year, from an account of its own.
pub(crate) fn film(id: u32) -> Wish {
    Wish {
        identity: format!("movie|film {id}|-"),
        account: format!("account-{id}"),
        stream_id: id,
        ext: "mkv".into(),
        user: "ann".into(),
        ..Wish::new(Kind::Movie, format!("Film {id}"), 1)
    }
}

fn episode(id: u32, season: u32, episode: u32) -> Wish {
    Wish {
        identity: format!("episode|show|-|{season}|{episode}"),
        kind: Kind::Episode,
        season: Some(season),
        episode: Some(episode),
        series: 7,
        ..film(id)
    }
}

pub(crate) fn folder(base: &str) -> Record {
    Record { name: "nas".into(), base: base.into(), ..Record::new(crate::target::Kind::Dir) }
}

/// A store with a target, in a folder of its own.
struct Stage {
    folder: TempDir,
    store: Store,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Data::new(folder.path())).unwrap();
        assert_eq!(store.add_target(&self::folder("/mnt/nas"), &By::command(), NOW).unwrap(), 1);
        Self { folder, store }
    }

    fn data(&self) -> Data {
        Data::new(self.folder.path())
    }

    fn add(&self, wishes: &[Wish]) -> Vec<i64> {
        self.store.add(wishes, &By::command(), &RULES, NOW).unwrap().into_iter().map(Added::id).collect()
    }

    fn begin(&self, now: i64) -> Option<Job> {
        self.store.begin_download(LIMITS, Path::new("/tmp/x"), "boot", now).unwrap()
    }

    /// Begins one after the other and puts each out of the way; their numbers.
    fn drain(&self, now: i64) -> Vec<i64> {
        let mut order = Vec::new();
        while let Some(job) = self.begin(now) {
            order.push(job.id);
            self.store.fail(job.id, State::Downloading, Cause::Gone, "gone", now).unwrap();
        }
        order
    }

    fn act(&self, act: Act, ids: &[i64]) -> Vec<Option<String>> {
        let answers = self.store.act(act, Which::These(ids), &By::command(), NOW).unwrap();
        answers.into_iter().map(|answer| answer.refused).collect()
    }

    fn job(&self, id: i64) -> Job {
        self.store.job(id).unwrap().unwrap()
    }
}

#[test]
fn a_wish_that_comes_twice_is_one_job() {
    let stage = Stage::new();
    let add = |wish: Wish| stage.store.add(&[wish], &By::command(), &RULES, NOW).unwrap()[0];
    assert_eq!(add(film(1)), Added::New(1));
    assert_eq!(add(film(1)), Added::There(1));
    let renamed = Wish { identity: "movie|another|-".into(), title: "Another".into(), ..film(1) };
    assert_eq!(add(renamed), Added::There(1), "the same source under another title");
    let elsewhere = Wish { account: "other".into(), stream_id: 77, ..film(1) };
    assert_eq!(add(elsewhere.clone()), Added::There(1), "the same film from another source");
    assert!(matches!(add(Wish { variant: "1080 fr".into(), ..elsewhere.clone() }), Added::New(_)));
    let unknown = Wish { target: 9, ..film(2) };
    let refused = stage.store.add(&[film(3), unknown], &By::command(), &RULES, NOW);
    assert!(
        matches!(&refused, Err(StoreError::Refused(why)) if why.contains("no such target")),
        "{refused:?}"
    );
    assert_eq!(stage.store.jobs(&[], 0, 99).unwrap().len(), 2, "all of them or none");
    stage.act(Act::Cancel, &[1]);
    assert!(matches!(add(film(1)), Added::New(_)), "what nobody wanted any more may be wished for again");
    assert_eq!(stage.act(Act::Retry, &[1]), [Some("there is another job of the same by now".into())]);
}

#[test]
fn fifty_who_wish_for_the_same_at_once_make_one_job() {
    let stage = Stage::new();
    let added: Vec<Added> = std::thread::scope(|scope| {
        let wishing = |_| {
            let data = stage.data();
            scope.spawn(move || {
                Store::open(&data).unwrap().add(&[film(1)], &By::command(), &RULES, NOW).unwrap()[0]
            })
        };
        let all: Vec<_> = (0..50).map(wishing).collect();
        all.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(added.iter().filter(|it| matches!(it, Added::New(_))).count(), 1);
    assert_eq!(stage.store.jobs(&[], 0, 99).unwrap().len(), 1);
}

#[test]
fn the_queue_goes_by_class_then_by_age_and_episodes_by_their_number() {
    let stage = Stage::new();
    let dated = |id: u32, year: &str| Wish { year: year.into(), ..film(id) };
    let first = stage.add(&[dated(1, "1999"), film(2), dated(3, "2026"), film(4)]);
    let episodes = stage.add(&[episode(5, 2, 1), episode(6, 1, 10), episode(7, 1, 2)]);
    assert_eq!(stage.job(first[0]).rank, Priority::Low);
    let expected = [first[2], first[1], first[3], episodes[2], episodes[1], episodes[0], first[0]];
    assert_eq!(stage.drain(NOW), expected);
}

#[test]
fn whoever_is_put_on_top_comes_first_and_who_waits_for_long_comes_up() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2), film(3), Wish { year: "1999".into(), ..film(4) }]);
    stage.act(Act::Top, &[ids[2]]);
    stage.act(Act::Top, &[ids[3], ids[1]]);
    assert_eq!(stage.drain(NOW), [ids[3], ids[1], ids[2], ids[0]]);
    stage.act(Act::Retry, &ids);
    stage.act(Act::Priority(Priority::Low), &[ids[0]]);
    stage.act(Act::Priority(Priority::Medium), &[ids[1]]);
    assert_eq!(stage.store.age(7, NOW + 7 * DAY - 1).unwrap(), 0);
    assert_eq!(stage.store.age(7, NOW + 7 * DAY).unwrap(), 2);
    assert_eq!(stage.job(ids[0]).rank, Priority::Medium);
    assert_eq!(stage.store.age(7, NOW + 7 * DAY).unwrap(), 0, "once for each week");
    assert_eq!(stage.store.age(7, NOW + 14 * DAY).unwrap(), 1);
    assert_eq!(stage.store.age(0, NOW + 99 * DAY).unwrap(), 0, "or never");
    assert_eq!(stage.job(ids[0]).rank, Priority::High);
}

#[test]
fn there_are_no_more_at_once_than_there_may_be() {
    let stage = Stage::new();
    let of = |account: &str, id: u32| Wish { account: account.into(), ..film(id) };
    stage.add(&[of("a", 1), of("a", 2), of("b", 3), of("c", 4), of("d", 5)]);
    let begin = |limits| {
        stage.store.begin_download(limits, Path::new("/tmp/x"), "boot", NOW).unwrap().map(|it| it.id)
    };
    let one_each = Limits { per_account: 1, ..LIMITS };
    assert_eq!(
        [begin(one_each), begin(one_each), begin(one_each), begin(one_each)],
        [Some(1), Some(3), Some(4), None]
    );
    assert_eq!(begin(Limits { downloads: 4, ..LIMITS }), Some(2));
    for id in [1, 3, 4] {
        let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
        assert!(stage.store.arrived(&stage.job(id), &arrived, 1, NOW).unwrap());
    }
    let mut record = stage.store.target(1).unwrap().unwrap();
    record.max_parallel = 2;
    stage.store.set_target(&record, &By::command(), NOW).unwrap();
    let deliver = |limits| stage.store.begin_transfer(limits, NOW).unwrap().map(|it| it.id);
    assert_eq!([deliver(LIMITS), deliver(LIMITS), deliver(LIMITS)], [Some(1), Some(3), None]);
    record.max_parallel = 9;
    stage.store.set_target(&record, &By::command(), NOW).unwrap();
    assert_eq!(deliver(Limits { transfers: 2, ..LIMITS }), None);
    assert_eq!(deliver(LIMITS), Some(4));
}

#[test]
fn limits_are_changed_while_the_program_runs_and_stay_changed() {
    let stage = Stage::new();
    let other = Store::open(&stage.data()).unwrap();
    let before = stage.store.version().unwrap();
    other
        .set_limits(Some(Changed { downloads: Some(7), ..Changed::default() }), &By::command(), NOW)
        .unwrap();
    assert_ne!(stage.store.version().unwrap(), before, "the worker is told");
    assert_eq!(stage.store.limits(LIMITS).unwrap(), Limits { downloads: 7, ..LIMITS });
    stage.store.set_limits(None, &By::command(), NOW).unwrap();
    assert_eq!(other.limits(LIMITS).unwrap(), LIMITS);
}

#[test]
fn what_is_held_up_does_not_begin_and_the_others_do() {
    let stage = Stage::new();
    stage.add(&[film(1), film(2)]);
    let hold = |scope, name: &str, until| {
        let why = "because".into();
        stage.store.hold(&Hold { scope, name: name.into(), wait: Wait::Slot, until, why }).unwrap();
    };
    hold(Scope::All, "", NOW + 10);
    assert_eq!((stage.begin(NOW), stage.store.next_turn(NOW).unwrap()), (None, Some(NOW + 10)));
    hold(Scope::All, "", NOW);
    hold(Scope::Account, "account-1", NOW + 20);
    assert_eq!(stage.begin(NOW).unwrap().id, 2, "a hold is over by itself");
    assert_eq!(stage.store.holds(NOW).unwrap().len(), 1);
    hold(Scope::Target, "1", NOW + 30);
    assert_eq!(stage.begin(NOW + 25), None);
    stage.store.release(Scope::Target, "1", Wait::Slot).unwrap();
    let offline = Health { status: Status::Offline, error: Some("no such host".into()), ..Health::default() };
    stage.store.set_health(1, &offline, NOW).unwrap();
    assert_eq!(stage.begin(NOW + 25), None, "no room is filled here for what cannot be reached");
    stage.store.set_health(1, &Health { status: Status::Online, ..Health::default() }, NOW).unwrap();
    assert_eq!(stage.begin(NOW + 25).unwrap().id, 1);
}

#[test]
fn a_name_is_given_once_and_to_one() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2), film(3)]);
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    for _ in &ids {
        stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
        stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
    }
    let name = |id: i64, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&it| it.into()).collect();
        stage.store.name(id, &names, NOW).unwrap()
    };
    assert_eq!(name(ids[0], &["A.mkv", "A - 1.mkv"]).unwrap(), "A.mkv");
    assert_eq!(name(ids[0], &["B.mkv"]).unwrap(), "A.mkv", "never again");
    assert_eq!(
        name(ids[1], &["a.MKV", "A - 2.mkv"]).unwrap(),
        "A - 2.mkv",
        "not every disk tells cases apart"
    );
    assert_eq!(name(ids[2], &["A.mkv"]), None);
    stage.act(Act::Cancel, &[ids[0]]);
    assert_eq!(name(ids[2], &["A.mkv"]).unwrap(), "A.mkv");
    assert_eq!(stage.act(Act::Retry, &[ids[0]]), [None]);
    assert_eq!(stage.job(ids[0]).final_path, None);
}

#[test]
fn a_target_with_jobs_that_have_not_ended_is_not_removed() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1)]);
    let remove = || stage.store.remove_target(1, &By::command(), NOW);
    assert!(matches!(remove(), Err(StoreError::Refused(_))));
    stage.act(Act::Cancel, &ids);
    remove().unwrap();
    assert_eq!(stage.store.targets().unwrap(), []);
    assert!(matches!(remove(), Err(StoreError::Refused(_))));
}
