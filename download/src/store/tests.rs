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
fn a_job_that_somebody_stopped_is_changed_by_no_worker() {
    let stage = Stage::new();
    for (act, after) in [(Act::Pause, State::Paused), (Act::Cancel, State::Cancelled)] {
        let id = stage.add(&[film(1)])[0];
        let job = stage.begin(NOW).unwrap();
        assert_eq!(stage.act(act, &[id]), [None]);
        let later = Later { wait: Wait::Retry, until: 0, why: String::new(), no_progress: 0, refused: 0 };
        let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
        let store = &stage.store;
        assert!(!store.step(id, State::Downloading, Step::Body, NOW).unwrap());
        assert!(!store.checkpoint(id, &Checkpoint { have: 5, ..Checkpoint::default() }, NOW).unwrap());
        assert!(!store.arrived(&job, &arrived, 1, NOW).unwrap());
        assert!(!store.put_off(id, State::Downloading, &later, 1, NOW).unwrap());
        assert!(!store.fail(id, State::Downloading, Cause::Gone, "", NOW).unwrap());
        assert_eq!(store.progress(State::Downloading, &[(id, 5)], NOW).unwrap(), [id]);
        let now = stage.job(id);
        assert_eq!((now.state, now.have), (after, 0));
        stage.act(Act::Cancel, &[id]);
    }
}

#[test]
fn a_paused_job_goes_on_where_it_was_and_a_failed_one_where_it_failed() {
    let stage = Stage::new();
    let id = stage.add(&[film(1)])[0];
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: Some("mp4".into()) };
    let held = |expected: State| {
        assert_eq!(stage.act(Act::Pause, &[id]), [None]);
        assert_eq!(stage.act(Act::Pause, &[id]), [Some("it is paused".into())]);
        assert_eq!(stage.act(Act::Resume, &[id]), [None]);
        assert_eq!(stage.job(id).state, expected);
    };
    held(State::Pending);
    stage.begin(NOW).unwrap();
    held(State::Pending);
    stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
    assert_eq!(stage.job(id).wish.ext, "mp4");
    held(State::Downloaded);
    stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
    held(State::Downloaded);
    stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
    assert!(stage.store.fail(id, State::Transferring, Cause::Target, "refused", NOW).unwrap());
    assert_eq!(stage.act(Act::Retry, &[id]), [None]);
    assert_eq!(stage.job(id).state, State::Downloaded);
    assert_eq!(
        stage.act(Act::Resume, &[id, 99]),
        [Some("it is downloaded".into()), Some("there is no such job".into())]
    );
}

#[test]
fn all_are_paused_and_go_on_at_once() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2), film(3)]);
    stage.begin(NOW).unwrap();
    stage.act(Act::Cancel, &ids[2..]);
    let all = |act| stage.store.act(act, Which::All, &By::command(), NOW).unwrap().len();
    assert_eq!((all(Act::Pause), all(Act::Pause)), (2, 0));
    assert_eq!(stage.begin(NOW), None);
    let again = Store::open(&stage.data()).unwrap();
    assert_eq!(again.jobs(&[State::Paused], 0, 9).unwrap().len(), 2, "whatever is started anew");
    assert_eq!((all(Act::Resume), all(Act::Retry), all(Act::Cancel)), (2, 0, 2));
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
fn a_worker_that_was_killed_is_made_up_for_and_a_power_cut_as_well() {
    let stage = Stage::new();
    let temp = stage.folder.path().join("temp");
    fs::create_dir(&temp).unwrap();
    let ids = stage.add(&[film(1), film(2)]);
    let begin = |boot: &str| stage.store.begin_download(LIMITS, &temp, boot, NOW).unwrap().unwrap();
    let (first, second) = (begin("boot"), begin("boot"));
    let part: PathBuf = first.temp_path.clone().unwrap();
    assert_eq!(part, temp.join(".1.part"));
    fs::copy("/proc/self/exe", &part).unwrap();
    let length = fs::metadata(&part).unwrap().len();
    let at = Checkpoint { have: length, synced: 1000, total: Some(2 * length), etag: Some("\"v1\"".into()) };
    assert!(stage.store.checkpoint(1, &at, NOW).unwrap());
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    stage.store.arrived(&second, &arrived, 1, NOW).unwrap();
    stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();

    let lock = Lock::take(&stage.data()).unwrap();
    assert!(matches!(Lock::take(&stage.data()), Err(StoreError::Running { .. })), "there is one worker");
    let again = |boot: &str| stage.store.recover(&lock, boot, NOW).unwrap();
    assert_eq!(again("boot"), Recovered { again: 2, cut: 0 });
    assert_eq!(fs::metadata(&part).unwrap().len(), length, "the kernel has what a killed program wrote");
    assert_eq!((stage.job(1).state, stage.job(2).state), (State::Pending, State::Downloaded));
    assert_eq!(again("boot"), Recovered::default());
    assert_eq!(again("another boot").cut, 2);
    let job = stage.job(1);
    assert_eq!((fs::metadata(&part).unwrap().len(), job.have, job.synced), (1000, 1000, 1000));
    assert_eq!(
        (job.total, job.temp_path, job.etag.as_deref()),
        (Some(2 * length), Some(part), Some("\"v1\""))
    );
    assert_eq!(again("another boot"), Recovered::default());
    assert_eq!(ids, [1, 2]);
}

/// Something that somebody or the worker may do, whatever comes of it.
fn act(stage: &Stage, ids: &[i64], now: i64) {
    let mut rng = rand::rng();
    let id = *ids.choose(&mut rng).unwrap();
    let store = &stage.store;
    let all = [Act::Pause, Act::Resume, Act::Cancel, Act::Retry, Act::Top, Act::Priority(Priority::Low)];
    let state = *State::ALL.choose(&mut rng).unwrap();
    match rng.random_range(0..9) {
        0..3 => drop(stage.act(*all.choose(&mut rng).unwrap(), &[id])),
        3 => drop(
            store
                .begin_download(Limits { downloads: 99, ..LIMITS }, Path::new("/tmp/x"), "boot", now)
                .unwrap(),
        ),
        4 => drop(store.begin_transfer(Limits { transfers: 99, ..LIMITS }, now).unwrap()),
        5 => {
            let total = rng.random_range(1..1000);
            let arrived = Arrived { total, sha256: None, measured_h: None, ext: None };
            store.arrived(&stage.job(id), &arrived, 2, now).unwrap();
        }
        6 => drop(store.complete(id, now).unwrap()),
        7 if state.is_busy() => drop(store.fail(id, state, Cause::Stuck, "nothing came", now).unwrap()),
        _ => {
            let later = Later { wait: Wait::Retry, until: now, why: "x".into(), no_progress: 1, refused: 0 };
            if state.is_busy() {
                store.put_off(id, state, &later, 1, now).unwrap();
            }
        }
    }
}

#[test]
fn after_a_thousand_random_changes_the_figures_are_those_of_the_jobs_and_every_change_was_told() {
    let stage = Stage::new();
    let ids = stage.add(&(1..=40).map(film).collect::<Vec<_>>());
    let mut told = stage.store.events(0, None, 99).unwrap().last().unwrap().id;
    let mut before = stage.store.states(&ids).unwrap();
    for step in 0..1000 {
        act(&stage, &ids, NOW + step * 200);
        let after = stage.store.states(&ids).unwrap();
        let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        assert!(changed.len() <= 1);
        for ((_, before), (_, after)) in &changed {
            assert!(before.may_become(*after), "{before} {after}");
        }
        let events = stage.store.events(told, None, 99).unwrap();
        assert!(events.len() >= changed.len() && events.len() <= 1, "an event for each change");
        assert!(events.iter().all(|event| !event.user.is_empty() && !event.ip.is_empty()), "{events:?}");
        told = events.last().map_or(told, |event| event.id);
        before = after;
    }
    let jobs = stage.store.jobs(&[], 0, 99).unwrap();
    let stats = stage.store.stats().unwrap();
    for state in State::ALL {
        let count = jobs.iter().filter(|job| job.state == *state).count() as u64;
        assert_eq!(stats.states.get(state).copied().unwrap_or(0), count, "{state}");
    }
    let completed = || jobs.iter().filter(|job| job.state == State::Completed);
    let bytes: u64 = completed().map(|job| job.total.unwrap()).sum();
    assert!(bytes > 0, "some are");
    assert_eq!(stats.bytes, bytes);
    assert_eq!((stats.days.values().sum::<u64>(), stats.targets.get(&1)), (bytes, Some(&bytes)));
    let failed = jobs.iter().filter(|job| job.state == State::Failed).count() as u64;
    assert_eq!((stats.failures.values().sum::<u64>(), stats.users["ann"]), (failed, 40));
    let event = stage.store.events(0, Some(ids[0]), 1).unwrap().remove(0);
    assert_eq!((event.action, &*event.ip, event.user.is_empty()), (Action::Add, "local", false));
}

#[test]
fn a_backup_is_made_in_use_and_put_back_whole() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2)]);
    stage.begin(NOW).unwrap();
    assert!(stage.store.daily_backup(30, NOW).unwrap());
    assert!(!stage.store.daily_backup(30, NOW).unwrap(), "once a day");
    let file = stage.store.folder().join("backup/jobs-20261127.db.gz");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    stage.act(Act::Cancel, &ids);
    let Stage { folder, store } = stage;
    let data = Data::new(folder.path());
    let lock = Lock::take(&data).unwrap();
    assert!(matches!(restore(&data, &file), Err(StoreError::Running { .. })));
    drop(lock);
    let mut packed = fs::read(&file).unwrap();
    let middle = packed.len() / 2;
    packed[middle] ^= 1;
    let broken = folder.path().join("broken.gz");
    File::create(&broken).unwrap().write_all(&packed).unwrap();
    assert!(restore(&data, &broken).is_err());
    assert_eq!(store.jobs(&[State::Cancelled], 0, 9).unwrap().len(), 2, "what was there stays");
    drop(store);
    restore(&data, &file).unwrap();
    let store = Store::open(&data).unwrap();
    assert_eq!(store.jobs(&[State::Pending], 0, 9).unwrap().len(), 2, "what was at work is put back");
    for day in 1..40 {
        store.daily_backup(30, NOW + day * DAY).unwrap();
    }
    assert_eq!(fs::read_dir(store.folder().join("backup")).unwrap().count(), 60, "thirty, each with its sum");
}

#[test]
fn a_store_of_a_newer_program_is_left_alone_and_nobody_else_reads_ours() {
    let stage = Stage::new();
    let path = stage.store.folder().join("jobs.db");
    for (path, mode) in [(&*path, 0o600), (stage.store.folder(), 0o700)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
    stage.store.connection().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(&stage.data()), Err(StoreError::Newer { found: 99, .. })));
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

#[test]
fn what_has_failed_may_be_given_up_and_of_what_was_cancelled_nothing_is_gone_on_with() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2)]);
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    for id in &ids {
        stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
        stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
        assert!(stage.store.sent(*id, 9, 8, NOW).unwrap());
    }
    stage.store.fail(ids[0], State::Transferring, Cause::Target, "refused", NOW).unwrap();
    let all = stage.store.act(Act::Cancel, Which::All, &By::command(), NOW).unwrap();
    assert_eq!(all.iter().map(|it| it.id).collect::<Vec<_>>(), [ids[1]], "what has failed stays to be seen");
    assert_eq!(stage.act(Act::Cancel, &[ids[0]]), [None]);
    let unswept: Vec<i64> = stage.store.unswept().unwrap().iter().map(|job| job.id).collect();
    assert_eq!(unswept, ids, "what is left of both goes");
    assert_eq!(stage.act(Act::Retry, &ids), [None, None]);
    for id in ids {
        let job = stage.job(id);
        assert_eq!((job.state, job.have, job.synced, job.total), (State::Pending, 0, 0, None));
        assert_eq!((job.t_have, job.t_synced, job.final_path), (0, 0, None));
    }
}

#[test]
fn those_whose_target_cannot_be_reached_keep_nobody_from_being_swept() {
    let stage = Stage::new();
    let other = Record { name: "attic".into(), ..folder("/mnt/attic") };
    let attic = stage.store.add_target(&other, &By::command(), NOW).unwrap();
    let ids = stage.add(&[film(1), Wish { target: attic, ..film(2) }]);
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    for id in &ids {
        stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
        stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
        stage.store.name(*id, &[format!("{id}.mkv")], NOW).unwrap().unwrap();
    }
    stage.act(Act::Cancel, &ids);
    for (target, status) in [(1, Status::Offline), (attic, Status::Online)] {
        stage.store.set_health(target, &Health { status, ..Health::default() }, NOW).unwrap();
    }
    let order: Vec<i64> = stage.store.unswept().unwrap().iter().map(|job| job.id).collect();
    assert_eq!(order, [ids[1], ids[0]]);
}

#[test]
fn what_is_here_no_more_when_it_is_to_be_delivered_is_fetched_anew() {
    let stage = Stage::new();
    let id = stage.add(&[film(1)])[0];
    assert!(!stage.store.lost(id, NOW).unwrap());
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
    stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
    assert!(stage.store.lost(id, NOW).unwrap());
    let job = stage.job(id);
    assert_eq!((job.state, job.have, job.total, job.no_progress), (State::Pending, 0, None, 1));
    assert_eq!(stage.begin(NOW).unwrap().id, id);
}

#[test]
fn completed_jobs_are_read_some_at_a_time_in_the_order_of_their_ids() {
    let stage = Stage::new();
    let ids = stage.add(&(1..=5).map(film).collect::<Vec<_>>());
    stage.act(Act::Top, &[ids[3]]);
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    while let Some(job) = stage.begin(NOW).filter(|job| job.id != ids[4]) {
        stage.store.arrived(&job, &arrived, 1, NOW).unwrap();
        stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
        stage.store.complete(job.id, NOW).unwrap();
    }
    let page =
        |after| -> Vec<i64> { stage.store.completed(after, 3).unwrap().iter().map(|job| job.id).collect() };
    assert_eq!((page(0), page(ids[2]), page(ids[3])), (ids[..3].to_vec(), vec![ids[3]], vec![]));
}
