//! Playlists: the same entries as the lists.

use contract::playlist::BASE;
use contract::release::{FULL_M3U, LIVE_M3U, Release};

use super::Found;
use super::entries::Entries;

pub(super) fn check(release: &Release, entries: &Entries, found: &mut Found) {
    let live = read(&release.live_m3u);
    let full = read(&release.full_m3u);
    compare(LIVE_M3U, "channels", &live.live, &entries.live, found);
    compare(FULL_M3U, "channels", &full.live, &entries.live, found);
    compare(FULL_M3U, "films", &full.movies, &entries.movies, found);
    compare(FULL_M3U, "episodes", &full.episodes, &entries.episodes, found);
    for (name, playlist) in [(LIVE_M3U, &live), (FULL_M3U, &full)] {
        if playlist.odd > 0 {
            found.file(name, format!("{} addresses are none of ours", playlist.odd));
        }
        if playlist.titles != playlist.addresses {
            found.file(name, format!("{} titles for {} addresses", playlist.titles, playlist.addresses));
        }
    }
    if !(live.movies.is_empty() && live.episodes.is_empty()) {
        found.file(LIVE_M3U, "holds films or episodes");
    }
}

/// What a playlist holds: ids by the folder of their address.
#[derive(Default)]
struct Playlist {
    live: Vec<u32>,
    movies: Vec<u32>,
    episodes: Vec<u32>,
    titles: usize,
    addresses: usize,
    odd: usize,
}

fn read(bytes: &[u8]) -> Playlist {
    let mut playlist = Playlist::default();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        if line.starts_with(b"#") {
            playlist.titles += usize::from(line.starts_with(b"#EXTINF:"));
            continue;
        }
        playlist.addresses += 1;
        match std::str::from_utf8(line).ok().and_then(address) {
            Some(("live", id)) => playlist.live.push(id),
            Some(("movie", id)) => playlist.movies.push(id),
            Some(("series", id)) => playlist.episodes.push(id),
            _ => playlist.odd += 1,
        }
    }
    playlist
}

/// The folder and the id of `{base}/live/{username}/{password}/101.{ext}`.
fn address(line: &str) -> Option<(&str, u32)> {
    let (folder, rest) = line.trim_end().strip_prefix(BASE)?.strip_prefix('/')?.split_once('/')?;
    let (_, file) = rest.rsplit_once('/')?;
    Some((folder, file.split('.').next()?.parse().ok()?))
}

fn compare(name: &str, what: &str, playlist: &[u32], list: &[u32], found: &mut Found) {
    if playlist == list {
        return;
    }
    let (mut one, mut other) = (playlist.to_vec(), list.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    if one.len() != other.len() {
        found.file(name, format!("has {} {what}, the bundle {}", one.len(), other.len()));
    } else if one != other {
        found.file(name, format!("has other {what} than the bundle"));
    } else if what != "episodes" {
        found.file(name, format!("has the {what} in another order than the bundle"));
    }
}
