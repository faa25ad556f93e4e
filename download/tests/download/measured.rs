//! How fast files go to each kind of target, how exactly a limit is kept, and what is sent again after a server was killed; by
//! hand: `cargo test -p download --test download measured -- --ignored --nocapture --test-threads=1`. Ratios count.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use download::pace::Bucket;
use download::target::{Sent, Target};

use crate::delivered::{ALL, Desk, deliver, found};
use crate::machine::{Machine, Speech};

const MIB: u64 = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute; a measurement"]
async fn how_fast_it_goes_and_what_is_sent_again() {
    let desk = Desk::new();
    let film = desk.file(400 << 20, 7);
    let mut slow = desk.file(12_000_000, 8);
    slow.paces = vec![Arc::new(Bucket::new(Some(3_000_000)))];
    let mut cut = desk.file(256 << 20, 9);
    for speech in ALL {
        let (mut machine, record) = found(speech).await;
        let target = Target::open(&record).unwrap();
        let began = Instant::now();
        target.write_from(&film, 0, &mut |_| true).await.unwrap();
        let sent = began.elapsed().as_secs_f64();
        let began = Instant::now();
        target.verify(&film, &film.temporary()).await.unwrap();
        let verified = began.elapsed().as_secs_f64();
        target.remove(&film.temporary()).await.unwrap();

        let began = Instant::now();
        target.write_from(&slow, 0, &mut |_| true).await.unwrap();
        let rate = 12.0 / began.elapsed().as_secs_f64();
        target.remove(&slow.temporary()).await.unwrap();

        let (mut have, mut synced, mut killed) = (0, 0, false);
        if matches!(speech, Speech::Rsync | Speech::RsyncOverSsh) {
            cut.paces = vec![Arc::new(Bucket::new(Some(60 * MIB)))];
        }
        let mut count = |at: Sent| {
            (have, synced) = (at.have, at.synced);
            if !killed && at.have > 150 * MIB {
                killed = true;
                machine.kill();
            }
            true
        };
        target.write_from(&cut, 0, &mut count).await.unwrap_err();
        cut.paces.clear();
        machine.start();
        let began = Instant::now();
        deliver(&record, &cut, synced).await.unwrap();
        eprintln!(
            "{speech:?}: {:.0} MB/s sent, {:.0} MB/s compared; a limit of 3 MB/s gave {rate:.2}; killed after {} MiB, went on \
             from {} MiB, the rest in {:.1} s",
            400.0 * 1.048_576 / sent,
            400.0 * 1.048_576 / verified,
            have / MIB,
            synced / MIB,
            began.elapsed().as_secs_f64(),
        );
        if speech == Speech::Ssh {
            reference(&machine, &film.file);
        }
    }
}

/// What OpenSSH's own program takes for the same.
fn reference(machine: &Machine, file: &std::path::Path) {
    let batch = machine.path("batch");
    contract::disk::replace(
        &batch,
        format!("put {} {}\n", file.display(), machine.path("reference").display()).as_bytes(),
        contract::disk::Access::Owner,
    )
    .unwrap();
    let began = Instant::now();
    let mut sftp = Command::new("sftp");
    sftp.args([
        "-q",
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-P",
        &machine.port.to_string(),
    ]);
    sftp.arg("-i").arg(machine.path("key")).arg("-b").arg(batch).arg("root@127.0.0.1").stdout(Stdio::null());
    assert!(sftp.status().unwrap().success());
    eprintln!("OpenSSH sftp: {:.0} MB/s sent", 400.0 * 1.048_576 / began.elapsed().as_secs_f64());
}
