//! Jobs that somebody stops, that fail, and of which nothing may be left.

use super::*;

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
    let job = stage.job(id);
    assert_eq!((&*job.wish.ext, job.asks_for()), ("mp4", "mkv"), "what came is no address");
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
    let unswept: Vec<i64> = stage.store.unswept(&[], &[]).unwrap().iter().map(|job| job.id).collect();
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
    let order: Vec<i64> = stage.store.unswept(&[], &[]).unwrap().iter().map(|job| job.id).collect();
    assert_eq!(order, [ids[1], ids[0]]);
}

#[test]
fn those_that_wait_for_their_target_alone_are_swept_when_it_is_back() {
    let stage = Stage::new();
    let ids = stage.add(&[film(1), film(2), film(3)]);
    let arrived = Arrived { total: 10, sha256: None, measured_h: None, ext: None };
    for id in &ids {
        stage.store.arrived(&stage.begin(NOW).unwrap(), &arrived, 1, NOW).unwrap();
        stage.store.begin_transfer(LIMITS, NOW).unwrap().unwrap();
        stage.store.name(*id, &[format!("{id}.mkv")], NOW).unwrap().unwrap();
    }
    assert!(stage.store.complete(ids[2], NOW).unwrap());
    stage.act(Act::Cancel, &ids[..2]);
    let unswept = || stage.store.unswept(&[], &[]).unwrap().iter().map(|job| job.id).collect::<Vec<_>>();
    let is = |status| stage.store.set_health(1, &Health { status, ..Health::default() }, NOW).unwrap();
    is(Status::Offline);
    assert_eq!(unswept(), ids);
    stage.store.without_part(ids[0], State::Pending).unwrap();
    assert_eq!(unswept(), ids, "it is in another state, and somebody may be at work on it");
    stage.store.without_part(ids[0], State::Cancelled).unwrap();
    assert_eq!(unswept(), ids[1..]);
    let record = stage.store.target(1).unwrap().unwrap();
    stage.store.set_target(&Record { cleanup: false, ..record }, &By::command(), NOW).unwrap();
    assert_eq!(unswept(), ids[1..2], "what was delivered stays here");
    is(Status::Online);
    assert_eq!(unswept(), ids);
    // Whoever wants it again has a place for it.
    assert_eq!(stage.act(Act::Retry, &ids[..1]), [None]);
    assert!(stage.begin(NOW).unwrap().temp_path.is_some());
}

#[test]
fn those_that_rest_keep_nobody_from_being_swept_however_many_they_are() {
    let stage = Stage::new();
    let other = Record { name: "attic".into(), ..folder("/mnt/attic") };
    let attic = stage.store.add_target(&other, &By::command(), NOW).unwrap();
    let films = (1..=120).map(film).chain((121..=240).map(|id| Wish { target: attic, ..film(id) }));
    let ids = stage.add(&films.collect::<Vec<_>>());
    let last = stage.add(&[film(241)])[0];
    stage.store.act(Act::Cancel, Which::All, &By::command(), NOW).unwrap();
    let unswept = |but: &[i64], busy: &[i64]| -> Vec<i64> {
        stage.store.unswept(but, busy).unwrap().iter().map(|job| job.id).collect()
    };
    assert_eq!(unswept(&[], &[]), ids[..100], "not all at once");
    assert_eq!(unswept(&ids[..120], &[]), ids[120..220]);
    assert_eq!(unswept(&ids, &[]), [last]);
    assert_eq!(unswept(&ids[..120], &[attic]), [last]);
    assert!(unswept(&[], &[1, attic]).is_empty());
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
