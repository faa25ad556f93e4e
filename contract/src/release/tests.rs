use std::io::Write;

use super::*;
use crate::bundle::{Account, Section, Writer};
use crate::zone::Zone;

fn write(releases: &Releases, text: &str) -> u32 {
    let lock = releases.lock().unwrap().expect("nobody else publishes");
    let draft = releases.draft(&lock).unwrap();
    let mut manifest = Manifest { schema: Manifest::SCHEMA, ..Manifest::default() };
    for name in ARTEFACTS {
        let mut artefact = draft.artefact(name).unwrap();
        if name == BUNDLE {
            let mut bundle = Writer::new(&mut artefact).unwrap();
            bundle
                .push(
                    Section::Accounts,
                    &Account { name: text.into(), max_connections: 1, zone: Zone::default() },
                )
                .unwrap();
            bundle.finish().unwrap();
        } else {
            artefact.write_all(text.as_bytes()).unwrap();
        }
        assert!(artefact.position() > 0);
        manifest.files.push(artefact.finish().unwrap());
    }
    releases.publish(draft, &manifest, 2).unwrap()
}

fn folder() -> (tempfile::TempDir, Data, Releases) {
    let folder = tempfile::tempdir().unwrap();
    let data = Data::new(folder.path());
    (folder, data.clone(), Releases::new(data))
}

#[test]
fn a_follower_has_the_newest_release_and_pins_what_it_gave() {
    let (_folder, data, releases) = folder();
    let follower = Follower::new(data);
    assert!(!follower.refresh().unwrap());
    assert!(follower.release().is_none());

    write(&releases, "one");
    assert!(follower.refresh().unwrap());
    assert!(!follower.refresh().unwrap());
    let pinned = follower.release().unwrap();
    for text in ["two", "three", "four"] {
        write(&releases, text);
    }
    assert!(follower.refresh().unwrap());
    assert_eq!(follower.release().unwrap().index.accounts()[0].name, "four");
    // Its folder is long gone; the bytes are still there for whoever is sending them.
    assert!(!releases.folder(1).exists());
    assert_eq!(&pinned.live_m3u[..], b"one");
}

#[test]
fn old_releases_are_removed_and_rollback_is_one_rename() {
    let (_folder, _, releases) = folder();
    for text in ["one", "two", "three"] {
        write(&releases, text);
    }
    assert_eq!(releases.list().unwrap(), [2, 3]);
    let lock = releases.lock().unwrap().unwrap();
    assert_eq!(releases.rollback(&lock, None).unwrap(), 2);
    assert_eq!(releases.current(), Some(2));
    assert!(releases.rollback(&lock, None).is_err());
    assert!(releases.rollback(&lock, Some(1)).is_err());
    drop(lock);
    // What comes after a rollback gets a new number.
    assert_eq!(write(&releases, "four"), 4);
    assert_eq!(releases.list().unwrap(), [3, 4]);
}

#[test]
fn only_one_run_at_a_time_and_its_leftovers_are_removed() {
    let (_folder, data, releases) = folder();
    let lock = releases.lock().unwrap().unwrap();
    assert!(releases.lock().unwrap().is_none());
    let draft = releases.draft(&lock).unwrap();
    std::mem::forget(draft); // as a kill would
    std::fs::create_dir(data.releases().join(".gone-000001")).unwrap();
    drop(lock);
    assert!(releases.lock().unwrap().is_some());
    assert_eq!(std::fs::read_dir(data.releases()).unwrap().count(), 0);
}

#[test]
fn a_dropped_draft_leaves_nothing_and_publishes_nothing() {
    let (_folder, data, releases) = folder();
    write(&releases, "one");
    let lock = releases.lock().unwrap().unwrap();
    let draft = releases.draft(&lock).unwrap();
    draft.artefact(BUNDLE).unwrap().write_all(b"half").unwrap();
    drop(draft);
    assert_eq!(std::fs::read_dir(data.releases()).unwrap().count(), 1);
    assert_eq!(releases.current(), Some(1));
}

#[test]
fn damage_is_found_and_does_not_replace_what_is_served() {
    let (_folder, data, releases) = folder();
    let follower = Follower::new(data);
    write(&releases, "one");
    follower.refresh().unwrap();
    let second = write(&releases, "two");
    assert!(releases.verify(second).is_ok());
    File::options().append(true).open(releases.folder(second).join(GUIDE)).unwrap().write_all(b"!").unwrap();
    assert!(matches!(follower.refresh(), Err(OpenError::Damaged { .. })));
    assert!(!follower.refresh().unwrap(), "said once");
    assert_eq!(&follower.release().unwrap().guide[..], b"one");
    assert!(releases.verify(second).is_err());
}

#[test]
fn what_the_disk_refused_once_is_tried_again() {
    let (_folder, data, releases) = folder();
    let follower = Follower::new(data);
    let one = write(&releases, "one");
    let guide = releases.folder(one).join(GUIDE);
    std::fs::rename(&guide, guide.with_extension("away")).unwrap();
    assert!(matches!(follower.refresh(), Err(OpenError::Read { .. })));
    std::fs::rename(guide.with_extension("away"), &guide).unwrap();
    assert!(follower.refresh().unwrap());
}

#[test]
fn a_hash_that_is_none_reaches_no_header() {
    let (_folder, data, releases) = folder();
    let path = releases.folder(write(&releases, "one")).join(MANIFEST);
    let mut manifest = releases.manifest(1).unwrap();
    manifest.files[0].sha256 = "\r\nx: y".into();
    disk::replace(&path, &serde_json::to_vec(&manifest).unwrap(), disk::Access::Everybody).unwrap();
    assert!(matches!(Follower::new(data).refresh(), Err(OpenError::Damaged { .. })));
}

#[test]
fn what_others_put_beside_the_releases_stops_no_run() {
    let (_folder, data, releases) = folder();
    write(&releases, "one");
    File::create(data.releases().join(".DS_Store")).unwrap();
    std::fs::create_dir(data.releases().join(".snapshot")).unwrap();
    assert_eq!(write(&releases, "two"), 2);
    assert!(data.releases().join(".snapshot").exists());
}
