//! The folder of an export in the making.

use std::fs::{self, File, Permissions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use contract::disk::{Access, replace};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// Below this a file fits one packet as it is.
const SMALL: u64 = 1400;
/// Of zstd: of those levels that are worth it, about the slowest.
const ZSTD: i32 = 9;
/// Exports that are kept: the current one, and the one before for those who are still reading it.
const KEPT: usize = 2;

/// What the names of exports begin with that are none yet.
const DRAFT: &str = ".draft-";

/// An export in the making, beside the one before. Dropped, it leaves nothing. Whoever has it is the only one who exports
/// there.
pub(super) struct Site {
    folder: PathBuf,
    _turn: File,
    draft: TempDir,
    before: Option<PathBuf>,
    name: String,
}

/// What became of files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them, without their compressed forms.
    pub files: u64,
    /// Those that are not as they were in the export before.
    pub written: u64,
}

impl Counts {
    pub(super) fn add(&mut self, is_new: bool) {
        self.files += 1;
        self.written += u64::from(is_new);
    }
}

/// In which forms a file is there.
#[derive(Clone, Copy)]
pub(super) enum Forms<'a> {
    /// As it is.
    Plain,
    /// As it is, and compressed (`.gz`, `.zst`) if it is long enough.
    Packed,
    /// As it is and compressed however long it is, with gzip to this if that is known.
    Packing(Option<&'a Bytes>),
}

impl Site {
    /// Begins an export of the release of this name to `folder`, which is made if it is missing.
    pub(super) fn begin(folder: &Path, release: &str) -> io::Result<Self> {
        fs::create_dir_all(folder.join("exports"))?;
        let folder = folder.canonicalize()?;
        // Another one would take our draft for one that was left behind.
        let turn = File::options().create(true).append(true).open(folder.join(".lock"))?;
        turn.try_lock().map_err(|_| io::Error::other("another `coax export` is writing there"))?;
        let exports = folder.join("exports");
        for left in fs::read_dir(&exports)?.flatten() {
            if left.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
                fs::remove_dir_all(left.path())?;
            }
        }
        let before = fs::read_link(folder.join("current")).ok().map(|before| folder.join(before));
        let mut names = (1_u32..).map(|at| format!("{release}-{at}"));
        let name = names.find(|name| !exports.join(name).exists()).expect("numbers do not end");
        let draft = tempfile::Builder::new().prefix(DRAFT).tempdir_in(&exports)?;
        Ok(Self { folder, _turn: turn, draft, before, name })
    }

    /// The link to the export that is current.
    pub(super) fn current(&self) -> PathBuf {
        self.folder.join("current")
    }

    /// Puts a file there: what `pieces` gives, each time the same, laid end to end. Whether it is not as it was.
    pub(super) fn put<I: Iterator<Item = Bytes>>(
        &self,
        name: &str,
        pieces: impl Fn() -> I,
        forms: Forms<'_>,
    ) -> io::Result<bool> {
        let path = self.draft.path().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let size = pieces().map(|piece| piece.len() as u64).sum();
        let packed = match forms {
            Forms::Plain => false,
            Forms::Packed => size > SMALL,
            Forms::Packing(_) => true,
        };
        let names = ["", ".gz", ".zst"].map(|suffix| format!("{name}{suffix}"));
        let names = if packed { &names[..] } else { &names[..1] };
        if let Some(before) = &self.before
            && is(&before.join(name), size, pieces())?
            && names.iter().all(|name| fs::hard_link(before.join(name), self.draft.path().join(name)).is_ok())
        {
            return Ok(false);
        }
        // What could be linked of a file that could not be linked whole.
        names.iter().for_each(|name| drop(fs::remove_file(self.draft.path().join(name))));
        let file = |name: &String| File::create_new(self.draft.path().join(name)).map(BufWriter::new);
        write(file(&names[0])?, pieces()).and_then(finish)?;
        if packed {
            match forms {
                Forms::Packing(Some(gz)) => write(file(&names[1])?, [gz.clone()]).and_then(finish)?,
                _ => {
                    let gz = GzEncoder::new(file(&names[1])?, Compression::default());
                    finish(write(gz, pieces())?.finish()?)?;
                }
            }
            let mut zst = zstd::Encoder::new(file(&names[2])?, ZSTD)?;
            zst.set_pledged_src_size(Some(size))?;
            finish(write(zst, pieces())?.finish()?)?;
        }
        Ok(true)
    }

    /// Makes it the current export, by one rename, with the configuration of a web server beside it. Exports older than
    /// the one before are removed.
    pub(super) fn publish(self, config: &str) -> io::Result<String> {
        let Self { folder, _turn, draft, before, name } = self;
        // mkdtemp makes folders for the owner only; a web server is somebody else.
        fs::set_permissions(draft.path(), Permissions::from_mode(0o755))?;
        // SECURITY: the name of a user's folder opens it, so nobody but its owner lists what is in there.
        let users = draft.path().join("user");
        if users.exists() {
            fs::set_permissions(users, Permissions::from_mode(0o711))?;
        }
        rustix::fs::syncfs(File::open(draft.path())?)?;
        let exports = folder.join("exports");
        fs::rename(draft.path(), exports.join(&name))?;
        let _ = draft.keep(); // nothing to remove under its old name
        // The names and passwords of those who are let in may be in it.
        replace(&folder.join("nginx.conf"), config.as_bytes(), Access::Owner)?;
        let aside = folder.join(".current");
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        symlink(Path::new("exports").join(&name), &aside)?;
        fs::rename(&aside, folder.join("current"))?;
        File::open(&folder)?.sync_all()?;
        prune(&exports, &[Some(exports.join(&name)), before])?;
        Ok(name)
    }
}

/// Removes exports but for those that are to be kept, and nothing that somebody else has put there.
fn prune(exports: &Path, kept: &[Option<PathBuf>; KEPT]) -> io::Result<()> {
    for old in fs::read_dir(exports)?.flatten() {
        let is_kept = kept.iter().flatten().any(|kept| *kept == old.path());
        if !is_kept && old.file_name().to_str().is_some_and(is_export) {
            fs::remove_dir_all(old.path())?;
        }
    }
    Ok(())
}

/// Whether exports are called like that: `000412-1`.
fn is_export(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    name.split_once('-').is_some_and(|(release, at)| release.len() >= 6 && digits(release) && digits(at))
}

fn write<W: Write>(mut out: W, pieces: impl IntoIterator<Item = Bytes>) -> io::Result<W> {
    pieces.into_iter().try_for_each(|piece| out.write_all(&piece))?;
    Ok(out)
}

fn finish(out: BufWriter<File>) -> io::Result<()> {
    out.into_inner().map(drop).map_err(io::IntoInnerError::into_error)
}

/// Whether the file at `path` is there and holds these pieces, which are `size` bytes.
fn is(path: &Path, size: u64, pieces: impl Iterator<Item = Bytes>) -> io::Result<bool> {
    let Ok(file) = File::open(path) else { return Ok(false) };
    if file.metadata()?.len() != size {
        return Ok(false);
    }
    let mut file = BufReader::new(file);
    let mut read = Vec::new();
    for piece in pieces {
        for part in piece.chunks(1 << 16) {
            read.resize(part.len(), 0);
            file.read_exact(&mut read)?;
            if read != part {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
