//! Disks that are full: a small one in memory, which root may mount. `scripts/disk-full` runs this.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use contract::bundle::Kind;
use contract::disk::{Access, replace};

use crate::house::{House, SIZE, eventually};

/// A disk of so many bytes. It is gone with this.
struct Small(PathBuf);

impl Small {
    fn mount(at: &Path, bytes: u64) -> Self {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={bytes}");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(at).status().unwrap();
        assert!(mounted.success(), "root may mount, and this needs to");
        Self(at.to_owned())
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "mounts a disk: scripts/disk-full"]
async fn a_disk_that_is_full_here_or_there_is_waited_for_and_nothing_fails() {
    let house = House::with_target("probe_every = 1").await;
    let film = house.ids(Kind::Movie)[0];
    let (_, original) = house.original(film).await;
    let temp = house.data.downloads().join("temp");
    for (place, is_temp) in [(temp, true), (house.nas.clone(), false)] {
        let disk = Small::mount(&place, SIZE + (1 << 20));
        if !is_temp {
            replace(&place.join(".download-target"), b"", Access::Owner).unwrap();
        }
        // Somebody else's, beside which there is not room for all of it.
        let filler = place.join("filler");
        replace(&filler, &vec![1; SIZE as usize / 2], Access::Owner).unwrap();
        let worker = house.run();
        let job = house.add(film);
        eventually(|| house.job(job)["waits_for"] == "disk")
            .await
            .unwrap_or_else(|()| panic!("{is_temp}: {:#}", house.job(job)));
        assert_eq!(house.job(job)["no_progress"], 0);
        assert!(worker.stop());
        fs::remove_file(&filler).unwrap();
        let worker = house.run();
        // It is not waited for as long as a person would have to.
        let is_done = || {
            release(&house, job);
            house.job(job)["state"] == "completed"
        };
        eventually(is_done).await.unwrap_or_else(|()| panic!("{is_temp}: {:#}", house.job(job)));
        let done = house.job(job);
        let delivered = house.nas.join(done["final_path"].as_str().unwrap());
        assert!(fs::read(&delivered).unwrap() == original, "{is_temp}");
        assert!(worker.stop());
        fs::remove_file(&delivered).unwrap();
        forget(&house, job);
        drop(disk);
    }
}

/// As if the time had come.
fn release(house: &House, job: i64) {
    let store = rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap();
    store.execute("UPDATE job SET not_before = 0 WHERE id = ?", [job]).unwrap();
    store.execute("DELETE FROM hold", []).unwrap();
}

/// As if it had never been wished for.
fn forget(house: &House, job: i64) {
    let store = rusqlite::Connection::open(house.data.downloads().join("jobs.db")).unwrap();
    store.execute("DELETE FROM job WHERE id = ?", [job]).unwrap();
}
