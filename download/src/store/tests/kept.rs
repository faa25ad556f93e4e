//! What is kept, whatever happens: kills, power cuts, changes by chance, backups.

use super::*;

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
    // Wherever files are collected by now, this one goes on where it began.
    let elsewhere = Path::new("/another/folder");
    let on = stage.store.begin_download(LIMITS, elsewhere, "another boot", NOW).unwrap().unwrap();
    assert_eq!((on.id, on.temp_path), (1, Some(temp.join(".1.part"))));
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
    // One that unpacks well, and is not what was written, or no store, or of a newer program, or not whole.
    let sum = "0".repeat(64);
    store.copy(&folder.path().join("plain")).unwrap();
    let plain = fs::read(folder.path().join("plain")).unwrap();
    let newer = [&plain[..60], &99_u32.to_be_bytes(), &plain[64..]].concat(); // `user_version`
    let mut damaged = plain.clone();
    damaged[plain.len() / 2..].fill(0x55);
    for (name, bytes, sum, why) in [
        ("summed", &plain, Some(&sum), "its SHA-256 is not"),
        ("words", &b"hello".to_vec(), None, "it is no store, or damaged"),
        ("damaged", &damaged, None, "it is no store, or damaged"),
        ("newer", &newer, None, "newer"),
    ] {
        let path = folder.path().join(name);
        let mut packing =
            flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        packing.write_all(bytes).unwrap();
        packing.finish().unwrap();
        if let Some(sum) = sum {
            File::create(folder.path().join(format!("{name}.sha256")))
                .unwrap()
                .write_all(sum.as_bytes())
                .unwrap();
        }
        let refused = restore(&data, &path).unwrap_err().to_string();
        assert!(refused.contains(why), "{name}: {refused}");
    }
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
