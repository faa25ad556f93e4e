//! Targets on other machines, with the servers that people have.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use contract::disk::{Access, replace};
use download::pace::Bucket;
use download::target::{Delivery, Record, Sent, Status, Target, Trouble};
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use crate::house::{below, eventually};
use crate::machine::{Machine, PASSWORD, Speech};

/// A name as titles make them, with what shells and share names take amiss.
const PLACE: &str = "Movies/Amélie's $(Fate) & Co (2001)/Amélie's $(Fate) & Co (2001) [1080p].mkv";

/// Every kind of machine, and every way to speak to it.
pub(crate) const ALL: [Speech; 4] = [Speech::Ssh, Speech::Smb, Speech::Rsync, Speech::RsyncOverSsh];

/// Files here.
pub(crate) struct Desk {
    folder: TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A file of so many bytes that are like no others.
    pub(crate) fn file(&self, length: usize, job: i64) -> Delivery {
        let path = self.folder.path().join(format!(".{job}.part"));
        let mut bytes = vec![0; length];
        rand::rngs::SmallRng::seed_from_u64(job.unsigned_abs()).fill_bytes(&mut bytes);
        replace(&path, &bytes, Access::Owner).unwrap();
        Delivery { file: path, length: length as u64, place: PLACE.into(), job, paces: Vec::new() }
    }
}

/// All that a worker does, from `offset` on.
pub(crate) async fn deliver(record: &Record, delivery: &Delivery, offset: u64) -> Result<u64, Trouble> {
    let target = Target::open(record)?;
    let mut last = offset;
    let mut sent = |at: Sent| {
        last = at.have;
        true
    };
    target.write_from(delivery, offset, &mut sent).await?;
    target.verify(delivery, &delivery.temporary()).await?;
    target.commit(delivery).await?;
    target.verify(delivery, &delivery.place).await?;
    Ok(last)
}

pub(crate) async fn found(speech: Speech) -> (Machine, Record) {
    let machine = Machine::new(speech);
    let record = machine.record();
    Target::open(&record).unwrap().found().await.unwrap();
    (machine, record)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_is_delivered_byte_for_byte_and_takes_nobodys_place() {
    let desk = Desk::new();
    for speech in ALL {
        let (machine, record) = found(speech).await;
        let target = Target::open(&record).unwrap();
        let health = target.health(1).await;
        assert_eq!((health.status, health.error), (Status::Online, None), "{speech:?}");
        assert!(health.rtt_ms.is_some());
        // Of rsync's own protocol there is none.
        assert_eq!(health.space.is_some(), speech != Speech::Rsync, "{speech:?}");
        if let Some(space) = health.space {
            assert!(space.free > 0 && space.total >= space.free, "{speech:?}: {space:?}");
        }
        let film = desk.file(3_000_001, 7);
        assert_eq!(target.stat(PLACE).await.unwrap(), None);
        assert_eq!(deliver(&record, &film, 0).await.unwrap(), film.length, "{speech:?}");
        let there = machine.films().join(PLACE);
        assert!(fs::read(&there).unwrap() == fs::read(&film.file).unwrap(), "{speech:?}");
        assert_eq!(target.stat(PLACE).await.unwrap(), Some(film.length));
        assert_eq!(
            below(&machine.films()),
            [machine.films().join(".download-target"), there.clone()],
            "{speech:?}"
        );

        let other = desk.file(5000, 8);
        let refused = deliver(&record, &other, 0).await.unwrap_err();
        assert!(
            matches!(&refused, Trouble::Refused(why) if why.contains("is there already")),
            "{speech:?}: {refused}"
        );
        assert_eq!(fs::metadata(&there).unwrap().len(), film.length, "{speech:?}: nobody has touched it");
        let differs = target.verify(&other, PLACE).await.unwrap_err();
        assert!(matches!(differs, Trouble::Differs(_)), "{speech:?}: {differs}");
        target.remove(&other.temporary()).await.unwrap();
        target.remove(&other.temporary()).await.unwrap();
        assert!(there.exists() && below(&machine.films()).len() == 2, "{speech:?}");
        target.remove(PLACE).await.unwrap();
        assert!(!machine.films().join("Movies").exists(), "{speech:?}: empty folders go as well");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_goes_on_from_what_was_promised_after_the_server_was_killed() {
    let desk = Desk::new();
    // More than goes between two promises.
    let mut film = desk.file(70 << 20, 7);
    for speech in ALL {
        let (mut machine, record) = found(speech).await;
        let target = Target::open(&record).unwrap();
        let promises = matches!(speech, Speech::Ssh | Speech::Smb);
        if !promises {
            // rsync says once a second how far it is.
            film.paces = vec![Arc::new(Bucket::new(Some(30 << 20)))];
        }
        let mut synced = 0;
        let mut sent = |at: Sent| {
            synced = at.synced;
            if if promises { at.synced > 0 } else { at.have > 0 } {
                machine.kill();
            }
            true
        };
        let cut = target.write_from(&film, 0, &mut sent).await.unwrap_err();
        assert!(matches!(cut, Trouble::Failed(_) | Trouble::Offline(_)), "{speech:?}: {cut}");
        assert_eq!(synced, if promises { 64 << 20 } else { 0 }, "{speech:?}");
        film.paces.clear();
        let gone = Target::open(&record).unwrap().health(1).await;
        assert_eq!(gone.status, Status::Offline, "{speech:?}: {gone:?}");
        machine.start();
        let there: u64 = below(&machine.films()).iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(there > synced.max(1 << 20), "{speech:?}: what was promised is there, {there} of {synced}");
        deliver(&record, &film, synced).await.unwrap();
        let path = machine.films().join(PLACE);
        assert!(fs::read(path).unwrap() == fs::read(&film.file).unwrap(), "{speech:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_but_is_not_ours_is_never_gone_on_from() {
    let desk = Desk::new();
    let film = desk.file(3_000_000, 7);
    for speech in [Speech::Ssh, Speech::Smb] {
        let (machine, record) = found(speech).await;
        let temporary = machine.films().join(film.temporary());
        fs::create_dir_all(temporary.parent().unwrap()).unwrap();
        // Garbage behind what was promised is written over.
        let mut bytes = fs::read(&film.file).unwrap();
        bytes[2_000_000..].fill(9);
        bytes.extend([9; 5000]);
        replace(&temporary, &bytes, Access::Owner).unwrap();
        deliver(&record, &film, 2_000_000).await.unwrap_or_else(|trouble| panic!("{speech:?}: {trouble}"));
        let path = machine.films().join(PLACE);
        assert!(fs::read(&path).unwrap() == fs::read(&film.file).unwrap(), "{speech:?}");
        fs::remove_file(&path).unwrap();
        // Garbage in it is noticed.
        replace(&temporary, &bytes, Access::Owner).unwrap();
        let differs = deliver(&record, &film, 2_500_000).await.unwrap_err();
        assert!(matches!(differs, Trouble::Differs(_)), "{speech:?}: {differs}");
        assert!(!path.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rsync_mends_by_itself_what_is_there_and_is_not_ours() {
    let desk = Desk::new();
    let film = desk.file(3_000_000, 7);
    for speech in [Speech::Rsync, Speech::RsyncOverSsh] {
        for (longer, at) in [(0, 2_000_000), (0, 2_999_000), (5000, 1000)] {
            let (machine, record) = found(speech).await;
            let growing = match speech {
                Speech::Rsync => format!(".download-7/{PLACE}"),
                _ => film.temporary(),
            };
            let growing = machine.films().join(growing);
            fs::create_dir_all(growing.parent().unwrap()).unwrap();
            let mut bytes = fs::read(&film.file).unwrap();
            bytes[at..].fill(9);
            bytes.truncate(at + 500);
            bytes.resize(bytes.len().max(longer * 1000), 9);
            replace(&growing, &bytes, Access::Owner).unwrap();
            let mut delivered = deliver(&record, &film, 0).await;
            if matches!(delivered, Err(Trouble::Differs(_))) {
                // It was as long as it should be, and was thrown away.
                delivered = deliver(&record, &film, 0).await;
            }
            delivered.unwrap_or_else(|trouble| panic!("{speech:?}: {trouble}"));
            let path = machine.films().join(PLACE);
            assert!(fs::read(&path).unwrap() == fs::read(&film.file).unwrap(), "{speech:?}");
            assert_eq!(below(&machine.films()).len(), 2, "{speech:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_not_mounted_is_waited_for_and_not_written_to() {
    let desk = Desk::new();
    let film = desk.file(1000, 7);
    for speech in ALL {
        let (machine, record) = found(speech).await;
        fs::remove_file(machine.films().join(".download-target")).unwrap();
        let health = Target::open(&record).unwrap().health(1).await;
        assert_eq!(health.status, Status::Offline, "{speech:?}");
        assert!(health.error.unwrap().contains("is not mounted"), "{speech:?}");
        let waits = deliver(&record, &film, 0).await.unwrap_err();
        assert!(matches!(waits, Trouble::Offline(_)), "{speech:?}: {waits}");
        assert!(below(&machine.films()).is_empty(), "{speech:?}");
        fs::remove_dir(machine.films()).unwrap();
        let waits = deliver(&record, &film, 0).await.unwrap_err();
        assert!(matches!(waits, Trouble::Offline(_)), "{speech:?}: {waits}");
        let absent = Target::open(&record).unwrap().found().await.unwrap_err();
        assert!(absent.to_string().contains("mount it or make it first"), "{speech:?}: {absent}");
        assert!(!machine.films().exists(), "{speech:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_lets_us_not_in_says_so_without_the_password() {
    for speech in ALL {
        let machine = Machine::new(speech);
        let mut record = machine.record();
        machine.write("wrong", "hunter2-is-wrong\n");
        record.secret = Some(format!("file:{}", machine.path("wrong").display()));
        let health = Target::open(&record).unwrap().health(1).await;
        assert_eq!(health.status, Status::Error, "{speech:?}");
        let why = health.error.unwrap();
        assert!(why.contains("does not take the password"), "{speech:?}: {why}");
        assert!(!why.contains("hunter2") && !why.contains("root") && !why.contains("ann"), "{why}");
        let trouble = Target::open(&record).unwrap().stat(PLACE).await.unwrap_err();
        assert!(
            matches!(trouble, Trouble::Denied(_)),
            "{speech:?}: it is waited for somebody to see to that"
        );
        record.secret = Some("env:COAX_NO_SUCH_SECRET".into());
        let why = Target::open(&record).unwrap().health(1).await.error.unwrap();
        assert!(why.contains("COAX_NO_SUCH_SECRET is not set"), "{speech:?}: {why}");
        let log = fs::read_to_string(machine.path("log")).unwrap();
        assert!(!log.contains("hunter2") && !log.contains(PASSWORD));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_with_another_host_key_is_not_told_anything() {
    for speech in [Speech::Ssh, Speech::RsyncOverSsh] {
        is_known_by_its_key(speech).await;
    }
}

async fn is_known_by_its_key(speech: Speech) {
    let machine = Machine::new(speech);
    let right = machine.record();
    let print = std::process::Command::new("ssh-keygen")
        .arg("-lf")
        .arg(machine.path("host_key.pub"))
        .output()
        .unwrap();
    let print = String::from_utf8(print.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    let with = |key: Option<String>| Record { host_key: key, ..right.clone() };
    Target::open(&with(Some(print.clone()))).unwrap().found().await.expect("a fingerprint will do");
    let other = fs::read_to_string(machine.path("other_key.pub")).unwrap();
    for (key, expected) in [(None, "nobody has said"), (Some(other), "another host key than it is known by")]
    {
        let health = Target::open(&with(key)).unwrap().health(1).await;
        assert_eq!(health.status, Status::Error);
        let why = health.error.unwrap();
        assert!(why.contains(expected) && why.contains(&print) && why.contains("ssh-keygen -lf"), "{why}");
    }
    let log = fs::read_to_string(machine.path("log")).unwrap();
    assert_eq!(log.matches("Accepted publickey").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_stops_when_it_is_told_to_and_keeps_a_limit_and_its_secret() {
    let desk = Desk::new();
    let mut film = desk.file(1_500_000, 7);
    for speech in ALL {
        let (machine, record) = found(speech).await;
        let target = Target::open(&record).unwrap();
        let stopped = target.write_from(&film, 0, &mut |at| at.have < 500_000).await.unwrap_err();
        assert!(matches!(stopped, Trouble::Stopped), "{speech:?}: {stopped}");
        assert!(!machine.films().join(PLACE).exists());
        target.remove(&film.temporary()).await.unwrap();
        film.paces = vec![Arc::new(Bucket::new(Some(3_000_000)))];
        let over = Arc::new(AtomicBool::new(false));
        let port = machine.port.to_string();
        let watching = tokio::task::spawn_blocking({
            let over = over.clone();
            move || watch(&port, &over)
        });
        let began = Instant::now();
        deliver(&record, &film, 0).await.unwrap();
        // It may take longer on a busy machine; less it may not.
        assert!(began.elapsed().as_secs_f64() > 0.38, "{speech:?}: {:?}", began.elapsed());
        over.store(true, Ordering::Relaxed);
        let programs = watching.await.unwrap();
        assert_eq!(programs > 0, matches!(speech, Speech::Rsync | Speech::RsyncOverSsh), "{speech:?}");
        film.paces.clear();
    }
}

/// How often a program with `port` among its arguments was seen; none has a secret among them.
fn watch(port: &str, over: &AtomicBool) -> usize {
    let mut seen = 0;
    while !over.load(Ordering::Relaxed) {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(arguments) = fs::read_to_string(process.path().join("cmdline")) else { continue };
            assert!(!arguments.contains(PASSWORD) && !arguments.contains("BEGIN OPENSSH"));
            seen += usize::from(arguments.contains(port) && !arguments.contains("--daemon"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn links_there_lead_nowhere_else_and_nobody_stays_connected() {
    let desk = Desk::new();
    let film = desk.file(1000, 7);
    let (machine, record) = found(Speech::Ssh).await;
    fs::create_dir_all(machine.films().join(PLACE).parent().unwrap()).unwrap();
    symlink("/nowhere/at/all", machine.films().join(PLACE)).unwrap();
    let refused = deliver(&record, &film, 0).await.unwrap_err();
    assert!(matches!(refused, Trouble::Refused(_)), "{refused}");
    assert!(machine.films().join(PLACE).is_symlink());
    eventually(|| machine.guests() == 0).await.expect("whoever is done with a target has left it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_run_nothing_but_sftp_will_do() {
    let desk = Desk::new();
    let film = desk.file(3_000_000, 7);
    let (machine, record) = found(Speech::SftpAlone).await;
    let delivering = tokio::time::timeout(Duration::from_secs(60), deliver(&record, &film, 0));
    assert_eq!(delivering.await.expect("nobody waits for ever").unwrap(), film.length);
    assert!(fs::read(machine.films().join(PLACE)).unwrap() == fs::read(&film.file).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_look_how_a_target_is_at_the_same_moment_both_find_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let record = Record::at(folder.path().to_str().unwrap()).unwrap();
    Target::open(&record).unwrap().found().await.unwrap();
    let looking = || {
        let record = record.clone();
        let look = async move {
            let mut all = Vec::new();
            for _ in 0..50 {
                all.push(Target::open(&record).unwrap().health(1).await);
            }
            all
        };
        tokio::task::spawn_blocking(move || tokio::runtime::Handle::current().block_on(look))
    };
    let (one, other) = tokio::join!(looking(), looking());
    let ill: Vec<_> = one
        .unwrap()
        .into_iter()
        .chain(other.unwrap())
        .filter(|health| health.status != Status::Online)
        .collect();
    assert!(ill.is_empty(), "{ill:?}");
    assert_eq!(below(folder.path()), [folder.path().join(".download-target")]);
}
