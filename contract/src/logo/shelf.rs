//! The pictures in the data folder, by what they are and by where they were.
//!
//! ```text
//! logos/wanted/NAME     a wish; what is wanted is in it, sealed
//! logos/at/ab/NAME      what was at an address: the hash of a picture, or that there is none
//! logos/by/ab/HASH      the picture, however many addresses it has
//! ```
//!
//! Whatever is garbled or missing counts as not there, and is fetched again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::disk::{self, Data};

/// The most wishes at a time; one more is not taken.
const MOST: usize = 500;
/// A wish that lies for longer says that nobody fulfils wishes at present.
const UNHEARD: Duration = Duration::from_secs(10);
/// That a picture is used is noted this often, which is near enough to know which were not.
const USED: Duration = Duration::from_secs(3600);
/// The longest note, and the longest wish, in bytes.
const NOTE: u64 = 4096;

/// The pictures of a data folder.
#[derive(Clone, Debug)]
pub struct Logos {
    folder: PathBuf,
}

/// Kinds of pictures that apps show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "each is what it is called")]
pub enum Media {
    Png,
    Jpeg,
    Gif,
    Webp,
    Avif,
    Svg,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A picture.
    Picture {
        /// What kind it is.
        media: Media,
        /// BLAKE3 of it, 32 hexadecimal digits.
        hash: String,
        /// The picture itself.
        bytes: Bytes,
        /// Since it was fetched.
        age: Duration,
    },
    /// When it was asked for last, there was none.
    None(Duration),
    /// Nobody has asked yet.
    Nothing,
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is worth waiting for.
    Soon,
    /// Nobody fulfils wishes at present, or there are too many others.
    Later,
}

#[derive(Serialize, Deserialize)]
struct Note {
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<(String, Media)>,
}

impl Media {
    /// What kind of picture `bytes` are, by how they begin: what a server calls them is often wrong.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some(Self::Avif),
            _ => {
                let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
                let begin = begin.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
                let is_xml =
                    begin.starts_with("<svg") || begin.starts_with("<?xml") || begin.starts_with("<!--");
                (is_xml && begin.contains("<svg")).then_some(Self::Svg)
            }
        }
    }

    /// For `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Avif => "image/avif",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl Logos {
    /// Those in `data`.
    pub fn new(data: &Data) -> Self {
        Self { folder: data.logos() }
    }

    /// What is known of what is sealed so. That it was used is noted.
    pub fn find(&self, sealed: &str) -> Found {
        let at = self.at(&name(sealed));
        let Ok(age) = fs::metadata(&at).and_then(|facts| facts.modified()) else { return Found::Nothing };
        let age = age.elapsed().unwrap_or_default();
        let note: Option<Note> = small(&at).and_then(|note| serde_json::from_slice(&note).ok());
        match note.map(|note| note.picture) {
            None => Found::Nothing,
            Some(None) => Found::None(age),
            Some(Some((hash, media))) => self.picture(&hash, media, age).unwrap_or(Found::Nothing),
        }
    }

    fn picture(&self, hash: &str, media: Media, age: Duration) -> Option<Found> {
        if hash.len() != 32 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let path = self.by(hash);
        let bytes = fs::read(&path).ok()?;
        if hash_of(&bytes) != hash {
            return None; // half of one
        }
        let used = fs::metadata(&path).and_then(|facts| facts.modified()).ok()?;
        if used.elapsed().is_ok_and(|used| used > USED) {
            // On a disk that cannot be written, all are old.
            let _ = File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()));
        }
        Some(Found::Picture { media, hash: hash.to_owned(), bytes: bytes.into(), age })
    }

    /// Keeps what is at an address: a picture, or that there is none. Answers how many bytes the folder has grown by.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn keep(&self, sealed: &str, picture: Option<(Media, &[u8])>) -> io::Result<u64> {
        let mut grown = 0;
        let note = match picture {
            None => Note { picture: None },
            Some((media, bytes)) => {
                let hash = hash_of(bytes);
                let path = self.by(&hash);
                if fs::metadata(&path).map_or(true, |there| there.len() != bytes.len() as u64) {
                    disk::put(&path, bytes)?;
                    grown = bytes.len() as u64;
                }
                Note { picture: Some((hash, media)) }
            }
        };
        disk::put(&self.at(&name(sealed)), &serde_json::to_vec(&note)?)?;
        Ok(grown)
    }

    /// Wishes for what is sealed so. To wish again changes nothing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn ask(&self, sealed: &str) -> io::Result<Wish> {
        let folder = self.folder.join("wanted");
        let path = folder.join(name(sealed));
        let wishes = self.wishes()?;
        if wishes.first().is_some_and(|(_, age)| *age > UNHEARD) {
            return Ok(Wish::Later);
        }
        if fs::exists(&path)? {
            return Ok(Wish::Soon);
        }
        if wishes.len() >= MOST {
            return Ok(Wish::Later);
        }
        disk::put(&path, sealed.as_bytes())?;
        Ok(Wish::Soon)
    }

    /// All wishes with their age, oldest first, as [`Logos::wish`] and [`Logos::done`] take them.
    ///
    /// # Errors
    /// The disk refuses. A folder that does not exist holds none.
    pub fn wishes(&self) -> io::Result<Vec<(String, Duration)>> {
        let mut wishes = Vec::new();
        for entry in files(&self.folder.join("wanted"))?.take(2 * MOST) {
            let (path, facts) = entry?;
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.len() == 32)
            else {
                continue;
            };
            let age = facts.modified().ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
            wishes.push((name.to_owned(), age));
        }
        wishes.sort_unstable_by_key(|(_, age)| std::cmp::Reverse(*age));
        Ok(wishes)
    }

    /// What is wished for, sealed.
    pub fn wish(&self, name: &str) -> Option<String> {
        let sealed = String::from_utf8(small(&self.folder.join("wanted").join(name))?).ok()?;
        (self::name(&sealed) == name).then_some(sealed)
    }

    /// Takes a wish away.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn done(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.folder.join("wanted").join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes the pictures that were not used for longest, until all of them have at most `most` bytes, and what is known
    /// of addresses that nobody asked for within `forgotten`. Answers how many bytes are left. Reads no picture.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn prune(&self, most: u64, forgotten: Duration) -> io::Result<u64> {
        for shelf in ["at", "by"] {
            for left in fs::read_dir(self.folder.join(shelf)).into_iter().flatten() {
                for entry in files(&left?.path())? {
                    let (path, facts) = entry?;
                    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
                    let age = facts.modified()?.elapsed().unwrap_or_default();
                    let half = name.starts_with(disk::REPLACING.as_bytes()) && age > USED;
                    if half || (shelf == "at" && age > forgotten) {
                        fs::remove_file(path)?;
                    }
                }
            }
        }
        let mut pictures = Vec::new();
        for shelf in fs::read_dir(self.folder.join("by")).into_iter().flatten() {
            for entry in files(&shelf?.path())? {
                let (path, facts) = entry?;
                pictures.push((facts.modified()?, facts.len(), path));
            }
        }
        let mut bytes = pictures.iter().map(|(_, bytes, _)| bytes).sum();
        pictures.sort_unstable();
        for (_, size, path) in pictures {
            if bytes <= most {
                break;
            }
            fs::remove_file(path)?;
            bytes -= size;
        }
        Ok(bytes)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.join("at").join(&name[..2]).join(name)
    }

    fn by(&self, hash: &str) -> PathBuf {
        self.folder.join("by").join(&hash[..2]).join(hash)
    }
}

/// A name for what may be too long for one.
fn name(sealed: &str) -> String {
    hash_of(sealed.as_bytes())
}

fn hash_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex()[..32].to_owned()
}

fn small(path: &Path) -> Option<Vec<u8>> {
    (fs::metadata(path).ok()?.len() <= NOTE).then(|| fs::read(path).ok())?
}

/// The files of a folder; none if there is no folder. What goes meanwhile is passed over.
fn files(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<(PathBuf, fs::Metadata)>>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => Some(entries),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => None,
        Err(error) => return Err(error),
    };
    Ok(entries.into_iter().flatten().filter_map(|entry| match entry {
        Ok(entry) => Some(Ok((entry.path(), entry.metadata().ok().filter(fs::Metadata::is_file)?))),
        Err(error) => Some(Err(error)),
    }))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n1";

    fn logos(folder: &tempfile::TempDir) -> Logos {
        Logos::new(&Data::new(folder.path()))
    }

    #[test]
    fn a_picture_is_kept_once_however_many_addresses_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);
        assert_eq!(logos.find("one"), Found::Nothing);
        assert_eq!(logos.keep("one", Some((Media::Png, PNG))).unwrap(), PNG.len() as u64);
        assert_eq!(logos.keep("two", Some((Media::Png, PNG))).unwrap(), 0);
        logos.keep("none", None).unwrap();
        assert!(matches!(logos.find("none"), Found::None(_)));
        let Found::Picture { media: Media::Png, hash, bytes, .. } = logos.find("two") else { panic!() };
        assert_eq!(bytes, PNG);
        File::create(logos.by(&hash)).unwrap().write_all(b"half").unwrap();
        assert_eq!(logos.find("one"), Found::Nothing, "what is garbled is not there");
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);
        for number in 0..4 {
            let picture = [PNG, &[number; 91]].concat();
            logos.keep(&number.to_string(), Some((Media::Png, &picture))).unwrap();
            let Found::Picture { hash, .. } = logos.find(&number.to_string()) else { panic!() };
            let long_ago = SystemTime::now() - USED * (10 - u32::from(number));
            File::options().append(true).open(logos.by(&hash)).unwrap().set_modified(long_ago).unwrap();
        }
        logos.find("0"); // it is used now
        assert_eq!(logos.prune(250, Duration::MAX).unwrap(), 200);
        let there = |number: &str| matches!(logos.find(number), Found::Picture { .. });
        assert_eq!(["0", "1", "2", "3"].map(there), [true, false, false, true]);
        assert_eq!(logos.prune(250, Duration::ZERO).unwrap(), 200);
        assert_eq!(logos.find("0"), Found::Nothing, "nobody knows what it is of");
    }

    #[test]
    fn wishes_are_there_once_and_are_not_taken_when_nobody_hears_them() {
        let folder = tempfile::tempdir().unwrap();
        let logos = logos(&folder);
        assert_eq!((logos.ask("a").unwrap(), logos.ask("a").unwrap()), (Wish::Soon, Wish::Soon));
        let (name, _) = &logos.wishes().unwrap()[0];
        assert_eq!(logos.wish(name).as_deref(), Some("a"));
        let file = File::options().append(true).open(folder.path().join("logos/wanted").join(name)).unwrap();
        file.set_modified(SystemTime::now() - 2 * UNHEARD).unwrap();
        assert_eq!(logos.ask("b").unwrap(), Wish::Later);
        logos.done(name).unwrap();
        logos.done(name).unwrap();
        for number in 0..MOST {
            assert_eq!(logos.ask(&number.to_string()).unwrap(), Wish::Soon);
        }
        assert_eq!(logos.ask("more").unwrap(), Wish::Later);
    }

    #[test]
    fn pictures_are_known_by_how_they_begin() {
        for (bytes, media) in [
            (PNG, Some(Media::Png)),
            (b"\xff\xd8\xff\xe0", Some(Media::Jpeg)),
            (b"GIF89a", Some(Media::Gif)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(Media::Webp)),
            (b"\0\0\0\x1cftypavif", Some(Media::Avif)),
            (b"\xef\xbb\xbf<?xml version=\"1.0\"?><svg/>", Some(Media::Svg)),
            (b"<!DOCTYPE html><html><svg/></html>", None),
            (b"{\"error\":1}", None),
            (b"", None),
        ] {
            assert_eq!(Media::of(bytes), media, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
