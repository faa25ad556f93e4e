use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Digits, Kind, Protocol, Upstream, Writer};
use super::*;

fn live(id: u32, categories: &[u32]) -> Value {
    json!({"num": id, "name": format!("C{id} \"q\" ]}},{{"), "stream_id": id,
           "category_id": Digits(categories[0].into()), "category_ids": categories})
}

fn write(entries: &[(Section, Value)]) -> Bytes {
    let mut writer = Writer::new(Vec::new()).unwrap();
    for (section, entry) in entries {
        writer.push(*section, entry).unwrap();
    }
    writer.finish().unwrap().into()
}

fn parsed(pieces: Vec<Bytes>) -> Value {
    serde_json::from_slice(&pieces.concat()).unwrap()
}

#[test]
fn lists_categories_and_entries_are_ranges_of_the_file() {
    let upstream = Upstream {
        account: "a".into(),
        path: "/live/1".into(),
        protocol: Protocol::Ts,
        headers: Default::default(),
        archive: 0,
        past: None,
    };
    let playable =
        Playable { id: 5, kind: Kind::Live, container: "ts".into(), series: 0, upstreams: vec![upstream] };
    let streams = [live(5, &[1]), live(3, &[1, 2]), live(9, &[2]), live(4, &[1])];
    let mut entries = vec![
        (Section::LiveCategories, json!({"category_id": "1", "category_name": "One", "parent_id": 0})),
        (Section::LiveCategories, json!({"category_id": "2", "category_name": "Two", "parent_id": 0})),
    ];
    entries.extend(streams.iter().map(|stream| (Section::LiveStreams, stream.clone())));
    entries.push((Section::Guide, json!({"id": "x", "channel": [1, 2], "programmes": [3, 4]})));
    entries.push((Section::Playables, serde_json::to_value(&playable).unwrap()));
    let bundle = write(&entries);
    let index = Index::read(&bundle).unwrap();

    assert_eq!(parsed(index.list(&bundle, Section::LiveStreams)), json!(streams));
    assert_eq!(parsed(index.list(&bundle, Section::VodStreams)), json!([]));
    let category = |id| parsed(index.category(&bundle, Section::LiveStreams, id));
    assert_eq!(category(1), json!([streams[0], streams[1], streams[3]]));
    assert_eq!(category(2), json!([streams[1], streams[2]]));
    assert_eq!(category(7), json!([]));
    // A run of neighbours is one piece: "[", run, ",", run, "]".
    assert_eq!(index.category(&bundle, Section::LiveStreams, 1).len(), 5);
    let found = index.find(&bundle, Section::LiveStreams, 9).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&found).unwrap(), streams[2]);
    assert!(index.find(&bundle, Section::LiveStreams, 1).is_none());
    assert!(index.find(&bundle, Section::LiveCategories, 2).is_some());
    assert_eq!(index.playable(&bundle, 5).unwrap(), playable);
    assert_eq!(index.guide("x").unwrap().programmes, (3, 4));
}

#[test]
fn what_is_no_bundle_is_refused_and_what_is_newer_too() {
    for text in [
        "",
        "[]",
        "{}",
        r#"{"version":1,"live_streams":[{}]}"#,
        r#"{"version":1,"live_streams":[{"category_id":"1"}]}"#,
        r#"{"version":1,"live_streams":{}}"#,
    ] {
        let read = Index::read(&Bytes::from_static(text.as_bytes()));
        assert!(matches!(read, Err(IndexError::Shape(_))), "{text}");
    }
    let newer = Bytes::from_static(br#"{"version":2,"live_streams":{"other":"shape"}}"#);
    assert!(matches!(Index::read(&newer), Err(IndexError::Newer(2))));
    let unknown = Bytes::from_static(br#"{"version":1,"later":[1]}"#);
    assert!(Index::read(&unknown).is_ok());
}

proptest! {
    #[test]
    fn filtered_lists_together_are_the_whole(
        categories in prop::collection::vec(prop::collection::vec(1u32..5, 1..3), 0..40),
    ) {
        let streams: Vec<Value> = categories.iter().zip(1..).map(|(categories, id)| live(id, categories)).collect();
        let entries: Vec<_> = streams.iter().map(|stream| (Section::LiveStreams, stream.clone())).collect();
        let bundle = write(&entries);
        let index = Index::read(&bundle).unwrap();
        for category in 1..5u32 {
            let expected: Vec<&Value> = streams
                .iter()
                .filter(|stream| stream["category_ids"].as_array().unwrap().contains(&json!(category)))
                .collect();
            prop_assert_eq!(parsed(index.category(&bundle, Section::LiveStreams, category)), json!(expected));
        }
    }

    #[test]
    fn arbitrary_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Index::read(&Bytes::from(bytes));
    }
}
