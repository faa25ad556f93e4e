//! The pen: who holds it may ask the source and writes into its books. There is one, whatever processes ask at the same
//! time.
//!
//! ```text
//! requests.next   locked by who gets the pen next, while he waits for it: nobody comes before him twice
//! requests.json   the books; locked by who has the pen, as long as a request of his runs
//! ```
//!
//! A lock goes with the process that has it, so one that is killed leaves the pen lying there. Who is alone takes it and
//! lays it down again in some microseconds: nothing is waited for, and nothing is forced onto the disk. What a failure
//! of the power forgets is the last seconds of an hour; a process that is killed forgets nothing.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The most of the books that is read, in bytes. A thousand requests in a second are a hundredth of it.
const LARGEST: u64 = 1 << 21;

/// The pen of one source, as one process knows it.
#[derive(Debug)]
pub(super) struct Pen {
    books: PathBuf,
    next: PathBuf,
    holding: bool,
    /// Locked while the pen is held; `None` if it cannot be opened.
    file: Option<File>,
    /// Locked while the pen is waited for.
    place: Option<File>,
    /// What the books said when they were last read or written here.
    known: Vec<u8>,
    complained: bool,
}

/// What becomes of reaching for the pen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// It is held.
    Held,
    /// The same, and somebody else has written meanwhile: this.
    News(Vec<u8>),
    /// Somebody else has it, or waits for it.
    Elsewhere,
}

impl Pen {
    /// The pen of the source whose state is in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            books: folder.join("requests.json"),
            next: folder.join("requests.next"),
            holding: false,
            file: None,
            place: None,
            known: Vec::new(),
            complained: false,
        }
    }

    /// Reaches for the pen, in order to make one more request. Waits for nothing.
    ///
    /// A disk that refuses is no reason not to ask: the ledger is then this process's alone.
    pub(super) fn reach(&mut self) -> Reached {
        if self.holding {
            // Others would wait for ever if there were always one more.
            let wanted = self.file.is_some() && matches!(locked(&self.next), Ok(None));
            return if wanted { Reached::Elsewhere } else { Reached::Held };
        }
        if self.place.is_none() {
            match locked(&self.next) {
                Ok(None) => return Reached::Elsewhere,
                Ok(place) => self.place = place,
                Err(error) => self.complain(&error),
            }
        }
        match locked(&self.books) {
            Ok(None) => return Reached::Elsewhere,
            Ok(file) => self.file = file,
            Err(error) => self.complain(&error),
        }
        self.holding = true;
        self.place = None;
        self.news().map_or(Reached::Held, Reached::News)
    }

    /// Lays the pen down: no request runs. Who will want it again `soon` is the next if nobody else is.
    pub(super) fn lay_down(&mut self, soon: bool) {
        if soon && self.file.is_some() {
            self.place = locked(&self.next).ok().flatten();
        }
        (self.holding, self.file) = (false, None);
    }

    /// The pen is not wanted any more.
    pub(super) fn give_way(&mut self) {
        self.place = None;
    }

    /// Writes the books, which takes the pen.
    pub(super) fn write(&mut self, books: Vec<u8>) {
        let Some(file) = &self.file else { return };
        // In place, since it is the file that is locked: who replaced it would lock another one than those who wait. What
        // is left of a longer one, because we are killed in between, is read over.
        let written = file.write_all_at(&books, 0).and_then(|()| file.set_len(books.len() as u64));
        match written {
            Ok(()) => self.known = books,
            Err(error) => self.complain(&error),
        }
    }

    /// What somebody else has written.
    fn news(&mut self) -> Option<Vec<u8>> {
        let mut books = Vec::new();
        self.file.as_ref()?.take(LARGEST).read_to_end(&mut books).ok()?;
        if books == self.known {
            return None;
        }
        self.known.clone_from(&books);
        Some(books)
    }

    fn complain(&mut self, error: &io::Error) {
        if !self.complained {
            let error = crate::disk::words(error);
            tracing::warn!(folder = ?self.books.parent(), error, "the count of requests cannot be kept");
        }
        self.complained = true;
    }
}

/// The file at `path`, locked; `None` if somebody else has locked it. One that cannot be written can still be locked. On a
/// disk that knows no locks (some of the network) there is nobody else: an hour goes on in the next process all the same.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let open = || File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            open()
        }
        opened => opened,
    };
    let file = file.or_else(|error| File::open(path).map_err(|_| error))?;
    match file.try_lock() {
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
    }
}
