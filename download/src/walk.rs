//! Whether a file is a whole video: a walk over its container, from one length to the next.
//!
//! No frame is decoded and hardly a byte of picture or sound is read, so a film of any size takes milliseconds. What is
//! found out on the way is told: how long it plays, and how large its picture is.
//!
//! The bytes are a stranger's: every length may lie, so a walk only goes forward, and has so many steps and no more.
//!
//! What does *not* belong here: where files are, what is to be done with one that is damaged.

mod ffprobe;
mod flv;
mod matroska;
mod mp4;
mod riff;
mod ts;

use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::time::Duration;

pub use ffprobe::{Probed, ffprobe};
pub use ts::PACKET;

/// From so many first bytes [`Container::of`] can tell.
pub const HEAD: usize = 4 * ts::PACKET + 1;
/// Places of a file that are looked at, at most. A film of four hours in fragments of a second has about 30 000.
const LOOKS: u32 = 1_000_000;

/// What a video is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// ISO/IEC 14496-12, and QuickTime, which it came from.
    Mp4,
    /// RFC 9559; WebM is one.
    Matroska,
    /// ISO/IEC 13818-1.
    Ts,
    /// RIFF with `AVI `.
    Avi,
    /// Flash Video.
    Flv,
}

/// What a walk over a whole file has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    /// What it is packed in.
    pub container: Container,
    /// How long it plays, if it says so.
    pub duration: Option<Duration>,
    /// Width and height of its picture, in pixels, if it says so.
    pub picture: Option<(u32, u32)>,
    /// Its last bytes belong to nothing that is whole. Players do not mind; but whoever does not know from elsewhere that
    /// all bytes are here must take it for cut.
    pub ragged: bool,
}

/// How long a file plays, and how large its picture is, as far as it says so.
type Told = (Option<Duration>, Option<(u32, u32)>);

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    /// It could not be read.
    #[error("the file cannot be read: {0}")]
    Unread(ErrorKind),
    /// It begins like nothing that is known.
    #[error("it is no video that is known")]
    Unknown,
    /// Something reaches behind the end.
    #[error("what begins at byte {at} needs {missing} bytes more than there are")]
    Cut {
        /// Where it begins.
        at: u64,
        /// How much of it is not there.
        missing: u64,
    },
    /// At this byte there should be something else.
    #[error("at byte {0} begins nothing that belongs there")]
    Broken(u64),
    /// Players need it.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// It is in too many pieces.
    #[error("it is in too many pieces")]
    Tangled,
}

impl Container {
    /// What begins with these bytes, of which there should be [`HEAD`] if the file has as many.
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            _ if mp4::begins(head) => Some(Self::Mp4),
            [0x1A, 0x45, 0xDF, 0xA3, ..] => Some(Self::Matroska),
            _ if ts::begins(head) => Some(Self::Ts),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some(Self::Avi),
            [b'F', b'L', b'V', 1, ..] => Some(Self::Flv),
            _ => None,
        }
    }

    /// The extension that files of this kind have.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Matroska => "mkv",
            Self::Ts => "ts",
            Self::Avi => "avi",
            Self::Flv => "flv",
        }
    }
}

/// Walks over a file.
///
/// # Errors
/// What is wrong with it.
pub fn walk(file: &mut (impl Read + Seek)) -> Result<Walked, Defect> {
    let mut look = Look::new(file)?;
    let mut head = [0; HEAD];
    let read = look.read(0, &mut head)?;
    match Container::of(&head[..read]).ok_or(Defect::Unknown)? {
        Container::Mp4 => mp4::walk(&mut look),
        Container::Matroska => matroska::walk(&mut look),
        Container::Ts => ts::walk(&mut look),
        Container::Avi => riff::walk(&mut look),
        Container::Flv => flv::walk(&mut look),
    }
}

/// A file that is looked at here and there, and so often at most.
struct Look<'a, F> {
    file: &'a mut F,
    size: u64,
    left: u32,
}

impl<'a, F: Read + Seek> Look<'a, F> {
    fn new(file: &'a mut F) -> Result<Self, Defect> {
        let size = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, size, left: LOOKS })
    }

    /// Fills `bytes` with what stands from `at` on; with less where the file ends. How much that is.
    fn read(&mut self, at: u64, bytes: &mut [u8]) -> Result<usize, Defect> {
        self.left = self.left.checked_sub(1).ok_or(Defect::Tangled)?;
        self.file.seek(SeekFrom::Start(at))?;
        let mut read = 0;
        while read < bytes.len() {
            match self.file.read(&mut bytes[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(read)
    }

    /// The `N` bytes that stand at `at`.
    fn exactly<const N: usize>(&mut self, at: u64) -> Result<[u8; N], Defect> {
        let mut bytes = [0; N];
        match self.read(at, &mut bytes)? {
            read if read == N => Ok(bytes),
            read => Err(Defect::Cut { at, missing: (N - read) as u64 }),
        }
    }
}

impl From<io::Error> for Defect {
    fn from(error: io::Error) -> Self {
        Self::Unread(error.kind())
    }
}

/// What a file says of itself. Where that is damaged but stands in its place, the file is whole all the same.
fn told(told: Result<Told, Defect>) -> Result<Told, Defect> {
    match told {
        Err(why @ (Defect::Unread(_) | Defect::Tangled)) => Err(why),
        told => Ok(told.unwrap_or_default()),
    }
}

/// A number of seconds, of which a file may say anything.
fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().filter(|time| !time.is_zero())
}
