//! Playlists: from bytes to a harvest that is read back.

use std::collections::HashSet;
use std::io::BufReader;

use contract::disk::Data;
use contract::source::{Origin, Source};

use super::{PASSWORD, picture};
use crate::harvest::{Address, Channel, Episode, Harvest, Item, List, Movie, Series, Writer};
use crate::source::m3u;
use crate::tidy;

/// A playlist.
///
/// # Panics
/// An entry is nothing that may be published, or another way to cut the bytes gives another harvest.
pub fn playlist(bytes: &[u8]) {
    let url = format!("http://h/get.php?username=someone&password={PASSWORD}");
    let source: Source =
        toml::from_str(&format!("name='a'\nkind='m3u'\nurl='{url}'")).expect("it is a source");
    let whole = harvest(bytes, 1 << 16, &source);
    let pieces = harvest(bytes, 3, &source);
    let (harvest, pieces) = match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => (whole, pieces),
        // What is packed twice can be broken in both layers: which of them is met first depends on reading ahead.
        (Err(_), Err(_)) => return,
        (whole, pieces) => panic!("read whole: {whole:?}; in pieces: {pieces:?}"),
    };
    assert_eq!(harvest.head.hash, pieces.head.hash, "it depends on how it is cut");
    let categories = |list: List| harvest.head.categories.get(&list).map_or(0, Vec::len);
    for category in harvest.head.categories.values().flatten() {
        published(&category.name);
    }
    for (item, list) in
        [(Item::Channel, List::Live), (Item::Movie, List::Movies), (Item::Series, List::Series)]
    {
        let mut ids = HashSet::new();
        for entry in harvest.entries(item) {
            assert!(!harvest.id(entry).is_empty() && ids.insert(harvest.id(entry)), "ids are apart");
            assert!(harvest.places(entry).iter().all(|place| (*place as usize) < categories(list)));
        }
    }
    for entry in harvest.entries(Item::Channel) {
        let channel: Channel = harvest.whole(entry).expect("it was written");
        [&channel.name, &channel.guide, &channel.guide_name, &channel.country]
            .into_iter()
            .for_each(|text| published(text));
        assert!(channel.num.is_none_or(|number| (1..=i32::MAX as u32).contains(&number)));
        assert!(channel.shift.abs() <= 48 * 3600 && channel.archive <= 10_000, "{channel:?}");
        picture(&channel.icon, &source);
        address(&channel.address);
    }
    for entry in harvest.entries(Item::Movie) {
        let movie: Movie = harvest.whole(entry).expect("it was written");
        [&movie.name, &movie.title].into_iter().for_each(|text| published(text));
        assert!(matches!(movie.year.len(), 0 | 4) && movie.tmdb.bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(tidy::container(&movie.container), movie.container);
        picture(&movie.icon, &source);
        address(&movie.address);
    }
    for entry in harvest.entries(Item::Series) {
        let series: Series = harvest.whole(entry).expect("it was written");
        [&series.name, &series.title].into_iter().for_each(|text| published(text));
        picture(&series.cover, &source);
    }
    for entry in harvest.entries(Item::Episode) {
        let episode: Episode = harvest.whole(entry).expect("it was written");
        published(&episode.title);
        let of = harvest.entries(Item::Series).iter().any(|series| harvest.id(series) == episode.series);
        assert!(of, "an episode of no series");
        assert_eq!(tidy::container(&episode.container), episode.container);
        address(&episode.address);
    }
}

fn harvest(bytes: &[u8], piece: usize, source: &Source) -> Result<Harvest, String> {
    let Origin::M3u(list) = &source.origin else { unreachable!("it is a playlist") };
    let folder = tempfile::tempdir().expect("there is a disk");
    let data = Data::new(folder.path());
    let mut writer = Writer::new(&data, &source.name).expect("the disk has room");
    let open = || Ok(BufReader::with_capacity(piece, bytes));
    let read = m3u::harvest(open, (source, &list.from), &mut writer)?;
    assert!(read.notes.iter().all(|note| !note.contains(PASSWORD)), "{:?}", read.notes);
    let mut harvest = writer.finish(0, vec![0]).expect("the disk has room");
    harvest.hold().expect("it was written");
    Ok(harvest)
}

/// Text that is published: tidy, and without what the playlist was asked for with.
fn published(text: &str) {
    assert_eq!(tidy::words(text), text, "blanks or control characters");
    assert!(!text.contains(PASSWORD), "{text}");
}

/// What is dialled: nothing in it may begin a line, or a header, of its own.
fn address(address: &Address) {
    assert!(!address.url.contains(['\r', '\n', '\0']), "{address:?}");
    for (name, value) in &address.headers {
        assert!(reqwest::header::HeaderName::from_bytes(name.as_bytes()).is_ok(), "{name:?}");
        assert!(!value.is_empty() && !value.contains(char::is_control), "{name}: {value:?}");
    }
}
