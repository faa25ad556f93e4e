use super::*;
use crate::disk::{Access, replace};

fn id(ledger: &mut Ledger, space: Space, key: &str) -> Option<u32> {
    ledger.id(space, key).unwrap()
}

#[test]
fn ids_survive_a_restart_and_are_never_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(id(&mut ledger, Space::Stream, "a/live/9"), Some(1));
    assert_eq!(id(&mut ledger, Space::Stream, "a/movie/9"), Some(2));
    assert_eq!(id(&mut ledger, Space::Series, "a/9"), Some(1));
    ledger.save().unwrap();

    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(id(&mut ledger, Space::Stream, "a/movie/9"), Some(2));
    assert_eq!(id(&mut ledger, Space::Stream, "b/live/\"\n9"), Some(3));
    assert_eq!(id(&mut ledger, Space::Category, "live/uk"), Some(1));
    ledger.save().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
    let ledger = Ledger::load(&path).unwrap();
    assert_eq!(ledger.known(Space::Stream, "b/live/\"\n9"), Some(3));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_thing_keeps_its_number_under_another_key_and_channels_join() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(id(&mut ledger, Space::Stream, "a/live/9"), Some(1));
    assert_eq!(ledger.begin_epoch("a/live").unwrap(), 1);
    ledger.inherit(Space::Stream, "a/live~1/77", 1).unwrap();
    ledger.inherit(Space::Stream, "a/live~1/78", 5).unwrap(); // was never given
    ledger.join("b/live/3", 1).unwrap();
    ledger.join("b/live/3", 1).unwrap();
    ledger.save().unwrap();
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!((ledger.epoch("a/live"), ledger.epoch("b/live")), (1, 0));
    assert_eq!((ledger.joined("b/live/3"), ledger.joined("b/live/4")), (Some(1), None));
    assert_eq!(id(&mut ledger, Space::Stream, "a/live~1/77"), Some(1));
    assert_eq!(id(&mut ledger, Space::Stream, "a/live~1/78"), Some(2));
}

#[test]
fn a_ledger_of_the_first_layout_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    let text =
        r#"{"version":1,"streams":[["a/live/1",1],["a/live/2",7]],"series":[["a/1",1]],"categories":[]}"#;
    replace(&path, text.as_bytes(), Access::Everybody).unwrap();
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(ledger.known(Space::Stream, "a/live/2"), Some(7));
    assert_eq!(id(&mut ledger, Space::Stream, "a/live/3"), Some(8));
    ledger.save().unwrap();
    let ledger = Ledger::load(&path).unwrap();
    let known = |key| ledger.known(Space::Stream, key);
    assert_eq!((known("a/live/1"), known("a/live/2"), known("a/live/3")), (Some(1), Some(7), Some(8)));
    assert_eq!(ledger.known(Space::Series, "a/1"), Some(1));
}

#[test]
fn a_key_of_any_length_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    let long = |end: &str| format!("live/{}{end}", "\u{e9}\u{1}".repeat(60_000));
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(id(&mut ledger, Space::Category, &long("a")), Some(1));
    assert_eq!(id(&mut ledger, Space::Category, &long("b")), Some(2));
    ledger.save().unwrap();
    let ledger = Ledger::load(&path).unwrap();
    let known = |key: &str| ledger.known(Space::Category, key);
    assert_eq!((known(&long("a")), known(&long("b")), known(&long("c"))), (Some(1), Some(2), None));
}

#[test]
fn an_empty_ledger_is_a_file_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    Ledger::load(&path).unwrap().save().unwrap();
    let mut ledger = Ledger::load(&path).unwrap();
    assert_eq!(id(&mut ledger, Space::Stream, "a"), Some(1));
    ledger.save().unwrap();
    assert_eq!(Ledger::load(&path).unwrap().known(Space::Stream, "a"), Some(1));
}

#[test]
fn a_damaged_ledger_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.json");
    let lines = |lines: &str| format!("{{\"version\":2,\"ids\":[\n{lines}\n]}}\n");
    for damaged in [
        "",
        "{}",
        "{\"version\":3,\"ids\":[\n",
        "{\"version\":2,\"ids\":[\n[\"stream\",\"a\",1],\n",
        r#"{"version":1,"streams":[["a",1],["b",1]],"series":[],"categories":[]}"#,
        r#"{"version":1,"streams":[["a",1],["a",2]],"series":[],"categories":[]}"#,
        r#"{"version":1,"streams":[["a",0]],"series":[],"categories":[]}"#,
        r#"{"version":1,"streams":[["a",4294967295]],"series":[],"categories":[]}"#,
        &lines("[\"stream\",\"a\",1],\n[\"stream\",\"b\",1]"),
        &lines("[\"stream\",\"a\",1],\n[\"stream\",\"a\",2]"),
        &lines("[\"stream-again\",\"a\",1]"),
        &lines("[\"joined\",\"a\",1]"),
        &lines("[\"nonsense\",\"a\",1]"),
        &lines("[\"stream\",\"a\",0]"),
    ] {
        replace(&path, damaged.as_bytes(), Access::Everybody).unwrap();
        assert!(Ledger::load(&path).is_err(), "{damaged}");
    }
}
