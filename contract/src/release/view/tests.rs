use std::io::Write;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::bundle::{Kind, Writer};
use crate::disk::Data;
use crate::release::{ARTEFACTS, BUNDLE, FULL_M3U, GUIDE, Manifest, Releases};

/// Groups 1 to 3 of channels, 4 and 5 of films, 6 of series.
const GROUPS: [(Section, u32, &str); 6] = [
    (Section::LiveCategories, 1, "UK"),
    (Section::LiveCategories, 2, "News"),
    (Section::LiveCategories, 3, "UK \"Kids\""),
    (Section::VodCategories, 4, "Films"),
    (Section::VodCategories, 5, "Late"),
    (Section::SeriesCategories, 6, "Drama"),
];

fn entry(key: &str, id: u32, groups: &[u32]) -> Value {
    json!({key: id, "name": format!("N{id}"), "category_id": groups[0].to_string(), "epg_channel_id": format!("g{}", id % 10),
           "category_ids": groups, "last": "\"category_ids\":[9]"})
}

/// A release of such channels, films of 4 and one of both, and a series with an episode.
fn release(channels: &[(u32, Vec<u32>)]) -> (tempfile::TempDir, Arc<Release>) {
    let mut bundle = Writer::new(Vec::new()).unwrap();
    let mut full = String::from("#EXTM3U url-tvg=\"{base}\"\n");
    let mut guide = String::from("<tv>\n");
    let mut ranges: Vec<GuideRange> = Vec::new();
    let group = |id: u32| GROUPS.iter().find(|group| group.1 == id).unwrap().2;
    let listed = |full: &mut String, path: &str, id: u32, groups: &[u32]| {
        let group = literal(group(groups[0]));
        *full +=
            &format!("#EXTINF:-1 tvg-name=\"N\" group-title=\"{group}\",N{id}\n#X\n{{base}}/{path}/{id}.x\n");
    };
    let categories = |section, bundle: &mut Writer<Vec<u8>>| {
        for (_, id, name) in GROUPS.iter().filter(|group| group.0 == section) {
            bundle.push(section, &json!({"category_id": id.to_string(), "category_name": name})).unwrap();
        }
    };
    categories(Section::LiveCategories, &mut bundle);
    for (id, groups) in channels {
        bundle.push(Section::LiveStreams, &entry("stream_id", *id, groups)).unwrap();
        listed(&mut full, "live/u/p", *id, groups);
        if ranges.iter().all(|range| range.id != format!("g{}", id % 10)) {
            let start = guide.len() as u64;
            guide += &format!("<channel id=\"g{}\"/>\n", id % 10);
            let channel = (start, guide.len() as u64);
            ranges.push(GuideRange { id: format!("g{}", id % 10), channel, programmes: (0, 0) });
        }
    }
    for range in &mut ranges {
        let start = guide.len() as u64;
        guide += &format!("<programme channel=\"{}\"/>\n", range.id);
        range.programmes = (start, guide.len() as u64);
    }
    categories(Section::VodCategories, &mut bundle);
    for (id, groups) in [(901, vec![4]), (902, vec![5, 4]), (903, vec![5])] {
        bundle.push(Section::VodStreams, &entry("stream_id", id, &groups)).unwrap();
        listed(&mut full, "movie/u/p", id, &groups);
    }
    categories(Section::SeriesCategories, &mut bundle);
    bundle.push(Section::Series, &entry("series_id", 7, &[6])).unwrap();
    listed(&mut full, "series/u/p", 950, &[6]);
    ranges.iter().for_each(|range| bundle.push(Section::Guide, range).unwrap());
    let playable =
        Playable { id: 950, kind: Kind::Episode, container: "x".into(), series: 7, upstreams: Vec::new() };
    bundle.push(Section::Playables, &playable).unwrap();
    guide += "</tv>\n";

    let folder = tempfile::tempdir().unwrap();
    let releases = Releases::new(Data::new(folder.path()));
    let lock = releases.lock().unwrap().unwrap();
    let draft = releases.draft(&lock).unwrap();
    let bundle = bundle.finish().unwrap();
    let files = ARTEFACTS.into_iter().map(|name| {
        let mut artefact = draft.artefact(name).unwrap();
        let content = match name {
            BUNDLE => &bundle[..],
            FULL_M3U => full.as_bytes(),
            GUIDE => guide.as_bytes(),
            _ => b"x",
        };
        artefact.write_all(content).unwrap();
        artefact.finish().unwrap()
    });
    let manifest = Manifest { files: files.collect(), ..Manifest::default() };
    let number = releases.publish(draft, &manifest, 1).unwrap();
    let release = Release::open(&releases.folder(number)).unwrap();
    (folder, Arc::new(release))
}

fn usual() -> (tempfile::TempDir, Arc<Release>) {
    release(&[(11, vec![1]), (12, vec![2, 1]), (13, vec![2]), (14, vec![3]), (15, vec![1, 3])])
}

fn view(release: &Arc<Release>, sight: &str) -> View {
    View::of(release.clone(), &serde_json::from_str(sight).unwrap())
}

fn text(pieces: Vec<Bytes>) -> String {
    String::from_utf8(pieces.concat()).unwrap()
}

fn parsed(pieces: Vec<Bytes>) -> Value {
    serde_json::from_str(&text(pieces)).unwrap()
}

#[test]
fn the_whole_is_the_files_as_they_lie() {
    let (_folder, release) = usual();
    let view = view(&release, "{}");
    assert!(view.is_whole() && view.mark().is_empty());
    assert_eq!(view.playlist(&release.full_m3u)[0].as_ptr(), release.full_m3u.as_ptr());
    assert_eq!(view.list(Section::LiveStreams), release.index.list(&release.bundle, Section::LiveStreams));
    assert_eq!((view.ids(List::Live).len(), view.guides().len()), (5, 5));
}

#[test]
fn a_part_has_its_groups_and_names_no_other() {
    let (_folder, release) = usual();
    let view = view(&release, r#"{"groups":["uk","Films"]}"#);
    let names = |section| -> Vec<String> {
        let list = parsed(view.list(section));
        list.as_array().unwrap().iter().map(|it| it["category_name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        (names(Section::LiveCategories), names(Section::VodCategories)),
        (vec!["UK".into()], vec!["Films".into()])
    );
    assert!(names(Section::SeriesCategories).is_empty());
    let live = parsed(view.list(Section::LiveStreams));
    let expected: Vec<Value> = [11, 12, 15].iter().map(|id| entry("stream_id", *id, &[1])).collect();
    assert_eq!(live, json!(expected));
    assert_eq!(parsed(view.category(Section::LiveStreams, 1)), live);
    for hidden in [2, 3, 99] {
        assert_eq!(parsed(view.category(Section::LiveStreams, hidden)), json!([]), "{hidden}");
    }
    assert_eq!(view.ids(List::Live), [11, 12, 15]);
    assert_eq!(parsed(view.list(Section::VodStreams))[1], entry("stream_id", 902, &[4]));
    assert_eq!(parsed(vec![view.find(Section::LiveStreams, 12).unwrap()])["category_id"], "1");
    assert!(view.find(Section::LiveStreams, 13).is_none() && view.find(Section::Series, 7).is_none());
    assert!(
        view.find(Section::LiveCategories, 1).is_some() && view.find(Section::LiveCategories, 2).is_none()
    );
}

/// The playlist names one group of each channel, and the guide none.
#[test]
fn a_part_has_another_mark_when_only_the_bundle_is_another() {
    let (_folder, before) = usual();
    let (_other, after) =
        release(&[(11, vec![1]), (12, vec![2]), (13, vec![2]), (14, vec![3]), (15, vec![1, 3])]);
    assert_eq!((&before.guide, &before.full_m3u), (&after.guide, &after.full_m3u));
    let [before, after] = [before, after].map(|release| view(&release, r#"{"groups":["UK"]}"#));
    assert_ne!(before.mark(), after.mark());
    assert_ne!(
        text(before.playlist(&before.release().full_m3u)),
        text(after.playlist(&after.release().full_m3u))
    );
}

#[test]
fn guide_and_playlist_of_a_part_have_the_same_entries() {
    let (_folder, release) = usual();
    let view = view(&release, r#"{"groups":["UK","Late","Drama"]}"#);
    let places = ["g1", "g2", "g5"].map(|id| GuidePlace::of(release.index.guide(id).unwrap()));
    for _ in 0..2 {
        assert_eq!(view.guides(), places);
    }
    let playlist = text(view.playlist(&release.full_m3u));
    assert!(playlist.starts_with("#EXTM3U url-tvg=\"{base}\"\n"));
    let names =
        |line: &str| line.rsplit_once(',').map(|(head, name)| (head.contains("\"UK\""), name.to_owned()));
    let entries: Vec<_> =
        playlist.lines().filter(|line| line.starts_with("#EXTINF")).filter_map(names).collect();
    let expected =
        [(true, "N11"), (true, "N12"), (true, "N15"), (false, "N902"), (false, "N903"), (false, "N950")];
    assert_eq!(entries, expected.map(|(uk, name)| (uk, name.to_owned())));
    assert!(view.playlist(&release.full_m3u).iter().all(|piece| piece.ends_with(b".x\n")));

    let nothing = View::of(release.clone(), &serde_json::from_str(r#"{"lists":[]}"#).unwrap());
    assert!(nothing.guides().is_empty());
    assert_eq!(text(nothing.playlist(&release.full_m3u)), "#EXTM3U url-tvg=\"{base}\"\n");
}

#[test]
fn what_may_be_played_is_what_is_listed() {
    let (_folder, release) = usual();
    let playable =
        |id, kind, series| Playable { id, kind, container: "x".into(), series, upstreams: Vec::new() };
    let all = [
        (playable(12, Kind::Live, 0), true),
        (playable(13, Kind::Live, 0), false),
        (playable(901, Kind::Movie, 0), false),
        (playable(902, Kind::Movie, 0), true),
        (playable(950, Kind::Episode, 7), true),
        // As an older program wrote it, and what a rule hides from every list.
        (playable(950, Kind::Episode, 0), false),
        (playable(77, Kind::Live, 0), false),
    ];
    let sight: Sight = serde_json::from_str(r#"{"groups":["UK","Late","Drama"]}"#).unwrap();
    for (playable, expected) in all {
        assert_eq!(sight.plays(&release, &playable), expected, "{playable:?}");
        assert!(Sight::default().plays(&release, &playable));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_the_groups_a_part_is_the_whole_without_the_rest(
        groups in prop::collection::vec(prop::sample::subsequence(vec![1u32, 2, 3], 1..=3), 0..12),
        shown in prop::sample::subsequence(vec![1u32, 2, 3], 0..=3),
    ) {
        let channels: Vec<(u32, Vec<u32>)> = (20..).zip(groups).collect();
        let (_folder, release) = release(&channels);
        let names: Vec<&str> = shown.iter().map(|id| GROUPS[*id as usize - 1].2).collect();
        let sight: Sight = serde_json::from_value(json!({ "groups": names })).unwrap();
        let view = View::of(release.clone(), &sight);
        let left = channels.iter().filter_map(|(id, groups)| {
            let left: Vec<u32> = groups.iter().copied().filter(|id| shown.contains(id)).collect();
            (!left.is_empty()).then(|| entry("stream_id", *id, &left))
        });
        let left: Vec<Value> = left.collect();
        let playable = |id| Playable { id, kind: Kind::Live, container: "x".into(), series: 0, upstreams: Vec::new() };
        let plays = channels.iter().filter(|(id, _)| sight.plays(&release, &playable(*id))).count();
        prop_assert_eq!(plays, left.len());
        let playlist = text(view.playlist(&release.full_m3u));
        prop_assert_eq!(playlist.matches("/live/").count(), left.len());
        prop_assert_eq!(parsed(view.list(Section::LiveStreams)), json!(left));
        for id in 1..=3 {
            let of: Vec<&Value> = left.iter().filter(|it| it["category_ids"].as_array().unwrap().contains(&json!(id))).collect();
            prop_assert_eq!(parsed(view.category(Section::LiveStreams, id)), json!(of));
        }
    }
}
